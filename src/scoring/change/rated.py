"""
What people who rate one item would come to under two versions of it.

Owns the joint outcomes of ratings and checklists whose values, lines, points or rules changed. What raters saw is what stays: the same value, the same lines
observed; a line that only one version has may have been observed or not. A value that only one version has is no rating of both.
Must not know of answers, sums or verdicts.

Source: docs/reading.md, "What raters say".
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

from scoring.engine.exact import rational, spell
from scoring.engine.table import OWN

if TYPE_CHECKING:
    from typing import TypeAlias

    from scoring.engine.parts import Item

    Pair: TypeAlias = tuple[int, int]
    Worth: TypeAlias = tuple[Fraction, Fraction]

__all__ = ["rated_pairs"]

MAX_STATES = 20_000  # of sums under both versions; past it every pair is possible, and none is sure but those of raters who agree


def rated_pairs(before: Item, after: Item) -> tuple[list[Pair], set[Pair]]:
    """
    List the pairs of own outcomes that are sure, and those that cannot be ruled out.

    Args:
        before: A rating or a checklist.
        after: The same one in the new version.
    """
    raters = before.data["raters"] == after.data["raters"]
    exact = None
    if raters:
        exact = _checklists(before, after) if after.data["kind"] == "checklist" else _ratings(before, after)
    agreed = _agreed(before, after) if exact is None else exact
    sure = sorted({*_noted(before, after, agreed, each=False)})
    same_records = _records(before.data) == _records(after.data)
    if exact is not None and same_records:
        return sure, set()
    wide = {*_noted(before, after, _every(before, after) if exact is None else exact, each=True)}
    return sure, wide - {*sure}


def _records(data: dict[str, Any]) -> Any:
    """What decides whether a form is of note: the records and, of a rating, which values are the best and the worst."""
    ends = [data["values"][0]["id"], data["values"][-1]["id"]] if data["kind"] == "rating" else []
    return {name: [entry["id"] for entry in entries] for name, entries in data["records"].items()}, ends


def _half(item: Item) -> int:
    return (len(item.words) - OWN) // 2


def _every(before: Item, after: Item) -> set[Pair]:
    return {*product(range(_half(before)), range(_half(after)))}


def _noted(before: Item, after: Item, places: set[Pair], *, each: bool) -> list[Pair]:
    """The codes of these outcomes, noted under both versions or under none; with *each* under one alone too."""
    marks = [*product((0, 1), repeat=2)] if each else [(0, 0), (1, 1)]
    return [(OWN + a + x * _half(before), OWN + b + y * _half(after)) for a, b in sorted(places) for x, y in marks]


def _ratings(before: Item, after: Item) -> set[Pair] | None:
    """Raters by the same rules who keep to the values that both versions have."""
    names = [[value["id"] for value in item.data["values"]] for item in (before, after)]
    common = [name for name in names[1] if name in names[0]]
    if [name for name in names[0] if name in common] != common:
        return None
    rules = after.data["raters"]
    if rules["combine"] != "mean":
        return {(names[0].index(name), names[1].index(name)) for name in common}
    worth = [
        {value["id"]: Fraction(*rational(value["points"])) for value in item.data["values"]} for item in (before, after)
    ]
    steps = {(worth[0][name], worth[1][name]) for name in common}
    sums, found = {(Fraction(0), Fraction(0))}, set()
    for k in range(1, rules["max"] + 1):
        sums = {(a + x, b + y) for a, b in sums for x, y in steps}
        if len(sums) > MAX_STATES:
            return None
        if k >= sum(rules["needs"].values()):
            found |= {(a / k, b / k) for a, b in sums}
    return _placed(before, after, found)


def _checklists(before: Item, after: Item) -> set[Pair] | None:
    """Lines that both versions have are observed alike, the others as may be."""
    rules = after.data["raters"]
    worth = [
        {line["id"]: Fraction(*rational(line["points"])) for line in item.data["lines"]} for item in (before, after)
    ]
    counts = range(sum(rules["needs"].values()), rules["max"] + 1) if rules["combine"] == "mean" else (1,)
    parts = {Fraction(j, k) for k in counts for j in range(k + 1)}
    sums: set[Worth] = {(Fraction(0), Fraction(0))}
    for name in dict.fromkeys([*worth[1], *worth[0]]):
        a, b = (points.get(name, Fraction(0)) for points in worth)
        sums = {(x + a * part, y + b * part) for x, y in sums for part in parts}
        if len(sums) > MAX_STATES:
            return None
    return _placed(before, after, sums)


def _placed(before: Item, after: Item, worth: set[Worth]) -> set[Pair]:
    """Outcomes that are known by what they earn."""
    old, new = before.named(), after.named()
    return {
        (old[spell(a.numerator, a.denominator)] - OWN, new[spell(b.numerator, b.denominator)] - OWN) for a, b in worth
    }


def _agreed(before: Item, after: Item) -> set[Pair]:
    """What raters come to who all say the same, whatever the rules."""
    if after.data["kind"] == "rating":
        worth = [{value["id"]: value["points"] for value in item.data["values"]} for item in (before, after)]
        codes = [
            {
                name: item.named()[points if item.data["raters"]["combine"] == "mean" else name]
                for name, points in own.items()
            }
            for item, own in zip((before, after), worth, strict=True)
        ]
        return {(codes[0][name] - OWN, codes[1][name] - OWN) for name in worth[0] if name in worth[1]}
    lines = [[Fraction(*rational(line["points"])) for line in item.data["lines"]] for item in (before, after)]
    full = Fraction(sum(lines[0])), Fraction(sum(lines[1]))
    return _placed(before, after, {(Fraction(0), Fraction(0)), full})
