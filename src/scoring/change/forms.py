"""
What raters have to say so that a rating or a checklist comes to a given outcome, and who has to be on the panel for it.

Owns the inverse of `engine.ratings`: proposals only, which `answers` lets the real reader confirm. A case has one panel for all its items, and everybody on
it whose role an item needs has to say something; so items narrow each other's panel down, and some outcomes exclude each other.
Must not know of other kinds, of points that sections add up, or of submissions.
"""

from __future__ import annotations

from functools import lru_cache
from math import lcm
from typing import TYPE_CHECKING, Any, NamedTuple

from scoring.engine.exact import rational
from scoring.engine.table import OWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scoring.engine.parts import Item

__all__ = ["NoPanelError", "forms_for", "full_panel", "panel_for"]

MAX_TRIES = 20_000  # panels looked at; a rubric whose items need three roles is done after a handful
ABSTAINED = {"abstained": "knows the candidate"}


class NoPanelError(ValueError):
    """No panel suits all these items; the message says why."""


class _Want(NamedTuple):
    """What one item asks of a panel: so many people of each role, and of all these roles together at least and at most so many."""

    item: str
    roles: tuple[str, ...]
    each: tuple[int, ...]
    least: int
    most: int


def panel_for(rows: Iterable[tuple[Item, int]]) -> dict[str, str]:
    """
    Find a least panel under which each of these items can come to its outcome.

    Args:
        rows: Rated items, each with an own outcome's code.

    Returns:
        Rater to role; raters are called after their role: ``examiner-1``.

    Raises:
        NoPanelError: There is none, or none was found in `MAX_TRIES`.
    """
    return _solve([_want(item, code) for item, code in rows])


def full_panel(items: Iterable[Item]) -> dict[str, str]:
    """Find one panel under which each of these rated items can come to each of its outcomes; raises as `panel_for`."""
    return _solve([_want(item, code) for item in items for code in _demanding(item)])


def _want(item: Item, code: int) -> _Want:
    rules = item.data["raters"]
    roles = tuple(rules["needs"])
    if code == item.table.awaited:  # one abstention is enough, whoever else there is
        return _Want(item.id, roles, (0,) * len(roles), 1, 1 << 30)
    return _Want(item.id, roles, tuple(rules["needs"].values()), _least_ratings(item, code), rules["max"])


def _demanding(item: Item) -> tuple[int, ...]:
    """Codes that together ask as much of a panel as all codes do."""
    half = (len(item.words) - OWN) // 2
    most = max(range(OWN, OWN + half), key=lambda code: _least_ratings(item, code))
    return (most,)


def _solve(wants: list[_Want]) -> dict[str, str]:
    counts: dict[str, int] = {}
    for want in wants:
        for role, least in zip(want.roles, want.each, strict=True):
            counts[role] = max(counts.get(role, 0), least)
    roles = tuple(counts)
    todo, seen = [tuple(counts.values())], set[tuple[int, ...]]()
    against = ""
    while todo and len(seen) < MAX_TRIES:
        sizes = todo.pop()
        if sizes in seen:
            continue
        seen.add(sizes)
        size_of = dict(zip(roles, sizes, strict=True))
        totals = [sum(size_of[role] for role in want.roles) for want in wants]
        over = next((want for want, total in zip(wants, totals, strict=True) if total > want.most), None)
        if over is not None:
            against = against or f"item {over.item} takes at most {over.most} raters, other items need more of them"
            continue
        short = next((want for want, total in zip(wants, totals, strict=True) if total < want.least), None)
        if short is None:
            return {f"{role}-{n}": role for role in roles for n in range(1, size_of[role] + 1)}
        grown = [role for role in roles if role in short.roles]
        todo += [tuple(size + (role == more) for role, size in size_of.items()) for more in reversed(grown)]
    raise NoPanelError(against if len(seen) < MAX_TRIES else f"none was found among {MAX_TRIES} panels")


# ---------------------------------------------------------------------- what the panel says


