"""
Check a log directory without trusting whoever wrote it: its files, lines, records, chain, packs and order.

    python3 -I -S verify.py DIR [--expect SIZE:LEAF] [--json]

Written from FORMAT.md alone; Python 3.9 or newer, standard library only. It reads the log once, line by line, writes
nothing, and prints places, ids and digests, never anything else that a record holds. Whether the verdicts follow from
the outcomes is checked by recompute.py beside it. Exit status: 0 holds; 1 fails; 2 the call is wrong; 3 something that
was asked for could not be checked.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from collections import Counter
from datetime import datetime
from hashlib import sha256
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

LINE_MAX, PACK_MAX, SEGMENT, DEPTH_MAX, INT_MAX, SHOWN = 32_768, 4 << 20, 65_536, 32, 2**53 - 1, 20
CHECKS = {  # each check, and what is said where it holds
    "files": "{segments} segments, named and filled in order",
    "lines": "{lines} lines of canonical JSON, each ended by one newline",
    "records": "{records} records that fit the tables of FORMAT.md 3, 4 and 6",
    "chain": "{records} records, seq without a gap, prev the leaf of the record before",
    "rubrics": "{rubrics} rubric records, no pack and no version twice",
    "packs": "{packs} pack files with the digest, length, ids and scoring digest cited; {strays} files that none cites",
    "decisions": "{decisions} decisions, each id once, each pack recorded before, each supersedes right",
    "head": "the log has the expected head",
}
LIMITS = (
    "records cut from the end: compare the head with one kept elsewhere (--expect)",
    "a log rewritten from the start by whoever can write the files: the same comparison shows it",
    "a score that was never logged",
    "whether `time` is true: it is what the writer's clock said; the order of events is `seq`",
    "whether verdicts follow from outcomes (recompute.py tells), and outcomes from answers (that needs the answers)",
)

# --- the kinds of values, and the tables of FORMAT.md 3, 4 and 6 ------------------------------------------------------


class Kind(NamedTuple):
    """What a value must be, in words and as a test."""

    text: str
    fits: Callable[[Any], bool]


def _text(value: Any, low: int, high: int, alphabet: frozenset[str]) -> bool:
    return isinstance(value, str) and low <= len(value) <= high and alphabet.issuperset(value)


def _rational(value: Any) -> bool:
    if not _text(value, 1, 8_600, RATIONAL_CHARS):
        return False
    over, slash, under = value.partition("/")
    try:
        num, den = int(over), int(under) if slash else 1
        return value == (f"{num}/{den}" if slash else f"{num}") and den > (1 if slash else 0) and gcd(num, den) == 1
    except ValueError:
        return False


def _time(value: Any) -> bool:
    try:
        return len(value) == 20 and datetime.fromisoformat(value[:19]).isoformat() + "Z" == value
    except (TypeError, ValueError):
        return False


def _id_after(prefix: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value.startswith(prefix) and ID.fits(value[len(prefix) :])


def _word(*words: str) -> Kind:
    return Kind("one of " + ", ".join(words), lambda value: isinstance(value, str) and value in words)


def _list(kind: Kind, most: int) -> Kind:
    text = f"a list of at most {most}: {kind.text}"
    return Kind(text, lambda value: isinstance(value, list) and len(value) <= most and all(map(kind.fits, value)))


def _map(key: Kind, kind: Kind) -> Kind:
    keys, values = _list(key, 50), _list(kind, 50)
    text = f"an object from {key.text} to {kind.text}"
    return Kind(text, lambda v: isinstance(v, dict) and keys.fits([*v]) and values.fits([*v.values()]))


def _or_null(kind: Kind) -> Kind:
    return Kind(f"{kind.text}, or null", lambda value: value is None or kind.fits(value))


ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
ID_CHARS, HEX_CHARS, CODE_CHARS = frozenset(ALNUM + "._-"), frozenset("0123456789abcdef"), frozenset(ALNUM + "-_")
RATIONAL_CHARS, ORIGIN_CHARS = frozenset("0123456789/-"), frozenset(map(chr, range(0x21, 0x7F)))
HOLDS = ("refer", "verdict", "irregularity", "notice", "unclear")

ID = Kind("an id", lambda value: _text(value, 1, 48, ID_CHARS))
IDS = _list(ID, 20)
DIGEST = Kind("a digest", lambda value: _text(value, 64, 64, HEX_CHARS))
RATIONAL = Kind("a rational in lowest terms", _rational)
INTEGER = Kind("an integer from 0 on", lambda value: type(value) is int and value >= 0)
LENGTH = Kind("an integer from 1 to 4 MiB", lambda value: type(value) is int and 0 < value <= PACK_MAX)
ONE = Kind("1", lambda value: type(value) is int and value == 1)
ITEM_SET = Kind("an item set", lambda value: _text(value, 1, 167, CODE_CHARS))
OVERRIDE = _id_after("override:")
BY = Kind("fatal, knock_out or override:ID", lambda v: v in ("fatal", "knock_out") or OVERRIDE(v))
CAP = Kind("a cap", lambda value: misfit(value, {"by": BY, "verdict": ID}) is None)

RECORD = {
    "body": Kind("an object", lambda value: isinstance(value, dict)),
    "prev": _or_null(DIGEST),
    "seq": INTEGER,
    "time": Kind("a time", _time),
    "type": _word("genesis", "rubric", "decision"),
    "v": ONE,
}
DECISION = {
    "action": _word("advance", "review", "decline", "wait"),
    "assumed": _list(Kind("profile:ID", _id_after("profile:")), 1),
    "awaited": ITEM_SET,
    "caps": _list(CAP, 102),
    "determined_by": _list(Kind("band, " + BY.text, lambda value: value == "band" or BY.fits(value)), 103),
    "flags": _map(_word("fatal", "knock_out", "refer", "note"), ITEM_SET),
    "handed_in": Kind('["main"]', lambda value: value == ["main"]),
    "holds": Kind("some of " + ", ".join(HOLDS), lambda v: isinstance(v, list) and v == [h for h in HOLDS if h in v]),
    "irregularities": Kind("ids, sorted, each once", lambda value: IDS.fits(value) and value == sorted(set(value))),
    "level": Kind("null", lambda value: value is None),
    "notice": Kind("true, false or null", lambda value: value is None or isinstance(value, bool)),
    "outcomes": Kind("base64url digits", lambda value: _text(value, 1, 3_000, CODE_CHARS)),
    "pack": DIGEST,
    "profile": ID,
    "reachable": _or_null(_list(ID, 16)),
    "score": _or_null(RATIONAL),
    "sections": _or_null(_map(ID, _or_null(RATIONAL))),
    "semantics": ONE,
    "status": _word("ended", "pending", "decided"),
    "verdict": _or_null(ID),
}
BODIES: dict[str, dict[str, Any]] = {
    "genesis": {"origin": Kind("1 to 200 printable characters", lambda value: _text(value, 1, 200, ORIGIN_CHARS))},
    "rubric": {"length": LENGTH, "pack": DIGEST, "rubric": ID, "scoring": DIGEST, "version": ID},
    "decision": {
        "decision": DECISION,
        "disclosures": {"case": DIGEST, "submission": DIGEST},
        "id": ID,
        "supersedes": _or_null(INTEGER),
    },
}


def misfit(value: Any, table: dict[str, Any], path: str = "") -> tuple[str, str, str] | None:
    """Return where `value` first departs from `table` (what, expected, found), or None."""
    if not isinstance(value, dict):
        return path or "the line", "an object", type(value).__name__
    for key, kind in table.items():
        if key not in value:
            return f"key {path}{key}", "to be there", "no such key"
        if isinstance(kind, dict):
            inner = misfit(value[key], kind, f"{path}{key}.")
            if inner:
                return inner
        elif not kind.fits(value[key]):
            return f"key {path}{key}", kind.text, f"another {type(value[key]).__name__}"
    if len(value) > len(table):
        return f"the keys of {path or 'the record'}", "only " + " ".join(table), f"{len(value) - len(table)} more"
    return None


# --- canonical JSON (FORMAT.md 1) and the scoring digest (5) ----------------------------------------------------------


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs) or not all(key.isascii() for key, _ in pairs):
        raise ValueError("a key occurs twice or is not ASCII")
    return dict(pairs)


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > INT_MAX:
        raise ValueError("an integer is outside of 2^53-1")
    return int(text)


def _no_integer(_: str) -> None:
    raise ValueError("a number is no integer")


def _depth(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inside is None else 1 + max(map(_depth, inside), default=0)


def encode(value: Any) -> bytes:
    """Return the one spelling of a value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def decode(data: bytes) -> Any:
    """Return the value spelled by `data`; raise ValueError with what is wrong, never with what stands there."""
    hooks: dict[str, Any] = {"parse_int": _integer, "parse_float": _no_integer, "parse_constant": _no_integer}
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_pairs, **hooks)
        # What has too few brackets to be deep need not be walked.
        deep = data.count(b"[") + data.count(b"{") > DEPTH_MAX and _depth(value) > DEPTH_MAX
        same = encode(value) == data
    except RecursionError as error:
        raise ValueError("it nests too deep") from error
    except UnicodeError as error:
        raise ValueError("it is not UTF-8, or holds a lone surrogate") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON at its character {error.pos}") from error
    if deep or not same:
        raise ValueError("it nests too deep" if deep else "its re-encoding differs (order, white space, escapes or -0)")
    return value


