"""
How text is read: numbers out of prose, and text made comparable.

Owns the rules of `docs/reading.md` below "number" and "text", and no others; must not know of items or points. Every function is linear in its text, which is
untrusted: no regular expression, no recursion, no integer longer than `MAX_TOKEN` digits.
"""

from __future__ import annotations

from unicodedata import category, combining, decimal, normalize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    Value: TypeAlias = tuple[int, int]  # (n, p): n / 10^p, with p as small as it can be

__all__ = ["MAX_TOKEN", "Numbers", "fits", "plain_decimal", "prepare_number", "prepare_text", "read_numbers"]

MAX_TOKEN = 512  # characters; the least that PYTHONINTMAXSTRDIGITS can forbid is 640 digits
SEPARATORS = {",": ",", "'": "'", " ": " \u00a0\u2009\u202f"}

_DIGITS = frozenset("0123456789")
_TOUCHING = frozenset("%‰/^_$")
_MAPPED = {
    "\u2212": "-",
    **{chr(dash): "-" for dash in range(0x2010, 0x2016)},
    "\u066a": "%",
    "\u066b": ",",
    "\u066c": ",",
    **{chr(wide): chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)},
}


class Numbers:
    """
    What a text says in numbers.

    Attributes:
        values: The distinct values of all well-formed tokens.
        stated: Those behind the last ``=``, ``->``, ``:`` or word ``is``.
        malformed: Whether a malformed token was met.
        digits: Whether the text holds any digit at all.
    """

    __slots__ = ("digits", "malformed", "stated", "values")

    def __init__(self) -> None:
        self.values: dict[Value, None] = {}
        self.stated: dict[Value, None] = {}
        self.malformed = False
        self.digits = False


def prepare_number(text: str) -> str:
    """Steps 1 to 3 of reading a number; what is left to tell apart is ASCII."""
    if text.isascii():
        return text
    from scoring.engine.unicode14 import only_assigned

    text = only_assigned(text)
    return text.translate({ord(c): _ascii_of(c) for c in {*text} if not c.isascii()})


def _ascii_of(c: str) -> str:
    kind = category(c)
    if kind == "Cf":
        return ""
    if kind == "Nd":
        return str(decimal(c))
    return _MAPPED.get(c, c)


def read_numbers(text: str, units: Sequence[str] = (), separators: Sequence[str] = ()) -> Numbers:
    """
    Find every number in a prepared text.

    Args:
        text: What `prepare_number` returned.
        units: Prepared units, longest first.
        separators: Keys of `SEPARATORS`.

    Source: docs/reading.md, "number".
    """
    if separators:
        text = _ungrouped(text, [SEPARATORS[separator] for separator in separators])
    if units:
        text = _without_units(text, units)
    found = Numbers()
    end = len(text)
    at = 0
    while at < end:
        c = text[at]
        if c.isalpha() or c in _DIGITS or c == "_":
            stop = _word_end(text, at)
            if c.isalpha():
                if text[at:stop].casefold() == "is":
                    found.stated.clear()
                elif not found.digits:
                    found.digits = any(d in _DIGITS for d in text[at:stop])
            else:
                _read_word(text, at, stop, found)
            at = stop
            continue
        if c in "=:" or (c == "-" and text.startswith(">", at + 1)):
            found.stated.clear()
        at += 1
    return found


def _word_end(text: str, at: int) -> int:
    """The end of the word that starts at *at*."""
    end = len(text)
    while at < end:
        c = text[at]
        if c.isalpha() or c in _DIGITS or c == "_":
            at += 1
        elif c in ".," and text[at - 1] in _DIGITS and at + 1 < end and text[at + 1] in _DIGITS:
            at += 2
        else:
            break
    return at


def _read_word(text: str, at: int, stop: int, found: Numbers) -> None:
    """Read the tokens of a word that does not begin with a letter."""
    lettered = any(c.isalpha() for c in text[at:stop])
    while at < stop:
        if text[at] not in _DIGITS:
            at += 1
            continue
        found.digits = True
        end = _digits_end(text, at)
        if text.startswith(".", end) and text[end + 1 : end + 2] in _DIGITS:
            end = _digits_end(text, end + 1)
        start = at - _signed(text, at)
        if lettered or end - start > MAX_TOKEN or _is_malformed(text, start, at, end):
            found.malformed = True
        else:
            value = plain_decimal(text[at:end])
            if start < at:
                value = -value[0], value[1]
            found.values[value] = None
            found.stated[value] = None
        at = end


def _digits_end(text: str, at: int) -> int:
    end = len(text)
    while at < end and text[at] in _DIGITS:
        at += 1
    return at


def _signed(text: str, at: int) -> bool:
    """Whether the `-` before the digits at *at* is their sign."""
    if at == 0 or text[at - 1] != "-":
        return False
    before = text[at - 2 : at - 1] if at > 1 else ""
    return not (before.isalpha() or before in _DIGITS or before == ")")


