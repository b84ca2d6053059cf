"""A line without its end is no record: a log that ends in one is shorter, whichever way it is read, and no head is taken to hold over it."""

from __future__ import annotations

import os

import pytest

import logs
from logs import RUBRIC, lines_of, open_log, segment, submission, write_lines
from scoring.audit import segments
from scoring.audit.keys import SigningKey
from scoring.audit.verify import verify_directory

room, path = logs.room, logs.path
KEY = SigningKey("example.com/log", bytes(32))
WAYS = {"all": {}, "fast": {"fast": True}, "two cores": {"workers": 2}}


@pytest.fixture(params=[8, 65_536])
def heads(path, monkeypatch, request):
    """A signed log of 20 records, in segments of eight and in one; a checkpoint of 10 and of all, and the last leaf."""
    monkeypatch.setattr(segments, "SEGMENT_RECORDS", request.param)
    with open_log(path, create=True, signer=KEY) as log:
        for number in range(7):
            log.decide(RUBRIC, submission(number))
        first = log.checkpoint()
        for number in range(7, 17):
            log.decide(RUBRIC, submission(number))
        return first, log.checkpoint(), log.verify().head


def last(path):
    return max((path / "log").iterdir())


@pytest.mark.parametrize("way", WAYS)
def test_a_torn_last_line_is_no_record_and_no_head_holds_over_it(path, heads, way):
    _, newest, leaf = heads
    os.truncate(last(path), last(path).stat().st_size - 20)
    given = {"vault": False, "key": KEY.verification_key, **WAYS[way]}
    report = verify_directory(path, trusted=newest, expect=(20, leaf), **given)
    assert report.size == 19
    assert len(report.head) == 64
    for check in ("segments", "head", "heads", "trusted"):
        assert report[check].result == "FAILS", check
    assert report["signatures"].result == "NOT CHECKED"
    for check in ("head", "heads", "trusted"):
        assert (report[check].expected, report[check].found) == ("20 records or more", "19")
    assert verify_directory(path, expect=(19, report.head), **given)["head"].result == "HOLDS"


def test_the_same_since_a_checkpoint_below_and_at_the_end(path, heads):
    first, newest, leaf = heads
    os.truncate(last(path), last(path).stat().st_size - 20)
    report = verify_directory(path, vault=False, since=first, expect=(20, leaf))
    assert (report.size, report["head"].result, report["heads"].result) == (19, "FAILS", "FAILS")
    assert verify_directory(path, vault=False, since=newest)["trusted"].result == "FAILS"


@pytest.mark.parametrize("fast", [False, True])
def test_a_head_above_a_line_that_is_no_record_is_not_taken_to_hold(path, fast):
    with open_log(path, create=True) as log:
        for number in range(3):
            log.decide(RUBRIC, submission(number))
        newest, leaf = log.checkpoint(), log.verify().head
    write_lines(path, [*lines_of(path)[:-1], b"x" * 40_000])
    report = verify_directory(path, vault=False, trusted=newest, expect=(5, leaf), fast=fast)
    assert [report[check].result for check in ("head", "heads", "trusted")] == ["FAILS"] * 3
    assert segment(path).stat().st_size > 40_000
