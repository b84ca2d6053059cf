"""What somebody who is new to the doors (functions, files, columns) runs into: each is told what is wrong, where, and what to do."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from logs import entry, make_pack, submission
from scoring import AuditLog, canonical
from scoring.cli import main
from scoring.engine.rubric import Rubric
from scoring.errors import ConflictError, RubricError
from scoring.runtime import Scorer


class TestPacks:
    @pytest.mark.parametrize("change", ["empty", "unknown"])
    def test_keys_are_told_in_their_order_and_not_in_one_that_changes_with_every_run(self, change):
        keys = sorted(json.loads(make_pack()))
        if change == "empty":
            pack, expected = {}, [f'the key "{key}" is missing' for key in keys]
        else:
            pack = json.loads(make_pack()) | {f"x{n:02}": None for n in range(12)}
            expected = [f'unknown key "x{n:02}"' for n in range(12)]
        with pytest.raises(RubricError) as caught:
            Scorer(canonical.dumps(pack))
        assert [problem.message for problem in caught.value.problems] == expected


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("pack.json").write_bytes(make_pack())
    return tmp_path


@pytest.fixture
def call(here, capfd):
    def run(*argv):
        status = main([*map(str, argv)])
        return status, *capfd.readouterr()

    return run


def sheets(*submissions):
    return "".join(json.dumps(one) + "\n" for one in submissions)


class TestEntriesOfOneRun:
    FIRST, OTHER = submission(1), submission(1, case="case-9")

    @pytest.mark.parametrize("out", ["e.jsonl", "-"])
    def test_an_id_that_stands_for_two_submissions_is_refused_with_both_lines(self, call, out):
        Path("s.jsonl").write_text(sheets(self.FIRST, submission(2), self.OTHER, submission(3)))
        status, printed, err = call("score", "pack.json", "s.jsonl", "--entries", out)
        written = printed if out == "-" else Path("e.jsonl").read_text()
        assert ["s-1", "s-2", "s-3"] == [json.loads(line)["id"] for line in written.splitlines()]
        assert status == 2
        assert 's.jsonl:3: the id "s-1" stands for another submission, on line 1: give this one an id of its own' in err
        assert "case-9" not in err
        assert "not scored: 1 of 4 submissions" in err

    def test_what_stands_twice_has_one_entry_and_is_counted(self, call):
        Path("s.jsonl").write_text(sheets(self.FIRST, submission(2), dict(reversed(self.FIRST.items()))))
        status, printed, err = call("score", "pack.json", "s.jsonl", "--entries", "e.jsonl", "--json")
        assert (status, err) == (0, "scoring: passed over: 1 submission whose entries e.jsonl has\n")
        assert ["s-1", "s-2"] == [json.loads(line)["id"] for line in printed.splitlines()]
        assert 2 == Path("e.jsonl").read_bytes().count(b"\n")

    def test_what_a_resumed_run_adds_is_held_to_the_same(self, call):
        Path("s.jsonl").write_text(sheets(submission(2)))
        call("score", "pack.json", "s.jsonl", "--entries", "e.jsonl")
        Path("s.jsonl").write_text(sheets(submission(2), self.FIRST, self.OTHER))
        status, _, err = call("score", "pack.json", "s.jsonl", "--entries", "e.jsonl", "--resume")
        assert (status, Path("e.jsonl").read_bytes().count(b"\n")) == (2, 2)
        assert 's.jsonl:3: the id "s-1" stands for another submission, on line 2' in err

    @pytest.mark.parametrize("more", [["--entries", "e.jsonl"], ["--entries", "-"]])
    def test_whoever_writes_entries_is_not_told_that_nothing_is_written(self, call, more):
        Path("s.jsonl").write_text(sheets(self.FIRST))
        assert call("score", "pack.json", "s.jsonl", *more)[::2] == (0, "")
        assert "not recorded" in call("score", "pack.json", "s.jsonl")[2]


class TestAppend:
    def written(self, *entries):
        Path("e.jsonl").write_bytes(b"".join(entry.to_bytes() + b"\n" for entry in entries))

    def test_two_entries_with_one_id_are_told_by_their_lines_and_no_record_is_made_up(self, call):
        call("append", "log", "pack.json", "--create")
        self.written(entry(1), entry(2), entry(1, case="case-9"))
        status, _, err = call("append", "log", "e.jsonl")
        assert status == 2
        assert 'e.jsonl:3: the id "s-1" stands twice in this file, for different submissions, on the lines 1, 3' in err
        assert "nothing of this file was recorded" in err
        assert "record #" not in err
        with AuditLog.open("log") as log:
            assert 2 == len(log)

    def test_the_library_says_the_same_of_entries_that_go_in_together(self, here):
        with AuditLog.open("log", create=True) as log:
            log.publish(Rubric(make_pack()))
            with pytest.raises(ConflictError, match='the id "s-1" stands twice in what is appended') as caught:
                log.append([entry(1), entry(1, case="case-9")])
            assert "case-9" not in str(caught.value)
            assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
            assert [2, 2] == log.append([entry(1), entry(1)])
