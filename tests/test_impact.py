"""Adverse impact: against published figures, against brute force, and at the edges where a finding turns."""

from __future__ import annotations

import csv
import math
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.change.groups import MAX_BYTES, MAX_LABELS, read_groups
from scoring.change.impact import Group, Tally, _found, impact, rates
from scoring.change.statistics import Root, Sums, decimal, fisher, median, probability, two_proportions
from scoring.errors import SubmissionError

RICCI = [*csv.DictReader((Path(__file__).parent / "data" / "ricci.csv").read_text(encoding="utf-8").splitlines())]


def counted(
    *, unknown: tuple[int, int] = (0, 0), small: Fraction = Fraction(1, 50), **groups: tuple[int, int]
) -> dict[str, Group]:
    """The comparison of groups, each given as (chosen, size), by name."""
    tallies = {**groups, None: unknown}
    people = [(name, n < chosen) for name, (chosen, size) in tallies.items() for n in range(size)]
    return {group.name: group for group in rates(people, small=small).groups}


FOUND = impact((row["Race"], Fraction(row["Combine"]) >= 70, Fraction(row["Combine"])) for row in RICCI)
BY_NAME = {group.name: group for group in FOUND.selection.groups}


class TestRicci:
    """The published figures of the New Haven examinations at their pass line."""

    def test_who_was_selected(self) -> None:
        assert {"W": (41, 68), "B": (9, 27), "H": (6, 23)} == {
            name: (group.chosen, group.size) for name, group in BY_NAME.items()
        }
        assert BY_NAME["W"] == FOUND.selection.benchmark
        assert BY_NAME["W"].against is None
        assert Fraction("69.502") == FOUND.median

    @pytest.mark.parametrize(
        ("group", "ratio", "z", "p"),
        [("B", Fraction(68, 123), "-2.374", "0.02303"), ("H", Fraction(408, 943), "-2.838", "0.00725")],
    )
    def test_ratio_z_and_p(self, group: str, ratio: Fraction, z: str, p: str) -> None:
        against = BY_NAME[group].against
        assert (ratio, z, p) == (against.ratio, against.z.decimal(3), probability(against.p))
        assert against.is_below
        assert against.is_far
        assert not against.flips

    def test_scoring_rates_count_who_is_above_the_median_of_all(self) -> None:
        middle = sorted(Fraction(row["Combine"]) for row in RICCI)[58:60]
        expected = {
            race: sum(row["Race"] == race and Fraction(row["Combine"]) * 2 > sum(middle) for row in RICCI)
            for race in "WBH"
        }
        assert expected == {group.name: group.chosen for group in FOUND.scoring.groups}
        assert 59 == sum(expected.values())


class TestFourFifths:
    def test_exactly_four_fifths_is_not_flagged_and_a_hair_less_is(self) -> None:
        assert not counted(a=(5, 10), b=(4, 10))["b"].against.is_below
        assert counted(a=(5 * 10**3, 10**4), b=(4 * 10**3 - 1, 10**4))["b"].against.is_below

    def test_the_people_lacking_are_the_fewest_that_come_to_four_fifths(self) -> None:
        for chosen, size, own in product(range(1, 12), [12], range(8)):
            against = counted(a=(chosen, size), b=(min(own, 7), 7))["b"].against
            if against is None:
                continue
            enough = next(k for k in range(100) if Fraction(k, 7) >= Fraction(4, 5) * Fraction(chosen, size))
            assert max(0, enough - own) == against.lacking
            assert (against.lacking > 0) == against.is_below

    def test_shortfall_is_expected_less_chosen_under_one_rate(self) -> None:
        """29 CFR's usual figure: 20 of 50 people chosen, 25 of them of the group: 10 expected, 7 chosen."""
        assert 3 == counted(a=(13, 25), b=(7, 25))["b"].against.shortfall

    def test_more_than_two_standard_deviations_is_far_and_exactly_two_is_not(self) -> None:
        """Of two beside two, all and none: chi-square is 4."""
        assert Root(Fraction(4)) == two_proportions(2, 2, 0, 2)
        assert not counted(a=(2, 2), b=(0, 2))["b"].against.is_far
        assert counted(a=(3, 3), b=(0, 3))["b"].against.is_far

    def test_one_rate_for_all_has_no_z(self) -> None:
        against = counted(a=(3, 3), b=(2, 2))["b"].against
        assert (1, None, 1) == (against.ratio, against.z, against.p)


