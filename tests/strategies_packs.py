"""
Hypothesis strategies for packs: `packs` of one stage and `funnels` of two to four.

A pack is a dict of the shape of `audit/FORMAT.md`, section 5, and valid; `pack_bytes` gives its canonical bytes. Owns the strategy of each kind of
item (`ITEMS`). The closure of `is` conditions is computed from the oracle's outcome tables.

Must not import anything of `scoring`.
"""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from typing import TYPE_CHECKING

from hypothesis import strategies as st

import oracle
import packs as packs_by_hand

if TYPE_CHECKING:
    from collections.abc import Callable

NOTICE = "Some answers disqualify, whatever the score. Manche Antworten schließen aus."


def pack_bytes(pack: dict) -> bytes:
    """Canonical JSON (FORMAT.md 1), by the standard library."""
    return json.dumps(pack, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def pack_digest(pack: dict) -> str:
    return hashlib.sha256(pack_bytes(pack)).hexdigest()


def rarely(times: int) -> st.SearchStrategy[bool]:
    """About once in so many times; not at the ends, which Hypothesis favours."""
    return st.integers(0, times).map(lambda lot: lot == times - 1)


# ---- Packs ----------------------------------------------------------------------------------------------------------------------------------

IDS = ["a", "B", "b", "q-1", "x.y", "Opt_2", "70", "0", "-", "is", "A" * 48, "true", "null", "c", "d", "e"]
POINTS = [
    Fraction(p)
    for p in ("0", "0", "1", "1", "2", "1/2", "1/3", "2/3", "3/7", "5/7", "1/10", "-1", "-1/2", "-1/3", "-2/7")
]
FULL = [Fraction(p) for p in ("1", "1", "2", "3", "1/3", "5/7", "10", "999983/1000003")]
FLOORS = [None, None, None, "0", "-1/2", "-1/7", "-3"]
AWAITS = [[], [], [], ["absent", "blank"], ["absent", "blank", "invalid"]]
UNITS = ["km", "km/h", "%", "€", "$", "m2", "k", "°C", "ms", "h", "\uff04", "\u00b5s"]
TEXTS = [
    "median",
    "the  median",
    " Use the MEDIAN ",
    "Straße",
    "STRASSE",
    "é",
    "e\u0301",
    "İ",
    "ﬁ",
    "a*b",
    "*",
    "*an*",
    "m*",
    "*n",
    "a**n",
    "a\u00a0b",
    "한",
    "\u0378",
    "\ufffd",
    "70",
    "fabricate",
    "not",
    "an",
]
DECIMALS = [
    Fraction(d)
    for d in ("0", "70", "141", "1410", "-141", "70.5", "0.5", "1/8", "-3", "1000", "1234567", "2", "3", "99.99")
]
ACTIONS = ["advance", "review", "decline"]
PLAIN: dict = {  # what a pack of one stage, without variants and levels, says of the rest
    "about": {},
    "assumed": [],
    "competencies": [],
    "excerpt": False,
    "format": 1,
    "levels": [],
    "variants": [],
}
ITEM: dict = {"about": {}, "floor": None, "only": None, "void": False}


def ids(n: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(IDS), min_size=n, max_size=n, unique=True)


def flags(allowed: list[str]) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.none(), st.sampled_from(allowed)) if allowed else st.none()


@st.composite
def choices(draw: Callable, fatal: bool) -> dict:
    names = draw(ids(draw(st.integers(2, 5))))
    allowed = ["knock_out", "refer", "note", *(["fatal"] if fatal else [])]
    return {
        "kind": "choice",
        "options": [
            {"about": {}, "flag": draw(flags(allowed)), "id": name, "points": str(draw(st.sampled_from(POINTS)))}
            for name in names
        ],
    }


@st.composite
def selections(draw: Callable, fatal: bool) -> dict:
    names = draw(ids(draw(st.integers(2, 5))))
    allowed = ["knock_out", "refer", "note", *(["fatal"] if fatal else [])]
    right = draw(st.lists(st.booleans(), min_size=len(names), max_size=len(names)).filter(any))
    return {
        "kind": "selection",
        "mode": draw(st.sampled_from(["exact", "net", "coverage", "each"])),
        "options": [
            {"about": {}, "flag": draw(flags(allowed)), "id": name, "right": is_right}
            for name, is_right in zip(names, right, strict=True)
        ],
        "points": str(draw(st.sampled_from(FULL))),
    }


