"""
Whatever somebody was given of a log, told apart and checked: the log itself, an export, tiles, a receipt, a checkpoint.

Owns which of these something is, and what can be said of each without anything else at hand. A log's own checks are `verify`'s. Writes nothing but into a
temporary directory.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from scoring import canonical
from scoring.audit import checkpoint, receipt, segments, tiles
from scoring.audit.archive import unpack
from scoring.audit.exported import export_findings, is_export
from scoring.audit.fields import record_misfit
from scoring.audit.keys import VerificationKey
from scoring.audit.note import MAX_NOTE
from scoring.audit.place import is_log
from scoring.audit.report import (
    ANOTHERS_CHECKPOINT,
    CANNOT_SHOW,
    FAILS,
    HOLDS,
    NOT_CHECKED,
    NOT_SIGNED,
    OTHERS_CHECKPOINT,
    REMARK,
    UNSIGNED_BY_KEY,
    Finding,
    Report,
)
from scoring.audit.verify import NO_PACKS, verify_directory
from scoring.errors import LogError, StoreError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from typing import Any

__all__ = ["ARCHIVE", "CHECKPOINT", "LOG", "RECEIPT", "TILES", "kind_of_given", "said_of_record", "verify_given"]

LOG, ARCHIVE, TILES, RECEIPT, CHECKPOINT = "a log or an export", "an export", "tiles", "a receipt", "a checkpoint"
_RECEIPT_BEGINS = b"c2sp.org/tlog-proof@"
_ZIP_BEGINS = (b"PK\x03\x04", b"PK\x05\x06")
_MAX_FILE = 2 * MAX_NOTE  # bytes of a receipt
_OF_PAGES = (
    "whether what is written for people, the pages in cases/ and the README, says the same: nothing vouches for it"
)
_LEFT_OUT = f"{NO_PACKS}: the rubrics were left out of this export; ask whoever made it for one with them (`scoring export --packs`)"
_OF_ONE_RECORD = (
    "anything of the other records, or whether a later record says otherwise: that takes the log",
    "whether the time is true: it is what the writer's clock said",
)
_OF_A_HEAD = ("anything of the records that it stands for: that takes the log, or a receipt",)


def kind_of_given(path: str | os.PathLike[str]) -> str | None:
    """
    Tell what lies at a path: `LOG`, `ARCHIVE`, `TILES`, `RECEIPT`, `CHECKPOINT`; None for anything else.

    Raises:
        OSError: It cannot be read.
    """
    place = Path(path)
    if place.is_dir():
        if is_log(str(_inside(place))):
            return LOG
        return TILES if (place / tiles.CHECKPOINT).is_file() else None
    with place.open("rb") as stream:
        data = stream.read(MAX_NOTE + 1)
    if data.startswith(_ZIP_BEGINS):
        return ARCHIVE
    if data.startswith(_RECEIPT_BEGINS):
        return RECEIPT
    try:
        checkpoint.parse(data)
    except LogError:
        return None
    return CHECKPOINT


def verify_given(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    trusted: str | bytes | None = None,
    record: bytes | None = None,
    **options: Any,
) -> Report:
    """
    Check whatever lies at a path.

    Args:
        path: A log's directory, an export (a ZIP, or its directory), a directory of C2SP tlog-tiles, a receipt (C2SP tlog-proof), or a checkpoint.
        key: The log's verification key, as its holder gave it out: what is not signed by it fails.
        trusted: A checkpoint of this log that was kept elsewhere.
        record: Of a receipt: the record's line without its line end, where the receipt does not carry it.
        options: Of a log, an export or tiles, what else `verify_directory` takes. An export needs no vault; one that lies beside it is checked.

    Raises:
        LogError: It is none of these, or *key* or *trusted* is none. What is wrong inside it is a finding.
        StoreError: It cannot be read, or there is no room to unpack it.
        MissingExtraError: A key was given, and the extra `sign` is not installed.

    Source: FORMAT.md 11, 12.
    """
    place = Path(path)
    given = {"key": key, "trusted": trusted}
    try:
        kind = kind_of_given(place)
        if kind == LOG:
            return _of_log(_inside(place), **given, **options)
        if kind == ARCHIVE:
            return _of_archive(place, **given, **options)
        if kind == TILES:
            return _of_tiles(place, **given, **options)
        if kind == RECEIPT:
            return _of_receipt(_bytes_of(place), record, key, trusted)
        if kind == CHECKPOINT:
            return _of_checkpoint(_bytes_of(place), key, trusted)
    except OSError as error:
        raise StoreError(f"{place} cannot be read: {error.strerror}") from error
    raise LogError(f"{place} is no log, no export, no tiles, no receipt and no checkpoint")


def _bytes_of(place: Path) -> bytes:
    with place.open("rb") as stream:
        return stream.read(_MAX_FILE + 1)


# --- a log, with what an export has beside it ---


def _inside(place: Path) -> Path:
    """The directory that is meant: itself, or the one folder in it that holds an export, as where an archive was unpacked."""
    if is_log(str(place)) or (place / tiles.CHECKPOINT).exists():
        return place
    inside = [one for one in islice(place.iterdir(), 1000) if is_log(str(one)) and is_export(one)]
    return inside[0] if len(inside) == 1 else place


def _of_log(place: Path, **options: Any) -> Report:
    if not is_export(place):
        return verify_directory(place, **options)
    beside = place.with_name(f"{place.absolute().name}.vault")
    alone = options.get("vault") is False or (options.get("vault") is None and not beside.exists())
    report = verify_directory(place, **(options | {"vault": False} if alone else options))
    # What the vault would hold is what the disclosures are, as far as they were given.
    findings = [
        finding.saying(_LEFT_OUT) if alone and finding.detail == NO_PACKS else finding
        for finding in report.findings
        if not alone or finding.check != "vault"
    ]
    return Report(report.size, report.head, (*findings, *export_findings(place)), (*report.cannot_show, _OF_PAGES))


def _of_archive(place: Path, **options: Any) -> Report:
    with TemporaryDirectory() as room:
        try:
            strange = unpack(place, Path(room))
        except LogError as error:
            finding = Finding("archive", FAILS, error.message, expected=error.expected, found=error.found)
            return Report(0, "", (finding,), CANNOT_SHOW)
        report = _of_log(Path(room), **{**options, "vault": False})
    left = [Finding("archive", REMARK, f"{strange} files that no export has were not read")] * bool(strange)
    findings = (
        finding for finding in report.findings if finding.check != "vault"
    )  # also where nothing lies beside its log
    return Report(report.size, report.head, (*findings, *left), report.cannot_show)


# --- tiles ---


def _of_tiles(place: Path, **options: Any) -> Report:
    """Tiles are a log in another shape: laid out as one, the same checks read it. That each tile is what its entries make is checked besides."""
    read = tiles.out_of(place)
    made = Finding("tiles", HOLDS, "each is what its entries make")
    with TemporaryDirectory() as room:
        try:
            tiles.check_tiles(read, ())
        except LogError as error:
            made = Finding("tiles", FAILS, error.message, expected=error.expected, found=error.found)
        try:
            _lay_out(read, Path(room))
        except LogError as error:
            if made.result == HOLDS:
                made = Finding("tiles", FAILS, error.message, error.seq)
        report = verify_directory(room, **{**options, "vault": False})
    found = (finding for finding in report.findings if finding.check not in ("segments", "packs", "vault"))
    return Report(report.size, report.head, (made, *found), report.cannot_show)


def _lay_out(read: tiles.Read, room: Path) -> None:
    """Write tiles as a log's directory, as far as there are some that can be read."""
    (room / "log").mkdir()
    head = read(tiles.CHECKPOINT)
    try:
        size = checkpoint.parse(head).head.size
    finally:
        (room / "heads").write_bytes(canonical.dumps(head.decode("utf-8", "replace")) + b"\n")
    lines = tiles.entries(read, size)
    for first in range(0, size, segments.SEGMENT_RECORDS):
        with (room / "log" / segments.segment_name(first)).open("xb") as file:
            for seq, line in enumerate(islice(lines, segments.SEGMENT_RECORDS), first):
                if b"\n" in line:
                    raise LogError("an entry holds a line end, which no record does", seq=seq)
                file.write(line + b"\n")


