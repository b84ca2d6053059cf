"""
What a record does not hold and only names: salted values, and their digests.

Owns `audit/FORMAT.md`, section 8, as far as it concerns one disclosure: RFC 9901's texts, of a whole submission or of one answer. Must not know where they
are kept, nor whose they are.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from hashlib import sha256
from io import BytesIO
from os import urandom

from scoring import canonical
from scoring.audit.database import MAX_TEXT
from scoring.errors import LogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Disclosed: TypeAlias = tuple[str, str]  # a digest, and the text that it stands for

__all__ = [
    "MAX_DISCLOSURE",
    "SALT_BYTES",
    "MiscitedError",
    "answers_in",
    "digests_of",
    "disclose",
    "disclose_answers",
    "drawn_together",
    "never_repeats",
    "parts_of",
    "undisclose",
]

SALT_BYTES = 16  # 128 bits: RFC 9901, section 4.2.1
MAX_DISCLOSURE = MAX_TEXT - 1024  # characters; what SQLite limits is a row
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/", b"+/==")  # what base64url does not have becomes what no text holds but at its end


class MiscitedError(LogError):
    """A disclosure is what its digest stands for, and is cited as something else."""


def disclose(entropy: Callable[[int], bytes], name: str, value: Any) -> tuple[str, str]:
    """
    Salt a value.

    Returns:
        The digest that a record holds, and the text that the vault keeps.

    Raises:
        CanonicalError: The value has no canonical form.

    Source: FORMAT.md 8; RFC 9901, section 4.2.
    """
    salt = b2a_base64(entropy(SALT_BYTES), newline=False).translate(_TO_URL, b"=").decode("ascii")
    said = [salt, name, value]
    # In ASCII text, which most cases and answers are, is nothing that has no canonical form.
    plain = type(value) is type(name) is str and value.isascii() and name.isascii()
    encoded = canonical.encode(said) if plain else canonical.dumps(said)
    text = b2a_base64(encoded, newline=False).translate(_TO_URL, b"=")
    return sha256(text).hexdigest(), text.decode("ascii")


def drawn_together(entropy: Callable[[int], bytes], salts: int) -> Callable[[int], bytes]:
    """
    Give what *entropy* gives, so many salts in one draw where that is the system's own source: each draw is a system call.

    Any other source is asked for each salt by itself: it may count, as that of a log that is to come out the same every time. For one batch, and no longer:
    what was drawn and not used must not be there on both sides of a fork.
    """
    if not never_repeats(entropy):
        return entropy
    read = BytesIO().read

    def draw(size: int) -> bytes:
        nonlocal read
        drawn = read(size)
        if len(drawn) < size:
            read = BytesIO(urandom(max(salts * SALT_BYTES, size))).read
            drawn = read(size)
        return drawn

    return draw


def never_repeats(entropy: Callable[[int], bytes]) -> bool:
    """Whether what this gives is known to come once: the system's own source does, of any other nobody can tell."""
    return entropy is urandom


def undisclose(text: Any, digest: str, name: str) -> Any:
    """
    Read a disclosure.

    Raises:
        LogError: It is not what *digest* stands for; `MiscitedError`, it is that, and no disclosure called *name*.
    """
    if type(text) is not str:
        raise LogError(f"the vault's disclosure of this {name} was changed: it is no text")
    found = sha256(text.encode()).hexdigest()
    if found != digest:
        raise LogError(f"the vault's disclosure of this {name} was changed", expected=digest, found=found)
    parts = parts_of(text)
    if parts is None or parts[1] != name:
        raise MiscitedError(f"the vault's disclosure {digest} is no disclosure of a {name}")
    return parts[2]


def parts_of(text: str) -> list[Any] | None:
    """The salt, the name and the value that a disclosure's text says, if it is one."""
    try:
        parts = canonical.loads_canonical(_bytes_of(text))
    except (Base64Error, ValueError):
        return None
    return parts if type(parts) is list and len(parts) == 3 else None


def disclose_answers(
    entropy: Callable[[int], bytes], submission: dict[str, Any]
) -> tuple[dict[str, Any], list[Disclosed]]:
    """
    Salt each answer by itself, so that one can be shown without the others.

    Returns:
        The submission with the answers' digests in their place, in an order that says nothing; and the disclosures.

    Raises:
        CanonicalError: An answer has no canonical form.

    Source: FORMAT.md 8; RFC 9901, sections 4.2.1 and 4.2.4.1.
    """
    disclosed = [disclose(entropy, item, answer) for item, answer in submission["answers"].items()]
    digests = sorted(_base64url(bytes.fromhex(digest)).decode() for digest, _ in disclosed)
    return {**submission, "answers": {"_sd": digests}}, disclosed


def digests_of(answers: Any) -> list[str] | None:
    """The digests that stand in the answers' place; None where the answers themselves do."""
    if type(answers) is not dict or answers.keys() != {"_sd"} or type(answers["_sd"]) is not list:
        return None
    try:
        return [_bytes_of(text).hex() for text in answers["_sd"]]
    except (AttributeError, ValueError):
        return None


def answers_in(text: Any) -> list[str]:
    """The digests of the answers that a disclosure's text names in their place."""
    parts = parts_of(text) if type(text) is str else None
    value = parts[2] if parts else None
    return (digests_of(value.get("answers")) or []) if type(value) is dict else []


def _base64url(data: bytes) -> bytes:
    return b2a_base64(data, newline=False).translate(_TO_URL, b"=")


def _bytes_of(text: str) -> bytes:
    return a2b_base64(text.encode().translate(_FROM_URL) + b"=" * (-len(text) % 4), strict_mode=True)