@st.composite
def key_points(draw: Callable, full: Fraction) -> str:
    return str(draw(st.sampled_from([full, full, *(p for p in POINTS if p < full)])))


@st.composite
def numbers(draw: Callable) -> dict:
    full = draw(st.sampled_from(FULL))
    keys = []
    for name in draw(ids(draw(st.integers(1, 3)))):
        low = draw(st.sampled_from(DECIMALS))
        width = draw(
            st.sampled_from([Fraction(0), Fraction(0), Fraction(0), Fraction(1, 10), Fraction(1, 3), Fraction(100)])
        )
        points, flag = draw(key_points(full)), draw(flags(["refer", "note"]))
        keys.append(
            {"about": {}, "flag": flag, "high": str(low + width), "id": name, "low": str(low), "points": points}
        )
    return {
        "keys": keys,
        "kind": "number",
        "points": str(full),
        "read": draw(st.sampled_from(["sole", "stated", "contains"])),
        "separators": draw(st.one_of(st.just([]), st.lists(st.sampled_from([",", "'", " "]), max_size=3, unique=True))),
        "units": draw(st.one_of(st.just([]), st.lists(st.sampled_from(UNITS), max_size=4, unique_by=oracle.prepare))),
    }


@st.composite
def texts(draw: Callable) -> dict:
    full = draw(st.sampled_from(FULL))
    steps = [step for step in ("trim", "collapse", "casefold") if draw(st.booleans())]
    keys = [
        {
            "about": {},
            "flag": draw(flags(["refer", "note"])),
            "id": name,
            "match": draw(st.sampled_from(["is", "contains_any", "contains_all", "like"])),
            "points": draw(key_points(full)),
            "texts": draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3, unique=True)),
        }
        for name in draw(ids(draw(st.integers(1, 3))))
    ]
    return {"keys": keys, "kind": "text", "points": str(full), "steps": steps}


@st.composite
def marks(draw: Callable) -> dict:
    step = draw(
        st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(1, 3), Fraction(2, 7), Fraction(1, 100), Fraction(5)])
    )
    steps = draw(st.one_of(st.integers(1, 6), st.just(63), st.just(100)))
    return {"kind": "mark", "max": str(step * steps), "points": str(draw(st.sampled_from(FULL))), "step": str(step)}


ROLES = ["examiner", "peer", "guest"]
NEEDS = [{"examiner": 1}, {"examiner": 1}, {"examiner": 2}, {"examiner": 1, "peer": 1}, {"peer": 1}]
RECORDS = list(packs_by_hand.RECORDS)
SCALE = ["low", "mid", "top"]  # the values that competencies expect


def entries(names: list[str]) -> list[dict]:
    return [{"about": {}, "id": name} for name in names]


@st.composite
def rater_rules(draw: Callable, combine: list[str]) -> dict:
    needs = draw(st.sampled_from(NEEDS))
    return {
        "combine": draw(st.sampled_from(combine)),
        "max": sum(needs.values()) + draw(st.sampled_from([2, 2, 2, 1, 0])),
        "needs": dict(needs),
    }


@st.composite
def records(draw: Callable) -> dict:
    """Few lists hold anything; ids may recur in different lists, but not in `positive` and `negative` together."""
    found = {key: entries(draw(ids(draw(st.sampled_from([0, 0, 1]))))) for key in RECORDS}
    both = draw(ids(3))
    return found | {
        "positive": entries(both[: draw(st.integers(0, 2))]),
        "negative": entries(both[2:] if draw(st.booleans()) else []),
    }


COMBINE = ["median", "mean", "lowest", "consensus"]


