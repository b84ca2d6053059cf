"""
Crashes: what is mended at open, and what is refused.

Every case here is one of `crash_sweep`, which `make crash` runs in full; and beside them each rule of its own.
"""

from __future__ import annotations

import errno
import json
import os
import shutil

import pytest

import logs
from crash_sweep import Crash
from logs import RUBRIC, entry, lines_of, make_log, open_log, segment, submission
from scoring.audit import disk, segments
from scoring.audit.verify import verify_directory
from scoring.errors import LogError, StoreError

room = logs.room


@pytest.fixture
def crash(room):
    return Crash(room)


def types(path):
    return [json.loads(line)["type"] for line in lines_of(path)]


class TestSweep:
    """No acknowledged record is lost, and no altered record kept."""

    def test_truncated_anywhere_in_the_batch(self, crash):
        assert crash.truncations(step=17) > 100

    def test_any_of_the_last_sectors_zeroed_old_or_garbage(self, crash):
        assert crash.sectors(3) == 64

    def test_one_flipped_bit_under_the_head_is_never_mended_over(self, crash):
        assert crash.flips_below(step=37) > 100

    def test_one_flipped_bit_in_what_the_cache_knows_to_be_durable_neither(self, crash):
        assert crash.flips_behind(step=37) > 30

    def test_a_crash_in_the_midst_of_mending(self, crash):
        assert crash.crashes_while_mending(step=11) > 20


class TestTheTrap:
    """A flip in the last record under the head breaks the `prev` of the next one, which is not at fault."""

    @pytest.mark.parametrize("cached", [True, False])
    @pytest.mark.parametrize("torn", [True, False])
    def test_the_next_record_is_not_cut_and_the_altered_one_not_kept(self, crash, cached, torn):
        start = crash.whole.rindex(b"\n", 0, crash.below - 1) + 1
        place = crash.whole.index(b'"id":"s-', start) + 8
        assert start < place < crash.below
        data = bytearray(crash.whole[: crash.acknowledged + (100 if torn else 0)])
        data[place] ^= 1
        assert (
            json.loads(data[start : crash.below])["body"]["id"]
            != json.loads(crash.whole[start : crash.below])["body"]["id"]
        )
        assert "is not what it was when the newest head" in crash.refused(bytes(data), cached=cached)


class TestWhatIsMended:
    def test_whole_records_behind_a_hole_are_cut_with_it(self, crash):
        """A disk writes sectors in any order: the hole is in the first record of the batch, and four whole ones stand behind it."""
        data = bytearray(crash.whole)
        data[crash.acknowledged + 50 : crash.acknowledged + 60] = bytes(10)
        assert crash.mended(bytes(data), verify=True) == 0
        record = json.loads(lines_of(crash.path)[-1])
        assert record["body"]["length"] == len(crash.whole) - crash.acknowledged

    def test_a_batch_that_is_all_there_is_kept_and_nothing_said(self, crash):
        assert crash.mended(crash.whole, verify=True) == 5
        assert "recovery" not in types(crash.path)

    def test_the_log_goes_on(self, crash):
        crash.leave(crash.whole[:-100])
        with crash.open() as log:
            size = len(log)
            assert log.decide(RUBRIC, submission(77)).seq == size
        assert types(crash.path)[-2:] == ["recovery", "decision"]
        assert verify_directory(crash.path, vault=False).ok

    def test_where_the_batch_begins_a_file(self, room, monkeypatch):
        monkeypatch.setattr(segments, "SEGMENT_RECORDS", 4)
        path = make_log(room / "log", 6, vault=False)
        with open_log(path, vault=False) as log:
            log.append([entry(30)])
            shutil.copytree(path, room / "copy")
        shutil.rmtree(room / "copy" / "cache")
        last = segment(room / "copy", 8)
        last.write_bytes(last.read_bytes()[:-1])
        with open_log(room / "copy", vault=False) as log:
            assert (len(log), log.read(8)["type"]) == (9, "recovery")
        assert verify_directory(room / "copy", vault=False).ok

    def test_a_handle_that_was_open_meanwhile_cuts_it_off_and_goes_on(self, room):
        """One of several writers is killed in the midst of a write: the others need not open the log again."""
        path = make_log(room / "log", 3)
        with open_log(path) as log:
            log.decide(RUBRIC, submission(10))
            with segment(path).open("ab") as file:
                file.write(b'{"body":')
            assert log.decide(RUBRIC, submission(11)).seq == 7
            assert "8 bytes at the end of" in log.recovered
        assert types(path)[-2:] == ["recovery", "decision"]
        (kept,) = path.glob("cut-*")
        assert kept.read_bytes() == b'{"body":'
        logs.holds(path)

    def test_a_handle_that_was_open_meanwhile_cuts_off_nothing_of_another_log_in_its_place(self, room):
        path = make_log(room / "log", 3)
        with open_log(path) as log:
            path.rename(room / "away")
            make_log(room / "other", 5, origin="other.example/log").rename(path)
            with segment(path).open("ab") as file:
                file.write(b'{"body":')
            with pytest.raises(LogError, match="another log stands at"):
                log.decide(RUBRIC, submission(11))
        assert segment(path).read_bytes().endswith(b'{"body":')

    def test_a_handle_that_was_open_meanwhile_cuts_off_no_more_than_a_crash_leaves(self, room):
        path = make_log(room / "log", 3)
        with open_log(path) as log:
            with segment(path).open("ab") as file:
                file.write(b"x" * (segments.MAX_BATCH_BYTES + 1))
            with pytest.raises(LogError, match="a line longer than 32768 bytes"):
                log.decide(RUBRIC, submission(11))
        assert types(path)[-1] == "decision"


