"""
Make audit/vectors: small logs, receipts, tiles and exports, good ones and attacked ones, each with what a verifier must say of it.

Usage: python tests/vectors_make.py OUT. The same bytes every time; the standard library alone, nothing of the package and nothing
of audit/verify.py: hashing, the tree (by the recursion of RFC 6962 2.1) and Ed25519 (affine, RFC 8032 5.1) are written out here once more.
Vectors are only ever appended: tests/test_vectors.py holds the digest of those that exist.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import sys
import warnings
import zipfile
from pathlib import Path

ORIGIN = "vectors.example/log"


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(data):
    return hashlib.sha256(data).hexdigest()


def b64(data):
    return base64.b64encode(data).decode()


# --- Ed25519, affine ---

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE = (15112221349535400772501151409588531511454012693041857206046113283949847762202, 4 * pow(5, P - 2, P) % P)


def _add(one, two):
    (x1, y1), (x2, y2) = one, two
    t = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P


def _times(number, point):
    found = (0, 1)
    while number:
        found = _add(found, point) if number & 1 else found
        number, point = number >> 1, _add(point, point)
    return found


def _encode(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def _number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


class Key:
    """A signing key made from a word: it protects nothing."""

    def __init__(self, word, name=ORIGIN):
        wide = hashlib.sha512(digest(word.encode())[:32].encode()).digest()
        self.name, self.nonce = name, wide[32:]
        self.secret = int.from_bytes(wide[:32], "little") & ((1 << 254) - 8) | (1 << 254)
        self.public = _encode(_times(self.secret, BASE))
        self.id = hashlib.sha256(name.encode() + b"\n\x01" + self.public).digest()[:4]
        self.text = f"{name}+{self.id.hex()}+{b64(bytes([1]) + self.public)}"

    def sign(self, message):
        r = _number(self.nonce, message) % ORDER
        begin = _encode(_times(r, BASE))
        s = (r + _number(begin, self.public, message) * self.secret) % ORDER
        return begin + s.to_bytes(32, "little")

    def line(self, text, changed=lambda seal: seal, key_id=None):
        return f"\u2014 {self.name} {b64((key_id or self.id) + changed(self.sign(text.encode())))}\n"


FIRST, SECOND, FOREIGN = Key("first"), Key("second"), Key("foreign")
WITNESS = Key("witness", "witness.example")


# --- the tree ---


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:half]), root(leaves[half:]))


def path(index, leaves):
    if len(leaves) == 1:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return [*path(index, leaves[:half]), root(leaves[half:])]
    return [*path(index - half, leaves[half:]), root(leaves[:half])]


# --- a log ---

# The pack and the decision of FORMAT.md's example as they were when the first vectors were made: the page may change, these may not.
SEED = json.loads((Path(__file__).parent / "data" / "vectors.json").read_text(encoding="utf-8"))
PACK, RUBRIC, DECISION = SEED["pack"].encode(), SEED["rubric"], SEED["decision"]
OTHER = PACK.replace(b'"70"', b'"71"')
SAME_ID = {**RUBRIC, "pack": digest(OTHER), "scoring": digest(b"other")}
VOIDED = {
    **DECISION["decision"],
    "status": "void",
    "void": "fraud",
    "verdict": None,
    "score": None,
    "reachable": None,
    "determined_by": [],
    "holds": ["void"],
    "action": "review",
}


class Log:
    """A log written by the book, and nothing that checks what it is told to write."""

    def __init__(self, *kinds, origin=ORIGIN):
        self.lines, self.heads, self.origin, self.packs = [], [], origin, [PACK]
        self.clock = lambda seq: f"2026-01-02T03:00:{seq:02d}Z"
        self.add("genesis", {"origin": origin}).add("rubric", RUBRIC)
        for kind in kinds:
            self.more(kind)

    def add(self, kind, body):
        record = {"body": body, "prev": self.leaves()[-1].hex() if self.lines else None, "seq": len(self.lines)}
        return self.put(canonical({**record, "time": self.clock(len(self.lines)), "type": kind, "v": 1}))

    def put(self, line):
        self.lines.append(line)
        return self

    def more(self, kind, **changed):
        """Append a usual record of a kind."""
        seq, at = len(self.lines), digest(b"disclosure %d" % len(self.lines))
        case = digest(changed.pop("case", "case one").encode())
        usual = {
            "decision": {
                **DECISION,
                "disclosures": {"case": case, "submission": at},
                "id": f"s-{seq}",
                "supersedes": None,
            },
            "opening": {
                "disclosures": {"case": case, "opening": at},
                "id": f"o-{seq}",
                "level": None,
                "pack": RUBRIC["pack"],
                "profile": "equal",
            },
            "resolution": {
                "action": "confirm",
                "decision": seq - 1,
                "disclosures": {"case": case, "resolution": at},
                "id": f"r-{seq}",
                "reason": "checked",
                "stage": None,
                "verdict": None,
                "withdraws": None,
            },
            "erasure": {"case": case, "reason": "retention"},
            "key": {"key": FIRST.text},
            "recovery": {"cut": at, "length": 117},
        }
        return self.add(kind, {**usual[kind], **changed})

    def many(self, count):
        """Append decisions of as many cases."""
        for at in range(count):
            self.more("decision", case=f"case {at}")
        return self

    def leaves(self, size=None):
        return [hashlib.sha256(b"\x00" + line).digest() for line in self.lines[:size]]

    def note(self, *keys, size=None, **said):
        """A checkpoint; `said` says something else than what is so."""
        size = len(self.lines) if size is None else size
        found = said.get("root", root(self.leaves(size)))
        text = f"{said.get('origin', self.origin)}\n{said.get('size', size)}\n{b64(found)}\n"
        return text + "".join(["\n" * bool(keys), *(key if isinstance(key, str) else key.line(text) for key in keys)])

    def head(self, *keys, **said):
        self.heads.append(canonical(self.note(*keys, **said)) + b"\n")
        return self

    def change(self, seq, old, new, again=False):
        """Replace bytes of a record; `again` chains everything behind it anew."""
        assert old in self.lines[seq]
        self.lines[seq] = self.lines[seq].replace(old, new, 1)
        for at in range(seq + 1, len(self.lines) if again else 0):
            self.lines[at] = canonical({**json.loads(self.lines[at]), "prev": self.leaves(at)[-1].hex()})
        return self

    def order(self, *order):
        self.lines = [self.lines[at] for at in order]
        return self

    def but(self, **attributes):
        """A copy in which some attributes are others."""
        found = copy.copy(self)
        found.lines, found.heads = [*self.lines], [*self.heads]
        vars(found).update(attributes)
        return found

    def cut(self, size):
        return self.but(lines=self.lines[:size])

    def files(self):
        found = {"log/000000000000.jsonl": b"".join(line + b"\n" for line in self.lines)}
        found |= {f"packs/{digest(pack)}.json": pack for pack in self.packs}
        return found | ({"heads": b"".join(self.heads)} if self.heads else {})

    def receipt(self, index, *keys, proof=None, says=None, note=None):
        proof = path(index, self.leaves()) if proof is None else proof
        lines = ["c2sp.org/tlog-proof@v1", f"index {index if says is None else says}", *map(b64, proof), ""]
        return ("\n".join(lines) + "\n" + (note or self.note(*keys))).encode()

    def tiles(self, *keys):
        """All records in one bundle and one tile: a log of fewer than 256."""
        width = len(self.lines)
        entries = b"".join(len(line).to_bytes(2, "big") + line for line in self.lines)
        return {
            "checkpoint": self.note(*keys).encode(),
            f"tile/0/000.p/{width}": b"".join(self.leaves()),
            f"tile/entries/000.p/{width}": entries,
        }


def packed(files):
    """A ZIP without dates, uncompressed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return stream.getvalue()


