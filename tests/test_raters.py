"""How far raters agree: against published examples, and against the definitions counted out."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnels import BOTH
from packs import checklist, pack, raters, rating, rubric, section
from scoring.change.raters import METRICS, Rated, agreement, kappa, krippendorff, rated_in, severity
from scoring.change.statistics import decimal

SCALE = ("poor", "fair", "good")
# Krippendorff's worked example: four observers, twelve units, some of them not seen by all.
OBSERVERS = ("123321412...", "1233224125.3", ".33323422" + "51.", "12332441251.")
UNITS = [[int(value) for value in column if value != "."] for column in zip(*OBSERVERS, strict=True)]


def paired(table: list[list[int]]) -> list[tuple[int, int]]:
    return [(row, column) for row, counts in enumerate(table) for column, n in enumerate(counts) for _ in range(n)]


class TestAlpha:
    @pytest.mark.parametrize(("metric", "alpha"), [("nominal", "0.743"), ("ordinal", "0.815"), ("interval", "0.849")])
    def test_the_worked_example_with_missing_data(self, metric: str, alpha: str) -> None:
        assert alpha == decimal(krippendorff(UNITS, metric), 3)

    def test_two_observers_of_ten_units_with_two_values(self) -> None:
        """The first example of the same text: alpha is .095."""
        one, other = "0100000010", "1110010000"
        assert "0.095" == decimal(
            krippendorff([[int(a), int(b)] for a, b in zip(one, other, strict=True)], "nominal"), 3
        )

    @given(st.lists(st.lists(st.integers(0, 3), max_size=4), max_size=6), st.sampled_from([*METRICS]))
    def test_alpha_is_its_definition_counted_out_pair_by_pair(self, units: list[list[int]], metric: str) -> None:
        """Observed: all ordered pairs within a unit, each unit weighted by its size less one; expected: all ordered pairs of values there are."""
        units = [unit for unit in units if len(unit) > 1]
        values = [value for unit in units for value in unit]
        size = Counter(values)

        def apart(a: int, b: int) -> Fraction:
            if metric == "nominal":
                return Fraction(a != b)
            if metric == "interval":
                return Fraction((a - b) ** 2)
            low, high = min(a, b), max(a, b)
            return (sum(size[g] for g in range(low, high + 1)) - Fraction(size[a] + size[b], 2)) ** 2

        observed = sum(Fraction(apart(a, b), len(unit) - 1) for unit in units for a, b in permutations(unit, 2))
        expected = sum(apart(a, b) for a, b in permutations(values, 2))
        found = krippendorff(units, metric)
        if expected == 0:
            assert found is None
        else:
            assert 1 - observed * (len(values) - 1) / expected == found


class TestKappa:
    @pytest.mark.parametrize(
        ("table", "weights", "value"),
        [
            ([[20, 5], [10, 15]], "none", "0.4000"),  # two readers of fifty proposals
            (
                [[10, 4, 1, 0], [5, 10, 12, 2], [2, 4, 12, 5], [0, 2, 6, 13]],
                "none",
                "0.3449",
            ),  # skin conditions, SAS/STAT, FREQ
            ([[10, 4, 1, 0], [5, 10, 12, 2], [2, 4, 12, 5], [0, 2, 6, 13]], "linear", "0.5082"),
            ([[75, 1, 4], [5, 4, 1], [0, 0, 10]], "none", "0.6765"),  # Fleiss 1981, p. 213
            ([[75, 1, 4], [5, 4, 1], [0, 0, 10]], "linear", "0.7222"),
        ],
    )
    def test_published_tables(self, table: list[list[int]], weights: str, value: str) -> None:
        assert value == decimal(kappa(paired(table), weights), 4)

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20))
    def test_kappa_is_its_definition_counted_out(self, both: list[tuple[int, int]]) -> None:
        for name, power in (("linear", 1), ("quadratic", 2)):
            observed = Fraction(sum(abs(a - b) ** power for a, b in both), len(both))
            expected = Fraction(sum(abs(a - b) ** power for (a, _), (_, b) in product(both, both)), len(both) ** 2)
            assert kappa(both, name) == (1 - observed / expected if expected else None)

    def test_where_only_agreement_is_expected_there_is_no_kappa(self) -> None:
        assert kappa([(1, 1)] * 5, "linear") is None


class TestSeverity:
    def test_a_rater_is_compared_with_the_others_of_the_same_case(self) -> None:
        """First 0 beside 1, then 0 beside 2 and 1: -1 and -3/2 for ann. What one person rated alone counts nowhere."""
        units = [{"ann": 0, "bob": 1}, {"ann": 0, "bob": 2, "cy": 1}, {"cy": 2}]
        found = {row.rater: (row.shared, row.gap) for row in severity(SCALE, units)}
        assert {"ann": (2, Fraction(-5, 4)), "bob": (2, Fraction(5, 4)), "cy": (1, Fraction(0))} == found


class TestTogether:
    def test_items_pairs_and_raters(self) -> None:
        ratings = [
            Rated(SCALE, "skill", unit, rater, place)
            for unit, given_by in enumerate([{"ann": 0, "bob": 0}, {"ann": 1, "bob": 2}, {"ann": 2}])
            for rater, place in given_by.items()
        ]
        ((item,), (pair,), rows) = agreement(ratings)
        assert ("skill", 3, 2, 4, Fraction(1, 2)) == (item.item, item.values, item.units, item.ratings, item.exact)
        assert item.alpha["interval"] == krippendorff([[0, 0], [1, 2]], "interval")
        assert (("ann", "bob"), 2, Fraction(1, 2)) == (pair.raters, pair.both, pair.exact)
        assert [("ann", Fraction(-1, 2)), ("bob", Fraction(1, 2))] == [(row.rater, row.gap) for row in rows]

    def test_the_order_of_ratings_changes_nothing_but_the_order_of_items(self) -> None:
        ratings = [
            Rated(SCALE, "skill", n, rater, (n * m) % 3) for n in range(6) for m, rater in enumerate(("a", "b", "c"), 1)
        ]
        assert agreement(ratings) == agreement(ratings[::-1])

    def test_ratings_are_read_from_submissions(self) -> None:
        """Those that abstain, and lines that were not probed, are missing; a line of a checklist is a scale of two."""
        handle = rubric(
            pack(section("all", rating("skill", by=raters(examiner=2)), checklist("list", by=raters(examiner=2))))
        )
        answers = {
            "skill": {"ann": {"rating": "good"}, "bob": {"abstained": "knows the candidate"}},
            "list": {
                "ann": {"lines": {"asks": "observed", "tests": "not_probed"}},
                "bob": {"lines": {"asks": "not_observed", "tests": "observed"}},
            },
        }
        handle.score({"answers": answers, "facts": {"raters": BOTH}})  # it is a submission that is taken
        found = [(row.item, row.unit, row.rater, row.place) for row in rated_in(handle.plan, 7, answers)]
        assert [
            ("skill", 7, "ann", 2),
            ("list/asks", 7, "ann", 1),
            ("list/asks", 7, "bob", 0),
            ("list/tests", 7, "bob", 1),
        ] == found

    def test_an_item_that_was_made_void_is_passed_over(self) -> None:
        handle = rubric(pack(section("all", rating("skill"), rating("old") | {"void": True})))
        answers = {name: {"ann": {"rating": "good"}} for name in ("skill", "old")}
        assert ["skill"] == [row.item for row in rated_in(handle.plan, 0, answers)]

    def test_what_is_blank_or_absent_holds_no_rating(self) -> None:
        handle = rubric(pack(section("all", rating("skill"))))
        assert [] == [*rated_in(handle.plan, 0, {}), *rated_in(handle.plan, 0, {"skill": None})]
