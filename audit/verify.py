"""
Check a log, an export, tiles or a receipt without trusting whoever wrote them.

    python3 -I -S verify.py PATH [--key VKEY] [--trusted FILE] [--expect SIZE:LEAF] [--record FILE] [--json]

PATH is a log directory, an export (a ZIP or its directory), a tlog-tiles directory, or a receipt; --record holds its
record's line where it does not carry that. Written from FORMAT.md, whose sections the numbers in brackets are, and what
it cites; Python 3.9 or newer, standard library only. It reads once, line by line, writes nothing, and prints places,
ids and digests, never anything else that a record holds. Exit status: 0 holds; 1 fails; 2 the call is wrong; 3
something that was asked for could not be checked.

Read it from top to bottom: what is checked, and what no check shows; what a record may hold; its one spelling;
signatures; heads, receipts and disclosures; how a finding is said; then the one walk. Each line of the log is measured
and parsed, fits its table, cites the leaf of the line before it, and agrees with the records before it; its leaf goes
into the tree, and every head, tile and receipt that speaks of so many records is compared with that. What is left over
at the end fails too: heads beyond the log, receipts without a record, disclosures that no record cites.
"""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import sys
import zipfile
import zlib
from base64 import b64decode, urlsafe_b64decode
from collections import Counter, defaultdict
from datetime import datetime
from functools import partial, reduce
from hashlib import sha256, sha512
from itertools import accumulate, chain, starmap
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Place(NamedTuple):
    """Where a finding lies: a record by its position, its line's first byte, and the file."""

    seq: int | None = None
    offset: int | None = None
    file: str | None = None


LINE_MAX, PACK_MAX, NOTE_MAX, SEGMENT, INT_MAX, SHOWN = 32_768, 4 << 20, 1 << 20, 65_536, 2**53 - 1, 20
TILE_MAX, TRUSTED = 256 * (LINE_MAX + 2), Place(file="the trusted head")
LONG = OSError(0, "it is too long")
BEHIND = 512  # records that a log with a key may honestly have behind its newest head: below 256, and a batch
# By which reading fails what is nothing of the kind; by which files fail.
MALFORMED = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
UNREADABLE = (OSError, sqlite3.Error, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error, EOFError)
CHECKS = {  # each check, and what is said where it holds
    "files": "{segments} segments, named and filled in order",
    "tiles": "{tiles} tiles, each made of its entries",
    "lines": "{lines} lines of canonical JSON, each ended by one newline",
    "records": "{records} records that fit the tables of FORMAT.md 3, 4 and 6",
    "chain": "{records} records, seq without a gap, prev the leaf of the record before",
    "rubrics": "{rubric} rubric records, no pack and no version twice",
    "packs": "{packs} pack files with the digest, length, ids and scoring digest cited; {strays} files that none cites",
    "decisions": "{decision} decisions, each id once, each pack recorded before, each supersedes right",
    "openings": "{opening} openings, each its case's only one and before its decisions, which keep to it",
    "resolutions": "{resolution} resolutions, each about its case's newest decision; each void and reinstate carried on",
    "erasures": "{erasure} erasures, each of an earlier case, which does not come back",
    "keys": "{key} keys, each once and of this log",
    "heads": "{heads} heads, each the tree of the records below it; {behind} records are behind the newest",
    "signatures": "{signed} heads, each signed by the newest key below it, and by the one before where that is new",
    "receipt": "the record is under the receipt's head, at the receipt's index",
    "receipts": "{receipts} receipts, each from its record to one of the heads",
    "disclosures": "{disclosures} disclosures, each what a record cites, and of no erased case",
    "trusted": "the log extends the trusted head",
    "head": "the log has the expected head",
}
BESIDE = ("receipts", "disclosures", "tiles")  # what an export may have beside its log
OF_RECEIPT = ("lines", "records", "receipt", "signatures", "trusted")
NOT_OF_TILES = ("files", "packs", "receipt", "receipts", "disclosures")
LIMITS = (
    "records cut off behind the newest head, or together with it: a head kept elsewhere does (--trusted, --expect)",
    "a log written anew and signed anew by its key's owner: the same head shows it",
    "a score that was never logged: whoever was scored asks for the receipt",
    "whether `time` is true: it is what the writer's clock said; the order of events is `seq`",
    "whether an export's pages and README say the same: they are for people, and nothing vouches for them",
    "whether verdicts follow from outcomes: recompute.py tells",
    "whether the answers were so, notice was given, irregularities occurred: replay with the vault shows what was said",
)

# --- What a record holds (3, 4, 6): a table gives the kind of each of its keys. KIND? may be null, [KIND]MOST is a list,
# [KEY=KIND]MOST an object, LOW..HIGH an integer; others are tables, or patterns for all of a string: of PATTERNS, or
# spelled out; FURTHER is what these do not say ---

