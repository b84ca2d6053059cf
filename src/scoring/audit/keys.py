"""
The keys of signed notes: how they are written, what they sign, what they accept.

Owns Ed25519 (RFC 8032), the one algorithm that every client of C2SP signed-note reads, its key ids, and the spelling of keys of Go's
`golang.org/x/mod/sumdb/note`, which the format's users share.

No clock, no randomness: whoever makes a key brings the entropy. `cryptography` (extra `sign`) is imported where a signature is made or checked,
and nowhere else. Must not know what is signed.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from hashlib import sha256

from scoring.audit.value import Value
from scoring.errors import LogError, MissingExtraError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Protocol
else:
    Protocol = object  # typing would double a cold start

__all__ = ["Signer", "SigningKey", "VerificationKey", "decode64", "encode64", "has_control", "is_name"]

_ED25519 = 1  # the signature type's number in keys and key ids
_KEY_BYTES = 32
_CONTROL = bytes({*range(32)} - {10})
_PRIVATE = "PRIVATE+KEY+"


class Signer(Protocol):
    """Whatever can sign: a key at hand, or a service that keeps it."""

    @property
    def name(self) -> str:
        """The key's name; by custom the log's origin."""

    @property
    def verification_key(self) -> str:
        """What checks its signatures, as `VerificationKey.parse` reads it."""

    def sign(self, message: bytes, /) -> bytes:
        """Return the 64 bytes of the Ed25519 signature (RFC 8032) of *message*."""


class VerificationKey(Value):
    """
    A key that checks; public.

    Attributes:
        name: The key's name: not empty, no white space, no ``+``. public: 32 bytes (RFC 8032).

    >>> key = VerificationKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    >>> key.name, f"{key.key_id:08x}"
    ('PeterNeumann', 'c74f20a3')
    """

    __slots__ = ("name", "public")

    name: str
    public: bytes

    def __init__(self, name: str, public: bytes) -> None:
        if not is_name(name) or len(public) != _KEY_BYTES:
            raise LogError("a key has a name without white space or +, and 32 bytes")
        super().__init__(name, public)

    @classmethod
    def parse(cls, text: str) -> VerificationKey:
        """
        Read ``name+hash+base64``.

        Raises:
            LogError: It is none, its key id is not its own, or it is not of type Ed25519.
        """
        name, _, rest = text.partition("+")
        key_id, _, data = rest.partition("+")
        key = cls(name, _key_bytes(data, "a verification key is written name+hash+base64"))
        if key_id != f"{key.key_id:08x}":
            raise LogError("the key id in this verification key is not its own: name, hash or key was changed")
        return key

    @property
    def key_id(self) -> int:
        """The first 32 bits of SHA-256(name || 0x0A || 0x01 || public)."""
        digest = sha256(self.name.encode() + b"\n" + bytes((_ED25519,)) + self.public).digest()
        return int.from_bytes(digest[:4], "big")

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id:08x}+{encode64(bytes((_ED25519,)) + self.public)}"

    def accepts(self, message: bytes, signature: bytes) -> bool:
        """
        Whether this key made *signature* of *message*.

        Raises:
            MissingExtraError: The extra `sign` is not installed.
        """
        ed25519 = _ed25519()
        from cryptography.exceptions import InvalidSignature

        try:
            ed25519.Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):  # ValueError: a length that no signature has
            return False
        return True


class SigningKey:
    """
    A key that signs; secret. A `Signer`.

    `encode` alone shows it: neither `repr` nor an error does.

    Args:
        name: As of the verification key.
        seed: 32 bytes of entropy (RFC 8032 calls them the private key).

    Raises:
        MissingExtraError: The extra `sign` is not installed.
    """

    __slots__ = ("_private", "_seed", "_verification")

    def __init__(self, name: str, seed: bytes) -> None:
        if len(seed) != _KEY_BYTES:
            raise LogError("a signing key is made from exactly 32 bytes of entropy")
        self._seed = seed
        self._private = _ed25519().Ed25519PrivateKey.from_private_bytes(seed)
        self._verification = VerificationKey(name, self._private.public_key().public_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """
        Read ``PRIVATE+KEY+name+hash+base64``.

        Raises:
            LogError: It is none, or its key id is not its own. The message does not show it.
        """
        what = "a signing key is written PRIVATE+KEY+name+hash+base64"
        if not text.startswith(_PRIVATE):
            raise LogError(what)
        name, _, rest = text.removeprefix(_PRIVATE).partition("+")
        key_id, _, data = rest.partition("+")
        key = cls(name, _key_bytes(data, what))
        if key_id != f"{key._verification.key_id:08x}":
            raise LogError("the key id in this signing key is not its own: name, hash or key was changed")
        return key

    @property
    def name(self) -> str:
        """The key's name."""
        return self._verification.name

    @property
    def verification_key(self) -> str:
        """The public half, to be given to whoever checks."""
        return str(self._verification)

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of *message*."""
        return self._private.sign(message)  # type: ignore[no-any-return]

    def encode(self) -> str:
        """Return the secret, as `parse` reads it."""
        data = encode64(bytes((_ED25519,)) + self._seed)
        return f"{_PRIVATE}{self.name}+{self._verification.key_id:08x}+{data}"

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r})"


def encode64(data: bytes) -> str:
    """Return standard base64 with padding (RFC 4648, section 4)."""
    return b64encode(data).decode()


def decode64(text: str) -> bytes:
    """
    Read standard base64 in the one spelling that `encode64` gives.

    Raises:
        LogError: Another alphabet, missing padding, white space, or bits beyond the last byte that are not 0.
    """
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        data = b""
    if not data or encode64(data) != text:
        raise LogError("this is no base64 of one byte or more in its own spelling")
    return data


def is_name(name: str) -> bool:
    """Whether a key may be called so: not empty, no Unicode space, no ``+``, no control character, encodable."""
    try:
        return name.split() == [name] and "+" not in name and not has_control(name.encode())
    except UnicodeEncodeError:
        return False


def has_control(data: bytes) -> bool:
    """Whether UTF-8 holds a control character below U+0020 that is no line end; no other character has such a byte in it."""
    return len(data.translate(None, _CONTROL)) != len(data)


def _key_bytes(data: str, what: str) -> bytes:
    try:
        key = decode64(data)
    except LogError:
        raise LogError(what) from None
    if key[0] != _ED25519 or len(key) != 1 + _KEY_BYTES:
        raise LogError(f"{what}; its base64 holds the byte 1 for Ed25519 and 32 bytes of key")
    return key[1:]


def _ed25519() -> ModuleType:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise MissingExtraError("making or checking a signature", "sign") from None
    return ed25519
