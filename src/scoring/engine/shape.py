"""
The shape of a pack: which keys every object has and what kind of value stands under each.

Owns the table of `audit/FORMAT.md`, section 5, as data: each row below is a row there. What holds between values (ids that name something, shares
that sum to 1) is `plan`'s. Must not know what scoring does with a pack.
"""

from __future__ import annotations

from scoring.engine.classify import MODES
from scoring.engine.exact import rational
from scoring.engine.ids import MAX_ID, is_id, is_place
from scoring.engine.ratings import COMBINES, RECORDS
from scoring.engine.reading import SEPARATORS
from scoring.engine.table import COMMON, FLAGS, MAX_CODES
from scoring.errors import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any, TypeAlias

    from scoring.engine.exact import Rational

    Report: TypeAlias = Callable[[str, str], None]  # (path, message)
    Check: TypeAlias = Callable[[Any, str, Report], None]

__all__ = ["ACTIONS", "AWAITS", "MAX_ID", "RESERVED", "check_shape", "is_id", "named"]

ACTIONS = ("advance", "review", "decline")
AWAITS: tuple[list[str], ...] = ([], ["absent", "blank"], ["absent", "blank", "invalid"])
RESERVED = frozenset({*COMMON, "several", "several_flagged", "wrong", "unclear", "no_digits", "awaited", "given"})


def check_shape(pack: object) -> list[Problem]:
    """Every way in which *pack* departs from the table, each with the path of ids that leads there."""
    problems: list[Problem] = []

    def report(path: str, message: str) -> None:
        problems.append(Problem("pack", message, path=path))

    _PACK(pack, "", report)
    return problems


def named(path: str, value: Any, index: int) -> str:
    """Return the path of one member of a list: by its id where it has one."""
    own = value.get("id") if type(value) is dict else None
    shown = own if is_place(own) else index
    return f"{path}/{shown}" if path else str(shown)


def _object(fields: dict[str, Check]) -> Check:
    def check(value: Any, path: str, report: Report) -> None:
        if type(value) is not dict:
            report(path, "expected an object")
            return
        for key in sorted(fields.keys() - value.keys()):
            report(path, f'the key "{key}" is missing')
        for key in sorted(value.keys() - fields.keys()):
            report(path, f'unknown key "{key[:MAX_ID]}"')
        for key, inner in fields.items():
            if key in value:
                inner(value[key], f"{path}/{key}" if path else key, report)

    return check


def _list(inner: Check, least: int, most: int) -> Check:
    def check(value: Any, path: str, report: Report) -> None:
        if type(value) is not list or not least <= len(value) <= most:
            report(path, f"expected a list of {least} to {most}")
            return
        for index, member in enumerate(value):
            inner(member, named(path, member, index), report)

    return check


def _id(value: Any, path: str, report: Report) -> None:
    if not is_id(value):
        report(path, f"expected an id: 1 to {MAX_ID} of the letters A-Z a-z, digits, . _ -")


def _place(value: Any, path: str, report: Report) -> None:
    if not is_place(value):
        report(path, "expected an id, or two with a / between them")


def _own_id(value: Any, path: str, report: Report) -> None:
    _id(value, path, report)
    if value in RESERVED if type(value) is str else False:
        report(path, f'the id "{value}" is reserved for an outcome that every item or key has')


def _text(least: int, most: int) -> Check:
    def check(value: Any, path: str, report: Report) -> None:
        if type(value) is not str or not least <= len(value) <= most:
            report(path, f"expected text of {least} to {most} characters")

    return check


def _boolean(value: Any, path: str, report: Report) -> None:
    if type(value) is not bool:
        report(path, "expected true or false")


def _integer(least: int, most: int) -> Check:
    def check(value: Any, path: str, report: Report) -> None:
        if type(value) is not int or not least <= value <= most:
            report(path, f"expected an integer from {least} to {most}")

    return check


def _number(rule: str, holds: Callable[[Rational], bool]) -> Check:
    def check(value: Any, path: str, report: Report) -> None:
        try:
            number = rational(value) if type(value) is str else None
        except ValueError as error:
            report(path, str(error))
            return
        if number is None:
            report(path, "expected an exact number as text")
        elif not holds(number):
            report(path, f"expected {rule}")

    return check


