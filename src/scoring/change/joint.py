"""
What one answer comes to under two versions of a rubric: the joint outcomes of each item.

Owns which pairs (code under the old plan, code under the new one) a single answer can give. Items are the same where id and kind are; what only one version
asks is answered for it alone. Where an item is read alike in both, outcomes go together one by one; where its key changed, answers that tell every case apart
are put through both readers. Each pair says whether it is *sure*: some answer was read so. A pair that is not sure is one that could not be ruled out.
Must not know of sums or verdicts.

Source: docs/reading.md.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations, product
from typing import TYPE_CHECKING, Any, NamedTuple

from scoring.change.answers import reachable_codes, spellings, undecided_codes
from scoring.change.rated import rated_pairs
from scoring.change.written import decimal
from scoring.engine.exact import rational
from scoring.engine.reading import prepare_text
from scoring.engine.table import ABSENT, BLANK, EXCLUDED, INVALID, NO_ENTRY, OWN, SEVERE, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TypeAlias

    from scoring.engine.parts import Item
    from scoring.engine.plan import Plan

    Pair: TypeAlias = tuple[int, int]
    Pairs: TypeAlias = dict[Pair, Any]  # to an answer that is read so, or UNKNOWN

__all__ = ["UNKNOWN", "Outcome", "Question", "is_read_alike", "questions"]

UNKNOWN = (
    object()
)  # no answer was put through the readers for this pair: theirs follows from one code alone, or it is not sure
MAX_VALUES = 80  # of numbers that differ for some key; every two of them are read, some twenty thousand answers


class Outcome(NamedTuple):
    """
    What one answer can come to.

    Attributes:
        codes: One for each plan; None where it does not ask.
        sure: Whether an answer is known to give them.
        answer: Such an answer, or UNKNOWN where any answer that gives the one code gives the other.
    """

    codes: tuple[int | None, ...]
    sure: bool
    answer: Any


class Question(NamedTuple):
    """
    An item of one plan or of both.

    Attributes:
        id: Of the item.
        places: Its number in each plan, None where that does not have it.
        outcomes: Joint ones, in the order of codes; of the one plan where only one asks.
        alone: For each plan what the item can come to where only that plan looks at it.
    """

    id: str
    places: tuple[int | None, ...]
    outcomes: tuple[Outcome, ...]
    alone: tuple[tuple[Outcome, ...], ...]


def questions(*plans: Plan) -> list[Question]:
    """
    List the items of one plan or of two, in the order of the last one, those that only the first has behind them.

    Args:
        plans: One, or the old and the new one.
    """
    if len(plans) == 1:
        return [_only(plans, 0, item) for item in plans[0].items]
    old, new = plans
    asked = []
    for item in new.items:
        place = old.index.get(item.id)
        same = place is not None and old.items[place].data["kind"] == item.data["kind"]
        asked.append(_both(old, new, old.items[place], item) if same and place is not None else _only(plans, 1, item))
    for item in old.items:
        place = new.index.get(item.id)
        if place is None or new.items[place].data["kind"] != item.data["kind"]:
            asked.append(_only(plans, 0, item))
    return asked


def _only(plans: Sequence[Plan], side: int, item: Item) -> Question:
    alone = _alone(plans, side, item)
    places = tuple(item.place if n == side else None for n in range(len(plans)))
    return Question(item.id, places, alone, tuple(alone if n == side else () for n in range(len(plans))))


def _alone(plans: Sequence[Plan], side: int, item: Item) -> tuple[Outcome, ...]:
    plan = plans[side]
    codes = [(code, True) for code in reachable_codes(plan, item.place)]
    codes += [(code, False) for code in undecided_codes(plan, item.place)]
    return tuple(
        Outcome(tuple(code if n == side else None for n in range(len(plans))), sure, UNKNOWN)
        for code, sure in sorted(codes)
    )


def _both(old: Plan, new: Plan, before: Item, after: Item) -> Question:
    alone = _alone((old, new), 0, before), _alone((old, new), 1, after)
    sure, doubtful = _pairs(old, new, before, after)
    rows = [Outcome(pair, True, answer) for pair, answer in sure.items()]
    rows += [Outcome(pair, False, UNKNOWN) for pair in doubtful if pair not in sure]
    rows.sort(key=lambda row: row.codes[::-1])
    return Question(after.id, (before.place, after.place), tuple(rows), alone)


def _pairs(old: Plan, new: Plan, before: Item, after: Item) -> tuple[Pairs, set[Pair]]:
    """The pairs that are sure, and those that cannot be ruled out."""
    if is_read_alike(before, after):
        undecided = {*undecided_codes(old, before.place)}
        own = {(code, code) for code in {*reachable_codes(old, before.place)} - undecided}
        return dict.fromkeys(sorted(own), UNKNOWN), {(code, code) for code in undecided}
    if before.table.rate is not None:
        sure, doubtful = rated_pairs(before, after)
        return dict.fromkeys([(ABSENT, ABSENT), (BLANK, BLANK), *sure], UNKNOWN), doubtful
    kind = after.data["kind"]
    found = _read_both(before, after, [NO_ENTRY, None, *_ANSWERS[kind](before.data, after.data)])
    if kind == "number":
        return found, _doubtful_numbers(old, new, before, after, found)
    if kind == "text":
        return found, _doubtful_texts(old, new, before, after, found)
    return found, set()


def is_read_alike(before: Item, after: Item) -> bool:
    """Whether every answer gives the same code under both: what is read, not what it earns, is the same, and in the same order."""
    return bool(before.data["kind"] == after.data["kind"] and _reading(before.data) == _reading(after.data))


def _reading(data: dict[str, Any]) -> Any:
    """What the outcome of an answer depends on."""
    kind = data["kind"]
    if kind == "choice":
        return [(option["id"], option["flag"] in SEVERE) for option in data["options"]]
    if kind == "selection":
        return [option["id"] for option in data["options"]]
    if kind == "number":
        keys = [(key["low"], key["high"]) for key in data["keys"]]
        return data["read"], data["separators"], data["units"], keys
    if kind == "text":
        return data["steps"], [(key["match"], key["texts"]) for key in data["keys"]]
    if kind == "mark":
        return data["max"], data["step"]
    if kind == "evidence":
        return None
    return _rated_reading(data)


def _rated_reading(data: dict[str, Any]) -> Any:
    rated = data.get("values") or data["lines"]
    # A mean, and the sum of lines, is known by what it earns.
    by_points = data["kind"] == "checklist" or data["raters"]["combine"] == "mean"
    records = {name: [entry["id"] for entry in entries] for name, entries in data["records"].items()}
    return data["raters"], records, [(entry["id"], by_points and entry["points"]) for entry in rated]


def _read_both(before: Item, after: Item, answers: Iterable[Any]) -> Pairs:
    """What the two readers make of each answer; one that either refuses is none that both versions could get."""
    found: Pairs = {}
    for answer in answers:
        try:
            pair = before.read(answer), after.read(answer)
        except Refused:
            continue
        found.setdefault(pair, answer)
    return found


# ---------------------------------------------------------------------- answers that tell every case apart, kind by kind


def _choices(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Any]:
    """One id, or two: of more, the two that decide under the old and under the new version say the same."""
    ids = [*dict.fromkeys(option["id"] for data in (after, before) for option in data["options"]), "?", "??"]
    yield from ids
    yield from (list(pair) for pair in combinations(ids, 2))


def _selections(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Any]:
    """Every set that one version knows: what the other does not know makes an answer invalid there."""
    yield ["?"]
    for data in (after, before):
        ids = [option["id"] for option in data["options"]]
        for chosen in range(1, 1 << len(ids)):
            yield [name for n, name in enumerate(ids) if chosen >> n & 1]


def _marks(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Any]:
    """Every step of either grid, and what lies on none."""
    yield "none"
    for data in (after, before):
        step, top = Fraction(*rational(data["step"])), Fraction(*rational(data["max"]))
        yield from (text for n in range(int(top / step) + 1) if (text := decimal(n * step)))


def _numbers(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Any]:
    """
    Every value that some key tells apart, and every two of them, said plainly, with one of them stated, and beside something malformed.

    Two are enough: under *contains* each version goes by one of the values, and under *stated* the one that counts may stand beside one that matches; where
    it is right under neither version, and each finds another one that is, both are *unclear*, as they are for anything malformed.
    """
    yield from ("none", "1.2.3")
    values = [decimal(value) for value in _distinct_values(before, after)]
    for text in values:
        yield from (text, f"{text} and 1.2.3")
    if len(values) <= MAX_VALUES:
        for one, other in permutations(values, 2):
            yield from (f"{one} and {other}", f"{one} and {other} and 1.2.3", f"{one} and so = {other}")


def _distinct_values(before: dict[str, Any], after: dict[str, Any]) -> list[Fraction]:
    """Up to two values of each kind that the keys of both versions tell apart."""
    bounds = [
        [(Fraction(*rational(key["low"])), Fraction(*rational(key["high"]))) for key in data["keys"]]
        for data in (before, after)
    ]
    edges = sorted({edge for keys in bounds for key in keys for edge in key})
    tried = [edge for edge in edges if decimal(edge)]
    for low, high in zip([edges[0] - 4, *edges], [*edges, edges[-1] + 4], strict=True):
        tried += _inside(low, high, 2)
    kept: dict[tuple[int | None, ...], list[Fraction]] = {}
    for value in tried:
        match = tuple(next((n for n, (low, high) in enumerate(keys) if low <= value <= high), None) for keys in bounds)
        if len(kept.setdefault(match, [])) < 2 and value not in kept[match]:
            kept[match].append(value)
    return [value for values in kept.values() for value in values]


def _inside(low: Fraction, high: Fraction, many: int) -> list[Fraction]:
    """Some decimals strictly between two numbers."""
    ten = 1
    while True:
        first = low * ten // 1 + 1
        if (first + many - 1) < high * ten:
            return [Fraction(first + n, ten) for n in range(many)]
        ten *= 10


def _texts(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Any]:
    """What the keys say, alone and in pairs, and something that none says; the spellings of each outcome are put in by `_pairs`."""
    said = [*dict.fromkeys(text for data in (after, before) for key in data["keys"] for text in key["texts"])]
    said += [text.replace("*", "") for text in said if "*" in text]
    said += ["\u2021", *(f"\u2021{text}\u2021" for text in said)]
    yield from said
    if len(said) <= 200:
        yield from (f"{one} {other}" for one, other in product(said, said))


_ANSWERS = {
    "choice": _choices,
    "selection": _selections,
    "number": _numbers,
    "text": _texts,
    "mark": _marks,
}


# ---------------------------------------------------------------------- what could not be ruled out


def _own(plan: Plan, item: Item) -> list[int]:
    codes = {*reachable_codes(plan, item.place), *undecided_codes(plan, item.place)}
    return sorted(code for code in codes if code >= OWN)


def _doubtful_numbers(old: Plan, new: Plan, before: Item, after: Item, found: Pairs) -> set[Pair]:
    """None where only keys differ: then all that a reader can tell apart was read. Else every pair of own outcomes."""
    same = all(before.data[name] == after.data[name] for name in ("read", "separators", "units"))
    if same and len(_distinct_values(before.data, after.data)) <= MAX_VALUES:
        return set()
    found |= _read_both(before, after, _spelt(old, new, before, after))
    return {*product(_own(old, before), _own(new, after))} - found.keys()


def _doubtful_texts(old: Plan, new: Plan, before: Item, after: Item, found: Pairs) -> set[Pair]:
    """Every pair of own outcomes that no key rules out by implying another one."""
    found |= _read_both(before, after, _spelt(old, new, before, after))
    every = {*product(_own(old, before), _own(new, after))} - found.keys()
    if before.data["steps"] != after.data["steps"]:
        return every
    keys = [[_key(key, item.data["steps"]) for key in item.data["keys"]] for item in (before, after)]
    # The texts of an `is` key are all there is to it, and each of them was read.
    return {
        pair
        for pair in every
        if not any(code - OWN < len(own) and own[code - OWN][0] == "is" for code, own in zip(pair, keys, strict=True))
        and _is_consistent(pair, keys)
    }


def _spelt(old: Plan, new: Plan, before: Item, after: Item) -> Iterator[Any]:
    for plan, item in ((new, after), (old, before)):
        for code in reachable_codes(plan, item.place):
            if code not in (EXCLUDED, INVALID):
                yield from spellings(plan, item.place, code)


def _key(key: dict[str, Any], steps: Sequence[str]) -> tuple[str, frozenset[str]]:
    return key["match"], frozenset(prepare_text(text, steps) for text in key["texts"])


def _is_consistent(pair: Pair, keys: list[list[tuple[str, frozenset[str]]]]) -> bool:
    """Whether no key that an answer fits implies one that it must not fit."""
    fits = [own[code - OWN] for code, own in zip(pair, keys, strict=True) if code - OWN < len(own)]
    fails = [key for code, own in zip(pair, keys, strict=True) for key in own[: code - OWN]]
    return not any(_implies(one, other) for one in fits for other in fails)


def _implies(one: tuple[str, frozenset[str]], other: tuple[str, frozenset[str]]) -> bool:
    """Whether whatever fits one key fits the other, as far as their texts say so themselves."""
    (how, texts), (other_how, others) = one, other
    if how == "contains_all":
        if other_how == "contains_all":
            return all(any(part in text for text in texts) for part in others)
        return other_how == "contains_any" and any(part in text for text in texts for part in others)
    if how == other_how and how in {"is", "like"} and texts <= others:
        return True
    parts = how == "contains_any"
    return parts and other_how == "contains_any" and all(any(part in text for part in others) for text in texts)