VECTORS = []


def vector(name, shows, what, *fails, status=None, first=None, **call):
    """
    Add a vector.

    `what` is a Log, files, or a file's bytes; `call` holds a verifier's further arguments; `fails` are the findings that it must come
    to, as (check, seq); `first` is the first bad record, by default the least seq among them.
    """
    seqs = [seq for _, seq in fails if seq is not None]
    said = {
        "fails": sorted(([*one] for one in {*fails}), key=str),
        "first": first if first is not None else min(seqs, default=None),
        "status": status if status is not None else int(bool(fails)),
    }
    files = what.files() if isinstance(what, Log) else what
    VECTORS.append((name, shows, files, call, said))


# One vector is one call: its name, what it shows, what it is, what fails, and what the verifier is given.
# fmt: off


def logs_that_hold():
    plain = Log().many(2)
    vector("good", "four records, no heads", plain)
    people = Log("opening", "decision", "resolution")
    vector("good-people", "an opening, its decision, and a person's word on it", people)
    again = Log("decision").more("decision", supersedes=2).more("resolution", action="void", reason="fraud")
    again.more("decision", decision=VOIDED, supersedes=3)
    vector("good-voided", "a decision superseded, declared void, and the void carried on", again)
    vector("good-unsigned-heads", "heads of a log without a key", Log().head().many(1).head())
    vector("good-head-of-nothing", "a head of size 0 is the digest of nothing", Log().many(1).head(size=0).head())
    signed = Log("key").head(FIRST).many(2).head(FIRST)
    vector("good-signed", "two heads, signed by the log's key", signed, key=FIRST.text)
    vector("good-signed-without-a-key", "the same, to a verifier without a key", signed)
    vector(
        "good-trusted",
        "the log extends a head kept elsewhere",
        signed.but().more("decision", case="later"),
        key=FIRST.text,
        trusted=signed.note(FIRST, size=4).encode(),
    )
    vector("good-behind-the-head", "two records behind the newest head", signed.but().more("decision", case="later").more("recovery"), key=FIRST.text)
    rotated = Log("key").head(FIRST).more("key", key=SECOND.text).many(1).head(FIRST, SECOND).more("erasure", case="case 0").head(SECOND)
    for name, key in (("old", FIRST), ("new", SECOND)):
        vector(f"good-rotation-{name}-key", "a new key, whose first head both sign", rotated, key=key.text)
    vector("good-erasure", "a case erased, another one going on", Log().many(2).more("erasure", case="case 0"))
    back = Log().many(1).more("erasure", case="case 0").more("decision", case="case 0, another salt")
    vector("good-erased-case-comes-back", "under a new salt, and so a new digest", back)
    vector("good-recovery", "a crash cut off what followed", Log().many(1).more("recovery"))
    vector("good-torn-head", "a head that a crash cut off is none", Log().many(1).head().but(heads=[*Log().many(1).head().heads, b'"vec']))
    cosigned = Log("key").many(1)
    cosigned.head(FIRST).head(FIRST, WITNESS)
    vector("good-cosigned", "a size twice, the second time with a witness's signature", cosigned, key=FIRST.text)
    for name, clock in {
        "backwards": lambda seq: f"2026-01-02T03:00:{59 - seq:02d}Z",
        "frozen": lambda _: "2026-01-02T03:00:00Z",
        "year-9999": lambda _: "9999-12-31T23:59:59Z",
    }.items():
        late = Log.__new__(Log)
        late.lines, late.heads, late.origin, late.packs, late.clock = [], [], ORIGIN, [PACK], clock
        late.add("genesis", {"origin": ORIGIN}).add("rubric", RUBRIC).many(2)
        vector(f"good-clock-{name}", "time is a claim; order is seq", late)


