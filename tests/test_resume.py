"""Verifying since a checkpoint: what stands below it is not read again, the report says so, and nothing but the log under that head is taken for it."""

from __future__ import annotations

import json

import pytest

import logs
from logs import RUBRIC, open_log, rechain, submission
from scoring.audit import heads, segments
from scoring.audit.keys import SigningKey
from scoring.audit.report import FAILS, HOLDS, NOT_CHECKED
from scoring.audit.verify import verify_directory
from scoring.errors import LogError
from test_scan import all_lines, write_all

room, path = logs.room, logs.path
OTHER = ("packs", "ids", "supersedes", "openings", "resolutions", "erasures")


@pytest.fixture(params=[1, 7, 8, 17, 38])
def kept(path, monkeypatch, request):
    """A log of 42 records in segments of eight, and a checkpoint of as many as the parameter says, with all tiles that there are."""
    monkeypatch.setattr(segments, "SEGMENT_RECORDS", 8)
    return make(path, request.param)


def make(path, size, **arguments):
    with open_log(path, create=True, origin="kept", **arguments) as log:
        checkpoint = log.checkpoint() if len(log) == size else None
        for number in range(42):
            if len(log) < 42:
                log.decide(RUBRIC, submission(number))
            if len(log) == size and checkpoint is None:
                checkpoint = log.checkpoint()
    if checkpoint is None:  # a size between a rubric and its first decision
        with open_log(path) as log:
            tree = log._journal._heads.root_at(size)
        checkpoint = heads.checkpoint.write(heads.checkpoint.Head("kept", size, tree)).decode()
    return checkpoint


def size_of(checkpoint):
    return int(checkpoint.split("\n")[1])


def test_a_log_that_holds(path, kept):
    report = verify_directory(path, vault=False, since=kept)
    assert report.ok, report
    assert report.size == 42
    assert f"{size_of(kept)} below the trusted checkpoint, which were not read" in report["segments"].detail
    assert [report[check].result for check in ("canonical", "fields", "chain", "heads", "trusted")] == [HOLDS] * 5
    assert {report[check].result for check in OTHER} == {NOT_CHECKED}
    assert not report.complete


@pytest.mark.parametrize("at", [38, 40])
def test_what_is_above_is_found_where_it_is(path, kept, at):
    """The same record, byte and words as without a checkpoint."""
    lines = all_lines(path)
    lines[at] = lines[at].replace(b'"v":1', b'"v":2')
    write_all(path, lines)
    whole, since = (verify_directory(path, vault=False, **more) for more in ({}, {"since": kept}))
    for check in ("canonical", "fields", "chain", "heads"):
        assert since[check] == whole[check]
    assert since["fields"].seq == at


def test_records_cut_off_below_it_are_missed(path, kept):
    write_all(path, all_lines(path)[: size_of(kept) - 1])
    assert verify_directory(path, vault=False, since=kept)["trusted"].result == FAILS


def test_another_log_is_read_whole_and_refused(path, kept):
    """Whoever writes everything anew cannot make it the log under the checkpoint."""
    records = [*map(json.loads, all_lines(path))]
    records[0]["time"] = "2026-11-21T08:00:00Z"
    write_all(path, rechain(records))
    (path / "heads").unlink()
    report = verify_directory(path, vault=False, since=kept)
    assert report["trusted"].result == FAILS
    assert "not read" not in report["segments"].detail


class TestTiles:
    """A log of 600 records, two tiles below its checkpoint."""

    @pytest.fixture
    def long(self, path):
        with open_log(path, create=True, origin="long") as log:
            log.append([logs.entry(number) for number in range(540)] if log.publish(RUBRIC) else [])
            kept = log.checkpoint()
            for number in range(540, 560):
                log.decide(RUBRIC, submission(number))
        return kept

    def test_what_a_tile_stands_for_is_not_read(self, path, long):
        """An alteration in the first tile is not found, and the report says on what that rests; reading everything finds it."""
        lines = all_lines_of_one(path)
        lines[5] = lines[5].replace(b'"v":1}', b'"v":3}')
        logs.write_lines(path, lines)
        assert not verify_directory(path, vault=False).ok
        report = verify_directory(path, vault=False, since=long)
        assert report.ok
        assert "rests on it alone" in report["segments"].detail

    @pytest.mark.parametrize("spoil", ["cut", "flip", "gone"])
    def test_a_cache_that_does_not_give_the_root_is_not_believed(self, path, long, spoil):
        file = path / "cache" / "tiles"
        data = bytearray(file.read_bytes())
        data[40] ^= 1
        file.unlink()
        if spoil != "gone":
            file.write_bytes(data if spoil == "flip" else data[:60])
        report = verify_directory(path, vault=False, since=long)
        assert report.ok
        assert "not read" not in report["segments"].detail
        assert report["ids"].result == HOLDS


class TestKeys:
    KEY, STRANGER = SigningKey("kept", bytes(32)), SigningKey("kept", bytes([1]) * 32)

    def test_the_given_key_must_have_signed_the_checkpoint(self, path):
        pytest.importorskip("cryptography", reason="signatures need the extra `sign`")
        kept = make(path, 20, signer=self.KEY)
        good = verify_directory(path, vault=False, since=kept, key=self.KEY.verification_key)
        assert (good.ok, good["signatures"].result) == (True, HOLDS), good
        bad = verify_directory(path, vault=False, since=kept, key=self.STRANGER.verification_key)
        assert bad["trusted"].result == bad["signatures"].result == FAILS
        unknown = verify_directory(path, vault=False, since=kept)
        assert unknown.ok
        assert "give the log's key" in unknown["signatures"].detail

    def test_an_unsigned_one_is_refused_where_a_key_is_given(self, path):
        pytest.importorskip("cryptography", reason="signatures need the extra `sign`")
        kept = make(path, 20, signer=self.KEY).split("\n\n")[0] + "\n"
        assert verify_directory(path, vault=False, since=kept, key=self.KEY.verification_key)["trusted"].result == FAILS


def test_one_checkpoint_is_enough(path):
    kept = make(path, 20)
    with pytest.raises(LogError, match="the newer one of the two"):
        verify_directory(path, since=kept, trusted=kept)


def all_lines_of_one(path):
    return logs.lines_of(path)
