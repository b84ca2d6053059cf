"""
Strict JSON in, canonical bytes out: the one module that knows orjson.

Owns the profile of RFC 8785 in `audit/FORMAT.md`, section 1: sorted ASCII keys, no fractions, integers within ±(2^53-1), at most 32 levels,
one spelling. Where orjson is not installed the standard library gives the same bytes and the same errors, only slower. It also does the first few documents
of every process: to load orjson takes a function that starts cold longer than to score one submission without it.

Must not know what the documents mean.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    JSON = dict[str, Any] | list[Any] | str | int | bool | None

orjson: Any = None
_WORTH_LOADING = 24  # documents; a function that scores one submission reads or writes seven
_left = _WORTH_LOADING

__all__ = ["MAX_DEPTH", "MAX_INTEGER", "CanonicalError", "dumps", "encode", "loads", "loads_canonical", "reread"]

MAX_DEPTH = 32  # records nest 9 deep, packs 15; RFC 8785 sets no limit, parsers stop anywhere between 128 and 1,000
MAX_INTEGER = 2**53 - 1  # what every JSON reader keeps exactly (RFC 7493, section 2.2)
_INTEGER_DIGITS = 16  # of MAX_INTEGER
_TEXT = frozenset({str})


class CanonicalError(ValueError):
    """
    A text is no JSON of our profile, or a value has no canonical form.

    Attributes:
        path: Keys and indices to the value at fault, joined by ``/``; empty for the whole. Never a value.
    """

    def __init__(self, message: str, path: str = "") -> None:
        self.message = message
        self.path = path
        super().__init__(f"{path}: {message}" if path else message)


def dumps(value: JSON) -> bytes:
    """
    Encode *value* as canonical JSON.

    Raises:
        CanonicalError: It holds a float, a big integer, a lone surrogate, a key that is not ASCII text, another type, or nests too deep.

    Source: FORMAT.md 1; RFC 8785.

    >>> dumps({"b": [1, "é"], "a": None})
    b'{"a":null,"b":[1,"\\xc3\\xa9"]}'
    """
    try:
        encoded = encode(value)
    except (TypeError, ValueError, RecursionError):
        _guard(value, 1)
        raise
    if not (encoded.isascii() and _fits((value,), 0)):
        _guard(value, 1)
    return encoded


def encode(value: JSON) -> bytes:
    """Encode as `dumps` does what is known to have a canonical form, because `loads` gave it or this package made it."""
    if orjson is not None:
        encoded: bytes = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        return encoded
    _without_orjson()
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False).encode()


def load_orjson() -> None:
    """Use orjson from now on, where it is installed: for a process that will handle many documents."""
    global orjson, _left  # noqa: PLW0603 - of this module alone
    _left = 0
    try:
        import orjson
    except ImportError:  # the package works without its one compiled dependency, with the same bytes
        orjson = None


def _without_orjson() -> None:
    """Count a document that the standard library does; the last of some loads orjson."""
    global _left  # noqa: PLW0603 - of this module alone
    if _left:
        _left -= 1
        if not _left:
            load_orjson()


def loads(data: bytes) -> JSON:
    """
    Parse JSON of any spelling, white space included, and refuse what the profile cannot hold.

    Raises:
        CanonicalError: Not UTF-8, not JSON, a key twice, a fraction, NaN, a big integer, a lone surrogate, or nested too deep.
    """
    if orjson is not None:
        # Text without needless spelling, its keys in whatever order (what programs send), needs only the fast parser: a key that
        # stood twice, or anything that the parser smoothed over, would not come back out the same.
        try:
            value: JSON = orjson.loads(data)
            if not (data.isascii() and _fits((value,), 0)):
                _guard(value, 1)
            if orjson.dumps(value) == data:
                return value
        except ValueError:  # the strict reader below says what is wrong, in the same words with and without orjson
            pass
    else:
        _without_orjson()
    return _read_strictly(data)


def loads_canonical(data: bytes) -> JSON:
    """
    Parse bytes that must be canonical already, such as a record.

    Raises:
        CanonicalError: As `loads`, or the bytes are not the canonical spelling of what they say.
    """
    if orjson is not None:
        try:  # what is canonical is found to be so by writing it once
            value: JSON = orjson.loads(data)
            if dumps(value) == data:
                return value
        except ValueError:
            pass
    else:
        _without_orjson()
    value = _read_strictly(data)
    if encode(value) != data:
        raise CanonicalError("not in canonical form: encoding what it says gives other bytes")
    return value


def reread(text: bytes) -> JSON:
    """
    Parse a text that must come back the same when it is written again, and leave the types and the order of keys to the caller.

    For whoever has a table of all that may stand in it: a fraction, a big integer or keys in another order come back the same too.

    Raises:
        ValueError, RecursionError: It is no JSON, or does not come back the same.
    """
    if orjson is not None:
        value: JSON = orjson.loads(text)
        again = orjson.dumps(value)
    else:
        _without_orjson()
        value = json.loads(text)
        again = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    if again != text:
        raise ValueError("not in canonical form")
    return value


def _fits(members: Iterable[JSON], depth: int) -> bool:
    """
    Whether a quick look at what is known to be ASCII finds nothing else that canonical JSON cannot say.

    Where it finds something, `_guard` says what. *depth* is that of what holds the *members*.
    """
    for member in members:
        kind = type(member)
        if kind is str:
            continue
        if kind is list:
            if depth == MAX_DEPTH or not _fits(member, depth + 1):  # type: ignore[arg-type]
                return False
        elif kind is dict:
            # orjson refuses other keys by itself; the standard library would make text of them.
            if orjson is None and not _TEXT.issuperset(map(type, member)):  # type: ignore[arg-type]
                return False
            if depth == MAX_DEPTH or not _fits(member.values(), depth + 1):  # type: ignore[union-attr]
                return False
        elif kind is int:
            if not -MAX_INTEGER <= member <= MAX_INTEGER:  # type: ignore[operator]
                return False
        elif member is not None and kind is not bool:
            return False
    return True


def _guard(value: JSON, depth: int) -> None:
    """Refuse what canonical JSON cannot say. The path is built only when an error climbs back up."""
    kind = type(value)
    if kind is str:
        if not value.isascii():  # type: ignore[union-attr]
            _check_text(value)  # type: ignore[arg-type]
    elif kind is dict:
        if depth > MAX_DEPTH:
            raise CanonicalError(f"nested deeper than {MAX_DEPTH} levels")
        for key, member in value.items():  # type: ignore[union-attr]
            if type(key) is not str or not key.isascii():
                raise CanonicalError("a key that is not ASCII text")
            try:
                _guard(member, depth + 1)
            except CanonicalError as error:
                raise _below(key, error) from None
    elif kind is list:
        if depth > MAX_DEPTH:
            raise CanonicalError(f"nested deeper than {MAX_DEPTH} levels")
        for index, member in enumerate(value):  # type: ignore[arg-type]
            try:
                _guard(member, depth + 1)
            except CanonicalError as error:
                raise _below(str(index), error) from None
    elif kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:  # type: ignore[operator]
            raise CanonicalError("an integer beyond ±(2^53-1)")
    elif value is not None and kind is not bool:
        raise CanonicalError(f"a {kind.__name__}, which canonical JSON does not have")


def _below(key: str, error: CanonicalError) -> CanonicalError:
    name = _shown(key)
    return CanonicalError(error.message, f"{name}/{error.path}" if error.path else name)


def _shown(key: str) -> str:
    """A key as messages may show it: what has not the form of an id may be anybody's text."""
    return (
        key
        if len(key) <= 48 and key.isascii() and key.replace("_", "").replace("-", "").replace(".", "").isalnum()
        else "?"
    )


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise CanonicalError(f"a lone surrogate at character {error.start}, which is no text") from None


def _read_strictly(data: bytes) -> JSON:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise CanonicalError(f"not UTF-8: byte {error.start} fits no character") from None
    if text.startswith("\ufeff"):
        raise CanonicalError("starts with a byte order mark: save it as UTF-8 without one")
    try:
        value: JSON = _DECODER.decode(text)
        _guard(value, 1)
    except json.JSONDecodeError as error:
        raise CanonicalError(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise CanonicalError(f"nested deeper than {MAX_DEPTH} levels") from None
    return value


def _pairs(pairs: list[tuple[str, JSON]]) -> JSON:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise CanonicalError(f'the key "{_shown(key)}" stands twice')
            seen.add(key)
    return members


def _integer(text: str) -> int:
    if len(text) > _INTEGER_DIGITS + 1:  # before int(), which takes quadratic time and may refuse from 640 digits on
        raise CanonicalError("an integer beyond ±(2^53-1)")
    return int(text)


def _refuse_fraction(_text: str) -> JSON:
    raise CanonicalError("a number with a fraction or an exponent: write exact numbers as text")


def _refuse_constant(text: str) -> JSON:
    raise CanonicalError(f"{text}, which is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_refuse_fraction, parse_constant=_refuse_constant
)