ID = "[A-Za-z0-9._-]{1,48}"
PLACE = f"{ID}(/{ID})?"
PATTERNS = {
    "id": ID, "digest": "[0-9a-f]{64}", "place": PLACE, "origin": "[!-~]{1,200}", "set": "[A-Za-z0-9_-]{1,167}",
    "outcomes": "[A-Za-z0-9_-]{1,3000}", "of_pack": f"(profile|expected|rubric):{ID}", "flag": "fatal|knock_out|refer|note",
    "by": f"fatal|knock_out|(gate|override):{PLACE}", "cause": f"band|fatal|knock_out|(gate|override):{PLACE}",
    "state": "passed|ended|pending|waiting|not_evaluated", "rational": "(?=.{1,4096}$)(0|-?[1-9][0-9]*(/[1-9][0-9]*)?)",
}  # fmt: skip
TABLES = {name: dict(row.split("=", 1) for row in rows) for name, *rows in map(str.split, """\
record body=object prev=digest? seq=0..9007199254740991 time=time type=genesis|rubric|opening|decision|resolution|erasure|key|recovery v=1..1
genesis origin=origin
rubric length=1..4194304 pack=digest rubric=id scoring=digest version=id
opening disclosures=of_opening id=id level=id? pack=digest profile=id
decision decision=decided disclosures=of_decision id=id supersedes=0..9007199254740991?
resolution action=confirm|override|reinstate|void|withdraw decision=0..9007199254740991 disclosures=of_resolution id=id \
    reason=id stage=id? verdict=id? withdraws=0..9007199254740991?
erasure case=digest reason=id
key key=vkey
recovery cut=digest length=1..4227073
of_opening case=digest opening=digest
of_decision case=digest submission=digest
of_resolution case=digest resolution=digest
decided action=advance|review|decline|wait assumed=[of_pack]151 awaited=set caps=[cap]502 determined_by=[cause]503 \
    excerpts=[place=excerpt]50 flags=[flag=set]4 handed_in=once holds=holds irregularities=sorted level=id? \
    notice=boolean? outcomes=outcomes pack=digest profile=id reachable=[id]16? reinstate=lifted? score=rational? \
    sections=[place=rational?]50 semantics=1..1 stages=[id=stage]20 status=void|ended|pending|decided variant=id? \
    verdict=id? void=id?
cap by=by verdict=id
lifted reason=id stage=id
""".splitlines())}  # fmt: skip
HELD = ["void", "refer", "verdict", "irregularity", "notice", "excerpt", "excluded", "unclear"]  # what holds a decision
OWN = {"stage": "reinstate", "verdict": "override", "withdraws": "withdraw"}  # a resolution's keys of one action each
FURTHER = {
    "object": lambda value: isinstance(value, dict),
    "boolean": lambda value: isinstance(value, bool),
    "time": lambda value: datetime.fromisoformat(value[:19]).isoformat() + "Z" == value,
    "rational": lambda value: "/" not in value or (gcd(*map(int, value.split("/"))) == 1 and value[-2:] != "/1"),
    "vkey": lambda value: bool(read_key(value)),
    "holds": lambda value: value == [one for one in HELD if one in value],
    "once": lambda value: not misfit("[id]20", value) and len({*value}) == len(value),
    "sorted": lambda value: not misfit("[id]20", value) and value == sorted({*value}),
    "excerpt": lambda value: not misfit("[0..1000]2", value) and value[0] < value[1],
    "stage": lambda value: not misfit("state", value[0]) and not misfit("rational?", value[1]) and len(value) == 2,
    "decided": lambda value: bool(value["stages"]),
    "resolution": lambda value: all((value[key] is None) is not (value["action"] == own) for key, own in OWN.items()),
}
ONCE = {  # what no two records share
    "rubric": ("pack {pack}", "version {rubric} {version}"), "erasure": ("erased {case}",), "key": ("key {key}",),
    **dict.fromkeys(("opening", "decision", "resolution"), ("id {id}",)),
}  # fmt: skip


def misfit(kind: str, value: Any, path: str = "") -> str | None:
    """Return the first place where a value is not of its kind, or None."""
    if kind[-1] == "?":
        return None if value is None else misfit(kind[:-1], value, path)
    fine, parts, here = True, [], path.lstrip(".") or "its keys"
    try:
        if kind in TABLES:
            fine = value.keys() == TABLES[kind].keys()
            parts = [(row, value[key], f"{path}.{key}") for key, row in TABLES[kind].items()]
        elif kind[0] == "[":
            inside, most = kind[1:].split("]")
            key, _, row = inside.rpartition("=")
            fine = isinstance(value, dict if key else list) and len(value) <= int(most)
            parts = [(row, one, path) for one in (value.values() if key else value)]
            parts += [(key, one, path) for one in value if key]
        elif ".." in kind:
            low, high = kind.split("..")
            fine = type(value) is int and int(low) <= value <= int(high)
        elif kind in PATTERNS or kind not in FURTHER:
            fine = isinstance(value, str) and bool(re.fullmatch(PATTERNS.get(kind, kind), value))
        inner = next(filter(None, starmap(misfit, parts)), None) if fine else here
        return inner or (None if kind not in FURTHER or FURTHER[kind](value) else here)
    except MALFORMED:
        return here


# --- The one spelling (1), and packs (5) ---


def encode(value: Any) -> bytes:
    """Return the one spelling of a value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


HOOKS = {  # what is no value of ours becomes null, and so is no longer spelled as it was
    "parse_int": lambda number: int(number) if len(number) < 18 and abs(int(number)) <= INT_MAX else None,
    "object_hook": lambda one: one if all(map(str.isascii, one)) else None,
    **dict.fromkeys(("parse_float", "parse_constant"), lambda _: None),
}


def decode(data: bytes) -> Any:
    """Return the value spelled by `data`; raise if it is not canonical JSON."""
    value = json.loads(data.decode(), **HOOKS)
    many = data.count(b"[") + data.count(b"{") > 32  # then how deep they nest is counted, strings left out
    brackets = re.sub(rb'"(?:[^"\\]|\\.)*"', b"", data) if many else b""
    depth = max(accumulate((one in b"[{") - (one in b"]}") for one in brackets), default=0)
    if encode(value) != data or depth > 32:
        raise ValueError("not canonical JSON")
    return value


def bare(value: Any) -> Any:
    """Return a value without any `about`; a section named so keeps its entry in `shares`, which is no object."""
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items() if key != "about" or not isinstance(inner, dict)}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


def read_pack(data: bytes) -> dict[str, Any]:
    """Return what a record says of a pack, and the actions of its verdicts and the version that it replaces."""
    pack = decode(data)
    found = {key: pack.pop(key) for key in ("rubric", "version")}
    found["verdicts"] = {one["id"]: one["action"] for one in pack["verdicts"]}
    return {**found, "scoring": sha256(encode(bare(pack))).hexdigest(), "replaces": pack["about"].get("replaces")}


# --- Ed25519 without the cofactor (RFC 8032 5.1): a point is x, y, z, t with its coordinates x/z and y/z, and t = xy/z ---

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)


def point(data: bytes) -> Any:
    """Return the point that 32 bytes spell, or None if they spell none."""
    odd, y = data[31] >> 7, int.from_bytes(data, "little") & (2**255 - 1)
    u, v = y * y - 1, D * y * y + 1
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    x = x if (v * x * x - u) % P == 0 else x * ROOT % P
    x = x if x & 1 == odd else P - x
    return (x, y, 1, x * y % P) if y < P and x < P and (v * x * x - u) % P == 0 else None


def add(one: Any, two: Any) -> Any:
    """Return the sum of two points."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, two
    a, b, c, d = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2), 2 * t1 * t2 * D, 2 * z1 * z2
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a signature is this key's: [s]B - [k]A, encoded, is R."""
    a, s = point(public), int.from_bytes(signature[32:], "little")
    if a is None or len(signature) != 64 or s >= ORDER:
        return False
    k = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % ORDER
    minus, found = (P - a[0], a[1], 1, P - a[3]), (0, 1, 1, 0)
    steps = (None, BASE, minus, add(BASE, minus))
    for bit in range(252, -1, -1):
        found, step = add(found, found), steps[(s >> bit & 1) + 2 * (k >> bit & 1)]
        found = add(found, step) if step else found
    x, y = (part * pow(found[2], -1, P) % P for part in found[:2])
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# --- Heads, receipts, disclosures (8, 11): C2SP signed-note, tlog-checkpoint, tlog-proof; the tree of RFC 6962 ---

