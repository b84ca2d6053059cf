"""
From an item of the model to an item of a pack.

Owns what goes into which key of an item (FORMAT.md 5), for each kind. Relies on an item in which the checks found nothing wrong.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from scoring.rubric import model
from scoring.rubric.leaves import Id
from scoring.rubric.part import Part, keys_of, spot
from scoring.rubric.tree import Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scoring.rubric.model import AnyStage, Item, Raters, Rubric, Section

    Packed = dict[str, Any]

__all__ = ["ALWAYS", "Placed", "about", "always_awaits", "interval", "item_of", "key_id", "seats", "text_match"]

T = TypeVar("T")

ALWAYS = ["absent", "blank", "invalid"]
_STEPS = ("trim", "collapse", "casefold")
_MATCHES = ("is", "contains_any", "contains_all", "like")
_PROSE = (
    "title", "ask", "what_", "why", "text", "origin", "assumption", "audit_note", "job_related", "round", "limit", "note", "void", "requirement", "format",
    "discipline", "justification",
)  # fmt: skip
_LISTS = ("prepare", "persona", "guidance", "panel", "rounds")


class Placed(NamedTuple):
    """An item and what it stands in, the nearest first."""

    item: Item
    section: Section
    stage: AnyStage
    rubric: Rubric

    def nearest(self, key: str, kind: type[T]) -> T | None:
        """What the item says under a key, else what the nearest thing around it says."""
        found = (getattr(part, key, None) for part in self)
        return next((value for value in found if isinstance(value, kind)), None)


def item_of(placed: Placed) -> Packed:
    """Build one item of a pack."""
    item = placed.item
    missing = placed.nearest("missing", str)
    awaits = ALWAYS if always_awaits(item) else ALWAYS[:2] if missing == "await" else []
    common: Packed = {
        "about": about(item),
        "awaits": [*awaits],
        "floor": None if item.floor is None else str(item.floor),
        "id": item.id,
        "kind": getattr(item, "kind", ""),
        "only": item.only,
        "void": item.void is not None,
    }
    if item.audience:
        titles = {str(role): str(title) for role, title in placed.rubric.roles.items()}
        common["about"]["audience"] = [titles.get(role, role) for role in item.audience]
    if isinstance(item, model.RatingItem) and (why := placed.rubric.scales[Id(item.scale)].why):
        common["about"]["scale_why"] = why
    if isinstance(item, model.RatedItem):
        common |= {"raters": _raters(placed), "records": _records(item)}
    return common | _KINDS[type(item)](placed)


def always_awaits(item: Item) -> bool:
    """Whether nothing but a real answer will do: for what others give, and where an option knocks out."""
    if isinstance(item, (model.ChoiceItem, model.SelectionItem)):
        return any(option.flag == "knock_out" for option in item.options.values())
    return isinstance(item, (model.MarkItem, model.RatedItem))


def _raters(placed: Placed) -> Packed:
    raters = placed.nearest("raters", model.Raters)
    if raters is None:
        raise ValueError("the checks let an item pass that nobody rates")
    return {"combine": raters.combine, "max": seats(raters), "needs": {**raters.needs}}


def seats(raters: Raters) -> int:
    """How many people may rate."""
    return raters.max or sum(raters.needs.values())


def _records(item: model.RatedItem) -> Packed:
    watched = item.indicators
    lists = {
        "positive": watched.positive if watched else {},
        "negative": watched.negative if watched else {},
        **{name: getattr(item, name) for name in model.RECORDS},
    }
    return {name: _texts(entries) for name, entries in lists.items()}


def _texts(entries: Mapping[Any, Any]) -> list[Packed]:
    return [{"about": {"text": text}, "id": name} for name, text in entries.items()]


def _choice(placed: Placed) -> Packed:
    item = _as(model.ChoiceItem, placed)
    options = [
        {"about": about(option), "flag": option.flag, "id": name, "points": str(option.points)}
        for name, option in item.options.items()
    ]
    return {"options": options}


def _selection(placed: Placed) -> Packed:
    item = _as(model.SelectionItem, placed)
    options = [
        {"about": about(option), "flag": option.flag, "id": name, "right": option.right}
        for name, option in item.options.items()
    ]
    return {"mode": item.mode, "options": options, "points": str(item.points)}


def _number(placed: Placed) -> Packed:
    item = _as(model.NumberItem, placed)
    if item.key is not None:
        keys = [_number_key("key-1", item.key, item.key, item.points, _typed(item, "key"))]
    else:
        keys = [
            _number_key(
                key_id(key, place), *interval(key), item.points if key.points is None else key.points, _written(key)
            )
            | {"flag": key.flag}
            for place, key in enumerate(item.keys)
        ]
        for packed, key in zip(keys, item.keys, strict=True):
            packed["about"] |= about(key)
    return {
        "keys": keys,
        "points": str(item.points),
        "read": item.read,
        "separators": [*item.separators],
        "units": [*item.units],
    }


def _number_key(name: str, low: Fraction, high: Fraction, points: Fraction, written: str) -> Packed:
    return {
        "about": {"written": written},
        "flag": None,
        "high": str(high),
        "id": name,
        "low": str(low),
        "points": str(points),
    }


def key_id(key: model.NumberKey | model.TextKey, place: int) -> str:
    """A key's own id, or the one that it has by position."""
    return key.id or f"key-{place + 1}"