def bare(value: Any) -> Any:
    """Return a value without any `about`; a section named so keeps its entry in `shares`, which is no object."""
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items() if key != "about" or not isinstance(inner, dict)}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


# --- what is found ----------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where a finding lies: a record by its position, its line's first byte, and the file below DIR."""

    seq: int | None
    offset: int | None
    file: str | None


NOWHERE = Place(None, None, None)


class Report:
    """Prints what each check finds, and remembers what the exit status needs."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.counts: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.missed: dict[str, str] = {}  # check -> why it could not be made
        self.first = NOWHERE

    def say(self, result: str, check: str, place: Place, detail: str, **values: str) -> None:
        """Print one line: an object with fixed keys, or text. `values` are what was expected and what was found."""
        if self.as_json:
            fields = {"check": check, "result": result, **place._asdict(), "expected": None, "found": None}
            print(json.dumps({**fields, **values, "detail": detail}))
            return
        record = "" if place.seq is None else f"record #{place.seq}, byte offset {place.offset} of "
        where = f"{record}{place.file}: " if place.file else ""
        compared = "; expected {expected}; found {found}".format_map(values) if values else ""
        print(f"{result} {check}: {where}{detail}{compared}")

    def fail(self, check: str, place: Place, problem: tuple[str, Any, Any]) -> None:
        """Count a finding (what, expected, found); print the first 20, and the first of each check."""
        self.failed[check] += 1
        if self.failed[check] == 1 or sum(self.failed.values()) <= SHOWN:
            self.say("FAILS", check, place, problem[0], expected=str(problem[1]), found=str(problem[2]))
        if place.seq is not None and (self.first.seq is None or place.seq < self.first.seq):
            self.first = place

    def close(self, head: str) -> None:
        """Print what holds, what was not checked, the first bad record, the head, and what no log can show."""
        for check, text in CHECKS.items():
            if check in self.missed:
                self.say("NOT CHECKED", check, NOWHERE, self.missed[check])
            elif not self.failed[check]:
                self.say("HOLDS", check, NOWHERE, text.format_map(self.counts))
        self.say("NOT CHECKED", "signed heads", NOWHERE, "this version of the format has none")
        if self.first.seq is not None:
            self.say("FIRST", "bad record", self.first, f"{sum(self.failed.values())} findings in all")
        self.say("HEAD", "size and leaf", NOWHERE, head)
        for limit in LIMITS:
            self.say("NOT SHOWN", "by any log itself", NOWHERE, limit)


# --- the walk ---------------------------------------------------------------------------------------------------------


class Seen:
    """
    Where each id, case, pack and version last occurred.

    A private temporary database: SQLite keeps it in memory up to its cache, then in a file that vanishes with the
    process. So memory stays bounded whatever the log's size, and keys are compared whole: with shortened digests in a
    set, somebody could make two of them collide and so raise a false alarm.
    """

    def __init__(self) -> None:
        self.base = sqlite3.connect("", isolation_level=None)
        for command in ("PRAGMA journal_mode=OFF", "PRAGMA cache_size=-65536", "BEGIN"):  # 64 MiB
            self.base.execute(command)
        self.base.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, seq INTEGER) WITHOUT ROWID")

    def last(self, key: str) -> int | None:
        """Return the seq that `key` last occurred at."""
        row = self.base.execute("SELECT seq FROM seen WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def move(self, key: str, seq: int) -> int | None:
        """Return the seq that `key` last occurred at, and note that it occurs at `seq`."""
        before = self.last(key)
        self.base.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (key, seq))
        return before


class WalkError(Exception):
    """The log cannot be read any further."""


class Walk:
    """One pass over a log directory; afterwards `size` and `leaf` are its head."""

    def __init__(self, root: Path, expect: tuple[int, str] | None, report: Report) -> None:
        self.root, self.expect, self.report, self.seen = root, expect, report, Seen()
        self.size = 0
        # Of the record before: leaf, place, own seq, and whether it is missing altogether.
        self.leaf: str | None = None
        self.last: Place | None = None
        self.last_seq, self.gap = -1, False
        self.doubt: tuple[Place, Place, Any, Any] | None = None  # two neighbours, the leaf of one, what the other cites
        self.compared: tuple[Place, str] | None = None  # the record that --expect is about, and its leaf

    def run(self) -> None:
        """Make every check. Where reading stops, that is said of every check."""
        why = ""
        try:
            self.files()
            self.finish()
        except WalkError as error:
            why = str(error)
        except (OSError, sqlite3.Error) as error:
            why = f"reading stopped at record #{self.size}: {getattr(error, 'strerror', None) or 'sqlite3'}"
        finally:
            self.seen.base.close()
        self.report.missed = {**dict.fromkeys(CHECKS if why else (), why), **self.report.missed}

    def files(self) -> None:
        """Read the segments in order; every other file in log/ is a finding."""
        due, short = 0, None
        for path in sorted((self.root / "log").iterdir()):
            first = int(path.name[:12]) if path.name.isascii() and path.name[:12].isdecimal() else -1
            place = Place(None, None, f"log/{ascii(path.name)[1:-1][:80]}")
            if first % SEGMENT or path.name != f"{first:012}.jsonl" or not path.is_file():
                self.report.fail("files", place, ("its name", "a multiple of 65536 in 12 digits, .jsonl", "another"))
                continue
            if first != due:
                self.report.fail("files", place, ("the segment before it", f"{due:012}.jsonl", "none"))
            if short:
                self.report.fail("files", short, ("its number of records, not being the last", SEGMENT, "fewer"))
            self.gap, self.size = first != self.size, first
            count = self.segment(path, place)
            if count > SEGMENT:
                self.report.fail("files", place, ("its number of records", f"at most {SEGMENT}", count))
            due, short = first + SEGMENT, place if count < SEGMENT else None
            self.report.counts["segments"] += 1
        if not self.size:
            self.report.fail("files", Place(None, None, "log/"), ("the log", "a record 0", "no record"))

    def segment(self, path: Path, place: Place) -> int:
        """Check the lines of one file and return their number."""
        offset = count = 0
        with path.open("rb") as stream:
            while line := stream.readline(LINE_MAX + 1):  # never more than this, however long the line is
                self.line(Place(self.size, offset, place.file), line)
                offset, count = offset + len(line), count + 1
        return count

    def line(self, place: Place, line: bytes) -> None:
        """Check one line and the record in it, and make it the record before."""
        text = line[:-1] if line.endswith(b"\n") else line
        if len(text) > LINE_MAX:
            self.report.fail("lines", place, ("its length", f"at most {LINE_MAX} bytes", "more"))
            raise WalkError(f"the log was not read beyond record #{self.size}")
        if text is line:
            self.report.fail("lines", place, ("its end", "a newline", "the end of the file"))
        record, bad = self.read(place, text), text is line
        # After a drop or an insertion the records that still follow each other are not named again.
        if record and record["seq"] not in (self.size, self.last_seq + 1):
            self.report.fail("chain", place, ("seq", self.size, record["seq"]))
            bad = True
        self.chain(place, record, bad)
        if record:
            self.order(place, record)
            self.last_seq = record["seq"]
        self.leaf = sha256(b"\0" + text).hexdigest()
        self.last, self.gap, self.size = place, False, self.size + 1
        self.report.counts["lines"] += 1
        if self.expect and self.expect[0] == self.size:
            self.compared = place, self.leaf

    def read(self, place: Place, text: bytes) -> Any:
        """Return the record in a line if it is canonical JSON and fits the tables."""
        try:
            record = decode(text)
        except ValueError as error:
            self.report.fail("lines", place, ("it", "canonical JSON", error))
            return None
        problem = misfit(record, RECORD) or misfit(record["body"], BODIES[record["type"]], "body.")
        if not problem and (record["type"] == "genesis") is not (self.size == 0):
            problem = "key type", "genesis in record 0 and only there", record["type"]
        if problem:
            self.report.fail("records", place, problem)
            return None
        self.report.counts["records"] += 1
        return record

    def chain(self, place: Place, record: dict[str, Any] | None, bad: bool) -> None:
        """
        Compare `prev` with the leaf of the record before.

        Where two neighbours disagree, the next record tells which of them was altered: it cites the leaf that the later
        one had when it was written.
        """
        cited = record["prev"] if record else self.leaf
        doubt, self.doubt = self.doubt, None
        if doubt:
            self.blame(doubt, later=cited != self.leaf)
        elif cited == self.leaf:
            return
        elif bad or self.gap or self.last is None or cited is None:
            self.report.fail("chain", place, ("prev", self.leaf, cited))
        else:
            self.doubt = (self.last, place, self.leaf, cited)

    def blame(self, doubt: tuple[Place, Place, Any, Any], later: bool) -> None:
        """Name the altered one of two neighbours."""
        earlier, after, leaf, cited = doubt
        if later:
            self.report.fail("chain", after, ("prev", leaf, cited))
        else:
            self.report.fail("chain", earlier, (f"its leaf, by the prev of record #{after.seq}", cited, leaf))

    def order(self, place: Place, record: dict[str, Any]) -> None:
        """Check what a record says against the records before it."""
        seq, body, fail = record["seq"], record["body"], self.report.fail
        self.report.counts[record["type"] + "s"] += 1
        if record["type"] == "rubric":
            for key in (f"pack {body['pack']}", f"rubric {body['rubric']} {body['version']}"):
                before = self.seen.move(key, seq)
                if before is not None:
                    fail("rubrics", place, (key, "once in a log", f"it in record #{before} too"))
            self.pack(place, body)
        elif record["type"] == "decision":
            cited, own = f"pack {body['decision']['pack']}", f"id {body['id']}"
            if self.seen.last(cited) is None:
                fail("decisions", place, (cited, "an earlier rubric record with it", "none"))
            before, newest = self.seen.move(own, seq), self.seen.move(f"case {body['disclosures']['case']}", seq)
            if before is not None:
                fail("decisions", place, (own, "once in a log", f"it in record #{before} too"))
            if body["supersedes"] != newest:
                fail("decisions", place, ("supersedes", newest, body["supersedes"]))

    def pack(self, place: Place, body: dict[str, Any]) -> None:
        """Check the pack file that a rubric record cites; the first thing that is wrong is named."""
        name = f"packs/{body['pack']}.json"
        if not (self.root / "packs").is_dir():
            self.report.missed["packs"] = "there is no packs/ beside log/"
            return
        if not (self.root / name).is_file():
            self.report.fail("packs", place, (name, "a file", "none"))
            return
        with (self.root / name).open("rb") as stream:
            data = stream.read(PACK_MAX + 1)
        self.report.counts["packs"] += 1
        found: dict[str, Any] = {"pack": sha256(data).hexdigest(), "length": len(data)}
        if body["pack"] == found["pack"]:
            try:
                pack = decode(data)
                found["rubric"], found["version"] = pack.pop("rubric"), pack.pop("version")
                found["scoring"] = sha256(encode(bare(pack))).hexdigest()
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                why = error if isinstance(error, ValueError) else "no object with a rubric and a version"
                self.report.fail("packs", place, (name, "a pack in canonical JSON", why))
        for key, value in found.items():
            if body[key] != value:
                plain = value if isinstance(value, int) or ID.fits(value) or DIGEST.fits(value) else "no id"
                self.report.fail("packs", place, (f"{key} of {name}", body[key], plain))
                break

    def finish(self) -> None:
        """Check what only the log's end shows."""
        expect, compared, fail = self.expect, self.compared, self.report.fail
        if self.doubt:
            at_end = expect is not None and expect[0] == self.size
            self.blame(self.doubt, later=at_end and expect != (self.size, self.leaf))
        folder = self.root / "packs"
        for path in folder.iterdir() if folder.is_dir() else ():
            known = DIGEST.fits(path.name[:64]) and self.seen.last(f"pack {path.name[:64]}") is not None
            self.report.counts["strays"] += not (known and path.name[64:] == ".json")
        if expect is None:
            self.report.missed["head"] = "none to compare with was given (--expect)"
        elif compared is None:
            log = Place(None, None, "log/")
            fail("head", log, ("its number of records", f"{expect[0]} or more", self.size))
        elif compared[1] != expect[1]:
            fail("head", compared[0], ("its leaf", expect[1], compared[1]))


def _head(text: str) -> tuple[int, str]:
    size, _, leaf = text.partition(":")
    if not (size.isascii() and size.isdecimal() and len(size) < 16 and int(size) and DIGEST.fits(leaf)):
        raise argparse.ArgumentTypeError("expected a number from 1 on, a colon and 64 lower-case hexadecimal digits")
    return int(size), leaf


def main() -> int:
    """Check a log, print what was found and return the exit status."""
    parser = argparse.ArgumentParser(description="Check a decision log: 0 holds, 1 fails, 2 wrong call, 3 not checked.")
    parser.add_argument("dir", metavar="DIR", type=Path, help="the directory that holds log/ and packs/")
    parser.add_argument("--expect", metavar="SIZE:LEAF", type=_head, help="a head of this log that was kept elsewhere")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    call = parser.parse_args()
    if not (call.dir / "log").is_dir():
        parser.error("DIR holds no directory log/")
    report = Report(call.json)
    walk = Walk(call.dir, call.expect, report)
    walk.run()
    report.close(f"{walk.size}:{walk.leaf}")
    unasked = set() if call.expect else {"head"}
    return 1 if report.failed else 3 if set(report.missed) - unasked else 0


if __name__ == "__main__":
    sys.exit(main())
