"""
The log's files: names and limits, and what a failing disk or a crash leaves.

Where a disk must fail, one function of `scoring.audit.disk` is replaced; a really full one is there too.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sqlite3

import pytest

import logs
from logs import (
    RUBRIC,
    entry,
    follow_the_remedy,
    holds,
    ids,
    lines_of,
    make_log,
    names,
    open_log,
    run,
    segment,
    submission,
)
from scoring.audit import disk, segments
from scoring.audit.entry import Entry
from scoring.audit.index import Index
from scoring.audit.verify import verify_directory
from scoring.errors import LogError, StoreError

room, path, log = logs.room, logs.path, logs.log


class TestSegments:
    """FORMAT.md 2: a file holds so many records and is named by its first."""

    @pytest.fixture(autouse=True)
    def short(self, monkeypatch):
        monkeypatch.setattr(segments, "SEGMENT_RECORDS", 8)

    @pytest.mark.parametrize("batch", [1, 3, 8, 20])
    def test_a_log_goes_on_in_the_next_file(self, path, batch):
        with open_log(path, create=True) as log:
            done = list(log.decide_all(RUBRIC, map(submission, range(30)), batch=batch))
            assert [one.seq for one in done] == [*range(2, 32)]
            assert log.read(8)["seq"] == 8
            assert len(list(log.records())) == 32
        assert names(path / "log") == [f"{n:012d}.jsonl" for n in (0, 8, 16, 24)]
        assert [len(lines_of(path, first)) for first in (0, 8, 16, 24)] == [8, 8, 8, 8]
        holds(path)
        with open_log(path) as log:  # at a boundary: the next file is not there yet
            assert log.decide(RUBRIC, submission(99)).seq == 32
        holds(path)

    def test_the_records_do_not_depend_on_the_batches(self, room):
        """Without a vault each record draws two salts, in an order that batches change: digests are left out of the comparison."""

        def fixed():
            return "2026-11-21T09:00:00Z"

        def joined(where):
            return b"".join((where / "log" / name).read_bytes() for name in names(where / "log"))

        for name, batch in (("one", 1), ("many", 7)):
            with open_log(room / name, create=True, clock=fixed, vault=False) as log:
                list(log.decide_all(RUBRIC, map(submission, range(20)), batch=batch))
        one, many = (
            [{**json.loads(line), "prev": 0} for line in joined(room / name).splitlines()] for name in ("one", "many")
        )
        for record in (*one, *many):
            record["body"].pop("disclosures", None)
        assert one == many

    def test_the_index_is_made_again_from_many_files(self, path):
        make_log(path, 30)
        for file in (path / "cache").iterdir():
            file.unlink()
        with open_log(path) as log:
            assert len(log) == 32
            assert log.decide(RUBRIC, submission(29)).seq == 31

    def test_a_failed_write_across_files_is_taken_back_in_all_of_them(self, path, monkeypatch):
        make_log(path, 3)
        before = segment(path).read_bytes()
        real = disk.write_all
        calls = []

        def full_at_the_third(fd, data):
            calls.append(data)
            if len(calls) == 3:
                os.write(fd, data[:100])
                raise OSError(errno.ENOSPC, "No space left on device")
            real(fd, data)

        with open_log(path) as log:
            monkeypatch.setattr(disk, "write_all", full_at_the_third)
            with pytest.raises(
                StoreError, match=r"the disk of .* is full; nothing of this batch was recorded: make room"
            ):
                log.append([entry(n) for n in range(10, 30)])
            assert len(calls) == 3
            monkeypatch.setattr(disk, "write_all", real)
            assert segment(path).read_bytes() == before
            assert log.append([entry(n) for n in range(10, 30)]) == [*range(5, 25)]
        holds(path)

    def test_too_many_records_in_a_file_are_noticed(self, path):
        make_log(path, 6)
        with segment(path).open("ab") as file:
            file.write(b"{}\n")
        for file in (path / "cache").iterdir():
            file.unlink()
        with pytest.raises(LogError, match="more than its 8 records"):
            open_log(path)


class TestLongRecords:
    """FORMAT.md 3: a record has at most 32,768 bytes."""

    @staticmethod
    def long_decision(number=1):
        decision = entry(number).decision
        wide = "7" * 1000 + "/" + "1" + "0" * 999
        return {**decision, "sections": {f"section-{n}": wide for n in range(20)}}

    def test_a_longer_one_is_refused_and_nothing_is_written(self, log, path):
        log.publish(RUBRIC)
        before = segment(path).read_bytes()
        good = entry(1)
        with pytest.raises(LogError, match="longer than a line may be") as caught:
            log.append([good, Entry("s-2", "c", self.long_decision(), good.submission)])
        assert caught.value.expected == "at most 32768 bytes"
        assert segment(path).read_bytes() == before

    def test_among_many_it_alone_is_refused(self, log):
        class Odd:
            pack, digest = RUBRIC.pack, RUBRIC.digest

            @staticmethod
            def score(given):
                decision = RUBRIC.score(given)
                if given["answers"]["outlier"] == "long":
                    decision._data = TestLongRecords.long_decision()
                return decision

        batch = [submission(1), submission(2, outlier="long"), submission(2, outlier="long"), submission(3)]
        one, long, again, three = log.decide_all(Odd, batch)
        assert (one.seq, three.seq) == (2, 3)
        assert "longer than a line may be" in str(long)
        assert 'the id "s-2" was not recorded' in str(again)
        assert ids(log) == ["s-1", "s-3"]


class TestFaults:
    """A write that fails leaves nothing; a sync that fails leaves a dead handle; a crash leaves every acknowledged record."""

    @pytest.fixture
    def path(self, path):
        """Without a head, which would let a crash be mended: `test_recovery`."""
        return logs.drop_heads(make_log(path, 3))

    @pytest.fixture
    def log(self, path):
        with open_log(path) as log:
            yield log

    @pytest.mark.parametrize(
        "fault",
        [
            (errno.ENOSPC, "the disk of .* is full"),
            (errno.EDQUOT, "the disk of .* is full"),
            (errno.EIO, "cannot be written"),
        ],
        ids=["ENOSPC", "EDQUOT", "EIO"],
    )
    @pytest.mark.parametrize("written", [0, 1, 500])
    def test_a_failed_write_is_taken_back(self, log, path, monkeypatch, fault, written):
        code, told = fault
        before = segment(path).read_bytes()

        def fail(fd, data):
            os.write(fd, data[:written])
            raise OSError(code, os.strerror(code))

        with monkeypatch.context() as patch:
            patch.setattr(disk, "write_all", fail)
            with pytest.raises(StoreError, match=f"{told}.*; nothing of this batch was recorded") as caught:
                log.decide(RUBRIC, submission(9))
        assert isinstance(caught.value.__cause__, OSError)
        assert segment(path).read_bytes() == before
        assert log.decide(RUBRIC, submission(9)).seq == 5
        log.close()
        holds(path)

    def test_a_really_full_disk(self, path):
        """The kernel refuses to let the file grow in the middle of a batch."""
        script = """
            import resource, signal, sys
            sys.dont_write_bytecode = True  # where files may not grow, Python leaves half a module in its cache
            sys.path.insert(0, sys.argv[2])
            from pathlib import Path
            from logs import *
            from scoring.audit.log import AuditLog
            from scoring.errors import StoreError
            file = segment(Path(sys.argv[1]))
            with AuditLog.open(sys.argv[1], vault=False) as log:
                size, before = file.stat().st_size, len(log)
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5000, resource.RLIM_INFINITY))
                try:
                    list(log.decide_all(RUBRIC, map(submission, range(2000, 2064))))
                except StoreError as error:
                    print(error)
                assert len(log) == before, len(log)
                assert file.stat().st_size == size
                resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                print(log.decide(RUBRIC, submission(2000)).seq == before)
        """
        full = f"the disk of {path}/log is full; nothing of this batch was recorded: make room, and do the same again"
        assert run(script, path) == f"{full}\nTrue\n"
        assert verify_directory(path, vault=False).ok

    def test_short_writes_are_gone_on_with(self, log, path, monkeypatch):
        real = os.write
        with monkeypatch.context() as patch:
            patch.setattr(disk.os, "write", lambda fd, data: real(fd, data[:7]))
            assert log.decide(RUBRIC, submission(9)).seq == 5
        log.close()
        holds(path)

    def test_an_interrupted_write_is_taken_back(self, log, path, monkeypatch):
        before = segment(path).read_bytes()

        def interrupt(fd, data):
            os.write(fd, data[:50])
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(disk, "write_all", interrupt)
            with pytest.raises(KeyboardInterrupt):
                log.decide(RUBRIC, submission(9))
        assert segment(path).read_bytes() == before
        assert log.decide(RUBRIC, submission(9)).seq == 5

    @pytest.mark.parametrize("persisted", [True, False])
    def test_after_a_failed_sync_the_handle_is_dead(self, log, path, monkeypatch, persisted):
        """Whether the record is there or not: a new handle and the same id give exactly one."""

        def fail(fd):
            if not persisted:
                os.ftruncate(fd, os.fstat(fd).st_size - 100)
            raise OSError(errno.EIO, "Input/output error")

        with monkeypatch.context() as patch:
            patch.setattr(disk, "sync", fail)
            with pytest.raises(StoreError, match="it is unknown whether"):
                log.decide(RUBRIC, submission(9))
        calls = [
            lambda: log.decide(RUBRIC, submission(10)),
            lambda: len(log),
            lambda: log.read(0),
            lambda: log.publish(RUBRIC),
        ]
        for call in calls:
            with pytest.raises(StoreError, match="This handle is dead"):
                call()
        log.close()
        with open_log(path) as again:
            assert again.decide(RUBRIC, submission(9)).seq == (5 if persisted else 6), "a recovery is recorded"
            assert ids(again).count("s-9") == 1
        holds(path)

    def test_a_failed_write_that_cannot_be_taken_back_leaves_a_dead_handle(self, log, monkeypatch):
        def fail(*_):
            raise OSError(errno.EIO, "Input/output error")

        with monkeypatch.context() as patch:
            patch.setattr(disk, "write_all", fail)
            patch.setattr(disk, "cut", fail)
            with pytest.raises(StoreError, match="could not be taken back"):
                log.decide(RUBRIC, submission(9))
        with pytest.raises(StoreError, match="This handle is dead"):
            log.decide(RUBRIC, submission(9))

    def test_a_new_files_name_that_cannot_be_synced_leaves_a_dead_handle(self, room, monkeypatch):
        monkeypatch.setattr(segments, "SEGMENT_RECORDS", 5)
        make_log(room / "short", 3)

        def fail(_):
            raise OSError(errno.EIO, "Input/output error")

        with open_log(room / "short") as log:
            monkeypatch.setattr(disk, "sync_directory", fail)
            with pytest.raises(StoreError, match="This handle is dead"):
                log.decide(RUBRIC, submission(9))

    def test_a_pack_that_cannot_be_written_stops_the_decision(self, log, monkeypatch):
        def fail(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        head = log.head
        with monkeypatch.context() as patch:
            patch.setattr(disk, "create", fail)
            with pytest.raises(
                StoreError, match=r"the pack .* cannot be written .* nothing that cites it was recorded"
            ):
                log.decide(logs.make_rubric(version="2"), submission(9))
        assert log.head == head

    def test_a_durable_record_is_acknowledged_even_if_the_index_fails(self, log, monkeypatch):
        def fail(*_):
            raise StoreError("no room for the index")

        with monkeypatch.context() as patch:
            patch.setattr(Index, "add", fail)
            assert log.decide(RUBRIC, submission(9)).seq == 5
        assert log.decide(RUBRIC, submission(9)).seq == 5
        assert log.decide(RUBRIC, submission(10)).seq == 6

    def test_an_index_that_cannot_be_written_stops_what_comes_next(self, log, path, monkeypatch):
        def full(*_):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

        with open_log(path) as other:
            other.decide(RUBRIC, submission(9))
        size = segment(path).stat().st_size
        (path / "cache" / names(path / "cache")[0]).unlink()
        with monkeypatch.context() as patch:
            patch.setattr("scoring.audit.index._sort", full)
            with pytest.raises(StoreError, match="the log itself is not affected"):
                log.decide(RUBRIC, submission(10))
        assert segment(path).stat().st_size == size
        assert log.decide(RUBRIC, submission(10)).seq == 6

    def test_a_torn_line_is_told_at_open_with_its_remedy(self, path):
        make_whole = segment(path).read_bytes()
        for cut in (1, 200, len(lines_of(path)[-1])):
            segment(path).write_bytes(make_whole[:-cut])
            shutil.rmtree(path / "cache", ignore_errors=True)  # a crash comes before the index
            with pytest.raises(LogError, match="if a crash cut a write off, nothing in it was acknowledged") as caught:
                open_log(path)
            assert caught.value.seq == 4
            follow_the_remedy(path)
            with open_log(path) as log:
                assert len(log) == 4
            holds(path)
            logs.drop_heads(path)
            segment(path).write_bytes(make_whole)

    def test_the_remedy_can_be_pasted_whatever_the_directory_is_called(self, room):
        path = logs.drop_heads(make_log(room / "Jane's log $HOME", 2))
        with segment(path).open("ab") as file:
            file.write(b"{")
        follow_the_remedy(path)
        holds(path)

    def test_a_torn_line_that_another_process_left_is_cut_off_by_whoever_looks_next(self, log, path):
        for call, size in ((lambda: log.decide(RUBRIC, submission(9)).seq, 6), (lambda: len(log), 8)):
            with segment(path).open("ab") as file:
                file.write(b'{"body":')
            assert call() == size
            assert "8 bytes at the end of" in log.recovered
        holds(path)

    @pytest.mark.parametrize("tail", [b"x" * 40_000, b"x" * 40_000 + b"\n"])
    def test_a_line_longer_than_any_record_is_told(self, path, tail):
        with segment(path).open("ab") as file:
            file.write(tail)
        with pytest.raises(LogError, match="a line longer than 32768 bytes"):
            open_log(path)

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            (b"{}", "does not fit the record format"),
            (b"hello", "no record"),
            (b"", "no record"),
        ],
    )
    def test_a_line_that_is_no_record_is_told(self, log, path, line, told):
        with segment(path).open("ab") as file:
            file.write(line + b"\n")
        with pytest.raises(LogError, match=told) as caught:
            len(log)
        assert caught.value.seq == 5

    def test_a_record_that_does_not_chain_is_told(self, log, path, room):
        make_log(room / "other", 4, origin="other")
        with segment(path).open("ab") as file:
            file.write(lines_of(room / "other")[5] + b"\n")
        with pytest.raises(LogError, match="does not chain") as caught:
            log.decide(RUBRIC, submission(9))
        assert (caught.value.seq, caught.value.expected) == (
            5,
            f"prev {hashlib.sha256(bytes(1) + lines_of(path)[4]).hexdigest()}",
        )

    def test_a_record_out_of_order_is_told(self, log, path):
        with segment(path).open("ab") as file:
            file.write(lines_of(path)[3] + b"\n")
        with pytest.raises(LogError, match="out of order") as caught:
            log.decide(RUBRIC, submission(9))
        assert (caught.value.expected, caught.value.found) == ("seq 5", "seq 3")

    def test_a_log_that_lost_records_under_an_open_handle_is_told(self, log, path):
        segment(path).write_bytes(b"\n".join(lines_of(path)[:3]) + b"\n")
        for call in (lambda: log.decide(RUBRIC, submission(9)), lambda: len(log)):
            with pytest.raises(LogError, match="shorter than it was"):
                call()


class TestWhatOthersWrote:
    """A record is durable because somebody synced it and said so in the index, and not because it can be read; else it is written again."""

    @pytest.fixture
    def syncs(self, monkeypatch):
        counted = []
        for name in ("sync", "sync_directory"):
            real = getattr(disk, name)

            def count(what, name=name, real=real):
                counted.append(name)
                real(what)

            monkeypatch.setattr(disk, name, count)
        return counted

    def test_a_retry_after_a_failed_sync_is_answered_after_another_sync(self, log, path, monkeypatch, syncs):
        log.decide(RUBRIC, submission(0))
        with monkeypatch.context() as patch:
            patch.setattr(disk, "sync", _fail)
            with pytest.raises(StoreError, match="This handle is dead"):
                log.decide(RUBRIC, submission(1))
        syncs.clear()
        with open_log(path) as again:
            assert syncs == ["sync"]
            assert again.decide(RUBRIC, submission(1)).repeated

    def test_it_is_not_answered_where_that_fails_too(self, log, path, monkeypatch):
        log.decide(RUBRIC, submission(0))
        monkeypatch.setattr(disk, "sync", _fail)
        with pytest.raises(StoreError, match="This handle is dead"):
            log.decide(RUBRIC, submission(1))
        with pytest.raises(StoreError, match="syncing to disk failed"):
            open_log(path)

    def test_what_came_meanwhile_was_synced_by_who_wrote_it(self, log, path, syncs):
        log.decide(RUBRIC, submission(0))
        with open_log(path) as other:
            log.decide(RUBRIC, submission(1))
            syncs.clear()
            assert other.decide(RUBRIC, submission(1)).repeated
            assert syncs == []
            log._journal._drop_index()
            (file,) = (path / "cache").glob("index-*.sqlite")
            file.unlink()
            assert other.decide(RUBRIC, submission(1)).repeated
            assert "sync" in syncs, "nobody says of any record that it is durable"


def _fail(_):
    raise OSError(errno.EIO, os.strerror(errno.EIO))


class TestUnopened:
    @pytest.mark.parametrize("number", [errno.EMFILE, errno.EACCES])
    def test_a_segment_that_cannot_be_opened_leaves_a_handle_that_lives(self, log, path, monkeypatch, number):
        """Nothing was written, so there is nothing to take back."""
        log.decide(RUBRIC, submission(0))
        before = path.joinpath("log", "000000000000.jsonl").read_bytes()
        real = os.open

        def refuse(name, flags, *mode):
            if str(name).endswith(".jsonl") and flags & (os.O_WRONLY | os.O_RDWR):
                raise OSError(number, os.strerror(number))
            return real(name, flags, *mode)

        with monkeypatch.context() as patch:
            patch.setattr(os, "open", refuse)
            with pytest.raises(StoreError, match="nothing of this batch was recorded"):
                log.decide(RUBRIC, submission(1))
        assert path.joinpath("log", "000000000000.jsonl").read_bytes() == before
        assert log.decide(RUBRIC, submission(1)).seq == 3