DECIMAL, LINE, BASE64 = "(0|[1-9][0-9]{0,14})", "[^\\x00-\\x1f]+", "(?:[A-Za-z0-9+/]{4})*"
BASE64 = f"{BASE64}(?:[A-Za-z0-9+/]{{2}}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?"  # in its one spelling
HASH = "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="
SIGNATURE = f"\u2014 ([^\\s+\\x00-\\x1f]+) ({BASE64})\n"
NOTE = re.compile(f"(({LINE})\n{DECIMAL}\n({HASH})\n)(?:\n((?:{SIGNATURE})+))?")
RECEIPT = re.compile(f"c2sp.org/tlog-proof@v1\n(?:extra ({BASE64})\n)?index {DECIMAL}\n((?:{HASH}\n)*)\n")
KEY = re.compile(f"([^\\s+]+)[+]([0-9a-f]{{8}})[+]({BASE64})")


class Key(NamedTuple):
    """An Ed25519 verification key."""

    name: str
    id: bytes
    public: bytes


def read_key(text: str) -> Key:
    """Read `name+hash+base64`; fail, as all that reads does, if it is no Ed25519 key."""
    name, short, data = KEY.fullmatch(text).groups()
    raw = b64decode(data)
    key = Key(name, sha256(name.encode() + b"\n" + raw).digest()[:4], raw[1:])
    if len(raw) != 33 or raw[0] != 1 or key.id.hex() != short:
        raise ValueError("no key")
    return key


class Note(NamedTuple):
    """A checkpoint, as it is written and as it is read, and the names and signatures that it claims."""

    data: bytes
    text: str
    origin: str
    size: int
    root: bytes
    signatures: frozenset[tuple[str, str]]

    def signed_by(self, keys: Iterable[Key | None]) -> tuple[set[Key], bool]:
        """Return those of the keys, named as the origin, that signed; none, and False, if the signature of one does not hold."""
        known = {(key.name, key.id): key for key in keys if key and key.name == self.origin}
        raw = [(name, b64decode(data)) for name, data in self.signatures]
        mine = [(known[name, seal[:4]], seal[4:]) for name, seal in raw if (name, seal[:4]) in known]
        fine = all(holds(key.public, self.text.encode(), seal) for key, seal in mine)
        return {key for key, _ in mine if fine}, fine


def read_note(data: bytes) -> Note:
    """Read a checkpoint, signed or not; raise ValueError if it is none."""
    found = NOTE.fullmatch(data.decode("utf-8"))
    if not found:
        raise ValueError("no checkpoint")
    text, origin, size, root, signatures, *_ = found.groups()
    return Note(data, text, origin, int(size), b64decode(root), frozenset(re.findall(SIGNATURE, signatures or "")))


class Receipt(NamedTuple):
    """A receipt: the record's index, the proof, the head that it leads to, and the record's line where that is carried."""

    index: int
    proof: list[bytes]
    head: Note
    carried: bytes


def read_receipt(data: bytes) -> Receipt:
    """Read a tlog-proof."""
    found = RECEIPT.match(data.decode("utf-8"))
    proof, carried = [*map(b64decode, found[3].split())], b64decode(found[1] or "")
    return Receipt(int(found[2]), proof, read_note(data[found.end() :]), carried)


def read_disclosure(data: bytes) -> tuple[str, list[str]]:
    """Return a disclosure's name and the digests of answers that its value cites."""
    _, name, value = decode(urlsafe_b64decode(data + b"=" * (-len(data) % 4)))
    answers = value.get("answers") if name == "submission" and isinstance(value, dict) else None
    parts = answers["_sd"] if isinstance(answers, dict) and answers.keys() == {"_sd"} else []
    if not isinstance(name, str) or not data.isascii():
        raise ValueError("no disclosure")
    return name, [urlsafe_b64decode(part + "=").hex() for part in parts]


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return sha256(b"\1" + left + right).digest()


def climb(index: int, size: int, found: bytes, proof: list[bytes]) -> bytes | None:
    """Return the root that an inclusion proof leads to (RFC 9162 2.1.3.2); None if it is too short or too long."""
    last = size - 1
    for sibling in proof:
        if last <= 0 or index > last:
            return None
        found = node(sibling, found) if index & 1 or index == last else node(found, sibling)
        while index == last and not index & 1:
            index, last = index >> 1, last >> 1
        index, last = index >> 1, last >> 1
    return found if last == 0 == index else None


# --- The report ---


