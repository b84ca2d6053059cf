"""What a path stands for: a directory for the rubric in it, a name that is near, a log that is called `log`; and that nothing is made for nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import scoring
from scoring import testing
from scoring.audit.given import LOG, kind_of_given
from scoring.cli import main

ROOT = Path(__file__).parents[1]
RULES = ROOT / "rules" / "ml-engineer-mid-written"
SHEET = {"id": "s-1", "case": "c-1", "answers": {"messy-data-deadline": "D"}}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory of its own, with one rubric and its examples in `screen/`."""
    monkeypatch.chdir(tmp_path)
    Path("screen").mkdir()
    for name in ("rubric.yaml", "examples.yaml"):
        (Path("screen") / name).write_bytes((RULES / name).read_bytes())


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*argv: object) -> tuple[int, str, str]:
        try:
            status = main([str(word) for word in argv])
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capsys.readouterr()
        return status or 0, out, err

    return run


class TestADirectoryStandsForTheRubricInIt:
    FILE = "screen/rubric.yaml"

    def test_where_a_rubric_is_loaded(self) -> None:
        assert scoring.load(self.FILE).pack == scoring.load("screen").pack == scoring.load(Path("screen")).pack

    def test_where_two_are_compared(self) -> None:
        text = Path(self.FILE).read_text().replace("from: 60%", "from: 61%")
        Path("next").mkdir()
        Path("next/rubric.yaml").write_text(text)
        found = [scoring.compare(*paths) for paths in (("screen", "next"), (self.FILE, "next/rubric.yaml"))]
        told = [([str(edit) for edit in one.edits], [broken.id for broken in one.examples]) for one in found]
        assert told[0] == told[1]
        assert all(told[0])

    def test_where_one_is_tested(self) -> None:
        evidence = testing.assert_same_verdicts("screen", self.FILE)
        assert evidence.proven
        assert testing.laws("screen", "order") is not None

    def test_where_it_scores(self, call: Any) -> None:
        Path("subs.jsonl").write_text('{"answers": {}}\n')
        assert call("score", "screen", "subs.jsonl") == call("score", self.FILE, "subs.jsonl")
        assert call("score", "screen", "--template") == call("score", self.FILE, "--template")

    def test_where_it_is_packed_with_its_examples_run(self, call: Any) -> None:
        status, out, err = call("pack", "screen", "-o", "out")
        assert (status, err) == (0, "")
        assert out == call("pack", self.FILE, "-o", "out")[1]
        text = Path("screen/examples.yaml").read_text().replace("score: 4/5", "score: 6/7", 1)
        Path("screen/examples.yaml").write_text(text)
        assert call("pack", "screen", "-o", "other")[0] == 1

    def test_where_a_case_is_opened_and_where_all_are_scored_again(self, call: Any) -> None:
        assert call("open", "decisions", "screen", "--case", "c-1", "--create")[0] == 0
        text = Path(self.FILE).read_text().replace('version: "2026.1"', 'version: "2026.2"')
        Path("next").mkdir()
        Path("next/rubric.yaml").write_text(text + 'replaces: {version: "2026.1", reason: to try it}\n')
        asked = ("rescore", "decisions", "--policy", "all", "--with")
        assert call(*asked, "next") == call(*asked, "next/rubric.yaml")

    def test_but_only_one_that_holds_it(self, call: Any) -> None:
        Path("empty").mkdir()
        with pytest.raises(scoring.StoreError, match=r"^empty: is a directory, not a file$"):
            scoring.load("empty")
        assert call("score", "empty")[0] == 2


class TestWhatMayHaveBeenMeant:
    @pytest.mark.parametrize(
        ("wrong", "right"),
        [
            ("screen/rubric.yml", "screen/rubric.yaml"),
            ("screen/rubrc.yaml", "screen/rubric.yaml"),
            ("screen/rubric.json", "screen/rubric.yaml"),
        ],
    )
    def test_is_a_path_that_works(self, wrong: str, right: str, call: Any) -> None:
        said = f'{wrong}: no such file; did you mean "{right}"?'
        with pytest.raises(scoring.StoreError, match=f"^{re.escape(said)}$"):
            scoring.load(wrong)
        with pytest.raises(scoring.StoreError, match=f"^{re.escape(said)}$"):
            testing.assert_same_verdicts(wrong, right)
        assert call("score", wrong) == (2, "", f"scoring: {said}\n")

    def test_is_nothing_where_only_the_ending_is_alike(self) -> None:
        Path("bin.yaml").write_text("")
        with pytest.raises(scoring.StoreError, match=r"^nope\.yaml: no such file$"):
            scoring.load("nope.yaml")

    def test_is_the_file_of_the_same_kind_where_several_are_called_alike(self) -> None:
        for name in ("one.jsonl", "one.yaml", "one.pack.json"):
            Path(name).write_text("")
        with pytest.raises(scoring.StoreError, match=r'did you mean "one\.pack\.json"'):
            scoring.load("ones.pack.json")


