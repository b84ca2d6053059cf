"""What an auditor gets: the archive holds what was named and nothing else, comes out the same to the byte, and the auditor's own programs accept it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import zipfile

import pytest

import logs
from logs import RUBRIC, make_log, open_log, submission
from people import FACTS, FUNNEL, WRITTEN, sheet
from scoring.audit.export import PROGRAMS, export
from scoring.audit.receipt import parse, verify
from scoring.cli import main
from scoring.errors import LogError

room, path = logs.room, logs.path

MARKER = "Zk7q-marker-Zk7q"


def exported(log, *cases, **options):
    stream = io.BytesIO()
    done = export(log, stream, cases, **options)
    return done, zipfile.ZipFile(stream)


def contents(archive):
    return {name: archive.read(name) for name in archive.namelist()}


def unpacked(archive, target):
    archive.extractall(target)
    return target


def checked(program, directory):
    done = subprocess.run(
        [sys.executable, "-I", "-S", directory / program, directory], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def people_log(path):
    """Two cases: one that was opened, decided and declared void, and one of another rubric."""
    with open_log(path, create=True) as log:
        log.open_case(FUNNEL, f"Ada {MARKER}", "o-1", FACTS)
        log.decide(FUNNEL, sheet("s-1", f"Ada {MARKER}", WRITTEN, stages=2))
        log.resolve(f"Ada {MARKER}", "void", id="r-1", who="Zoe\nrecord #9", why="\x1b[31mfire\u202e", reason="fire")
        log.decide(RUBRIC, submission(9, f"Bob {MARKER}"))
        yield log


class TestWhatIsInIt:
    def test_of_no_case_only_what_anybody_may_see(self, people_log):
        done, archive = exported(people_log)
        names = archive.namelist()
        assert names[0] == "README.txt"
        assert {name.split("/")[0] for name in names} <= {"README.txt", "heads", "log", *PROGRAMS}
        assert done.cases == ()
        assert not any(MARKER.encode() in data for data in contents(archive).values())

    def test_the_records_are_those_of_the_log_to_the_byte(self, people_log, path):
        _, archive = exported(people_log)
        assert archive.read("log/000000000000.jsonl") == logs.segment(path).read_bytes()

    def test_only_the_named_case_is_disclosed(self, people_log):
        done, archive = exported(people_log, f"Bob {MARKER}")
        assert done.cases == (6,)
        texts = {name: data for name, data in contents(archive).items() if name.startswith("disclosures/")}
        assert {name[12:-4] for name in texts} == {*people_log.read(6)["body"]["disclosures"].values()}
        assert all(hashlib.sha256(data).hexdigest() == name[12:-4] for name, data in texts.items())
        told = [json.loads(base64.urlsafe_b64decode(data + b"===")) for data in texts.values()]
        assert sorted(name for _, name, _ in told) == ["case", "submission"]
        assert f"Bob {MARKER}" in [value for _, name, value in told if name == "case"]
        assert not any(b"Ada" in data for data in contents(archive).values())

    def test_a_case_is_named_by_any_record_of_it_and_goes_along_once(self, people_log):
        done, archive = exported(people_log, 2, 4, f"Ada {MARKER}")
        assert done.cases == (3,)
        assert [name for name in archive.namelist() if name.startswith("cases/")] == ["cases/000000000003.txt"]
        assert len(archive.namelist()) == len({*archive.namelist()})

    def test_the_page_tells_the_case_and_no_stranger_begins_a_line(self, people_log):
        _, archive = exported(people_log, 3)
        page = archive.read("cases/000000000003.txt").decode()
        assert f"case: Ada {MARKER}" in page
        assert "  #4 " in page
        assert "void of #3, reason fire" in page
        assert not {"\x1b", "\u202e"} & {*page}
        assert not any(line.startswith("record #9") for line in page.splitlines())

    def test_no_key_shows_without_packs(self, people_log):
        """What an item earned, and by which of its outcomes, is for whoever has the rubric."""
        without = exported(people_log, 6)[1].read("cases/000000000006.txt").decode()
        whole = exported(people_log, 6, packs=True)[1]
        assert "outlier: key-1, 1" not in without
        assert "outlier: key-1, 1" in whole.read("cases/000000000006.txt").decode()
        packs = [name for name in whole.namelist() if name.startswith("packs/")]
        assert {name[6:-5] for name in packs} == {FUNNEL.digest, RUBRIC.digest}
        assert all(hashlib.sha256(whole.read(name)).hexdigest() == name[6:-5] for name in packs)

    def test_the_receipt_leads_from_the_record_to_a_head(self, people_log):
        _, archive = exported(people_log, 6)
        receipt = parse(archive.read("receipts/000000000006.tlog-proof"))
        line = archive.read("log/000000000000.jsonl").split(b"\n")[6]
        assert verify(receipt, line, (), people_log.origin).head.size == 7
        with pytest.raises(LogError):
            verify(receipt, line.replace(b"advance", b"decline"), (), people_log.origin)
        heads = [json.loads(head) for head in archive.read("heads").splitlines()]
        assert receipt.checkpoint.decode() in heads

    def test_tiles_are_those_of_the_newest_head(self, people_log):
        people_log.checkpoint()
        _, archive = exported(people_log, tiles=True)
        assert archive.read("tiles/checkpoint").decode() == json.loads(archive.read("heads").splitlines()[-1])
        lines = archive.read("log/000000000000.jsonl").splitlines()
        leaves = b"".join(hashlib.sha256(b"\0" + line).digest() for line in lines)
        assert archive.read("tiles/tile/0/000.p/7") == leaves
        assert archive.read("tiles/tile/entries/000.p/7") == b"".join(
            len(line).to_bytes(2, "big") + line for line in lines
        )

    def test_single_answers_alone(self, path):
        with open_log(path, create=True, per_answer=True) as log:
            log.decide(RUBRIC, submission(1, outlier=MARKER))
            _, archive = exported(log, 2, answers=["deadline"])
            told = [
                base64.urlsafe_b64decode(data + b"===")
                for name, data in contents(archive).items()
                if "disclosures/" in name
            ]
            assert len(told) == 3
            assert not any(MARKER.encode() in data for data in (*told, *contents(archive).values()))
            with pytest.raises(LogError, match="no answer to sum lies by itself"):
                exported(log, 2, answers=["sum"])

    def test_no_single_answer_of_one_disclosure_for_all(self, path):
        make_log(path, 1)
        with open_log(path) as log, pytest.raises(LogError, match="recorded as one disclosure"):
            exported(log, 2, answers=["deadline"])

    def test_an_erased_case_has_its_page_and_says_so(self, path):
        make_log(path, 2)
        with open_log(path) as log:
            log.erase("case-0", reason="request")
            done, archive = exported(log, 2)
            assert any("it was erased at record 4" in remark for remark in done.remarks)
            assert "was erased at record 4" in archive.read("cases/000000000002.txt").decode()
            assert "erased at record 4" in archive.read("README.txt").decode()
            assert not [name for name in archive.namelist() if name.startswith("disclosures/")]

    def test_a_case_that_is_not_there_is_an_error(self, people_log):
        for nobody in ("Carl", 0, 1):
            with pytest.raises(LogError):
                exported(people_log, nobody)

    def test_a_log_of_many_segments(self, path, monkeypatch):
        monkeypatch.setattr("scoring.audit.segments.SEGMENT_RECORDS", 4)
        make_log(path, 9)
        with open_log(path) as log:
            _, archive = exported(log)
            for first in (0, 4, 8):
                assert archive.read(f"log/{first:012d}.jsonl") == logs.segment(path, first).read_bytes()


class TestTheBytes:
    def test_the_same_log_gives_the_same_archive(self, people_log):
        people_log.checkpoint()
        streams = [io.BytesIO(), io.BytesIO()]
        for stream in streams:
            export(people_log, stream, (3, 6), packs=True, tiles=True)
        assert streams[0].getvalue() == streams[1].getvalue()

    def test_nothing_in_it_says_when_or_where_it_was_made(self, people_log, path):
        _, archive = exported(people_log, 3)
        assert {(entry.date_time, entry.create_system, entry.compress_type) for entry in archive.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), 3, zipfile.ZIP_STORED)
        }
        assert not any(str(path).encode() in data for data in contents(archive).values())

    def test_the_readme_gives_the_digest_of_every_program(self, people_log):
        _, archive = exported(people_log)
        readme = archive.read("README.txt").decode()
        for name in PROGRAMS:
            assert f"{hashlib.sha256(archive.read(name)).hexdigest()}  {name}" in readme


class TestTheAuditor:
    def test_the_programs_in_it_accept_it(self, path, room):
        make_log(path, 3)
        with open_log(path) as log:
            log.erase("case-1", reason="request")
            directory = unpacked(exported(log, 2, packs=True)[1], room / "out")
        assert checked("recompute.py", directory)[0] == 0
        assert checked("check_packs.py", directory)[0] == 0
        status, said = checked("verify.py", directory)
        assert status in {0, 3}, said

    def test_and_refuse_it_when_it_was_altered(self, path, room):
        make_log(path, 3)
        with open_log(path) as log:
            directory = unpacked(exported(log, 2, packs=True)[1], room / "out")
        file = directory / "log" / "000000000000.jsonl"
        file.write_bytes(file.read_bytes().replace(b'"verdict":"strong"', b'"verdict":"fail"', 1))
        assert checked("verify.py", directory)[0] == 1


class TestCommand:
    def test_it_writes_a_new_file_that_only_its_owner_may_read(self, path, room, capsys):
        make_log(path, 2)
        target = room / "out.zip"
        assert main(["export", str(path), "-o", str(target), "--case", "case-1", "--packs"]) == 0
        assert "with the cases of #3" in capsys.readouterr().out
        assert target.stat().st_mode & 0o777 == 0o600
        assert zipfile.ZipFile(target).testzip() is None
        assert main(["export", str(path), "-o", str(target)]) == 2
        assert "exists already" in capsys.readouterr().err

    def test_what_fails_leaves_no_file(self, path, room, capsys):
        make_log(path, 1)
        target = room / "out.zip"
        assert main(["export", str(path), "-o", str(target), "--case", "case-0", "--answers", "deadline"]) != 0
        assert "lies by itself" in capsys.readouterr().err
        assert main(["export", str(path), "-o", str(target), "--case", "nobody"]) == 2
        assert not target.exists()

    def test_keeping_and_erasing(self, path, capsys):
        make_log(path, 2)
        assert main(["keep", str(path), "case-0", "--until", "2999-01-01", "--hold", "lawsuit"]) == 0
        assert capsys.readouterr().out == "case-0 is kept until 2999-01-01, and held, reason lawsuit\n"
        assert main(["erase", str(path), "case-0", "--reason", "request"]) != 0
        assert "is held, reason lawsuit" in capsys.readouterr().err
        assert main(["keep", str(path), "case-0", "--until", "2020-01-01", "--release", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"case": "case-0", "until": "2020-01-01", "hold": None}
        assert main(["keep", str(path), "--due", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"case": "case-0"}
        assert main(["erase", str(path), "case-0", "#3", "--reason", "request", "--json"]) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [(row["named"], row["record"]) for row in rows] == [("case-0", 4), ("#3", 5)]
        assert main(["explain", str(path), "#2"]) == 0
        assert "what the case disclosed was erased at record 4" in capsys.readouterr().out
        assert main(["status", str(path)]) == 0
        assert "2 cases, 2 decisions, 6 records, 2 erased" in capsys.readouterr().out
        assert main(["keep", str(path), "#2"]) == 2
        assert "it was erased at record 4" in capsys.readouterr().err

    def test_a_case_that_has_no_decision_yet_can_be_kept_and_erased(self, people_log, path, capsys):
        people_log.open_case(FUNNEL, "Eve", "o-2", FACTS)
        assert main(["keep", str(path), "Eve", "--hold", "x"]) == 0
        assert main(["keep", str(path), "Eve", "--release"]) == 0
        assert main(["erase", str(path), "Eve", "--reason", "request"]) == 0
        assert "is erased" in capsys.readouterr().out

    @pytest.mark.parametrize(
        "arguments", [[], ["case-0", "--due"], ["case-0", "--on", "2026-01-01"], ["case-0", "--hold", "x", "--release"]]
    )
    def test_what_contradicts_itself_is_a_wrong_call(self, path, arguments, capsys):
        make_log(path, 1)
        assert main(["keep", str(path), *arguments]) == 2
        assert capsys.readouterr().err.startswith("scoring: ")
