"""Small packs made by hand, for tests that look at one thing."""

from __future__ import annotations

from typing import Any

from scoring import canonical


def part(name: str, **more: Any) -> dict[str, Any]:
    """An option or a key without a flag."""
    return {"about": {}, "flag": None, "id": name} | more


def item(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"about": {}, "awaits": [], "floor": None, "id": name, "kind": kind} | more


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


def section(name: str, *items: dict[str, Any], floor: str = "0") -> dict[str, Any]:
    return {"about": {}, "floor": floor, "id": name, "items": [*items]}


def verdict(name: str, start: str | None, action: str) -> dict[str, Any]:
    return {"about": {}, "action": action, "from": start, "id": name}


def override(name: str, cap: str, when: dict[str, Any]) -> dict[str, Any]:
    return {"about": {}, "cap": cap, "id": name, "when": when}


def pack(*sections: dict[str, Any], shares: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """A pack of these sections: bands strong 4/5, middling 3/5, weak 0; equal weights unless *shares* says otherwise."""
    names = [entry["id"] for entry in sections]
    weights = shares or ["1" if len(names) == 1 else f"1/{len(names)}"] * len(names)
    profile = {"about": {}, "assumed": False, "id": "equal", "shares": dict(zip(names, weights, strict=True))}
    return {
        "about": {},
        "caps": {"fatal": "weak", "knock_out": "weak"},
        "default_profile": "equal",
        "format": 1,
        "notice": "Some answers disqualify.",
        "overrides": [],
        "profiles": [profile],
        "rubric": "sample",
        "stages": [{"about": {}, "id": "main", "sections": [*sections]}],
        "verdicts": [
            verdict("strong", "4/5", "advance"),
            verdict("middling", "3/5", "review"),
            verdict("weak", "0", "decline"),
        ],
        "version": "1",
    } | more


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
    from scoring.engine.rubric import Rubric

    return Rubric(canonical.dumps(document), profile)
