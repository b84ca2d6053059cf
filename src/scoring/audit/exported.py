"""
What an export holds beside its log: receipts, disclosures, tiles, programs; and whether they are of that log.

Everything here stands or falls with the log beside it, which `verify` checks: a receipt leads from a record of it to one of its heads, a disclosure is what
a record of it cites, tiles are the records under one of its heads. Must not know what a record decides.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from scoring import canonical
from scoring.audit import disk, tiles
from scoring.audit.chain import MAX_LINE
from scoring.audit.checkpoint import parse as parse_checkpoint
from scoring.audit.disclosure import MAX_DISCLOSURE, digests_of, parts_of
from scoring.audit.export import PROGRAMS, programs_place
from scoring.audit.heads import MAX_HEAD_LINE, read_head
from scoring.audit.proof import check_inclusion
from scoring.audit.receipt import SUFFIX
from scoring.audit.receipt import parse as parse_receipt
from scoring.audit.report import REMARK, Check, Finding
from scoring.audit.tree import leaf_hash
from scoring.errors import LogError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from scoring.audit.receipt import Receipt

__all__ = ["export_findings", "is_export"]

_FOLDERS = ("receipts", "disclosures", "tiles")
_MAX_FILES = 250_000  # in one folder
_MAX_RECEIPT = 2 << 20
_MAX_PROGRAM = 4 << 20


def is_export(directory: Path) -> bool:
    """Whether a log's directory holds what an export has beside its log."""
    return any((directory / name).exists() for name in (*_FOLDERS, "verify.py"))


def export_findings(directory: Path) -> tuple[Finding, ...]:
    """
    Check what lies beside the log of an export.

    Args:
        directory: The export, unpacked; its log is checked elsewhere.

    Returns:
        A finding for each kind of thing that is there.

    Raises:
        OSError: It cannot be read.
    """
    beside = _Beside(directory)
    beside.read_log()
    beside.read_heads()
    return beside.findings()


