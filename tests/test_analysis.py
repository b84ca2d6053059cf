"""What is said of items: against published figures, and against the standard library's own statistics."""

from __future__ import annotations

import ast
import statistics
from collections import Counter
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import scoring.change
from funnels import ANN, hiring, rated
from packs import choice, funnel, mark, number, override, pack, rubric, section, stage
from scoring.change.analysis import FEWEST, forms
from scoring.change.key_check import FEWEST_FOR_KEYS, suspects
from scoring.change.statistics import Root, decimal

# Section 6 of the Law School Admission Test, 1,000 people, five items (Bock and Lieberman 1970): how many gave each pattern of right answers.
LSAT = dict(
    zip(
        product("01", repeat=5),
        [3, 6, 2, 11, 1, 1, 3, 4, 1, 8, 0, 16, 0, 3, 2, 15, 10, 29, 14, 81, 3, 28, 15, 80, 16, 56, 21, 173, 11, 61, 28, 298],
        strict=True,
    )
)  # fmt: skip
# Seven questions put to the clerks of thirty departments, in per cent (Chatterjee and Price 1977, the data set `attitude` of R).
ATTITUDE = """\
43 51 30 39 61 92 45|63 64 51 54 63 73 47|71 70 68 69 76 86 48|61 63 45 47 54 84 35|81 78 56 66 71 83 47|43 55 49 44 54 49 34|58 67 42 56 66 68 35
71 75 50 55 70 66 41|72 82 72 67 71 83 31|67 61 45 47 62 80 41|64 53 53 58 58 67 34|67 60 47 39 59 74 41|69 62 57 42 55 63 25|68 83 83 45 59 77 35
77 77 54 72 79 77 46|81 90 50 72 60 54 36|74 85 64 69 79 79 63|65 60 65 75 55 80 60|65 70 46 57 75 85 46|50 58 68 54 64 78 52|50 40 33 34 43 64 33
64 61 52 62 66 80 41|53 66 52 50 63 80 37|40 37 42 58 50 57 49|63 54 42 48 66 75 33|66 77 66 63 88 76 72|78 75 58 74 80 78 49|48 57 44 45 51 83 38
85 85 71 71 77 74 55|82 82 39 59 64 78 39"""