class TestBenchmark:
    def test_a_group_below_two_per_cent_is_shown_and_is_no_benchmark(self) -> None:
        found = counted(a=(50, 98), tiny=(1, 1), b=(20, 50))
        assert (True, False) == (found["tiny"].is_small, found["tiny"].is_benchmark)
        assert Fraction(98, 50) == found["tiny"].against.ratio
        assert found["a"].is_benchmark

    def test_exactly_two_per_cent_is_large_enough(self) -> None:
        found = counted(a=(49, 98), b=(2, 2))
        assert (False, True) == (found["b"].is_small, found["b"].is_benchmark)

    def test_of_equal_rates_the_larger_group_and_then_the_first_name_is_the_benchmark(self) -> None:
        assert counted(a=(1, 2), b=(2, 4))["b"].is_benchmark
        assert counted(b=(1, 2), a=(1, 2))["a"].is_benchmark

    def test_what_cannot_be_compared_says_why(self) -> None:
        assert "nobody's group is known" == rates([(None, True)]).why
        assert "there is only one group" == rates([("a", True)]).why
        assert "nobody was chosen" in rates([("a", False), ("b", False)]).why
        assert "too small" in rates([(f"g{n:02}", True) for n in range(60)]).why
        assert all(group.against is None for group in rates([("a", False), ("b", False)]).groups)

    def test_exactly_the_median_is_not_above_it(self) -> None:
        found = impact(("a", None, Fraction(score)) for score in (1, 2, 2, 3))
        assert (2, 1) == (found.median, found.scoring.groups[0].chosen)

    def test_the_undecided_and_the_unscored_are_counted_apart(self) -> None:
        found = impact([("a", None, None), ("a", True, Fraction(1)), ("b", False, None)])
        assert (3, 1, 2) == (found.people, found.undecided, found.unscored)
        assert 1 == found.selection.groups[0].size


class TestFlip:
    def test_one_person_more_would_undo_the_finding(self) -> None:
        """3 of 8 beside 5 of 10 is 75 %, 4 of 8 beside 5 of 10 is 100 %; 30 of 80 beside 50 of 100 stays 75 % and some."""
        assert counted(a=(5, 10), b=(3, 8))["b"].against.flips
        assert not counted(a=(50, 100), b=(30, 80))["b"].against.flips

    def test_one_chosen_in_place_of_another_would_turn_it_around(self) -> None:
        assert counted(a=(2, 4), b=(1, 4))["b"].against.reverses
        assert not counted(a=(3, 4), b=(1, 4))["b"].against.reverses
        assert not counted(a=(50, 98), tiny=(1, 1), b=(20, 50))[
            "tiny"
        ].against.reverses  # it has the higher rate already

    @given(
        st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6)).filter(lambda t: t[1] <= t[0]), min_size=2, max_size=4)
    )
    def test_flips_is_what_changing_each_person_in_turn_shows(self, tallies: list[tuple[int, int]]) -> None:
        people = [(f"g{n}", i < chosen) for n, (size, chosen) in enumerate(tallies) for i in range(size)]

        def below(of: list[tuple[str, bool]]) -> set[str]:
            table = {name: [c for n, c in of if n == name] for name in {n for n, _ in of}}
            share = {name: Fraction(sum(c), len(c)) for name, c in table.items()}
            return {name for name in share if share[name] < Fraction(4, 5) * max(share.values())}

        flips: set[str] = set()
        for n, (name, chosen) in enumerate(people):
            flips |= below(people) ^ below([*people[:n], (name, not chosen), *people[n + 1 :]])
        found = rates(people)
        assert below(people) == {g.name for g in found.groups if g.against and g.against.is_below}
        for group in found.groups:
            if group.against:
                assert (group.name in flips) == group.against.flips


