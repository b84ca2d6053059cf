"""The demonstration: some forty lines that show the point, and a directory to play with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import scoring
from scoring.cli import main

FILES = {"README.md", "rubric.yaml", "examples.yaml", "submissions.jsonl", "funnel", "decisions", "decisions.vault"}


def run(*argv, cwd):
    env = {**os.environ, "PYTHONPATH": str(Path(scoring.__file__).parents[1])}
    command = [sys.executable, "-m", "scoring.cli", *argv]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=env, check=False, timeout=60)


def in_the_shell(line, place):
    """The status of a line that was printed, where nobody activated the environment."""
    env = {**os.environ, "PYTHONPATH": str(Path(scoring.__file__).parents[1])}
    done = subprocess.run(line, shell=True, cwd=place, capture_output=True, env=env, check=False, timeout=60)
    return done.returncode


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """One run, as a newcomer makes it."""
    place = tmp_path_factory.mktemp("demo")
    return place, run("demo", cwd=place)


class TestWhatIsShown:
    def test_it_holds_and_takes_about_forty_five_lines(self, first):
        _, done = first
        assert (done.returncode, done.stderr) == (0, "")
        assert 35 <= len(done.stdout.splitlines()) <= 50
        assert max(map(len, done.stdout.splitlines())) <= 120

    def test_five_candidates_have_score_verdict_action_and_what_decided(self, first):
        rows = {line.split()[1]: line.split()[2:] for line in first[1].stdout.splitlines() if line.startswith("#")}
        assert {case: row for case, row in rows.items() if not case.endswith(":")} == {
            "perfect": ["strong_pass", "advance", "100.00", "%", "band", "-"],
            "on-the-cut": ["strong_pass", "advance", "80.00", "%", "band", "-"],
            "made-up-data": ["fail", "decline", "80.00", "%", "fatal", "-"],
            "hasty-work": ["strong_pass", "review", "80.00", "%", "band", "refer"],
            "not-given": ["-", "wait", "-", "waits", "for", "plain-words", "-"],
        }

    def test_one_comes_from_application_to_offer_in_instalments_and_one_ends_at_the_door(self, first):
        rows = [
            line.split(maxsplit=3) for line in first[1].stdout.splitlines() if ": " in line and line.startswith("#")
        ]
        assert [(case, stage, " ".join(rest.split())) for _, case, stage, rest in rows] == [
            ("alma:", "application", "- wait - resume pending waits for resume; interview -"),
            ("alma:", "resume", "- wait - interview pending waits for interview -"),
            ("alma:", "interview", "offer review 75.00 % interview passed band irregularity"),
            ("bo:", "application", "declined decline - application ended knock_out -"),
        ]

    def test_a_person_has_the_last_word_on_what_was_held(self, first):
        assert "said in #13: confirm, reason made-up-for. What counts now: offer, advance." in first[1].stdout

    def test_it_tells_why_the_fatal_one_failed_with_four_points_of_five(self, first):
        out = first[1].stdout
        assert "It scored 4/5 = 80.00 %, which by itself is a strong_pass" in out
        assert 'a fatal answer in "messy-data-deadline" caps the verdict at fail: invents data and hides it.' in out
        assert "No other single answer would have helped" in out

    def test_the_log_holds_and_the_changed_byte_is_caught_at_its_record(self, first):
        out = first[1].stdout
        assert out.count("HOLDS") == 3
        sound, forged = out.split("In a copy, one byte of record #4 is changed")
        assert "FAILS" not in sound
        assert "FAILS       chain  record #4: changed" in forged

    def test_the_last_two_lines_are_commands_that_work_as_they_stand(self, first):
        place, done = first
        assert [0, 0] == [in_the_shell(line, place) for line in done.stdout.splitlines()[-2:]]


class TestWhatIsLeft:
    def test_the_directory_holds_what_it_says(self, first):
        assert {path.name for path in (first[0] / "scoring-demo").iterdir()} == FILES

    def test_every_command_of_its_readme_works_as_it_stands(self, first, tmp_path):
        place = tmp_path / "copy"
        shutil.copytree(first[0], place)
        readme = (place / "scoring-demo" / "README.md").read_text()
        commands = [line for line in readme.splitlines() if line.startswith("    ")]
        assert len(commands) >= 8
        assert {0} == {in_the_shell(line, place) for line in commands}

    def test_its_rubric_is_the_shipped_one_and_its_examples_hold(self, first):
        rubric = scoring.load(first[0] / "scoring-demo" / "rubric.yaml")
        with scoring.AuditLog.open(first[0] / "scoring-demo" / "decisions") as log:
            assert log.read(1)["body"]["pack"] == rubric.digest
            assert (len(log), log.verify().ok, log.replay().ok) == (14, True, True)

    def test_each_decision_of_the_funnel_supersedes_the_one_before_and_was_opened_first(self, first):
        with scoring.AuditLog.open(first[0] / "scoring-demo" / "decisions") as log:
            assert [record["body"]["supersedes"] for record in log.find("alma")] == [None, 9, 10]
            now = log.standing("alma")
            assert (now.opening, now.verdict, now.action, now.host_action) == (8, "offer", "review", "advance")
            assert {"notice", "raters", "started_at"} == log.facts(8).keys()
            assert log.precedence(11).remarks == ()
            assert log.standing("bo").host_action == "decline"

    def test_what_was_handed_in_scores_again_without_the_log(self, first):
        place = first[0] / "scoring-demo" / "funnel"
        rubric = scoring.load(place / "rubric.yaml")
        sheets = map(json.loads, (place / "submissions.jsonl").read_text().splitlines())
        assert [rubric.score(each).verdict for each in sheets] == [None, None, "offer", "declined"]

    def test_the_rubric_of_the_funnel_passes_check_and_its_examples_reach_everything(self, first):
        done = run("check", "scoring-demo/funnel/rubric.yaml", cwd=first[0])
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1].endswith("no errors, no warnings, 12 examples hold, everything reached")


class TestAgain:
    def test_a_second_run_replaces_the_first_and_leaves_what_others_put_there(self, tmp_path, capsys):
        demo = tmp_path / "demo"
        assert main(["demo", str(demo)]) == 0
        first = (demo / "decisions/log/000000000000.jsonl").read_bytes()
        (demo / "notes.txt").write_text("mine")
        (demo / "rubric.yaml").write_text("played with")
        (demo / "decisions/log/000000000000.jsonl").write_bytes(b"played with")
        assert main(["demo", str(demo)]) == 0
        assert {path.name for path in demo.iterdir()} == {*FILES, "notes.txt"}
        assert len((demo / "decisions/log/000000000000.jsonl").read_bytes().splitlines()) == len(first.splitlines())
        assert capsys.readouterr().err == ""

    def test_two_runs_decide_the_same_to_the_byte(self, tmp_path, capsys):
        decisions = []
        for name in ("a", "b"):
            assert main(["demo", str(tmp_path / name), "--json"]) == 0
            steps = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
            decisions.append([step["decision"] for step in steps if step["type"] == "score"])
        assert decisions[0] == decisions[1]
        assert len(decisions[0]) == 9

    def test_a_directory_that_it_did_not_make_stays_as_it_is(self, tmp_path, capsys):
        (tmp_path / "README.md").write_text("my project")
        assert main(["demo", str(tmp_path)]) == 2
        assert "was not made by `scoring demo`" in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
