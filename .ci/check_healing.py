"""Checks what `healing --json` prints: each case once, and what its cure must be worth."""

import json
import sys

cases = {case["name"]: case for case in json.loads(sys.stdin.read())["cases"]}
words = ["node", "curl", "python", "eof", "unread", "beyond", "dropped", "stale", "learned", "drain"]


def case(word):
    named = [case for name, case in cases.items() if word in name]
    assert len(named) >= 1, f"no case is named {word}"
    return named


for word in words:
    for one in case(word):
        for when in ("before", "after"):
            keys = {"connections", "errors", "time_wait_server", "time_wait_client", "p50_ms", "p99_ms"}
            assert keys <= one[when].keys(), (word, one[when])

for word in ("node", "curl", "python"):
    (one,) = case(word)
    assert one["before"]["connections"] == one["after"]["connections"] == 200, one
    assert one["after"]["errors"] == 0, one
    assert one["after"]["time_wait_server"] <= (10 if word == "node" else 20), one
(eof,) = case("eof")
assert eof["after"]["p50_ms"] < 10, "only its first two requests wait out the grace of 50 ms"
for one in case("unread"):
    assert one["before"]["connections"] >= 100, one
    assert one["after"]["connections"] <= 10 and one["after"]["errors"] == 0, one
(beyond,) = case("beyond")
assert beyond["before"]["errors"] >= 50 and beyond["after"]["errors"] == 0, beyond
for one in case("dropped"):
    assert one["before"]["connections"] >= 180 and one["after"]["connections"] <= 10, one
(stale,) = case("stale")
assert stale["before"]["errors"] >= 5 and stale["after"]["errors"] == 0, stale
(learned,) = case("learned")
assert learned["before"]["errors"] >= 5 and learned["after"]["errors"] <= 5, learned
(drain,) = case("drain")
assert drain["after"]["errors"] == 0, drain
assert drain["after"]["most_in_100_ms"] <= 200 / 3 < drain["before"]["most_in_100_ms"], drain
print(f"healing --json: {len(cases)} cases, as they must be")
