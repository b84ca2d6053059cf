"""
Strategies for rubrics themselves: random ones, valid by construction, for those who test tools that take any rubric.

Owns a generator of packs of FORMAT.md 5: one to three stages, every kind of item, flags, gates, overrides, variants, levels, several profiles. Texts are
plain; what is odd about rubrics is numbers, flags and how they meet. The rubrics are small, so that each can be looked at.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from scoring import canonical
from scoring.engine.ratings import RECORDS
from scoring.engine.rubric import Rubric
from scoring.testing.drawing import some_submissions

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["Case", "cases", "rubrics"]

NOTICE = "Some answers disqualify, whatever the score."
ALL = ["absent", "blank", "invalid"]
POINTS = ["0", "1", "2", "1/2", "1/3", "-1/2", "-1"]
FULL = ["1", "2", "3/7", "10"]
CUTS = ["1", "4/5", "2/3", "3/5", "1/2", "1/3"]
WORDS = ["median", "mean", "outlier", "drop it"]


class Case(NamedTuple):
    """A rubric and something that is handed in to it; `rubric.score(submission)` never refuses it."""

    rubric: Rubric
    submission: dict[str, Any]


def rubrics() -> SearchStrategy[Rubric]:
    """Draw valid rubrics, loaded for one of their profiles and levels. Also what `from_type(scoring.Rubric)` draws."""
    return _rubrics()


def cases() -> SearchStrategy[Case]:
    """Draw a rubric and a submission to it."""
    return rubrics().flatmap(lambda rubric: some_submissions(rubric).map(lambda submission: Case(rubric, submission)))


@st.composite
def _rubrics(draw: DrawFn) -> Rubric:
    fatal = draw(st.booleans())
    levels = draw(st.sampled_from([[], [], ["junior", "senior"]]))
    variants = draw(st.sampled_from([[], [], [], ["alone", "with-ai"]]))
    verdicts = draw(_verdicts())
    ids = [verdict["id"] for verdict in verdicts]
    expected = dict(zip(levels, ["fair", "good"], strict=False))
    competencies = [{"about": {}, "assumed": [], "expected": expected, "id": "craft"}] if levels else []
    stages: list[dict[str, Any]] = []
    for name in draw(st.sampled_from([["main"], ["main"], ["main"], ["door", "test"], ["door", "test", "talk"]])):
        kinds = _kinds(fatal=fatal, competency="craft" if levels else None)
        stages.append({"about": {}, "gate": [], "id": name, "sections": draw(_sections(name, kinds, variants))})
    for place, stage in enumerate(stages[:-1]):
        conditions = _conditions([s for before in stages[: place + 1] for s in before["sections"]])
        stage["gate"] = draw(st.lists(_override(f"gate-{place}", ids, conditions), max_size=1))
    everywhere = _conditions([section for stage in stages for section in stage["sections"]])
    pack: dict[str, Any] = {
        "about": {"title": "A drawn rubric"},
        "assumed": [],
        "caps": {"fatal": draw(st.sampled_from(ids)), "knock_out": draw(st.sampled_from(ids))},
        "competencies": competencies,
        "default_profile": "first",
        "excerpt": False,
        "format": 1,
        "levels": [{"about": {}, "id": name} for name in levels],
        "notice": NOTICE if fatal else None,
        "overrides": [draw(_override(f"override-{n}", ids, everywhere)) for n in range(draw(st.integers(0, 2)))],
        "profiles": [draw(_profile(name, stages)) for name in draw(st.sampled_from([["first"], ["first", "second"]]))],
        "rubric": "drawn",
        "stages": stages,
        "variants": [{"about": {}, "id": name} for name in variants],
        "verdicts": verdicts,
        "version": "1",
    }
    profile = draw(st.sampled_from([each["id"] for each in pack["profiles"]]))
    return Rubric(canonical.dumps(pack), profile, draw(st.sampled_from(levels)) if levels else None)


@st.composite
def _verdicts(draw: DrawFn) -> list[dict[str, Any]]:
    cuts = draw(st.lists(st.sampled_from(CUTS), min_size=1, max_size=3, unique=True))
    starts: list[str | None] = [*sorted(cuts, key=Fraction, reverse=True), "0", *[None] * draw(st.integers(0, 1))]
    worst = st.integers(0, 2)
    actions = sorted(draw(st.lists(worst, min_size=len(starts), max_size=len(starts))))
    return [
        {"about": {}, "action": ("advance", "review", "decline")[action], "from": start, "id": name}
        for name, start, action in zip(["strong", "good", "fair", "weak", "barred"], starts, actions, strict=False)
    ]


@st.composite
def _sections(
    draw: DrawFn, stage: str, kinds: SearchStrategy[dict[str, Any]], variants: list[str]
) -> list[dict[str, Any]]:
    """One to three sections, each with an item that everybody is asked and that can earn something."""
    sections: list[dict[str, Any]] = []
    for s in range(draw(st.integers(1, 3))):
        items: list[dict[str, Any]] = [{**_plain(f"{stage}-{s}-0"), **draw(_choice([None, "refer"], worth="1"))}]
        for n in range(1, draw(st.integers(1, 3))):
            only = draw(st.sampled_from([None, *variants]))
            items.append({**_plain(f"{stage}-{s}-{n}"), "only": only, **draw(kinds)})
        for item in items:
            waits = item["kind"] in {"mark", "rating", "checklist"} or _knocks_out(item)
            item["awaits"] = ALL if waits else draw(st.sampled_from([[], [], ["absent", "blank"]]))
            item["floor"] = draw(st.sampled_from([None, None, "0", "-1/2"]))
        floor = draw(st.sampled_from(["0", "0", "-1/3"]))
        sections.append({"about": {}, "declared": None, "floor": floor, "id": f"{stage}-{s}", "items": items})
    return sections


def _plain(name: str) -> dict[str, Any]:
    return {"about": {}, "awaits": [], "floor": None, "id": name, "only": None, "void": False}


def _knocks_out(item: dict[str, Any]) -> bool:
    return any(option["flag"] == "knock_out" for option in item.get("options", []))


@st.composite
def _profile(draw: DrawFn, name: str, stages: list[dict[str, Any]]) -> dict[str, Any]:
    def shares(names: list[str]) -> dict[str, str]:
        weights = draw(st.lists(st.integers(0, 3), min_size=len(names), max_size=len(names)).filter(any))
        return {each: str(Fraction(weight, sum(weights))) for each, weight in zip(names, weights, strict=True)}

    by_section: dict[str, str] = {}
    for stage in stages:
        by_section |= shares([section["id"] for section in stage["sections"]])
    weights = shares([stage["id"] for stage in stages])
    return {"about": {}, "assumed": False, "id": name, "shares": by_section, "stages": weights}


# ---------------------------------------------------------------------- conditions


def _conditions(sections: list[dict[str, Any]]) -> SearchStrategy[dict[str, Any]]:
    """Conditions that can hold in every variant."""
    below = st.fixed_dictionaries(
        {"below": st.sampled_from(["1/2", "1", "1/3"]), "section": st.sampled_from([s["id"] for s in sections])}
    )
    flag = st.fixed_dictionaries(
        {"at_least": st.integers(1, 2), "flag": st.sampled_from(["refer", "note", "knock_out"])}
    )
    simple = below | flag
    both = st.lists(simple, min_size=2, max_size=3)
    return simple | both.map(lambda parts: {"all": parts}) | both.map(lambda parts: {"any": parts})


def _override(
    name: str, verdicts: list[str], conditions: SearchStrategy[dict[str, Any]]
) -> SearchStrategy[dict[str, Any]]:
    cap = st.sampled_from(verdicts)
    return st.fixed_dictionaries({"about": st.just({}), "cap": cap, "id": st.just(name), "when": conditions})


# ---------------------------------------------------------------------- items, kind by kind


def _kinds(*, fatal: bool, competency: str | None) -> SearchStrategy[dict[str, Any]]:
    flags = [None, None, "note", "refer", "knock_out", *(["fatal"] if fatal else [])]
    return st.one_of(
        _choice(flags),
        _selection(flags),
        _number(),
        _text(),
        _mark(),
        _rating(competency),
        _checklist(),
        st.just({"kind": "evidence"}),
    )


@st.composite
def _choice(draw: DrawFn, flags: list[str | None], worth: str | None = None) -> dict[str, Any]:
    names = ["A", "B", "C", "D"][: draw(st.integers(2, 4))]
    options: list[dict[str, Any]] = [
        {"about": {}, "flag": draw(st.sampled_from(flags)), "id": name, "points": draw(st.sampled_from(POINTS))}
        for name in names
    ]
    if worth is not None:
        options[0] |= {"points": worth}
    return {"kind": "choice", "options": options}


@st.composite
def _selection(draw: DrawFn, flags: list[str | None]) -> dict[str, Any]:
    right = draw(st.lists(st.booleans(), min_size=2, max_size=4).filter(any))
    options: list[dict[str, Any]] = [
        {"about": {}, "flag": draw(st.sampled_from(flags)), "id": "ABCD"[n], "right": good}
        for n, good in enumerate(right)
    ]
    mode = draw(st.sampled_from(["exact", "net", "coverage", "each"]))
    return {"kind": "selection", "mode": mode, "options": options, "points": draw(st.sampled_from(FULL))}


@st.composite
def _number(draw: DrawFn) -> dict[str, Any]:
    full = draw(st.sampled_from(FULL))
    keys: list[dict[str, Any]] = []
    for n in range(draw(st.integers(1, 3))):
        low = draw(st.integers(-5, 200))
        high = low + draw(st.sampled_from([Fraction(0), Fraction(0), Fraction(1, 2), Fraction(20)]))
        worth = full if n == 0 else draw(st.sampled_from([full, "0", "1/3"]))
        flag = draw(st.sampled_from([None, None, "refer", "note"]))
        keys.append({"about": {}, "flag": flag, "high": str(high), "id": f"key-{n}", "low": str(low), "points": worth})
    return {
        "keys": keys,
        "kind": "number",
        "points": full,
        "read": draw(st.sampled_from(["sole", "stated", "contains"])),
        "separators": draw(st.sampled_from([[], [","], [",", " "]])),
        "units": draw(st.sampled_from([[], ["km"], ["%", "$"]])),
    }


@st.composite
def _text(draw: DrawFn) -> dict[str, Any]:
    full = draw(st.sampled_from(FULL))
    keys: list[dict[str, Any]] = []
    for n in range(draw(st.integers(1, 3))):
        match = draw(st.sampled_from(["is", "contains_any", "contains_all", "like"]))
        texts = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=2, unique=True))
        flag = draw(st.sampled_from([None, None, "refer", "note"]))
        worth = full if n == 0 else draw(st.sampled_from([full, "0", "1/3"]))
        texts = [f"{text}*" for text in texts] if match == "like" else texts
        keys.append({"about": {}, "flag": flag, "id": f"key-{n}", "match": match, "points": worth, "texts": texts})
    return {"keys": keys, "kind": "text", "points": full, "steps": ["trim", "collapse", "casefold"]}


@st.composite
def _mark(draw: DrawFn) -> dict[str, Any]:
    step = draw(st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(5)]))
    return {
        "kind": "mark",
        "max": str(step * draw(st.integers(1, 6))),
        "points": draw(st.sampled_from(FULL)),
        "step": str(step),
    }


@st.composite
def _raters(draw: DrawFn) -> dict[str, Any]:
    needs = draw(st.sampled_from([{"examiner": 1}, {"examiner": 2}, {"examiner": 1, "peer": 1}]))
    how = draw(st.sampled_from(["median", "mean", "lowest", "consensus"]))
    return {"combine": how, "max": 4, "needs": dict(needs)}


NO_RECORDS: dict[str, Any] = {name: [] for name in RECORDS}


@st.composite
def _rating(draw: DrawFn, competency: str | None) -> dict[str, Any]:
    raters = draw(_raters())
    points = ["0", *sorted(draw(st.lists(st.sampled_from(["1/2", "1", "2"]), min_size=2, max_size=2)), key=Fraction)]
    by_level = None
    if competency and raters["combine"] != "mean" and draw(st.booleans()):
        points, by_level = ["0"] * 3, {"above": "2", "at": "1", "below": "0"}
    values = [{"about": {}, "id": name, "points": p} for name, p in zip(["poor", "fair", "good"], points, strict=True)]
    return {
        "competency": competency,
        "kind": "rating",
        "level_points": by_level,
        "raters": raters,
        "records": NO_RECORDS,
        "values": values,
    }


@st.composite
def _checklist(draw: DrawFn) -> dict[str, Any]:
    worth = draw(st.lists(st.sampled_from(["0", "1", "1/2"]), min_size=1, max_size=3))
    lines = [{"about": {}, "id": f"line-{n}", "points": points} for n, points in enumerate(worth)]
    return {"kind": "checklist", "lines": lines, "raters": draw(_raters()), "records": NO_RECORDS}
