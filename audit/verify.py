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

    Kind = Callable[[Any], bool]  # what a value must be

LINE_MAX, PACK_MAX, SEGMENT, DEPTH_MAX, INT_MAX, SHOWN = 32_768, 4 << 20, 65_536, 32, 2**53 - 1, 20
CHECKS = {  # each check, and what is said where it holds
    "files": "{segments} segments, named and filled in order",
    "lines": "{lines} lines of canonical JSON, each ended by one newline",
    "records": "{records} records that fit the tables of FORMAT.md 3, 4 and 6",
    "chain": "{records} records, seq without a gap, prev the leaf of the record before",
    "rubrics": "{rubrics} rubric records, no pack and no version twice",
    "packs": "{packs} pack files with the digest, length, ids and scoring digest cited; {strays} files that none cites",
    "decisions": "{decisions} decisions, each id once, each pack recorded before, each supersedes right",
    "openings": "{openings} openings, each its case's only one and before its decisions, which keep to it",
    "resolutions": "{resolutions} resolutions, each about its case's newest decision; each void and reinstate carried on",
    "head": "the log has the expected head",
}
LIMITS = (
    "records cut from the end: compare the head with one kept elsewhere (--expect)",
    "a log rewritten from the start by whoever can write the files: the same comparison shows it",
    "a score that was never logged",
    "whether `time` is true: it is what the writer's clock said; the order of events is `seq`",
    "whether verdicts follow from outcomes: recompute.py tells",
    "whether the answers were so, notice was given, irregularities occurred: replay with the vault shows what was said",
)

# --- the kinds of values, and the tables of FORMAT.md 3, 4 and 6 ------------------------------------------------------


def _text(low: int, high: int, alphabet: str) -> Kind:
    allowed = frozenset(alphabet)
    return lambda value: isinstance(value, str) and low <= len(value) <= high and allowed.issuperset(value)


def _word(*words: str) -> Kind:
    return lambda value: isinstance(value, str) and value in words


def _after(kind: Kind, *prefixes: str) -> Kind:
    return lambda value: isinstance(value, str) and value.startswith(prefixes) and kind(value.partition(":")[2])


def _place(value: Any) -> bool:
    return isinstance(value, str) and value.count("/") < 2 and all(map(ID, value.split("/")))


def _or_null(kind: Kind) -> Kind:
    return lambda value: value is None or kind(value)


def _list(kind: Kind, most: int) -> Kind:
    return lambda value: isinstance(value, list) and len(value) <= most and all(map(kind, value))


def _map(key: Kind, kind: Kind) -> Kind:
    keys, values = _list(key, 50), _list(kind, 50)
    return lambda value: isinstance(value, dict) and keys([*value]) and values([*value.values()])


def _row(*kinds: Kind) -> Kind:
    def fits(value: Any) -> bool:
        return isinstance(value, list) and len(value) == len(kinds) and all(map(_call, kinds, value))

    return fits


def _call(kind: Kind, value: Any) -> bool:
    return kind(value)


def _excerpt(value: Any) -> bool:
    return _row(_integer(0, 1000), _integer(1, 1000))(value) and value[0] < value[1]


def _integer(low: int, high: int) -> Kind:
    return lambda value: type(value) is int and low <= value <= high


def _rational(value: Any) -> bool:
    if not _text(1, 4096, "0123456789/-")(value):
        return False
    over, slash, under = value.partition("/")
    try:
        num, den = int(over), int(under) if slash else 1
    except ValueError:
        return False
    return value == (f"{num}/{den}" if slash else f"{num}") and den > bool(slash) and gcd(num, den) == 1