class TestUnknown:
    @staticmethod
    def every_ratio(
        groups: dict[str, tuple[int, int]], unknown: tuple[int, int], name: str, small: Fraction
    ) -> set[Fraction]:
        """The ratio of a group under every way to give the unknown people groups, by trying them all."""
        chosen, passed = unknown[0], unknown[1] - unknown[0]

        def splits(total: int) -> list[tuple[int, ...]]:
            return [s for s in product(range(total + 1), repeat=len(groups)) if sum(s) == total]

        ratios = set()
        for up, down in product(splits(chosen), splits(passed)):
            table = {g: (k + up[i], n + up[i] + down[i]) for i, (g, (k, n)) in enumerate(groups.items())}
            everyone = sum(n for _, n in table.values())
            large = [Fraction(k, n) for k, n in table.values() if n >= small * everyone]
            if large and max(large):
                ratios.add(min(Fraction(*table[name]) / max(large), Fraction(1)))
        return ratios

    SIZED = st.tuples(st.integers(0, 4), st.integers(1, 4)).map(lambda t: (min(t), t[1]))

    @given(
        st.lists(SIZED, min_size=2, max_size=3),
        st.tuples(st.integers(0, 4), st.integers(1, 4)).map(lambda t: (min(t), t[1])),
        st.sampled_from([Fraction(1, 50), Fraction(1, 5), Fraction(1, 3), Fraction(2, 5)]),
    )
    def test_bounds_are_the_extremes_of_every_allocation(
        self, sizes: list[tuple[int, int]], unknown: tuple[int, int], small: Fraction
    ) -> None:
        groups = {f"g{n}": size for n, size in enumerate(sizes)}
        for name, group in counted(unknown=unknown, small=small, **groups).items():
            if group.bounds is not None:
                ratios = self.every_ratio(groups, unknown, name, small)
                assert (min(ratios), max(ratios)) == group.bounds

    def test_without_anybody_unknown_there_are_no_bounds(self) -> None:
        assert counted(a=(1, 2), b=(1, 3))["b"].bounds is None

    def test_a_hundred_thousand_of_unknown_group_take_no_time(self) -> None:
        group = counted(a=(50, 100), b=(40, 100), unknown=(50_000, 100_000))["b"]
        low, high = group.bounds
        assert 0 < low < Fraction(1, 100)
        assert 1 == high


