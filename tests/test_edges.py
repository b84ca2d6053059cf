"""Exactly on a cut and a hair beside it: no verdict is wrong."""

from __future__ import annotations

import random
from collections import Counter

from scoring.engine.rubric import Rubric
from strategies import edge_case, pack_bytes

CASES = 2_000


def test_two_thousand_scores_exactly_on_a_cut_and_two_thousand_a_hair_beside_it() -> None:
    """Thirds and sevenths among the points; the distances are below 2 / 10^12, where floats and 28 digits go wrong."""
    rng = random.Random(20261121)
    tried: Counter[str] = Counter()
    while tried["on"] < CASES or tried["beside"] < CASES:
        pack, submission, relation = edge_case(rng)
        verdict = Rubric(pack_bytes(pack)).score(submission).verdict
        assert ("fail" if relation == "below" else "pass") == verdict
        tried["on" if relation == "on" else "beside"] += 1


def test_the_cases_are_such_that_floats_get_some_of_them_wrong() -> None:
    """Were they not, the test above would show nothing."""
    rng = random.Random(20261121)
    wrong = 0
    for _ in range(CASES):
        pack, submission, relation = edge_case(rng)
        decision = Rubric(pack_bytes(pack)).score(submission)
        if pack["overrides"]:
            continue
        shares = pack["profiles"][0]["shares"]
        total = sum(_rounded(shares[name]) * _rounded(share) for name, share in decision.data["sections"].items())
        passes = total >= _rounded(pack["verdicts"][0]["from"])
        wrong += passes != (relation != "below")
    assert wrong > CASES // 100


def _rounded(text: str) -> float:
    numerator, _, denominator = text.partition("/")
    return int(numerator) / int(denominator or 1)
