"""The commands that say what a change does: `compare`, and what `check` says of guarantees and of `replaces`. Git is the real one."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import scoring
from scoring.cli import main
from test_cli import KEYS as OF_COMMANDS

RULES = Path(__file__).parents[1] / "rules" / "ml-engineer-mid-written"
WRITTEN = RULES / "rubric.yaml"
ANSWERS = {
    "job-run-time": "20",
    "pandas-filtered-sum": "70",
    "messy-data-deadline": "B",
    "plain-words": ["A", "B"],
    "outlier-age": "141",
}
HIGHER = ("from: 60%", "from: 61%")  # the lower cut
MARKER = "Zk7qX"  # what nobody but a candidate could have written

# type of an object of `compare --json` -> its keys
KEYS = {
    "comparison": {
        *("type", "says", "old", "new"),
        *("can_move", "beyond"),  # null: not decided; whether more moves than the new version says it may
        *("two_rubrics", "renamed", "matched", "unmatched"),  # null without a table of groups
        *("bump", "examples_why"),  # null where there is nothing to say
        *("only_old", "only_new"),  # profiles and levels that nothing is proved of
    },
    "edit": {"type", "scoring", "thing", "what", "file", "line"},
    "proof": {"type", "profile", "level", "old_profile", "can_move", "decided", "why", "universe", "remarks"},
    "move": {"type", "profile", "level", "by", "old", "new", "possible", "fewest", "most", "witness"},
    "stop": {"type", "profile", "level", "item", "outcomes", "stuck", "witness"},
    "example": {"type", "id", "shows", "holds", "declared", "problems"},
    "past": {"type", "cases", "moved", "unjudged", "others", "reread", "remarks"},
    "moved": {"type", "by", "old", "new", "cases"},
    "case": {"type", "record", "case", "profile", "level", "old", "new", "because"},
    "untold": {"type", "record", "case", "profile", "level", "why"},
    "left": {"type", "profile", "level", "cases"},
    "impact": {"type", "when", "by", "stage", "people", "undecided", "unscored", "median", "selection", "scoring"},
}


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command: its status, its lines or, with --json, its objects, and standard error."""

    def run(*argv: object) -> tuple[int, Any, str]:
        capsys.readouterr()
        status = main([*map(str, argv)])
        out, err = capsys.readouterr()
        lines = out.splitlines()
        return status, [json.loads(line) for line in lines] if "--json" in argv else lines, err

    return run


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory, in which git asks nobody who they are."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(tmp_path.parent),
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def rubric(folder: str, *edits: tuple[str, str], examples: bool = True) -> Path:
    """The written test in a directory of its own, edited."""
    Path(folder).mkdir(exist_ok=True)
    text = WRITTEN.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    if examples:
        shutil.copy(RULES / "examples.yaml", folder)
    (Path(folder) / "rubric.yaml").write_text(text, encoding="utf-8")
    return Path(folder) / "rubric.yaml"


def git(*arguments: str) -> None:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


def committed(*edits: tuple[str, str]) -> Path:
    """A repository whose HEAD has the rubric."""
    path = rubric("rules", *edits)
    git("init", "-q", "-b", "main")
    git("add", "rules")
    git("commit", "-q", "-m", "a rubric")
    return path


def decide(path: str, handle: Any, *sheets: dict[str, Any]) -> None:
    with scoring.AuditLog.open(path, create=True) as log:
        for n, answers in enumerate(sheets):
            log.decide(handle, {"id": f"s-{len(log)}-{n}", "case": f"case-{n}", "answers": answers})


def without(*items: str, **answers: Any) -> dict[str, Any]:
    return {item: answer for item, answer in (ANSWERS | answers).items() if item not in items}


SHEETS = [
    without(),
    without("outlier-age"),
    without("outlier-age", "plain-words"),
    without("outlier-age", "plain-words", "job-run-time"),
]


SAYS = (
    'version: "2026.1"',
    'version: "2026.2"\nreplaces: {version: "2026.1", reason: higher, may_move: ["borderline -> fail"]}',
)


