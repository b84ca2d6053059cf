"""
Exact numbers, as a pack spells them and as the engine uses them.

A rational is a pair ``(numerator, denominator)`` in lowest terms with a positive denominator. `fractions` is not imported: it costs a cold function more
than the rest of the engine. Must not know what the numbers count.
"""

from __future__ import annotations

from math import gcd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Rational: TypeAlias = tuple[int, int]

__all__ = ["MAX_DIGITS", "percent", "points_away", "ratio", "rational", "spell"]

MAX_DIGITS = 12  # of a numerator or denominator in a pack; products of two such numbers still print in one line


def rational(text: str) -> Rational:
    """
    Read the one spelling that a rational has in a pack or a decision: ``3``, ``-1/4``, ``7/10``.

    Raises:
        ValueError: Any other spelling, or more digits than a pack may hold. The message does not repeat the text.
    """
    head, slash, tail = text.partition("/")
    minus = head.startswith("-")
    if not (_plain(head[minus:]) and (_plain(tail) or not slash)) or (minus and head == "-0"):
        raise ValueError("not an exact number in lowest terms, such as 3, -1/4 or 7/10")
    numerator, denominator = int(head), int(tail) if slash else 1
    if slash and (denominator < 2 or gcd(numerator, denominator) != 1):
        raise ValueError("not in lowest terms")
    return numerator, denominator


def _plain(digits: str) -> bool:
    """Digits 0-9 without a leading zero, few enough for a pack."""
    if not (digits.isascii() and digits.isdigit()) or len(digits) > MAX_DIGITS:
        return False
    return digits == "0" or digits[0] != "0"


def ratio(numerator: int, denominator: int) -> Rational:
    """The rational numerator / denominator (denominator above 0) in lowest terms."""
    common = gcd(numerator, denominator)
    return numerator // common, denominator // common


def spell(numerator: int, denominator: int) -> str:
    """
    Write numerator / denominator (denominator above 0) as a rational in lowest terms.

    >>> spell(6, 20), spell(-4, 2)
    ('3/10', '-2')
    """
    common = gcd(numerator, denominator)
    if common == denominator:
        return str(numerator // common)
    return f"{numerator // common}/{denominator // common}"


def percent(numerator: int, denominator: int) -> str:
    """
    Show a share in per cent with two digits, cut towards minus infinity: what is shown never reaches a cut that the score did not.

    >>> percent(79_999, 100_000), percent(4, 5), percent(-1, 3)
    ('79.99 %', '80.00 %', '-33.34 %')

    Source: DESIGN 5, "percentages are cut".
    """
    return _hundredths(numerator * 10_000 // denominator) + " %"


def points_away(numerator: int, denominator: int) -> str:
    """
    Show a margin to a cut in percentage points, rounded away from zero: 0.00 means exactly on the cut.

    >>> points_away(1, 10**9), points_away(-1, 3), points_away(0, 1)
    ('+0.01', '-33.34', '0.00')
    """
    size = -(-abs(numerator) * 10_000 // denominator)
    return ("+" if numerator > 0 else "") + _hundredths(size if numerator >= 0 else -size)


def _hundredths(value: int) -> str:
    whole, part = divmod(abs(value), 100)
    return f"{'-' if value < 0 else ''}{whole}.{part:02d}"