# --- a receipt, a checkpoint ---


def _of_receipt(data: bytes, record: bytes | None, key: str | None, trusted: str | bytes | None) -> Report:
    try:
        read = receipt.parse(data)
    except LogError as error:
        return Report(0, "", (_failed("receipt", error),), _OF_ONE_RECORD)
    head = checkpoint.parse(read.checkpoint).head
    line = read.extra if record is None else record
    proof = _proof(read, line)
    record_line = _record(line, read.index, proven=proof.result == HOLDS)
    findings = [proof, *record_line, *_vouched(read.checkpoint, key, trusted)]
    return Report(head.size, "", tuple(findings), _OF_ONE_RECORD)


def _proof(read: receipt.Receipt, line: bytes) -> Finding:
    if not line:
        return Finding("receipt", NOT_CHECKED, "it does not carry its record: give the record's line")
    try:
        head = receipt.verify(read, line, ()).head
    except LogError as error:
        return _failed("receipt", error)
    said = f"the record is #{read.index} of the log {ascii(head.origin)[1:-1]}, by its head of {head.size} records"
    return Finding("receipt", HOLDS, said, read.index)


def _record(line: bytes, index: int, *, proven: bool) -> Iterator[Finding]:
    """Whether the record is one; and what it says, where the receipt leads from it."""
    if line:
        try:
            record: Any = canonical.loads_canonical(line)
            wrong = record_misfit(record)
        except canonical.CanonicalError as error:
            wrong = f"no record: {error}"
        said = f"it fits the tables: {said_of_record(record)}" if proven and not wrong else "it fits the tables"
        yield Finding("record", FAILS if wrong else HOLDS, wrong or said, index)