class TestWhatIsRefused:
    """Nothing is changed, and the message says what to do."""

    def test_more_records_than_one_batch(self, crash):
        with open_log(crash.leave(crash.whole), vault=False) as log:
            list(log.append([entry(number) for number in range(100, 400)]))
            data = segment(crash.path).read_bytes()
        hole = crash.acknowledged + 50
        data = data[:hole] + b"\0" + data[hole + 1 :]
        message = crash.refused(data)
        assert "not what a crash can leave, which is one batch (256 records, 4194304 bytes)" in message
        assert "put the log back from a copy" in message

    def test_more_bytes_than_one_batch(self, crash):
        assert "not what a crash can leave" in crash.refused(crash.whole + bytes(segments.MAX_BATCH_BYTES + 1))

    def test_where_another_file_follows(self, room, monkeypatch):
        """A file is begun when all before it is durable."""
        monkeypatch.setattr(segments, "SEGMENT_RECORDS", 4)
        path = make_log(room / "log", 1, vault=False)
        with open_log(path, vault=False) as log:
            log.append([entry(number) for number in range(30, 33)])
            shutil.copytree(path, room / "copy")
        shutil.rmtree(room / "copy" / "cache")
        data = segment(room / "copy").read_bytes()
        segment(room / "copy").write_bytes(data.replace(b'"s-30"', b'"s-3\0"'))
        with pytest.raises(LogError, match="not what a crash can leave"):
            open_log(room / "copy", vault=False)

    def test_a_log_that_ends_before_its_head(self, crash):
        for size in (crash.below - 1, crash.below - 500):
            assert "records that were there are gone" in crash.refused(crash.whole[:size])
            assert "ends before its newest head" in crash.refused(crash.whole[:size], cached=False)

    def test_any_byte_of_the_newest_head(self, crash):
        """But its line end, without which it is none, and the head before it counts."""
        torn = crash.whole[:-100]
        for place in range(crash.heads.index(b"\n") + 1, len(crash.heads) - 1):
            heads = bytearray(crash.heads)
            heads[place] ^= 1
            assert crash.refused(torn, cached=place % 2 == 0, heads=bytes(heads))

    def test_without_any_head_nothing_vouches_for_what_stands_before(self, crash):
        message = crash.refused(crash.whole[:-100], heads=b"")
        assert (
            "where the log never had a head, keep a copy of the file, then remove the unfinished line: truncate -s"
            in message
        )


class TestFaults:
    def test_a_cut_that_cannot_be_synced_is_made_again(self, crash, monkeypatch):
        crash.leave(crash.whole[:-100])

        def fail(fd):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        with monkeypatch.context() as patch:
            patch.setattr(disk, "sync", fail)
            with pytest.raises(StoreError, match="open the log again"):
                crash.open()
        with crash.open() as log:
            assert log.decide(RUBRIC, submission(77)).seq > 0
        assert verify_directory(crash.path, vault=False).ok

    @pytest.mark.parametrize("persisted", [True, False])
    def test_a_record_of_it_that_cannot_be_synced_leaves_a_log_that_opens(self, crash, monkeypatch, persisted):
        data = crash.whole[:-100]
        crash.leave(data)
        end = data.rindex(b"\n") + 1

        def fail(fd):
            if os.fstat(fd).st_size > end:
                if not persisted:
                    os.ftruncate(fd, end + 40)
                raise OSError(errno.EIO, os.strerror(errno.EIO))

        with monkeypatch.context() as patch:
            patch.setattr(disk, "sync", fail)
            with pytest.raises(StoreError, match="syncing to disk failed"):
                crash.open()
        with crash.open() as log:
            assert log.read(len(log) - 1)["type"] == "recovery"
        assert verify_directory(crash.path, vault=False).ok
