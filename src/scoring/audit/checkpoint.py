"""
Heads: a log's name, size and root, and the checkpoint that signs them.

Owns C2SP tlog-checkpoint (c2sp.org/tlog-checkpoint). Where no key is at hand a head is written as its text alone: exactly the three lines of a
checkpoint, without the blank line and the signatures. That form is ours and proves nothing about who wrote it, so whoever was given a key refuses it.

Pure. Must not know where heads are kept, nor the records under them.
"""

from __future__ import annotations

from scoring.audit import note
from scoring.audit.keys import decode64, encode64
from scoring.audit.tree import EMPTY_ROOT, HASH_BYTES, MAX_SIZE
from scoring.audit.value import Value
from scoring.errors import LogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.audit.keys import Signer, VerificationKey

__all__ = ["Checkpoint", "Head", "parse", "read_decimal", "read_hash", "verify", "write"]


class Head(Value):
    """
    What a log commits to.

    Attributes:
        origin: The log's name, one line. size: How many records. root: The Merkle tree hash over them, 32 bytes.
    """

    __slots__ = ("origin", "size", "root")  # noqa: RUF023 - in the order of the constructor

    origin: str
    size: int
    root: bytes

    def __init__(self, origin: str, size: int, root: bytes) -> None:
        super().__init__(origin, size, root)

    @classmethod
    def parse(cls, text: bytes) -> Head:
        """
        Read the text of a checkpoint.

        Raises:
            LogError: It is none: a line missing, empty or too many, a size in another spelling, a root that is no SHA-256 hash or not the empty tree's.
        """
        lines = note.check_text(text)[:-1].split("\n")
        if len(lines) != 3 or not all(lines):
            raise LogError(
                "no checkpoint: its text is an origin, a size and a root, one a line, none empty, and no extension line"
            )
        origin, size, root = lines
        head = cls(origin, read_decimal(size, "the checkpoint's size"), read_hash(root))
        if head.size == 0 and head.root != EMPTY_ROOT:
            raise LogError(
                "no checkpoint: this is not the root of an empty log", expected=encode64(EMPTY_ROOT), found=root
            )
        return head

    @property
    def text(self) -> bytes:
        """What is signed; alone, the form of a head that nobody signed."""
        lines = (self.origin, str(self.size), encode64(self.root))
        return "".join(f"{line}\n" for line in lines).encode()


class Checkpoint(Value):
    """
    A head that was read.

    Attributes:
        head: What it says.
        signed_by: The keys whose signatures were checked and hold, in the order of the note; none where no key was given.
        signatures: All that it carries; none in the unsigned form.
    """

    __slots__ = ("head", "signed_by", "signatures")  # noqa: RUF023 - in the order of the constructor

    head: Head
    signed_by: tuple[VerificationKey, ...]
    signatures: tuple[note.Signature, ...]

    def __init__(
        self, head: Head, signed_by: tuple[VerificationKey, ...], signatures: tuple[note.Signature, ...]
    ) -> None:
        super().__init__(head, signed_by, signatures)


def write(head: Head, *signers: Signer) -> bytes:
    """
    Return the checkpoint of *head*; without signers its text alone.

    Raises:
        LogError: *head* cannot be written as a checkpoint, or a signer's signature is refused by its own key.
        MissingExtraError: There are signers, and the extra `sign` is not installed.

    >>> write(Head("example.com/log", 0, EMPTY_ROOT)).decode()
    'example.com/log\\n0\\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\\n'
    """
    text = head.text
    if Head.parse(text) != head:
        raise LogError("no checkpoint: an origin is one line of text")
    data = note.write(note.sign(note.Note(text), *signers)) if signers else text
    parse(data)
    return data


def parse(data: bytes) -> Checkpoint:
    """
    Read a checkpoint, signed or not, without checking who signed it: what it says may not be relied on.

    Raises:
        LogError: It is none.
    """
    if b"\n\n" not in data:
        return Checkpoint(Head.parse(data), (), ())
    signed = note.parse(data)
    return Checkpoint(Head.parse(signed.text), (), signed.signatures)


def verify(data: bytes, keys: Sequence[VerificationKey], origin: str | None = None) -> Checkpoint:
    """
    Read a checkpoint and check who signed it.

    Args:
        data: The checkpoint's bytes.
        keys: At least one of them must have signed. With none given, nothing is checked and `signed_by` is empty.
        origin: The log that it must be of, if known.

    Raises:
        LogError: It is none, is of another log, is unsigned though keys were given, or its signatures do not hold (`note.verify`).
        MissingExtraError: Keys were given, and the extra `sign` is not installed.
    """
    read = parse(data)
    if origin is not None and read.head.origin != origin:
        raise LogError("this checkpoint is of another log", expected=origin, found=read.head.origin)
    if not keys:
        return read
    if not read.signatures:
        raise LogError("this checkpoint is unsigned, and a key was given: it may be anybody's")
    return Checkpoint(read.head, note.verify(note.Note(read.head.text, read.signatures), keys), read.signatures)


def read_decimal(text: str, what: str) -> int:
    """
    Read an ASCII decimal of 0 to `MAX_SIZE` without a leading zero.

    Raises:
        LogError: It is none; *what* names it in the message.
    """
    wanted = f"a decimal of 0 to {MAX_SIZE} without leading zeros"
    if not (0 < len(text) <= len(str(MAX_SIZE)) and text.isascii() and text.isdigit()) or str(int(text)) != text:
        raise LogError(f"{what} is misspelt", expected=wanted, found=repr(text[:32]))
    if int(text) > MAX_SIZE:
        raise LogError(f"{what} is too large", expected=wanted, found=text)
    return int(text)


def read_hash(text: str) -> bytes:
    """
    Read the base64 of one SHA-256 hash.

    Raises:
        LogError: It is none.
    """
    data = decode64(text)
    if len(data) != HASH_BYTES:
        raise LogError("this is no SHA-256 hash", expected=f"{HASH_BYTES} bytes in base64", found=f"{len(data)} bytes")
    return data
