"""Small packs made by hand, for tests that look at one thing."""

from __future__ import annotations

from typing import Any


def part(name: str, **more: Any) -> dict[str, Any]:
    """An option or a key without a flag."""
    return {"about": {}, "flag": None, "id": name} | more


def item(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"about": {}, "awaits": [], "floor": None, "id": name, "kind": kind, "only": None, "void": False} | more


def choice(name: str, **options: tuple[str, str | None]) -> dict[str, Any]:
    """A choice of options, each with its points and its flag."""
    return item(name, "choice", options=[part(o, points=points, flag=flag) for o, (points, flag) in options.items()])


def number(name: str, value: str = "70", read: str = "sole", **more: Any) -> dict[str, Any]:
    keys = [part("key-1", points="1", low=value, high=value)]
    return item(name, "number", points="1", read=read, separators=[], units=[], keys=keys) | more


def mark(name: str, top: str = "10", step: str = "1", **more: Any) -> dict[str, Any]:
    return item(name, "mark", awaits=["absent", "blank", "invalid"], points="1", max=top, step=step) | more


def text(name: str, **more: Any) -> dict[str, Any]:
    keys = [part("key-1", points="1", match="is", texts=["median"])]
    return item(name, "text", points="1", steps=["trim", "collapse", "casefold"], keys=keys) | more


def selection(name: str, **more: Any) -> dict[str, Any]:
    options = [part("A", right=True), part("B", right=True), part("C", right=False)]
    return item(name, "selection", points="1", mode="net", options=options) | more


def entries(*names: str) -> list[dict[str, Any]]:
    """What `levels`, `variants`, `assumed` and the lists of `records` hold."""
    return [{"about": {}, "id": name} for name in names]


def raters(combine: str = "median", top: int = 3, **needs: int) -> dict[str, Any]:
    """Who rates an item; by default at least one examiner and at most three."""
    return {"combine": combine, "max": top, "needs": needs or {"examiner": 1}}


RECORDS = (
    "positive",
    "negative",
    "criteria",
    "deliverables",
    "evidence",
    "ground_rules",
    "constraints",
    "tensions",
    "conduct",
)


def rated(name: str, kind: str, by: dict[str, Any] | None, records: dict[str, list[str]] | None) -> dict[str, Any]:
    ticked = {key: entries(*(records or {}).get(key, [])) for key in RECORDS}
    return item(name, kind, awaits=["absent", "blank", "invalid"], raters=by or raters(), records=ticked)


def rating(
    name: str, *, by: dict[str, Any] | None = None, records: dict[str, list[str]] | None = None, **values: str
) -> dict[str, Any]:
    """A rating of these values and their points, worst first; by default `poor` 0, `fair` 1/2, `good` 1."""
    points = values or {"poor": "0", "fair": "1/2", "good": "1"}
    scale = [{"about": {}, "id": value, "points": worth} for value, worth in points.items()]
    return rated(name, "rating", by, records) | {"competency": None, "level_points": None, "values": scale}


def checklist(
    name: str, *, by: dict[str, Any] | None = None, records: dict[str, list[str]] | None = None, **lines: str
) -> dict[str, Any]:
    """A checklist of these lines and their points; by default `asks` 1 and `tests` 2."""
    points = lines or {"asks": "1", "tests": "2"}
    listed = [{"about": {}, "id": line, "points": worth} for line, worth in points.items()]
    return rated(name, "checklist", by, records) | {"lines": listed}


def evidence(name: str, **more: Any) -> dict[str, Any]:
    return item(name, "evidence") | more


def section(name: str, *items: dict[str, Any], floor: str = "0", declared: int | None = None) -> dict[str, Any]:
    return {"about": {}, "declared": declared, "floor": floor, "id": name, "items": [*items]}


def stage(name: str, *sections: dict[str, Any], gate: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"about": {}, "gate": gate or [], "id": name, "sections": [*sections]}


def verdict(name: str, start: str | None, action: str) -> dict[str, Any]:
    return {"about": {}, "action": action, "from": start, "id": name}


def override(name: str, cap: str, when: dict[str, Any]) -> dict[str, Any]:
    return {"about": {}, "cap": cap, "id": name, "when": when}


def even(names: list[Any]) -> list[str]:
    return ["1" if len(names) == 1 else f"1/{len(names)}"] * len(names)


def funnel(
    *stages: dict[str, Any],
    shares: dict[str, str] | None = None,
    weights: list[str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """
    A pack of these stages: bands strong 4/5, middling 3/5, weak 0.

    Stages, and sections within each, weigh the same unless *weights* and *shares* (by section) say otherwise.
    """
    equal = {
        entry["id"]: share
        for each in stages
        for entry, share in zip(each["sections"], even(each["sections"]), strict=True)
    }
    names = [each["id"] for each in stages]
    profile = {
        "about": {},
        "assumed": False,
        "id": "equal",
        "shares": equal | (shares or {}),
        "stages": dict(zip(names, weights or even(names), strict=True)),
    }
    return {
        "about": {},
        "assumed": [],
        "caps": {"fatal": "weak", "knock_out": "weak"},
        "competencies": [],
        "default_profile": "equal",
        "excerpt": False,
        "format": 1,
        "levels": [],
        "notice": "Some answers disqualify.",
        "overrides": [],
        "profiles": [profile],
        "rubric": "sample",
        "stages": [*stages],
        "variants": [],
        "verdicts": [
            verdict("strong", "4/5", "advance"),
            verdict("middling", "3/5", "review"),
            verdict("weak", "0", "decline"),
        ],
        "version": "1",
    } | more


def pack(*sections: dict[str, Any], shares: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """A pack of one stage of these sections; equal weights unless *shares* says otherwise."""
    names = [entry["id"] for entry in sections]
    given = dict(zip(names, shares or even(names), strict=True))
    return funnel(stage("main", *sections), shares=given, **more)


def sample() -> dict[str, Any]:
    """A pack with every kind and every flag."""
    return pack(
        section("judgement", choice("dilemma", A=("0", "refer"), B=("1", None), D=("0", "fatal"))),
        section("facts", number("sum"), text("word"), selection("set")),
        section("practice", mark("task"), choice("licence", yes=("1", None), no=("0", "knock_out")) | AWAITS_ALL),
        overrides=[override("facts-minimum", "middling", {"section": "facts", "below": "1/2"})],
    )


AWAITS_ALL = {"awaits": ["absent", "blank", "invalid"]}


def rubric(document: dict[str, Any], profile: str | None = None) -> Any:
    from scoring import canonical
    from scoring.engine.rubric import Rubric

    return Rubric(canonical.dumps(document), profile)
