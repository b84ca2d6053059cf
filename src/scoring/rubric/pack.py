"""
From the model to a pack: every default written out, every number in lowest terms.

Owns what goes into which key of a pack (FORMAT.md 5), and what of the rubric is only for people and lies under `about`. Relies on a rubric in which the
checks found nothing wrong.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

from scoring.rubric import model
from scoring.rubric.outcomes import Outcomes
from scoring.rubric.part import Part, keys_of, spot
from scoring.rubric.tree import Scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from scoring.rubric.model import AnyItem, Condition, Item, Rubric, Section

    Packed = dict[str, Any]

__all__ = ["ALWAYS", "always_awaits", "build", "interval", "item_of", "key_id", "profiles_of", "text_match"]

ALWAYS = ["absent", "blank", "invalid"]
_STEPS = ("trim", "collapse", "casefold")
_MATCHES = ("is", "contains_any", "contains_all", "like")
_PROSE = ("title", "ask", "why", "text", "origin", "assumption", "audit_note", "job_related", "round", "limit", "note")


def build(rubric: Rubric) -> Packed:
    """
    Build the pack of a rubric that is free of errors.

    Returns:
        The pack as JSON values; `canonical.dumps` of it are the pack's bytes.

    Source: FORMAT.md 5.
    """
    sections = [_section(section, rubric) for section in rubric.sections]
    items = {item["id"]: item for section in sections for item in section["items"]}
    profiles = profiles_of(rubric)
    return {
        "about": _about_rubric(rubric),
        "caps": _caps(rubric),
        "default_profile": rubric.weights.default if rubric.weights else "default",
        "format": 1,
        "notice": rubric.notice,
        "overrides": [
            {
                "about": _about(override),
                "cap": override.cap,
                "id": override.id,
                "when": _condition(override.when, lambda name: Outcomes(items[name])),
            }
            for override in rubric.overrides
        ],
        "profiles": [
            {
                "about": {"assumption": assumption} if assumption else {},
                "assumed": assumption is not None,
                "id": name,
                "shares": {section: str(share) for section, share in shares.items()},
            }
            for name, (shares, assumption) in profiles.items()
        ],
        "rubric": rubric.rubric,
        "stages": [{"about": {}, "id": "main", "sections": sections}],
        "verdicts": [
            {
                "about": _about(verdict),
                "action": verdict.action,
                "from": None if verdict.from_ is None else str(verdict.from_),
                "id": verdict.id,
            }
            for verdict in rubric.verdicts
        ],
        "version": rubric.version,
    }


def profiles_of(rubric: Rubric) -> dict[str, tuple[dict[str, Fraction], str | None]]:
    """Each profile's shares by section, and what it assumes. Without a `weights` table there is one, called ``default``."""
    if rubric.weights is None:
        count = len(rubric.sections)
        equal = {str(s.id): Fraction(1, count) if s.weight is None else Fraction(s.weight) for s in rubric.sections}
        return {"default": (equal, None)}
    profiles: dict[str, tuple[dict[str, Fraction], str | None]] = {}
    for name, profile in rubric.weights.profiles.items():
        shares = cast("dict[str, Fraction]", profile.shares)
        order = [section.id for section in rubric.sections if section.id in shares]
        profiles[name] = ({section: shares[section] for section in order}, profile.assumption)
    return profiles


def _caps(rubric: Rubric) -> Packed:
    """The caps that flags put: as written, else by position."""
    ids = [verdict.id for verdict in rubric.verdicts]
    lowest = max(place for place, verdict in enumerate(rubric.verdicts) if verdict.from_ is not None)
    below = ids[lowest + 1] if lowest + 1 < len(ids) else ids[lowest]
    caps = rubric.caps
    return {
        "fatal": caps.fatal if caps and caps.fatal else ids[lowest],
        "knock_out": caps.knock_out if caps and caps.knock_out else below,
    }


