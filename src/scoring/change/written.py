"""
Texts that say a number or a wording: for each outcome of a `number` or `text` item, answers that should be read as it.

Owns the inverse of `engine.reading`: proposals only, which `answers` lets the real reader confirm, and the argument why a shadowed text key has none.
Must not know of other kinds.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import islice, pairwise, permutations
from typing import TYPE_CHECKING, Any
from unicodedata import category, combining, normalize

from scoring.engine.reading import SEPARATORS, fits, prepare_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["decimal", "is_shadowed", "numbers_for", "texts_for"]

MAX_ORDERS = 720  # orders in which the texts of a `contains_all` key are tried


# ---------------------------------------------------------------------- numbers


def numbers_for(item: dict[str, Any], place: int) -> Iterator[str]:
    """
    Propose answers for an own outcome of a number item.

    Every value of a key that no earlier key takes is a decimal or lies beside one that is, so where nothing is proposed for a key, no number is read as it.

    Args:
        item: The item of the pack.
        place: Of the outcome, from 0: keys, with `contains` keys among others, then *wrong*, *unclear*, *no digits*.
    """
    keys = [(Fraction(key["low"]), Fraction(key["high"])) for key in item["keys"]]
    lone, among = len(keys), len(keys) * (2 if item["read"] == "contains" else 1)
    wrong = [Fraction(max(high for _, high in keys) // 1 + 1), Fraction(min(low for low, _ in keys) // 1 - 1)]
    if place < lone:
        for value in _own_values(keys, place):
            yield from _said(decimal(value), item)
    elif place < among:
        for value in _own_values(keys, place - lone):
            for other in map(decimal, wrong):
                text = decimal(value)
                yield from (f"{text}; {other}", f"{other} | {text}", f"not {other} but {text}", f"{text}\n{other}")
    elif place == among:
        for value in wrong:
            yield from _said(decimal(value), item)
    elif place == among + 1:
        yield from ("1; 2", "x7", "7e1", "1 or 2", "1.2.3", "7x", ".5")
    else:
        yield from ("none", "no idea", "?", "nothing")


def decimal(value: Fraction) -> str:
    """Write a value that has an end in decimals: ``-0.25``; empty for one that has none."""
    twos = (value.denominator & -value.denominator).bit_length() - 1
    odd, fives = value.denominator >> twos, 0
    while odd % 5 == 0:
        odd, fives = odd // 5, fives + 1
    if odd != 1:
        return ""
    places = max(twos, fives)
    digits = str(abs(value.numerator) * (10**places // value.denominator)).rjust(places + 1, "0")
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :]
    return ("-" if value < 0 else "") + whole + (f".{part}" if part else "")


def _own_values(keys: list[tuple[Fraction, Fraction]], place: int) -> list[Fraction]:
    """Values with an end that the key takes and no key before it: its ends, and one between each two ends of keys that lie next to each other."""
    low, high = keys[place]
    ends = sorted({low, high, *(end for key in keys[:place] for end in key if low < end < high)})
    inner = [_between(a, b) for a, b in pairwise(ends)]
    found = [low, *inner, high] if low < high else [low]
    return [value for value in found if decimal(value) and not any(a <= value <= b for a, b in keys[:place])]


def _between(low: Fraction, high: Fraction) -> Fraction:
    """The shortest decimal strictly between two numbers."""
    ten = 1
    while True:
        value = Fraction(low * ten // 1 + 1, ten)
        if value < high:
            return value
        ten *= 10


def _said(text: str, item: dict[str, Any]) -> Iterator[str]:
    """One number in several spellings."""
    yield text
    yield f"{text}.0" if "." not in text else f"{text}0"
    yield f" {text}\n"
    yield f"{text}."
    yield f"The result is {text}"
    yield f"({text})"
    yield text.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)} | {ord("-"): "\u2212"})
    yield text.translate({ord(str(n)): chr(0x0660 + n) for n in range(10)})
    yield f"0{text}" if not text.startswith("-") else f"-0{text[1:]}"
    whole, point, part = text.partition(".")
    for separator in item["separators"]:
        for sign in SEPARATORS[separator]:
            yield f"{'-' * (whole[:1] == '-')}{_grouped(whole.lstrip('-'), sign)}{point}{part}"
    for unit in item["units"]:
        yield f"{text} {unit}"
        yield f"{text}{unit}"
        yield f"{unit}{text}"
    yield f"1 + 1 = {text}"
    yield f"first 17, then: {text}"
    yield f"{text}, that is {text}"


def _grouped(digits: str, sign: str) -> str:
    head = len(digits) % 3 or 3
    return sign.join([digits[:head], *(digits[at : at + 3] for at in range(head, len(digits), 3))])


# ---------------------------------------------------------------------- wordings


def texts_for(item: dict[str, Any], place: int) -> Iterator[str]:
    """
    Propose answers for an own outcome of a text item.

    The texts of a key stand between a sign that occurs in none of the item's texts. An earlier key that fits such an answer fits every answer with the same
    texts in the same order: so one proposal for each text, or each order of texts, says it all but for `contains_all` (`is_shadowed`).

    Args:
        item: The item of the pack.
        place: Of the outcome, from 0: the keys, then *wrong*.
    """
    sign = _fresh_sign(item)
    if place == len(item["keys"]):
        yield from (sign, f"{sign} {sign}", f"I do not know {sign}", "no idea")
        return
    key = item["keys"][place]
    bare = list(_bare(item, key, sign))
    yield from bare
    for text in bare:
        yield from _reworded(text, item["steps"])
        if key["match"].startswith("contains"):
            yield from (f"I would use {text}, I think", f"{sign} {text} {sign}", f"{text}\n{text}")


def is_shadowed(item: dict[str, Any], place: int) -> bool:
    """
    Tell whether some earlier key fits whatever the key at *place* fits, so that no answer comes to it.

    Only asked for outcomes that no proposal reached. Exact for `is`, `like` and `contains_any`. For `contains_all` it is True if one earlier key fits each
    of some text in it, whatever stands around.
    """
    key = item["keys"][place] if place < len(item["keys"]) else None
    if key is None or key["match"] != "contains_all" or len(key["texts"]) == 1:
        return True
    sign = _fresh_sign(item)
    alone = [f"{sign}{prepare_text(text, item['steps'])}{sign}" for text in key["texts"]]
    return any(_always_fits(earlier, alone, item["steps"]) for earlier in item["keys"][:place])


def _always_fits(key: dict[str, Any], alone: list[str], steps: Iterable[str]) -> bool:
    """Whether a key fits every text that holds what stands in *alone*, each between two fresh signs."""
    texts = [prepare_text(text, [*steps]) for text in key["texts"]]
    if key["match"] == "contains_any":
        return any(text in held for text in texts for held in alone)
    if key["match"] == "contains_all":
        return all(any(text in held for held in alone) for text in texts)
    return key["match"] == "like" and any(fits(text, held) for text in texts for held in alone)


def _bare(item: dict[str, Any], key: dict[str, Any], sign: str) -> Iterator[str]:
    """The texts of a key as an answer would hold them, as typed and as they are once prepared; first without the fresh sign."""
    for texts in ([*key["texts"]], [prepare_text(text, item["steps"]) for text in key["texts"]]):
        if key["match"] == "is":
            yield from texts
        elif key["match"] == "like":
            yield from (text.replace("*", filler) for text in texts for filler in ("", " ", "so", sign))
        elif key["match"] == "contains_any":
            yield from (f"{around}{text}{around}" for around in ("", " ", sign) for text in texts)
        else:
            yield from (
                f"{between}{between.join(order)}{between}"
                for between in (" ", sign, "")
                for order in islice(permutations(texts), MAX_ORDERS)
            )
            yield from (_overlapped(order) for order in islice(permutations(texts), MAX_ORDERS))


def _overlapped(texts: Iterable[str]) -> str:
    """The texts one after the other, each laid over the end of what stands there as far as it goes."""
    found = ""
    for text in texts:
        if text not in found:
            shared = next(n for n in range(len(text), -1, -1) if found.endswith(text[:n]))
            found += text[shared:]
    return found


def _reworded(text: str, steps: Iterable[str]) -> Iterator[str]:
    """What the steps make the same again."""
    yield normalize("NFD", text)
    if "trim" in steps:
        yield f"  {text}\n"
    if "collapse" in steps and " " in text:
        yield text.replace(" ", " \t ")
        yield text.replace(" ", "\u00a0")
    if "casefold" in steps:
        yield from (text.upper(), text.title(), text.swapcase())


def _fresh_sign(item: dict[str, Any]) -> str:
    """A character that no text of the item holds, that stands by itself under every step and joins with no neighbour."""
    held = {c for key in item["keys"] for text in key["texts"] for c in text + text.casefold() + normalize("NFD", text)}
    plain = "|~;#/@%&_+" + "".join(map(chr, range(0x2500, 0x2580))) + "".join(map(chr, range(0xE000, 0xF8FF)))
    return next(c for c in plain if c not in held and not combining(c) and category(c) != "Cn")
