"""
Exact numbers, as people write them in a rubric: ``12``, ``0.80``, ``4/5``, ``80%``.

Owns what a number may look like there and what to say where it does not. No float: a text becomes a `Fraction` or a `NumberError`.
"""

from __future__ import annotations

from fractions import Fraction

from scoring.engine.exact import MAX_DIGITS
from scoring.rubric.tree import oddity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NumberError", "mended", "number", "share", "show_number", "show_share"]

_MAX_TEXT = 2 * MAX_DIGITS + 4  # characters: enough for every number that fits, so that no long text is ever converted
_FRACTIONS = {
    "½": "1/2",
    "⅓": "1/3",
    "⅔": "2/3",
    "¼": "1/4",
    "¾": "3/4",
    "⅕": "1/5",
    "⅖": "2/5",
    "⅗": "3/5",
    "⅘": "4/5",
}
_DROPPED = " \u00a0\u2009\u202f\u201c\u201d\u201e\u2018\u2019\"'"
_TYPED = str.maketrans(dict.fromkeys(_DROPPED, "") | dict.fromkeys("\u2212\u2013\u2014\u2010\u2011", "-") | _FRACTIONS)


class NumberError(ValueError):
    """A text is no exact number of the kind that was asked for; the message says what it should be."""


def number(text: str) -> Fraction:
    """
    Read a number that is no share: points, a key, a mark.

    Raises:
        NumberError: Another form, a percentage, or more than 12 digits.

    >>> number("0.80"), number("-4/6")
    (Fraction(4, 5), Fraction(-2, 3))
    """
    value = _parsed(text, "a number such as 3, 0.5 or 4/5", _as_number)
    if text.endswith("%"):
        meant = f'"{text.removesuffix("%")}" or "{show_number(value)}"'
        raise NumberError(f"{text} is a share, but this is a plain number; did you mean {meant}?")
    return value


def share(text: str) -> Fraction:
    """
    Read a share: with a ``%``, or as a ratio.

    Raises:
        NumberError: Another form, a number without ``%`` or ``/``, or more than 12 digits.

    >>> share("12.5%"), share("4/5")
    (Fraction(1, 8), Fraction(4, 5))
    """
    value = _parsed(text, "a share such as 80%, 12.5% or 4/5", _as_share)
    if "%" in text or "/" in text:
        return value
    raise NumberError(f'{text} is no share; did you mean "{_as_share(text, value)}"{" or 1%" * (text == "1")}?')


def _as_number(text: str, value: Fraction) -> str:
    if not text.endswith("%"):
        return text
    return text.removesuffix("%") if abs(value) >= 1 else show_number(value)


def _as_share(text: str, value: Fraction) -> str:
    """The share that somebody meant who typed a number: 20 is 20%, 0.2 is 20% too, 1 is 100%."""
    if "%" in text or "/" in text:
        return text
    return show_share(value) if abs(value) <= 1 else f"{text}%"


def show_share(value: Fraction) -> str:
    """
    Write a share as people read it: in per cent where that is exact, else as a ratio.

    >>> show_share(Fraction(19, 20)), show_share(Fraction(1, 3))
    ('95%', '1/3')
    """
    text = show_number(value * 100)
    return str(value) if "/" in text else f"{text}%"


def _parsed(text: str, expected: str, spell: Callable[[str, Fraction], str]) -> Fraction:
    value = _parse(text)
    if value is None:
        meant = mended(text)
        guess = _parse(meant)
        hint = oddity(text) if guess is None else f'; did you mean "{spell(meant, guess)}"?'
        shown = text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "..."
        raise NumberError(f'expected {expected}, found "{shown}"{hint}')
    if max(abs(value.numerator), value.denominator) >= 10**MAX_DIGITS:
        raise NumberError(f"{text} has more than {MAX_DIGITS} digits in lowest terms: use a rounder number")
    return value


def _parse(text: str) -> Fraction | None:
    """``-?digits``, ``-?digits.digits``, either with ``%``, or ``-?digits/digits``; None for anything else."""
    if len(text) > _MAX_TEXT:
        return None
    minus = text.startswith("-")
    digits = text[minus:]
    percent = digits.endswith("%")
    digits = digits.removesuffix("%")
    whole, point, part = digits.partition(".")
    over, slash, under = digits.partition("/")
    if slash and not percent and _plain(over) and _plain(under) and int(under):
        value = Fraction(int(over), int(under))
    elif not slash and _plain(whole) and (_plain(part) or not point):
        value = Fraction(int(whole + part), 10 ** len(part) * (100 if percent else 1))
    else:
        return None
    return -value if minus else value


def _plain(digits: str) -> bool:
    return digits.isascii() and digits.isdigit()


def mended(text: str) -> str:
    """
    What the writer of a number may have meant, with the usual slips put right; empty where it is no number even so.

    >>> mended("2,5"), mended("75,5 %"), mended("1,000"), mended("two")
    ('2.5', '75.5%', '1000', '')
    """
    if len(text) > _MAX_TEXT:
        return ""
    text = text.replace("percent", "%").translate(_TYPED).removeprefix("+")
    if text.count(",") == 1 and "." not in text and len(text.partition(",")[2].rstrip("%")) != 3:
        text = text.replace(",", ".")
    text = text.replace(",", "")
    if text.startswith((".", "-.")):
        text = text.replace(".", "0.", 1)
    text = text.removesuffix(".")
    return "" if _parse(text) is None else text


def show_number(value: Fraction) -> str:
    """
    Write a number as people read it: as a decimal where that is exact within a dozen places, else as a ratio.

    >>> show_number(Fraction(5, 2)), show_number(Fraction(1, 3))
    ('2.5', '1/3')
    """
    scaled = value * 10**MAX_DIGITS
    if scaled.denominator != 1:
        return str(value)
    whole, part = divmod(abs(scaled.numerator), 10**MAX_DIGITS)
    decimals = f"{part:0{MAX_DIGITS}d}".rstrip("0")
    return f"{'-' if value < 0 else ''}{whole}{'.' if decimals else ''}{decimals}"