@st.composite
def ratings(draw: Callable, competencies: list[dict] | None = None) -> dict:
    item: dict = {"competency": None, "kind": "rating", "level_points": None, "records": draw(records())}
    combine = COMBINE
    names = draw(ids(draw(st.integers(2, 4))))
    points = sorted(draw(st.lists(st.sampled_from(POINTS), min_size=len(names), max_size=len(names))))
    if competencies and draw(st.booleans()):
        item["competency"] = draw(st.sampled_from(competencies))["id"]
        names, points = SCALE, sorted([*points, Fraction(0), Fraction(1)][:3])
        if draw(st.booleans()):
            below, at, above = sorted(draw(st.lists(st.sampled_from(POINTS), min_size=3, max_size=3)))
            item["level_points"] = {"above": str(above), "at": str(at), "below": str(below)}
            points = [Fraction(0)] * 3
            combine = [how for how in COMBINE if how != "mean"]
    item["values"] = [{"about": {}, "id": n, "points": str(p)} for n, p in zip(names, points, strict=True)]
    return item | {"raters": draw(rater_rules(combine))}


@st.composite
def checklists(draw: Callable) -> dict:
    worth = st.sampled_from(["0", "1", "1", "2", "1/2", "1/3", "5/7"])
    lines = [{"about": {}, "id": name, "points": draw(worth)} for name in draw(ids(draw(st.integers(1, 3))))]
    return {"kind": "checklist", "lines": lines, "raters": draw(rater_rules(COMBINE)), "records": draw(records())}


def evidences() -> st.SearchStrategy[dict]:
    return st.just({"kind": "evidence"})


def small_marks() -> st.SearchStrategy[dict]:
    """Marks of few steps, so that completions stay few."""
    step = st.sampled_from([Fraction(1), Fraction(1, 3), Fraction(5)])
    shape = st.tuples(step, st.integers(1, 4), st.sampled_from(FULL))
    return shape.map(lambda s: {"kind": "mark", "max": str(s[0] * s[1]), "points": str(s[2]), "step": str(s[0])})


@st.composite
def items(draw: Callable, name: str, fatal: bool, kinds: list | None = None) -> dict:
    item = draw(
        st.one_of(
            kinds or [choices(fatal), choices(fatal), selections(fatal), numbers(), numbers(), texts(), marks()],
        )
    )
    knock_out = any(option["flag"] == "knock_out" for option in item.get("options", []))
    waits = knock_out or item["kind"] in ("mark", "rating", "checklist")
    awaits = AWAITS[-1] if waits else draw(st.sampled_from(AWAITS))
    return {**ITEM, "awaits": awaits, "floor": draw(st.sampled_from(FLOORS)), "id": name, **item}


ITEMS = {
    "choice": choices,
    "selection": selections,
    "number": numbers,
    "text": texts,
    "mark": marks,
    "rating": ratings,
    "checklist": checklists,
    "evidence": evidences,
}


def tables_of(item: dict, pack: dict | None = None) -> list[list[oracle.Outcome]]:
    """The item's outcomes at each level that there is, or once."""
    if not pack or not item.get("competency"):
        return [oracle.outcome_table(item)]
    (competency,) = (each for each in pack["competencies"] if each["id"] == item["competency"])
    return [oracle.outcome_table(item, competency["expected"][level["id"]]) for level in pack["levels"]]


def best(item: dict, pack: dict | None = None) -> Fraction:
    """The most that the item earns, at the level where that is least."""
    return min(max(Fraction(0), *(o.points for o in table)) for table in tables_of(item, pack))


NOTHING = [oracle.Outcome(name, Fraction(0), ()) for name in ("absent", "blank", "invalid")]


@st.composite
def is_conditions(draw: Callable, item: dict, pack: dict | None = None) -> dict | None:
    """A list of outcomes that is closed as FORMAT.md 5 asks, or None where the item has no outcome to list."""
    tables = [NOTHING + table for table in tables_of(item, pack)]
    most = [max(o.points for o in table[len(NOTHING) :]) for table in tables]
    listable = [
        rows[0].name
        for rows in zip(*tables, strict=True)
        if all(row.points < top for row, top in zip(rows, most, strict=True))
    ]
    levels = sorted({o.points for o in tables[0] if o.name in listable and not o.flags})
    level = draw(st.sampled_from([None, *levels]))
    named = {o.name for o in tables[0] if o.name in listable and o.flags and draw(st.booleans())}
    named |= {o.name for o in tables[0] if not o.flags and level is not None and o.points <= level}
    for _ in tables:  # what one level adds may ask for more at another
        for table in tables:
            reached = max((o.points for o in table if o.name in named and not o.flags), default=None)
            named |= {o.name for o in table if not o.flags and reached is not None and o.points <= reached}
    return (
        {"is": [o.name for o in tables[0] if o.name in named], "item": item["id"]}
        if named and named <= {*listable}
        else None
    )