class _Beside:
    """What was found beside one log, while its records and heads go by."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.receipts, self.disclosures, self.tiles = map(Check, ("receipts", "disclosures", "tiles"))
        self.parts: dict[str, list[str]] = {}  # the answers' digests that a disclosed submission cites
        self.proofs: dict[int, Receipt] = dict(self.read_receipts())
        self.texts: dict[str, str] = dict(self.read_texts())  # what each disclosure is called, by its digest
        self.cited: dict[str, str] = {}  # by digest of a text: as what records cite it; as what it is, once one does
        self.erased: dict[str, int] = {}  # cases, and by which record
        self.gone: dict[str, int] = {}  # by digest of a text: the erasure of a case that cites it
        self.heads: dict[bytes, list[str]] = {}  # the checkpoints that have to be the log's, and what relies on each
        for index, proof in self.proofs.items():
            self.heads.setdefault(proof.checkpoint, []).append(f"receipts/{index:012d}{SUFFIX}")
        self.read_tiles()

    def files(self, folder: str, suffix: str, check: Check) -> Iterator[tuple[str, Path]]:
        """The files of a folder by their names without the suffix, in order."""
        place = self.directory / folder
        names = sorted(path.name for path, _ in zip(place.iterdir(), range(_MAX_FILES + 1))) if place.is_dir() else []  # noqa: B905 - the shorter ends it
        if len(names) > _MAX_FILES:
            check.fail(f"more than {_MAX_FILES} files in {folder}")
        for name in names[:_MAX_FILES]:
            if name.endswith(suffix):
                yield name.removesuffix(suffix), place / name
            else:
                check.fail(
                    f"a file in {folder} that is none of its kind",
                    expected=f"a name that ends in {suffix}",
                    found=ascii(name),
                )

    # --- the files ---

    def read_receipts(self) -> Iterator[tuple[int, Receipt]]:
        for name, path in self.files("receipts", SUFFIX, self.receipts):
            try:
                read = parse_receipt(_bytes_in(path, _MAX_RECEIPT))
            except LogError as error:
                self.receipts.fail(f"receipts/{ascii(name)[1:-1]}{SUFFIX}: {error.message}")
                continue
            if name != f"{read.index:012d}":
                self.receipts.fail(
                    "a receipt of another record than its name says", expected=ascii(name), found=f"'{read.index:012d}'"
                )
            else:
                yield read.index, read

    def read_texts(self) -> Iterator[tuple[str, str]]:
        for name, path in self.files("disclosures", ".txt", self.disclosures):
            data = _bytes_in(path, MAX_DISCLOSURE)
            found = sha256(data).hexdigest()
            parts = parts_of(data.decode("ascii", "replace"))
            if name != found:
                self.disclosures.fail(
                    "a disclosure was changed: its text has another digest than its name says",
                    expected=ascii(name),
                    found=found,
                )
            elif parts is None or type(parts[1]) is not str:
                self.disclosures.fail(f"disclosures/{found}.txt is no disclosure")
            else:
                if parts[1] == "submission" and type(parts[2]) is dict:
                    self.parts[found] = digests_of(parts[2].get("answers")) or []
                yield found, parts[1]

    def read_tiles(self) -> None:
        place = self.directory / "tiles"
        if place.is_dir():
            read = tiles.out_of(place)
            try:
                tiles.check_tiles(read, ())
                self.heads.setdefault(read(tiles.CHECKPOINT), []).append("tiles/checkpoint")
            except LogError as error:
                self.tiles.fail(f"tiles: {error.message}", expected=error.expected, found=error.found)

    # --- the log ---

    def read_log(self) -> None:
        """Take in the log's records, as far as something beside it is about them."""
        wanted = {*self.proofs}
        for seq, line in self.lines() if self.texts else ():
            if b'"type":"erasure"' in line:
                self.read_erasure(seq, line)
        for seq, line in self.lines() if wanted or self.texts else ():
            if seq in wanted:
                wanted.discard(seq)
                self.read_proof(self.proofs[seq], line)
            if self.texts and b'"disclosures":' in line:
                self.read_record(line)
        for seq in sorted(wanted):
            self.receipts.fail(f"receipts/{seq:012d}{SUFFIX} is of a record that is not there")

    def lines(self) -> Iterator[tuple[int, bytes]]:
        seq = 0
        for path in sorted((self.directory / "log").glob("*.jsonl")):
            with disk.open_file(str(path)) as stream:
                while line := stream.readline(MAX_LINE + 2):
                    yield seq, line.removesuffix(b"\n")
                    seq += 1

    def read_proof(self, proof: Receipt, line: bytes) -> None:
        head = parse_checkpoint(proof.checkpoint).head
        try:
            check_inclusion(proof.proof, leaf_hash(line), proof.index, head.size, head.root)
        except LogError as error:
            name = f"receipts/{proof.index:012d}{SUFFIX}"
            self.receipts.fail(f"{name}: {error.message}", expected=error.expected, found=error.found)

    def read_erasure(self, seq: int, line: bytes) -> None:
        try:
            record: Any = canonical.loads_canonical(line)
            if record["type"] == "erasure":
                self.erased.setdefault(record["body"]["case"], seq)
        except (canonical.CanonicalError, KeyError, TypeError):
            return  # what is no record is the log's concern

    def read_record(self, line: bytes) -> None:
        try:
            record: Any = canonical.loads_canonical(line)
            cited = record["body"]["disclosures"]
            case = cited["case"]
            for name, digest in cited.items():
                self.take_citation(digest, name, case)
                for part in self.parts.get(digest, ()):
                    self.take_citation(part, self.texts.get(part, ""), case)
        except (canonical.CanonicalError, KeyError, TypeError, AttributeError):
            return  # what is no record is the log's concern

    def take_citation(self, digest: str, called: str, case: str) -> None:
        """Take in that a record of a case cites a digest. What one erased case cites is gone, whoever else cites it."""
        if digest in self.texts:
            if self.cited.get(digest) != self.texts[digest]:
                self.cited[digest] = called
            if case in self.erased:
                self.gone.setdefault(digest, self.erased[case])

    def read_heads(self) -> None:
        """Find the heads that something relies on among those of the log."""
        wanted = {*self.heads}
        path = self.directory / "heads"
        if wanted and path.exists():
            with disk.open_file(str(path)) as stream:
                while (line := stream.readline(MAX_HEAD_LINE)) and wanted:
                    try:
                        wanted.discard(read_head(line.removesuffix(b"\n")).note)
                    except LogError:
                        continue  # `verify` names it
        for note in sorted(wanted):
            for what in self.heads[note]:
                check = self.tiles if what.startswith("tiles") else self.receipts
                check.fail(f"the checkpoint of {what} is none of the log's heads")

    # --- the end ---

    def findings(self) -> tuple[Finding, ...]:
        self.finish_disclosures()
        made = (
            ("receipts", self.receipts, f"{len(self.proofs)}, each from its record to a head of the log"),
            ("disclosures", self.disclosures, f"{len(self.texts)}, each what a record of the log cites"),
            ("tiles", self.tiles, "each what its entries make, under a head of the log"),
        )
        found = [check.finding(holds) for folder, check, holds in made if (self.directory / folder).is_dir()]
        return (*found, *self.remarks())

    def finish_disclosures(self) -> None:
        for digest, name in sorted(self.texts.items()):
            called = self.cited.get(digest)
            if called is None:
                self.disclosures.fail(f"disclosures/{digest}.txt is cited by no record of this log")
            elif called != name:
                self.disclosures.fail(
                    f"disclosures/{digest}.txt is cited as another thing", expected=called, found=ascii(name)
                )
            elif digest in self.gone:
                self.disclosures.fail(
                    f"disclosures/{digest}.txt was erased at record #{self.gone[digest]}, and must not go on"
                )

    def remarks(self) -> Iterator[Finding]:
        """Programs that are others than ours: most likely of another version, at worst made to say that all holds."""
        for name in PROGRAMS:
            path = self.directory / name
            if path.is_file() and _bytes_in(path, _MAX_PROGRAM) != (programs_place() / name).read_bytes():
                said = f"{name} is not the one of this package: do not rely on it, unless you know its digest from elsewhere"
                yield Finding("programs", REMARK, said)


def _bytes_in(path: Path, most: int) -> bytes:
    """A file's bytes; of one that is longer than any of its kind, one byte more than that."""
    with disk.open_file(str(path)) as stream:
        return stream.read(most + 1)