class TestCompare:
    def test_the_first_line_says_what_came_out_and_the_status_agrees(self, call: Any) -> None:
        status, lines, _ = call("compare", WRITTEN, rubric("new", HIGHER))
        assert (1, "1 of 6 moves between verdicts is possible") == (status, lines[0])
        text = "\n".join(lines)
        assert "verdict borderline: from 60% -> 61% (new/rubric.yaml:21)" in text
        assert "verdict borderline -> fail: 1,562 outcome combinations" in text
        assert "borderline 60.00 % (review) -> fail 60.00 % (decline)" in text
        assert "differs in profile critical-double: nothing can move" in text
        assert "this is still called 2026.1: make it 2026.2" in text
        assert 'example "on-the-lower-cut": verdict: expected borderline, found fail' in text

    def test_what_moves_nobody_has_status_0(self, call: Any) -> None:
        status, lines, _ = call("compare", WRITTEN, rubric("new", ("title: Cognitive reasoning", "title: Thinking")))
        assert (0, "nothing can move") == (status, lines[0])
        assert any(line.strip().startswith("section cognitive: title") for line in lines)

    def test_what_the_new_version_says_may_move_has_status_0(self, call: Any) -> None:
        status, lines, _ = call("compare", rubric("old", examples=False), rubric("new", HIGHER, SAYS))
        assert (0, "1 of 6 moves between verdicts is possible") == (status, lines[0])

    def test_an_old_example_that_moves_as_declared_is_told_and_is_not_beyond(self, call: Any) -> None:
        """The example on the lower cut moves with it, and so do its action and what determined it."""
        new = rubric("new", HIGHER, SAYS)
        status, lines, _ = call("compare", WRITTEN, new)
        assert (0, "1 of 6 moves between verdicts is possible") == (status, lines[0])
        assert [1] == [
            sum("of the old version hold" in line and "of them by what `may_move` says" in line for line in lines)
        ]
        _, facts, _ = call("compare", "--json", WRITTEN, new)
        assert {True} == {fact["declared"] for fact in facts if fact["type"] == "example"}

    def test_a_raised_upper_cut_moves_every_old_example_as_declared(self, call: Any) -> None:
        """Among them cases that wait, whose reachable verdicts change, and such as are held for another reason."""
        says = (SAYS[0], SAYS[1].replace("borderline -> fail", "strong_pass -> borderline"))
        status, facts, _ = call("compare", "--json", WRITTEN, rubric("new", ("from: 80%", "from: 85%"), says))
        told = [fact["declared"] for fact in facts if fact["type"] == "example"]
        assert 0 == status
        assert len(told) > 30
        assert all(told)

    def test_an_old_example_that_changes_otherwise_is_beyond_what_was_declared(self, call: Any) -> None:
        """The same move of verdicts, by a key that reads an answer otherwise: what the example states of its outcomes follows from no cut."""
        other = ("is: 20, why", "is: 21, why")
        status, facts, _ = call("compare", "--json", WRITTEN, rubric("new", HIGHER, SAYS, other))
        assert 1 == status
        assert any(not fact["declared"] for fact in facts if fact["type"] == "example")

    def test_a_rename_of_an_item_is_told_first_with_the_past_answers_under_its_old_id(self, call: Any) -> None:
        """Proofs and past decisions take each id for an item of its own: without that line they read as a change of rules."""
        decide("log", scoring.load(WRITTEN), *SHEETS)
        new = rubric("new", ("id: outlier-age", "id: outlier"), ("title: Cognitive reasoning", "title: Thinking"))
        _, lines, _ = call("compare", WRITTEN, new, "--log", "log")
        assert lines[1].startswith(
            "item outlier-age is now called outlier: the new version refuses answers under the old id"
        )
        assert "  1 past decision has an answer under the old id" == lines[2]
        _, facts, _ = call("compare", "--json", WRITTEN, new)
        assert [{"item": None, "old": "outlier-age", "new": "outlier", "answered": None}] == facts[0]["renamed"]
        sent = {"answers": {"outlier-age": "141"}}
        with pytest.raises(scoring.SubmissionError):
            scoring.load(new).score(sent)

    def test_so_is_a_rename_of_an_option(self, call: Any) -> None:
        """Everybody picked it."""
        decide("log", scoring.load(WRITTEN), *SHEETS)
        new = rubric("new", ("          B:\n            points: 1", "          Talk:\n            points: 1"))
        _, lines, _ = call("compare", WRITTEN, new, "--log", "log")
        assert (
            "option B of messy-data-deadline is now called Talk: the new version takes the old id for an invalid answer"
            == lines[1]
        )
        assert "  4 past decisions have an answer under the old id" == lines[2]

    def test_two_different_rubrics_are_told_as_that_first(self, call: Any) -> None:
        scientist = WRITTEN.parents[1] / "data-scientist" / "rubric.yaml"
        new = rubric("new", ("rubric: ml-engineer-mid-written", "rubric: another-test"))
        status, lines, _ = call("compare", WRITTEN, new)
        assert lines[0].startswith("these are two different rubrics, ml-engineer-mid-written and another-test")
        status, lines, err = call("compare", WRITTEN, scientist)
        assert (2, []) == (status, lines)
        assert "levels: these are two different rubrics; the old version (ml-engineer-mid-written) has no levels" in err

    def test_a_table_of_groups_that_names_nobody_is_told_as_analyse_does(self, call: Any, here: Path) -> None:
        decide("log", scoring.load(WRITTEN), *SHEETS)
        (here / "groups.csv").write_text("case,sex\nnobody,f\n", encoding="utf-8")
        status, _, err = call("compare", WRITTEN, rubric("new", HIGHER), "--log", "log", "--groups", "groups.csv")
        assert (2, True) == (
            status,
            "no case of groups.csv is among these cases: does its first column hold their names?" in err,
        )

    def test_what_both_sides_share_is_said_once_and_numbers_have_separators(self, call: Any) -> None:
        _, lines, _ = call("compare", WRITTEN, rubric("new", HIGHER, SAYS))
        about = next(line for line in lines if line.startswith("  about: "))
        assert about.startswith(
            "  about: Every complete submission to ml-engineer-mid-written 2026.1 and 2026.2 (profile equal), "
        )
        assert about.endswith(": 77,112 outcome combinations.")

    def test_every_json_object_has_exactly_the_documented_keys(self, call: Any) -> None:
        decide("log", scoring.load(WRITTEN), *SHEETS)
        decide("log", scoring.load(WRITTEN, profile="stated-10-30"), without("job-run-time"))
        with scoring.AuditLog.open("log") as log:
            log.erase("case-1", reason="request")
        gone = WRITTEN.read_text().partition("    stated-10-30:")[2].partition("\nsections:")[0]
        edits = (
            ("    stated-10-30:" + gone, ""),
            HIGHER,
            ("missing: zero", "missing: await"),
            ("is: 20, why", "range: [20, 20.5], why"),
        )
        new = rubric("new", *edits, examples=False)
        Path("groups.csv").write_text("case,group\ncase-0,a\ncase-1,b\ncase-2,b\n")
        status, found, _ = call("compare", WRITTEN, new, "--log", "log", "--groups", "groups.csv", "--json")
        assert 1 == status
        seen = set()
        for each in found:
            assert KEYS[each["type"]] == each.keys(), each["type"]
            seen.add(each["type"])
        _, more, _ = call("compare", WRITTEN, rubric("higher", HIGHER), "--json")
        assert all(KEYS[each["type"]] == each.keys() for each in more)
        assert {*KEYS} == seen | {each["type"] for each in more}

    def test_markdown_is_a_comment_in_which_nothing_is_markup_but_ours(self, call: Any) -> None:
        title = ("title: Cognitive reasoning", 'title: "<b>@all</b> | `x`"')
        status, lines, _ = call("compare", WRITTEN, rubric("new", HIGHER, title), "--markdown")
        text = "\n".join(lines)
        assert (1, "**1 of 6 moves between verdicts is possible**") == (status, lines[0])
        assert "| verdict | borderline | fail | 1,562 | job-run-time 20," in text
        assert "<b>" not in text
        assert "@all" not in text
        assert text.count("<details>") == text.count("</details>") == 3

    @pytest.mark.parametrize(
        ("argv", "says"),
        [
            (["--csv", "--json"], "one of --markdown, --csv and --json at a time"),
            (["--csv"], "--csv is about past cases: it needs --log DIRECTORY"),
            (["--groups", "groups.csv"], "--groups is about past cases"),
            (["--log", "log", "--csv", "--groups", "groups.csv"], "--csv is a table of the cases that move"),
            (["--log", "log", "--groups", "other.csv"], "other.csv:1:1: "),
            (["--profile", "equals"], "no such profile"),
            (["--log", "nowhere"], "no such directory"),
        ],
    )
    def test_a_wrong_call(self, call: Any, argv: list[str], says: str) -> None:
        Path("groups.csv").write_text("case,group\n")
        Path("other.csv").write_text("kase,group\nx,y\n")
        status, _, err = call("compare", WRITTEN, rubric("new", HIGHER), *argv)
        assert 2 == status
        assert says in err

    def test_errors_of_a_version_have_their_places(self, call: Any) -> None:
        status, _, err = call("compare", WRITTEN, rubric("new", ("from: 60%", "from: 60")))
        assert 2 == status
        assert "new/rubric.yaml:21:" in err


