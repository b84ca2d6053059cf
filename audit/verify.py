"""
Check a log, an export, tiles or a receipt without trusting whoever wrote them.

    python3 -I -S verify.py PATH [--key VKEY] [--trusted FILE] [--expect SIZE:LEAF] [--record FILE] [--json]

PATH is a log directory, an export (a ZIP or its directory), a tlog-tiles directory, or a receipt; --record holds its
record's line where it does not carry that. Written from FORMAT.md and what it cites; Python 3.9 or newer, standard library only. It reads once, line
by line, writes nothing, and prints places, ids and digests, never anything else that a record holds. Exit status: 0
holds; 1 fails; 2 the call is wrong; 3 something that was asked for could not be checked.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import sqlite3
import sys
import zipfile
import zlib
from collections import Counter
from datetime import datetime
from functools import reduce
from hashlib import sha256, sha512
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LINE_MAX, PACK_MAX, NOTE_MAX, SEGMENT, INT_MAX, SHOWN = 32_768, 4 << 20, 1 << 20, 65_536, 2**53 - 1, 20
BEHIND = 512  # records that a log with a key may honestly have behind its newest head: below 256, and a batch
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
OF_RECEIPT = ("lines", "records", "receipt", "signatures", "trusted")
BESIDE, NOT_OF_TILES = ("receipts", "disclosures", "tiles"), ("files", "packs", "receipt", "receipts", "disclosures")
LIMITS = (
    "records cut off behind the newest head, or together with it: a head kept elsewhere does (--trusted, --expect)",
    "a log written anew and signed anew by its key's owner: the same head shows it",
    "a score that was never logged: whoever was scored asks for the receipt",
    "whether `time` is true: it is what the writer's clock said; the order of events is `seq`",
    "whether an export's pages and README say the same: they are for people, and nothing vouches for them",
    "whether verdicts follow from outcomes: recompute.py tells",
    "whether the answers were so, notice was given, irregularities occurred: replay with the vault shows what was said",
)

# FORMAT.md 3, 4, 6: a table's keys and kinds. KIND? may be null, [KIND]MOST is a list, (KEY=KIND)MOST an object, LOW..HIGH
# an integer; others are tables, or patterns for all of a string: of PATTERNS, or spelled out.
ID, HASH = "[A-Za-z0-9._-]{1,48}", "[A-Za-z0-9+/]{43}="
PLACE = f"{ID}(/{ID})?"
PATTERNS = {
    "id": ID, "digest": "[0-9a-f]{64}", "place": PLACE, "set": "[A-Za-z0-9_-]{1,167}", "outcomes": "[A-Za-z0-9_-]{1,3000}",
    "rational": "(?=.{1,4096}$)(0|-?[1-9][0-9]*(/[1-9][0-9]*)?)", "origin": "[!-~]{1,200}", "time": "[0-9TZ:-]{20}", "vkey": "[!-~]+",
    "of_profile": f"(profile|expected|rubric):{ID}", "by": f"fatal|knock_out|(gate|override):{PLACE}",
    "cause": f"band|fatal|knock_out|(gate|override):{PLACE}",
}  # fmt: skip
TABLES = {row[0]: dict(pair.split("=", 1) for pair in row[1:]) for row in map(str.split, """
record body=object prev=digest? seq=0..9007199254740991 time=time type=genesis|rubric|{rest} v=1..1
genesis origin=origin
rubric length=1..4194304 pack=digest rubric=id scoring=digest version=id
opening disclosures=o_digests id=id level=id? pack=digest profile=id
decision decision=decided disclosures=d_digests id=id supersedes=0..9007199254740991?
resolution action=confirm|override|reinstate|void|withdraw decision=0..9007199254740991 disclosures=r_digests id=id {own}
erasure case=digest reason=id
key key=vkey
recovery cut=digest length=1..4227073
o_digests case=digest opening=digest
d_digests case=digest submission=digest
r_digests case=digest resolution=digest
decided action=advance|review|decline|wait assumed=[of_profile]151 awaited=set caps=[cap]502 determined_by=[cause]503 {a} {b}
cap by=by verdict=id
lifted reason=id stage=id
""".format(
    rest="opening|decision|resolution|erasure|key|recovery", own="reason=id stage=id? verdict=id? withdraws=0..9007199254740991?",
    a="excerpts=(place=excerpt)50 flags=(fatal|knock_out|refer|note=set)4 handed_in=once holds=holds irregularities=sorted level=id? "
    "notice=boolean? outcomes=outcomes pack=digest profile=id reachable=[id]16? reinstate=lifted? score=rational?",
    b="sections=(place=rational?)50 semantics=1..1 stages=(id=stage)20 status=void|ended|pending|decided variant=id? verdict=id? void=id?",
).splitlines()[1:])}  # fmt: skip
OWN = {"stage": "reinstate", "verdict": "override", "withdraws": "withdraw"}  # a resolution's keys of one action each
STAGES, HOLDS = (
    "passed|ended|pending|waiting|not_evaluated",
    "void refer verdict irregularity notice excerpt excluded unclear",
)
FURTHER: dict[str, Callable[[Any], bool]] = {  # what a pattern or table does not say
    "object": lambda value: isinstance(value, dict),
    "boolean": lambda value: isinstance(value, bool),
    "time": lambda value: datetime.fromisoformat(value[:19]).isoformat() + "Z" == value,
    "rational": lambda value: "/" not in value or (gcd(*map(int, value.split("/"))) == 1 and value[-2:] != "/1"),
    "vkey": lambda value: bool(read_key(value)),
    "holds": lambda value: value == [hold for hold in HOLDS.split() if hold in value],
    "once": lambda value: not misfit("[id]20", value) and len(set(value)) == len(value),
    "sorted": lambda value: not misfit("[id]20", value) and value == sorted(set(value)),
    "excerpt": lambda value: not misfit("[0..1000]2", value) and value[0] < value[1],
    "stage": lambda value: not misfit(STAGES, value[0]) and not misfit("rational?", value[1]) and len(value) == 2,
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
    if kind in TABLES:
        rows = TABLES[kind]
        fine = isinstance(value, dict) and value.keys() == rows.keys()
        for inner in (misfit(rows[key], value[key], f"{path}.{key}") for key in rows if fine):
            if inner:
                return inner
    elif kind[0] in "[(":
        inside, _, most = kind[1:].rpartition("]" if kind[0] == "[" else ")")
        key, _, row = inside.rpartition("=")
        fine = isinstance(value, dict if key else list) and len(value) <= int(most)
        fine = fine and not any(misfit(key or row, one) for one in value)
        fine = fine and not (key and any(misfit(row, one) for one in value.values()))
    elif ".." in kind:
        fine = type(value) is int and int(kind.split("..", maxsplit=1)[0]) <= value <= int(kind.split("..")[1])
    else:
        plain = kind in FURTHER and kind not in PATTERNS
        fine = plain or (isinstance(value, str) and bool(re.fullmatch(PATTERNS.get(kind, kind), value)))
    try:
        return None if fine and (kind not in FURTHER or FURTHER[kind](value)) else path.lstrip(".") or "its keys"
    except (ValueError, TypeError, LookupError):
        return path.lstrip(".") or "its keys"


# --- canonical JSON (FORMAT.md 1), and the scoring digest (5) ---


def _number(text: str) -> int | None:
    return int(text) if len(text) < 18 and abs(int(text)) <= INT_MAX else None


def _depth(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inside is None else 1 + max(map(_depth, inside), default=0)


def encode(value: Any) -> bytes:
    """Return the one spelling of a value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def decode(data: bytes) -> Any:
    """Return the value spelled by `data`; raise ValueError if it is not canonical JSON."""
    # What is no value of ours becomes null, and so is no longer spelled as it was.
    hooks: dict[str, Any] = {"parse_int": _number, **dict.fromkeys(("parse_float", "parse_constant"), lambda _: None)}
    try:
        value = json.loads(data.decode(), object_hook=lambda one: one if all(map(str.isascii, one)) else None, **hooks)
        if encode(value) == data and (data.count(b"[") + data.count(b"{") <= 32 or _depth(value) <= 32):
            return value
    except RecursionError:
        pass
    raise ValueError("not canonical JSON")