def _time(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value[:19]).isoformat() + "Z" == value
    except ValueError:
        return False


ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
HOLDS = ("void", "refer", "verdict", "irregularity", "notice", "excerpt", "excluded", "unclear")
EVALUATED = ("passed", "ended", "pending")
ID, DIGEST = _text(1, 48, ALNUM + "._-"), _text(64, 64, "0123456789abcdef")
SEQ, ONE, ITEM_SET = _integer(0, INT_MAX), _integer(1, 1), _text(1, 167, ALNUM + "-_")
FLAG_CAP, OTHER_CAP, BAND = _word("fatal", "knock_out"), _after(_place, "gate:", "override:"), _word("band")
SHARE, ID_OR_NULL, SEQ_OR_NULL = _or_null(_rational), _or_null(ID), _or_null(SEQ)
STAGE = _row(_word(*EVALUATED, "waiting", "not_evaluated"), SHARE)
RECORD: dict[str, Any] = {
    "body": lambda value: isinstance(value, dict),
    "prev": _or_null(DIGEST),
    "seq": SEQ,
    "time": _time,
    "type": _word("genesis", "rubric", "opening", "decision", "resolution"),
    "v": ONE,
}
CAP: dict[str, Any] = {"by": lambda value: FLAG_CAP(value) or OTHER_CAP(value), "verdict": ID}
DECISION: dict[str, Any] = {
    "action": _word("advance", "review", "decline", "wait"),
    "assumed": _list(_after(ID, "profile:", "expected:", "rubric:"), 151),
    "awaited": ITEM_SET,
    "caps": _list(lambda value: misfit(value, CAP) is None, 502),
    "determined_by": _list(lambda value: BAND(value) or CAP["by"](value), 503),
    "excerpts": _map(_place, _excerpt),
    "flags": _map(_word("fatal", "knock_out", "refer", "note"), ITEM_SET),
    "handed_in": lambda value: _list(ID, 20)(value) and len(set(value)) == len(value),
    "holds": lambda value: isinstance(value, list) and value == [hold for hold in HOLDS if hold in value],
    "irregularities": lambda value: _list(ID, 20)(value) and value == sorted(set(value)),
    "level": ID_OR_NULL,
    "notice": _or_null(lambda value: isinstance(value, bool)),
    "outcomes": _text(1, 3000, ALNUM + "-_"),
    "pack": DIGEST,
    "profile": ID,
    "reachable": _or_null(_list(ID, 16)),
    "reinstate": _or_null(lambda value: misfit(value, {"reason": ID, "stage": ID}) is None),
    "score": SHARE,
    "sections": _map(_place, SHARE),
    "semantics": ONE,
    "stages": lambda value: _map(ID, STAGE)(value) and 0 < len(value) <= 20,
    "status": _word("void", "ended", "pending", "decided"),
    "variant": ID_OR_NULL,
    "verdict": ID_OR_NULL,
    "void": ID_OR_NULL,
}
BODIES: dict[str, dict[str, Any]] = {
    "genesis": {"origin": _text(1, 200, "".join(map(chr, range(0x21, 0x7F))))},
    "rubric": {"length": _integer(1, PACK_MAX), "pack": DIGEST, "rubric": ID, "scoring": DIGEST, "version": ID},
    "opening": {
        "disclosures": {"case": DIGEST, "opening": DIGEST},
        "id": ID,
        "level": ID_OR_NULL,
        "pack": DIGEST,
        "profile": ID,
    },
    "decision": {
        "decision": DECISION,
        "disclosures": {"case": DIGEST, "submission": DIGEST},
        "id": ID,
        "supersedes": SEQ_OR_NULL,
    },
    "resolution": {
        "action": _word("confirm", "override", "reinstate", "void", "withdraw"),
        "decision": SEQ,
        "disclosures": {"case": DIGEST, "resolution": DIGEST},
        "id": ID,
        "reason": ID,
        "stage": ID_OR_NULL,
        "verdict": ID_OR_NULL,
        "withdraws": SEQ_OR_NULL,
    },
}
OWN = {"stage": "reinstate", "verdict": "override", "withdraws": "withdraw"}  # keys of one action each


def misfit(value: Any, table: dict[str, Any], path: str = "") -> str | None:
    """Return the first place where `value` departs from `table`, or None."""
    if not isinstance(value, dict) or len(value) > len(table):
        return f"the keys of {path or 'the record'}"
    for key, kind in table.items():
        if key not in value:
            return f"key {path}{key}"
        inner = misfit(value[key], kind, f"{path}{key}.") if isinstance(kind, dict) else None
        if inner or not (isinstance(kind, dict) or kind(value[key])):
            return inner or f"key {path}{key}"
    return None


# --- canonical JSON (FORMAT.md 1) and the scoring digest (5) ----------------------------------------------------------


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs) or not all(key.isascii() for key, _ in pairs):
        raise ValueError
    return dict(pairs)


