"""
Receipts: what shows, with nothing else at hand, that one record is in a log.

Owns C2SP tlog-proof (c2sp.org/tlog-proof): the record's number, the inclusion proof, and the checkpoint that it leads to, in one small text. With
the record's line and the log's key anybody can check it offline. A receipt from a log without a key holds an unsigned head (`checkpoint`).

Pure. Must not know how a log is read.
"""

from __future__ import annotations

from scoring import canonical
from scoring.audit import checkpoint
from scoring.audit.keys import decode64, encode64
from scoring.audit.note import check_text
from scoring.audit.proof import check_inclusion, inclusion_proof
from scoring.audit.tree import leaf_hash
from scoring.audit.value import Value
from scoring.errors import LogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scoring.audit.keys import VerificationKey
    from scoring.audit.tree import HashReader

__all__ = ["MAX_EXTRA", "SUFFIX", "Receipt", "make", "parse", "verify", "with_record", "write"]

SUFFIX = ".tlog-proof"
MAX_EXTRA = 65_536  # bytes; opaque, and never relied on

_FORMAT = "c2sp.org/tlog-proof@v1"
_MAX_HASHES = 63  # what a tree of `tree.MAX_SIZE` leaves needs


class Receipt(Value):
    """
    A receipt.

    Attributes:
        index: The record's number, from 0. proof: Its inclusion proof, from the leaf's sibling up, 32 bytes each.
        checkpoint: The checkpoint's bytes, as its log wrote them.
        extra: What else somebody put in; by custom of this package the record's line. Nothing vouches for it but that the proof leads from it. Empty where
            there is none.
    """

    __slots__ = ("index", "proof", "checkpoint", "extra")  # noqa: RUF023 - in the order of the constructor

    index: int
    proof: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes

    def __init__(self, index: int, proof: Iterable[bytes], checkpoint: bytes, extra: bytes = b"") -> None:
        super().__init__(index, tuple(proof), checkpoint, extra)


def make(index: int, head: bytes, reader: HashReader) -> Receipt:
    """
    Return the receipt of record *index* under the checkpoint *head*.

    Raises:
        LogError: *head* is no checkpoint, or does not cover the record; *reader* lacks a subtree.
    """
    size = checkpoint.parse(head).head.size
    return Receipt(index, inclusion_proof(index, size, reader), head)


def with_record(receipt: Receipt, line: bytes) -> Receipt:
    """Return the receipt with its record's line as what else it carries: the proof itself vouches for it then, and one file is enough."""
    return Receipt(receipt.index, receipt.proof, receipt.checkpoint, line)


def write(receipt: Receipt) -> bytes:
    """
    Return the receipt's bytes.

    Raises:
        LogError: `parse` would not read it back.
    """
    lines = [_FORMAT]
    if receipt.extra:
        lines.append(f"extra {encode64(receipt.extra)}")
    lines += [f"index {receipt.index}", *map(encode64, receipt.proof), ""]
    data = "".join(f"{line}\n" for line in lines).encode() + receipt.checkpoint
    parse(data)
    return data


def parse(data: bytes) -> Receipt:
    """
    Read a receipt, checking its form and nothing that it says.

    Raises:
        LogError: It is none: another first line, a line missing, a number, hash or checkpoint in another spelling.
    """
    header, blank, head = data.partition(b"\n\n")
    if not blank:
        raise LogError("no receipt: a blank line and a checkpoint must end it")
    lines = check_text(header + b"\n")[:-1].split("\n")
    if lines.pop(0) != _FORMAT:
        raise LogError(f"no receipt: its first line is {_FORMAT}")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = decode64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise LogError("no receipt: it does not say which record it is of")
    index = checkpoint.read_decimal(lines.pop(0).removeprefix("index "), "the receipt's index")
    if len(lines) > _MAX_HASHES or len(extra) > MAX_EXTRA:
        raise LogError("no receipt: it holds more than any tree needs")
    proof = [checkpoint.read_hash(line) for line in lines]
    checkpoint.parse(head)
    return Receipt(index, proof, head, extra)


def verify(
    receipt: Receipt, line: bytes, keys: Sequence[VerificationKey], origin: str | None = None
) -> checkpoint.Checkpoint:
    """
    Check that *line* is the record that the receipt names, in the log whose head it holds.

    Args:
        receipt: What was handed out.
        line: The record, without its line end.
        keys: The log's keys. With none given the head stands for itself: it shows that the record is under it, not whose head it is.
        origin: The log's name, if known.

    Returns:
        The checkpoint, with the keys whose signatures hold.

    Raises:
        LogError: It does not show that; the head is unsigned though a key was given; or the record itself claims another number.
        MissingExtraError: Keys were given, and the extra `sign` is not installed.
    """
    read = checkpoint.verify(receipt.checkpoint, keys, origin)
    head = read.head
    check_inclusion(receipt.proof, leaf_hash(line), receipt.index, head.size, head.root)
    try:
        record = canonical.loads_canonical(line)
    except canonical.CanonicalError as error:
        raise LogError(f"no record: {error}", seq=receipt.index) from None
    seq = record.get("seq") if isinstance(record, dict) else None
    if type(seq) is not int or seq != receipt.index:
        found = str(seq) if type(seq) is int else "none"
        raise LogError("the record says another number", seq=receipt.index, expected=str(receipt.index), found=found)
    return read