def bare(value: Any) -> Any:
    """Return a value without any `about`; a section named so keeps its entry in `shares`, which is no object."""
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items() if key != "about" or not isinstance(inner, dict)}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


# --- Ed25519 without the cofactor (RFC 8032 5.1): a point is x, y, z, t with its coordinates x/z and y/z, and t = xy/z ---

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)


def _point(data: bytes) -> Any:
    odd, y = data[31] >> 7, int.from_bytes(data, "little") & (2**255 - 1)
    u, v = y * y - 1, D * y * y + 1
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    x = x if (v * x * x - u) % P == 0 else x * ROOT % P
    x = x if x & 1 == odd else P - x
    return (x, y, 1, x * y % P) if y < P and x < P and (v * x * x - u) % P == 0 else None


def _add(one: Any, two: Any) -> Any:
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, two
    a, b, c, d = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2), 2 * t1 * t2 * D, 2 * z1 * z2
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


BASE = _point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a signature is this key's: [s]B - [k]A, encoded, is R."""
    a, s = _point(public), int.from_bytes(signature[32:], "little")
    if a is None or len(signature) != 64 or s >= ORDER:
        return False
    k = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % ORDER
    minus, found = (P - a[0], a[1], 1, P - a[3]), (0, 1, 1, 0)
    steps = (None, BASE, minus, _add(BASE, minus))
    for bit in range(252, -1, -1):
        found, step = _add(found, found), steps[(s >> bit & 1) + 2 * (k >> bit & 1)]
        found = _add(found, step) if step else found
    x, y = (part * pow(found[2], -1, P) % P for part in found[:2])
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# --- C2SP signed-note, tlog-checkpoint, tlog-proof; the tree of RFC 6962 ---

DECIMAL, LINE = "(0|[1-9][0-9]{0,14})", "[^\\x00-\\x1f]+"
SIGNATURE = re.compile("\u2014 ([^\\s+\\x00-\\x1f]+) ([A-Za-z0-9+/]+=*)\n")
NOTE = re.compile(f"(({LINE})\n{DECIMAL}\n({HASH})\n)(\n((?:\u2014 {LINE}\n)+))?")
RECEIPT = re.compile(f"c2sp.org/tlog-proof@v1\n(?:extra ([A-Za-z0-9+/]*=*)\n)?index {DECIMAL}\n((?:{HASH}\n)*)\n")