def _number(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > INT_MAX:  # int() refuses what is none
        raise ValueError
    return int(text)


def _depth(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inside is None else 1 + max(map(_depth, inside), default=0)


def encode(value: Any) -> bytes:
    """Return the one spelling of a value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def decode(data: bytes) -> Any:
    """Return the value spelled by `data`; raise ValueError if it is not canonical JSON."""
    hooks: dict[str, Any] = {"parse_int": _number, "parse_float": _number, "parse_constant": _number}
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_pairs, **hooks)
        # What has too few brackets to be deep need not be walked.
        deep = data.count(b"[") + data.count(b"{") > DEPTH_MAX and _depth(value) > DEPTH_MAX
        fits = not deep and encode(value) == data
    except (RecursionError, ValueError):
        fits = False
    if not fits:
        raise ValueError("not canonical JSON")
    return value


def bare(value: Any) -> Any:
    """Return a value without any `about`; a section named so keeps its entry in `shares`, which is no object."""
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items() if key != "about" or not isinstance(inner, dict)}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


def _names(pack: Any) -> dict[str, Any]:
    """Return a pack's verdicts with their actions, its stages and what it replaces; nothing where they cannot be read."""
    try:
        verdicts = {verdict["id"]: verdict["action"] for verdict in pack["verdicts"]}
        stages = [stage["id"] for stage in pack["stages"]]
        return {"verdicts": verdicts, "stages": stages, "replaces": pack["about"].get("replaces")}
    except (AttributeError, KeyError, TypeError):
        return {}


# --- the walk ---------------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where a finding lies: a record by its position, its line's first byte, and the file below DIR."""

    seq: int | None = None
    offset: int | None = None
    file: str | None = None


NOWHERE = Place()


class WalkError(Exception):
    """The log cannot be read any further."""


class Walk:
    """One pass over a log directory, which prints what it finds; afterwards `size` and `leaf` are the log's head."""

    def __init__(self, root: Path, expect: tuple[int, str] | None, as_json: bool) -> None:
        self.root, self.expect, self.as_json = root, expect, as_json
        self.counts: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.missed: dict[str, str] = {}  # check -> why it could not be made
        self.first = NOWHERE  # the first bad record
        self.size = 0
        self.leaf: str | None = None
        self.last = NOWHERE  # the record before, its own seq, and whether it is missing altogether
        self.last_seq, self.gap = -1, False
        self.doubt: tuple[Place, Place, Any, Any] | None = None  # two neighbours, the leaf of one, what the other cites
        self.compared: tuple[Place, str | None] | None = None  # the record that --expect is about, and its leaf
        # Where each id, case, pack and version last occurred: a private temporary database, which SQLite keeps in
        # memory up to its cache, then in a file that vanishes with the process. So memory stays bounded.
        self.base = sqlite3.connect("", isolation_level=None)
        for command in ("PRAGMA journal_mode=OFF", "PRAGMA cache_size=-65536", "BEGIN"):  # 64 MiB
            self.base.execute(command)
        self.base.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, seq INTEGER) WITHOUT ROWID")
        self.base.execute("CREATE TABLE kept (key TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID")

    def seen(self, key: str, now: int | None = None) -> int | None:
        """Return the seq that `key` last occurred at; if it occurs `now`, note that."""
        row = self.base.execute("SELECT seq FROM seen WHERE key = ?", (key,)).fetchone()
        if now is not None:
            self.base.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (key, now))
        return row[0] if row else None

    def kept(self, key: str) -> Any:
        """Return what was kept of a case, a resolution or a pack, or None."""
        row = self.base.execute("SELECT text FROM kept WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def keep(self, key: str, value: Any) -> None:
        """Keep something for later records."""
        self.base.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (key, json.dumps(value)))

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

    def fail(self, check: str, place: Place, what: str, expected: Any, found: Any) -> None:
        """Count a finding; print the first 20, and the first of each check."""
        self.failed[check] += 1
        if self.failed[check] == 1 or sum(self.failed.values()) <= SHOWN:
            self.say("FAILS", check, place, what, expected=str(expected), found=str(found))
        if place.seq is not None and (self.first.seq is None or place.seq < self.first.seq):
            self.first = place

    def run(self) -> None:
        """Make every check and print what holds, what was not checked, the first bad record, and what is not shown."""
        why = ""
        try:
            self.files()
            self.finish()
        except WalkError as error:
            why = str(error)
        except (OSError, sqlite3.Error) as error:
            why = f"reading stopped at record #{self.size}: {getattr(error, 'strerror', None) or 'sqlite3'}"
        finally:
            self.base.close()
        self.missed = {**dict.fromkeys(CHECKS if why else (), why), **self.missed}
        for check, text in CHECKS.items():
            if check in self.missed:
                self.say("NOT CHECKED", check, NOWHERE, self.missed[check])
            elif not self.failed[check]:
                self.say("HOLDS", check, NOWHERE, text.format_map(self.counts))
        self.say("NOT CHECKED", "signed heads", NOWHERE, "this version of the format has none")
        if self.first.seq is not None:
            self.say("FIRST", "bad record", self.first, f"{sum(self.failed.values())} findings in all")
        self.say("HEAD", "size and leaf", NOWHERE, f"{self.size}:{self.leaf}")
        for limit in LIMITS:
            self.say("NOT SHOWN", "by any log itself", NOWHERE, limit)

    def files(self) -> None:
        """Read the segments in order; every other file in log/ is a finding."""
        due, short = 0, None
        for path in sorted((self.root / "log").iterdir()):
            place = Place(file=f"log/{path.name if ID(path.name) else '?'}")
            first = int(path.name[:12]) if _text(12, 12, "0123456789")(path.name[:12]) else -1
            if first % SEGMENT or path.name != f"{first:012}.jsonl" or not path.is_file():
                self.fail("files", place, "it", "a file, named a multiple of 65536 in 12 digits, .jsonl", "another")
                continue
            if first != due:
                self.fail("files", place, "the segment before it", f"{due:012}.jsonl", "none")
            if short:
                self.fail("files", short, "its number of records, not being the last", SEGMENT, "fewer")
            self.gap, self.size = first != self.size, first
            self.segment(path, place)
            due, short = first + SEGMENT, place if self.size < first + SEGMENT else None
            self.counts["segments"] += 1
        if not self.size:
            self.fail("files", Place(file="log/"), "the log", "a record 0", "no record")

    def segment(self, path: Path, place: Place) -> None:
        """Check the lines of one file."""
        offset, end = 0, self.size + SEGMENT
        with path.open("rb") as stream:
            while line := stream.readline(LINE_MAX + 1):  # never more than this, however long the line is
                text = line[:-1] if line.endswith(b"\n") else line
                at = Place(self.size, offset, place.file)
                if self.size == end:
                    self.fail("files", place, "its number of records", f"at most {SEGMENT}", "more")
                elif len(text) > LINE_MAX:
                    self.fail("lines", at, "its length", f"at most {LINE_MAX} bytes", "more")
                else:
                    self.line(at, text, ended=text is not line)
                    offset += len(line)
                    continue
                raise WalkError(f"the log was not read beyond record #{self.size}")

    def line(self, place: Place, text: bytes, ended: bool) -> None:
        """Check one line and the record in it, and make it the record before."""
        if not ended:
            self.fail("lines", place, "its end", "a newline", "the end of the file")
        record, bad = self.read(place, text), not ended
        # After a drop or an insertion the records that still follow each other are not named again.
        if record and record["seq"] not in (self.size, self.last_seq + 1):
            self.fail("chain", place, "seq", self.size, record["seq"])
            bad = True
        self.chain(place, record, bad)
        if record:
            self.order(place, record)
            self.last_seq = record["seq"]
        self.leaf = sha256(b"\0" + text).hexdigest()
        self.last, self.gap, self.size = place, False, self.size + 1
        self.counts["lines"] += 1
        if self.expect and self.expect[0] == self.size:
            self.compared = place, self.leaf

    def read(self, place: Place, text: bytes) -> Any:
        """Return the record in a line if it is canonical JSON and fits the tables."""
        try:
            record = decode(text)
        except ValueError:
            self.fail("lines", place, "it", "canonical JSON", "something else")
            return None
        what = misfit(record, RECORD) or misfit(record["body"], BODIES[record["type"]], "body.")
        if not what and (record["type"] == "genesis") is not (self.size == 0):
            what = "genesis, which is record 0 and only there"
        if not what and record["type"] == "resolution":
            body = record["body"]
            wrong = [key for key, action in OWN.items() if (body[key] is None) is (body["action"] == action)]
            what = f"key body.{wrong[0]}" if wrong else None
        if what:
            self.fail("records", place, what, "what FORMAT.md's tables say", "something else")
            return None
        self.counts["records"] += 1
        return record

    def chain(self, place: Place, record: dict[str, Any] | None, bad: bool) -> None:
        """
        Compare `prev` with the leaf of the record before.

        Where two neighbours disagree, the next record tells which of them was altered: it cites the leaf that the later
        one had when it was written.
        """
        cited = record["prev"] if record else self.leaf
        if self.doubt:
            self.blame(later=cited != self.leaf)
        elif cited != self.leaf and (bad or self.gap or self.last is NOWHERE or cited is None):
            self.fail("chain", place, "prev", self.leaf, cited)
        elif cited != self.leaf:
            self.doubt = (self.last, place, self.leaf, cited)

    def blame(self, later: bool) -> None:
        """Name the altered one of two neighbours."""
        earlier, after, leaf, cited = self.doubt or (NOWHERE, NOWHERE, None, None)
        self.doubt = None
        if later:
            self.fail("chain", after, "prev", leaf, cited)
        else:
            self.fail("chain", earlier, f"its leaf, by the prev of record #{after.seq}", cited, leaf)

    def order(self, place: Place, record: dict[str, Any]) -> None:
        """Check what a record says against the records before it."""
        seq, body, kind = record["seq"], record["body"], record["type"]
        self.counts[kind + "s"] += 1
        once = [] if kind in ("genesis", "rubric") else [f"id {body['id']}"]
        if kind == "rubric":
            once = [f"pack {body['pack']}", f"rubric {body['rubric']} {body['version']}"]
            self.keep(once[0], {"rubric": body["rubric"], "version": body["version"]})
            self.pack(place, body)
        elif kind == "decision":
            newest = self.seen(f"case {body['disclosures']['case']}", seq)
            if body["supersedes"] != newest:
                self.fail("decisions", place, "supersedes", newest, body["supersedes"])
        pack = body["decision"]["pack"] if kind == "decision" else body.get("pack")
        if kind != "rubric" and pack and self.seen(f"pack {pack}") is None:
            self.fail(kind + "s", place, f"pack {pack}", "an earlier rubric record with it", "none")
        if once and kind != "rubric":
            self.case(place, seq, kind, body)
        for key in once:
            before = self.seen(key, seq)
            if before is not None:
                self.fail(kind + "s", place, key, "once in a log", f"it in record #{before} too")

    def case(self, place: Place, seq: int, kind: str, body: dict[str, Any]) -> None:
        """Check a record against those before it of the same case, and keep what later ones are checked against."""
        key = f"case {body['disclosures']['case']}"
        case = self.kept(key) or {"opening": None, "newest": None, "void": None, "reinstate": None}
        if kind == "opening":
            if case["opening"] or case["newest"]:
                self.fail("openings", place, "its case", "no record before", "an opening or a decision")
            case["opening"] = case["opening"] or [seq, body["pack"], body["profile"], body["level"]]
        elif kind == "decision":
            self.decision(place, body["decision"], case)
            names = ("pack", "status", "verdict", "stages")
            case["newest"] = {**{name: body["decision"][name] for name in names}, "seq": seq}
        else:
            self.resolution(place, body, case["newest"], key)
            if body["action"] != "withdraw":
                of_kind = case.get(body["action"])
                says = {"before": of_kind, "case": key, "over": False, "reason": body["reason"], "stage": body["stage"]}
                self.keep(f"resolution {seq}", says)
                case[body["action"]] = seq
        self.keep(key, case)

    def decision(self, place: Place, decision: dict[str, Any], case: dict[str, Any]) -> None:
        """Check that a decision keeps to its case's opening, and carries on what is in force."""
        if case["opening"]:
            seq, pack, profile, level = case["opening"]
            pack = case["newest"]["pack"] if case["newest"] else pack
            same = decision["pack"] == pack
            if not same and case["newest"]:  # an amendment is the version that replaces the one before
                old, new = (self.kept(f"pack {digest}") or {} for digest in (pack, decision["pack"]))
                named = new.get("rubric"), new.get("replaces")
                same = "replaces" not in new or "replaces" not in old or named == (old["rubric"], old["version"])
            for what, wanted in {"pack": pack, "profile": profile, "level": level}.items():
                if decision[what] != wanted and not (what == "pack" and same):
                    self.fail("openings", place, f"its {what}", f"{wanted}, as in record #{seq}", decision[what])
        void, reinstate = self.in_force(case, "void"), self.in_force(case, "reinstate")
        wanted = {"void": void and void["reason"]}
        wanted["reinstate"] = reinstate and {name: reinstate[name] for name in ("reason", "stage")}
        for name, value in wanted.items():
            if decision[name] != value:
                self.fail("resolutions", place, f"its {name}", f"the one in force: {value}", decision[name])

    def in_force(self, case: dict[str, Any], action: str) -> Any:
        """Return the newest resolution of this action that is not withdrawn; those above it are passed over for good."""
        while case[action] is not None:
            said = self.kept(f"resolution {case[action]}")
            if not said["over"]:
                return said
            case[action] = said["before"]
        return None

    def resolution(self, place: Place, body: dict[str, Any], newest: Any, key: str) -> None:
        """Check that a resolution may be said of its case's newest decision."""
        action, found = body["action"], newest and newest["seq"]
        if body["decision"] != found:
            self.fail("resolutions", place, "its decision", f"the case's newest: {found}", body["decision"])
            return
        names = self.kept(f"pack {newest['pack']}") or {}
        if action == "confirm" and newest["verdict"] is None:
            self.fail("resolutions", place, "what it confirms", "a decision with a verdict", newest["status"])
        elif action == "confirm" and names.get("verdicts", {}).get(newest["verdict"]) == "review":
            self.fail("resolutions", place, "what it confirms", "a verdict whose action decides", "review")
        elif action == "override" and newest["status"] == "pending":
            self.fail("resolutions", place, "what it overrides", "a decision that is not pending", "pending")
        elif action == "override" and body["verdict"] not in names.get("verdicts", [body["verdict"]]):
            self.fail("resolutions", place, "its verdict", "one of the pack's", body["verdict"])
        elif action == "reinstate" and newest["status"] != "ended":
            self.fail("resolutions", place, "what it reinstates", "a decision that ended", newest["status"])
        elif action == "reinstate" and "stages" in names:
            words = [(stage, newest["stages"].get(stage, [None])[0]) for stage in names["stages"]]
            ended = next((at for at, (_, word) in enumerate(words) if word == "ended"), 0)
            if body["stage"] not in [stage for stage, word in words[ended:] if word in EVALUATED]:
                self.fail("resolutions", place, "its stage", "the one that ended the case", body["stage"])
        elif action == "withdraw":
            said = self.kept(f"resolution {body['withdraws']}")
            if not said or said["case"] != key or said["over"]:
                self.fail("resolutions", place, "withdraws", "a resolution of the case in force", body["withdraws"])
            else:
                self.keep(f"resolution {body['withdraws']}", {**said, "over": True})

    def pack(self, place: Place, body: dict[str, Any]) -> None:
        """Check the pack file that a rubric record cites; the first thing that is wrong is named."""
        name = f"packs/{body['pack']}.json"
        if not (self.root / "packs").is_dir():
            self.missed["packs"] = "there is no packs/ beside log/"
            return
        if not (self.root / name).is_file():
            self.fail("packs", place, name, "a file", "none")
            return
        with (self.root / name).open("rb") as stream:
            data = stream.read(PACK_MAX + 1)
        self.counts["packs"] += 1
        found: dict[str, Any] = {"pack": sha256(data).hexdigest(), "length": len(data)}
        if body["pack"] == found["pack"]:
            try:
                pack = decode(data)
                found["rubric"], found["version"] = pack.pop("rubric"), pack.pop("version")
                found["scoring"] = sha256(encode(bare(pack))).hexdigest()
                same = {"rubric": body["rubric"], "version": body["version"]}
                self.keep(f"pack {body['pack']}", {**_names(pack), **same})
            except (AttributeError, KeyError, TypeError, ValueError):
                self.fail("packs", place, name, "a pack in canonical JSON", "something else")
        for key, value in found.items():
            if body[key] != value:
                plain = value if isinstance(value, int) or ID(value) or DIGEST(value) else "something else"
                self.fail("packs", place, f"{key} of {name}", body[key], plain)
                break

    def finish(self) -> None:
        """Check what only the log's end shows."""
        expect, compared = self.expect, self.compared
        if self.doubt:
            self.blame(later=expect is not None and expect[0] == self.size and expect[1] != self.leaf)
        folder = self.root / "packs"
        for path in folder.iterdir() if folder.is_dir() else ():
            known = DIGEST(path.name[:64]) and self.seen(f"pack {path.name[:64]}") is not None
            self.counts["strays"] += not (known and path.name[64:] == ".json")
        if expect is None:
            self.missed["head"] = "none to compare with was given (--expect)"
        elif compared is None:
            self.fail("head", Place(file="log/"), "its number of records", f"{expect[0]} or more", self.size)
        elif compared[1] != expect[1]:
            self.fail("head", compared[0], "its leaf", expect[1], compared[1])


def _head(text: str) -> tuple[int, str]:
    size, _, leaf = text.partition(":")
    if not (_text(1, 15, "0123456789")(size) and int(size) and DIGEST(leaf)):
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
    walk = Walk(call.dir, call.expect, call.json)
    walk.run()
    unasked = set() if call.expect else {"head"}
    return 1 if walk.failed else 3 if set(walk.missed) - unasked else 0


if __name__ == "__main__":
    sys.exit(main())