def forms_for(item: Item, code: int, panel: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """
    Propose what the panel may say of an item so that it comes to an own outcome, the plainest first.

    Args:
        item: A rating or a checklist.
        code: One of its own outcomes.
        panel: Rater to role, everyone who rates the case.
    """
    raters = _in_order(item.data["raters"]["needs"], panel)
    if not raters:
        return
    half = (len(item.words) - OWN) // 2
    place, noted = (code - OWN) % half, code - OWN >= half
    for said in _awaited(item, raters) if code == item.table.awaited else _said(item, place, raters):
        if not noted or code == item.table.awaited:
            yield said
            yield {
                rater: form if "abstained" in form else {**form, "note": "as agreed"} for rater, form in said.items()
            }
        else:
            yield from _noted(item, said)


def _in_order(needs: Mapping[str, int], panel: Mapping[str, str]) -> list[str]:
    """The raters who may rate, those first without whom there is no quorum: any first so many of them are one."""
    first, then = [], []
    for role, least in needs.items():
        people = [rater for rater, has in panel.items() if has == role]
        first += people[:least]
        then += people[least:]
    return first + then


def _awaited(item: Item, raters: list[str]) -> Iterator[dict[str, Any]]:
    yield {raters[0]: dict(ABSTAINED)}
    yield dict.fromkeys(raters, ABSTAINED)
    for said in _said(item, 0, raters):
        yield dict([*said.items()][1:]) or said


def _noted(item: Item, said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    who = next(rater for rater, form in said.items() if "abstained" not in form)
    yield {**said, who: {**said[who], "concern": "seems to know the task"}}
    for rule in item.data["records"]["ground_rules"]:
        yield {**said, who: {**said[who], "ground_rules": {rule["id"]: "breached"}}}


def _said(item: Item, place: int, raters: list[str]) -> Iterator[dict[str, Any]]:
    rules = item.data["raters"]
    quorum = sum(rules["needs"].values())
    by_mean = rules["combine"] == "mean"
    for count in range(quorum, len(raters) + 1):
        absent = dict.fromkeys(raters[count:], ABSTAINED)
        who = raters[:count]
        if item.data["kind"] == "checklist":
            ticks = _lines_for(item, place, quorum, count if by_mean else 1)
            if ticks is not None:
                yield {**_checklist(ticks, who, by_mean=by_mean), **absent}
        elif by_mean:
            values = _values_for(item, place, count)
            if values is not None:
                yield {**_rating(values, who), **absent}
        else:
            value = item.data["values"][place]["id"]
            yield {**_rating([value] * count, who), **absent}
            if rules["combine"] == "lowest":
                yield {**_rating([value, *[item.data["values"][-1]["id"]] * (count - 1)], who), **absent}
            if rules["combine"] == "median":
                lowest, best = item.data["values"][0]["id"], item.data["values"][-1]["id"]
                below = (count - 1) // 2
                yield {**_rating([lowest] * below + [value] + [best] * (count - 1 - below), who), **absent}


def _rating(values: list[str], who: list[str]) -> dict[str, Any]:
    return {rater: {"rating": value} for rater, value in zip(who, values, strict=True)}


def _checklist(ticks: dict[str, tuple[int, int]], who: list[str], *, by_mean: bool) -> dict[str, Any]:
    """Forms in which each line was seen by j of the first k raters; without a mean all say the same."""
    found: dict[str, Any] = {}
    for n, rater in enumerate(who):
        marks = {}
        for line, (seen, of) in ticks.items():
            said = n if by_mean else 0
            marks[line] = "not_probed" if said >= of else "observed" if said < seen else "not_observed"
        found[rater] = {"lines": marks}
    return found


# ---------------------------------------------------------------------- sums, taken apart again


@lru_cache(maxsize=1024)
def _least_ratings(item: Item, code: int) -> int:
    """The least number of ratings that an own outcome but *awaited* takes."""
    rules = item.data["raters"]
    quorum: int = sum(rules["needs"].values())
    if rules["combine"] != "mean":
        return quorum
    place = (code - OWN) % ((len(item.words) - OWN) // 2)
    for count in range(quorum, rules["max"]):
        if item.data["kind"] == "rating" and _values_for(item, place, count) is not None:
            return count
        if item.data["kind"] == "checklist" and _lines_for(item, place, quorum, count) is not None:
            return count
    return int(rules["max"])


def _values_for(item: Item, place: int, count: int) -> list[str] | None:
    """So many ratings whose mean is the outcome, or None where there are none."""
    layers, steps, unit = _value_sums(item, count)
    num, den = item.table.points[place]
    total, rest = divmod(num * count * unit, den)
    if rest or total not in layers[count]:
        return None
    values = []
    for layer in layers[:0:-1]:
        step = layer[total]
        values.append(item.data["values"][step]["id"])
        total -= steps[step]
    return values


@lru_cache(maxsize=64)
def _value_sums(item: Item, count: int) -> tuple[list[dict[int, int]], list[int], int]:
    """For 0, 1, ... *count* ratings every sum of points, with the value that was added last; the points, in units; the unit."""
    points = [rational(value["points"]) for value in item.data["values"]]
    unit = lcm(*(den for _, den in points))
    steps = [num * (unit // den) for num, den in points]
    layers: list[dict[int, int]] = [{0: 0}]
    for _ in range(count):
        layers.append({total + step: place for total in layers[-1] for place, step in enumerate(steps)})
    return layers, steps, unit


def _lines_for(item: Item, place: int, quorum: int, most: int) -> dict[str, tuple[int, int]] | None:
    """For each line (j, k), seen by j of k, so that the lines sum to the outcome; None where no such choice is there."""
    layers, unit = _line_sums(item, quorum, most)
    num, den = item.table.points[place]
    total, rest = divmod(num * unit, den)
    if rest or total not in layers[-1]:
        return None
    ticks = {}
    for line, layer in zip(item.data["lines"][::-1], layers[:0:-1], strict=True):
        ticks[line["id"]], total = layer[total]
    return ticks


@lru_cache(maxsize=64)
def _line_sums(item: Item, quorum: int, most: int) -> tuple[list[dict[int, tuple[tuple[int, int], int]]], int]:
    """After 0, 1, ... lines every sum, with what the last line was seen by and the sum before it; the unit of the sums."""
    points = [rational(line["points"]) for line in item.data["lines"]]
    counts = range(quorum, most + 1) if item.data["raters"]["combine"] == "mean" else (1,)
    parts = [(j, k) for k in counts for j in range(k + 1)]
    unit = lcm(*(den for _, den in points)) * lcm(*counts)
    layers: list[dict[int, tuple[tuple[int, int], int]]] = [{0: ((0, 1), 0)}]
    for num, den in points:
        layer: dict[int, tuple[tuple[int, int], int]] = {}
        for total in layers[-1]:
            for j, k in parts:
                layer.setdefault(total + num * j * (unit // (den * k)), ((j, k), total))
        layers.append(layer)
    return layers, unit
