"""
Verifying: every attack on a small log is found and located, and what holds is said to hold.

Law 7 of DESIGN 9: any one-byte change, swap, drop or insertion is found and located. What a chain cannot show by itself (the end of the log) a head that was
kept elsewhere shows.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import itertools
import json
import os
import shutil
import sqlite3
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import logs
from logs import RUBRIC, lines_of, make_log, make_pack, names, open_log, rechain, segment, submission, write_lines
from scoring import canonical
from scoring.audit import segments
from scoring.audit.chain import Batch, Tail
from scoring.audit.packs import describe
from scoring.audit.verify import verify_directory
from scoring.engine.rubric import Rubric
from scoring.errors import LogError, StoreError

room = pytest.fixture(logs.in_memory)

CHECKS = ["segments", "canonical", "fields", "chain", "packs", "ids", "supersedes", "openings", "resolutions"]
CHECKS += ["erasures", "vault", "precedence", "head", "heads", "signatures", "trusted"]


@pytest.fixture
def path(room):
    """Genesis, rubric, and decisions 2 to 6, of which 4 and 6 supersede 2 and 4; and the head of closing."""
    path = room / "decisions"
    with open_log(path, create=True) as log:
        for number, case in enumerate("abaca"):
            log.decide(RUBRIC, submission(number, case=case))
    return path


def failing(path, **arguments):
    report = verify_directory(path, **{"vault": False, **arguments})
    return {finding.check: finding for finding in report.findings if finding.result == "FAILS"}


def fails(path, check, seq, **arguments):
    """The finding of *check*, which must be about record *seq*."""
    finding = failing(path, **arguments)[check]
    assert finding.seq == seq, finding
    return finding


def forge(path, change):
    """Change records as a list, and chain them again."""
    records = [json.loads(line) for line in lines_of(path)]
    change(records)
    write_lines(path, rechain(records))
    (path / "heads").unlink(missing_ok=True)  # whoever can chain a log again writes its unsigned heads anew too


class TestWhatHolds:
    def test_a_good_log(self, path):
        with open_log(path) as log:
            head = log.head
        report = verify_directory(path, expect=head)
        assert [finding.check for finding in report.findings] == CHECKS
        assert [finding.result for finding in report.findings] == ["HOLDS"] * 14 + ["NOT CHECKED"] * 2
        assert (report.ok, report.size, report.head) == (True, *head)
        assert report["heads"].detail == "2 made, the newest of 7 records; 0 stand behind it"
        assert str(report["chain"]) == "HOLDS        chain       every record chains to the one before it"
        assert len(report.cannot_show) == 5
        assert report.complete

    def test_what_is_behind_a_size_is_left_alone(self, path):
        assert verify_directory(path, size=3).size == 3

    def test_a_report_is_printed_as_its_lines(self, path):
        report = verify_directory(path)
        lines = str(report).split("\n")
        assert lines[: len(CHECKS)] == [str(finding) for finding in report.findings]
        assert lines[len(CHECKS) :] == ["This cannot show:", *(f"- {line}" for line in report.cannot_show)]
        assert repr(report) == str(report)

    def test_complete_says_that_all_was_checked_but_what_nobody_asked_for(self, path):
        assert verify_directory(path).complete
        without = verify_directory(path, vault=False)
        assert (without.ok, without.complete) == (True, False)
        cut = verify_directory(path, expect=(99, "0" * 64))
        assert (cut.ok, cut.complete) == (False, False)

    def test_an_open_log_verifies_itself(self, path):
        with open_log(path) as log:
            report = log.verify(expect=log.head)
            assert (report.ok, report["vault"].result, report["head"].result) == (True, "HOLDS", "HOLDS")
            with segment(path).open("ab") as file:
                file.write(b'{"bo')  # somebody else is appending just now
                file.flush()
                assert verify_directory(path)["segments"].result == "FAILS"

    def test_nothing_is_written_and_no_lock_is_taken(self, path, room):
        def everything():
            return {str(file): file.stat().st_mtime_ns for file in room.rglob("*")}

        with open_log(path) as log, log._journal:
            before = everything()
            assert verify_directory(path).ok
            assert everything() == before

    def test_neither_cache_nor_lock_is_needed(self, path):
        shutil.rmtree(path / "cache")
        (path / "lock").unlink()
        assert verify_directory(path).ok

    def test_what_is_no_log_is_an_error(self, room):
        with pytest.raises(LogError, match="is not a log"):
            verify_directory(room)
        (room / "file").touch()
        with pytest.raises(StoreError, match="cannot be read"):
            verify_directory(room / "file")

    def test_many_segments(self, room, monkeypatch):
        monkeypatch.setattr(segments, "SEGMENT_RECORDS", 4)
        path = make_log(room / "log", 14)
        report = verify_directory(path)
        assert report.ok
        assert report["segments"].detail == "16 records in 4 segments"

    def test_findings_and_reports_are_frozen_values(self, path):
        import pickle

        report = verify_directory(path)
        assert pickle.loads(pickle.dumps(report)) == report == verify_directory(path)
        with pytest.raises(AttributeError, match="frozen"):
            report.size = 0
        assert "check='chain'" in repr(report["chain"])


class TestLaw7:
    """Any one-byte change, swap, drop or insertion is found and located."""

    @pytest.fixture
    def path(self, room):
        return logs.drop_heads(make_log(room / "decisions", 2))

    def test_every_one_byte_change(self, path):
        """Record by record; a change in the last one shows only against a head that was kept elsewhere."""
        whole = segment(path).read_bytes()
        starts = [0, *itertools.accumulate(len(line) + 1 for line in lines_of(path))]
        with open_log(path) as log:
            head = log.head
        logs.drop_heads(path)
        only_by_head = 0
        for place in range(len(whole)):
            segment(path).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            seq = next(n for n in range(4) if place < starts[n + 1])
            found = failing(path, expect=head)
            by_chain = {finding.seq for check, finding in found.items() if check != "head"}
            if seq == 3 and not by_chain:
                assert found["head"].seq == 3
                only_by_head += 1
            else:
                assert seq in by_chain, (place, found)
                assert all(
                    finding.seq in {seq, seq + 1, None} for finding in found.values() if finding.check != "head"
                ), (place, seq, found)
        assert 0 < only_by_head < len(whole) - starts[3]

    @settings(max_examples=300)
    @given(data=st.data())
    def test_any_other_byte_instead(self, tmp_path_factory, data):
        whole, head, target = self.shared(tmp_path_factory)
        place = data.draw(st.integers(0, len(whole) - 1))
        byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[place]))
        changed = whole[:place] + bytes([byte]) + whole[place + 1 :]
        segment(target).write_bytes(changed)
        found = failing(target, expect=head)
        assert found
        line = whole[:place].count(b"\n")
        assert min(finding.seq for finding in found.values() if finding.seq is not None) in {line, line + 1}

    _shared = None

    @classmethod
    def shared(cls, factory):
        if cls._shared is None:
            target = make_log(factory.mktemp("law7") / "log", 4)
            with open_log(target) as log:
                cls._shared = segment(target).read_bytes(), log.head, target
        return cls._shared

    def test_every_record_dropped(self, path):
        lines = lines_of(path)
        for seq in range(3):
            write_lines(path, lines[:seq] + lines[seq + 1 :])
            finding = fails(path, "chain", seq)
            assert (finding.expected, finding.found) == (f"seq {seq}", f"seq {seq + 1}")

    def test_every_two_records_swapped(self, path):
        lines = lines_of(path)
        for one, two in itertools.combinations(range(4), 2):
            swapped = [*lines]
            swapped[one], swapped[two] = lines[two], lines[one]
            write_lines(path, swapped)
            fails(path, "chain", one)

    def test_every_record_doubled_anywhere(self, path):
        lines = lines_of(path)
        for seq, at in itertools.product(range(4), range(5)):
            write_lines(path, [*lines[:at], lines[seq], *lines[at:]])
            # A copy right behind the record and one right before it are the same file.
            fails(path, "chain", at + 1 if at == seq else at)

    def test_a_forged_record_inserted_anywhere(self, path):
        lines = lines_of(path)
        for at in range(1, 4):
            record = {**json.loads(lines[2]), "seq": at, "prev": hashlib.sha256(b"\x00" + lines[at - 1]).hexdigest()}
            record["body"]["id"] = "forged"
            write_lines(path, [*lines[:at], canonical.dumps(record), *lines[at:]])
            fails(path, "chain", at + 1)

    def test_a_record_of_another_log_in_its_place(self, path, room):
        lines = lines_of(path)
        others = lines_of(make_log(room / "other", 2, origin="other"))
        for seq in range(1, 3):
            write_lines(path, [*lines[:seq], others[seq], *lines[seq + 1 :]])
            finding = fails(path, "chain", seq)
            assert finding.detail.startswith("changed: it does not chain to the record before it, nor")

    def test_the_end_cut_off(self, path):
        lines = lines_of(path)
        with open_log(path) as log:
            head = log.head
        logs.drop_heads(path)
        for size in range(1, 4):
            write_lines(path, lines[:size])
            assert failing(path) == {}, "a chain cannot show this: the report says so"
            finding = failing(path, expect=head)["head"]
            assert (finding.expected, finding.found) == ("4 records or more", str(size))

    def test_everything_written_anew(self, path):
        with open_log(path) as log:
            head = log.head
        forge(path, lambda records: records[2].update(time="2026-12-24T00:00:00Z"))
        assert failing(path) == {}, "a chain cannot show this: the report says so"
        finding = fails(path, "head", 3, expect=head)
        assert finding.expected == head[1]

    def test_an_older_head_still_holds_after_the_log_went_on(self, path):
        with open_log(path) as log:
            head = log.head
            log.decide(RUBRIC, submission(9))
        assert verify_directory(path, expect=head)["head"].result == "HOLDS"
        assert fails(path, "head", 2, expect=(3, "0" * 64))


class TestWhere:
    """A finding names the record that was changed, its byte and file, what was expected and what was found."""

    def test_the_record_not_the_one_behind_it(self, path):
        lines = lines_of(path)
        changed = lines[4].replace(b"T09:00", b"T08:00")
        write_lines(path, [*lines[:4], changed, *lines[5:]])
        finding = fails(path, "chain", 4)
        assert finding.detail == "changed: the record behind it chains to another content"
        assert finding.expected == "leaf " + hashlib.sha256(b"\x00" + lines[4]).hexdigest()
        assert finding.found == "leaf " + hashlib.sha256(b"\x00" + changed).hexdigest()
        assert (finding.file, finding.offset) == ("log/000000000000.jsonl", sum(len(line) + 1 for line in lines[:4]))
        assert str(finding).startswith("FAILS        chain       record #4: changed: ")
        assert str(finding).endswith(f"[log/000000000000.jsonl, byte {finding.offset}]")

    def test_a_prev_that_was_changed_is_told_from_a_record_that_was(self, path):
        lines = lines_of(path)
        prev = json.loads(lines[4])["prev"].encode()
        write_lines(path, [*lines[:4], lines[4].replace(prev, prev[::-1]), *lines[5:]])
        finding = fails(path, "chain", 4)
        assert (finding.expected, finding.found) == (f"prev {prev.decode()}", f"prev {prev.decode()[::-1]}")

    def test_the_last_two_cannot_be_told_apart(self, path):
        lines = lines_of(path)
        write_lines(path, [*lines[:5], lines[5].replace(b"T09:00", b"T08:00"), lines[6]])
        assert "this record or the one behind it was changed" in fails(path, "chain", 5).detail

    def test_but_a_head_kept_elsewhere_tells_them_apart(self, path):
        lines = lines_of(path)
        with open_log(path) as log:
            head = log.head
        prev = json.loads(lines[6])["prev"].encode()
        write_lines(path, [*lines[:5], lines[5].replace(b"T09:00", b"T08:00"), lines[6]])
        assert "or the one behind it" not in fails(path, "chain", 5, expect=head).detail
        write_lines(path, [*lines[:6], lines[6].replace(prev, prev[::-1])])
        fails(path, "chain", 6, expect=head)

    def test_two_records_changed_are_counted(self, path):
        lines = lines_of(path)
        write_lines(
            path, [line.replace(b"T09:00", b"T08:00") if seq in (2, 4) else line for seq, line in enumerate(lines)]
        )
        assert fails(path, "chain", 2).detail.endswith("; and 1 more")


class TestCanonical:
    """FORMAT.md 1: a line whose re-encoding differs from it is not canonical."""

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b'"v":1}', b'"v":1.0}'),
            (b'"v":1}', b'"v":1e0}'),
            (b'"v":1}', b'"v":01}'),
            (b'"v":1}', b'"v":+1}'),
            (b'"v":1}', b'"v":NaN}'),
            (b'"v":1}', b'"v":1 }'),
            (b'"v":1}', b'"v":1,"v":1}'),
            (b'"v":1}', b'"v":9007199254740992}'),
            (b'"v":1}', b'"v":123456789012345678901}'),
            (b'"level":null', b'"level": null'),
            (b'"id":"s-2"', b'"id":"s\\u002d2"'),
            (b'"id":"s-2"', b'"id":"\\ud800"'),
            (b'"id":"s-2"', b'"id":"\xed\xa0\x80"'),
            (b'"id":"s-2"', b'"id":"\xff"'),
            (b'"id":"s-2"', b'"id":"s-2"' + b'"' * 3),
            (b'"id":"s-2"', b'"id":' + b"[" * 40 + b"]" * 40),
            (b'{"body"', b'\xef\xbb\xbf{"body"'),
            (b'{"body"', b'{"a\xc3\xa4":0,"body"'),
        ],
    )
    def test_one_line_that_is_not(self, path, old, new):
        lines = lines_of(path)
        assert old in lines[4]
        write_lines(path, [*lines[:4], lines[4].replace(old, new), *lines[5:]])
        found = failing(path)
        assert (found["canonical"].seq, found["chain"].seq) == (4, 4)
        assert found["canonical"].detail.startswith("no record: ")

    @pytest.mark.parametrize("line", [b"", b"null", b"[]", b"7", b"{}", b"\x00" * 100])
    def test_a_line_that_says_something_else(self, path, line):
        lines = lines_of(path)
        write_lines(path, [*lines[:4], line, *lines[5:]])
        found = failing(path)
        assert {found[check].seq for check in ("canonical", "fields", "chain") if check in found} == {4}

    @pytest.mark.parametrize("length", [32_769, 40_000, 500_000])
    def test_a_line_longer_than_any_record_is_passed_over(self, path, length):
        lines = lines_of(path)
        write_lines(path, [*lines[:4], b"x" * length, *lines[5:]])
        found = failing(path)
        assert found["canonical"].seq == 4
        assert found["canonical"].detail == f"a line of {length + 1} bytes, longer than the 32768 of a record"
        assert found["chain"].seq == 4
        assert verify_directory(path).size == 7

    def test_the_longest_line_is_not_too_long(self, path):
        lines = lines_of(path)
        write_lines(path, [*lines, b"x" * 32_768])
        assert failing(path)["canonical"].detail.startswith("no record: not JSON")


GOOD = json.loads(canonical.dumps(RUBRIC.score({"answers": {}}).data))
LONG = "1" * 20_000
IN_DECISION = {
    "action": ["", "hire", None, 1],
    "assumed": [None, "profile:x", ["x"], ["profile:"], ["profile:a b"], ["level:x"], ["rubric:x"] * 152],
    "awaited": ["", None, "é", "A" * 168, ["A"]],
    "caps": [
        {},
        ["fatal"],
        [{"by": "fatal"}],
        [{"by": "refer", "verdict": "fail"}],
        [{"by": "override:", "verdict": "fail"}],
        [{"by": "fatal", "verdict": "a b"}],
        [{"by": "fatal", "verdict": "fail", "x": 1}],
        [{"by": "fatal", "verdict": "fail"}] * 503,
        [{"by": "gate:a/b/c", "verdict": "fail"}],
        [{"by": "gate:/b", "verdict": "fail"}],
    ],
    "determined_by": [None, ["score"], ["override:a b"], ["gate:a/"], [5], ["band"] * 504],
    "excerpts": [
        None,
        [],
        {"a b": [1, 2]},
        {"a": 1},
        {"a": [1]},
        {"a": [2, 2]},
        {"a": [-1, 2]},
        {"a": [True, 2]},
        {"a": [1, 1001]},
        {"a": [1, "2"]},
        {f"s-{n}": [1, 2] for n in range(51)},
    ],
    "flags": [[], {"kind": "A"}, {"refer": ""}, {"refer": None}, {"note": "?"}],
    "handed_in": [["a", "a"], ["a b"], "main", None, {}, [f"s-{n}" for n in range(21)]],
    "holds": [
        ["verdict", "refer"],
        ["refer", "void"],
        ["unclear", "excerpt"],
        ["refer", "refer"],
        ["other"],
        "refer",
        None,
        {},
    ],
    "irregularities": [["b", "a"], ["a", "a"], ["a b"], None, [f"i-{n:02d}" for n in range(21)]],
    "level": ["", "a b", 1, False],
    "notice": [0, "true", []],
    "outcomes": ["", None, "A A", "A" * 3001],
    "pack": ["", "0" * 63, "0" * 65, "A" * 64, None],
    "profile": ["", "a b", "x" * 49, None, 7],
    "reachable": [{}, ["a b"], "strong", [f"v-{n}" for n in range(17)]],
    "reinstate": [
        "main",
        {},
        {"stage": "main"},
        {"reason": "x", "stage": None},
        {"reason": "a b", "stage": "main"},
        {"reason": "x", "stage": "main", "who": "y"},
    ],
    "score": [
        "2/4",
        "1/1",
        "0/1",
        "1/0",
        "-0",
        "01",
        "1.5",
        "",
        "+1",
        "1/-2",
        "1/",
        "/2",
        " 1",
        "½",
        1,
        "4/" + "2" * 900,
        "9" * 9000,
    ],
    "sections": [
        [],
        None,
        {"a b": "1"},
        {"a/b/c": "1"},
        {"a": "2/4"},
        {"a": 1},
        "1",
        {f"s-{n}": None for n in range(51)},
    ],
    "semantics": [0, 2, True, "1", None],
    "stages": [
        {},
        None,
        [],
        {"a": "passed"},
        {"a": ["passed"]},
        {"a": ["open", "1"]},
        {"a": [["passed"], "1"]},
        {"a": ["passed", "2/4"]},
        {"a": ["passed", "1", None]},
        {"a/b": ["passed", "1"]},
        {f"s-{n}": ["waiting", None] for n in range(21)},
    ],
    "status": ["voided", "", None],
    "variant": ["", "a b", 7, []],
    "verdict": ["", "a b", 7],
    "void": ["", "a b", 7, True],
}
TIMES = [
    "2026-11-21T09:00:00",
    "2026-11-21 09:00:00Z",
    "2026-11-21T09:00:00z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
]
TIMES += [
    "2026-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-11-00T00:00:00Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21T09:60:00Z",
]
TIMES += ["2026-11-21T09:00:60Z", "0000-01-01T00:00:00Z", "²026-11-21T09:00:00Z", "2026-11-21T09:00:0:Z", ""]


class TestFields:
    """FORMAT.md 3, 4 and 6: each row of the tables, as only somebody could break it who may write the whole log."""

    def test_every_row_of_a_decision_is_tried(self):
        assert IN_DECISION.keys() == GOOD.keys()

    @pytest.mark.parametrize(
        ("key", "value"), [(key, value) for key, values in IN_DECISION.items() for value in values]
    )
    def test_a_decision(self, path, key, value):
        forge(path, lambda records: records[3]["body"]["decision"].update({key: value}))
        finding = fails(path, "fields", 3)
        assert finding.detail.startswith(f"body/decision/{key}: expected ")
        assert "chain" not in failing(path)

    @pytest.mark.parametrize(
        "decision",
        [
            {"score": "-1/4", "sections": {"a": "0", "b": None, "c": "-7"}},
            {"score": "1" + "0" * 999 + "/" + "3" * 1000},
            {"score": None, "verdict": None, "reachable": ["strong", "fail"], "status": "pending"},
            {"sections": {"written/knowledge": None}, "excerpts": {"written/knowledge": [0, 20], "a": [1, 1000]}},
            {"stages": {"a": ["passed", "1/2"], "b": ["ended", None], "c": ["not_evaluated", None]}, "handed_in": []},
            {"level": "mid", "variant": "with_ai", "status": "ended"},
            {"caps": [{"by": "gate:a/b", "verdict": "fail"}], "determined_by": ["gate:a/b", "override:c/d"]},
            {
                "caps": [{"by": "override:x", "verdict": "fail"}, {"by": "knock_out", "verdict": "fail"}],
                "holds": ["void", "refer", "excerpt", "unclear"],
            },
            {
                "determined_by": ["band", "fatal", "override:x"],
                "flags": {"refer": "g", "note": "A"},
                "irregularities": ["a", "b"],
            },
            {"assumed": ["profile:x", "expected:y", "rubric:z"], "notice": None, "handed_in": ["main"]},
        ],
    )
    def test_what_fits(self, path, decision):
        forge(path, lambda records: records[3]["body"]["decision"].update(decision))
        assert failing(path) == {}

    @pytest.mark.parametrize("key", [*GOOD])
    def test_a_decision_without_a_key(self, path, key):
        forge(path, lambda records: records[3]["body"]["decision"].pop(key))
        assert fails(path, "fields", 3).detail == f'body/decision/the key "{key}" is missing'

    @pytest.mark.parametrize(
        ("where", "key", "value", "told"),
        [
            ((3,), "v", 2, "v: expected 1"),
            ((3,), "v", True, "v: expected 1"),
            (
                (3,),
                "type",
                "forecast",
                "type: expected genesis, rubric, opening, decision, resolution, erasure, key or recovery",
            ),
            ((3,), "type", "opening", 'body/the key "level" is missing'),
            ((3,), "type", "resolution", 'body/the key "action" is missing'),
            ((3,), "type", "genesis", "type: record 0 is the genesis record, and only it"),
            ((3,), "type", "rubric", 'body/the key "length" is missing'),
            ((3,), "body", [], "body: expected an object"),
            ((3,), "more", 1, 'unknown key "more"'),
            ((0,), "type", "rubric", "type: record 0 is the genesis record, and only it"),
            ((0, "body"), "origin", "two words", "body/origin: expected"),
            ((0, "body"), "origin", "", "body/origin: expected"),
            ((0, "body"), "origin", "x" * 201, "body/origin: expected"),
            ((0, "body"), "more", 1, 'body/unknown key "more"'),
            ((1, "body"), "length", 0, "body/length: expected"),
            ((1, "body"), "length", "1228", "body/length: expected"),
            ((1, "body"), "length", 4 * 1024 * 1024 + 1, "body/length: expected"),
            ((1, "body"), "pack", "x", "body/pack: expected a digest"),
            ((1, "body"), "scoring", None, "body/scoring: expected a digest"),
            ((1, "body"), "rubric", "a b", "body/rubric: expected an id"),
            ((1, "body"), "version", 1, "body/version: expected an id"),
            ((3, "body"), "id", "a b", "body/id: expected an id"),
            ((3, "body"), "id", None, "body/id: expected an id"),
            ((3, "body"), "decision", None, "body/decision: expected an object"),
            ((3, "body"), "disclosures", [], "body/disclosures: expected an object"),
            ((3, "body"), "supersedes", -1, "body/supersedes: expected the seq of an earlier record"),
            ((3, "body"), "supersedes", 3, "body/supersedes: expected the seq of an earlier record"),
            ((3, "body"), "supersedes", "2", "body/supersedes: expected the seq of an earlier record"),
            ((3, "body", "disclosures"), "case", "x", "body/disclosures/case: expected a digest"),
            ((3, "body", "disclosures"), "rater", "0" * 64, 'body/disclosures/unknown key "rater"'),
            *(((3,), "time", time, "time: expected a time") for time in TIMES),
        ],
    )
    def test_the_rest(self, path, where, key, value, told):
        def change(records):
            place = records
            for step in where:
                place = place[step]
            place[key] = value

        forge(path, change)
        assert fails(path, "fields", where[0]).detail.startswith(told)

    @pytest.mark.parametrize(
        "time", ["2028-02-29T23:59:59Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2000-02-29T00:00:00Z"]
    )
    def test_any_time_that_exists_fits(self, path, time):
        forge(path, lambda records: records[3].update(time=time))
        assert failing(path) == {}

    def test_a_prev_where_none_may_be_and_none_where_one_must(self, path):
        lines = lines_of(path)
        prev = json.loads(lines[4])["prev"].encode()
        write_lines(path, [*lines[:4], lines[4].replace(b'"' + prev + b'"', b"null"), *lines[5:]])
        assert fails(path, "fields", 4).detail == "prev: null in record 0, and only there"
        write_lines(path, [lines[0].replace(b"null", b'"' + prev + b'"'), *lines[1:]])
        assert fails(path, "fields", 0).detail == "prev: null in record 0, and only there"


class TestSegments:
    """FORMAT.md 2: files are named by their first record and hold as many as they must."""

    @pytest.fixture
    def path(self, room, monkeypatch):
        monkeypatch.setattr(segments, "SEGMENT_RECORDS", 4)
        return make_log(room / "decisions", 10)  # 0 1 2 3 | 4 5 6 7 | 8 9 10 11

    @pytest.mark.parametrize(("gone", "found"), [(0, "000000000004.jsonl"), (4, "000000000008.jsonl")])
    def test_one_is_missing(self, path, gone, found):
        segment(path, gone).unlink()
        finding = failing(path)["segments"]
        assert (finding.expected, finding.found) == (f"{gone:012d}.jsonl", found)

    def test_two_are_swapped(self, path):
        one, two = segment(path, 0).read_bytes(), segment(path, 4).read_bytes()
        segment(path, 0).write_bytes(two)
        segment(path, 4).write_bytes(one)
        fails(path, "chain", 0)

    @pytest.mark.parametrize(
        "name", ["notes.txt", "000000000002.jsonl.bak", "00000000000x.jsonl", "2.jsonl", "\u0661" * 12 + ".jsonl"]
    )
    def test_a_file_that_is_none_is_named(self, path, name):
        (path / "log" / name).write_text("{}")
        finding = failing(path)["segments"]
        assert finding.found == ascii(name)

    def test_a_name_in_between(self, path):
        (path / "log" / "000000000006.jsonl").write_text("")
        assert failing(path)["segments"].found == "000000000006.jsonl"

    def test_one_is_too_short(self, path):
        write_lines(path, lines_of(path, 4)[:3], 4)
        assert (failing(path)["segments"].expected, failing(path)["segments"].found) == ("4", "3")
        fails(path, "chain", 7)

    def test_one_is_too_long(self, path):
        write_lines(path, [*lines_of(path, 4), lines_of(path, 8)[0]], 4)
        finding = fails(path, "segments", 8)
        assert finding.detail == "a segment has more than 4 lines; nothing behind them was read"

    def test_the_last_line_end_of_one_is_missing(self, path):
        data = segment(path, 4).read_bytes()
        segment(path, 4).write_bytes(data[:-1])
        assert "has no line end" in fails(path, "segments", 7).detail

    def test_the_log_ends_in_an_unfinished_line(self, path):
        data = segment(path, 8).read_bytes()
        segment(path, 8).write_bytes(data[:-10])
        finding = fails(path, "segments", 11)
        assert "an unfinished line: a write was cut off, or is going on right now" in finding.detail
        write_lines(path, lines_of(path, 8)[:2], 8)
        with segment(path, 8).open("ab") as file:
            file.write(b"x" * 50_000)
        assert "ends in 50000 bytes" in fails(path, "segments", 10).detail

    @pytest.mark.parametrize("first", [0, 8])
    def test_what_is_no_regular_file_is_not_read(self, path, first):
        segment(path, first).unlink()
        for make in (os.mkfifo, os.mkdir, lambda name: name.symlink_to("/dev/zero")):
            make(segment(path, first))
            assert "is not a regular file" in failing(path)["segments"].detail
            with pytest.raises((LogError, StoreError), match=r"is a damaged log|not a regular file"):
                open_log(path)
            segment(path, first).rmdir() if segment(path, first).is_dir() else segment(path, first).unlink()

    def test_what_has_no_end_is_not_read_to_its_end(self, path):
        """Terabytes cost nothing in a sparse file, nor millions of empty lines."""
        os.truncate(segment(path, 8), 1 << 40)
        assert fails(path, "segments", 12).detail == "a segment has more than 4 lines; nothing behind them was read"
        segment(path, 8).write_bytes(b"\n" * 3_000_000)
        assert fails(path, "segments", 12).detail == "a segment has more than 4 lines; nothing behind them was read"
        write_lines(path, [], 8)
        os.truncate(segment(path, 8), 1 << 40)
        assert fails(path, "segments", 8).detail.startswith("more than 1048576 bytes without a line end")

    def test_there_is_nothing(self, path):
        for name in names(path / "log"):
            (path / "log" / name).unlink()
        report = verify_directory(path)
        assert (report["segments"].detail, report.size, report.head) == ("there is no record", 0, "")
        segment(path).touch()
        assert verify_directory(path)["segments"].detail == "there is no record"

    def test_what_a_crash_left_of_the_next_file_holds(self, path):
        (path / "log" / "000000000012.jsonl").touch()
        assert verify_directory(path).ok
        with open_log(path) as log:
            assert log.decide(RUBRIC, submission(77)).seq == 12


class TestPacks:
    """FORMAT.md 4: a decision cites a pack that an earlier record names; the file is what the record says."""

    @pytest.fixture
    def pack(self, path):
        return path / "packs" / f"{RUBRIC.digest}.json"

    def test_a_changed_file(self, path, pack):
        pack.write_bytes(make_pack(points="2"))
        finding = fails(path, "packs", 1)
        assert finding.expected == RUBRIC.digest
        assert "was changed" in finding.detail

    def test_a_missing_file(self, path, pack):
        pack.unlink()
        assert "is missing" in fails(path, "packs", 1).detail

    def test_without_the_directory_packs_are_not_checked(self, path):
        """An export without packs shows no key."""
        shutil.rmtree(path / "packs")
        report = verify_directory(path)
        assert (report.ok, report["packs"].result, report["packs"].detail) == (
            True,
            "NOT CHECKED",
            "there is no directory packs",
        )

    def test_a_file_that_nobody_cites_does_no_harm(self, path):
        (path / "packs" / "readme.txt").write_text("hello")
        assert verify_directory(path).ok

    @pytest.mark.parametrize(
        ("key", "value"), [("length", 7), ("rubric", "other"), ("version", "9"), ("scoring", "0" * 64)]
    )
    def test_a_record_that_says_something_else(self, path, key, value):
        right = describe(RUBRIC.pack)[key]
        forge(path, lambda records: records[1]["body"].update({key: value}))
        finding = fails(path, "packs", 1)
        assert (finding.detail, finding.expected, finding.found) == (
            f"{key} is not that of the pack",
            str(right),
            str(value),
        )

    def test_a_file_that_is_no_pack(self, path):
        content = b"[]"
        digest = hashlib.sha256(content).hexdigest()
        (path / "packs" / f"{digest}.json").write_bytes(content)

        def change(records):
            records[1]["body"]["pack"] = digest
            for record in records[2:]:
                record["body"]["decision"]["pack"] = digest

        forge(path, change)
        assert "it needs a rubric and a version" in fails(path, "packs", 1).detail

    def test_a_decision_that_cites_what_is_not_there(self, path):
        forge(path, lambda records: records[4]["body"]["decision"].update(pack="0" * 64))
        assert fails(path, "packs", 4).detail == f"cites the pack {'0' * 64}, which no record before it has"

    def test_a_decision_before_its_rubric(self, path):
        forge(path, lambda records: records.insert(1, records.pop(2)))
        assert "which no record before it has" in fails(path, "packs", 1).detail

    def test_a_rubric_twice(self, path):
        forge(path, lambda records: records.append(json.loads(json.dumps(records[1]))))
        assert "was recorded before" in fails(path, "packs", 7).detail

    def test_a_version_with_two_packs(self, path):
        other = make_pack(points="2")
        body = describe(other)
        (path / "packs" / f"{body['pack']}.json").write_bytes(other)
        forge(path, lambda records: records.append({**records[1], "body": body}))
        assert "was recorded before" in fails(path, "packs", 7).detail

    def test_both_digests_are_those_of_the_engine(self):
        document = logs.pack_document()
        document["about"]["words"] = ["a", "b"]
        rubric = Rubric(canonical.dumps(document))
        assert describe(rubric.pack)["scoring"] == rubric.scoring_digest == RUBRIC.scoring_digest
        assert describe(rubric.pack)["pack"] == rubric.digest != RUBRIC.digest
        assert describe(make_pack(points="2"))["scoring"] != RUBRIC.scoring_digest
        assert describe(make_pack(version="2"))["scoring"] == RUBRIC.scoring_digest


class TestOrder:
    """FORMAT.md 4: an id stands once, and supersedes names the newest earlier decision of the case."""

    def test_an_id_twice(self, path):
        forge(path, lambda records: records[5]["body"].update(id="s-1"))
        assert fails(path, "ids", 5).detail == "its id stands in record #3 already"

    def test_an_id_three_times(self, path):
        forge(path, lambda records: [records[seq]["body"].update(id="s-1") for seq in (4, 6)])
        assert fails(path, "ids", 4).detail == "its id stands in record #3 already; and 1 more"

    @pytest.mark.parametrize(
        ("seq", "value", "wanted"),
        [(4, None, "#2"), (6, 2, "#4"), (6, 3, "#4"), (6, None, "#4"), (3, 2, "null"), (5, 0, "null")],
    )
    def test_supersedes_something_else(self, path, seq, value, wanted):
        forge(path, lambda records: records[seq]["body"].update(supersedes=value))
        finding = fails(path, "supersedes", seq)
        assert (finding.expected, finding.found) == (wanted, "null" if value is None else f"#{value}")
        assert finding.file == "log/000000000000.jsonl"

    def test_a_decision_taken_out_of_a_case(self, path):
        """Even if all numbers are written anew: the one that named it does so still."""

        def change(records):
            del records[4]
            records[-1]["body"]["supersedes"] = 3

        forge(path, change)
        assert fails(path, "supersedes", 5).expected == "#2"


class TestVault:
    """FORMAT.md 8: what the vault has is what the records say; what it lacks is not checked."""

    def test_missing(self, path, room):
        (room / "decisions.vault").unlink()
        report = verify_directory(path)
        assert (report.ok, report["vault"].result) == (True, "NOT CHECKED")
        assert "is missing" in report["vault"].detail
        assert verify_directory(path, vault=False)["vault"].detail == "no vault was given"

    def test_of_another_log(self, path, room):
        make_log(room / "other", 1, origin="other")
        report = verify_directory(path, vault=room / "other.vault")
        assert (report.ok, report["vault"].result) == (False, "FAILS")
        assert "is the vault of another log" in report["vault"].detail
        assert "put the log's own vault back from a copy" in report["vault"].detail
        assert report["precedence"].result == "NOT CHECKED"
        for where in (path, room / "other"):
            assert hashlib.sha256(b"\x00" + lines_of(where)[0]).hexdigest() in str(report["vault"])

    def test_something_else(self, path, room):
        (room / "else").write_text("hello")
        assert "is no vault" in verify_directory(path, vault=room / "else")["vault"].detail

    def test_disclosures_that_are_gone(self, path, room):
        vault = sqlite3.connect(room / "decisions.vault")
        with vault:
            vault.execute("DELETE FROM disclosures WHERE rowid IN (2, 5)")
        vault.close()
        report = verify_directory(path)
        assert (report["vault"].result, report["vault"].detail) == (
            "NOT CHECKED",
            "2 of 10 disclosures are not in the vault; the first is of record #2",
        )

    def test_a_disclosure_that_was_changed(self, path, room):
        with open_log(path) as log:
            digest = log.read(3)["body"]["disclosures"]["submission"]
        vault = sqlite3.connect(room / "decisions.vault")
        with vault:
            vault.execute("UPDATE disclosures SET text = replace(text, 'W', 'X') WHERE digest = ?", (digest,))
        vault.close()
        finding = fails(path, "vault", 3, vault=None)
        assert finding.detail == "the vault's disclosure of this submission was changed"
        assert finding.expected == digest

    def test_a_case_that_is_cited_as_a_submission(self, path):
        def change(records):
            digests = records[3]["body"]["disclosures"]
            digests["submission"] = digests["case"]

        forge(path, change)
        assert "is no disclosure of a submission" in fails(path, "vault", 3, vault=None).detail


class TestTheOtherVerifier:
    """`audit/verify.py`, which shares no code with the package, says the same of every log: whether it holds, and which record is the first bad one."""

    @pytest.fixture
    def path(self, room):
        return make_log(room / "decisions", 2)

    @pytest.fixture(scope="class")
    @staticmethod
    def other():
        file = Path(__file__).parent.parent / "audit" / "verify.py"
        spec = importlib.util.spec_from_file_location("other_verifier", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    @pytest.fixture
    def agree(self, path, other, monkeypatch, capsys):
        opened = []  # the script leaves the closing of its database to the end of its process
        connect = sqlite3.connect
        monkeypatch.setattr(
            other,
            "sqlite3",
            SimpleNamespace(Error=sqlite3.Error, connect=lambda *a, **k: opened.append(connect(*a, **k)) or opened[-1]),
        )

        def compare(expect=None):
            found = failing(path, expect=expect)
            first = min((finding.seq for finding in found.values() if finding.seq is not None), default=None)
            options = ["--expect", f"{expect[0]}:{expect[1]}"] if expect else []
            monkeypatch.setattr("sys.argv", ["verify.py", str(path), "--json", *options])
            status = other.main()
            opened.pop().close()
            rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
            others_first = next((row["seq"] for row in rows if row["result"] == "FIRST"), None)
            assert (bool(found), first) == (status == 1, others_first)

        return compare

    def test_on_a_good_log(self, path, agree):
        with open_log(path) as log:
            agree(log.head)
            agree((2, log.head[1]))
            agree((9, log.head[1]))

    def test_on_changed_bytes(self, path, agree):
        with open_log(path) as log:
            head = log.head
        whole = segment(path).read_bytes()
        for place in range(0, len(whole), 5):
            segment(path).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            agree(head)
        for place in range(0, len(whole), 23):
            segment(path).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            agree()

    def test_on_moved_records_and_a_torn_end(self, path, agree):
        lines = lines_of(path)
        moved = [lines[:k] + lines[k + 1 :] for k in range(4)]
        moved += [[*lines[:at], lines[k], *lines[at:]] for k in range(4) for at in range(5)]
        moved += [[*order] for order in itertools.permutations(lines)]
        moved += [[*lines, end] for end in (b"", b"{}", b"x" * 32_768, b"x" * 32_769)]
        for each in moved:
            write_lines(path, each)
            agree()
        for data in (b"", b"\n".join(lines), b"\n".join(lines) + b"\nx"):
            segment(path).write_bytes(data)
            agree()

    def test_on_every_value_that_does_not_fit(self, path, agree):
        good = [json.loads(line) for line in lines_of(path)]
        for key, values in IN_DECISION.items():
            for value in values:
                records = copy.deepcopy(good)
                records[3]["body"]["decision"][key] = value
                write_lines(path, rechain(records))
                agree()
        for time in TIMES:
            write_lines(path, rechain([*good[:3], {**good[3], "time": time}]))
            agree()


class TestMemory:
    def test_it_stays_flat(self, room):
        """What is kept of a record until its segment ends are some 64 bytes: its id, the digest of its case, two numbers."""
        peaks = []
        for count in (2_000, 20_000):
            path = room / str(count)
            (path / "log").mkdir(parents=True)
            (path / "packs").mkdir()
            (path / "packs" / f"{RUBRIC.digest}.json").write_bytes(RUBRIC.pack)
            batch = Batch(Tail(), "2026-11-21T09:00:00Z", 65_536)
            batch.add("genesis", {"origin": "memory"})
            batch.add("rubric", describe(RUBRIC.pack))
            for number in range(count):
                digests = {
                    name: hashlib.sha256(f"{name} {number}".encode()).hexdigest() for name in ("case", "submission")
                }
                batch.add(
                    "decision", {"decision": GOOD, "disclosures": digests, "id": f"s-{number}", "supersedes": None}
                )
            write_lines(path, batch.lines)
            del batch
            tracemalloc.start()
            report = verify_directory(path)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert (report.ok, report.size) == (True, count + 2)
        assert peaks[1] < peaks[0] + 20_000 * 150
        assert peaks[1] < 8_000_000

    def test_a_line_without_end_does_not_fill_it(self, room):
        path = make_log(room / "log", 1)
        with segment(path).open("ab") as file:
            for _ in range(50):
                file.write(b"x" * 1_000_000)
        tracemalloc.start()
        assert "more than 1048576 bytes without a line end" in fails(path, "segments", 3).detail
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
        tracemalloc.stop()
        assert segment(path).stat().st_size > 50_000_000