def records_changed():
    plain = Log().many(4)
    signed = Log("key").many(2).head(FIRST)
    vector("edit", "a byte of a record changed", plain.but().change(3, b'"s-3"', b'"s-X"'), ("chain", 3))
    vector("edit-last-under-head", "the last record changed: only the head shows it", signed.but().change(4, b'"s-4"', b'"s-X"'), ("heads", 4), key=FIRST.text)
    vector("edit-last-but-one-under-head", "the chain shows it too", signed.but().change(3, b'"s-3"', b'"s-X"'), ("chain", 3), ("heads", 4), key=FIRST.text)
    vector("swap", "two records in each other's place", plain.but().order(0, 1, 3, 2, 4, 5), ("chain", 2), ("chain", 3))
    vector("drop", "a record left out", plain.but().order(0, 1, 2, 4, 5), ("chain", 3))
    vector("duplicate", "a record twice", plain.but().order(0, 1, 2, 2, 3, 4, 5), ("chain", 3), ("decisions", 3))
    vector(
        "insert",
        "a record that fits what is before it, put in between",
        plain.but(lines=[*Log().many(2).lines[:3], plain.cut(3).more("decision", case="x", id="x").lines[3], *plain.lines[3:]]),
        ("chain", 4),
    )
    elsewhere = Log(origin="elsewhere.example/log").many(4)
    vector("splice", "a record of another log", plain.but(lines=[*plain.lines[:3], elsewhere.lines[3], *plain.lines[4:]]), ("chain", 3))
    rewritten = signed.but().change(3, b'"s-3"', b'"s-X"', again=True)
    trusted = signed.note(FIRST).encode()
    bare = {"heads": [], "lines": rewritten.lines}
    vector("rewrite-not-shown", "everything chained anew, the heads gone: nothing inside shows it", rewritten.but(**bare))
    vector("rewrite-against-trusted", "the same against a head kept elsewhere", rewritten.but(**bare), ("trusted", 4), trusted=trusted)
    vector("rewrite-against-heads", "the same against its own heads", rewritten, ("heads", 4), key=FIRST.text)
    resigned = rewritten.but(heads=[]).head(FIRST)
    vector("rewrite-signed-anew", "by the key's owner: only a head kept elsewhere shows it", resigned, ("trusted", 4), key=FIRST.text, trusted=trusted)
    longer = signed.but()
    for at in (5, 6):
        longer.more("decision", case=f"case {at}")
    vector("truncate-above-head", "records cut off behind the newest head: nothing inside shows it", longer.cut(6), key=FIRST.text)
    vector("truncate-below-head", "records cut off under the newest head", signed.cut(4), ("heads", None), ("signatures", None), key=FIRST.text)
    vector("truncate-to-nothing", "every record cut off", signed.cut(0), ("files", None), ("heads", None), ("signatures", None), key=FIRST.text)
    newer = longer.note(FIRST).encode()
    vector("old-directory", "an old copy put back, against a newer head", signed, ("trusted", None), key=FIRST.text, trusted=newer)
    fork = signed.but().more("decision", case="other").more("decision", case="branch").head(FIRST)
    vector("fork", "two writers went on alone: neither head extends the other", fork, ("trusted", 6), key=FIRST.text, trusted=newer)
    forgotten = signed.but().head(FIRST, root=root(signed.leaves()[:4]))
    vector("two-heads-of-one-size", "and they disagree", forgotten, ("heads", None), ("heads", 4), key=FIRST.text, first=4)
    flat = root([hashlib.sha256(line).digest() for line in signed.lines])
    vector("leaves-hashed-as-nodes", "a head over leaves without their prefix", signed.but(heads=[]).head(FIRST, root=flat), ("heads", 4), key=FIRST.text)