class TestStatistics:
    @pytest.mark.parametrize(
        ("table", "p"),
        [
            ((3, 4, 1, 4), Fraction(34, 70)),  # Fisher's tea: 1 + 16 + 16 + 1 of 70 ways
            ((10, 13, 2, 17), "0.00054"),  # Fisher 1935, the twins: .0005367
            ((1, 10, 11, 14), "0.00276"),  # the dieting teenagers of many a textbook: .002759
        ],
    )
    def test_fisher_on_known_tables(self, table: tuple[int, int, int, int], p: object) -> None:
        found = fisher(*table)
        assert p == (found if isinstance(p, Fraction) else probability(found))

    @given(st.integers(1, 12), st.integers(1, 12), st.data())
    def test_fisher_is_the_sum_over_all_draws(self, size: int, other: int, data: st.DataObject) -> None:
        chosen = data.draw(st.integers(0, size))
        rest = data.draw(st.integers(0, other))
        both = chosen + rest
        ways = {
            k: math.comb(size, k) * math.comb(other, both - k) for k in range(min(size, both) + 1) if both - k <= other
        }
        extreme = sum(w for w in ways.values() if w <= ways[chosen])
        assert Fraction(extreme, sum(ways.values())) == fisher(chosen, size, rest, other)

    def test_fisher_says_nothing_beyond_its_bound(self) -> None:
        assert fisher(1, 2, 1, 99_999) is None
        # One of two is chosen, and one of all the others: all tables but that of the two are at most as probable.
        assert 1 - Fraction(math.comb(99_998, 2), math.comb(100_000, 2)) == fisher(1, 2, 1, 99_998)

    @given(st.integers(0, 40), st.integers(1, 40), st.integers(0, 40), st.integers(1, 40))
    def test_z_is_the_formula_of_the_textbook(self, a: int, n: int, b: int, m: int) -> None:
        a, b = min(a, n), min(b, m)
        pooled = (a + b) / (n + m)
        found = two_proportions(a, n, b, m)
        if pooled in (0, 1):
            assert found is None
        else:
            z = (a / n - b / m) / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
            assert abs(z - float(found.decimal(9))) < 2e-9

    @given(st.fractions(-50, 50, max_denominator=999), st.integers(1, 12))
    def test_a_root_is_written_to_the_nearest_digit(self, signed: Fraction, places: int) -> None:
        shown = Fraction(Root(signed).decimal(places))
        half = Fraction(1, 2 * 10**places)
        low, high = max(abs(shown) - half, 0), abs(shown) + half
        assert low**2 <= abs(signed) < high**2
        assert shown == 0 or (shown > 0) == (signed > 0)

    def test_a_root_half_way_between_digits_is_written_away_from_zero(self) -> None:
        assert ("0.3", "-0.3") == (Root(Fraction(1, 16)).decimal(1), Root(Fraction(-1, 16)).decimal(1))
        assert "0.000" == Root(Fraction(-1, 10**8)).decimal(3)  # no minus before zero

    def test_roots_compare_as_the_numbers_that_they_are(self) -> None:
        values = [Fraction(-3), Fraction(-1, 2), Fraction(0), Fraction(1, 3), Fraction(2)]
        assert [Root.of(value) for value in values] == sorted(Root.of(value) for value in reversed(values))
        assert Root.of(Fraction(-6)) == Root.of(Fraction(3)).times(Fraction(-2))

    @given(st.fractions(-9, 9), st.integers(1, 9))
    def test_a_rational_is_written_to_the_nearest_digit(self, value: Fraction, places: int) -> None:
        assert abs(Fraction(decimal(value, places)) - value) <= Fraction(1, 2 * 10**places)

    @given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=2, max_size=20))
    def test_a_correlation_is_the_formula_of_the_textbook(self, pairs: list[tuple[int, int]]) -> None:
        n, xs, ys = len(pairs), [x for x, _ in pairs], [y for _, y in pairs]
        sums = Sums(n, sum(xs), sum(ys), sum(x * x for x in xs), sum(y * y for y in ys), sum(x * y for x, y in pairs))
        dx, dy = [x - sum(xs) / n for x in xs], [y - sum(ys) / n for y in ys]
        spread = math.sqrt(sum(d * d for d in dx) * sum(d * d for d in dy))
        if sums.correlation is None:
            assert len({*xs}) == 1 or len({*ys}) == 1
        else:
            expected = sum(a * b for a, b in zip(dx, dy, strict=True)) / spread
            assert abs(expected - float(sums.correlation.decimal(9))) < 2e-9

    def test_the_median_of_an_even_number_lies_between_the_two_in_the_middle(self) -> None:
        assert Fraction(5, 2) == median([Fraction(n) for n in (4, 1, 3, 2)])
        assert 2 == median([Fraction(n) for n in (3, 1, 2)])

    def test_the_benchmarks_finding_is_never_its_own(self) -> None:
        assert set() == _found({"a": Tally(2, 1)}, ["a"])


