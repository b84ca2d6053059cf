"""Lines made to slip through a quick reading: each is found, and found as reading line by line finds it."""

from __future__ import annotations

import json

import pytest

import logs
from logs import make_log, segment
from scoring import canonical
from scoring.audit.chain import leaf_of
from scoring.audit.report import FAILS
from test_scan import agree

room, path = logs.room, logs.path


def rewrite(path, at, change):
    """Change a line's bytes, chain what stands behind it anew, and take the heads away."""
    lines = segment(path).read_bytes().splitlines()
    lines[at] = change(lines[at])
    for n in range(at + 1, len(lines)):
        record = json.loads(lines[n])
        record["prev"] = leaf_of(lines[n - 1])
        lines[n] = canonical.dumps(record)
    segment(path).write_bytes(b"".join(line + b"\n" for line in lines))
    logs.drop_heads(path)


@pytest.mark.parametrize("seq", [1, 3])
@pytest.mark.parametrize("number", [2**53, 10**30])
def test_a_seq_that_no_reader_keeps_exactly(path, seq, number):
    """It is a finding, not an error of the verifier."""
    make_log(path)
    rewrite(path, seq, lambda line: line.replace(b'"seq":%d,' % seq, b'"seq":%d,' % number))
    assert not agree(path).ok
    assert not agree(path, vault=False).ok


def test_a_section_called_as_a_key_of_the_record_is(path):
    """Two honest lines whose parts, put together, are no JSON do not make a third that holds."""
    make_log(path, count=6)

    def bait(line):
        return line.replace(b'"sections":{', b'"sections":{"semantics":"1/2",', 1)

    def joined(line):
        return line.replace(b'"semantics":1,', b'"semantics":"1/2"},"semantics":1,', 1)

    rewrite(path, 3, bait)
    rewrite(path, 5, joined)
    report = agree(path, vault=False)
    assert {finding.check for finding in report.findings if finding.result == FAILS} >= {"canonical"}


class TestEnds:
    """What stands behind a body is compared with what should stand there, many lines at once: every byte of it counts."""

    END = len(',"prev":"' + 64 * "0" + '","seq":5,"time":"2026-01-01T00:00:00Z","type":"decision","v":1}')
    UNREAD = range(len('","v":1}'), len('2026-01-01T00:00:00Z","type":"decision","v":1}'))

    @pytest.fixture
    def chained(self, path, monkeypatch):
        """A log whose lines are joined four at a time; each of its seqs has one digit, and its last tile is one of decisions alone."""
        monkeypatch.setattr("scoring.audit.scan._TILE", 4)
        make_log(path, count=6)
        return path

    @pytest.mark.parametrize("behind", range(1, END + 1))
    def test_another_byte_is_found_wherever_it_stands(self, chained, behind):
        """But for time and type, which are not looked at where the bytes alone are asked for."""

        def spoilt(line):
            at = len(line) - behind
            return line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]

        rewrite(chained, 5, spoilt)
        assert agree(chained, fast=True).ok == (behind - 1 in self.UNREAD)

    @pytest.mark.parametrize("fast", [False, True])
    @pytest.mark.parametrize("change", [lambda seq: seq + 1, lambda seq: seq + 10, lambda seq: 10 - seq])
    def test_a_seq_that_is_another(self, chained, fast, change):
        """Of as many digits, of more, and of others that are those of another record."""
        seq = b'"seq":%d,'
        rewrite(chained, 6, lambda line: line.replace(seq % 6, seq % change(6)))
        assert not agree(chained, vault=False, fast=fast).ok

    @pytest.mark.parametrize("fast", [False, True])
    @pytest.mark.parametrize("extra", [b"", b"x", b"\n", b" \n", b"\x00\n"])
    def test_a_last_line_with_another_end(self, chained, fast, extra):
        """Cut off, or longer by what is no line."""
        data = segment(chained).read_bytes()
        segment(chained).write_bytes(data[:-1] + extra)
        assert agree(chained, vault=False, fast=fast).ok == (extra == b"\n")

    @pytest.mark.parametrize("fast", [False, True])
    @pytest.mark.parametrize("between", [b"\n", b"x", b" ", b""])
    def test_two_records_that_are_one_line(self, chained, monkeypatch, fast, between):
        """Read in pieces as long as a line and its line end may be, they would be two, if nobody looked at how the first ends."""
        rewrite(chained, 6, lambda line: line.replace(b'"id":"', b'"id":"' + 40 * b"x"))
        lines = segment(chained).read_bytes().splitlines()
        longest = max(map(len, lines))
        assert len(lines[6]) == longest
        monkeypatch.setattr("scoring.audit.scan.MAX_LINE", longest)
        monkeypatch.setattr("scoring.audit.verify.MAX_LINE", longest)
        lines[6:] = [lines[6] + between + lines[7]]
        segment(chained).write_bytes(b"".join(line + b"\n" for line in lines))
        assert agree(chained, vault=False, fast=fast).ok == (between == b"\n")