def spellings():
    for name, old, new in (
        ("duplicate-key", b'"v":1}', b'"v":1,"v":1}'),
        ("nan", b'"v":1}', b'"v":NaN}'),
        ("fraction", b'"v":1}', b'"v":1.0}'),
        ("minus-zero", b'"supersedes":null', b'"supersedes":-0'),
        ("surrogate", b'"s-3"', b'"\\ud800"'),
        ("white-space", b'"v":1}', b'"v": 1}'),
        ("big-integer", b'"supersedes":null', b'"supersedes":9007199254740992'),
        ("escape", b'"s-3"', b'"\\u0073-3"'),
        ("key-order", b'"type":"decision","v":1}', b'"v":1,"type":"decision"}'),
        ("control", b'"s-3"', b'"\x1b[2J"'),
        ("not-utf-8", b'"s-3"', b'"\xff"'),
    ):
        broken = Log().many(3).change(3, old, new, again=True)
        vector(f"spelling-{name}", "not the one spelling, though the chain fits", broken, ("lines", 3))
    no_end = Log().many(2).files()
    no_end["log/000000000000.jsonl"] = no_end["log/000000000000.jsonl"][:-1]
    vector("no-newline", "the last line has no end", no_end, ("lines", 3))


def order_of_records():
    vector(
        "rubric-swapped",
        "another pack under the same rubric and version",
        Log().many(1).add("rubric", SAME_ID).but(packs=[PACK, OTHER]),
        ("rubrics", 3),
        ("packs", 3),
    )
    vector("pack-missing", "the pack of a rubric record is not there", {**Log().many(1).but(packs=[]).files(), "packs/none.txt": b"-"}, ("packs", 1))
    vector("pack-swapped", "another pack in its place", {**Log().many(1).files(), f"packs/{digest(PACK)}.json": OTHER}, ("packs", 1))
    vector(
        "pack-never-recorded",
        "a decision under a pack that no record cites",
        Log().more("decision", decision={**DECISION["decision"], "pack": digest(OTHER)}),
        ("decisions", 2),
    )
    vector("id-twice", "one id in two records", Log("decision").more("decision", case="b", id="s-2"), ("decisions", 3))
    vector("supersedes-another", "it supersedes another case's decision", Log("decision").more("decision", case="b", supersedes=2), ("decisions", 3))
    vector("supersedes-nothing", "a case's second decision claims to be its first", Log("decision", "decision"), ("decisions", 3))
    vector("opening-too-late", "an opening behind its case's decision", Log("decision", "opening"), ("openings", 3))
    other = {**DECISION["decision"], "profile": "other"}
    vector("opening-not-kept-to", "a decision by another profile than its opening's", Log("opening").more("decision", decision=other), ("openings", 3))
    vector(
        "resolution-of-an-old-decision",
        "and not of the case's newest",
        Log("decision").more("decision", supersedes=2).more("resolution", decision=2),
        ("resolutions", 4),
    )
    vector(
        "void-not-carried-on",
        "the next decision forgets that the sitting is void",
        Log("decision").more("resolution", action="void").more("decision", supersedes=2),
        ("resolutions", 4),
    )
    taken = Log("decision", "resolution").more("resolution", action="withdraw", decision=2, withdraws=3)
    vector("withdrawn-twice", "a word taken back twice", taken.more("resolution", action="withdraw", decision=2, withdraws=3), ("resolutions", 5))
    vector("withdraws-without-an-action", "a confirmation that names what it withdraws", Log("decision").more("resolution", withdraws=2), ("records", 3))
    vector("erased-case-comes-back", "under its old digest", Log("decision", "erasure").more("decision", supersedes=2), ("erasures", 4))
    vector("erased-twice", "one case, two erasures", Log("decision", "erasure", "erasure"), ("erasures", 4))
    vector("erased-unknown", "an erasure of a case that never was", Log("decision").more("erasure", case="b"), ("erasures", 3))
    vector("erasure-with-a-name", "a reason that is no code", Log("decision").more("erasure", reason="Ada asked"), ("records", 3))
    vector("key-twice", "one key in two records", Log("key", "key"), ("keys", 3))
    vector("key-of-another-name", "a key that is not named as the log", Log().more("key", key=WITNESS.text), ("keys", 2))
    vector("key-with-a-wrong-id", "whose hash is another key's", Log().more("key", key=FIRST.text.replace(FIRST.id.hex(), SECOND.id.hex())), ("records", 2))
    vector("recovery-too-long", "more than one batch was cut", Log().more("recovery", length=4_227_074), ("records", 2))
    vector("genesis-twice", "a second record 0", Log().add("genesis", {"origin": ORIGIN}), ("records", 2))