def _one_of(words: Collection[Any]) -> Check:
    def check(value: Any, path: str, report: Report) -> None:
        if value not in words:
            report(path, "expected one of " + ", ".join(_shown(word) for word in words))

    return check


def _shown(word: object) -> str:
    return "null" if word is None else str(word)


def _or_null(inner: Check) -> Check:
    def check(value: Any, path: str, report: Report) -> None:
        if value is not None:
            inner(value, path, report)

    return check


def _map_of(inner: Check, least: int = 0, most: int = 1000) -> Check:
    def check(value: Any, path: str, report: Report) -> None:
        if type(value) is not dict or not least <= len(value) <= most:
            report(path, f"expected an object of {least} to {most} entries")
            return
        for key, member in value.items():
            inner(member, f"{path}/{key}", report)

    return check


def _about(value: Any, path: str, report: Report) -> None:
    texts = [*value.values()] if type(value) is dict else [None]
    flat = [text for member in texts for text in (member if type(member) is list else [member])]
    if any(type(text) is not str for text in flat):
        report(path, "expected an object that holds text and lists of text")


def _about_all(value: Any, path: str, report: Report) -> None:
    """What the pack as a whole has there; what its guarantees say matters to whoever proves them, never to scoring."""
    own = dict(value) if type(value) is dict else value
    guaranteed = own.pop("guarantees", []) if type(own) is dict else []
    _about(own, path, report)
    if type(guaranteed) is not list or len(guaranteed) > 100 or any(type(entry) is not dict for entry in guaranteed):
        report(f"{path}/guarantees", "expected a list of at most 100 objects")


def _item(value: Any, path: str, report: Report) -> None:
    kind = value.get("kind") if type(value) is dict else None
    if type(kind) is str and kind in _ITEMS:
        _ITEMS[kind](value, path, report)
    else:
        report(path, "expected an item of one of the kinds " + ", ".join(_ITEMS))


def _condition(value: Any, path: str, report: Report) -> None:
    """Checked with an explicit stack: how deep conditions nest is up to whoever wrote the pack."""
    waiting = [(value, path, 1)]
    met = 0
    while waiting:
        value, path, depth = waiting.pop()
        met += 1
        if depth > 8 or met > 50:
            report(path, "at most 50 conditions, nested at most 8 deep")
            return
        form = tuple(sorted(value)) if type(value) is dict else ()
        if form in _CONDITIONS:
            _CONDITIONS[form](value, path, report)
        elif form in {("all",), ("any",)} and type(value[form[0]]) is list and value[form[0]]:
            waiting += [(inner, f"{path}/{form[0]}/{n}", depth + 1) for n, inner in enumerate(value[form[0]])]
        else:
            report(
                path, "expected a condition: flag and at_least, section or stage and below, item and is, all, or any"
            )


_ANY = _number("a number", lambda _: True)
_POSITIVE = _number("a number above 0", lambda r: r[0] > 0)
_CUT = _number("a share above 0, at most 1", lambda r: 0 < r[0] <= r[1])
_SHARE = _number("a share from 0 to 1", lambda r: 0 <= r[0] <= r[1])

_ITEM: dict[str, Check] = {
    "about": _about,
    "awaits": _one_of(AWAITS),
    "floor": _or_null(_number("0 or less", lambda r: r[0] <= 0)),
    "id": _place,
    "kind": _text(1, MAX_ID),
    "only": _or_null(_id),
    "void": _boolean,
}
_NAMED = _object({"about": _about, "id": _id})
_RATED: dict[str, Check] = {
    **_ITEM,
    "raters": _object(
        {
            "combine": _one_of(COMBINES),
            "max": _integer(1, 20),
            "needs": _map_of(_integer(1, 20), 1, 20),
        }
    ),
    "records": _object({name: _list(_NAMED, 0, 50) for name in RECORDS}),
}
_OPTION: dict[str, Check] = {"about": _about, "flag": _one_of((*FLAGS, None)), "id": _own_id}
_KEY: dict[str, Check] = {"about": _about, "flag": _one_of(("refer", "note", None)), "id": _own_id, "points": _ANY}

