"""Checks what `incident --lab --json` prints: the hump as it was, found dial by dial, and then healed."""

import json
import sys

text = sys.stdin.read()
acts = {(act["client"], act["layer"]): act for act in json.loads(text)["acts"]}
assert list(acts) == [("hyper", False), ("hyper", True), ("node", False)], acts.keys()
for act in acts.values():
    assert act["requests"] == 60, act

was = acts["hyper", False]
assert was["slow"] >= 8, was
assert was["slow"] == was["over_500ms"] == was["syn_retransmitted"], was
assert was["findings"]["syn-retransmitted"] == was["slow"], was
# What was sent again on its way came so late, and nothing else.
assert was["late_arrivals"] == was["slow"], was
assert was["dials"] >= 58 and not was["rewritten"], was

healed = acts["hyper", True]
assert healed["over_500ms"] == 0 and healed["dials"] <= 3, healed
assert healed["late_arrivals"] == 0, healed
assert healed["syn_retransmitted"] == 0, healed
assert "syn-retransmitted" not in healed["findings"], healed
assert healed["rewritten"]["client-sends-close"] == 60, healed

named = acts["node", False]
assert named["slow"] >= 8, named
assert named["late_arrivals"] is None, named
assert named["dials"] is None and named["syn_retransmitted"] is None, named
assert named["findings"]["caller-sends-close"] == 60, named
print("incident --lab --json: three acts, as they must be")