def heads_forged():
    plain, keyed = Log().many(2), Log("key").many(1)
    vector("unsigned-log-with-a-key", "no head at all, to a verifier with a key", plain, ("signatures", None), key=FIRST.text)
    vector("unsigned-head-with-a-key", "an unsigned head, to a verifier with a key", plain.but().head(), ("signatures", None), key=FIRST.text)
    vector("unsigned-head-of-a-log-with-a-key", "though the log records one", keyed.but().head(), ("signatures", 3))
    vector("key-not-recorded", "a head signed by a key that the log does not record",
           plain.but().head(FIRST), ("signatures", 3), ("signatures", None), key=FIRST.text)
    vector("other-key-of-the-same-name", "signed by somebody else", plain.but().head(FOREIGN), ("signatures", 3), ("signatures", None), key=FIRST.text)
    foreign = Log().more("key", key=FOREIGN.text).many(1).head(FOREIGN)
    vector("a-whole-log-by-another-key", "consistent, and not the log of the key that was given", foreign, ("signatures", None), key=FIRST.text)
    stolen = Log().more("key", key=FOREIGN.text).many(1).head(FOREIGN).more("key")
    vector("key-recorded-and-never-used", "the given key stands in the log and signed nothing", stolen, ("signatures", None), key=FIRST.text)
    text = keyed.note()
    wrong_id = FIRST.line(text, key_id=SECOND.id)
    vector("wrong-key-id", "the right signature under another key's id", keyed.but().head(wrong_id), ("signatures", 3), ("signatures", None), key=FIRST.text)
    flipped = FIRST.line(text, lambda seal: bytes([seal[0] ^ 1]) + seal[1:])
    vector("signature-flipped", "one bit of a signature", keyed.but().head(flipped), ("signatures", 3), ("signatures", None), key=FIRST.text)
    large = FIRST.line(text, lambda seal: seal[:32] + (int.from_bytes(seal[32:], "little") + ORDER).to_bytes(32, "little"))
    vector("signature-with-a-large-s", "s is not below the group's order", keyed.but().head(large), ("signatures", 3), ("signatures", None), key=FIRST.text)
    vector(
        "signature-of-another-head",
        "taken from an older head",
        keyed.but().head(FIRST.line(keyed.note(size=3))),
        ("signatures", 3),
        ("signatures", None),
        key=FIRST.text,
    )
    rotation = Log("key").head(FIRST).more("key", key=SECOND.text).many(1)
    vector("rotation-by-the-new-key-alone", "whoever holds the old key cannot follow", rotation.but().head(SECOND), ("signatures", 4), key=FIRST.text)
    vector("rotation-by-the-old-key-alone", "the newest head is not by the newest key", rotation.but().head(FIRST), ("signatures", 4), key=FIRST.text)
    later = rotation.but().head(FIRST, SECOND).more("recovery").head(FIRST)
    vector("old-key-after-rotation", "a key goes on signing after its time", later, ("signatures", 5), key=FIRST.text)
    vector("head-of-another-origin", "another log's name over this log's tree", plain.but().head(origin="x.example"), ("heads", 3))
    vector("heads-fall", "a head smaller than the one before it", plain.but().head().head(size=2), ("heads", None))
    vector("head-of-nothing-wrong", "size 0 with another root than that of nothing", plain.but().head(size=0, root=bytes(32)), ("heads", None))
    vector("head-is-no-note", "a line of heads that is no checkpoint", plain.but(heads=[b'"x"\n']), ("heads", None))
    spaced = plain.but().head().heads[0].replace(b"\\n4", b"\\n04")
    vector("head-size-with-a-zero", "a size in another spelling", plain.but(heads=[spaced]), ("heads", None))
    vector("head-beyond-the-log", "a head of more records than there are", plain.but().head(size=4, root=bytes(32)).cut(3), ("heads", None))
    vector(
        "trusted-unsigned",
        "a trusted head that the given key did not sign",
        keyed.but().head(FIRST),
        ("trusted", None),
        key=FIRST.text,
        trusted=keyed.note().encode(),
    )