@st.composite
def conditions(draw: Callable, sections: list[dict], fatal: bool, depth: int = 0, pack: dict | None = None) -> dict:
    """A condition on these sections and their items and, in a funnel, on the stages that *pack* lists so far."""
    scored = pack["scored"] if pack else []
    forms = ["flag"] + (["section", "item", "item"] if sections else [])
    forms += (["stage"] if scored else []) + (["all", "any"] if depth < 3 else [])
    form = draw(st.sampled_from(forms))
    candidates = [item for section in sections for item in section["items"]]
    if form == "item" and candidates:
        found = draw(is_conditions(draw(st.sampled_from(candidates)), pack))
        if found:
            return found
    if form == "flag":
        flag = draw(st.sampled_from(["knock_out", "refer", "note", *(["fatal"] if fatal else [])]))
        return {"at_least": draw(st.integers(1, 3)), "flag": flag}
    below = draw(st.sampled_from(["1/2", "1", "1/3", "5/7", "1/1000003"]))
    if form == "stage":
        return {"below": below, "stage": draw(st.sampled_from(scored))}
    if form in ("section", "item"):
        return {"below": below, "section": draw(st.sampled_from(sections))["id"]}
    parts = draw(st.lists(conditions(sections, fatal, depth + 1, pack), min_size=1, max_size=3))
    return {form: parts}


@st.composite
def verdict_lists(draw: Callable) -> list[dict]:
    """2 to 5 verdicts: bands that fall to 0, then at most two that only a cap reaches; actions never get better."""
    edges = draw(
        st.lists(st.sampled_from(["1", "4/5", "2/3", "3/5", "1/2", "3/7", "1/3", "1/10"]), max_size=3, unique=True)
    )
    froms: list[str | None] = [*sorted(edges, key=Fraction, reverse=True), "0"]
    froms += [None] * draw(st.integers(0 if len(froms) > 1 else 1, 2))
    actions = sorted((draw(st.sampled_from(ACTIONS)) for _ in froms), key=ACTIONS.index)
    names = draw(st.permutations(["strong", "good", "fair", "weak", "out", "barred"]))
    return [
        {"about": {}, "action": a, "from": f, "id": name} for a, f, name in zip(actions, froms, names, strict=False)
    ]


@st.composite
def profile_lists(draw: Callable, sections: list[dict]) -> list[dict]:
    """1 to 3 profiles; a section that nobody can earn anything in weighs nothing."""
    weighable = [any(best(item) for item in section["items"]) for section in sections]
    profiles = []
    for name in draw(st.sampled_from([["equal"], ["p1", "p2"], ["default", "x", "y"]])):
        weights = [draw(st.integers(0, 3)) if can else 0 for can in weighable]
        if sum(weights) == 0:
            weights = [int(can) for can in weighable]
        shares = {s["id"]: str(Fraction(weight, sum(weights))) for s, weight in zip(sections, weights, strict=True)}
        profiles.append(
            {"about": {}, "assumed": draw(st.booleans()), "id": name, "shares": shares, "stages": {"main": "1"}}
        )
    return profiles


@st.composite
def packs(draw: Callable) -> dict:
    """A valid pack of 1 to 3 sections with 1 to 3 items each."""
    notice = draw(st.sampled_from([None, NOTICE, NOTICE, "!"]))
    sections = []
    for s in range(draw(st.integers(1, 3))):
        names = [f"i{s}{n}" for n in range(draw(st.integers(1, 3)))]
        section = {
            "about": {},
            "declared": None,
            "floor": draw(st.sampled_from(["0", "0", "-1", "-1/3", "1/2", "2/7"])),
            "id": draw(st.sampled_from(["s", "S.", "sec-"])) + str(s),
            "items": [draw(items(name, fatal=notice is not None)) for name in names],
        }
        sections.append(section)
    if not any(best(item) for section in sections for item in section["items"]):
        rescue = {**ITEM, "awaits": AWAITS[-1], "id": "rescue"}
        sections[0]["items"].append({**rescue, "kind": "mark", "max": "3", "points": "1/3", "step": "1"})
    verdicts = draw(verdict_lists())
    verdict = st.sampled_from([v["id"] for v in verdicts])
    profiles = draw(profile_lists(sections))
    overrides = [
        {"about": {}, "cap": draw(verdict), "id": name, "when": draw(conditions(sections, fatal=notice is not None))}
        for name in ["o1", "o-2", "o.3"][: draw(st.integers(0, 3))]
    ]
    return {
        **PLAIN,
        "about": {"title": "A generated test"},
        "caps": {"fatal": draw(verdict), "knock_out": draw(verdict)},
        "default_profile": draw(st.sampled_from(profiles))["id"],
        "notice": notice,
        "overrides": overrides,
        "profiles": profiles,
        "rubric": "generated",
        "stages": [{"about": {}, "gate": [], "id": "main", "sections": sections}],
        "verdicts": verdicts,
        "version": "1",
    }