def interval(key: model.NumberKey) -> tuple[Fraction, Fraction]:
    """The lowest and the highest number that a key matches."""
    if key.range_ is not None:
        return key.range_
    value = key.is_ or Fraction(0)
    off = abs(value) * key.relative if key.relative is not None else key.absolute or Fraction(0)
    return value - off, value + off


def _written(key: model.NumberKey) -> str:
    """A key as its author wrote it, which the interval no longer shows."""
    if key.range_ is not None:
        return f"{_typed(key, 'range', 0)} to {_typed(key, 'range', 1)}"
    value = _typed(key, "is")
    if key.relative is not None or key.absolute is not None:
        return f"{value} ± {_typed(key, 'absolute' if key.relative is None else 'relative')}"
    return value


def _typed(part: Part, *path: str | int) -> str:
    node = spot(part, *path)
    return node.text if isinstance(node, Scalar) else ""


def _text(placed: Placed) -> Packed:
    item = _as(model.TextItem, placed)
    keys = []
    for place, key in enumerate(item.keys):
        match, texts = text_match(key)
        points = item.points if key.points is None else key.points
        keys.append(
            {
                "about": about(key),
                "flag": key.flag,
                "id": key_id(key, place),
                "match": match,
                "points": str(points),
                "texts": texts,
            }
        )
    return {"keys": keys, "points": str(item.points), "steps": [step for step in _STEPS if step in item.steps]}


def text_match(key: model.TextKey) -> tuple[str, list[str]]:
    """How a text key compares, and with what."""
    given = {match: getattr(key, keys_of(model.TextKey)[match].name) for match in _MATCHES}
    return next(((match, [*texts]) for match, texts in given.items() if texts), ("is", []))


def _mark(placed: Placed) -> Packed:
    item = _as(model.MarkItem, placed)
    return {"max": str(item.max), "points": str(item.points), "step": str(item.step)}


def _rating(placed: Placed) -> Packed:
    item = _as(model.RatingItem, placed)
    scale = placed.rubric.scales[Id(item.scale)]
    full = item.points
    by_level = (
        {name: str(getattr(full, name)) for name in ("above", "at", "below")}
        if isinstance(full, model.LevelPoints)
        else None
    )
    highest = max((value.number or Fraction(0) for value in scale.values.values()), default=Fraction(0))
    values = []
    for name, value in scale.values.items():
        scored = not isinstance(full, model.LevelPoints) and value.number and highest
        points = full * value.number / highest if scored else Fraction(0)  # type: ignore[operator]
        anchor = item.anchors.get(name, value.text)
        values.append({"about": {"text": anchor} if anchor else {}, "id": name, "points": str(points)})
    return {"competency": item.competency, "level_points": by_level, "values": values}


def _checklist(placed: Placed) -> Packed:
    lines = _as(model.ChecklistItem, placed).lines.items()
    return {"lines": [{"about": about(line), "id": name, "points": str(line.points)} for name, line in lines]}


def _as(kind: type[T], placed: Placed) -> T:
    if not isinstance(placed.item, kind):
        raise TypeError("an item of another kind")
    return placed.item


_KINDS: dict[type[Item], Callable[[Placed], Packed]] = {
    model.ChoiceItem: _choice,
    model.SelectionItem: _selection,
    model.NumberItem: _number,
    model.TextItem: _text,
    model.MarkItem: _mark,
    model.RatingItem: _rating,
    model.ChecklistItem: _checklist,
    model.EvidenceItem: lambda _: {},
}


def about(part: Part) -> Packed:
    """What is only for people: its texts, and the warnings that were accepted."""
    said: Packed = {name.rstrip("_"): text for name in _PROSE if (text := getattr(part, name, None))}
    said |= {name: [*texts] for name in _LISTS if (texts := getattr(part, name, None))}
    accepted = getattr(part, "accept", None)
    if accepted:
        said["accepted"] = [f"{code}: {reason}" for code, reason in accepted.items()]
    return said