class Report:
    """What is said: a line for each finding when it is made, then one for each check, and what no check shows."""

    def __init__(self, as_json: bool) -> None:
        self.as_json, self.counts, self.failed = as_json, Counter(), Counter()
        self.missed, self.lacking = {}, set()  # check -> why it could not be made; those of these that were asked for
        self.at = self.first = Place()  # the record that is being checked; the first bad one

    def say(self, result: str, check: str, place: Place, detail: str, **compared: str) -> None:
        """Print one line: an object with fixed keys, or text; `compared` is what was expected and what was found."""
        if self.as_json:
            row = {"check": check, "result": result, **place._asdict(), "expected": None, "found": None, **compared}
            print(json.dumps({**row, "detail": detail}))
            return
        at = "" if place.seq is None else f"record #{place.seq}, "
        at += "" if place.offset is None else f"byte offset {place.offset} of "
        end = "; expected {expected}; found {found}".format_map(compared) if compared else ""
        print(f"{result} {check}: {at}{place.file + ': ' if place.file else ''}{detail}{end}")

    def need(self, fine: Any, check: str, what: str, expected: Any, found: Any, place: Place | None = None) -> bool:  # noqa: PLR0917
        """Count a finding unless all is fine; print the first 20, and the first of each check."""
        place = place or self.at
        if not fine:
            self.failed[check] += 1
            if self.failed[check] == 1 or sum(self.failed.values()) <= SHOWN:
                self.say("FAILS", check, place, what, expected=str(expected), found=str(found))
            if place.seq is not None and (self.first.seq is None or place.seq < self.first.seq):
                self.first = place
        return bool(fine)

    def same(self, check: str, what: str, expected: Any, found: Any, place: Place | None = None) -> bool:
        """Need what is found to be what is expected."""
        return self.need(found == expected, check, what, expected, found, place)

    def parsed(self, check: str, kind: str, read: Callable[[bytes], Any], data: bytes, place: Place) -> Any:
        """Return what is read from bytes, or None, which is a finding, if they are nothing of that kind."""
        try:
            return read(data)
        except MALFORMED:
            self.need(False, check, "it", kind, "something else", place)
            return None

    def close(self, checks: Iterable[str], head: str = "", why: str = "") -> int:
        """Print what holds, what was not checked, the first bad record, and what is not shown; return the exit status."""
        self.missed = {**dict.fromkeys(checks if why else (), why), **self.missed}
        for check in checks:
            if check in self.missed and not self.failed[check]:
                self.say("NOT CHECKED", check, Place(), self.missed[check])
            elif not self.failed[check]:
                self.say("HOLDS", check, Place(), CHECKS[check].format_map(self.counts))
        if self.first.seq is not None:
            self.say("FIRST", "bad record", self.first, f"{sum(self.failed.values())} findings in all")
        if head:
            self.say("HEAD", "size and leaf", Place(), head)
        for limit in LIMITS:
            self.say("NOT SHOWN", "by any log itself", Place(), limit)
        return 1 if self.failed else 3 if why or self.lacking & {*checks} else 0


# --- The walk ---


def start_of(path: Any, most: int) -> bytes:
    """Return a file's first bytes."""
    with path.open("rb") as stream:
        return bytes(stream.read(most))


def lines_of(path: Any, most: int) -> Iterator[tuple[int, bytes]]:
    """Give the offsets and lines of a file, none read further than so many bytes."""
    offset = 0
    with path.open("rb") as stream:
        while line := stream.readline(most):
            yield offset, line
            offset += len(line)


