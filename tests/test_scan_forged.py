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
