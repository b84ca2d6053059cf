"""Sums in lanes against sums one by one, on columns whose values take one byte to many."""

from __future__ import annotations

import random

import pytest

from scoring.change.sums import Sum, Weighed


@pytest.mark.parametrize("seed", range(300))
def test_lanes_add_and_weigh_as_one_by_one(seed: int) -> None:
    """Any tables, floors that cut in or not, factors with common divisors: each lane is max(factor * (low + sum), floor), summed, and reached where it is."""
    rng = random.Random(seed)
    rows, most = 60, rng.choice([1, 3, 100, 300, 10**6, 10**13])
    columns = [bytes(rng.randrange(256) for _ in range(rows)) for _ in range(4)]
    sums, parts, expected = [], [], [0] * rows
    for place in range(rng.randint(1, 3)):
        chosen = rng.sample(range(4), rng.randint(0, 4))
        tables = [(n, [rng.randint(0, rng.choice([1, most])) for _ in range(256)], None) for n in chosen]
        one = Sum(tables)
        added = [sum(table[columns[n][row]] for n, table, _ in tables) for row in range(rows)]
        low, factor = rng.randint(-5, 5), rng.choice([0, 1, 6, 35, 10**9])
        floor = rng.choice(
            [
                factor * low,
                factor * low - 1,
                factor * (low + one.most // 2) - rng.randint(0, 5),
                factor * (low + one.most - rng.randint(0, 300)),
                10**15,
            ]
        )
        floor = floor if factor else min(floor, 0)
        sums.append((one.lanes(columns, rows), one.width))
        parts.append((place, low, low + one.most, factor, floor))
        expected = [total + max(factor * (low + n), floor) for total, n in zip(expected, added, strict=True)]
    weighed = Weighed(parts)
    lanes = weighed.lanes(sums, rows)
    assert expected == weighed.values(lanes, rows)
    for cut in {*rng.sample(expected, 5), max(expected) + 1, min(expected) - 1}:
        assert [int(total >= cut) for total in expected] == [*weighed.at_least(lanes, rows, cut)]
