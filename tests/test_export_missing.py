"""What an export says of what is not in it: withheld as was asked, gone from the vault, erased, or the vault was not at hand."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile

import pytest

import logs
from logs import RUBRIC, make_log, open_log, query, submission
from scoring.audit.export import export
from scoring.cli import main

room, path = logs.room, logs.path

ANSWERS = {"deadline": "right", "outlier": "141"}


@pytest.fixture
def apart(path):
    """A log of one case whose answers lie one by one; its decision is record #2."""
    with open_log(path, create=True, per_answer=True) as log:
        log.decide(RUBRIC, submission(1, **ANSWERS))
    return path


def vault_of(path):
    return path.with_name(path.name + ".vault")


def digest_of(path, item):
    """The digest of the answer to an item."""
    with open_log(path) as log:
        (digest,) = [digest for digest in log.disclosures(2) if log.shown(digest)[0] == item]
    return digest


def lose(path, digest):
    """Take a disclosure out of the vault, as no erasure does."""
    query(vault_of(path), "DELETE FROM disclosures WHERE digest = ?", digest)


def exported(path, *words):
    """Run the command: its status, README.txt and the case's page."""
    target = path.parent / "out.zip"
    status = main(["export", str(path), "-o", str(target), *words])
    archive = zipfile.ZipFile(target)
    (page,) = [archive.read(name).decode() for name in archive.namelist() if name.startswith("cases/")]
    return status, archive.read("README.txt").decode(), page


class TestAnswers:
    def test_what_is_withheld_is_named_by_its_item(self, apart):
        status, readme, page = exported(apart, "--case", "#2", "--packs", "--answers", "deadline")
        assert status == 0
        for text in (readme, page):
            assert "the case of record #2, withheld: the answer to outlier\n" in text
        assert "nothing is missing" not in readme

    def test_nothing_is_missing_where_nothing_is(self, apart):
        status, readme, page = exported(apart, "--case", "#2", "--packs")
        assert status == 0
        assert "nothing is missing" in readme
        assert "withheld" not in page
        assert "gone" not in page

    def test_an_answer_that_the_vault_lost_is_counted_and_no_success(self, apart, capsys):
        lose(apart, digest_of(apart, "outlier"))
        status, readme, page = exported(apart, "--case", "#2", "--packs")
        assert status == 3
        for text in (readme, page):
            assert "the case of record #2, gone from the vault: 1 answer of record #2" in text
        assert "nothing is missing" not in readme
        assert "does not have all" in capsys.readouterr().err

    def test_a_lost_answer_shows_beside_one_that_was_asked_for(self, apart):
        lose(apart, digest_of(apart, "outlier"))
        status, readme, _ = exported(apart, "--case", "#2", "--packs", "--answers", "deadline")
        assert status == 3
        assert "gone from the vault: 1 answer" in readme

    def test_an_answer_that_is_asked_for_and_lost_is_an_error_that_says_it_may_be_gone(self, apart, capsys):
        lose(apart, digest_of(apart, "outlier"))
        assert main(["export", str(apart), "-o", str(apart.parent / "o.zip"), "--case", "#2", "--answers", "outlier"])
        assert "or that is gone" in capsys.readouterr().err

    def test_a_submission_that_the_vault_lost_is_named(self, path):
        make_log(path, 1)
        with open_log(path) as log:
            digest = log.read(2)["body"]["disclosures"]["submission"]
        lose(path, digest)
        status, readme, _ = exported(path, "--case", "#2", "--packs")
        assert status == 3
        assert "gone from the vault: the submission of record #2\n" in readme


class TestVault:
    def test_a_missing_vault_is_said_and_not_called_lost(self, path, capsys):
        make_log(path, 1)
        vault_of(path).rename(path.parent / "elsewhere")
        status, readme, page = exported(path, "--case", "#2")
        err = capsys.readouterr().err
        assert status == 3
        assert "is missing: where it lies elsewhere, --vault PATH says where" in err
        for text in (readme, page):
            assert "the log's vault was not at hand" in text
            assert "lost" not in text
            assert str(path.parent) not in text

    def test_a_vault_of_another_log_is_told_as_such(self, path, capsys):
        make_log(path, 1)
        make_log(path.parent / "other", 1, origin="example.com/other")
        vault_of(path.parent / "other").replace(vault_of(path))
        assert exported(path, "--case", "#2")[0] == 3
        assert "is the vault of another log" in capsys.readouterr().err

    def test_an_erased_case_says_so_without_its_vault_too(self, path):
        make_log(path, 1)
        with open_log(path) as log:
            log.erase("case-0", reason="asked")
        assert exported(path, "--case", "#2")[0] == 0
        (path.parent / "out.zip").unlink()
        vault_of(path).unlink()
        status, readme, _ = exported(path, "--case", "#2")
        assert status == 0
        assert "it was erased at record 3" in readme

    def test_the_library_tells_what_is_gone_from_what_was_not_asked_for(self, apart):
        lose(apart, digest_of(apart, "outlier"))
        with open_log(apart) as log:
            done = export(log, io.BytesIO(), (2,), answers=["deadline"])
        assert len(done.gone) == 1
        assert {*done.gone} < {*done.remarks}

    def test_status_says_why_it_names_no_case(self, path, capsys):
        make_log(path, 1)
        with open_log(path) as log:
            log.decide(RUBRIC, {**submission(8), "answers": {}})
        main(["status", str(path)])
        before = capsys.readouterr()
        assert "held" in before.out or "waits" in before.out
        vault_of(path).unlink()
        main(["status", str(path)])
        assert before.err == ""
        assert "is missing; where it lies elsewhere, --vault PATH says where" in capsys.readouterr().err


class TestReading:
    def test_the_page_begins_with_the_verdict_and_names_outcomes(self, path):
        make_log(path, 1)
        _, readme, page = exported(path, "--case", "#2", "--packs")
        lines = page.splitlines()
        assert lines[2].startswith("Verdict by the rules: ")
        items = lines.index("What each item came to, and the points that it earned:")
        assert "  deadline: right, 1" in lines[items:]
        assert items < next(n for n, line in enumerate(lines) if line.startswith("  outcomes: "))
        assert "    deadline: right" in lines
        assert "--trusted FILE" in readme

    def test_answers_that_lie_apart_are_not_shown_as_digests(self, apart):
        page = exported(apart, "--case", "#2")[2]
        assert "2 answers, each a disclosure of its own" in page
        assert "_sd" not in page

    def test_the_line_of_the_readme_reads_a_disclosure(self, path, room):
        make_log(path, 1)
        _, readme, _ = exported(path, "--case", "#2")
        (line,) = [line for line in readme.splitlines() if "python3 -I -c" in line]
        zipfile.ZipFile(path.parent / "out.zip").extractall(room / "out")
        program = line.split('"')[1]
        told = []
        for file in sorted((room / "out" / "disclosures").iterdir()):
            done = subprocess.run([sys.executable, "-I", "-c", program, file], capture_output=True, check=True)
            told.append(json.loads(done.stdout)[1:])
        assert ["case", "case-0"] in told