class TestGit:
    def test_the_old_version_is_that_of_head(self, call: Any) -> None:
        committed()
        rubric("rules", HIGHER)
        status, lines, _ = call("compare", "rules")
        assert (1, "1 of 6 moves between verdicts is possible") == (status, lines[0])
        assert lines[1].endswith("rules/rubric.yaml in HEAD")
        assert any("8 examples of the old version hold no longer" in line for line in lines)

    def test_it_may_be_any_revision(self, call: Any) -> None:
        committed()
        git("tag", "before")
        rubric("rules", HIGHER)
        git("commit", "-q", "-a", "-m", "another cut")
        assert 0 == call("compare", "rules")[0]
        assert 1 == call("compare", "before", "rules")[0]
        assert 1 == call("compare", "HEAD~1", "rules/rubric.yaml")[0]

    def test_a_funnel_is_read_with_the_parts_of_that_commit(self, call: Any) -> None:
        committed()
        shutil.copytree(RULES.with_name("ml-engineer-mid-hiring"), "hiring")
        path = Path("hiring/rubric.yaml")
        path.write_text(path.read_text().replace("../ml-engineer-mid-written/", "../rules/"))
        git("add", "hiring")
        git("commit", "-q", "-m", "a funnel")
        rubric("rules", ("right: false\n            text: The model", "right: true\n            text: The model"))
        status, lines, _ = call("compare", "hiring")
        assert 1 == status
        assert any(
            "item written-test/plain-words: option D: right no -> yes (hiring/rubric.yaml:" in line for line in lines
        )

    @pytest.mark.parametrize(
        ("prepare", "argv", "says"),
        [
            ("nothing", ["rules"], "is in no repository of git"),
            ("init", ["rules"], "there is no commit yet"),
            ("commit", ["other"], "other/rubric.yaml is not in HEAD"),
            ("commit", ["nowhere", "rules"], "git knows no revision 'nowhere'"),
            ("commit", ["--upload-pack=x", "rules"], "No such option"),
            ("commit", ["-"], "standard input is in no repository"),
        ],
    )
    def test_why_there_is_none(self, call: Any, monkeypatch: Any, prepare: str, argv: list[str], says: str) -> None:
        if prepare == "commit":
            committed()
        else:
            rubric("rules")
            if prepare == "init":
                git("init", "-q")
        rubric("other")
        if argv == ["-"]:
            import io
            import sys

            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WRITTEN.read_bytes())))
        status, _, err = call("compare", *argv)
        assert 2 == status
        assert says in err
        assert "Traceback" not in err

    def test_without_git_it_says_so(self, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        rubric("rules")
        monkeypatch.setenv("PATH", "")
        status, _, err = call("compare", "rules")
        assert 2 == status
        assert "git is not installed" in err
        assert 1 == call("compare", WRITTEN, rubric("new", HIGHER))[0]


class TestLog:
    """Past decisions under the new version. The four sheets come to 100, 80, 60 and 40 %."""

    def test_who_moves_is_named_with_what_moved_them(self, call: Any) -> None:
        decide("log", scoring.load(WRITTEN), *SHEETS)
        new = rubric("new", HIGHER)
        status, lines, _ = call("compare", new, "--log", "log")
        assert (1, "1 of 6 moves between verdicts is possible; 1 past decision of 4 moves") == (status, lines[0])
        assert "record #1" in lines[1]
        assert "2026.1 has 4 decisions: make this 2026.2" == lines[3] or "still called 2026.1" in lines[3]
        assert any(
            line.split()[:2] == ["#4", "case-2"]
            and "borderline 60.00 % (review) -> fail 60.00 % (decline)" in line
            and "borderline 3/5 -> 61/100" in line
            for line in lines
        )

    def test_a_version_that_decided_keeps_its_name(self, call: Any) -> None:
        decide("log", scoring.load(WRITTEN), *SHEETS)
        _, found, _ = call("compare", WRITTEN, rubric("new", HIGHER), "--log", "log", "--json")
        assert "2026.1 has 4 decisions: make this 2026.2" == found[0]["bump"]

    def test_csv_is_who_moves(self, call: Any) -> None:
        decide("log", scoring.load(WRITTEN), *SHEETS)
        status, lines, _ = call("compare", WRITTEN, rubric("new", HIGHER), "--log", "log", "--csv")
        (row,) = csv.DictReader(lines)
        assert 1 == status
        assert ("4", "case-2", "borderline", "fail", "review", "decline", "3/5", "3/5") == tuple(
            row[key]
            for key in (
                "record",
                "case",
                "old_verdict",
                "new_verdict",
                "old_action",
                "new_action",
                "old_score",
                "new_score",
            )
        )

    def test_what_is_in_force_is_the_last_version_that_the_log_took_in(self, call: Any) -> None:
        second = rubric("second", HIGHER, ('version: "2026.1"', 'version: "2026.2"'))
        decide("log", scoring.load(WRITTEN), *SHEETS)
        decide("log", scoring.load(second), *SHEETS[:1])
        third = rubric("third", ("from: 60%", "from: 59%"), ('version: "2026.1"', 'version: "2026.3"'))
        _, found, _ = call("compare", third, "--log", "log", "--json")
        assert "2026.2" == found[0]["old"]["version"]
        (past,) = (each for each in found if each["type"] == "past")
        assert (1, 0, 4) == (past["cases"], past["moved"], past["others"])

    def test_a_version_already_in_force_is_compared_with_the_one_it_replaces(self, call: Any) -> None:
        says = ('version: "2026.1"', 'version: "2026.2"\nreplaces: {version: "2026.1", reason: higher}')
        second = rubric("second", HIGHER, says)
        decide("log", scoring.load(WRITTEN), *SHEETS)
        decide("log", scoring.load(second), *SHEETS[:1])
        status, found, _ = call("compare", second, "--log", "log", "--json")
        assert (1, "2026.1", "2026.2") == (status, found[0]["old"]["version"], found[0]["new"]["version"])

    def test_a_case_that_was_erased_is_counted_and_named(self, call: Any) -> None:
        """Another key needs the answer; it is gone, so nobody can tell, and the status says that something was left open."""
        decide("log", scoring.load(WRITTEN), *SHEETS)
        with scoring.AuditLog.open("log") as log:
            log.erase("case-0", reason="request")
        new = rubric("new", ("is: 20, why", "range: [20, 20.5], why"), examples=False)
        status, lines, _ = call("compare", rubric("old", examples=False), new, "--log", "log")
        assert status in (1, 3)
        assert "1 cannot be told" in lines[0]
        assert any(line.strip().startswith("#2 - cannot be told: erased at record") for line in lines)

    def test_without_the_vault_cases_have_no_names(self, call: Any) -> None:
        decide("log", scoring.load(WRITTEN), *SHEETS)
        Path("log.vault").unlink()
        _, lines, err = call("compare", WRITTEN, rubric("new", HIGHER), "--log", "log")
        assert "cases are not named" in err
        assert any(line.split()[:2] == ["#4", "-"] for line in lines)

    def test_nothing_is_written_to_the_log_but_its_cache(self, call: Any) -> None:
        decide("log", scoring.load(WRITTEN), *SHEETS)
        before = {path: path.read_bytes() for path in Path("log").rglob("*") if path.is_file()}
        call("compare", WRITTEN, rubric("new", HIGHER), "--log", "log")
        after = {
            path: path.read_bytes() for path in Path("log").rglob("*") if path.is_file() and "cache" not in path.parts
        }
        assert {path: data for path, data in before.items() if "cache" not in path.parts} == after

    def test_groups_before_and_after(self, call: Any) -> None:
        """Of a: 100 and 80 % are selected under 80 %; of b one of two. A cut at 90 % leaves one of a and one of b."""
        sheets = [without(), without("outlier-age"), without(), without("outlier-age", "plain-words", "job-run-time")]
        decide("log", scoring.load(WRITTEN), *sheets)
        Path("groups.csv").write_text("case,group\ncase-0,a\ncase-1,a\ncase-2,b\ncase-3,b\n")
        new = rubric("new", ("from: 80%", "from: 90%"))
        _, lines, _ = call("compare", WRITTEN, new, "--log", "log", "--groups", "groups.csv")
        text = "\n".join(lines)
        assert "a: 2 of 2 (100.00 %, benchmark) -> 1 of 1 (100.00 %, benchmark)" in text
        assert (
            "b: 1 of 2 (50.00 %, ratio 50.00 %, below four fifths) -> 1 of 2 (50.00 %, ratio 50.00 %, below four fifths)"
            in text
        )

    def test_whoever_is_not_in_the_rates_is_told(self, call: Any) -> None:
        """One case lies between the cuts, so a person decides it; under the higher cut it fails. One is of no known group, two lines name nobody."""
        decide("log", scoring.load(WRITTEN), *SHEETS, without("outlier-age"))
        Path("groups.csv").write_text("case,group\ncase-0,a\ncase-1,b\ncase-2,b\ncase-3,b\nx,a\ny,b\n")
        new = rubric("new", HIGHER)
        _, lines, _ = call("compare", WRITTEN, new, "--log", "log", "--groups", "groups.csv")
        at = lines.index("of the table of groups, 2 lines name none of these cases")
        assert [
            "impact by group, of 5 past cases, before -> after",
            "  not decided yet, and not counted: 1 -> 0",
            "  selected",
            "    group not known: 1 of 1 -> 1 of 1",
        ] == lines[at + 1 : at + 5]

    def test_no_answer_is_ever_shown(self, call: Any) -> None:
        decide("log", scoring.load(WRITTEN), without(**{"outlier-age": f"{MARKER} 141"}))
        for form in ([], ["--json"], ["--csv"], ["--markdown"]):
            _, _, err = call("compare", WRITTEN, rubric("new", ("is: 141,", "is: 142,")), "--log", "log", *form)
            assert MARKER not in err
            main(["compare", str(WRITTEN), "new", "--log", "log", *form])


class TestCheck:
    """Guarantees, and `replaces`, as `check` says them."""

    HALF = "\n  - {id: half-in-hard-skills, when: {section: hard-skills, below: 50%}, never: strong_pass}"
    NEXT = ('version: "2026.1"', 'version: "2026.2"\nreplaces: {version: "2026.1", reason: a cut was too low}')

    def test_a_guarantee_that_fails_is_shown_with_a_case(self, call: Any) -> None:
        status, lines, _ = call("check", rubric("new", ("\nguarantees:", f"\nguarantees:{self.HALF}")))
        assert 1 == status
        (place,) = (n for n, line in enumerate(lines) if line.startswith("FAILS"))
        assert (
            "FAILS       guarantee half-in-hard-skills, in profile equal: 10 outcome combinations fail" == lines[place]
        )
        assert (
            "smallest case, in profile equal: job-run-time 20, messy-data-deadline B, plain-words A+B, outlier-age 141"
            in lines[place + 1]
        )
        assert "comes to strong_pass 80.00 % (advance), and may come to borderline, fail" in lines[place + 2]
        assert "of 3 promises 1 broken" in lines[-1]

    def test_a_rubric_that_does_not_keep_it_is_not_packed(self, call: Any) -> None:
        path = rubric("new", ("\nguarantees:", f"\nguarantees:{self.HALF}"))
        status, _, err = call("pack", path, "-o", "out")
        assert (1, False) == (status, Path("out").exists())
        assert "does not keep what it guarantees (half-in-hard-skills)" in err
        assert 0 == call("pack", path, "-o", "out", "--untested")[0]

    def test_the_shipped_rubrics_keep_what_they_guarantee(self, call: Any) -> None:
        status, found, _ = call("check", *sorted(RULES.parent.glob("*/rubric.yaml")), "--json")
        assert 0 == status
        proofs = [each for each in found if each["type"] == "guarantee"]
        assert {"data-scientist": 4, "ml-engineer-mid-hiring": 4, "ml-engineer-mid-written": 2} == {
            each["rubric"]: each["promises"] for each in found if each["type"] == "rubric"
        }
        assert {(True, 0, None)} == {(each["holds"], each["failing"], each["why"]) for each in proofs}

    def test_the_replaced_version_is_found_in_git(self, call: Any) -> None:
        committed()
        rubric("rules", self.NEXT, HIGHER, examples=False)
        git("commit", "-q", "-a", "-m", "the next one")
        Path("rules/examples.yaml").unlink()
        status, lines, _ = call("check", "rules")
        assert 1 == status
        (place,) = (n for n, line in enumerate(lines) if line.startswith("FAILS"))
        assert "replaces 2026.1: borderline -> fail can move and `may_move` does not say so, in " in lines[place]
        assert "compared with rules/rubric.yaml in" in lines[place + 1]
        assert "borderline 60.00 % (review) -> fail 60.00 % (decline)" in lines[place + 2]

    def test_it_is_found_as_a_pack_beside_the_rubric(self, call: Any) -> None:
        allowed = (self.NEXT[0], self.NEXT[1].replace("too low}", 'too low, may_move: ["borderline -> fail"]}'))
        path = rubric("rules", allowed, HIGHER, examples=False)
        Path("rules/examples.yaml").unlink(missing_ok=True)
        assert 3 == call("check", path)[0]
        Path("rules/packs").mkdir()
        Path("rules/packs/ml-engineer-mid-written-2026.1.pack.json").write_bytes(scoring.load(WRITTEN).pack)
        status, lines, _ = call("check", path)
        assert 0 == status
        assert "HOLDS       replaces 2026.1: nothing moves but borderline -> fail, everywhere" in lines

    def test_it_is_not_found(self, call: Any) -> None:
        status, lines, _ = call("check", rubric("rules", self.NEXT, HIGHER, examples=False))
        assert 3 == status
        assert any(line.startswith("NOT CHECKED replaces 2026.1: ") and "--against OLD" in line for line in lines)
        assert "not decided" in lines[-1]

    def test_it_may_be_named(self, call: Any) -> None:
        new = rubric("rules", self.NEXT, HIGHER, examples=False)
        assert 1 == call("check", new, "--against", WRITTEN)[0]
        assert 0 == call("check", rubric("same", self.NEXT, examples=False), "--against", WRITTEN)[0]

    @pytest.mark.parametrize(
        ("argv", "says"),
        [
            (["new", "--against", "other"], "other is ml-engineer-mid-written 2025.9, and new/rubric.yaml replaces"),
            (["plain", "--against", "other"], "says of no version that it replaces it"),
            (["new", "plain", "--against", "other"], "--against is about one rubric"),
        ],
    )
    def test_a_wrong_one(self, call: Any, argv: list[str], says: str) -> None:
        rubric("new", self.NEXT)
        rubric("plain")
        rubric("other", ('version: "2026.1"', 'version: "2025.9"'))
        status, _, err = call("check", *argv)
        assert 2 == status
        assert says in err


def as_shown(shown: str, lines: list[str]) -> bool:
    """Whether lines are as a page shows them: all of them, in their order, but for digests and for those that a line `...` stands for."""
    pattern = "".join(
        "(?:.*\n)*?" if line.strip() == "..." else re.escape(f"{_undigested(line)}\n")
        for line in shown.strip("\n").split("\n")
    )
    return re.fullmatch(pattern, "".join(f"{_undigested(line)}\n" for line in lines)) is not None


def _undigested(line: str) -> str:
    return re.sub("  [0-9a-f]{12}  ", "  DIGEST  ", line)


class TestManual:
    """What docs/howto/changing-a-rubric.md shows is what comes out, but for digests."""

    PAGE = (RULES.parents[1] / "docs" / "howto" / "changing-a-rubric.md").read_text(encoding="utf-8")
    BLOCKS = PAGE.split("```")[1::2]

    def test_its_comparison(self, call: Any) -> None:
        path = committed()
        decide("decisions", scoring.load(path), *SHEETS)
        rubric("rules", HIGHER)
        _, lines, _ = call("compare", "rules", "--log", "decisions")
        (shown,) = (block for block in self.BLOCKS if "smallest case" in block and "old  " in block)
        came = [line.replace(f"{Path.cwd()}{os.sep}", "") for line in lines]
        assert as_shown(shown.replace("rules/ml-engineer-mid-written/", "rules/"), came)

    def test_its_guarantee(self, call: Any) -> None:
        _, lines, _ = call("check", rubric("new", ("\nguarantees:", f"\nguarantees:{TestCheck.HALF}")))
        (shown,) = (block for block in self.BLOCKS if "FAILS" in block)
        assert as_shown(shown, lines)

    def test_what_is_left_out_is_marked(self) -> None:
        """The comparison that the two tests above rest on."""
        lines = ["a", "b", "b", "c", "d"]
        for shown in ("a\n...\nd", "...\nc\n...", "...\nb\nc\nd", "a\nb\nb\nc\nd", "a\n  ...\nb\nc\n..."):
            assert as_shown(shown, lines)
        for shown in ("a\nd", "a\nb\nb\nc", "b\n...", "...\nc\nb\n...", "a\n...\nx\n...", "a\n...\nc"):
            assert not as_shown(shown, lines)

    def test_it_names_every_key_of_every_object(self) -> None:
        """In the table of the object; those of an impact are in the table of `analyse`."""
        rows = [line.split("|") for line in self.PAGE.split("\n") if line.startswith("| `")]
        tables = [(row[1].strip(" `"), {*"|".join(row[2:]).split("`")[1::2]}) for row in rows]
        wanted = [(kind, keys - {"type"}) for kind, keys in KEYS.items() if kind != "impact"]
        wanted += [(kind, keys - {"type"}) for kind, keys in OF_COMMANDS["check"].items()]
        assert [] == [
            (kind, keys) for kind, keys in wanted if not any(kind == row and keys <= named for row, named in tables)
        ]

    def test_the_override_that_it_proposes_keeps_it(self, call: Any) -> None:
        (proposed,) = (code for code in self.PAGE.split("`") if code.startswith("{id: hard-skills-minimum"))
        edits = (("\nguarantees:", f"\noverrides:\n  - {proposed}\nguarantees:{TestCheck.HALF}"),)
        assert 0 == call("check", rubric("new", *edits, examples=False))[0]
