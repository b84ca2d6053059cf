"""
What a single text in a rubric can mean: an id, a share, a number, a time limit.

Owns one row per meaning in `LEAVES`: how the text is read, what to say where it cannot be, and what an editor may check. Must not know in which
key of which thing they stand; the model says that.
"""

from __future__ import annotations

import unicodedata
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, NewType

from scoring.engine.shape import MAX_ID, RESERVED, is_id
from scoring.rubric.exact import NumberError, number, share
from scoring.rubric.tree import oddity

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "LEAVES", "Below", "Count", "Cut", "Floor", "Id", "KeyText", "Leaf", "LeafError", "Limit", "Name", "Number", "OwnId", "Penalty", "Positive", "Prose",
    "Relative", "Seats", "Share", "Tolerance", "Unit", "YesNo",
]  # fmt: skip

Id = NewType("Id", str)
OwnId = NewType("OwnId", str)
Name = NewType("Name", str)
Prose = NewType("Prose", str)
KeyText = NewType("KeyText", str)
Unit = NewType("Unit", str)
Limit = NewType("Limit", str)
Number = NewType("Number", Fraction)
Positive = NewType("Positive", Fraction)
Penalty = NewType("Penalty", Fraction)
Tolerance = NewType("Tolerance", Fraction)
Share = NewType("Share", Fraction)
Cut = NewType("Cut", Fraction)
Floor = NewType("Floor", Fraction)
Below = NewType("Below", Fraction)
Relative = NewType("Relative", Fraction)
Count = NewType("Count", int)
Seats = NewType("Seats", int)
YesNo = NewType("YesNo", bool)

_MAX_NAME = 600  # characters: eleven option ids of 48 joined by +
_MAX_KEY_TEXT = 500  # characters, as in a pack
_MAX_UNIT = 24  # characters, as in a pack
_MAX_COUNT = 1000  # as many as there can be items
_MAX_SEATS = 20  # people who rate one item, as in a pack
_UNITS = ("s", "sec", "min", "h", "hr")
_MEANT_UNITS = {
    "second": "sec", "seconds": "sec", "secs": "sec", "m": "min", "mins": "min", "minute": "min", "minutes": "min", "hour": "hr", "hours": "hr",
    "hrs": "hr",
}  # fmt: skip


