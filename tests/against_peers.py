"""
Our statistics beside those of scipy, scikit-learn and krippendorff, on thousands of random tables: `make statistics`.

Not a part of the tests: these packages are large, and one of them is under another kind of licence; they are installed into a place of their own.
"""

from __future__ import annotations

import math
import random
import sys
from fractions import Fraction

import krippendorff as their_alpha
import numpy as np
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from scoring.change.raters import kappa, krippendorff
from scoring.change.statistics import Sums, fisher, two_proportions

TABLES = 2000
CLOSE = 1e-9


def near(ours: float, theirs: float) -> bool:
    return math.isclose(ours, theirs, rel_tol=CLOSE, abs_tol=CLOSE)


def check_tables(draw: random.Random) -> None:
    for _ in range(TABLES):
        size, other_size = draw.randint(1, 200), draw.randint(1, 200)
        chosen, other = draw.randint(0, size), draw.randint(0, other_size)
        table = [[chosen, size - chosen], [other, other_size - other]]
        assert near(float(fisher(chosen, size, other, other_size)), stats.fisher_exact(table).pvalue), table
        z = two_proportions(chosen, size, other, other_size)
        if z is not None:
            assert near(float(abs(z.signed)), stats.chi2_contingency(table, correction=False).statistic), table


def check_correlations(draw: random.Random) -> None:
    for _ in range(TABLES):
        xs, ys = ([draw.randint(-20, 20) for _ in range(draw.randint(3, 30))] for _ in range(2))
        pairs = list(zip(xs, ys, strict=False))
        xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
        found = Sums(
            len(pairs), sum(xs), sum(ys), sum(x * x for x in xs), sum(y * y for y in ys), sum(x * y for x, y in pairs)
        ).correlation
        if found is not None:
            assert near(float(Fraction(found.decimal(12))), stats.pearsonr(xs, ys).statistic), pairs


def check_raters(draw: random.Random) -> None:
    for _ in range(TABLES // 10):
        ratings = [[draw.choice((0, 1, 2, 3, None)) for _ in range(12)] for _ in range(4)]
        units = [[value for value in column if value is not None] for column in zip(*ratings, strict=True)]
        data = np.array([[np.nan if value is None else value for value in row] for row in ratings], dtype=float)
        for metric in ("nominal", "ordinal", "interval"):
            theirs = their_alpha.alpha(reliability_data=data, level_of_measurement=metric)
            assert near(float(krippendorff(units, metric)), theirs), (metric, ratings)
        both = [(draw.randint(0, 3), draw.randint(0, 3)) for _ in range(30)]
        for weights in ("linear", "quadratic"):
            theirs = cohen_kappa_score(*zip(*both, strict=True), weights=weights, labels=[0, 1, 2, 3])
            assert near(float(kappa(both, weights)), theirs), (weights, both)


def main() -> int:
    draw = random.Random(20260)
    check_tables(draw)
    check_correlations(draw)
    check_raters(draw)
    print(f"{TABLES} tables, {TABLES} correlations, {TABLES // 10} sets of ratings: the same to {CLOSE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