def receipts():
    log = Log("key").many(4)
    here, key = log.lines[4], FIRST.text
    proof = path(4, log.leaves())
    vector("receipt-good", "record 4 of 7", log.receipt(4, FIRST), record=here, key=key)
    vector("receipt-good-last", "record 6 of 7, whose way is short", log.receipt(6, FIRST), record=log.lines[6], key=key)
    alone = log.cut(1)
    vector("receipt-good-alone", "the only record: a proof without a hash", alone.receipt(0, FIRST), record=log.lines[0], key=key)
    extra = log.receipt(4, FIRST).replace(b"@v1\n", b"@v1\nextra AAEC\n")
    vector("receipt-good-extra", "something put in, which nothing vouches for", extra, record=here, key=key)
    vector("receipt-without-a-key", "the head stands for itself: not checked", log.receipt(4, FIRST), record=here, status=3)
    vector("receipt-extra-hash", "one hash too many", log.receipt(4, FIRST, proof=[*proof, bytes(32)]), ("receipt", None), record=here, key=key)
    vector("receipt-missing-hash", "one too few", log.receipt(4, FIRST, proof=proof[:-1]), ("receipt", None), record=here, key=key)
    vector(
        "receipt-swapped-hashes",
        "two in each other's place",
        log.receipt(4, FIRST, proof=[proof[1], proof[0], *proof[2:]]),
        ("receipt", None),
        record=here,
        key=key,
    )
    vector(
        "receipt-other-hash",
        "one bit of a hash",
        log.receipt(4, FIRST, proof=[bytes([proof[0][0] ^ 1]) + proof[0][1:], *proof[1:]]),
        ("receipt", None),
        record=here,
        key=key,
    )
    vector("receipt-other-index", "the index of a neighbour", log.receipt(4, FIRST, says=5), ("receipt", None), ("receipt", 5), record=here, key=key)
    vector("receipt-beyond", "an index beyond the head's size", log.receipt(4, FIRST, says=7), ("receipt", None), ("receipt", 7), record=here, key=key)
    empty = log.receipt(0, proof=[], note=log.note(FIRST, size=0))
    vector("receipt-size-0", "a head of nothing", empty, ("receipt", None), record=log.lines[0], key=key)
    vector("receipt-other-record", "another record than the receipt's", log.receipt(4, FIRST), ("receipt", None), ("receipt", 4), record=log.lines[3], key=key)
    inside = b"".join(log.leaves()[4:6])
    pair = [root(log.leaves()[:4]), log.leaves()[6]]
    vector(
        "receipt-node-as-leaf",
        "two leaves together, passed off as a record",
        log.receipt(2, FIRST, proof=pair[::-1]),
        ("lines", 2),
        ("receipt", None),
        record=inside,
        key=key,
    )
    vector("receipt-unsigned", "an unsigned head, to a verifier with a key", log.receipt(4), ("signatures", None), record=here, key=key)
    vector("receipt-foreign", "signed by another key of the same name", log.receipt(4, FOREIGN), ("signatures", None), record=here, key=key)
    vector("receipt-index-spelled", "an index with a zero before it", log.receipt(4, FIRST, says="04"), ("receipt", None), record=here, key=key)


def tiles_and_exports():
    log = Log("key").many(2)
    tiles = log.tiles(FIRST)
    entries, hashes = "tile/entries/000.p/5", "tile/0/000.p/5"
    vector("tiles-good", "five records as tlog-tiles", tiles, key=FIRST.text)
    edited = {**tiles, entries: tiles[entries].replace(b'"s-3"', b'"s-X"')}
    vector("tiles-entry-edited", "an entry that is not what its tile says", edited, ("tiles", None), ("chain", 3), ("heads", 4), key=FIRST.text)
    flipped = {**tiles, hashes: bytes([tiles[hashes][0] ^ 1]) + tiles[hashes][1:]}
    vector("tiles-hash-edited", "a tile that is not what its entries make", flipped, ("tiles", None), key=FIRST.text)
    vector("tiles-missing", "a tile left out", {name: data for name, data in tiles.items() if name != hashes}, ("tiles", None), key=FIRST.text)
    vector("tiles-unsigned", "an unsigned checkpoint, to a verifier with a key", log.tiles(), ("signatures", 4), ("signatures", None), key=FIRST.text)
    export = log.but().head(FIRST).files()
    vector("export-good", "a ZIP", packed(export), key=FIRST.text)
    edited = log.but().head(FIRST).change(3, b'"s-3"', b'"s-X"').files()
    vector("export-edited", "a ZIP of a log in which a record was changed", packed(edited), ("chain", 3), ("heads", 4), key=FIRST.text)


SALT = b64(bytes(16)).rstrip("=").replace("+", "-").replace("/", "_")


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def disclosed(name, value):
    """A disclosure's text and its digest (FORMAT.md 8)."""
    text = b64url(canonical([SALT, name, value])).encode()
    return digest(text), text


def export_of(log, head, cases=(), texts=(), tiles=False):
    """An export: the log, a head, receipts of some records, disclosures, and tiles under the same head."""
    log = log.but(heads=[canonical(head) + b"\n"])
    size = int(head.split("\n")[1])
    files = log.files()
    for seq in cases:
        files[f"receipts/{seq:012d}.tlog-proof"] = log.cut(size).receipt(seq, note=head)
    for name, text in texts:
        files[f"disclosures/{name}.txt"] = text
    if tiles:
        files |= {f"tiles/{name}": data for name, data in log.cut(size).tiles().items()} | {"tiles/checkpoint": head.encode()}
    return files


