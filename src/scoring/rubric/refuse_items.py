"""
What is refused in an item: keys, tolerances, options, marks, what it awaits, and how much all items come to.

Owns one function for each rule; `CHECKS` says which kind it is for. What items can earn together is looked at afterwards.
"""

from __future__ import annotations

from scoring.engine.exact import MAX_DIGITS
from scoring.engine.ratings import MAX_RATED_CODES, count_outcomes
from scoring.engine.reading import prepare_number
from scoring.engine.table import MAX_CODES, OWN
from scoring.rubric import model
from scoring.rubric.exact import show_number
from scoring.rubric.pack_items import Placed, always_awaits, interval, item_of
from scoring.rubric.part import spot
from scoring.rubric.refuse_people import common, rated
from scoring.rubric.refuse_stages import MAX_ITEMS
from scoring.rubric.study import Study, id_spot
from scoring.rubric.tree import Enough

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from scoring.rubric.model import Item

__all__ = ["CHECKS", "MAX_ITEMS", "MAX_OUTCOMES", "check_items"]

MAX_OUTCOMES = (
    2**20
)  # of all items together: four of the largest marks, or a hundred of 10,000 steps; laid out they take about 100 MB


def check_items(study: Study) -> None:
    """
    Look at every item by itself, and at how many outcomes there are.

    Raises:
        Enough: There are too many to lay out, so that nothing can be said about them.
    """
    for placed in study.items:
        for check in CHECKS.get(type(placed.item), ()):
            check(study, placed.item)
        common(study, placed)
        if isinstance(placed.item, model.RatedItem):
            rated(study, placed)
    if len(study.items) > MAX_ITEMS:
        where = id_spot(study.items[MAX_ITEMS].item)
        study.report(where, "too-many", f"there are {len(study.items):,} items; at most {MAX_ITEMS:,} are possible")
        raise Enough
    total = 0
    for placed in study.items:
        item = placed.item
        count = _outcome_count(placed) if study.sound(item.node) and study.is_whole(placed) else 0
        if isinstance(item, model.RatedItem) and count > MAX_RATED_CODES - OWN:
            found = f"what several people say comes to {count:,} outcomes or more; at most {MAX_RATED_CODES - OWN:,} are possible"
            how = "let fewer people rate, use rounder points, or take another `combine`"
            study.report(id_spot(item), "too-many", f"{found}: {how}")
            raise Enough
        total += count
        if total > MAX_OUTCOMES:
            message = f"up to this item there are {total:,} outcomes; at most {MAX_OUTCOMES:,} are possible: take larger steps"
            study.report(id_spot(item), "too-many", message)
            raise Enough


def _outcome_count(placed: Placed) -> int:
    item = placed.item
    if isinstance(item, model.RatedItem):
        return count_outcomes(item_of(placed))
    if isinstance(item, model.MarkItem):
        return int(item.max / item.step) + 1
    return 1 << len(item.options) if isinstance(item, model.SelectionItem) else 1


def awaited(study: Study, item: Item) -> None:
    """A mark, and an item with a knock-out option, awaits a real answer: nothing there cannot be a zero."""
    if item.missing == "zero" and always_awaits(item):
        why = (
            "it waits for those who rate it"
            if isinstance(item, model.RatedItem)
            else "a mark waits for its examiner"
            if isinstance(item, model.MarkItem)
            else "no answer cannot stand in for a knock-out answer"
        )
        study.report(
            spot(item, "missing"), "missing-zero", f"`missing: zero` is not possible here, because {why}: delete it"
        )


def some_right(study: Study, item: model.SelectionItem) -> None:
    """At least one option of a selection is right."""
    where = spot(item, "options")
    if item.options and study.sound(where) and not any(option.right for option in item.options.values()):
        study.report(where.key or where, "no-right-option", "no option is right: at least one says `right: true`")


def number_keys(study: Study, item: model.NumberItem) -> None:
    """A number item has `key` or `keys`; each key an `is` with at most one tolerance, or a `range` that is not reversed."""
    if item.key is not None and item.keys:
        study.report(
            spot(item, "key"), "key-form", "either `key` or `keys`, not both: put this number among the `keys`"
        )
    elif item.key is None and spot(item, "keys") is item.node and study.sound(item.node):
        study.report(
            item.node,
            "missing-key",
            'a number needs the key "key": the number that is right (or "keys", where several count)',
        )
    for key in item.keys:
        if study.sound(key.node):
            _number_key(study, key)