def _unbase64(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not the one spelling")
    return data


class Key(NamedTuple):
    """An Ed25519 verification key."""

    name: str
    id: bytes
    public: bytes


def read_key(text: str) -> Key:
    """Read `name+hash+base64`; raise ValueError if it is no Ed25519 key."""
    name, short, data = text.split("+", 2)
    raw = _unbase64(data)
    key = Key(name, sha256(name.encode() + b"\n" + raw).digest()[:4], raw[1:])
    if name.split() != [name] or len(raw) != 33 or raw[0] != 1 or key.id.hex() != short:
        raise ValueError("no key")
    return key


class Note(NamedTuple):
    """A checkpoint, and the signatures that it claims: name, key id, signature."""

    text: str
    origin: str
    size: int
    root: bytes
    signatures: frozenset[tuple[str, bytes, bytes]]

    def signed_by(self, keys: Iterable[Key | None]) -> tuple[set[Key], bool]:
        """Return those of the keys, named as the origin, that signed; none, and False, if the signature of one does not hold."""
        known = {(key.name, key.id): key for key in keys if key and key.name == self.origin}
        mine = [(known[name, short], seal) for name, short, seal in self.signatures if (name, short) in known]
        fine = all(holds(key.public, self.text.encode(), seal) for key, seal in mine)
        return {key for key, _ in mine if fine}, fine


def read_note(data: bytes) -> Note:
    """Read a checkpoint, signed or not; raise ValueError if it is none."""
    found = NOTE.fullmatch(data.decode("utf-8"))
    signatures = SIGNATURE.findall(found[6] or "") if found else []
    if not found or len(signatures) != (found[6] or "").count("\n"):
        raise ValueError("no checkpoint")
    raw = [(name, _unbase64(seal)) for name, seal in signatures]
    claimed = frozenset((name, seal[:4], seal[4:]) for name, seal in raw)
    return Note(found[1], found[2], int(found[3]), _unbase64(found[4]), claimed)


class Receipt(NamedTuple):
    """A receipt: the record's index, its proof, the checkpoint as bytes and as read, and the record where it carries it."""

    index: int
    proof: list[bytes]
    head: bytes
    note: Note
    extra: bytes

    def root(self, line: bytes) -> bytes | None:
        """Return the root that the proof leads to from a record's line; None if there is no such leaf, or no such way."""
        leaf, size = sha256(b"\0" + line).digest(), self.note.size
        return climb(self.index, size, leaf, self.proof) if self.index < size else None


def read_receipt(data: bytes) -> Receipt:
    """Read a receipt; raise ValueError if it is none."""
    found = RECEIPT.match(data.decode("utf-8"))
    if not found:
        raise ValueError("no receipt")
    head = data[len(found[0].encode()) :]
    return Receipt(int(found[2]), [*map(_unbase64, found[3].split())], head, read_note(head), _unbase64(found[1] or ""))


def read_disclosure(data: bytes) -> tuple[str, list[str]]:
    """Return a disclosure's name and the digests of answers that its value cites; raise ValueError if it is none (8)."""
    _, name, value = decode(base64.urlsafe_b64decode(data + b"=" * (-len(data) % 4)))
    answers = value.get("answers") if name == "submission" and isinstance(value, dict) else None
    parts = answers["_sd"] if isinstance(answers, dict) and answers.keys() == {"_sd"} else []
    if not isinstance(name, str) or not data.isascii():
        raise ValueError("no disclosure")
    return name, [base64.urlsafe_b64decode(part + "=").hex() for part in parts]


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return sha256(b"\1" + left + right).digest()


def climb(index: int, size: int, found: bytes, proof: list[bytes]) -> bytes | None:
    """Return the root that an inclusion proof leads to (RFC 9162 2.1.3.2); None if it is too short or too long."""
    last = size - 1
    for sibling in proof:
        if last <= 0:
            return None
        found = node(sibling, found) if index & 1 or index == last else node(found, sibling)
        while index == last and not index & 1:
            index, last = index >> 1, last >> 1
        index, last = index >> 1, last >> 1
    return found if last == 0 else None


class Place(NamedTuple):
    """Where a finding lies: a record by its position, its line's first byte, and the file."""

    seq: int | None = None
    offset: int | None = None
    file: str | None = None


class WalkError(Exception):
    """The log cannot be read any further."""


class Walk:
    """One pass, which prints what it finds; afterwards `size` and `leaf` are the log's head."""

    def __init__(
        self, root: Any, as_json: bool = False, expect: Any = None, key: Any = None, trusted: Any = None
    ) -> None:
        self.root, self.as_json, self.expect, self.given, self.trusted = root, as_json, expect, key, trusted
        self.counts: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.missed: dict[str, str] = {}  # check -> why it could not be made
        self.unasked: set[str] = set()  # those of them that nobody asked for
        self.first = self.last = Place()  # the first bad record; the record before
        self.size, self.last_seq, self.gap = 0, -1, False  # its number, what it says that it is, whether it is missing
        self.leaf: str | None = None
        self.doubt: tuple[Place, Place, Any, Any] | None = None  # two neighbours, the leaf of one, what the other cites
        self.compared: tuple[Place, str | None] | None = None  # the record that --expect is about, and its leaf
        self.tree: list[bytes] = []  # roots of the complete subtrees, largest first
        self.rows: dict[int, list[bytes]] = {}  # of tiles: what the tile of each level holds so far
        self.tiles, self.tiled, self.bundle = (
            "",
            0,
            b"",
        )  # where tiles lie, of how many records, entries of the last bundle
        self.proofs: dict[int, tuple[Place, Receipt]] = {}  # an export's receipts
        self.relied: dict[bytes, tuple[str, Place]] = {}  # checkpoints that must be among the heads
        self.shown: dict[str, tuple[Place, str, list[str]]] = {}  # an export's disclosures: name, answers that it cites
        self.cited: dict[str, str] = {}  # as what records cite them; as what they are, once one does
        self.lost: dict[str, int] = {}  # those that a record of an erased case cites, and the erasure
        self.leaves = self.matched = 0  # how many are in the tree; the size of the newest head that fits it
        self.origin: str | None = None
        self.due: tuple[Place, Note] | None = None  # the next head
        self.keys: list[Key] = []  # who has to sign it
        # What later records are compared with: a private temporary database, which SQLite keeps in memory up to its
        # cache, then in a file that vanishes with the process. So memory stays bounded.
        self.base = sqlite3.connect("", isolation_level=None)
        create = "CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID"
        for command in ("PRAGMA journal_mode=OFF", "PRAGMA cache_size=-65536", "BEGIN", create):  # 64 MiB
            self.base.execute(command)

    def kept(self, key: str, new: Any = None) -> Any:
        """Return what was kept under a key, or None, and keep something new."""
        row = self.base.execute("SELECT value FROM kept WHERE key = ?", (key,)).fetchone()
        if new is not None:
            self.base.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (key, json.dumps(new)))
        return json.loads(row[0]) if row else None

    def say(self, result: str, check: str, place: Place, detail: str, **values: str) -> None:
        """Print one line: an object with fixed keys, or text. `values` are what was expected and what was found."""
        if self.as_json:
            fields = {"check": check, "result": result, **place._asdict(), "expected": None, "found": None}
            print(json.dumps({**fields, **values, "detail": detail}))
            return
        at = "" if place.seq is None else f"record #{place.seq}, "
        where = f"{at}{'' if place.offset is None else f'byte offset {place.offset} of '}{place.file}: "
        compared = "; expected {expected}; found {found}".format_map(values) if values else ""
        print(f"{result} {check}: {where if place.file else ''}{detail}{compared}")

    def need(self, fine: Any, check: str, place: Place, what: str, expected: Any, found: Any) -> bool:  # noqa: PLR0917 - one line a check
        """Count a finding unless all is fine; print the first 20, and the first of each check."""
        if not fine:
            self.failed[check] += 1
            if self.failed[check] == 1 or sum(self.failed.values()) <= SHOWN:
                self.say("FAILS", check, place, what, expected=str(expected), found=str(found))
            if place.seq is not None and (self.first.seq is None or place.seq < self.first.seq):
                self.first = place
        return bool(fine)

    def skip(self, check: str, why: str) -> None:
        """Note that nobody asked for a check."""
        self.missed[check] = why
        self.unasked.add(check)

    def run(self, lines: Iterator[tuple[Place, bytes, bool]], checks: Iterable[str], heads: str) -> int:
        """Make the checks, print what came of them, and return the exit status."""
        why = ""
        try:
            self.heads = self.read_heads(heads)
            self.beside()
            self.due = next(self.heads, None)
            self.tiled = self.due[1].size if heads == "checkpoint" and self.due else self.tiled
            self.here()
            for place, text, ended in lines:
                self.line(place, text, ended)
            self.finish()
        except WalkError as error:
            why = str(error)
        except UNREADABLE as error:
            why = f"reading stopped at record #{self.size}: {getattr(error, 'strerror', None) or type(error).__name__}"
        return self.close(checks, why)

    def close(self, checks: Iterable[str], why: str = "") -> int:
        """Print what holds, what was not checked, the first bad record, and what is not shown."""
        self.base.close()
        self.missed = {**dict.fromkeys(checks if why else (), why), **self.missed}
        for check in checks:
            if check in self.missed and not self.failed[check]:
                self.say("NOT CHECKED", check, Place(), self.missed[check])
            elif not self.failed[check]:
                self.say("HOLDS", check, Place(), CHECKS[check].format_map(self.counts))
        if self.first.seq is not None:
            self.say("FIRST", "bad record", self.first, f"{sum(self.failed.values())} findings in all")
        if "head" in checks:
            self.say("HEAD", "size and leaf", Place(), f"{self.size}:{self.leaf}")
        for limit in LIMITS:
            self.say("NOT SHOWN", "by any log itself", Place(), limit)
        return 1 if self.failed else 3 if why or ({*self.missed} & {*checks}) - self.unasked else 0

    def file(self, name: str, most: int) -> bytes | None:
        """Return a file's first bytes, or None if there is no such file."""
        path = self.root / name
        if not (path.exists() and path.is_file()):
            return None
        with path.open("rb") as stream:
            return bytes(stream.read(most))

    def segments(self) -> Iterator[tuple[Place, bytes, bool]]:
        """Give the lines of the segments in order; every other file in log/ is a finding."""
        due, short = 0, Place()
        for path in sorted((self.root / "log").iterdir(), key=lambda path: str(path.name)):
            place = Place(file=f"log/{path.name if re.fullmatch(ID, path.name) else '?'}")
            first = int(path.name[:12]) if re.fullmatch("[0-9]{12}[.]jsonl", path.name) and path.is_file() else -1
            fine, wanted = first >= 0 and not first % SEGMENT, "a file, a multiple of 65536 in 12 digits, .jsonl"
            if not self.need(fine, "files", place, "it", wanted, "another"):
                continue
            self.need(first == due, "files", place, "the segment before it", f"{due:012}.jsonl", "none")
            self.need(not short.file, "files", short, "its number of records, not being the last", SEGMENT, "fewer")
            self.gap, self.size, offset = first != self.size, first, 0
            with path.open("rb") as stream:
                while line := stream.readline(LINE_MAX + 1):  # never more than this, however long the line is
                    ended, more = line.endswith(b"\n"), self.size < first + SEGMENT
                    if not self.need(more, "files", place, "its number of records", f"at most {SEGMENT}", "more"):
                        raise WalkError(f"the log was not read beyond record #{self.size}")
                    yield Place(self.size, offset, place.file), line[:-1] if ended else line, ended
                    offset += len(line)
            due, short = first + SEGMENT, place if self.size < first + SEGMENT else Place()
            self.counts["segments"] += 1
        self.need(self.size, "files", Place(file="log/"), "the log", "a record 0", "no record")

    def folder(self, check: str, most: int) -> Iterator[tuple[Place, str, bytes]]:
        """Give the files of a folder of an export: place, name, bytes."""
        folder = self.root / check
        for path in sorted(folder.iterdir(), key=lambda path: str(path.name)) if folder.is_dir() else ():
            place = Place(file=f"{check}/{path.name if re.fullmatch('[a-z0-9.-]{1,99}', path.name) else '?'}")
            self.counts[check] += 1
            yield place, path.name, self.file(f"{check}/{path.name}", most) or b""

    def beside(self) -> None:
        """Read what an export has beside its log; it is compared as the records and the heads go by."""
        for place, name, data in self.folder("receipts", NOTE_MAX):
            try:
                receipt = read_receipt(data)
            except ValueError:
                self.need(False, "receipts", place, "it", "a tlog-proof", "something else")
                continue
            wanted = f"{receipt.index:012}.tlog-proof"
            if self.need(name == wanted, "receipts", place, "its name", wanted, "another"):
                self.proofs[receipt.index], self.relied[receipt.head] = (place, receipt), ("receipts", place)
        for place, name, data in self.folder("disclosures", PACK_MAX):
            found = sha256(data).hexdigest()
            try:
                if self.need(name == f"{found}.txt", "disclosures", place, "its name", f"{found}.txt", "another"):
                    self.shown[found] = (place, *read_disclosure(data))
            except (ValueError, TypeError):
                self.need(False, "disclosures", place, "it", "a disclosure", "something else")
        if (self.root / "tiles").is_dir():
            head, place = self.file("tiles/checkpoint", NOTE_MAX) or b"", Place(file="tiles/checkpoint")
            self.tiles = "tiles/"
            try:
                self.tiled = read_note(head).size
                self.relied.setdefault(head, ("tiles", place))
            except ValueError:
                self.need(False, "tiles", place, "it", "a checkpoint", "something else")

    def prove(self, text: bytes) -> None:
        """Compare a line with the receipt of its record, and with its bundle of tiles."""
        if self.size in self.proofs:
            place, receipt = self.proofs.pop(self.size)
            root, wanted = receipt.root(text), receipt.note.root.hex()
            self.need(
                root and root.hex() == wanted, "receipts", place, "its proof", f"a way to {wanted}", root and root.hex()
            )
        if self.size < self.tiled:
            self.grow(0, sha256(b"\0" + text).digest())
            self.bundle += len(text).to_bytes(2, "big") + text if self.tiles else b""
            if self.tiles and (self.size % 256 == 255 or self.size + 1 == self.tiled):
                place, data = self.tile("entries", self.size // 256, self.size % 256 + 1)
                self.need(data == self.bundle, "tiles", place, "its entries", "the log's records", "others")
                self.bundle = b""

    def bundles(self) -> Iterator[tuple[Place, bytes, bool]]:
        """Give the entries of tlog-tiles as lines."""
        for start in range(0, self.tiled, 256):
            at, (place, data) = 0, self.tile("entries", start // 256, min(256, self.tiled - start))
            for _ in range(min(256, self.tiled - start)):
                end = at + 2 + int.from_bytes(data[at : at + 2], "big")
                yield Place(self.size, at + 2, place.file), data[at + 2 : end], True
                at = end
            self.need(at == len(data), "tiles", place, "its length", at, len(data))

    def tile(self, level: int | str, index: int, width: int) -> tuple[Place, bytes]:
        """Return where a tile is, and its bytes."""
        name = f"{index % 1000:03}" + (f".p/{width}" if width < 256 else "")
        while index := index // 1000:
            name = f"x{index % 1000:03}/{name}"
        name = f"{self.tiles}tile/{level}/{name}"
        place, data = Place(file=name), self.file(name, 256 * (LINE_MAX + 2))
        self.need(data is not None, "tiles", place, "it", "a file", "none")
        self.counts["tiles"] += 1
        return place, data or b""

    def grow(self, level: int, found: bytes) -> None:
        """Put a hash into the last tile of a level."""
        self.rows.setdefault(level, []).append(found)
        if len(self.rows[level]) == 256:
            row = self.compare(level)
            while len(row) > 1:
                row = [*map(node, row[::2], row[1::2])]
            self.grow(level + 1, row[0])

    def compare(self, level: int) -> list[bytes]:
        """Compare a tile with the hashes that belong into it."""
        row, index = self.rows.pop(level), self.counts[f"tiles of {level}"]
        place, data = self.tile(level, index, len(row))
        self.need(data == b"".join(row), "tiles", place, "its hashes", "those that the entries make", "others")
        self.counts[f"tiles of {level}"] += 1
        return row

    def line(self, place: Place, text: bytes, ended: bool) -> None:
        """Check one line and the record in it, and make it the record before."""
        if not self.need(len(text) <= LINE_MAX, "lines", place, "its length", f"at most {LINE_MAX} bytes", "more"):
            raise WalkError(f"the log was not read beyond record #{self.size}")
        bad = not self.need(ended, "lines", place, "its end", "a newline", "the end of the file")
        record = self.read(place, text)
        # After a drop or an insertion the records that still follow each other are not named again.
        if record and record["seq"] not in (self.size, self.last_seq + 1):
            bad = not self.need(False, "chain", place, "seq", self.size, record["seq"])
        self.chain(place, record, bad)
        if record:
            self.order(place, record)
            self.last_seq = record["seq"]
        self.prove(text)
        found, count = sha256(b"\0" + text).digest(), self.leaves
        self.leaf, self.last, self.gap, self.size, self.leaves = found.hex(), place, False, self.size + 1, count + 1
        while count & 1:
            found, count = node(self.tree.pop(), found), count >> 1
        self.tree.append(found)
        if self.expect and self.expect[0] == self.size:
            self.compared = place, self.leaf
        self.here()

    def read(self, place: Place, text: bytes) -> Any:
        """Return the record in a line if it is canonical JSON and fits the tables."""
        self.counts["lines"] += 1
        try:
            record = decode(text)
        except ValueError:
            self.need(False, "lines", place, "it", "canonical JSON", "something else")
            return None
        what = misfit("record", record) or misfit(record["type"], record["body"], ".body")
        if not what and (record["type"] == "genesis") is not (place.seq == 0):
            what = "genesis, which is record 0 and only there"
        if not self.need(not what, "records", place, str(what), "what FORMAT.md's tables say", "something else"):
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
        elif bad or self.gap or self.last.file is None or cited is None:
            self.need(cited == self.leaf, "chain", place, "prev", self.leaf, cited)
        elif cited != self.leaf:
            self.doubt = (self.last, place, self.leaf, cited)

    def blame(self, later: bool) -> None:
        """Name the altered one of two neighbours."""
        earlier, after, leaf, cited = self.doubt or (Place(), Place(), None, None)
        self.doubt = None
        if later or self.matched > (earlier.seq or 0):
            self.need(False, "chain", after, "prev", leaf, cited)
        else:
            self.need(False, "chain", earlier, f"its leaf, by the prev of record #{after.seq}", cited, leaf)

    def read_heads(self, name: str) -> Iterator[tuple[Place, Note]]:
        """Give the checkpoints in `heads`, or the one of tiles; a last line without an end is none."""
        offset, size, alone = 0, 0, name == "checkpoint"
        if self.file(name, 0) is None:
            self.skip("heads", f"there is no file {name}")
            return
        with (self.root / name).open("rb") as stream:
            while line := stream.read(NOTE_MAX) if alone else stream.readline(NOTE_MAX):
                place, offset = Place(None, offset, name), offset + len(line)
                if not alone and not line.endswith(b"\n") and len(line) < NOTE_MAX:
                    return
                try:
                    line = line if alone else decode(line[:-1]).encode()
                    note = read_note(line)
                    self.relied.pop(line, None)
                except (ValueError, AttributeError):
                    self.need(False, "heads", place, "it", "a checkpoint", "something else")
                    continue
                if self.need(note.size >= size, "heads", place, "its size", f"{size} or more", note.size):
                    size = note.size
                    yield place, note

    def here(self) -> None:
        """Check the heads, and the trusted one, whose size is the number of records so far."""
        trusted, newest = self.trusted, None
        if trusted and trusted.size == self.leaves and self.origin in (None, trusted.origin):
            self.fits("trusted", self.last, trusted)
            signed = not self.given or trusted.signed_by([self.given, *self.keys])[0]
            self.need(signed, "trusted", Place(file="the trusted head"), "its signature", "one by a known key", "none")
        while self.due and self.due[1].size == self.leaves:
            place, note = self.due
            more = not newest or (note.text == newest.text and note.signatures > newest.signatures)
            self.need(more, "heads", place, "a head of the same size", "the same with a signature more", "another")
            newest, self.due = note, next(self.heads, None)
        if newest:
            self.fits("heads", self.last if self.leaves else place, newest)
            self.signed(self.last if self.leaves else place, newest)

    def fits(self, check: str, place: Place, note: Note) -> None:
        """Compare a head with the tree."""
        root = reduce(lambda right, left: node(left, right), reversed(self.tree)) if self.tree else sha256(b"").digest()
        self.origin = self.origin or note.origin
        self.counts[check] += 1
        what = f"the root over the {note.size} records up to it"
        fine = self.need(note.origin == self.origin, check, place, "the origin of its head", "the log's", "another")
        if self.need(note.root == root, check, place, what, note.root.hex(), root.hex()) and fine:
            self.matched = note.size

    def signed(self, place: Place, note: Note) -> None:
        """Check who signed a head: every key that was new since the last head, and the one before them."""
        found, fine = note.signed_by([self.given, *self.keys])
        known = self.keys or not note.signatures
        self.need(known, "signatures", place, "its head", "no signature, as the log records no key", "one")
        self.need(fine, "signatures", place, "its head", "signatures that hold", "another")
        for key in self.keys if fine else ():
            self.need(key in found, "signatures", place, "its head", f"one signed by {key.id.hex()}", "none by it")
        self.counts.update(signed=bool(found), by_given=self.given in found)
        self.keys = self.keys[-1:]

    def order(self, place: Place, record: dict[str, Any]) -> None:
        """Check what a record says against the records before it."""
        seq, body, kind = record["seq"], record["body"], record["type"]
        self.counts[kind] += 1
        for form in ONCE.get(kind, ()):
            before = self.kept(form.format_map(body), seq)
            what, found = f"its {form.split()[0]}", f"it in record #{before} too"
            self.need(before is None, f"{kind}s", place, what, "once in a log", found)
        if kind == "genesis":
            fine = self.origin in (None, body["origin"])
            self.need(fine, "heads", place, "its origin", "that of the heads", "another")
            self.origin = body["origin"]
        elif kind == "rubric":
            self.kept(f"names {body['pack']}", {"rubric": body["rubric"], "version": body["version"]})
            self.pack(place, body)
        elif kind == "key":
            self.keys.append(read_key(body["key"]))
            self.counts["given"] += self.keys[-1] == self.given
            self.need(self.keys[-1].name == self.origin, "keys", place, "its name", "the log's origin", "another")
        elif kind == "erasure":
            known = self.kept(f"case {body['case']}")
            self.need(known, "erasures", place, "its case", "that of an earlier record", "no record with it")
            for digest in self.kept(f"shown {body['case']}") or ():
                self.lost.setdefault(digest, seq)
        elif "disclosures" in body:
            self.case(place, seq, kind, body)

    def case(self, place: Place, seq: int, kind: str, body: dict[str, Any]) -> None:
        """Check a record against those before it of the same case, and keep what later ones are checked against."""
        key, said = body["disclosures"]["case"], body["decision"] if kind == "decision" else body
        self.cite(key, body["disclosures"])
        case = self.kept(f"case {key}") or {"opening": None, "newest": None, "void": None, "reinstate": None}
        gone, newest = self.kept(f"erased {key}"), case["newest"] and case["newest"]["seq"]
        self.need(gone is None, "erasures", place, "its case", "one not erased", f"that erased at record #{gone}")
        for digest in () if gone is None else self.kept(f"shown {key}") or ():
            self.lost.setdefault(digest, gone)
        if kind != "resolution":
            known = self.kept(f"pack {said['pack']}") is not None
            self.need(known, f"{kind}s", place, "its pack", "that of an earlier rubric record", said["pack"])
        if kind == "opening":
            new = not (case["opening"] or case["newest"])
            self.need(new, "openings", place, "its case", "no record before", "an opening or a decision")
            case["opening"] = case["opening"] or [seq, body["pack"], body["profile"], body["level"]]
        elif kind == "decision":
            fine = body["supersedes"] == newest
            self.need(fine, "decisions", place, "supersedes", newest, body["supersedes"])
            self.decision(place, said, case)
            case["newest"] = {**{name: said[name] for name in ("pack", "status", "verdict", "stages")}, "seq": seq}
        else:
            fine, wanted = body["decision"] == newest, f"the case's newest: {newest}"
            if self.need(fine, "resolutions", place, "its decision", wanted, body["decision"]):
                self.resolution(place, body, case["newest"], key)
            if body["action"] != "withdraw":
                before = {"before": case.get(body["action"]), "case": key, "over": False}
                self.kept(f"resolution {seq}", {**before, "reason": body["reason"], "stage": body["stage"]})
                case[body["action"]] = seq
        self.kept(f"case {key}", case)

    def cite(self, case: str, disclosures: dict[str, str]) -> None:
        """Keep as what a record cites disclosures of an export, and which of them its case cites."""
        shown, found = self.shown, {}
        for name, digest in disclosures.items() if shown else ():
            parts = shown[digest][2] if digest in shown else ()
            found.update({part: shown[part][1] for part in parts if part in shown}, **{digest: name})
        found = {digest: name for digest, name in found.items() if digest in shown}
        for digest, name in found.items():
            if self.cited.get(digest) != shown[digest][1]:
                self.cited[digest] = name
        if found:
            self.kept(f"shown {case}", sorted({*found, *(self.kept(f"shown {case}") or ())}))

    def decision(self, place: Place, decision: dict[str, Any], case: dict[str, Any]) -> None:
        """Check that a decision keeps to its case's opening, and carries on what is in force."""
        if case["opening"]:
            seq, *fixed = case["opening"]
            fixed[0], same = (case["newest"] or {"pack": fixed[0]})["pack"], False
            if case["newest"]:  # an amendment is made by the version that replaces the one before
                old, new = (self.kept(f"names {pack}") or {} for pack in (fixed[0], decision["pack"]))
                known = "replaces" in old and "replaces" in new
                same = not known or (new["rubric"], new["replaces"]) == (old["rubric"], old["version"])
            for what, wanted in zip(("pack", "profile", "level"), fixed):  # noqa: B905 - strict is not in Python 3.9
                fine = decision[what] == wanted or (what == "pack" and same)
                self.need(fine, "openings", place, f"its {what}", f"{wanted}, as in record #{seq}", decision[what])
        for name in ("void", "reinstate"):
            said = None
            while case[name] is not None and not said:  # those that were withdrawn are passed over for good
                said = self.kept(f"resolution {case[name]}")
                if said["over"]:
                    case[name], said = said["before"], None
            wanted = said and (said["reason"] if name == "void" else {key: said[key] for key in ("reason", "stage")})
            fine = decision[name] == wanted
            self.need(fine, "resolutions", place, f"its {name}", f"the one in force: {wanted}", decision[name])

    def resolution(self, place: Place, body: dict[str, Any], newest: dict[str, Any], key: str) -> None:
        """Check that a resolution may be said of its case's newest decision."""
        names, said = self.kept(f"names {newest['pack']}") or {}, self.kept(f"resolution {body['withdraws']}")
        known = body["verdict"] in names.get("verdicts", [body["verdict"]])
        ended = newest["stages"].get(body["stage"], [None])[0] == "ended" == newest["status"]
        fine, wanted = {
            "confirm": (
                newest["verdict"] is not None and names.get("verdicts", {}).get(newest["verdict"]) != "review",
                "a decision with a verdict whose action decides",
            ),
            "override": (newest["status"] != "pending" and known, "a decision not pending, a verdict of its pack"),
            "reinstate": (ended, "a decision that ended, and the stage that ended it"),
            "void": (True, ""),
            "withdraw": (said and said["case"] == key and not said["over"], "a resolution of the case in force"),
        }[body["action"]]
        if self.need(fine, "resolutions", place, f"its {body['action']}", wanted, "something else") and said:
            self.kept(f"resolution {body['withdraws']}", {**said, "over": True})

    def pack(self, place: Place, body: dict[str, Any]) -> None:
        """Check the pack file that a rubric record cites; the first thing that is wrong is named."""
        name = f"packs/{body['pack']}.json"
        if not (self.root / "packs").is_dir():
            self.missed["packs"] = "there is no packs/ beside log/"
            return
        data = self.file(name, PACK_MAX + 1)
        if not self.need(data is not None, "packs", place, name, "a file", "none") or data is None:
            return
        self.counts["packs"] += 1
        found: dict[str, Any] = {"pack": sha256(data).hexdigest(), "length": len(data)}
        if body["pack"] == found["pack"]:
            try:
                pack = decode(data)
                found["rubric"], found["version"] = pack.pop("rubric"), pack.pop("version")
                found["scoring"] = sha256(encode(bare(pack))).hexdigest()
                names = {"verdicts": {one["id"]: one["action"] for one in pack["verdicts"]}}
                names.update(replaces=pack["about"].get("replaces"), rubric=body["rubric"], version=body["version"])
                self.kept(f"names {body['pack']}", names)
            except (AttributeError, KeyError, TypeError, ValueError):
                self.need(False, "packs", place, name, "a pack in canonical JSON", "something else")
        for key, value in found.items():
            plain = value if isinstance(value, int) or not (misfit("id", value) and misfit("digest", value)) else "?"
            if not self.need(body[key] == value, "packs", place, f"{key} of {name}", body[key], plain):
                break

    def finish(self) -> None:
        """Check what only the log's end shows."""
        expect, trusted, log, more = self.expect, self.trusted, Place(file="log/"), "its number of records"
        if self.doubt:
            self.blame(later=expect is not None and expect[0] == self.size and expect[1] != self.leaf)
        folder = self.root / "packs"
        for path in folder.iterdir() if folder.is_dir() else ():
            known = re.fullmatch("[0-9a-f]{64}[.]json", path.name) and self.kept(f"pack {path.name[:64]}") is not None
            self.counts["strays"] += not known
        while self.due:
            self.need(False, "heads", self.due[0], more, f"{self.due[1].size} or more", self.leaves)
            self.due = next(self.heads, None)
        self.finish_beside()
        behind = self.counts["behind"] = self.leaves - self.matched
        if self.counts["key"] and behind > BEHIND:
            said = f"{behind} records are behind the newest head: no key vouches for them, anybody may have added them"
            self.say("REMARK", "heads", log, said)
        if expect is None:
            self.skip("head", "none to compare with was given (--expect)")
        elif self.need(self.compared, "head", log, more, f"{expect[0]} or more", self.size) and self.compared:
            self.need(self.compared[1] == expect[1], "head", self.compared[0], "its leaf", expect[1], self.compared[1])
        if trusted is None:
            self.skip("trusted", "no trusted head was given (--trusted)")
        elif self.origin in (None, trusted.origin):
            self.need(self.counts["trusted"], "trusted", log, more, f"{trusted.size} or more", self.leaves)
        else:  # another log's accuses no record of this one
            at, own, other = (
                Place(file="the trusted head"),
                *(ascii(one)[1:-1] for one in (self.origin, trusted.origin)),
            )
            self.need(False, "trusted", at, "whose it is: another log's, no record is accused", own, other)
        fine = not self.given or (self.counts["given"] and self.counts["by_given"])
        self.need(fine, "signatures", log, "its heads", "signed by the key given, which is one of its own", "others")
        if not self.given and not self.counts["key"]:
            self.skip("signatures", "no key was given (--key), and the log records none")

    def finish_beside(self) -> None:
        """Check what is left of an export when all records and heads went by."""
        for level in [*self.rows]:
            self.compare(level)
        for place, receipt in self.proofs.values():
            self.need(False, "receipts", place, "its record", f"record #{receipt.index}", f"{self.size} records")
        for check, place in self.relied.values():
            self.need(False, check, place, "its checkpoint", "one of the heads", "another")
        for digest, (place, name, _) in self.shown.items():
            said, gone = self.cited.get(digest), self.lost.get(digest)
            self.need(said == name, "disclosures", place, "it", "what a record cites as such", said or "no record")
            self.need(
                gone is None, "disclosures", place, "its case", "one not erased", f"that erased at record #{gone}"
            )

    def receipt(self, data: bytes, record: Path | None) -> int:
        """Check a receipt and the record's line."""
        at = Place(file="the receipt")
        try:
            _, _, _, note, line = receipt = read_receipt(data)
        except ValueError:
            self.need(False, "receipt", at, "it", "a tlog-proof", "something else")
            return self.close(("receipt",))
        if record:
            with record.open("rb") as other:
                line = other.read(LINE_MAX + 2)
            line = line[:-1] if line.endswith(b"\n") else line
        if line:
            self.of_record(receipt, line)
        self.of_head(note)
        return self.close(OF_RECEIPT, "" if line else "the receipt does not carry its record (--record)")

    def of_record(self, receipt: Receipt, line: bytes) -> None:
        """Check that a line is the record of a receipt."""
        index, at, here, note = (
            receipt.index,
            Place(file="the receipt"),
            Place(receipt.index, 0, "the record"),
            receipt.note,
        )
        self.need(len(line) <= LINE_MAX, "lines", here, "its length", f"at most {LINE_MAX} bytes", "more")
        found = self.read(here, line)
        root = receipt.root(line)
        self.need(not found or found["seq"] == index, "receipt", here, "its seq", index, "another")
        self.need(index < note.size, "receipt", at, "its index", f"less than {note.size}", index)
        self.need(root == note.root, "receipt", at, "its proof", f"a way to {note.root.hex()}", root and root.hex())

    def of_head(self, note: Note) -> None:
        """Check who signed a receipt's head, and whether it is the trusted one."""
        at = Place(file="the receipt")
        if self.given:
            self.counts["signed"] = 1
            wanted = f"one signed by {self.given.id.hex()}"
            self.need(note.signed_by([self.given])[0], "signatures", at, "its head", wanted, "none by it")
        else:
            self.missed["signatures"] = "no key was given (--key)"
        if self.trusted is None or self.trusted.size != note.size:
            self.skip("trusted", "no trusted head of the receipt's size was given (--trusted)")
        else:
            self.need(self.trusted.text == note.text, "trusted", at, "its head", "the trusted one", "another")


def astray(name: str) -> bool:
    """Tell whether a name in a ZIP may lead elsewhere."""
    return len(name) > 200 or (
        bool({"", ".", ".."} & {*name.removesuffix("/").split("/")}) or "\\" in name or ":" in name
    )


def files_above(names: list[str]) -> bool:
    """Tell whether a file in a ZIP is also a folder there."""
    split = [name.rstrip("/").casefold().split("/") for name in names]
    above = {"/".join(parts[:count]) for parts in split for count in range(1, len(parts))}
    return not above.isdisjoint(name.casefold() for name in names if not name.endswith("/"))


def _key(text: str) -> Key:
    """Read a key that was given, itself or in a file."""
    what = "it looks like a key, but does not fit its own hash: a character is wrong or missing"
    try:
        if text.count("+") < 2 or Path(text).is_file():
            what = "the file holds no verification key of a log"
            with Path(text).open("rb") as stream:
                text = stream.read(4096).decode("ascii").strip()
        return read_key(text)
    except OSError as error:
        what = f"it is no verification key, name+hash+base64, and no file that can be read: {error.strerror}"
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(what)


def _expect(text: str) -> tuple[int, str]:
    found = re.fullmatch("([1-9][0-9]{0,14}):([0-9a-f]{64})", text)
    if not found:
        raise argparse.ArgumentTypeError("expected a number from 1 on, a colon and 64 lower-case hexadecimal digits")
    return int(found[1]), found[2]


def main() -> int:
    """Check what was named, print what was found and return the exit status."""
    parser = argparse.ArgumentParser(description="Check a decision log: 0 holds, 1 fails, 2 wrong call, 3 not checked.")
    parser.add_argument("path", metavar="PATH", type=Path, help="a log, an export, tiles, or a receipt")
    parser.add_argument("--key", metavar="VKEY", type=_key, help="the log's verification key, or a file that holds it")
    parser.add_argument("--trusted", metavar="FILE", type=Path, help="a checkpoint of this log that was kept elsewhere")
    parser.add_argument(
        "--expect", metavar="SIZE:LEAF", type=_expect, help="number and leaf of a last record, likewise"
    )
    parser.add_argument("--record", metavar="FILE", type=Path, help="the line of the record that a receipt is about")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    call = parser.parse_args()
    try:
        trusted = read_note(call.trusted.read_bytes()[:NOTE_MAX]) if call.trusted else None
        packed = zipfile.ZipFile(call.path) if call.path.is_file() and zipfile.is_zipfile(call.path) else None
        names = packed.namelist() if packed else []
        root: Any = zipfile.Path(packed) if packed else call.path
        inside = [one for one in root.iterdir() if (one / "log").is_dir()] if root.is_dir() else []
        called = [
            one
            for one in inside
            if one.name == "log" and not any(file.name.endswith(".jsonl") for file in one.iterdir())
        ]
        log, tiles, beside = (root / "log").is_dir() and not called, (root / "checkpoint").exists(), False
        if len(inside) == 1 and not log and not tiles:
            root, log = inside[0], True
            top = f"{root.name}/"
            beside = any(not name.startswith(top) for name in names)
        walk = Walk(root, call.json, call.expect, call.key, trusted)
        zipped, once = Place(file="the ZIP"), {name.rstrip("/").casefold() for name in names}
        walk.need(len(once) == len(names), "files", zipped, "its names", "each once, in any case", "one twice")
        walk.need(
            not any(map(astray, names)), "files", zipped, "its names", "none that leads out of it", "one that does"
        )
        both = not any(map(astray, names)) and files_above(names)
        walk.need(not both, "files", zipped, "its names", "each a file or a folder", "one that is both")
        walk.need(not beside, "files", zipped, "its names", "all in one folder, or none", "others beside the folder")
        if log:
            left = {"receipt", *(check for check in BESIDE if not (root / check).is_dir())}
            return walk.run(walk.segments(), [check for check in CHECKS if check not in left], "heads")
        if tiles:
            return walk.run(walk.bundles(), [check for check in CHECKS if check not in NOT_OF_TILES], "checkpoint")
        if not packed and call.path.is_file():
            with call.path.open("rb") as stream:
                data = stream.read(NOTE_MAX)
            if call.record or data.startswith(b"c2sp.org/tlog-proof@"):
                return walk.receipt(data, call.record)
    except (*UNREADABLE, ValueError) as error:
        parser.error(f"it cannot be read: {type(error).__name__}")
    return parser.error("PATH is no directory with log/, no export, no tiles, and no receipt")


if __name__ == "__main__":
    sys.exit(main())