def what_lies_beside_a_log():
    case, told = disclosed("case", "c-1001"), disclosed("submission", {"answers": {"dilemma": "A", "sum": "70"}})
    answer = disclosed("dilemma", "A")
    parts = disclosed("submission", {"answers": {"_sd": [b64url(bytes.fromhex(answer[0]))]}})
    log = Log("key")
    log.add("decision", {**DECISION, "disclosures": {"case": case[0], "submission": told[0]}, "id": "s-3", "supersedes": None})
    log.add("decision", {**DECISION, "disclosures": {"case": digest(b"other"), "submission": parts[0]}, "id": "s-4", "supersedes": None})
    head, key = log.note(FIRST), FIRST.text
    good = export_of(log, head, (3, 4), (case, told, parts, answer), tiles=True)
    vector("export-whole", "receipts, disclosures, an answer by itself, and tiles, all of the log beside them", good, key=key)
    vector("export-whole-packed", "the same as a ZIP", packed(good), key=key)
    vector("export-in-a-folder", "the same in a folder of the ZIP", packed({f"case/{name}": data for name, data in good.items()}), key=key)
    later = export_of(log.but().more("decision", case="later"), head, (3,), tiles=True)
    vector("export-behind-the-head", "a record behind the head that receipt and tiles are under", later, key=key)
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in [*good.items(), ("heads", good["heads"])]:
            archive.writestr(zipfile.ZipInfo(name), data)
    vector("export-name-twice", "a ZIP with two files of one name", twice.getvalue(), ("files", None), key=key)

    receipt, bundle, tile = "receipts/000000000003.tlog-proof", "tiles/tile/entries/000.p/5", "tiles/tile/0/000.p/5"

    def bad(name, shows, *fails, **files):
        changed = {**good, **{place.replace("__", "/"): data for place, data in files.items()}}
        vector(f"export-{name}", shows, {place: data for place, data in changed.items() if data is not None}, *fails, key=key)

    def instead(place, data):
        return {place.replace("/", "__"): data}

    wrong, lost = ("receipts", None), ("disclosures", None)
    bad("receipt-of-another-record", "under the name of record 3", wrong, **instead(receipt, log.receipt(4, note=head)))
    bad("receipt-other-hash", "one bit of a hash", wrong, **instead(receipt, log.receipt(3, note=head, proof=[bytes(32), *path(3, log.leaves())[1:]])))
    bad("receipt-under-no-head", "a head that another key signed, and the log does not have", wrong, **instead(receipt, log.receipt(3, FOREIGN)))
    bad("receipt-is-none", "a file that is no receipt", wrong, **instead(receipt, b"-"))
    longer = log.but().more("decision", case="x")
    bad("receipt-beyond-the-log", "of a record that is not there", wrong, **instead("receipts/000000000005.tlog-proof", longer.receipt(5, FIRST)))
    bad("disclosure-edited", "another text under the old name", lost, **instead(f"disclosures/{told[0]}.txt", told[1][:-2] + b"AA"))
    other = disclosed("submission", {"answers": {"dilemma": "B", "sum": "70"}})
    bad("disclosure-cited-nowhere", "an answer that nobody gave", lost, **instead(f"disclosures/{other[0]}.txt", other[1]))
    named = disclosed("dilemma", "D")
    bad("answer-cited-nowhere", "by no submission", lost, **instead(f"disclosures/{named[0]}.txt", named[1]))
    bad("disclosure-is-none", "a text that is no disclosure", lost, **instead(f"disclosures/{digest(b'-')}.txt", b"-"))
    crossed = {"case": told[0], "submission": case[0]}
    swapped = Log("key").add("decision", {**DECISION, "disclosures": crossed, "id": "s-3", "supersedes": None})
    swapped = export_of(swapped, swapped.note(FIRST), (), (case, told))
    vector("export-disclosure-as-another-thing", "a case's disclosure cited as a submission", swapped, lost, key=key)
    gone = log.but().add("erasure", {"case": case[0], "reason": "request"})
    vector("export-disclosure-erased", "of a case that was erased", export_of(gone, gone.note(FIRST), (), (case, told)), lost, key=key)
    bad("tiles-entry-edited", "an entry that is not the log's", ("tiles", None), **instead(bundle, good[bundle].replace(b'"s-3"', b'"s-X"')))
    bad("tiles-hash-edited", "a tile that is not what the records make", ("tiles", None), **instead(tile, bytes([good[tile][0] ^ 1]) + good[tile][1:]))
    bad("tiles-missing", "a tile left out", ("tiles", None), **instead(tile, None))
    bad("tiles-under-no-head", "a checkpoint that the log does not have", ("tiles", None), **instead("tiles/checkpoint", log.note(FOREIGN).encode()))

    extension = log.note() + "valid until next year\n"
    signed = extension + "\n" + FIRST.line(extension)
    extended = log.but(heads=[canonical(signed) + b"\n"])
    vector("head-with-an-extension", "a line more than a head has", extended, ("heads", None), ("signatures", None), key=key)
    carried = log.receipt(3, FIRST).replace(b"@v1\n", b"@v1\nextra " + b64(log.lines[3]).encode() + b"\n")
    vector("receipt-good-carries-its-record", "one file is enough", carried, key=key)
    another = log.receipt(3, FIRST).replace(b"@v1\n", b"@v1\nextra " + b64(log.lines[4]).encode() + b"\n")
    vector("receipt-carries-another-record", "it leads nowhere", another, ("receipt", 3), ("receipt", None), key=key)
    vector("receipt-without-its-record", "neither carried nor given: not checked", log.receipt(3, FIRST), status=3, key=key)
    bad("tiles-without-a-checkpoint", "nothing says what they are of", ("tiles", None), **instead("tiles/checkpoint", None))


