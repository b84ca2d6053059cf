"""
Answers to outcomes, one place per kind.

The only module, with `ratings`, that reads an answer. A kind turns an item of a pack into a `Table`: its outcomes in the order of their codes, and a reader
that takes an answer and returns a code.

Must not know of sections, weights or verdicts. Readers raise `Refused`, never repeat an answer, and are linear in it.
"""

from __future__ import annotations

from types import MappingProxyType

from scoring.canonical import MAX_INTEGER
from scoring.engine import ratings
from scoring.engine.exact import ratio, rational, spell
from scoring.engine.reading import fits, plain_decimal, prepare_number, prepare_text, read_numbers
from scoring.engine.table import (
    ABSENT,
    BLANK,
    INVALID,
    MAX_ENTRIES,
    MAX_TEXT,
    NO_ENTRY,
    NOTE,
    OWN,
    REFER,
    SEVERE,
    WORD,
    Refused,
    Table,
    is_blank,
    kind_of,
    text_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from scoring.engine.exact import Rational
    from scoring.engine.table import Reader

__all__ = ["KINDS", "MODES", "RATED", "tabulate"]


def tabulate(item: dict[str, Any], at: int | None = None) -> Table:
    """
    Make the table of a checked item of a pack.

    Args:
        item: The item.
        at: For a rating with `level_points`: the place of the value that is expected at the level.
    """
    if item["kind"] in RATED:
        return RATED[item["kind"]](item, at)
    return KINDS[item["kind"]](item)


def _texts_of(answer: object, expected: str) -> list[str]:
    if type(answer) is not list:
        raise Refused(f"expected {expected}, got {kind_of(answer)}")
    if len(answer) > MAX_ENTRIES:
        raise Refused(f"a list of more than {MAX_ENTRIES} entries")
    if any(type(entry) is not str for entry in answer):
        raise Refused("every entry of the list must be text")
    return [text_of(entry) for entry in answer]


def _table(
    points: Sequence[Rational],
    words: Sequence[int],
    name: Callable[[int], str],
    slow: Reader,
    known: Mapping[object, int] = MappingProxyType({}),
    *,
    unclear: int | None = None,
) -> Table:
    """
    Make a table whose reader looks an answer up, and reads it properly only where that fails.

    *known* maps the spellings that most answers have to their codes; it must never disagree with *slow*.
    """
    known = {NO_ENTRY: ABSENT, None: BLANK, "": BLANK, **known}

    def read(answer: object) -> int:
        try:
            return known[answer]
        except (KeyError, TypeError):  # no common spelling, or a list or an object
            return BLANK if answer == [] else slow(answer)

    return Table(points, words, name, read, unclear=unclear, known=known)


def _choice(item: dict[str, Any]) -> Table:
    options = item["options"]
    ids = [option["id"] for option in options]
    points = [rational(option["points"]) for option in options]
    words = [WORD[option["flag"]] for option in options]
    severe = {option["id"] for option in options if option["flag"] in SEVERE}
    codes: dict[object, int] = {name: OWN + place for place, name in enumerate(ids)}
    several = several_flagged = OWN + len(ids)
    if len(severe) < len(ids):
        several_flagged += 1
        ids, points, words = [*ids, "several"], [*points, (0, 1)], [*words, 0]
    if severe:
        ids, points, words = [*ids, "several_flagged"], [*points, (0, 1)], [*words, REFER]

    def slow(answer: object) -> int:
        if type(answer) is str:
            return BLANK if is_blank(text_of(answer)) else INVALID
        entries = {*_texts_of(answer, "an option's id, or a list of them")}
        if all(is_blank(entry) for entry in entries):
            return BLANK
        chosen = entries & codes.keys()
        if not chosen:
            return INVALID
        if len(entries) == 1:
            return codes[entries.pop()]
        return several_flagged if chosen & severe else several

    return _table(points, words, ids.__getitem__, slow, codes)


def _selection(item: dict[str, Any]) -> Table:
    options = item["options"]
    full = rational(item["points"])
    bits = {option["id"]: 1 << place for place, option in enumerate(options)}
    right = sum(1 << place for place, option in enumerate(options) if option["right"])
    share = MODES[item["mode"]]
    points, words = [], []
    for chosen in range(1, 1 << len(options)):
        hits, misses = (chosen & right).bit_count(), (chosen & ~right).bit_count()
        earned, of = share(hits, misses, right.bit_count(), len(options))
        points.append(ratio(full[0] * earned, full[1] * of))
        word = 0
        for place, option in enumerate(options):
            word |= WORD[option["flag"]] if chosen >> place & 1 else 0
        words.append(word)

    def slow(answer: object) -> int:
        if type(answer) is str and is_blank(text_of(answer)):
            return BLANK
        entries = {*_texts_of(answer, "a list of option ids")}
        if all(is_blank(entry) for entry in entries):
            return BLANK
        if not entries <= bits.keys():
            return INVALID
        return OWN - 1 + sum(bits[entry] for entry in entries)

    def name(place: int) -> str:
        return "+".join(option for option, bit in bits.items() if place + 1 & bit)

    return _table(points, words, name, slow)


# Of n options c are right; the candidate chose r right ones and w wrong ones. Each mode gives earned / of.
MODES: dict[str, Callable[[int, int, int, int], tuple[int, int]]] = {
    "exact": lambda r, w, c, _n: (int(r == c and w == 0), 1),
    "net": lambda r, w, c, _n: (max(0, r - w), c),
    "coverage": lambda r, w, c, _n: (r if w == 0 else 0, c),
    "each": lambda r, w, c, n: (r + n - c - w, n),
}


_PLAIN = 16  # characters of a number that is read at a glance
_PLACES = 6  # digits behind its point
_TENS = [10**place for place in range(_PLACES, -1, -1)]
_DECIMAL = frozenset("0123456789.-")


def _number(item: dict[str, Any]) -> Table:
    keys = item["keys"]
    rule = item["read"]
    units = sorted(map(prepare_number, item["units"]), key=len, reverse=True)
    separators = item["separators"]
    bounds = [(*rational(key["low"]), *rational(key["high"])) for key in keys]
    names = [key["id"] for key in keys]
    points = [rational(key["points"]) for key in keys]
    words = [WORD[key["flag"]] for key in keys]
    among_others = len(names)
    if rule == "contains":
        names += [f"{name}+others" for name in names]
        points += points
        words += [word | NOTE for word in words]
    wrong = OWN + len(names)
    unclear, no_digits = wrong + 1, wrong + 2
    names += ["wrong", "unclear", "no_digits"]
    points += [(0, 1)] * 3
    words += [0, NOTE, NOTE]

    def match(n: int, places: int) -> int | None:
        ten = 10**places
        for place, (low, low_den, high, high_den) in enumerate(bounds):
            if low * ten <= n * low_den and n * high_den <= high * ten:
                return place
        return None

    def slow(answer: object) -> int:
        text = text_of(answer)
        if is_blank(text):
            return BLANK
        found = read_numbers(prepare_number(text), units, separators)
        if not found.digits:
            return no_digits
        values = found.values
        if rule == "contains":
            if not values:
                return unclear
            places = [place for value in values if (place := match(*value)) is not None]
            if not places:
                return unclear if found.malformed else wrong
            return OWN + min(places) + (among_others if len(values) > 1 else 0)
        if rule == "stated" and len(values) > 1:
            values = found.stated
        if found.malformed or len(values) != 1:
            return unclear
        place = match(*next(iter(values)))
        if place is None:  # a right value that stands elsewhere in the text may have been meant
            return unclear if any(match(*value) is not None for value in found.values) else wrong
        return OWN + place

    # The bounds of each key in millionths, the lower one rounded up, the upper one down: exact for what has so many digits.
    millionths = [
        (OWN + place, -(-low * _TENS[0] // low_den), high * _TENS[0] // high_den)
        for place, (low, low_den, high, high_den) in enumerate(bounds)
    ]

    def quick(answer: object) -> int:
        """Read what is nothing but a plain decimal, the same under every rule, without looking for tokens."""
        if type(answer) is str and len(answer) <= _PLAIN and answer.isascii():
            minus = answer[:1] == "-"
            whole, point, part = answer[minus:].partition(".")
            if whole.isdigit() and (part.isdigit() or not point) and len(part) <= _PLACES:
                n = int(whole + part) * _TENS[len(part)]
                if minus:
                    n = -n
                for code, low, high in millionths:
                    if low <= n <= high:
                        return code
                return wrong
        return slow(answer)

    plain = not separators and _DECIMAL.isdisjoint("".join(units))
    # The plainest spelling of each exact key, looked up without reading.
    spellings = [key["low"] for key in keys if key["low"] == key["high"] and key["low"].isdigit()]
    known: dict[object, int] = {spelling: slow(spelling) for spelling in spellings}
    return _table(points, words, names.__getitem__, quick if plain else slow, known, unclear=unclear)


def _text(item: dict[str, Any]) -> Table:
    steps = item["steps"]
    keys = [(MATCHES[key["match"]], [prepare_text(text, steps) for text in key["texts"]]) for key in item["keys"]]
    names = [*(key["id"] for key in item["keys"]), "wrong"]
    points = [*(rational(key["points"]) for key in item["keys"]), (0, 1)]
    words = [*(WORD[key["flag"]] for key in item["keys"]), 0]
    wrong = OWN + len(keys)

    def slow(answer: object) -> int:
        text = text_of(answer)
        if is_blank(text):
            return BLANK
        text = prepare_text(text, steps)
        for place, (matches, texts) in enumerate(keys):
            if matches(texts, text):
                return OWN + place
        return wrong

    table = _table(points, words, names.__getitem__, slow)
    bare = _bare_words(item)
    if bare is not None:
        casefold = "casefold" in steps
        table.read = _word_reader(bare, casefold, wrong, table.read)
        table.sought = bare if casefold else None
    return table


def _bare_words(item: dict[str, Any]) -> list[tuple[str, int]] | None:
    """Each text that an answer may contain and the code that it gives, in file order; None where some key asks for more than one run without white space."""
    bare = []
    for place, key in enumerate(item["keys"]):
        texts = [prepare_text(text, item["steps"]) for text in key["texts"]]
        alone = key["match"] == "contains_any" or (key["match"] == "contains_all" and len(texts) == 1)
        if not alone or any(c.isspace() for text in texts for c in text):
            return None
        bare += [(text, OWN + place) for text in texts]
    return bare


def _word_reader(bare: list[tuple[str, int]], casefold: bool, wrong: int, read: Reader) -> Reader:
    """Read ASCII text without preparing it: neither trimming nor collapsing white space makes or breaks a run that has none."""

    def quick(answer: object) -> int:
        if type(answer) is str and answer.isascii() and len(answer) <= MAX_TEXT:
            text = answer.lower() if casefold else answer
            for word, code in bare:
                if word in text:
                    return code
            return BLANK if is_blank(answer) else wrong
        return read(answer)

    return quick


MATCHES: dict[str, Callable[[list[str], str], bool]] = {
    "is": lambda texts, answer: answer in texts,
    "contains_any": lambda texts, answer: any(text in answer for text in texts),
    "contains_all": lambda texts, answer: all(text in answer for text in texts),
    "like": lambda texts, answer: any(fits(text, answer) for text in texts),
}


def _mark(item: dict[str, Any]) -> Table:
    full, top, step = rational(item["points"]), rational(item["max"]), rational(item["step"])
    count = top[0] * step[1] // (top[1] * step[0])  # steps from 0 to max
    points = [ratio(full[0] * place, full[1] * count) for place in range(count + 1)]

    def slow(answer: object) -> int:
        if type(answer) is int:
            if answer > MAX_INTEGER or answer < -MAX_INTEGER:
                raise Refused("an integer beyond ±(2^53-1)")
            n, places = answer, 0
        else:
            if type(answer) is not str:
                raise Refused(f"expected a number as an integer or as text, got {kind_of(answer)}")
            text = text_of(answer)
            if is_blank(text):
                return BLANK
            text = text.strip()
            whole, point, part = text.partition(".")
            if not (text.isascii() and whole.isdigit() and (part.isdigit() or not point)) or len(text) > 64:
                return INVALID
            n, places = plain_decimal(text)
        if n < 0:
            return INVALID
        # n / 10^places = place * step, and place is whole and at most count
        place, rest = divmod(n * step[1], 10**places * step[0])
        return INVALID if rest or place > count else OWN + place

    return _table(points, [0] * (count + 1), lambda place: spell(place * step[0], step[1]), slow)


def _evidence(_: dict[str, Any]) -> Table:
    def slow(answer: object) -> int:
        if type(answer) is dict:
            _check_reference(answer)
        elif is_blank(text_of(answer)):
            return BLANK
        return OWN

    return _table([(0, 1)], [0], ("given",).__getitem__, slow)


def _check_reference(answer: dict[str, object]) -> None:
    known = ("reference", "sha256", "seconds")
    if not {*answer} <= {*known} or "reference" not in answer:
        raise Refused(f"expected text, or an object with {known[0]} and, where known, {known[1]} and {known[2]}")
    if not text_of(answer["reference"], 500):
        raise Refused("reference: expected 1 to 500 characters")
    digest, seconds = answer.get("sha256"), answer.get("seconds", 0)
    if "sha256" in answer and not (type(digest) is str and len(digest) == 64 and _HEXADECIMAL.issuperset(digest)):
        raise Refused("sha256: expected 64 lower-case hexadecimal digits")
    if type(seconds) is not int or not 0 <= seconds <= MAX_INTEGER:
        raise Refused("seconds: expected an integer, 0 or more")


_HEXADECIMAL = frozenset("0123456789abcdef")

KINDS: dict[str, Callable[[dict[str, Any]], Table]] = {
    "choice": _choice,
    "selection": _selection,
    "number": _number,
    "text": _text,
    "mark": _mark,
    "evidence": _evidence,
}
RATED: dict[str, Callable[[dict[str, Any], int | None], Table]] = {
    "rating": ratings.rating,
    "checklist": ratings.checklist,
}