def decided(handle: Any, sheets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The decisions of submissions; equal ones are scored once."""
    known: dict[str, dict[str, Any]] = {}
    return [known.setdefault(str(sheet), handle.score(sheet).data) for sheet in sheets]


def quiz(*names: str, **more: Any) -> Any:
    """A choice for each name, of which A is right, in one section."""
    return rubric(
        pack(section("all", *(choice(name, A=("1", None), B=("0", None), C=("0", None)) for name in names)), **more)
    )


def sheets_of(names: tuple[str, ...], rows: list[str]) -> list[dict[str, Any]]:
    """A submission for each row of one letter a name; a dash is no answer."""
    return [
        {"answers": {name: letter for name, letter in zip(names, row, strict=True) if letter != "-"}} for row in rows
    ]


class TestPublished:
    def test_the_law_school_test(self) -> None:
        """KR-20 .295, the shares of right answers, and the item-rest correlations that statistics packages print for these data."""
        handle = quiz(*"12345")
        rows = [
            "".join("A" if right == "1" else "B" for right in pattern) for pattern, n in LSAT.items() for _ in range(n)
        ]
        (form,) = forms(handle.plan, decided(handle, sheets_of(("1", "2", "3", "4", "5"), rows)))
        assert (1000, True, "0.295") == (form.cases, form.is_kr20, decimal(form.alpha, 3))
        assert ["0.924", "0.709", "0.553", "0.763", "0.870"] == [decimal(item.difficulty, 3) for item in form.items]
        assert ["0.113", "0.153", "0.173", "0.144", "0.122"] == [item.correlation.decimal(3) for item in form.items]

    def test_the_attitude_survey(self) -> None:
        """Alpha .84, and the correlation of each question with the other six."""
        rows = [row.split() for row in ATTITUDE.replace("\n", "|").split("|")]
        names = [f"q{n}" for n in range(7)]
        handle = rubric(pack(section("all", *(mark(name, top="100") for name in names))))
        (form,) = forms(handle.plan, decided(handle, [{"answers": dict(zip(names, row, strict=True))} for row in rows]))
        assert (30, False, "0.843") == (form.cases, form.is_kr20, decimal(form.alpha, 3))
        for n, item in enumerate(form.items):
            own = [int(row[n]) for row in rows]
            rest = [sum(map(int, row)) - int(row[n]) for row in rows]
            assert abs(statistics.correlation(own, rest) - float(item.correlation.decimal(9))) < 1e-8


class TestFigures:
    NAMES = ("one", "two", "three")

    @given(st.lists(st.text("ABC-", min_size=3, max_size=3), min_size=FEWEST, max_size=40))
    @settings(max_examples=60)
    def test_every_figure_is_what_the_standard_library_makes_of_the_points(self, rows: list[str]) -> None:
        """With unequal weights: the first two items make a quarter of the score, the third the rest."""
        document = pack(
            section("few", *(choice(name, A=("3", None), B=("1", None), C=("0", None)) for name in self.NAMES[:2])),
            section("rest", choice("three", A=("2", None), B=("1", None), C=("-1", None)), floor="-1/2"),
            shares=["1/4", "3/4"],
        )
        worth = ({"A": 3, "B": 1, "C": 0, "-": 0}, {"A": 3, "B": 1, "C": 0, "-": 0}, {"A": 2, "B": 1, "C": -1, "-": 0})
        weight = (1 / 24, 1 / 24, 3 / 8)
        handle = rubric(document)
        (form,) = forms(handle.plan, decided(handle, sheets_of(self.NAMES, rows)))
        points = [
            [own[letter] for letter in column] for own, column in zip(worth, zip(*rows, strict=True), strict=True)
        ]
        parts = [[w * p for p in column] for w, column in zip(weight, points, strict=True)]
        totals = [sum(row) for row in zip(*parts, strict=True)]
        assert len(rows) == form.cases
        assert (
            all({*column} <= {0, max(own.values())} for own, column in zip(worth, points, strict=True)) == form.is_kr20
        )
        assert abs(statistics.mean(totals) - float(form.mean)) < 1e-9
        assert abs(statistics.stdev(totals) - float(form.deviation.decimal(9))) < 1e-8
        spread = statistics.variance(totals)
        if form.alpha is None:
            assert len({*map(tuple, zip(*points, strict=True))}) == 1 or spread < 1e-12
        else:
            alpha = 3 / 2 * (1 - sum(map(statistics.variance, parts)) / spread)
            assert abs(alpha - float(form.alpha)) < 1e-6
            assert abs((spread * (1 - alpha)) ** 0.5 - float(form.error.decimal(9))) < 1e-6
        for n, item in enumerate(form.items):
            assert Fraction(sum(points[n]), worth[n]["A"] * len(rows)) == item.difficulty
            rest = [total - part for total, part in zip(totals, parts[n], strict=True)]
            if item.correlation is None:
                assert len({*points[n]}) == 1 or max(rest) - min(rest) < 1e-12
                assert item.why
            else:
                assert abs(statistics.correlation(points[n], rest) - float(item.correlation.decimal(9))) < 1e-7

    def test_the_order_of_cases_changes_nothing(self) -> None:
        """Cases with equal scores at the border of the 27 % all count in the same part."""
        handle = quiz(*self.NAMES)
        rows = ["AAA", "AAB", "ABB", "BAB", "BBA", "BBB", "ABB", "AAB", "BBB", "ABA", "BBB"]
        made = decided(handle, sheets_of(self.NAMES, rows))
        assert forms(handle.plan, made) == forms(handle.plan, made[::-1]) == forms(handle.plan, made[5:] + made[:5])

    def test_upper_less_lower_by_hand(self) -> None:
        """Of 11 cases 3 are at either end: 3, then 2 of those with 2 right (all three alike); at the bottom all three with none."""
        handle = quiz(*self.NAMES)
        rows = ["AAA", "AAB", "AAB", "ABA", "ABB", "ABB", "ABB", "BAB", "BBB", "BBB", "BBB"]
        (form,) = forms(handle.plan, decided(handle, sheets_of(self.NAMES, rows)))
        # The second item: 1 + 2/3 (1 + 1 + 0) of 3; the third: 1 + 2/3 of 3.
        assert [1, Fraction(7, 9), Fraction(5, 9)] == [item.discrimination for item in form.items]

    def test_what_cannot_be_worked_out_says_why(self) -> None:
        handle = quiz("one", "two")
        few = decided(handle, sheets_of(("one", "two"), ["AA"] * (FEWEST - 1)))
        assert [(FEWEST - 1, f"fewer than {FEWEST} cases")] == [
            (form.cases, form.why) for form in forms(handle.plan, few)
        ]
        (alike,) = forms(handle.plan, [*few, few[0]])
        assert ("all scores are the same", None, ()) == (alike.why, alike.alpha, alike.cuts)
        assert ["everybody earned the same of it"] * 2 == [item.why for item in alike.items]
        alone = quiz("one")
        (single,) = forms(alone.plan, decided(alone, sheets_of(("one",), ["A", "B"] * FEWEST)))
        assert "a single item counts, and alpha needs two" == single.why
        assert "the rest of the score is the same for all" == single.items[0].why

    def test_an_item_that_weighs_nothing_has_figures_and_no_part_in_alpha(self) -> None:
        document = pack(
            section("counts", *(choice(name, A=("1", None), B=("0", None)) for name in ("one", "two"))),
            section("tried-out", choice("three", A=("1", None), B=("0", None))),
            shares=["1", "0"],
        )
        rows = ["AAB", "ABA", "BBA", "AAA", "BAB", "BBB"] * 2
        (with_it,) = forms(rubric(document).plan, decided(rubric(document), sheets_of(self.NAMES, rows)))
        alone = quiz("one", "two")
        (without,) = forms(alone.plan, decided(alone, sheets_of(("one", "two"), [row[:2] for row in rows])))
        assert (without.alpha, without.error) == (with_it.alpha, with_it.error)
        assert with_it.items[2].correlation is not None

    def test_near_a_cut_is_within_one_standard_error_on_either_side(self) -> None:
        names = tuple(f"n{n}" for n in range(10))
        handle = quiz(*names)
        rows = ["A" * n + "B" * (10 - n) for n in range(11)]
        made = decided(handle, sheets_of(names, rows))
        (form,) = forms(handle.plan, made)
        scores = [Fraction(each["score"]) for each in made]
        assert ["strong", "middling"] == [near.verdict for near in form.cuts]
        for near in form.cuts:
            assert sum(Root.of(abs(score - near.cut)) <= form.error for score in scores) == near.cases
            assert sum(abs(float(score - near.cut)) <= float(form.error.decimal(9)) for score in scores) == near.cases
        assert 0 < form.cuts[0].cases < 11


class TestForms:
    def test_a_funnel_has_a_form_for_each_stage_and_one_for_the_whole(self) -> None:
        """Who ends at the door counts at the door alone; the door has no score."""
        handle = rubric(hiring())
        door = [{"answers": {"licence": "no"}, "handed_in": ["door"]}] * 4
        through = {"licence": "yes", "n1": "70", "n2": "70", "word": "median", "clarity": rated("good")}
        varied = [through, through | {"word": "mean", "clarity": rated("fair")}]
        sheets = [
            {"answers": varied[n % 2], "handed_in": ["door", "test", "talk"], "facts": ANN} for n in range(2 * FEWEST)
        ]
        found = {form.stage: form for form in forms(handle.plan, decided(handle, [*door, *sheets]))}
        assert {"door": 24, "test": 20, "talk": 20, None: 20} == {stage: form.cases for stage, form in found.items()}
        assert "it has no score" == found["door"].why
        assert found[None].cuts
        assert not found["test"].cuts

    def test_a_void_case_counts_nowhere(self) -> None:
        handle = quiz("one", "two")
        void = handle.score({"answers": {"one": "A"}, "void": "fire-alarm"}).data
        assert [0] == [form.cases for form in forms(handle.plan, [void] * 12)]

    def test_variants_are_forms_of_their_own(self) -> None:
        document = pack(
            section("all", number("n"), number("d", only="desk"), number("f", only="field")),
            variants=[{"about": {}, "id": "desk"}, {"about": {}, "id": "field"}],
        )
        handle = rubric(document)
        sheets = [{"answers": {"n": str(70 + n % 2), "d": "70"}, "facts": {"variant": "desk"}} for n in range(12)]
        found = {form.variant: form for form in forms(handle.plan, decided(handle, sheets))}
        assert {"desk": 12, "field": 0} == {variant: form.cases for variant, form in found.items()}
        assert ["n", "d"] == [item.item for item in found["desk"].items]

    def test_a_case_that_waits_for_an_item_is_left_out(self) -> None:
        handle = rubric(pack(section("all", mark("one"), mark("two"))))
        waits, done = ({"answers": {"one": "1"} | more} for more in ({}, {"two": "2"}))
        assert [1] == [form.cases for form in forms(handle.plan, decided(handle, [waits, done]))]

    def test_nor_is_one_counted_that_waits_for_an_item_that_earns_nothing(self) -> None:
        """A knock-out question, which nobody answers with points: a blank sheet waits for it, and is no sheet of somebody who failed."""
        permit = choice("permit", yes=("0", None), no=("0", "knock_out")) | {"awaits": ["absent", "blank", "invalid"]}
        handle = rubric(pack(section("all", permit, number("one"), number("two"))))
        waits, done = ({"answers": more} for more in ({}, {"permit": "yes", "one": "70"}))
        assert ["pending", "decided"] == [handle.score(one).status for one in (waits, done)]
        assert [12] == [form.cases for form in forms(handle.plan, decided(handle, [waits, *[done] * 12]))]

    def test_an_item_that_was_not_administered_leaves_the_case_out(self) -> None:
        handle = quiz("one", "two")
        broken = handle.score({"answers": {"one": "A"}, "not_administered": {"two": "fire alarm"}}).data
        assert [0] == [form.cases for form in forms(handle.plan, [broken] * 12)]


class TestKeys:
    NAMES = tuple(f"n{n}" for n in range(6))

    def rows(self) -> list[str]:
        """Forty people from weak to able; on the last item, where A is keyed, the able choose C."""
        ladder = ["A" * (n * 6 // 41) + "B" * (5 - n * 6 // 41) for n in range(1, 41)]
        return [row + ("C" if n >= 20 else "AB"[n % 2]) for n, row in enumerate(ladder)]

    def found(self, **more: Any) -> Any:
        handle = quiz(*self.NAMES, **more)
        made = decided(handle, sheets_of(self.NAMES, self.rows()))
        return handle, made, suspects(handle, made)

    def test_a_planted_wrong_key_is_named_and_nothing_else(self) -> None:
        _, _, (suspect,) = self.found()
        assert ("n5", "main", 40, True) == (suspect.item, suspect.stage, suspect.cases, suspect.is_near_zero)
        assert [("C", 20)] == [(name, count) for name, count, _ in suspect.better]
        rest = [row[:5].count("A") for row in self.rows()]
        for letter, figure in (("A", suspect.right), ("C", suspect.better[0][2])):
            own = [int(row[5] == letter) for row in self.rows()]
            assert abs(statistics.correlation(own, rest) - float(figure.decimal(9))) < 1e-8

    def test_what_rekeying_would_change_is_what_scoring_again_says(self) -> None:
        _, made, (suspect,) = self.found()
        other = rubric(
            pack(
                section(
                    "all",
                    *(choice(name, A=("1", None), B=("0", None), C=("0", None)) for name in self.NAMES[:5]),
                    choice("n5", A=("0", None), B=("0", None), C=("1", None)),
                )
            )
        )
        again = decided(other, sheets_of(self.NAMES, self.rows()))
        moves = Counter(
            (a["verdict"], b["verdict"]) for a, b in zip(made, again, strict=True) if a["verdict"] != b["verdict"]
        )
        assert moves
        rekeyed = suspect.rekeyed
        assert ("C", "A", 20, 10, dict(moves), "") == (
            rekeyed.outcome, rekeyed.right, rekeyed.gain, rekeyed.lose, rekeyed.moves, rekeyed.why,
        )  # fmt: skip
        rest = [row[:5].count("A") for row in self.rows()]
        own = [int(row[5] == "C") for row in self.rows()]
        assert abs(statistics.correlation(own, rest) - float(rekeyed.correlation.decimal(9))) < 1e-8

    def test_a_rubric_that_another_key_would_break_says_so(self) -> None:
        worst = override("bad", "weak", {"item": "n5", "is": ["absent", "blank", "invalid", "several", "B", "C"]})
        _, _, (suspect,) = self.found(overrides=[worst])
        assert suspect.rekeyed.moves is None
        assert "another change" in suspect.rekeyed.why

    def test_too_few_cases_name_nobody(self) -> None:
        handle = quiz(*self.NAMES)
        enough = self.rows()[5 : 5 + FEWEST_FOR_KEYS]
        assert ["n5"] == [suspect.item for suspect in suspects(handle, decided(handle, sheets_of(self.NAMES, enough)))]
        assert [] == suspects(handle, decided(handle, sheets_of(self.NAMES, self.rows()[: FEWEST_FOR_KEYS - 1])))

    def ladder(self, last: dict[range, str]) -> Any:
        """The suspects where forty people, from weak to able, answer the last question as *last* says."""
        rows = [
            row[:5] + next(letter for places, letter in last.items() if n in places)
            for n, row in enumerate(self.rows())
        ]
        handle = quiz(*self.NAMES)
        return suspects(handle, decided(handle, sheets_of(self.NAMES, rows)))

    def test_the_wrong_outcome_that_goes_best_with_the_score_comes_first(self) -> None:
        (suspect,) = self.ladder({range(20): "A", range(20, 31): "B", range(31, 40): "C"})
        assert ["C", "B"] == [name for name, _, _ in suspect.better]

    def test_what_four_people_chose_says_nothing(self) -> None:
        """With a fifth it does."""
        few = self.ladder({range(36, 40): "C", range(10): "A", range(10, 14): "B", range(14, 36): "A"})
        more = self.ladder({range(35, 40): "C", range(10): "A", range(10, 14): "B", range(14, 36): "A"})
        assert ([[]], [["C"]]) == tuple(
            [[name for name, _, _ in each.better] for each in found] for found in (few, more)
        )

    def test_an_item_of_a_funnel_is_named_once(self) -> None:
        items = [choice(name, A=("1", None), B=("0", None), C=("0", None)) for name in self.NAMES]
        handle = rubric(funnel(stage("one", section("a", *items)), stage("two", section("b", number("n")))))
        sheets = [
            {"answers": sheet["answers"] | {"n": "70"}, "handed_in": ["one", "two"]}
            for sheet in sheets_of(self.NAMES, self.rows())
        ]
        assert [("n5", "one")] == [(each.item, each.stage) for each in suspects(handle, decided(handle, sheets))]

    def test_behind_the_twentieth_suspect_nothing_is_keyed_anew(self) -> None:
        """Half of the people know the answers, and A is the key of none of the first 25 of 51 questions."""
        names = tuple(f"n{n}" for n in range(51))
        handle = quiz(*names)
        rows = ["B" * 25 + "A" * 26 if able else "A" * 25 + "B" * 26 for able in range(2) for _ in range(20)]
        found = suspects(handle, decided(handle, sheets_of(names, rows)))
        assert [True] * 20 + [False] * 5 == [each.rekeyed is not None for each in found[:25]]

    def test_an_item_without_options_is_named_without_another_key(self) -> None:
        document = pack(
            section("all", *(choice(f"n{n}", A=("1", None), B=("0", None)) for n in range(5)), number("n5"))
        )
        handle = rubric(document)
        sheets = [
            {"answers": dict(zip(self.NAMES, row, strict=False)) | {"n5": "70" if row[5] == "A" else "71"}}
            for row in self.rows()
        ]
        (suspect,) = suspects(handle, decided(handle, sheets))
        assert ("n5", ["wrong"], None) == (suspect.item, [name for name, _, _ in suspect.better], suspect.rekeyed)


def test_no_figure_is_a_float() -> None:
    """No float literal and no call of float or round in what makes the figures."""
    names = ("statistics", "groups", "impact", "analysis", "key_check", "raters")
    for name in names:
        source = (Path(scoring.change.__file__).parent / f"{name}.py").read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), (name, node.lineno)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"float", "round", "complex"}, (name, node.lineno)
