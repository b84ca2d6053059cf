"""Erasing several cases in one call: each is named, and nothing is claimed of the others; and what is printed or refused with `-o -`."""

from __future__ import annotations

import json

import pytest

import logs
from logs import make_log, open_log
from scoring.cli import main

room, path = logs.room, logs.path


class TestErase:
    def test_a_case_that_is_held_is_named_and_the_others_are_erased(self, path, capsys):
        make_log(path, 3)
        with open_log(path) as log:
            log.hold("case-1", "law")
        assert main(["erase", str(path), "case-0", "case-1", "case-2", "--reason", "asked"]) == 2
        out, err = capsys.readouterr()
        assert out == "record #5: case-0 is erased, reason asked\nrecord #6: case-2 is erased, reason asked\n"
        assert "case-1: this case is held, reason law, and was not erased: release it first" in err
        assert "1 case of 3 not erased: case-1" in err
        assert "nothing was erased" not in err
        with open_log(path) as log:
            assert [log.erased(seq) for seq in (2, 3, 4)] == [5, None, 6]

    def test_a_case_to_be_kept_is_left_and_machines_hear_of_those_that_went(self, path, capsys):
        make_log(path, 2)
        with open_log(path) as log:
            log.retain("case-0", "2999-01-01")
        assert main(["erase", str(path), "case-0", "case-1", "--reason", "asked", "--json"]) == 2
        out, err = capsys.readouterr()
        assert [json.loads(line)["named"] for line in out.splitlines()] == ["case-1"]
        assert "case-0: this case is to be kept until 2999-01-01" in err

    def test_a_name_that_fits_nothing_stops_the_call_before_anything_is_erased(self, path, capsys):
        make_log(path, 2)
        assert main(["erase", str(path), "case-0", "nobody", "--reason", "asked"]) == 2
        assert capsys.readouterr().out == ""
        with open_log(path) as log:
            assert log.erased(2) is None

    def test_one_case_under_two_names_is_erased_once(self, path, capsys):
        make_log(path, 1)
        assert main(["erase", str(path), "case-0", "#2", "--reason", "asked"]) == 0
        assert capsys.readouterr().out.count("is erased") == 1

    def test_the_help_says_what_stays(self, capsys):
        main(["erase", "--help"])
        told = " ".join(capsys.readouterr().out.split())
        assert "which option was picked" in told
        assert "use ids that name nobody" in told


class TestHyphen:
    @pytest.mark.parametrize("words", [["-o", "-"], ["--output", "-"], ["-o=-"], []])
    def test_a_receipt_is_printed(self, path, words, capsys):
        make_log(path, 1)
        assert main(["receipt", str(path), "#2", *words]) == 0
        out, err = capsys.readouterr()
        assert out.startswith("c2sp.org/tlog-proof@v1\n")
        assert err.startswith("scoring: unsigned: ")

    def test_an_archive_is_not_and_no_file_of_that_name_is_made(self, path, room, monkeypatch, capsys):
        make_log(path, 1)
        monkeypatch.chdir(room)
        assert main(["export", str(path), "-o", "-"]) == 2
        assert "is not printed" in capsys.readouterr().err
        assert not (room / "-").exists()

    def test_nor_is_a_pack(self, room, monkeypatch, capsys):
        monkeypatch.chdir(room)
        (room / "r.yaml").write_text("rubric: x\n")
        assert main(["pack", "r.yaml", "-o", "-"]) == 2
        assert "is not printed" in capsys.readouterr().err
        assert not (room / "-").exists()


def test_an_empty_key_file_is_told_as_empty(path, room, capsys):
    make_log(path, 1)
    (room / "log.vkey").write_text("\n")
    assert main(["verify", str(path), "--key", str(room / "log.vkey")]) == 2
    assert "is empty; expected a verification key" in capsys.readouterr().err
