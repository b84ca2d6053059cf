"""
Signed notes: a text with the signatures of those who stand for it.

Owns C2SP signed-note (c2sp.org/signed-note). A text is worth nothing before a signature of a known key was checked: `verify`.

Pure: bytes in, bytes out. Must not know what a text says, nor how a key signs: that is `keys`.
"""

from __future__ import annotations

from contextlib import suppress

from scoring.audit.keys import VerificationKey, decode64, encode64, has_control, is_name
from scoring.audit.value import Value
from scoring.errors import LogError, MissingExtraError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from scoring.audit.keys import Signer

__all__ = [
    "MAX_NOTE",
    "MAX_SIGNATURES",
    "Note",
    "Signature",
    "check_text",
    "holding",
    "parse",
    "sign",
    "verify",
    "write",
]

MAX_NOTE = 1_048_576  # bytes; room for a hundred of the longest signatures in use, which are below 5 kB each
MAX_SIGNATURES = 100  # the format asks for 16 at least; Go stops at 100

_DASH = "\N{EM DASH} "


class Signature(Value):
    """
    One signature line.

    Attributes:
        name: The key's name. key_id: The 32 bits that, with the name, say which key it was.
        blob: What the key made of the text: 64 bytes for Ed25519, any number from 1 for types that this module does not know.
    """

    __slots__ = ("name", "key_id", "blob")  # noqa: RUF023 - in the order of the constructor

    name: str
    key_id: int
    blob: bytes

    def __init__(self, name: str, key_id: int, blob: bytes) -> None:
        super().__init__(name, key_id, blob)


class Note(Value):
    """
    A text, its last line end included, and its signatures in their order: checked by nobody yet.

    Attributes:
        text: UTF-8, ends in ``\\n``. signatures: None, while it is being made.
    """

    __slots__ = ("text", "signatures")  # noqa: RUF023 - in the order of the constructor

    text: bytes
    signatures: tuple[Signature, ...]

    def __init__(self, text: bytes, signatures: Iterable[Signature] = ()) -> None:
        super().__init__(text, tuple(signatures))


def parse(data: bytes) -> Note:
    """
    Read a signed note, checking its form and no signature.

    Raises:
        LogError: It is no signed note: not UTF-8, a control character, no blank line before the signatures, a line that is no signature, base64
            in another spelling than its own, more than `MAX_SIGNATURES` or `MAX_NOTE`.
    """
    _check_length(data)
    text, blank, block = data.rpartition(b"\n\n")
    if not blank:
        raise LogError("no signed note: a blank line and signature lines must end it")
    check_text(text + b"\n")
    lines = check_text(block)[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise LogError("no signed note", expected=f"at most {MAX_SIGNATURES} signatures", found=str(len(lines)))
    return Note(text + b"\n", map(_signature, lines))


def write(note: Note) -> bytes:
    """
    Return the bytes of *note*.

    Raises:
        LogError: `parse` would not read the same note back.
    """
    data = note.text + b"\n" + b"".join(map(_line, note.signatures))
    if parse(data) != note:
        raise LogError("no signed note: a name or the text holds what would be read as a signature line")
    return data


def sign(note: Note, *signers: Signer) -> Note:
    """
    Return *note* with the signatures of *signers* behind those that it has; an older one of the same key is replaced.

    Raises:
        LogError: The text is none that may be signed, or a signer's signature is refused by its own verification key: such a note would never
            be accepted, so it is not made.
        MissingExtraError: The extra `sign` is not installed.
    """
    check_text(note.text)
    made = {}
    for signer in signers:
        key = VerificationKey.parse(signer.verification_key)
        blob = signer.sign(note.text)
        if key.name != signer.name or not key.accepts(note.text, blob):
            raise LogError(
                f"the signer {key.name}+{key.key_id:08x} made a signature that its own verification key refuses"
            )
        made[key.name, key.key_id] = Signature(key.name, key.key_id, blob)
    kept = [old for old in note.signatures if (old.name, old.key_id) not in made]
    return Note(note.text, [*kept, *made.values()])


def verify(note: Note, keys: Iterable[VerificationKey]) -> tuple[VerificationKey, ...]:
    """
    Check every signature of a known key; signatures of other keys are ignored, even under the same name.

    Returns:
        The keys that signed, in the order of the note, each once; never none.

    Raises:
        LogError: A known key's signature is wrong, no known key signed, or two keys share name and key id.
        MissingExtraError: The extra `sign` is not installed.

    Source: C2SP signed-note, "Signatures".
    """
    known: dict[tuple[str, int], VerificationKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise LogError(f"two of the keys given are called {key.name}+{key.key_id:08x}: give one of them")
    signed: dict[VerificationKey, None] = {}
    for signature in note.signatures:
        signer = known.get((signature.name, signature.key_id))
        if signer is None:
            continue
        if not signer.accepts(note.text, signature.blob):
            raise LogError(f"the signature of {signer.name}+{signer.key_id:08x} does not fit the text")
        signed[signer] = None
    if not signed:
        wanted = ", ".join(f"{name}+{key_id:08x}" for name, key_id in known) or "no key"
        raise LogError("not signed by any key that was given", expected=wanted, found=_names(note))
    return tuple(signed)


def holding(notes: Iterable[bytes], keys: Iterable[str]) -> set[tuple[bytes, str]]:
    """
    Check many notes at once, and say of which of them `verify` finds that one of some keys signed it.

    Returns:
        Notes, each with a key that signed it; none where the extra `sign` is not installed.

    Raises:
        LogError: Something among them is no note, or no key.
    """
    held: set[tuple[bytes, str]] = set()
    known = [(key, key.name, key.key_id, str(key)) for key in map(VerificationKey.parse, dict.fromkeys(keys))]
    with suppress(MissingExtraError):
        for data in notes:
            read = parse(data)
            for key, name, key_id, text in known:
                blobs = [one.blob for one in read.signatures if (one.name, one.key_id) == (name, key_id)]
                if blobs and all(key.accepts(read.text, blob) for blob in blobs):
                    held.add((data, text))
    return held


def check_text(data: bytes) -> str:
    """
    Return the text of *data*, which ends in a line end and holds no other control character below U+0020.

    Raises:
        LogError: It is no such text.
    """
    _check_length(data)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise LogError("no note: this is not UTF-8") from None
    if has_control(data):
        raise LogError("no note: it holds a control character")
    if not text.endswith("\n"):
        raise LogError("no note: its text does not end in a line end")
    return text


def _line(signature: Signature) -> bytes:
    blob = signature.key_id.to_bytes(4, "big") + signature.blob
    return f"{_DASH}{signature.name} {encode64(blob)}\n".encode()


def _signature(line: str) -> Signature:
    name, _, data = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not is_name(name):
        raise LogError("no signed note: a signature line is an em dash, a space, a key name, a space, base64")
    blob = decode64(data)
    if len(blob) < 5:
        raise LogError("no signed note: a signature has a key id of 4 bytes, and something after it")
    return Signature(name, int.from_bytes(blob[:4], "big"), blob[4:])


def _names(note: Note) -> str:
    shown = [f"{one.name[:200]}+{one.key_id:08x}" for one in note.signatures[:4]]
    return ", ".join(shown + ["..."] * (len(note.signatures) > len(shown))) or "no signature"


def _check_length(data: bytes) -> None:
    if len(data) > MAX_NOTE:
        raise LogError("no note", expected=f"at most {MAX_NOTE} bytes", found=f"{len(data)} bytes")