def said_of_record(record: dict[str, Any]) -> str:
    """What a record says that whoever holds its receipt can know it by: its kind, its time; of which submission, and what came of it."""
    body = record["body"]
    said = f"{record['type']} of {record['time']}"
    if record["type"] == "decision":
        decision = body["decision"]
        said += f", submission {body['id']}, {_came_of(decision)}, action {decision['action']}"
    return said


def _came_of(decision: dict[str, Any]) -> str:
    return decision["status"] if decision["verdict"] is None else f"verdict {decision['verdict']}"


def _of_checkpoint(data: bytes, key: str | None, trusted: str | bytes | None) -> Report:
    try:
        head = checkpoint.parse(data).head
    except LogError as error:
        return Report(0, "", (_failed("checkpoint", error),), _OF_A_HEAD)
    said = f"the log {ascii(head.origin)[1:-1]} had {head.size} records, with root {head.root.hex()}"
    findings = (Finding("checkpoint", HOLDS, said), *_vouched(data, key, trusted))
    return Report(head.size, "", findings, _OF_A_HEAD)


def _vouched(data: bytes, key: str | None, trusted: str | bytes | None) -> Iterator[Finding]:
    """Who signed a checkpoint, and whether it is the one that was kept elsewhere."""
    if key is None:
        yield Finding("signature", NOT_CHECKED, "no key was given: the head may be anybody's")
    else:
        mine = VerificationKey.parse(key)
        try:
            checkpoint.verify(data, [mine], mine.name)
        except LogError as error:
            known = any((one.name, one.key_id) == (mine.name, mine.key_id) for one in checkpoint.parse(data).signatures)
            if known:
                yield Finding("signature", FAILS, error.message, expected=error.expected, found=error.found)
            else:
                yield _by_another(data, mine, error)
        else:
            yield Finding("signature", HOLDS, "the head is signed by the key that was given")
    if trusted is not None:
        yield _same(checkpoint.parse(data).head, checkpoint.parse(_as_bytes(trusted)).head)


def _by_another(data: bytes, mine: VerificationKey, error: LogError) -> Finding:
    """A head that the given key did not sign: perhaps one of its log's earlier or later keys did, as their common name tells."""
    same = [f"{one.name}+{one.key_id:08x}" for one in checkpoint.parse(data).signatures if one.name == mine.name]
    said = f"{NOT_SIGNED}: {error.message}"
    if same:
        said = (
            f"{NOT_SIGNED}, but, as it says, by {', '.join(same)}: a key of the same name, perhaps an earlier or a later one of this log. Check it "
            "with the key that was given out when it was made"
        )
    return Finding("signature", FAILS, said, expected=error.expected, found=error.found, parts=(UNSIGNED_BY_KEY,))


def _same(head: checkpoint.Head, kept: checkpoint.Head) -> Finding:
    if head.origin != kept.origin:
        return Finding(
            "same head",
            FAILS,
            OTHERS_CHECKPOINT,
            expected=ascii(head.origin)[1:-1],
            found=ascii(kept.origin)[1:-1],
            parts=(ANOTHERS_CHECKPOINT,),
        )
    if head.size != kept.size:
        said = f"the trusted checkpoint is of {kept.size} records, this one of {head.size}: whether one extends the other takes the log"
        return Finding("same head", NOT_CHECKED, said)
    if head.root != kept.root:
        return Finding(
            "same head",
            FAILS,
            "two heads of one size differ: the log was forked or rewritten",
            expected=f"root {kept.root.hex()}",
            found=head.root.hex(),
        )
    return Finding("same head", HOLDS, "it is the trusted one")


def _as_bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _failed(check: str, error: LogError) -> Finding:
    return Finding(check, FAILS, error.message, error.seq, expected=error.expected, found=error.found)