class Walk(Report):
    """One pass over a log, or over tiles, which are a log in another form."""

    def __init__(self, root: Any, as_json: bool = False, key: Any = None) -> None:
        super().__init__(as_json)
        self.root, self.given = root, key
        self.size, self.gap = 0, False  # the position of the next record; whether one is missing before it
        self.due, self.leaf = 0, None  # what it should call itself, and cite
        self.tree, self.leaves = [], 0  # the roots of the complete subtrees, largest first; how many leaves they have
        self.doubt = None  # two neighbours that disagree: their places, the leaf of one, what the other cites
        self.heads, self.head = iter(()), None  # those that lie by the log, each with its place; the next of them
        self.origin, self.keys = None, []  # the log's name; the keys that its next head must be signed by
        self.matched = 0  # the size of the newest head that fits the tree
        self.claims = defaultdict(list)  # size -> what else speaks of a log of so many records: check, place, test
        self.relied = {}  # checkpoint that must be among the heads -> check, place
        self.tiles, self.tiled, self.rows = "", 0, {}  # where tiles lie, of how many records; the last of each level
        self.shown = {}  # digest of a disclosure that an export has -> place, name, digests of answers
        # What later records are compared with: a private temporary database, which SQLite keeps in memory up to its
        # cache of 64 MiB, then in a file that vanishes with the process. So memory stays bounded.
        self.base = sqlite3.connect("", isolation_level=None)
        create = "CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID"
        self.base.executescript(f"PRAGMA journal_mode=OFF; PRAGMA cache_size=-65536; BEGIN; {create}")

    def kept(self, key: str, new: Any = None) -> Any:
        """Return what was kept under a key, or None, and keep something new."""
        row = self.base.execute("SELECT value FROM kept WHERE key = ?", (key,)).fetchone()
        if new is not None:
            self.base.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (key, json.dumps(new)))
        return json.loads(row[0]) if row else None

    def run(self, is_log: bool, expect: Any, trusted: Any) -> int:
        """Make the checks, print what came of them, and return the exit status."""
        left = ("receipt", *(one for one in BESIDE if not (self.root / one).is_dir())) if is_log else NOT_OF_TILES
        checks, why = [check for check in CHECKS if check not in left], ""
        log = Place(file="log/")
        if expect:
            self.claims[expect[0]] += [("head", log, lambda _: self.same("head", "its leaf", expect[1], self.leaf))]
        if trusted:
            self.claims[trusted.size] += [("trusted", log, lambda _: self.trust(trusted))]
        try:
            if is_log:
                self.beside()
            self.heads = self.read_heads() if is_log else self.head_of_tiles("heads", "")
            self.head = next(self.heads, None)
            self.meet()
            for place, line in self.segments() if is_log else self.bundles():
                self.line(place, line)
            self.finish(expect, trusted)
        except UNREADABLE as error:
            said = getattr(error, "strerror", None) or type(error).__name__
            why = f"reading stopped at record #{self.size}: {said}"
        self.base.close()
        return self.close(checks, f"{self.size}:{self.leaf}", why)

    # --- What is read: the log, its heads, what an export has beside it ---

    def file(self, name: str, most: int) -> bytes | None:
        """Return a file's first bytes, or None if there is no such file."""
        path = self.root / name
        return start_of(path, most) if path.exists() and path.is_file() else None

    def listed(self, folder: str) -> Iterator[tuple[Place, Any]]:
        """Give what lies in a folder, in order; a name that is none of ours is not repeated."""
        path = self.root / folder
        for one in sorted(path.iterdir(), key=lambda one: str(one.name)) if path.is_dir() else ():
            yield Place(file=f"{folder}/{one.name if re.fullmatch('[A-Za-z0-9._-]{1,99}', one.name) else '?'}"), one

    def segments(self) -> Iterator[tuple[Place, bytes]]:
        """Give the lines of the segments in order; every other file in log/ is a finding."""
        for place, path in self.listed("log"):
            first = int(path.name[:12]) if re.fullmatch("[0-9]{12}[.]jsonl", path.name) and path.is_file() else -1
            wanted = "a file, a multiple of 65536 in 12 digits, .jsonl"
            if not self.need(first % SEGMENT == 0, "files", "it", wanted, "another", place):
                continue
            self.gap = not self.same("files", "its first record, by those before it", self.size, first, place)
            self.size = first
            for offset, line in lines_of(path, LINE_MAX + 1):
                more = self.size < first + SEGMENT
                if not self.need(more, "files", "its number of records", f"at most {SEGMENT}", "more", place):
                    raise LONG
                yield Place(self.size, offset, place.file), line
            self.counts["segments"] += 1
        self.need(self.size, "files", "the log", "a record 0", "no record", Place(file="log/"))

    def bundles(self) -> Iterator[tuple[Place, bytes]]:
        """Give the entries of tiles as lines."""
        for start in range(0, self.tiled, 256):
            at, count = 0, min(256, self.tiled - start)
            name = self.tile("entries", start // 256, count)
            data = self.file(name, TILE_MAX) or b""
            for _ in range(count):
                begin, at = at + 2, at + 2 + int.from_bytes(data[at : at + 2], "big")
                yield Place(self.size, begin, name), data[begin:at] + b"\n"

    def tile(self, level: int | str, index: int, width: int) -> str:
        """Return the name of a tile."""
        name = f"{index % 1000:03}" + (f".p/{width}" if width < 256 else "")
        while index := index // 1000:
            name = f"x{index % 1000:03}/{name}"
        return f"{self.tiles}tile/{level}/{name}"

    def head_of_tiles(self, check: str, where: str) -> Iterator[tuple[Place, Note]]:
        """Give the checkpoint of tiles, which says how many records they hold."""
        self.tiles, place = where, Place(file=f"{where}checkpoint")
        note = self.parsed(check, "a checkpoint", read_note, self.file(f"{where}checkpoint", NOTE_MAX) or b"", place)
        if note:
            self.tiled = note.size
            yield place, note

    def read_heads(self) -> Iterator[tuple[Place, Note]]:
        """Give the checkpoints in `heads`; a last line without an end was cut off by a crash and is none."""
        size = 0
        if self.file("heads", 0) is None:
            self.missed["heads"] = "there is no file heads"
            return
        for offset, line in lines_of(self.root / "heads", NOTE_MAX):
            if not line.endswith(b"\n") and len(line) < NOTE_MAX:
                return
            place = Place(None, offset, "heads")
            note = self.parsed("heads", "a checkpoint", lambda line: read_note(decode(line[:-1]).encode()), line, place)
            if note:
                self.relied.pop(note.data, None)
                if self.need(note.size >= size, "heads", "its size", f"{size} or more", note.size, place):
                    size = note.size
                    yield place, note

    def beside(self) -> None:
        """Read what an export has beside its log; it is compared as the records and the heads go by."""
        for place, path in self.listed("receipts"):
            data = self.file(f"receipts/{path.name}", NOTE_MAX) or b""
            receipt = self.parsed("receipts", "a tlog-proof", read_receipt, data, place)
            wanted = receipt and f"{receipt.index:012}.tlog-proof"
            if receipt and self.need(path.name == wanted, "receipts", "its name", wanted, "another", place):
                test = partial(self.leads, "receipts", place, receipt)
                self.claims[receipt.index + 1] += [("receipts", place, test)]
                self.relied[receipt.head.data] = "receipts", place
            self.counts["receipts"] += 1
        for place, path in self.listed("disclosures"):
            data = self.file(f"disclosures/{path.name}", PACK_MAX) or b""
            digest = sha256(data).hexdigest()
            if self.need(path.name == f"{digest}.txt", "disclosures", "its name", f"{digest}.txt", "another", place):
                read = self.parsed("disclosures", "a disclosure", read_disclosure, data, place)
                self.shown.update({digest: (place, *read)} if read else {})
            self.counts["disclosures"] += 1
        for place, note in self.head_of_tiles("tiles", "tiles/") if (self.root / "tiles").is_dir() else ():
            self.relied.setdefault(note.data, ("tiles", place))

    # --- One record after the other ---

    def line(self, place: Place, line: bytes) -> None:
        """Check one line and the record in it, put it into the tree and its tiles, and make it the record before."""
        before, self.at, text = self.at, place, line[:-1] if line.endswith(b"\n") else line
        if not self.need(len(text) <= LINE_MAX, "lines", "its length", f"at most {LINE_MAX} bytes", "more"):
            raise LONG
        sound = self.need(text != line, "lines", "its end", "a newline", "the end of the file")
        record = self.read(text)
        # After a drop or an insertion the records that still follow each other are not named again.
        if record and record["seq"] not in (self.size, self.due):
            sound = self.same("chain", "seq", self.size, record["seq"])
        self.chain(before, record, sound)
        if record:
            self.order(record["seq"], record["type"], record["body"])
            self.due = record["seq"] + 1
        nodes, count = [sha256(b"\0" + text).digest()], self.leaves
        self.leaf, self.gap, self.size, self.leaves = nodes[0].hex(), False, self.size + 1, self.leaves + 1
        while count & 1:
            nodes.append(node(self.tree.pop(), nodes[-1]))
            count >>= 1
        self.tree.append(nodes[-1])
        # A line is an entry; every eighth level of the tree is a level of tiles.
        parts = {"entries": len(text).to_bytes(2, "big") + text, **dict(enumerate(nodes[::8]))}
        for level, part in parts.items() if self.leaves <= self.tiled else ():
            self.rows.setdefault(level, []).append(part)
            if len(self.rows[level]) == 256:
                self.compare(level)
        self.meet(text)

    def read(self, text: bytes) -> Any:
        """Return the record in a line if it is canonical JSON and fits the tables."""
        self.counts["lines"] += 1
        try:
            record = decode(text)
        except MALFORMED:
            self.need(False, "lines", "it", "canonical JSON", "something else")
            return None
        what = misfit("record", record) or misfit(record["type"], record["body"], ".body")
        if not what and (record["type"] == "genesis") is not (self.at.seq == 0):
            what = "genesis, which is record 0 and only there"
        fine = self.need(not what, "records", str(what), "what FORMAT.md's tables say", "something else")
        self.counts["records"] += fine
        return record if fine else None

    def chain(self, before: Place, record: dict[str, Any] | None, sound: bool) -> None:
        """
        Compare `prev` with the leaf of the record before.

        Where two neighbours disagree, the next record tells which of them was altered: it cites the leaf that the later
        one had when it was written. The earlier one is named, unless that or a head shows that it was the later.
        """
        cited = record["prev"] if record else self.leaf
        if self.doubt:
            (earlier, later, leaf, told), self.doubt = self.doubt, None
            if cited != self.leaf or self.matched > earlier.seq:
                self.same("chain", "prev", leaf, told, later)
            else:
                self.same("chain", f"its leaf, by the prev of record #{later.seq}", told, leaf, earlier)
        elif not sound or self.gap or self.leaf is None or cited is None:
            self.same("chain", "prev", self.leaf, cited)
        elif cited != self.leaf:
            self.doubt = before, self.at, self.leaf, cited

    def compare(self, level: int | str) -> None:
        """Compare a tile with what belongs into it."""
        row, index = self.rows.pop(level), self.counts[f"tiles of {level}"]
        name = self.tile(level, index, len(row))
        data = self.file(name, TILE_MAX)
        found = "no file" if data is None else "something else"
        self.need(data == b"".join(row), "tiles", "it", "what the records make", found, Place(file=name))
        self.counts.update({"tiles": 1, f"tiles of {level}": 1})

    # --- Heads: each stands for all records up to its size ---

    def meet(self, text: bytes = b"") -> None:
        """Check the heads, and what else is claimed, of a log of so many records as there are so far."""
        for _, _, test in self.claims.pop(self.leaves, ()):
            test(text)
        newest = None
        while self.head and self.head[1].size == self.leaves:
            place, note = self.head
            more = not newest or (note.text == newest.text and note.signatures > newest.signatures)
            self.need(more, "heads", "a head of the same size", "the same with a signature more", "another", place)
            newest, self.head = note, next(self.heads, None)
        if newest:
            self.at = self.at if self.leaves else place
            self.origin = self.origin or newest.origin
            self.fits("heads", newest)
            self.signed(newest)

    def fits(self, check: str, note: Note) -> None:
        """Compare a head with the tree."""
        root = reduce(lambda right, left: node(left, right), reversed(self.tree)) if self.tree else sha256(b"").digest()
        ours = note.origin == (self.origin or note.origin)
        fine = self.need(ours, check, "the origin of its head", "the log's", "another")
        fine &= self.same(check, f"the root over the {note.size} records up to it", note.root.hex(), root.hex())
        self.counts[check] += 1
        self.matched = note.size if fine else self.matched

    def signed(self, note: Note) -> None:
        """Check who signed a head: every key that was new since the last head, and the one before them."""
        found, fine = note.signed_by([self.given, *self.keys])
        none = self.keys or not note.signatures
        self.need(none, "signatures", "its head", "no signature, as the log records no key", "one")
        self.need(fine, "signatures", "its head", "signatures that hold", "another")
        for key in self.keys if fine else ():
            self.need(key in found, "signatures", "its head", f"one signed by {key.id.hex()}", "none by it")
        self.counts.update(signed=bool(found), by_given=self.given in found)
        self.keys = self.keys[-1:]

    def trust(self, note: Note) -> None:
        """Check the trusted head, unless it is another log's, which accuses no record of this one."""
        if self.origin in (None, note.origin):
            self.fits("trusted", note)
            signed = not self.given or note.signed_by([self.given, *self.keys])[0]
            self.need(signed, "trusted", "its signature", "one by a known key", "none", TRUSTED)

    def leads(self, check: str, place: Place, receipt: Receipt, text: bytes) -> None:
        """Check that a receipt's proof leads from a line to the root of its head."""
        root = receipt.head.root
        found = climb(receipt.index, receipt.head.size, sha256(b"\0" + text).digest(), receipt.proof)
        self.need(found == root, check, "its proof", f"a way to {root.hex()}", found and found.hex(), place)

    # --- What records say of those before them ---

    def order(self, seq: int, kind: str, body: dict[str, Any]) -> None:
        """Check what a record says against the records before it."""
        self.counts[kind] += 1
        for form in ONCE.get(kind, ()):
            before, what = self.kept(form.format_map(body), seq), f"its {form.split()[0]}"
            self.need(before is None, f"{kind}s", what, "once in a log", f"it in record #{before} too")
        if kind == "genesis":
            fine = self.origin in (None, body["origin"])
            self.need(fine, "heads", "its origin", "that of the heads", "another")
            self.origin = body["origin"]
        elif kind == "rubric":
            self.pack(body)
        elif kind == "key":
            self.keys.append(read_key(body["key"]))
            self.counts["given"] += self.keys[-1] == self.given
            self.need(self.keys[-1].name == self.origin, "keys", "its name", "the log's origin", "another")
        elif kind == "erasure":
            known = self.kept(f"case {body['case']}")
            self.need(known, "erasures", "its case", "that of an earlier record", "no record with it")
        elif "disclosures" in body:
            self.case(seq, kind, body)

    def pack(self, body: dict[str, Any]) -> None:
        """Check the pack file that a rubric record cites; the first thing that is wrong is named."""
        name = f"packs/{body['pack']}.json"
        data = self.file(name, PACK_MAX + 1)
        if not (self.root / "packs").is_dir():
            self.missed["packs"], self.lacking = "there is no packs/ beside log/", {"packs"}
        elif self.need(data is not None, "packs", name, "a file", "none"):
            found: dict[str, Any] = {"pack": sha256(data).hexdigest(), "length": len(data)}
            if found["pack"] == body["pack"]:
                names = self.parsed("packs", "a pack in canonical JSON", read_pack, data, self.at) or {}
                self.kept(f"names {body['pack']}", names)
                found.update(names)
            for key in ("pack", "length", "rubric", "version", "scoring"):
                value = found.get(key, body[key])
                plain = type(value) is int or not (misfit("id", value) and misfit("digest", value))
                if not self.same("packs", f"{key} of {name}", body[key], value if plain else "?"):
                    break
            self.counts["packs"] += 1

    def case(self, seq: int, kind: str, body: dict[str, Any]) -> None:
        """Check a record against those before it of the same case, and keep what later ones are checked against."""
        key, said = body["disclosures"]["case"], body["decision"] if kind == "decision" else body
        self.cite(key, body["disclosures"])
        case = self.kept(f"case {key}") or {"opening": None, "newest": None, "void": None, "reinstate": None}
        gone, newest = self.kept(f"erased {key}"), case["newest"] and case["newest"]["seq"]
        self.need(gone is None, "erasures", "its case", "one not erased", f"that erased at record #{gone}")
        if kind != "resolution":
            known = self.kept(f"pack {said['pack']}") is not None
            self.need(known, f"{kind}s", "its pack", "that of an earlier rubric record", said["pack"])
        if kind == "opening":
            new = not (case["opening"] or case["newest"])
            self.need(new, "openings", "its case", "no record before", "an opening or a decision")
            case["opening"] = case["opening"] or [seq, body["pack"], body["profile"], body["level"]]
        elif kind == "decision":
            self.same("decisions", "supersedes", newest, body["supersedes"])
            self.decision(said, case)
            case["newest"] = {**{name: said[name] for name in ("pack", "status", "verdict", "stages")}, "seq": seq}
        else:
            fine, wanted = body["decision"] == newest, f"the case's newest: {newest}"
            if self.need(fine, "resolutions", "its decision", wanted, body["decision"]):
                self.resolution(body, case["newest"], key)
            if body["action"] != "withdraw":
                taken = {"before": case.get(body["action"]), "case": key, "over": False}
                self.kept(f"resolution {seq}", {**taken, "said": {name: body[name] for name in ("reason", "stage")}})
                case[body["action"]] = seq
        self.kept(f"case {key}", case)

    def cite(self, case: str, disclosures: dict[str, str]) -> None:
        """Keep which disclosures of an export a record cites, in which case, and whether as what they are."""
        for name, digest in disclosures.items() if self.shown else ():
            _, own, answers = self.shown.get(digest, (None, None, ()))
            for one in {digest, *answers} & self.shown.keys():
                self.kept(f"cited {one} {case} {int(one != digest or name == own)}", True)

    def decision(self, decision: dict[str, Any], case: dict[str, Any]) -> None:
        """Check that a decision keeps to its case's opening, and carries on what is in force."""
        if case["opening"]:
            seq, *fixed = case["opening"]
            fixed[0], same = (case["newest"] or {"pack": fixed[0]})["pack"], False
            if case["newest"]:  # an amendment is made by the version that replaces the one before
                old, new = (self.kept(f"names {pack}") for pack in (fixed[0], decision["pack"]))
                same = not (old and new) or (new["rubric"], new["replaces"]) == (old["rubric"], old["version"])
            for what, wanted in zip(("pack", "profile", "level"), fixed):  # noqa: B905 - strict is not in Python 3.9
                fine = decision[what] == wanted or (what == "pack" and same)
                self.need(fine, "openings", f"its {what}", f"{wanted}, as in record #{seq}", decision[what])
        for name in ("void", "reinstate"):
            last = self.kept(f"resolution {case[name]}")
            while last and last["over"]:  # those that were withdrawn are passed over for good
                case[name] = last["before"]
                last = self.kept(f"resolution {case[name]}")
            wanted = last and (last["said"]["reason"] if name == "void" else last["said"])
            fine = decision[name] == wanted
            self.need(fine, "resolutions", f"its {name}", f"the one in force: {wanted}", decision[name])

    def resolution(self, body: dict[str, Any], newest: dict[str, Any], key: str) -> None:
        """Check that a resolution may be said of its case's newest decision; of a pack that is not there, all may be."""
        actions = (self.kept(f"names {newest['pack']}") or {}).get("verdicts")
        taken, verdict, status = self.kept(f"resolution {body['withdraws']}"), newest["verdict"], newest["status"]
        decides, known = (actions or {}).get(verdict) != "review", actions is None or body["verdict"] in actions
        ended = newest["stages"].get(body["stage"], [None])[0]
        fine, wanted = {
            "confirm": (verdict and decides, "a decision with a verdict whose action decides"),
            "override": (known and status != "pending", "a decision not pending, a verdict of its pack"),
            "reinstate": (ended == "ended" == status, "a decision that ended, and the stage that ended it"),
            "void": (True, ""),
            "withdraw": (taken and taken["case"] == key and not taken["over"], "a resolution of the case in force"),
        }[body["action"]]
        if self.need(fine, "resolutions", f"its {body['action']}", wanted, "something else") and taken:
            self.kept(f"resolution {body['withdraws']}", {**taken, "over": True})

    # --- The end of the log ---

    def finish(self, expect: Any, trusted: Any) -> None:
        """Check what only the log's end shows."""
        if self.doubt:
            told = expect[1] if expect and expect[0] == self.leaves else self.leaf
            self.chain(self.at, {"prev": told}, sound=True)  # as if by a next record
        foreign = trusted and self.origin not in (None, trusted.origin)
        if foreign:
            own, other = (ascii(one)[1:-1] for one in (self.origin, trusted.origin))
            self.same("trusted", "whose it is: another log's, no record is accused", own, other, TRUSTED)
        left = ((size, check, place) for size, rows in self.claims.items() for check, place, _ in rows)
        heads = ((note.size, "heads", place) for place, note in chain([self.head] if self.head else [], self.heads))
        for size, check, place in chain(left, heads):
            fine = check == "trusted" and foreign
            self.need(fine, check, "the log's number of records", f"{size} or more", self.leaves, place)
        for level in [*self.rows]:
            self.compare(level)
        for check, place in self.relied.values():
            self.need(False, check, "its checkpoint", "one of the heads", "another", place)
        for digest, (place, _, _) in self.shown.items():
            select, fine, gone = "SELECT key FROM kept WHERE key BETWEEN ? AND ?", None, None
            for (key,) in self.base.execute(select, (f"cited {digest} ", f"cited {digest} g")):
                _, _, case, said = key.split()
                fine, gone = fine or said == "1", self.kept(f"erased {case}") if gone is None else gone
            found = "no record" if fine is None else "one that cites it as something else"
            self.need(fine, "disclosures", "it", "a record that cites it as such", found, place)
            found = f"that erased at record #{gone}"
            self.need(gone is None, "disclosures", "its case", "one not erased", found, place)
        for _, path in self.listed("packs"):
            known = re.fullmatch("[0-9a-f]{64}[.]json", path.name) and self.kept(f"pack {path.name[:64]}") is not None
            self.counts["strays"] += not known
        behind = self.counts["behind"] = self.leaves - self.matched
        if self.counts["key"] and behind > BEHIND:
            said = f"{behind} records are behind the newest head: no key vouches for them, anybody may have added them"
            self.say("REMARK", "heads", Place(file="log/"), said)
        fine = not self.given or (self.counts["given"] and self.counts["by_given"])
        wanted = "signed by the key given, which is one of its own"
        self.need(fine, "signatures", "its heads", wanted, "others", Place(file="log/"))
        if not expect:
            self.missed["head"] = "none to compare with was given (--expect)"
        if not trusted:
            self.missed["trusted"] = "no trusted head was given (--trusted)"
        if not self.given and not self.counts["key"]:
            self.missed["signatures"] = "no key was given (--key), and the log records none"

    # --- A receipt alone ---

    def receipt(self, data: bytes, line: bytes, trusted: Any) -> int:
        """Check a receipt and the line of its record, where that was given or the receipt carries it."""
        at = Place(file="the receipt")
        receipt = self.parsed("receipt", "a tlog-proof", read_receipt, data, at)
        if not receipt:
            return self.close(("receipt",))
        index, head = receipt.index, receipt.head
        if line := line or receipt.carried:
            self.at = Place(index, 0, "the record")
            self.need(len(line) <= LINE_MAX, "lines", "its length", f"at most {LINE_MAX} bytes", "more")
            record = self.read(line)
            self.need(not record or record["seq"] == index, "receipt", "its seq", index, "another")
            self.need(index < head.size, "receipt", "its index", f"less than {head.size}", index, at)
            self.leads("receipt", at, receipt, line)
        if self.given:
            self.counts["signed"] = 1
            wanted = f"one signed by {self.given.id.hex()}"
            self.need(head.signed_by([self.given])[0], "signatures", "its head", wanted, "none by it", at)
        else:
            self.missed["signatures"], self.lacking = "no key was given (--key)", {"signatures"}
        if trusted and trusted.size == head.size:
            self.need(trusted.text == head.text, "trusted", "its head", "the trusted one", "another", at)
        else:
            self.missed["trusted"] = "no trusted head of the receipt's size was given (--trusted)"
        return self.close(OF_RECEIPT, why="" if line else "the receipt does not carry its record (--record)")


# --- The command line ---


def faults(names: list[str], top: str) -> Iterator[tuple[bool, str, str]]:
    """Give what must be so of the names in a ZIP, lest two who unpack it read two things: whether it is, and in words."""
    split = [name.removesuffix("/").casefold().split("/") for name in names]
    inside = all(len("/".join(way)) <= 200 and not {"", ".", ".."} & {*way} for way in split)
    inside = inside and not any("\\" in name or ":" in name for name in names)
    above = {"/".join(way[:count]) for way in split for count in range(1, len(way))} if inside else set()
    yield len({*map("/".join, split)}) == len(names), "each once, in any case", "one twice"
    yield inside, "none that leads out of it", "one that does"
    yield above.isdisjoint(map(str.casefold, names)), "each a file or a folder", "one that is both"
    yield all(name.startswith(top) for name in names), "all in one folder, or none", "others beside the folder"


def log_in(root: Any) -> tuple[Any, bool]:
    """Return the folder that is a log or tiles, the root or the one in it, and whether it is a log; None if there is none."""
    inside = [one for one in root.iterdir() if (one / "log").is_dir()] if root.is_dir() else []
    # A log may itself be called log, and hold another folder of that name.
    named = [
        one for one in inside if one.name == "log" and not any(file.name.endswith(".jsonl") for file in one.iterdir())
    ]
    if (root / "log").is_dir() and not named:
        return root, True
    tiles = (root / "checkpoint").exists()
    return (root, False) if tiles else (inside[0] if len(inside) == 1 else None, True)


def given_key(text: str) -> Key:
    """Read a key that was given, itself or in a file."""
    what = "it looks like a key, but does not fit its own hash: a character is wrong or missing"
    try:
        if text.count("+") < 2 or Path(text).is_file():
            what = "the file holds no verification key of a log"
            text = start_of(Path(text), 4096).decode("ascii").strip()
        return read_key(text)
    except OSError as error:
        what = f"it is no verification key, name+hash+base64, and no file that can be read: {error.strerror}"
    except MALFORMED:
        pass
    raise argparse.ArgumentTypeError(what)


def main() -> int:
    """Check what was named, print what was found and return the exit status."""
    parser = argparse.ArgumentParser(description="Check a decision log: 0 holds, 1 fails, 2 wrong call, 3 not checked.")
    option = parser.add_argument
    option("path", metavar="PATH", type=Path, help="a log, an export, tiles, or a receipt")
    option("--key", metavar="VKEY", type=given_key, help="the log's verification key, or a file that holds it")
    option("--trusted", metavar="FILE", type=Path, help="a checkpoint of this log that was kept elsewhere")
    option("--expect", metavar="SIZE:LEAF", help="number and leaf of a last record, likewise")
    option("--record", metavar="FILE", type=Path, help="the line of the record that a receipt is about")
    option("--json", action="store_true", help="print one JSON object a line")
    call = parser.parse_args()
    expect = re.fullmatch("([1-9][0-9]{0,14}):([0-9a-f]{64})", call.expect) if call.expect is not None else None
    if call.expect is not None and not expect:
        parser.error("--expect: expected a number from 1 on, a colon and 64 lower-case hexadecimal digits")
    try:
        trusted = read_note(start_of(call.trusted, NOTE_MAX)) if call.trusted else None
        packed = zipfile.ZipFile(call.path) if call.path.is_file() and zipfile.is_zipfile(call.path) else None
        top: Any = zipfile.Path(packed) if packed else call.path
        root, is_log = log_in(top)
        walk = Walk(root, call.json, call.key)
        if root:
            names, folder = packed.namelist() if packed else [], "" if root == top else f"{root.name}/"
            for fine, wanted, other in faults(names, folder):
                walk.need(fine, "files", "its names", wanted, other, Place(file="the ZIP"))
            return walk.run(is_log, expect and (int(expect[1]), expect[2]), trusted)
        if call.path.is_file() and not packed:
            data, line = start_of(call.path, NOTE_MAX), start_of(call.record, LINE_MAX + 2) if call.record else b""
            if call.record or data.startswith(b"c2sp.org/tlog-proof@"):
                return walk.receipt(data, line[:-1] if line.endswith(b"\n") else line, trusted)
    except (*UNREADABLE, ValueError) as error:
        parser.error(f"it cannot be read: {type(error).__name__}")
    return parser.error("PATH is no directory with log/, no export, no tiles, and no receipt")


if __name__ == "__main__":
    sys.exit(main())