_ITEMS: dict[str, Check] = {
    "choice": _object({**_ITEM, "options": _list(_object({**_OPTION, "points": _ANY}), 2, 100)}),
    "selection": _object(
        {
            **_ITEM,
            "mode": _one_of(tuple(MODES)),
            "options": _list(_object({**_OPTION, "right": _boolean}), 2, 11),
            "points": _POSITIVE,
        }
    ),
    "number": _object(
        {
            **_ITEM,
            "keys": _list(_object({**_KEY, "high": _ANY, "low": _ANY}), 1, 50),
            "points": _POSITIVE,
            "read": _one_of(("sole", "stated", "contains")),
            "separators": _list(_one_of(tuple(SEPARATORS)), 0, len(SEPARATORS)),
            "units": _list(_text(1, 24), 0, 20),
        }
    ),
    "text": _object(
        {
            **_ITEM,
            "keys": _list(
                _object(
                    {
                        **_KEY,
                        "match": _one_of(("is", "contains_any", "contains_all", "like")),
                        "texts": _list(_text(1, 500), 1, 50),
                    }
                ),
                1,
                50,
            ),
            "points": _POSITIVE,
            "steps": _list(_one_of(("trim", "collapse", "casefold")), 0, 3),
        }
    ),
    "mark": _object({**_ITEM, "max": _POSITIVE, "points": _POSITIVE, "step": _POSITIVE}),
    "rating": _object(
        {
            **_RATED,
            "competency": _or_null(_id),
            "level_points": _or_null(_object({"above": _ANY, "at": _ANY, "below": _ANY})),
            "values": _list(_object({"about": _about, "id": _own_id, "points": _ANY}), 2, 20),
        }
    ),
    "checklist": _object(
        {
            **_RATED,
            "lines": _list(
                _object({"about": _about, "id": _own_id, "points": _number("0 or more", lambda r: r[0] >= 0)}), 1, 50
            ),
        }
    ),
    "evidence": _object(_ITEM),
}
_CONDITIONS: dict[tuple[str, ...], Check] = {
    ("at_least", "flag"): _object({"at_least": _integer(1, 1000), "flag": _one_of(FLAGS)}),
    ("below", "section"): _object({"below": _CUT, "section": _place}),
    ("below", "stage"): _object({"below": _CUT, "stage": _id}),
    ("is", "item"): _object({"is": _list(_text(1, 600), 1, MAX_CODES), "item": _place}),
}
_SECTION = _object(
    {
        "about": _about,
        "declared": _or_null(_integer(1, 1000)),
        "floor": _number("a share of -1 or more and below 1", lambda r: -r[1] <= r[0] < r[1]),
        "id": _place,
        "items": _list(_item, 1, 1000),
    }
)
_OVERRIDE = _object({"about": _about, "cap": _id, "id": _place, "when": _condition})
_STAGE = _object({"about": _about, "gate": _list(_OVERRIDE, 0, 20), "id": _id, "sections": _list(_SECTION, 1, 50)})
_PROFILE = _object(
    {"about": _about, "assumed": _boolean, "id": _id, "shares": _map_of(_SHARE), "stages": _map_of(_SHARE)}
)
_COMPETENCY = _object({"about": _about, "assumed": _list(_id, 0, 12), "expected": _map_of(_own_id), "id": _id})
_VERDICT = _object({"about": _about, "action": _one_of(ACTIONS), "from": _or_null(_SHARE), "id": _id})
_PACK = _object(
    {
        "about": _about_all,
        "assumed": _list(_NAMED, 0, 50),
        "caps": _object({"fatal": _id, "knock_out": _id}),
        "competencies": _list(_COMPETENCY, 0, 100),
        "default_profile": _id,
        "excerpt": _boolean,
        "format": _integer(1, 1),
        "levels": _list(_NAMED, 0, 12),
        "notice": _or_null(_text(1, 20_000)),
        "overrides": _list(_OVERRIDE, 0, 100),
        "profiles": _list(_PROFILE, 1, 32),
        "rubric": _id,
        "stages": _list(_STAGE, 1, 20),
        "variants": _list(_NAMED, 0, 12),
        "version": _id,
        "verdicts": _list(_VERDICT, 2, 16),
    }
)
