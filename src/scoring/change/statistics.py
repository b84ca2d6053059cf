"""
Exact statistics: rationals, and square roots of rationals, from which decimals are made only to be shown.

Owns the formulas that impact and analysis share. Nothing here is a float: a correlation or a z is a `Root`, compared by its square and written out digit by
digit. Must not know of cases, items or groups.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb, isqrt
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MAX_EXACT", "Root", "Sums", "decimal", "fisher", "median", "probability", "two_proportions"]

MAX_EXACT = (
    100_000  # people in a table whose probability is worked out exactly: about a second; beyond it z says the same
)


@attrs.frozen(order=True)
class Root:
    """
    A number whose square is rational. Two of them compare exactly.

    Attributes:
        signed: The square, with the sign of the number itself: -4 stands for -2. It grows with the number, so that it orders them.
    """

    signed: Fraction

    @classmethod
    def of(cls, value: Fraction) -> Root:
        """The root that is a rational."""
        return cls(value * abs(value))

    def times(self, value: Fraction) -> Root:
        """The product with a rational."""
        return Root(self.signed * value * abs(value))

    def decimal(self, places: int) -> str:
        """
        Write it with so many decimals, half away from zero.

        >>> Root(Fraction(2)).decimal(4), Root(Fraction(-1, 4)).decimal(3)
        ('1.4142', '-0.500')
        """
        square = abs(self.signed) * 100**places
        below = isqrt(square.numerator // square.denominator)
        is_nearer_above = 4 * square >= (2 * below + 1) ** 2  # the square root of it is below + 1/2 or more
        return _pointed(below + is_nearer_above, places, is_negative=self.signed < 0)


def decimal(value: Fraction, places: int) -> str:
    """
    Write a rational with so many decimals, half away from zero.

    >>> decimal(Fraction(2, 3), 3), decimal(Fraction(-1, 2000), 3), decimal(Fraction(-1, 3000), 3)
    ('0.667', '-0.001', '0.000')
    """
    scaled = abs(value) * 10**places
    return _pointed((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator), places, value < 0)


def probability(value: Fraction, places: int = 5) -> str:
    """
    Write a probability; one that is too small for the digits is not written as zero.

    >>> probability(Fraction(1, 50)), probability(Fraction(1, 10**9))
    ('0.02000', '<0.00001')
    """
    least = Fraction(1, 10**places)
    return f"<{decimal(least, places)}" if 0 < value < least else decimal(value, places)


def _pointed(scaled: int, places: int, is_negative: bool) -> str:
    digits = str(scaled).rjust(places + 1, "0")
    sign = "-" if is_negative and scaled else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def median(values: Sequence[Fraction]) -> Fraction:
    """The middle of the values, of an even number the mean of the two in the middle; there is at least one."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


class Sums:
    """
    What is left of pairs of numbers once they are added up: enough for variances, covariance and correlation.

    Attributes:
        n: How many pairs. x, y, xx, yy, xy: The sums of the numbers and of their products.
    """

    __slots__ = ("n", "x", "xx", "xy", "y", "yy")

    def __init__(self, n: int, x: int, y: int, xx: int, yy: int, xy: int) -> None:  # noqa: PLR0917 - the five sums of a textbook
        self.n, self.x, self.y, self.xx, self.yy, self.xy = n, x, y, xx, yy, xy

    @property
    def correlation(self) -> Root | None:
        """Pearson's: of a number that is 0 or 1 the point-biserial. None where either does not vary."""
        spread = (self.n * self.xx - self.x**2) * (self.n * self.yy - self.y**2)
        if not spread:
            return None
        both = self.n * self.xy - self.x * self.y
        return Root(Fraction(both * abs(both), spread))


def two_proportions(chosen: int, size: int, other: int, other_size: int) -> Root | None:
    """
    How many standard deviations two rates are apart, under one pooled rate: negative where the first is the lower.

    Returns:
        None where all or none were chosen, for then nothing varies.

    Source: the pooled z test of two proportions; with one degree of freedom its square is Pearson's chi-square of the table, uncorrected.
    """
    both, all_of = chosen + other, size + other_size
    if not 0 < both < all_of or not size or not other_size:
        return None
    apart = chosen * other_size - other * size
    return Root(Fraction(apart * abs(apart) * all_of, both * (all_of - both) * size * other_size))


def fisher(chosen: int, size: int, other: int, other_size: int) -> Fraction | None:
    """
    Fisher's exact test, two-sided: how probable a table at most as probable as this one is, where the margins are given and nothing but chance chose.

    Returns:
        The exact probability; None beyond `MAX_EXACT` people.
    """
    both, all_of = chosen + other, size + other_size
    if all_of > MAX_EXACT:
        return None
    here = comb(size, chosen) * comb(other_size, other)
    least, most = max(0, both - other_size), min(both, size)
    ways = comb(size, least) * comb(other_size, both - least)
    extreme = 0
    for count in range(least, most + 1):
        if ways <= here:
            extreme += ways
        # From C(size, count) C(other_size, both - count) to that of count + 1; exact, for the product is an integer again.
        ways = ways * (size - count) * (both - count) // ((count + 1) * (other_size - both + count + 1))
    return Fraction(extreme, comb(all_of, both))