class TestGroupsFile:
    def read(self, text: str) -> object:
        return read_groups(text.encode(), "g.csv")

    def wrong(self, text: str | bytes) -> list[str]:
        with pytest.raises(SubmissionError) as caught:
            read_groups(text if isinstance(text, bytes) else text.encode(), "g.csv")
        return [str(problem) for problem in caught.value.problems]

    def test_columns_are_read_and_crossed(self) -> None:
        groups = self.read('case,race,sex\nc-1,W,f\n"c,2",B,\n\nc-3,,m\n')
        assert ("race", "sex", "race / sex") == groups.views
        assert ["W", "f", "W / f"] == [groups.label("c-1", view) for view in range(3)]
        assert ["B", None, None] == [groups.label("c,2", view) for view in range(3)]
        assert [None, None] == [groups.label("c-9", 0), groups.label(None, 0)]

    def test_what_a_spreadsheet_writes_is_read(self) -> None:
        assert {"c-1": ("W",)} == self.read("\ufeffcase,group\r\nc-1,W\r\n").labels

    MARKER = "Zk7qX"

    @pytest.mark.parametrize(
        ("text", "where", "what"),
        [
            ("", "g.csv:1:1", "expected a first line"),
            ("case;group\nc;W\n", "g.csv:1:1", "separated by commas"),
            ("group,case\n", "g.csv:1:1", "expected a first line"),
            ("case,group,Group\nc,W,W\n", "g.csv:1:3", "an earlier column"),
            ("case,\nc,W\n", "g.csv:1:2", "no name"),
            ("case,a,b,c,d,e\n", "g.csv:1:1", "1 to 4"),
            (b"x" * (MAX_BYTES + 1), "g.csv:1:1", "longer than"),
            ("case, group\nc,W\n", "g.csv:1:2", "white space"),
            ("case,group\n", "g.csv:1:1", "no case follows"),
            ("case,group\nZk7qX,W,Zk7qX\n", "g.csv:2:1", "expected 2 cells"),
            ("case,group\nZk7qX,W\nZk7qX,B\n", "g.csv:3:1", "the case of line 2"),
            ("case,group\n ,W\n", "g.csv:2:1", "expected a case"),
            ("case,group\nc, Zk7qX\n", "g.csv:2:2", "white space"),
            ("case,group\nc,Zk7qX\nd,zK7QX\n", "g.csv:3:2", "the label of line 2"),
            ("case,group\nc,\u00e9\nd,e\u0301\n", "g.csv:3:2", "the label of line 2"),
            ("case,group\nc,Zk7qX\x07\n", "g.csv:2:2", "printable"),
            ("case,group\nc," + "Zk7qX" * 10 + "\n", "g.csv:2:2", "at most 48"),
            ('case,group\nc,"Zk7qX\n', "g.csv:2:1", "a quote that does not end"),
            (b"case,group\nc,W\nZk7qX,\xff\n", "g.csv:3:1", "UTF-8"),
        ],
    )
    def test_what_is_wrong_is_located_and_never_repeated(self, text: str | bytes, where: str, what: str) -> None:
        problems = self.wrong(text)
        assert problems[0].startswith(where)
        assert what in problems[0]
        assert not any(self.MARKER.lower() in problem.lower() for problem in problems)

    def test_a_line_break_in_a_cell_does_not_shift_the_lines(self) -> None:
        assert self.wrong('case,group\n"a\nb",W\nc, W\n')[0].startswith("g.csv:4:2")

    def test_a_column_that_is_no_group_is_refused(self) -> None:
        rows = "".join(f"c{n},label {n}\n" for n in range(MAX_LABELS + 1))
        assert [f"g.csv:{MAX_LABELS + 2}:2"] == [
            problem[: len(f"g.csv:{MAX_LABELS + 2}:2")] for problem in self.wrong("case,group\n" + rows)
        ]

    def test_problems_stop_at_some_number(self) -> None:
        assert 21 == len(self.wrong("case,group\n" + "x\n" * 1000))