def _section(section: Section, rubric: Rubric) -> Packed:
    return {
        "about": _about(section),
        "floor": str(section.floor),
        "id": section.id,
        "items": [item_of(item, section, rubric) for item in section.items],
    }


def item_of(item: AnyItem, section: Section, rubric: Rubric) -> Packed:
    """Build one item of a pack."""
    missing = item.missing or section.missing or rubric.missing
    awaits = ALWAYS if always_awaits(item) else ALWAYS[:2] if missing == "await" else []
    common = {
        "about": _about(item),
        "awaits": [*awaits],
        "floor": None if item.floor is None else str(item.floor),
        "id": item.id,
        "kind": item.kind,
    }
    return common | _KINDS[type(item)](item)


def always_awaits(item: Item) -> bool:
    """Whether nothing but a real answer will do: for a mark, and where an option knocks out."""
    if isinstance(item, (model.ChoiceItem, model.SelectionItem)):
        return any(option.flag == "knock_out" for option in item.options.values())
    return isinstance(item, model.MarkItem)


def _choice(item: model.ChoiceItem) -> Packed:
    options = [
        {"about": _about(option), "flag": option.flag, "id": name, "points": str(option.points)}
        for name, option in item.options.items()
    ]
    return {"options": options}


def _selection(item: model.SelectionItem) -> Packed:
    options = [
        {"about": _about(option), "flag": option.flag, "id": name, "right": option.right}
        for name, option in item.options.items()
    ]
    return {"mode": item.mode, "options": options, "points": str(item.points)}


def _number(item: model.NumberItem) -> Packed:
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
            packed["about"] |= _about(key)
    return {
        "keys": keys,
        "points": str(item.points),
        "read": item.read,
        "separators": [*item.separators],
        "units": [*item.units],
    }


def _number_key(name: str, low: Fraction, high: Fraction, points: Fraction, written: str) -> Packed:
    about = {"written": written}
    return {"about": about, "flag": None, "high": str(high), "id": name, "low": str(low), "points": str(points)}


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


def _text(item: model.TextItem) -> Packed:
    keys = []
    for place, key in enumerate(item.keys):
        match, texts = text_match(key)
        points = item.points if key.points is None else key.points
        about = _about(key)
        keys.append(
            {
                "about": about,
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


def _mark(item: model.MarkItem) -> Packed:
    return {"max": str(item.max), "points": str(item.points), "step": str(item.step)}


_KINDS: dict[type[Item], Callable[[Any], Packed]] = {
    model.ChoiceItem: _choice,
    model.SelectionItem: _selection,
    model.NumberItem: _number,
    model.TextItem: _text,
    model.MarkItem: _mark,
}


def _condition(when: Condition, outcomes_of: Callable[[str], Outcomes]) -> Packed:
    """Recursion is bounded by the reader's depth."""
    match when:
        case model.FlagCondition():
            return {"at_least": when.at_least, "flag": when.flag}
        case model.SectionCondition():
            return {"below": str(when.below), "section": when.section}
        case model.OutcomeCondition():
            return {"is": outcomes_of(when.item).completed(when.is_), "item": when.item}
        case model.AllCondition():
            return {"all": [_condition(inner, outcomes_of) for inner in when.all_]}
        case model.AnyCondition():
            return {"any": [_condition(inner, outcomes_of) for inner in when.any_]}


def _about_rubric(rubric: Rubric) -> Packed:
    about = _about(rubric)
    if rubric.replaces:
        about["replaces"] = rubric.replaces.version
        about["replaces_why"] = rubric.replaces.reason
        if rubric.replaces.may_move:
            about["may_move"] = [*rubric.replaces.may_move]
    return about


def _about(part: Part) -> Packed:
    """What is only for people: its texts, and the warnings that were accepted."""
    about = {name: text for name in _PROSE if (text := getattr(part, name, None))}
    accepted = getattr(part, "accept", None)
    if accepted:
        about["accepted"] = [f"{code}: {reason}" for code, reason in accepted.items()]
    return about