def what_a_forger_did():
    case, told, answer = disclosed("case", "c-1001"), disclosed("submission", {"answers": {"sum": "70"}}), disclosed("sum", "70")
    parts = disclosed("submission", {"answers": {"_sd": [b64url(bytes.fromhex(answer[0]))]}})
    log, key, lost, files = Log("key"), FIRST.text, ("disclosures", None), ("files", None)

    def of(log, name, case, submission, supersedes=None):
        return log.add("decision", {**DECISION, "disclosures": {"case": case, "submission": submission}, "id": name, "supersedes": supersedes})

    of(log, "s-3", case[0], told[0])
    of(log, "s-4", digest(b"other"), parts[0])
    cited = of(log.but(), "s-5", digest(b"other"), told[0], 4)
    vector("export-good-cited-by-two-cases", "none of them erased", export_of(cited, cited.note(FIRST), (), (told,)), key=key)
    gone = cited.but().add("erasure", {"case": case[0], "reason": "request"})
    gone = export_of(gone, gone.note(FIRST), (), (told,))
    vector("export-erased-and-cited-before", "by a later decision of another case, which does not keep it", gone, lost, key=key)
    later = log.but().add("erasure", {"case": case[0], "reason": "request"})
    of(later, "s-6", digest(b"other"), told[0], 4)
    vector("export-erased-and-cited-again", "by another case behind the erasure", export_of(later, later.note(FIRST), (), (told,)), lost, key=key)
    again = of(log.but().add("erasure", {"case": digest(b"other"), "reason": "request"}), "s-6", digest(b"third"), parts[0])
    again = export_of(again, again.note(FIRST), (), (parts, answer))
    vector("export-erased-answer-cited-again", "an answer by itself, through its submission", again, lost, key=key)

    whole = export_of(log, log.note(FIRST), (3,), (case, told))
    inside = {f"case/{name}": data for name, data in whole.items()}
    out = {name: data for name, data in inside.items() if name != "case/heads"}
    out = packed({**out, "heads": whole["heads"]})
    vector("export-heads-beside-its-folder", "everything in a folder but the heads", out, files, ("receipts", None), ("signatures", None), key=key)
    for name, shows, more, *fails in (
        ("another-name-in-log", "a file among the segments that is none", {"log/other.txt": b"x"}, files),
        ("folder-in-log", "a folder among the segments", {"log/deep/000000065536.jsonl": b"x"}, files),
        ("another-name-in-receipts", "a file among the receipts that is none", {"receipts/zzz.txt": b"x"}, ("receipts", None)),
        ("name-in-capitals", "a ZIP with two files of one name to many systems", {"HEADS": b"x"}, files),
    ):
        vector(f"export-{name}", shows, packed({**whole, **more}), *fails, key=key)
    vector("export-names-with-dots", "a ZIP whose names begin with ./", packed({f"./{name}": data for name, data in whole.items()}), files, key=key)

    strange = Log().many(1).head(size=0, origin="another.example/log").head()
    vector("head-of-nothing-of-another-origin", "before the log says its name", strange, ("heads", 0))
    signed = Log("key").many(1).head(FIRST)
    twice = signed.but().head(FIRST, FIRST, WITNESS)
    twice.heads[0] = canonical(signed.note(FIRST, FIRST)) + b"\n"
    vector("good-signature-line-twice", "a line that stands twice is one signature; the witness came to it", twice, key=key)
    cosigned = signed.but(heads=[]).head(FIRST, WITNESS)
    cosigned.head(FIRST, Key("another witness", "another.example"))
    vector("head-repeated-with-another-witness", "one came, and one is gone", cosigned, ("heads", None), key=key)
    unsigned = signed.receipt(3, FOREIGN)
    vector("receipt-foreign-without-its-record", "a wrong signature is told, though the record is not there", unsigned, ("signatures", None), key=key)


# fmt: on


def main(out):
    """Write everything below a directory."""
    for part in (
        logs_that_hold,
        records_changed,
        spellings,
        order_of_records,
        heads_forged,
        receipts,
        tiles_and_exports,
        what_lies_beside_a_log,
        what_a_forger_did,
    ):
        part()
    index = []
    for name, shows, what, call, said in VECTORS:
        place, suffix = Path(out), ".zip" if not isinstance(what, dict) and what[:2] == b"PK" else ".tlog-proof"
        files = (
            {f"{name}/{file}": data for file, data in what.items()}
            if isinstance(what, dict)
            else {f"{name}{suffix}": what}
        )
        arguments = {"path": name if isinstance(what, dict) else f"{name}{suffix}"}
        for option, value in call.items():
            arguments[option] = value if isinstance(value, str) else f"{name}.{option}"
            files |= {} if isinstance(value, str) else {f"{name}.{option}": value}
        for file, data in files.items():
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            (place / file).write_bytes(data)
        sums = "".join(f"{digest(data)}  {file}\n" for file, data in sorted(files.items()))
        index.append({"call": arguments, "files": digest(sums.encode()), "name": name, "says": said, "shows": shows})
    (Path(out) / "index.json").write_bytes(json.dumps(index, indent=1, ensure_ascii=False).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1])
