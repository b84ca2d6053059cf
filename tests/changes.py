"""Random changes of a pack, one field at a time: what proofs about two versions are tried on. A change need not leave a valid pack."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from strategies_packs import ACTIONS, FULL, IDS, POINTS

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

__all__ = ["CHANGES", "changed"]

FLAGS = [None, None, "refer", "note", "fatal", "knock_out"]


def sections_of(pack: dict[str, Any]) -> list[dict[str, Any]]:
    return [section for stage in pack["stages"] for section in stage["sections"]]


def items_of(pack: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for section in sections_of(pack) for item in section["items"]]


def parts_of(item: dict[str, Any]) -> list[dict[str, Any]]:
    """Its options, keys, values or lines."""
    return next((item[name] for name in ("options", "keys", "values", "lines") if name in item), [])


def some_part(pack: dict[str, Any], lot: random.Random) -> dict[str, Any] | None:
    parts = [part for item in items_of(pack) for part in parts_of(item)]
    return lot.choice(parts) if parts else None


def points(pack: dict[str, Any], lot: random.Random) -> None:
    part = some_part(pack, lot)
    if part and "points" in part:
        part["points"] = str(lot.choice(POINTS))


def full_mark(pack: dict[str, Any], lot: random.Random) -> None:
    item = lot.choice(items_of(pack))
    if "points" in item:
        item["points"] = str(lot.choice(FULL))


def flag(pack: dict[str, Any], lot: random.Random) -> None:
    part = some_part(pack, lot)
    if part and "flag" in part:
        part["flag"] = lot.choice(FLAGS)


def right(pack: dict[str, Any], lot: random.Random) -> None:
    part = some_part(pack, lot)
    if part and "right" in part:
        part["right"] = not part["right"]


def cut(pack: dict[str, Any], lot: random.Random) -> None:
    bands = [verdict for verdict in pack["verdicts"] if verdict["from"] not in (None, "0")]
    if bands:
        lot.choice(bands)["from"] = lot.choice(["1/2", "2/3", "3/5", "4/5", "1/10", "3/7"])


def cap(pack: dict[str, Any], lot: random.Random) -> None:
    verdict = lot.choice(pack["verdicts"])["id"]
    gates = [gate for stage in pack["stages"] for gate in stage["gate"]]
    target = lot.choice([pack["caps"], *pack["overrides"], *gates])
    target["cap" if "cap" in target else lot.choice(["fatal", "knock_out"])] = verdict


def less(pack: dict[str, Any], lot: random.Random) -> None:
    """An override, a gate, an option, a key, a line or an item fewer; a section keeps one item, for the next change to have something to change."""
    lists = [pack["overrides"], *(stage["gate"] for stage in pack["stages"])]
    lists += [parts_of(item) for item in items_of(pack)]
    lists += [section["items"] for section in sections_of(pack) if len(section["items"]) > 1]
    some = lot.choice([entries for entries in lists if entries] or [[None]])
    some.pop(lot.randrange(len(some)))


def more(pack: dict[str, Any], lot: random.Random) -> None:
    """An option, a key, a value or a line more, or an item."""
    item = lot.choice(items_of(pack))
    parts = parts_of(item)
    if parts and lot.random() < 0.7:
        parts.insert(lot.randrange(len(parts) + 1), {**copy.deepcopy(lot.choice(parts)), "id": lot.choice(IDS)})
    else:
        lot.choice(sections_of(pack))["items"].append({**copy.deepcopy(item), "id": "added"})


def order(pack: dict[str, Any], lot: random.Random) -> None:
    lists = [parts_of(item) for item in items_of(pack)] + [section["items"] for section in sections_of(pack)]
    lot.shuffle(lot.choice(lists))


def name(pack: dict[str, Any], lot: random.Random) -> None:
    part = some_part(pack, lot)
    if part:
        part["id"] = lot.choice(IDS)


def key(pack: dict[str, Any], lot: random.Random) -> None:
    keys = [part for item in items_of(pack) for part in parts_of(item) if "low" in part or "texts" in part]
    if keys:
        one = lot.choice(keys)
        if "low" in one:
            value = Fraction(lot.choice(["70", "141", "-3", "0", "1/8", "2"]))
            one["low"], one["high"] = str(value), str(value + lot.choice([0, 0, 1, 100]))
        else:
            one["match"] = lot.choice(["is", "contains_any", "contains_all", "like"])


def reading(pack: dict[str, Any], lot: random.Random) -> None:
    item = lot.choice(items_of(pack))
    for name_, values in {
        "read": ["sole", "stated", "contains"],
        "steps": [[], ["trim"], ["casefold"]],
        "mode": ["exact", "net", "coverage", "each"],
        "awaits": [[], ["absent", "blank"], ["absent", "blank", "invalid"]],
        "floor": [None, "0", "-1/2"],
    }.items():
        if name_ in item and lot.random() < 0.5:
            item[name_] = lot.choice(values)


def raters(pack: dict[str, Any], lot: random.Random) -> None:
    rated = [item for item in items_of(pack) if "raters" in item]
    if rated:
        rules = lot.choice(rated)["raters"]
        if lot.random() < 0.5:
            rules["max"] = min(rules["max"] + 1, 5)
        else:
            rules["combine"] = lot.choice(["median", "mean", "lowest", "consensus"])


def share(pack: dict[str, Any], lot: random.Random) -> None:
    for profile in pack["profiles"]:
        for stage in pack["stages"]:
            names = [section["id"] for section in stage["sections"]]
            weights = [lot.randrange(3) if profile["shares"][one] != "0" else 0 for one in names]
            for one, weight in zip(names, weights, strict=True):
                profile["shares"][one] = str(Fraction(weight, sum(weights) or 1))


def section_floor(pack: dict[str, Any], lot: random.Random) -> None:
    lot.choice(sections_of(pack))["floor"] = lot.choice(["0", "-1", "1/2", "-1/3"])


def verdict(pack: dict[str, Any], lot: random.Random) -> None:
    """A verdict more, or another action."""
    if lot.random() < 0.5:
        pack["verdicts"].append({"about": {}, "action": "decline", "from": None, "id": "added"})
    else:
        lot.choice(pack["verdicts"])["action"] = lot.choice(ACTIONS)


def move(pack: dict[str, Any], lot: random.Random) -> None:
    """An item into another section, perhaps of another stage."""
    filled = [section for section in sections_of(pack) if section["items"]]
    source = lot.choice([section for section in filled if len(section["items"]) > 1] or filled)
    lot.choice(sections_of(pack))["items"].append(source["items"].pop())


CHANGES: list[Callable[[dict[str, Any], random.Random], None]] = [
    points, points, full_mark, flag, flag, right, cut, cap, less, more, more, order, name, key, key, reading, raters, share, section_floor, verdict, move,
]  # fmt: skip


def changed(pack: dict[str, Any], lot: random.Random) -> dict[str, Any]:
    """The pack with one to three changes."""
    new = copy.deepcopy(pack)
    for _ in range(lot.choice([1, 1, 2, 3])):
        lot.choice(CHANGES)(new, lot)
    return new