class LeafError(ValueError):
    """A text does not mean what is expected at its place; the message says what it should be."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class Leaf(NamedTuple):
    """
    One meaning that a text can have.

    Attributes:
        read: Turns the text into a value, or raises `LeafError` or `NumberError`.
        blank: What stands in for a value that is missing or wrong.
        what: In words, for schemas.
        pattern: A regular expression for editors, or empty.
    """

    read: Callable[[str], Any]
    blank: Any
    what: str
    pattern: str = ""


def _shown(text: str) -> str:
    return text if len(text) <= _MAX_KEY_TEXT // 5 else text[: _MAX_KEY_TEXT // 5] + "..."


def _id(text: str) -> str:
    if is_id(text):
        return text
    if len(text) > MAX_ID and is_id(text[:MAX_ID]):
        raise LeafError("id-form", f'the id "{_shown(text)}" has {len(text)} characters; at most {MAX_ID} are possible')
    plain = unicodedata.normalize("NFKD", text[: 4 * MAX_ID])
    meant = "".join("-" if c.isspace() else c for c in plain.strip() if c.isspace() or is_id(c))[:MAX_ID]
    hint = f'; did you mean "{meant}"?' if is_id(meant) else oddity(text)
    hint = "; is a colon missing before the {?" if "{" in text else hint
    raise LeafError("id-form", f'"{_shown(text)}" is no id: use letters A-Z a-z, digits, . _ - and no spaces{hint}')


def _own_id(text: str) -> str:
    if text in RESERVED:
        raise LeafError("id-reserved", f'the id "{text}" is taken: it names an outcome that items have by themselves')
    return _id(text)


def _text(most: int, code: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not text.strip():
            raise LeafError(code, "the text is empty; write something, or leave the key out")
        if len(text) > most:
            raise LeafError(code, f"the text has {len(text)} characters; at most {most} are possible")
        return text

    return read


def _prose(text: str) -> str:
    if not text.strip():
        raise LeafError("empty-text", "the text is empty; write something, or leave the key out")
    return text.strip()


def _limit(text: str) -> str:
    bare = text.removeprefix("~").strip()
    digits = bare[: next((n for n, c in enumerate(bare) if not ("0" <= c <= "9")), len(bare))]
    word = bare[len(digits) :].strip()
    unit = _MEANT_UNITS.get(word.casefold(), word)
    right = f"{'~' * text.startswith('~')}{digits} {unit}"
    if digits and len(digits) <= 4 and int(digits) and unit in _UNITS:
        if text == right:
            return text
        raise LeafError("limit-form", f'"{text[:40]}" is no time limit; did you mean "{right}"?')
    raise LeafError(
        "limit-form", 'expected a time such as "30 min", or "~2 hr" for advice; units are ' + ", ".join(_UNITS)
    )


def _count(most: int) -> Leaf:
    what = f"a whole number from 1 to {most}"

    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most:
            return int(text)
        raise LeafError("number", f'expected {what}, found "{_shown(text)}"')

    return Leaf(read, 1, what, f"^[0-9]{{1,{len(str(most))}}}$")


def _yes_no(text: str) -> bool:
    if text in ("true", "false"):
        return text == "true"
    meant = {
        "yes": "true",
        "y": "true",
        "on": "true",
        "true": "true",
        "no": "false",
        "n": "false",
        "off": "false",
        "false": "false",
    }
    hint = f'; did you mean "{meant[text.casefold()]}"?' if text.casefold() in meant else oddity(text)
    raise LeafError("true-or-false", f'expected true or false, found "{_shown(text)}"{hint}')


def _bounded(
    read: Callable[[str], Fraction], what: str, holds: Callable[[Fraction], bool]
) -> Callable[[str], Fraction]:
    def bounded(text: str) -> Fraction:
        value = read(text)
        if not holds(value):
            raise NumberError(f"expected {what}, found {text}")
        return value

    return bounded


def _numeric(what: str, holds: Callable[[Fraction], bool], read: Callable[[str], Fraction] = number) -> Leaf:
    pattern = _NUMBER if read is number else _SHARE
    return Leaf(_bounded(read, what, holds), Fraction(0), what, pattern)


_ID = "^[A-Za-z0-9._-]{1,48}$"
_NUMBER = r"^-?[0-9]+(\.[0-9]+|/[0-9]+)?$"
_SHARE = r"^-?([0-9]+(\.[0-9]+)?%|[0-9]+/[0-9]+)$"
_LIMIT = f"^~?[0-9]{{1,4}} ({'|'.join(_UNITS)})$"

LEAVES: dict[Any, Leaf] = {
    Id: Leaf(_id, "", "an id: 1 to 48 of the letters A-Z a-z, digits, . _ -", _ID),
    OwnId: Leaf(_own_id, "", "an id: 1 to 48 of the letters A-Z a-z, digits, . _ -", _ID),
    Name: Leaf(_text(_MAX_NAME, "text-length"), "", "the name of something in this file"),
    Prose: Leaf(_prose, "", "text"),
    KeyText: Leaf(_text(_MAX_KEY_TEXT, "text-length"), "", "text of 1 to 500 characters"),
    Unit: Leaf(_text(_MAX_UNIT, "unit-form"), "", "text of 1 to 24 characters"),
    Limit: Leaf(_limit, "", 'a time such as "30 min", or "~2 hr" for advice', _LIMIT),
    Number: _numeric("an exact number such as 3, 0.5 or 4/5", lambda _: True),
    Positive: _numeric("a number above 0", lambda value: value > 0),
    Penalty: _numeric("a number of 0 or less", lambda value: value <= 0),
    Tolerance: _numeric("a tolerance of 0 or more", lambda value: value >= 0),
    Share: _numeric("a share from 0% to 100%", lambda value: 0 <= value <= 1, share),
    Cut: _numeric("a share from 0% to 100%", lambda value: 0 <= value <= 1, share),
    Floor: _numeric("a share of -100% or more and below 100%", lambda value: -1 <= value < 1, share),
    Below: _numeric("a share above 0%, at most 100%", lambda value: 0 < value <= 1, share),
    Relative: _numeric("a tolerance of 0% or more", lambda value: value >= 0, share),
    Count: _count(_MAX_COUNT),
    Seats: _count(_MAX_SEATS),
    YesNo: Leaf(_yes_no, False, "true or false"),
}