@st.composite
def competency_lists(draw: Callable, levels: list[str]) -> list[dict]:
    if not levels:
        return []
    expected = st.fixed_dictionaries({level: st.sampled_from(SCALE) for level in levels})
    return [
        {
            "about": {},
            "assumed": [level for level in levels if draw(rarely(4))],
            "expected": draw(expected),
            "id": name,
        }
        for name in ["craft", "c-2"][: draw(st.integers(0, 2))]
    ]


def present(pack: dict, section: dict) -> list[list[dict]]:
    """For each variant, or once, the section's items of it."""
    variants = [variant["id"] for variant in pack["variants"]] or [None]
    return [[item for item in section["items"] if oracle.is_of_case(item, variant)] for variant in variants]


def is_weighable(pack: dict, section: dict) -> bool:
    """'For every variant: a section with a share above 0 ... has a maximum above 0'."""
    return all(any(best(item, pack) for item in some) for some in present(pack, section))


def can_hold(pack: dict, sections: list[dict]) -> list[dict]:
    """The sections, and of their items those, on which a condition *can hold* for every variant."""
    return [
        {**section, "items": [item for item in section["items"] if item["only"] is None and not item["void"]]}
        for section in sections
        if all(present(pack, section))
    ]


@st.composite
def funnel_overrides(draw: Callable, pack: dict, verdict: st.SearchStrategy, name: str, stages: list[dict]) -> dict:
    """An override that looks at these stages; rarely with a part that cannot hold for each variant beside one that can."""
    sections = [section for stage in stages for section in stage["sections"]]
    fatal = pack["notice"] is not None
    view = {**pack, "scored": [stage["id"] for stage in stages if stage["id"] in pack["scored"]]}
    when = draw(conditions(can_hold(pack, sections), fatal, pack=view))
    if draw(rarely(5)):
        when = {"any": [when, draw(conditions(sections, fatal, 3, view))]}
    return {"about": {}, "cap": draw(verdict), "id": name, "when": when}


@st.composite
def funnel_profiles(draw: Callable, pack: dict) -> list[dict]:
    """1 or 2 profiles; sections that cannot be weighed, and stages without a score, weigh nothing."""

    def shares(can: list[bool]) -> list[str]:
        weights = [draw(st.integers(0, 3)) if one else 0 for one in can]
        if sum(weights) == 0:
            weights = [int(one) for one in can]
        return [str(Fraction(weight, sum(weights) or 1)) for weight in weights]

    found = []
    for name in draw(st.sampled_from([["equal"], ["p1", "p2"]])):
        by_section: dict[str, str] = {}
        for stage in pack["stages"]:
            can = [stage["id"] in pack["scored"] and is_weighable(pack, section) for section in stage["sections"]]
            by_section |= dict(zip([section["id"] for section in stage["sections"]], shares(can), strict=True))
        ids_ = [stage["id"] for stage in pack["stages"]]
        weights = dict(zip(ids_, shares([name_ in pack["scored"] for name_ in ids_]), strict=True))
        found.append({"about": {}, "assumed": draw(st.booleans()), "id": name, "shares": by_section, "stages": weights})
    return found


