"""Decisions checked by their shape and in columns: what slips through no parser slips through none of this either."""

from __future__ import annotations

import json
import random

import pytest

import logs
from logs import RUBRIC, make_log, open_log, submission
from scoring import canonical
from scoring.audit import scan
from scoring.audit.shapes import Shapes
from scoring.audit.verify import verify_directory
from test_scan import agree, slowly
from test_scan_forged import rewrite

room, path = logs.room, logs.path
SEQ = 22  # behind lines of the same shape, and before some


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Four lines at once, so that a log of thirty has blocks of nothing but decisions."""
    monkeypatch.setattr(scan, "_TILE", 4)


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """The segment of a log of thirty decisions, of two shapes by turns."""
    path = tmp_path_factory.mktemp("shapes") / "honest"
    with open_log(path, create=True, vault=False) as log:
        for number in range(30):
            log.decide(RUBRIC, submission(number, deadline="rash" if number % 3 == 0 else "right"))
    return path


@pytest.fixture
def forged(honest, path):
    """A copy of it."""
    logs.shutil.copytree(honest, path)
    return path


def test_most_lines_are_never_parsed(forged, monkeypatch):
    """Else all this is for nothing: only blocks that hold no decisions, or in which `seq` grows longer, are read record by record."""
    parsed = []
    real = scan._Bodies.parse
    monkeypatch.setattr(
        scan._Bodies, "parse", lambda self, line, seq, *more: parsed.append(seq) or real(self, line, seq, *more)
    )
    report = verify_directory(forged, vault=False, workers=1)
    assert report == slowly(forged, vault=False)
    assert parsed == [0, 1, 2, 3, 8, 9, 10, 11]


def of(key, value):
    """Put another value, as it is spelt, under a key of the decision or the record."""

    def change(line):
        start = line.index(b'"%b":' % key) + len(key) + 3
        return line[:start] + value + line[start + len(json.dumps(decoded(line, start), separators=(",", ":"))) :]

    return change


def decoded(line, start):
    return json.JSONDecoder().raw_decode(line[start:].decode())[0]


def swap(old, new):
    return lambda line: line.replace(old, new, 1)


def doubled(key):
    """Have a key stand twice."""

    def change(line):
        start = line.index(b'"%b":' % key)
        length = len(key) + 3 + len(json.dumps(decoded(line, start + len(key) + 3), separators=(",", ":")))
        return line[:start] + line[start : start + length] + b"," + line[start:]

    return change


BAD_CODES = [
    *(
        b'""',
        b'" "',
        b'"+"',
        b'"\xc3\xa9"',
        b'"\xff"',
        b'"\x00"',
        b'"\\u0041"',
        b'"\\ud800"',
        b'"\xed\xa0\x80"',
        b'"A\\"A"',
        b'"A\r"',
    ),
    *(
        b"null",
        b"1",
        b"NaN",
        b"[]",
        b'["A"]',
        b'"%b"' % (b"A" * 3001),
        b'"A","outcomes":"A"',
        b'"A","outcomes":1',
        b"A",
        b'"A"A',
    ),
]
BAD_DIGESTS = [
    b'"%b"' % (b"0" * 63),
    b'"%b"' % (b"0" * 65),
    b'"%b"' % (b"A" * 64),
    b'"%b"' % (b" " * 64),
    b'"%b\\u0030"' % (b"0" * 63),
    b"null",
    b"0",
]
BAD_IDS = [
    b'""',
    b'"%b"' % (b"a" * 49),
    b'" "',
    b'"a\\u0062"',
    b'"\xc3\xa9"',
    b'"\xef\xbb\xbf"',
    b'"a","id":"b"',
    b'"a\x00"',
    b"1",
    b'"\\""',
    b'"a/b"',
]
BAD_NUMBERS = [
    b"1.0",
    b"1e0",
    b"-0",
    b"true",
    b"01",
    b"+1",
    b"2",
    b"9007199254740992",
    b"1" * 40,
    b'"1"',
    b"null",
    b"Infinity",
    b" 1",
]
BAD_TIMES = [
    *(b'"2026-02-30T00:00:00Z"', b'"2026-11-21T09:00:60Z"', b'"2026-11-21 09:00:00Z"', b'"0000-01-01T00:00:00Z"'),
    *(b'"\xff026-11-21T09:00:00Z"', b'"2026-11-21T09:00:00\xc3"'),
]
DAMAGE = {
    **{f"outcomes {value[:20]!r}": of(b"outcomes", value) for value in BAD_CODES},
    **{f"case {value[:12]!r}": of(b"case", value) for value in BAD_DIGESTS},
    **{f"submission {value[:12]!r}": of(b"submission", value) for value in BAD_DIGESTS},
    **{f"id {value[:12]!r}": of(b"id", value) for value in BAD_IDS},
    **{f"semantics {value[:12]!r}": of(b"semantics", value) for value in BAD_NUMBERS},
    **{f"v {value[:12]!r}": of(b"v", value) for value in BAD_NUMBERS},
    **{f"supersedes {value[:12]!r}": of(b"supersedes", value) for value in (b"nul1", b"0.0", b"-0", b"false", b"NULL", b'"null"', b"null,", b"30")},
    **{f"score {value[:12]!r}": of(b"score", value) for value in (b"1", b"1.5", b'"2/4"', b'"-0"', b"NaN", b'"1.5"', b'"\\ud800"', b"true")},
    **{f"notice {value!r}": of(b"notice", value) for value in (b"1", b"0", b'"true"', b"1.0")},
    **{f"flags {value!r}": of(b"flags", value) for value in (b'{"outcomes":"A"}', b'{"refer":"A","note":"A"}', b'{"note":"A","note":"A"}', b"[]")},
    **{f"time {value!r}": of(b"time", value) for value in BAD_TIMES},
    **{f"{key!r} twice": doubled(key) for key in (b"action", b"outcomes", b"void", b"id", b"case", b"disclosures", b"supersedes", b"v")},
    "a mark of byte order": lambda line: b"\xef\xbb\xbf" + line,
    "a return at the end": lambda line: line + b"\r",
    "a space at the end": lambda line: line + b" ",
    "a NUL at the start": lambda line: b"\x00" + line,
    "a line end within": swap(b'"level"', b'\n"level"'),
    "a space behind a colon": swap(b":", b": "),
    "a tab before outcomes": swap(b'"outcomes"', b'\t"outcomes"'),
    "keys in another order": swap(b'"disclosures":{"case":', b'"disclosures":{"dase":'),
    "outcomes escaped": swap(b'"outcomes"', b'"\\u006futcomes"'),
    "outcomes within a text": swap(b'"outcomes":"', b'"x\\"outcomes":"'),
    "no comma before outcomes": swap(b',"outcomes":', b' "outcomes":'),
    "another sign before outcomes": swap(b',"outcomes":', b'}"outcomes":'),
    "no comma behind outcomes": swap(b',"pack":', b' "pack":'),
    "another sign behind outcomes": swap(b',"pack":', b'{"pack":'),
    "a decision called otherwise": swap(b'{"body":{"decision":', b'{"body":{"decisiom":'),
    "a brace less before a decision": swap(b'{"body":{"decision":', b'{"body": "decision":'),
    "one brace more": swap(b',"disclosures"', b'},"disclosures"'),
    "one brace less": swap(b'},"disclosures"', b',"disclosures"'),
    "nothing but keys": lambda _: b'["body","prev","seq","time","type","v"]',
    "nothing": lambda _: b"",
}  # fmt: skip


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE)
def test_a_line_that_does_not_hold_is_found(forged, change):
    """Chained again behind it, so that only the line itself can show it; and as reading line by line finds it."""
    before = (forged / "log" / f"{0:012d}.jsonl").read_bytes()
    rewrite(forged, SEQ, change)
    assert (forged / "log" / f"{0:012d}.jsonl").read_bytes() != before
    wanted = slowly(forged, vault=False)
    assert not wanted.ok
    assert verify_directory(forged, vault=False, workers=1) == wanted


@pytest.mark.parametrize("key", [b"profile", b"level", b"variant", b"outcomes", b"id"])
def test_the_name_of_the_place_where_a_line_is_cut_may_stand_in_a_record(forged, key):
    """It is an id and a text of outcomes like any other."""
    rewrite(forged, SEQ, of(key, b'"outcomes"'))
    assert agree(forged, vault=False).ok


@pytest.mark.parametrize("key", [b"void", b"reinstate", b"supersedes"])
def test_what_is_said_of_a_decision_is_not_passed_over(forged, key):
    """A record that fits by itself, and must be compared with others of its case."""
    value = {b"void": b'"seen"', b"reinstate": b'{"reason":"seen","stage":"main"}', b"supersedes": b"3"}[key]
    rewrite(forged, SEQ, of(key, value))
    assert not agree(forged, vault=False).ok


@pytest.mark.parametrize("seed", range(60))
def test_the_same_is_found_of_lines_put_together_from_others(forged, seed):
    """Pieces of honest lines, cut anywhere and at quotes, bytes lost and doubled."""
    chance = random.Random(seed)
    lines = (forged / "log" / f"{0:012d}.jsonl").read_bytes().split(b"\n")[12:-1]

    def place(line):
        at = chance.randrange(1, len(line))
        return at if seed % 2 else line.rfind(b'"', 0, at) + 1

    def change(line):
        tail = len(line) - line.rindex(b',"prev"')
        head, body = chance.choice(lines), line[:-tail]
        cut = place(head[:-tail])
        back = cut if seed % 3 else place(body)
        return head[:cut] + body[back:] + line[-tail:]

    rewrite(forged, SEQ, change)
    wanted = slowly(forged, vault=False)
    assert verify_directory(forged, vault=False, workers=1) == wanted


def test_what_is_remembered_stays_small(honest, monkeypatch):
    """However many kinds of decisions a log has: what finds no room is read each time, and now and then what has it makes way."""
    lines = (honest / "log" / f"{0:012d}.jsonl").read_bytes().splitlines(keepends=True)[12:]
    lines = lines[:-2]  # so that the last is of another kind than the first
    first, last = (lines[at].partition(b'"outcomes":"')[0] for at in (0, -1))
    for most, longest, patience, kept in (
        (400, 400, 1, [last]),
        (400, 400, 99, [first]),
        (999, 100, 1, []),
        (999, 999, 1, [first, last]),
    ):
        monkeypatch.setattr("scoring.audit.shapes._MOST", most)
        monkeypatch.setattr("scoring.audit.shapes._LONGEST", longest)
        monkeypatch.setattr("scoring.audit.shapes._PATIENCE", patience)
        shapes = Shapes()
        found = shapes.read(lines, len(lines[0]) - lines[0].rindex(b',"prev"'))
        assert found.numbers == [*range(len(lines))]
        assert found.ids == [canonical.loads(line[:-1])["body"]["id"].encode() for line in lines]
        assert found.cases == [canonical.loads(line[:-1])["body"]["disclosures"]["case"].encode() for line in lines]
        assert [*shapes._heads] == kept
        for memory in (shapes._heads, shapes._tails):
            assert (len(memory), memory.size) == (len(kept), sum(map(len, memory)))


def test_blocks_of_lines_give_the_same_tree(path, monkeypatch):
    """Whatever the number of lines that are checked at once, heads among them included."""
    make_log(path, 30, vault=False)
    for tile in (1, 2, 8, 256):
        monkeypatch.setattr(scan, "_TILE", tile)
        assert agree(path, vault=False, expect=None).ok