def _is_malformed(text: str, start: int, digits: int, end: int) -> bool:
    """Whether the token text[start:end], whose first digit stands at *digits*, touches what makes it no plain number."""
    if start and _touches(text[start - 1]):
        return True
    if digits and text[digits - 1] in ".,":
        return True
    after = text[end : end + 1]
    if after == "":
        return False
    if after in ".,":
        then = text[end + 1 : end + 2]
        return then.isalpha() or then in _DIGITS
    return _touches(after)


def _touches(c: str) -> bool:
    return c in _TOUCHING or (not c.isascii() and category(c) in {"Sc", "Nl", "No"})


def plain_decimal(token: str) -> Value:
    """The value of ``digits`` or ``digits.digits``."""
    whole, _, part = token.partition(".")
    part = part.rstrip("0")
    return int(whole + part), len(part)


def _ungrouped(text: str, separators: Sequence[str]) -> str:
    """Drop the thousands separators of every well-formed group: 1-3 digits, then groups of one separator and three digits."""
    out: list[str] = []
    copied = at = 0
    end = len(text)
    while at < end:
        if text[at] not in _DIGITS:
            at += 1
            continue
        first = last = _digits_end(text, at)
        if first - at <= 3 and first < end and not _continues(text, at):
            last = max(_groups_end(text, first, spellings) for spellings in separators)
        if last > first:
            digits = (c for c in text[at:last] if c in _DIGITS)
            out.append(text[copied:at] + "".join(digits))
            copied = last
        at = last
    return "".join(out) + text[copied:] if out else text


def _groups_end(text: str, at: int, spellings: str) -> int:
    """Where the groups that begin at *at*, each one separator and exactly three digits, end."""
    while at < len(text) and text[at] in spellings and _digits_end(text, at + 1) == at + 4:
        at += 4
    return at


def _continues(text: str, at: int) -> bool:
    """Whether the digits at *at* go on with something that no group of thousands begins inside of."""
    before = text[at - 1] if at else " "
    return before in ".,_" or before.isalpha()


def _without_units(text: str, units: Sequence[str]) -> str:
    """Make every listed unit that belongs to a number a space."""
    currencies = frozenset(unit for unit in units if len(unit) == 1 and category(unit) == "Sc")
    out: list[str] = []
    at = 0
    while at < len(text):
        before, c = text[at - 1] if at else "", text[at]
        after_number = before in _DIGITS and c not in _DIGITS
        unit = next((unit for unit in units if after_number and _is_unit(text, at, unit)), None)
        if unit is not None:
            at += len(unit)
            out.append(" ")
            if text.startswith("-", at) and not text.startswith("->", at):
                out.append(" ")  # 30km-40km: no sign
                at += 1
            continue
        if c in currencies and before != "-" and text[at + 1 + text.startswith("-", at + 1) :][:1] in _DIGITS:
            c = " "
        out.append(c)
        at += 1
    return "".join(out)


def _is_unit(text: str, at: int, unit: str) -> bool:
    """Whether *unit* stands at *at*, and nothing that would make it part of something longer behind it."""
    then = text[at + len(unit) : at + len(unit) + 1]
    return text.startswith(unit, at) and not (then and (then.isalpha() or then in _DIGITS or _touches(then)))


def prepare_text(text: str, steps: Sequence[str]) -> str:
    """Make a text comparable by the named steps (`trim`, `collapse`, `casefold`); they always apply in this order."""
    plain = text.isascii()
    if not plain:
        from scoring.engine.unicode14 import only_assigned

        text = normalize("NFC", _with_sorted_marks(only_assigned(text)))
    if "trim" in steps:
        text = text.strip()
    if "collapse" in steps and text:
        lead, tail = " " * text[0].isspace(), " " * text[-1].isspace()
        words = " ".join(text.split())
        text = f"{lead}{words}{tail}" if words else " "
    if "casefold" in steps:
        text = text.casefold() if plain else normalize("NFC", text.casefold())
    return text


def _with_sorted_marks(text: str) -> str:
    """
    Put every long run of combining marks in canonical order, which normalising would do in quadratic time.

    The text stays canonically equivalent, so its normal form is the same.
    """
    out: list[str] = []
    run: list[str] = []
    for c in text:
        if combining(c):
            run.append(c)
            continue
        out += sorted(run, key=combining)
        run.clear()
        out.append(c)
    return "".join(out + sorted(run, key=combining))


def fits(pattern: str, text: str) -> bool:
    """Whether *text* equals *pattern*, in which each ``*`` stands for any run of characters."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    last = rest.pop()
    end = len(text) - len(last)
    if not text.startswith(first) or end < len(first) or not text.endswith(last):
        return False
    at = len(first)
    for part in rest:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