@st.composite
def funnel_sections(draw: Callable, pack: dict, where: str, stage: str) -> dict:
    fatal = pack["notice"] is not None
    kinds = [
        choices(fatal),
        choices(fatal),
        ratings(pack["competencies"]),
        ratings(pack["competencies"]),
        checklists(),
        small_marks(),
        numbers(),
        st.one_of(texts(), selections(fatal), evidences()),
    ]
    prefix = f"{stage}/" if draw(rarely(5)) else ""
    some = [draw(items(f"{prefix}i{where}{n}", fatal, kinds)) for n in range(draw(st.sampled_from([1, 1, 2, 3])))]
    for item in some:
        if pack["variants"] and draw(rarely(3)):
            item["only"] = draw(st.sampled_from(pack["variants"]))["id"]
        item["void"] = draw(rarely(12))
    return {
        "about": {},
        "declared": draw(st.sampled_from([None, None, None, None, None, None, 1, 3])),
        "floor": draw(st.sampled_from(["0", "0", "-1", "-1/3", "1/2"])),
        "id": f"{prefix}s{where}",
        "items": some,
    }


@st.composite
def funnels(draw: Callable) -> dict:
    """A valid pack of 2 to 4 stages, small enough to try most completions: gates, variants, levels, raters, excerpts, voided items."""
    levels = draw(st.sampled_from([[], [], ["junior", "senior"]]))
    pack: dict = {
        **PLAIN,
        "assumed": entries(draw(st.sampled_from([[], [], ["weights"], ["z", "a"]]))),
        "competencies": draw(competency_lists(levels)),
        "levels": entries(levels),
        "notice": draw(st.sampled_from([None, NOTICE])),
        "rubric": "generated-funnel",
        "scored": [],
        "stages": [],
        "variants": entries(draw(st.sampled_from([[], [], ["ai", "hand"]]))),
        "version": "1",
    }
    for k, name in enumerate(draw(st.permutations(["door", "test", "talk", "x.y"]))[: draw(st.integers(2, 4))]):
        sections = [draw(funnel_sections(pack, f"{k}{s}", name)) for s in range(draw(st.sampled_from([1, 1, 2])))]
        pack["stages"].append({"about": {}, "gate": [], "id": name, "sections": sections})
        if any(is_weighable(pack, section) for section in sections) and not draw(rarely(6)):
            pack["scored"].append(name)
    if not pack["scored"]:
        rescue = {
            **ITEM,
            "awaits": AWAITS[-1],
            "id": "rescue",
            "kind": "mark",
            "max": "3",
            "points": "1/3",
            "step": "1",
        }
        pack["stages"][0]["sections"][0]["items"].append(rescue)
        pack["scored"] = [pack["stages"][0]["id"]]
    pack["verdicts"] = draw(verdict_lists())
    verdict = st.sampled_from([each["id"] for each in pack["verdicts"]])
    pack["caps"] = {"fatal": draw(verdict), "knock_out": draw(verdict)}
    pack["profiles"] = draw(funnel_profiles(pack))
    pack["default_profile"] = draw(st.sampled_from(pack["profiles"]))["id"]
    for k, stage in enumerate(pack["stages"]):
        count = draw(st.sampled_from([0, 0, 1, 2]))
        before = pack["stages"][: k + 1]
        stage["gate"] = [draw(funnel_overrides(pack, verdict, f"g{k}{n}", before)) for n in range(count)]
    count = draw(st.integers(0, 2))
    pack["overrides"] = [draw(funnel_overrides(pack, verdict, name, pack["stages"])) for name in ["o1", "o-2"][:count]]
    short = [
        section
        for section in oracle.sections_of(pack)
        if section["declared"] is not None and any(section["declared"] > len(some) for some in present(pack, section))
    ]
    pack["excerpt"] = bool(short) or draw(rarely(4))
    del pack["scored"]
    return pack


def plain_pack(sections: list[dict], weights: list[Fraction], cut: Fraction) -> dict:
    shares = {section["id"]: str(weight) for section, weight in zip(sections, weights, strict=True)}
    return {
        **PLAIN,
        "caps": {"fatal": "fail", "knock_out": "fail"},
        "default_profile": "default",
        "notice": None,
        "overrides": [],
        "profiles": [{"about": {}, "assumed": False, "id": "default", "shares": shares, "stages": {"main": "1"}}],
        "rubric": "plain",
        "stages": [{"about": {}, "gate": [], "id": "main", "sections": sections}],
        "verdicts": [
            {"about": {}, "action": "advance", "from": str(cut), "id": "pass"},
            {"about": {}, "action": "decline", "from": "0", "id": "fail"},
        ],
        "version": "1",
    }