def _number_key(study: Study, key: model.NumberKey) -> None:
    if key.is_ is None and key.range_ is None:
        study.report(key.node, "key-form", "a key of a number needs `is: NUMBER` or `range: [LOWEST, HIGHEST]`")
    elif key.is_ is not None and key.range_ is not None:
        study.report(spot(key, "range"), "key-form", "either `is` or `range`, not both")
    elif key.absolute is not None and key.relative is not None:
        study.report(spot(key, "relative"), "key-form", "either `absolute` or `relative`, not both")
    elif key.range_ is not None and (key.absolute is not None or key.relative is not None):
        name = "absolute" if key.absolute is not None else "relative"
        study.report(spot(key, name), "key-form", f"a `range` has no tolerance: delete `{name}`")
    elif key.range_ is not None and key.range_[0] > key.range_[1]:
        low, high = map(show_number, key.range_)
        study.report(spot(key, "range"), "range-reversed", f"the range is reversed; did you mean [{high}, {low}]?")
    elif any(max(abs(edge.numerator), edge.denominator) >= 10**MAX_DIGITS for edge in interval(key)):
        study.report(
            key.node, "number", f"with its tolerance this key has more than {MAX_DIGITS} digits: use rounder numbers"
        )


def text_keys(study: Study, item: model.TextItem) -> None:
    """Each key of a text says in exactly one way what it matches."""
    for key in item.keys:
        given = [name for name in ("is", "contains_any", "contains_all", "like") if spot(key, name) is not key.node]
        if not study.sound(key.node):
            continue
        if len(given) != 1:
            where = spot(key, given[1]) if given else key.node
            found = f"; found {' and '.join(given)}" if given else ""
            study.report(
                where, "key-form", f"a key of a text needs one of `is`, `contains_any`, `contains_all`, `like`{found}"
            )


def key_points(study: Study, item: model.NumberItem | model.TextItem) -> None:
    """A key earns at most the item's points."""
    for key in item.keys:
        where = spot(key, "points")
        if key.points is not None and key.points > item.points and study.sound(where, spot(item, "points")):
            message = f"{show_number(key.points)} is more than the {show_number(item.points)} that the item can earn: raise the item's `points`, or lower this"
            study.report(where, "key-points", message)


def units(study: Study, item: model.NumberItem) -> None:
    """A unit begins with something that cannot be part of the number before it."""
    for place, unit in enumerate(item.units):
        where = spot(item, "units", place)
        read = prepare_number(unit)
        if study.sound(where) and (not read or read[0].isspace() or read[0] in "0123456789.,-"):
            study.report(
                where, "unit-form", f'the unit "{unit}" begins with a digit, a space, a sign, a point or a comma'
            )


def mark_steps(study: Study, item: model.MarkItem) -> None:
    """The highest mark is a whole number of steps, and there are not too many of them."""
    where = spot(item, "step")
    if not study.sound(where, spot(item, "max")):
        return
    where = spot(item, "max") if where is item.node else where
    steps = item.max / item.step
    if steps.denominator != 1:
        study.report(
            where, "mark-steps", f"{show_number(item.max)} is not a whole number of steps of {show_number(item.step)}"
        )
    elif steps + 1 + OWN > MAX_CODES:
        found = (
            f"from 0 to {show_number(item.max)} in steps of {show_number(item.step)} there are {int(steps) + 1:,} marks"
        )
        study.report(where, "mark-steps", f"{found}; at most {MAX_CODES - OWN:,} are possible: take a larger step")


CHECKS: dict[type[Item], tuple[Callable[[Study, Any], None], ...]] = {
    model.ChoiceItem: (awaited,),
    model.SelectionItem: (awaited, some_right),
    model.NumberItem: (number_keys, key_points, units),
    model.TextItem: (text_keys, key_points),
    model.MarkItem: (awaited, mark_steps),
    model.RatingItem: (awaited,),
    model.ChecklistItem: (awaited,),
}
