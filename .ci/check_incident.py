"""Checks what `incident --json` prints: one object, the four acts, and what each must show."""

import json
import sys

text = sys.stdin.read()
acts = {(act["client"], act["layer"]): act for act in json.loads(text)["acts"]}
assert set(acts) == {("hyper", False), ("hyper", True), ("node", False), ("node", True)}, acts.keys()

keys = {"name", "client", "layer", "requests", "connections", "time_wait_server",
        "time_wait_client", "p50_ms", "p99_ms", "findings", "rewritten", "end_causes", "closers"}
for act in acts.values():
    assert keys <= act.keys(), keys - act.keys()
    assert act["requests"] >= 20 and 0 < act["p50_ms"] <= act["p99_ms"], act
    assert set(act["closers"]) == {"local", "peer", "both", "unknown"}, act
    assert sum(act["closers"].values()) == act["connections"], act
    assert sum(act["end_causes"].values()) == act["connections"], act
    assert 0 not in act["end_causes"].values(), act
    if not act["layer"]:
        assert act["connections"] >= act["requests"] - 2, act
        assert act["end_causes"].get("request-close", 0) >= 0.9 * act["connections"], act
        assert not act["findings"] and not act["rewritten"], act

healed = acts["hyper", True]
assert healed["connections"] == 1, healed
assert "request-close" not in healed["end_causes"], healed
assert healed["rewritten"]["client-sends-close"] == healed["requests"], healed
assert healed["rewritten"]["handler-sends-close"] == healed["requests"], healed

named = acts["node", True]
assert named["connections"] >= named["requests"] - 2, named
assert named["findings"]["caller-sends-close"] == named["requests"], named
assert "caller-sends-close" not in named["rewritten"], named
print("incident --json: four acts, as they must be")