@pytest.mark.parametrize("opened", [scoring.load, lambda path: testing.assert_same_verdicts(path, path)])
def test_what_is_no_pack_is_told_with_its_path(opened: Any) -> None:
    Path("subs.jsonl").write_text('{"answers": {}}\n{"answers": {}}\n')
    with pytest.raises(scoring.RubricError, match=r"^subs\.jsonl: not a pack"):
        opened("subs.jsonl")


class TestALogThatIsCalledLog:
    @pytest.fixture(autouse=True)
    def log(self) -> None:
        with scoring.AuditLog.open("log", create=True) as log:
            log.decide(scoring.load("screen"), SHEET)

    def test_is_one(self, call: Any) -> None:
        assert kind_of_given("log") == LOG
        assert call("verify", "log")[0] == 0

    def test_does_not_make_one_of_the_directory_that_it_lies_in(self, call: Any) -> None:
        assert kind_of_given(".") is None
        for command in (["verify", "."], ["analyse", "."], ["score", "screen", "-", "--log", "."]):
            status, _, err = call(*command)
            assert (status, err.splitlines()[0]) == (
                2,
                'scoring: . is no log: the directory log in it is one; did you mean "log"?'
                + "; --create makes one" * ("--log" in command),
            )
        assert 'did you mean "."' not in call("verify", "screen/rubric.yaml")[2]
        assert "it is a log" not in call("check", ".")[2]
        with pytest.raises(scoring.LogError, match="the directory log in it is one"):
            scoring.AuditLog.open(".", create=True)

    def test_is_found_by_the_script_of_auditors(self) -> None:
        script = [sys.executable, ROOT / "audit" / "verify.py"]
        runs = [subprocess.run([*script, path], capture_output=True, check=False) for path in (".", "log")]
        assert runs[0].stdout == runs[1].stdout
        assert (runs[0].returncode, b"FAILS" in runs[0].stdout) == (runs[1].returncode, False)

    @pytest.mark.parametrize(
        "damage",
        [
            lambda log: (log / "log" / "000000000000.jsonl").unlink(),
            lambda log: (log / "log" / "000000000000.jsonl").rename(log / "log" / "000000065536.jsonl"),
            lambda log: (log / "log" / "log").mkdir(),
            lambda log: [file.unlink() for part in ("packs", "log") for file in (log / part).iterdir()],
        ],
        ids=["no segment", "another segment", "a directory beside the segment", "nothing left"],
    )
    def test_a_damaged_log_is_a_log_still(self, damage: Any, call: Any) -> None:
        damage(Path("log"))
        assert kind_of_given("log") == LOG
        status, out, _ = call("verify", "log")
        assert (status, "FAILS" in out) == (1, True)


class TestNothingIsMadeForNothing:
    @pytest.mark.parametrize("text", ["", "\n \n"])
    def test_no_log_is_begun_where_no_submission_comes(self, text: str, call: Any) -> None:
        Path("empty.jsonl").write_text(text)
        status, out, err = call("score", "screen", "empty.jsonl", "--log", "decisions", "--create")
        assert (status, out, err) == (2, "", "scoring: empty.jsonl holds no submission\n")
        assert sorted(path.name for path in Path().iterdir()) == ["empty.jsonl", "screen"]

    def test_the_first_submission_is_not_lost_on_the_look_ahead(self, call: Any) -> None:
        Path("subs.jsonl").write_text(
            '{"id": "a", "case": "a", "answers": {}}\n{"id": "b", "case": "b", "answers": {}}\n'
        )
        assert call("score", "screen", "subs.jsonl", "--log", "decisions", "--create")[0] == 0
        with scoring.AuditLog.open("decisions") as log:
            assert [log.read(seq)["body"]["id"] for seq in (2, 3)] == ["a", "b"]


class TestWhereAPackGoes:
    def test_is_told_in_the_help_and_in_what_it_prints(self, call: Any) -> None:
        assert "the current one unless it is given" in " ".join(call("pack", "--help")[1].replace("│", " ").split())
        name = "ml-engineer-mid-written-2026.1"
        files = [f"{name}.pack.json", f"{name}.paper.md", "submission.schema.json", "decision.schema.json"]
        for where, said, folder in (([], "the current directory", ""), (["-o", "out"], "out", "out/")):
            lines = call("pack", "screen", *where)[1].splitlines()
            assert lines[:5] == [f"written to {said}:", *(f"  {folder}{file}" for file in files)]
            assert all((Path(folder) / file).is_file() for file in files)

    def test_is_no_file(self, call: Any) -> None:
        Path("subs.jsonl").write_text("{}")
        status, out, err = call("pack", "screen", "-o", "subs.jsonl")
        assert (status, out) == (2, "")
        assert (
            err == "scoring: subs.jsonl is a file; --output names the directory to write to, and nothing was written\n"
        )
        assert call("pack", "screen", "-o", "subs.jsonl/sub")[2].endswith("cannot be written: Not a directory\n")
