"""The command that analyses a log: which decisions count, what a person's word does, and what it says where it cannot tell."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import logs
import people
from funnels import BOTH
from packs import choice, pack, raters, rating, rubric, section
from scoring.cli import main
from test_ricci import CANDIDATES, PACK

room, path = logs.room, logs.path
MARKER = "Zk7qX"


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command on a log: its status, its objects or its text, and standard error."""

    def run(*argv: object, text: bool = False) -> tuple[int, Any, str]:
        capsys.readouterr()
        status = main(["analyse", *map(str, argv), *([] if text else ["--json"])])
        out, err = capsys.readouterr()
        return status, out if text else [json.loads(line) for line in out.splitlines()], err

    return run


def table(path: Path, *rows: str, head: str = "case,group") -> Path:
    path.with_suffix(".csv").write_text("\n".join([head, *rows, ""]))
    return path.with_suffix(".csv")


def of_type(found: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [each for each in found if each["type"] == kind]


def groups(found: list[dict[str, Any]], by: str = "group", rate: str = "selection") -> dict[str, dict[str, Any]]:
    step = next(each for each in of_type(found, "impact") if each["by"] == by and each["stage"] is None)
    return {group["group"]: group for group in step[rate]["groups"]}


def decide(path: Path, handle: Any, *sheets: dict[str, Any], **more: Any) -> Path:
    with logs.open_log(path, create=True, **more) as log:
        for n, sheet in enumerate(sheets):
            log.decide(handle, {"id": f"s-{len(log)}-{n}", "case": f"c-{n}", **sheet})
    return path


class TestRicci:
    def test_the_published_figures_come_out_of_a_log(self, path: Path, call: Any) -> None:
        sheets = [{"answers": {"oral": row["Oral"], "written": row["Written"]}} for row in CANDIDATES]
        rows = [f"c-{n},{row['Race']},{row['Position']}" for n, row in enumerate(CANDIDATES)]
        log = decide(path, rubric(PACK), *sheets)
        status, found, _ = call(log, "--groups", table(path, *rows, head="case,race,position"))
        assert 0 == status
        by_race = groups(found, "race")
        assert {"B": (27, 9), "H": (23, 6), "W": (68, 41)} == {
            n: (g["people"], g["chosen"]) for n, g in by_race.items()
        }
        assert [("68/123", "-2.374", "0.02303"), ("408/943", "-2.838", "0.00725")] == [
            tuple(by_race[name]["against"][key] for key in ("ratio", "z", "p")) for name in "BH"
        ]
        step = of_type(found, "impact")[0]
        assert Fraction("69.502") / 100 == Fraction(step["median"])
        crossed = groups(found, "race / position")
        assert (41, 19) == (crossed["W / Captain"]["people"] + 16, crossed["B / Lieutenant"]["people"])
        assert (118, []) == (found[-1]["matched"], found[-1]["unread"])

    def test_people_read_the_same(self, path: Path, call: Any) -> None:
        sheets = [{"answers": {"oral": row["Oral"], "written": row["Written"]}} for row in CANDIDATES]
        log = decide(path, rubric(PACK), *sheets)
        rows = [f"c-{n},{row['Race']}" for n, row in enumerate(CANDIDATES)]
        status, out, _ = call(log, "--groups", table(path, *rows), text=True)
        assert 0 == status
        for part in ("promotion 2003: 118 cases", "69.50 %", "55.28 %", "-2.374", "below four fifths", "benchmark"):
            assert part in out


class TestWhichCount:
    def test_a_case_counts_once_by_its_newest_decision(self, path: Path, call: Any) -> None:
        handle = logs.make_rubric()
        log = decide(path, handle, *[logs.submission(n) for n in range(3)])
        with logs.open_log(path) as again:
            again.decide(handle, logs.submission(9, case="case-0", deadline="rash", outlier="1"))
        status, found, _ = call(log, "--groups", table(path, "case-0,a", "case-1,b", "case-2,b"))
        assert 0 == status
        assert (3, 0) == (found[-1]["cases"], found[-1]["elsewhere"])
        (step,) = of_type(found, "impact")
        assert ("1", 3, 1) == (step["median"], step["people"], step["undecided"])

    def test_one_version_at_a_time(self, path: Path, call: Any) -> None:
        log = decide(path, logs.make_rubric(version="1"), logs.submission(1), logs.submission(2))
        with logs.open_log(path) as again:
            again.decide(logs.make_rubric(version="2"), logs.submission(3))
        assert [("2", 1, 2), ("1", 2, 1)] == [
            (end["version"], end["cases"], end["elsewhere"])
            for end in (call(log)[1][-1], call(log, "--version", "1")[1][-1])
        ]

    def test_whose_figures_are_not_shown_is_told(self, path: Path, capsys: Any) -> None:
        """Cases by another version, lines of a table that name nobody, keys that were not looked at."""
        log = decide(path, logs.make_rubric(version="1"), logs.submission(1), logs.submission(2))
        with logs.open_log(path) as again:
            again.decide(logs.make_rubric(version="2"), logs.submission(3))
        assert 0 == main(["analyse", str(log), "--groups", table(path, "case-3,a", "case-9,b")])
        out, err = capsys.readouterr()
        assert "; 2 cases by another version (--version 1)\n" in out
        assert "keys: not looked at, which takes 30 complete cases\n" in out
        assert "1 line of " in err
        assert " name none of these cases" in err

    def test_profiles_are_analysed_each_by_itself(self, path: Path, call: Any) -> None:
        log = decide(path, logs.make_rubric(), logs.submission(1), logs.submission(2))
        with logs.open_log(path) as again:
            again.decide(logs.make_rubric("thirds"), logs.submission(3))
        assert {"equal": 2, "thirds": 1} == {form["profile"]: form["cases"] for form in of_type(call(log)[1], "form")}

    def test_what_a_person_said_counts(self, path: Path, call: Any) -> None:
        """Both wait for a person after a refer; one is overridden."""
        handle = logs.make_rubric()
        sheets = [logs.submission(n, deadline="rash") for n in range(2)]
        log = decide(path, handle, *sheets)
        rows = table(path, "case-0,a", "case-1,b")
        before = of_type(call(log, "--groups", rows)[1], "impact")[0]
        with logs.open_log(path) as again:
            again.resolve("case-0", "override", reason="re-read", verdict="strong", who="w", why="y", id="r-1")
        after = of_type(call(log, "--groups", rows)[1], "impact")[0]
        assert (2, 1) == (before["undecided"], after["undecided"])
        assert [("a", 1)] == [(group["group"], group["chosen"]) for group in after["selection"]["groups"]]

    def test_at_least_counts_by_verdict(self, path: Path, call: Any) -> None:
        log = decide(path, logs.make_rubric(), logs.submission(0), logs.submission(1, deadline="rash"))
        rows = table(path, "case-0,a", "case-1,b")
        assert {"a": 1, "b": 1} == {
            name: group["chosen"]
            for name, group in groups(call(log, "--groups", rows, "--at-least", "borderline")[1]).items()
        }
        assert {"a": 1, "b": 0} == {
            name: group["chosen"]
            for name, group in groups(call(log, "--groups", rows, "--at-least", "strong")[1]).items()
        }

    def test_stages_of_a_funnel(self, path: Path, call: Any) -> None:
        """Everyone came to the door; whom it ended never came to the test; who is still at the talk is not decided there."""
        out = {"answers": {"licence": "no"}, "handed_in": ["door"]}
        sheets = [people.sheet(f"f-{n}", case=f"c-{n}", facts=people.FACTS, **(out if n % 2 else {})) for n in range(4)]
        log = decide(path, people.FUNNEL, *sheets, people.sheet("f-4", case="c-4", facts=people.FACTS, stages=2))
        _, found, _ = call(log, "--groups", table(path, "c-0,a", "c-1,a", "c-2,b", "c-3,b"))
        assert {None: (5, 1), "door": (5, 0), "written": (3, 0), "talk": (3, 1)} == {
            step["stage"]: (step["people"], step["undecided"]) for step in of_type(found, "impact")
        }

    def test_a_void_case_counts_nowhere(self, path: Path, call: Any) -> None:
        handle = logs.make_rubric()
        log = decide(path, handle, *[logs.submission(n) for n in range(3)])
        with logs.open_log(path) as again:
            again.resolve("case-0", "void", reason="fire-alarm", who="w", why="y", id="r-1")
            again.decide(handle, logs.submission(9, case="case-0"))
        _, found, _ = call(log, "--groups", table(path, "case-0,a", "case-1,b", "case-2,b"))
        assert [2] == [step["people"] for step in of_type(found, "impact")]
        assert [2] == [form["cases"] for form in of_type(found, "form")]


class TestRaters:
    def test_ratings_come_from_the_vault(self, path: Path, call: Any) -> None:
        document = pack(section("all", rating("skill", by=raters(examiner=2))))
        said = [("good", "good"), ("poor", "fair"), ("fair", "fair")]
        sheets = [
            {"answers": {"skill": {"ann": {"rating": a}, "bob": {"rating": b}}}, "facts": {"raters": BOTH}}
            for a, b in said
        ]
        _, found, _ = call(decide(path, rubric(document), *sheets))
        (item,), (pair,) = of_type(found, "agreement"), of_type(found, "pair")
        assert ("skill", 3, 6, "2/3") == (item["item"], item["cases"], item["ratings"], item["exact"])
        assert (["ann", "bob"], 3, "2/3") == (pair["raters"], pair["both"], pair["exact"])
        assert [("ann", "-1/3"), ("bob", "1/3")] == [(row["rater"], row["gap"]) for row in of_type(found, "severity")]

    def test_people_read_how_raters_agree(self, path: Path, call: Any) -> None:
        """Of an erased case nothing is kept; one that was rated alike by all has no alpha, and says why."""
        document = pack(section("all", rating("skill", by=raters(examiner=2)), rating("tact", by=raters(examiner=2))))
        sheets = [
            {
                "answers": {
                    "skill": {"ann": {"rating": a}, "bob": {"rating": b}},
                    "tact": {"ann": {"rating": "good"}, "bob": {"rating": "good"}},
                },
                "facts": {"raters": BOTH},
            }
            for a, b in [("good", "poor"), ("fair", "fair"), ("poor", "poor")]
        ]
        log = decide(path, rubric(document), *sheets)
        with logs.open_log(path) as again:
            again.erase("c-0", reason="asked")
        status, out, _ = call(log, text=True)
        assert 0 == status
        for part in (
            "raters: 8 ratings; of 1 case nothing is kept",
            "ann and bob",
            "100.00 %",
            "1.000",
            "all ratings are the same",
        ):
            assert part in out

    def test_without_the_vault_it_says_what_is_missing(self, path: Path, call: Any) -> None:
        log = decide(path, people.FUNNEL, people.sheet("f-1", case="c-1", facts=people.FACTS))
        rows = table(path, "c-1,a")
        path.with_name(path.name + ".vault").unlink()
        status, found, err = call(log, "--groups", rows)
        assert 3 == status
        assert ["what raters said", "whose cases these are"] == found[-1]["unread"]
        assert "missing" in err


class TestGroups:
    def test_an_erased_case_is_one_of_unknown_group(self, path: Path, call: Any) -> None:
        log = decide(path, logs.make_rubric(), *[logs.submission(n) for n in range(3)])
        with logs.open_log(path) as again:
            again.erase("case-0", reason="asked")
        _, found, _ = call(log, "--groups", table(path, "case-0,a", "case-1,a", "case-2,b"))
        (step,) = of_type(found, "impact")
        assert {"people": 1, "chosen": 1} == step["selection"]["unknown"]

    def test_people_read_what_is_not_known(self, path: Path, call: Any) -> None:
        """Who waits for a person, whose group is not known, and why nothing is compared."""
        log = decide(
            path, logs.make_rubric(), *[logs.submission(n, deadline="rash") for n in range(2)], logs.submission(2)
        )
        out = call(log, "--groups", table(path, "case-0,a", "case-1,a", "case-2,"), text=True)[1]
        for part in (
            "3 people, 2 not decided yet",
            "of unknown group: 1, selected 1",
            "nothing is compared: nobody's group is known",
            "nothing is compared: there is only one group",
        ):
            assert part in out
        out = call(log, "--groups", table(path, "case-0,a", "case-1,b", "case-2,b"), "--at-least", "strong", text=True)[
            1
        ]
        assert "one person turns the four fifths" in out

    def test_bounds_are_told_where_a_group_is_not_known(self, path: Path, call: Any) -> None:
        log = decide(path, logs.make_rubric(), *[logs.submission(n) for n in range(3)])
        rows = table(path, "case-0,a", "case-1,b", "case-2,")
        assert ["1", "1"] == groups(call(log, "--groups", rows)[1])["a"]["ratio_between"]
        assert "ratio between" in call(log, "--groups", rows, text=True)[1]

    def test_labels_are_stored_nowhere(self, path: Path, call: Any) -> None:
        log = decide(path, logs.make_rubric(), logs.submission(0), logs.submission(1))
        assert 0 == call(log, "--groups", table(path, f"case-0,{MARKER}", "case-1,b"))[0]
        kept = [file for file in path.parent.rglob("*") if file.is_file() and file.suffix != ".csv"]
        assert kept
        assert [] == [file for file in kept if MARKER.encode() in file.read_bytes()]

    @pytest.mark.parametrize(
        ("rows", "says"),
        [
            ([f"case-0,{MARKER}", f"case-0,{MARKER}"], "3:1: column 1: the case of line 2"),
            ([f"{MARKER},a", f"{MARKER}2,b"], "no case of"),
            ([], "no case follows"),
        ],
    )
    def test_a_wrong_table_is_the_callers_to_mend(self, path: Path, call: Any, rows: list[str], says: str) -> None:
        log = decide(path, logs.make_rubric(), logs.submission(0))
        status, _, err = call(log, "--groups", table(path, *rows))
        assert 2 == status
        assert says in err
        assert MARKER not in err

    def test_a_table_that_is_not_there(self, path: Path, call: Any) -> None:
        log = decide(path, logs.make_rubric(), logs.submission(0))
        assert 2 == call(log, "--groups", path / "none.csv")[0]


def test_every_key_is_documented(path: Path, call: Any) -> None:
    """What stands in the guide for each type of line is what comes, over logs that bring every type."""
    guide = (
        (Path(__file__).parents[1] / "docs/howto/adverse-impact.md")
        .read_text(encoding="utf-8")
        .split("## For machines")[1]
    )
    rows = [row.split("|")[1:3] for row in guide.splitlines() if row.startswith("| `")]
    said = {
        kind.strip(" `"): [word.split("`")[1] for word in keys.replace("(`alpha` or `KR-20`)", "").split(", ")]
        for kind, keys in rows[1:]
    }
    document = pack(
        section("keyed", *(choice(f"n{n}", A=("1", None), B=("0", None)) for n in range(8))),
        section("rated", rating("skill", by=raters(examiner=2))),
    )
    answers = ["A" * able + "B" * (7 - able) + ("B" if able > 3 else "A") for able in range(8) for _ in range(5)]
    forms = {"ann": {"rating": "good"}, "bob": {"rating": "fair"}}
    sheets = [
        {"answers": {"skill": forms} | {f"n{n}": a for n, a in enumerate(row)}, "facts": {"raters": BOTH}}
        for row in answers
    ]
    log = decide(path, rubric(document), *sheets)
    found = call(log, "--groups", table(path, "c-0,a", "c-1,b"))[1]
    assert {*said} == {each["type"] for each in found}
    for each in found:
        assert [*each] == ["type", *(["profile", "level"] if each["type"] != "analyse" else []), *said[each["type"]]]


class TestCalls:
    def test_several_rubrics_need_a_name(self, path: Path, call: Any) -> None:
        log = decide(path, logs.make_rubric(), logs.submission(0))
        with logs.open_log(path) as again:
            again.publish(logs.make_rubric(rubric="other"))
        status, _, err = call(log)
        assert (2, True) == (status, "--rubric says which: small, other" in err)
        assert 0 == call(log, "--rubric", "small")[0]
        assert (2, True) == (
            call(log, "--rubric", "smal")[0],
            'did you mean "small"' in call(log, "--rubric", "smal")[2],
        )
        assert "holds 1" in call(log, "--rubric", "small", "--version", "7")[2]

    def test_a_log_without_a_rubric(self, path: Path, call: Any) -> None:
        logs.open_log(path, create=True).close()
        status, _, err = call(path)
        assert (2, True) == (status, "no rubric yet" in err)

    @pytest.mark.parametrize("damage", [(b'"outcomes"', b'"outcoems"'), (b'"outcomes":', b'"outcomes";')])
    def test_a_damaged_record_is_no_bug_of_ours(self, path: Path, call: Any, damage: tuple[bytes, bytes]) -> None:
        log = decide(path, logs.make_rubric(), logs.submission(0), logs.submission(1))
        logs.drop_heads(log)
        rows = logs.lines_of(log)
        logs.write_lines(log, [*rows[:2], rows[2].replace(*damage), *rows[3:]])
        status, _, err = call(log)
        assert (1, True, False) == (status, "record #2" in err, "bug" in err)

    def test_no_such_verdict(self, path: Path, call: Any) -> None:
        log = decide(path, logs.make_rubric(), logs.submission(0))
        status, _, err = call(log, "--groups", table(path, "case-0,a"), "--at-least", "strnog")
        assert (2, True) == (status, 'did you mean "strong"' in err)

    def test_a_planted_wrong_key_is_told(self, path: Path, call: Any) -> None:
        """Seven items as a ladder; on the eighth, where A is keyed, the able choose B."""
        handle = rubric(pack(section("all", *(choice(f"n{n}", A=("1", None), B=("0", None)) for n in range(8)))))
        rows = ["A" * able + "B" * (7 - able) + ("B" if able > 3 else "A") for able in range(8) for _ in range(5)]
        sheets = [{"answers": {f"n{n}": letter for n, letter in enumerate(row)}} for row in rows]
        log = decide(path, handle, *sheets)
        (suspect,) = of_type(call(log)[1], "suspect")
        assert ("n7", "B", 20, 20) == (
            suspect["item"],
            *(suspect["rekeyed"][key] for key in ("outcome", "gain", "lose")),
        )
        out = call(log, text=True)[1]
        assert "perhaps keyed wrongly" in out
        assert "KR-20" in out
