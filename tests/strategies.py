"""
What the engine is tried with: Hypothesis strategies for packs and submissions, kind ones, odd ones and hostile ones.

Owns `submissions` and `hostile_submissions` to packs of one stage and to funnels (which `strategies_packs` makes) and, for exactness at a cut,
`edge_packs`. Whether an instalment answers after an ended stage is asked of the oracle.

Must not import anything of `scoring`.
"""

from __future__ import annotations

import hashlib
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

import oracle
from strategies_answers import TICKS, UNASSIGNED, answers_to, forms, spell
from strategies_packs import (
    AWAITS,
    ITEM,
    ITEMS,
    NOTICE,
    ROLES,
    funnels,
    pack_bytes,
    pack_digest,
    packs,
    plain_pack,
    rarely,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

__all__ = [
    "BAD_FACTS",
    "ITEMS",
    "cases",
    "edge_case",
    "edge_packs",
    "funnel_cases",
    "funnels",
    "hostile_cases",
    "hostile_submissions",
    "pack_bytes",
    "pack_digest",
    "packs",
    "reading_cases",
    "submissions",
]

# ---- Submissions ----------------------------------------------------------------------------------------------------------------------------

TIMES = [
    "2026-11-21T09:00:00Z",
    "2026-11-21T09:00:01Z",
    "2024-02-29T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
]


@st.composite
def facts(draw: Callable, pack: dict) -> dict:
    right = hashlib.sha256((pack["notice"] or "").encode()).hexdigest()
    if draw(st.booleans()):  # proven, where there is a notice
        found: dict = {"notice": {"at": TIMES[0], "sha256": right}, "started_at": draw(st.sampled_from(TIMES[:2]))}
    else:
        notice = {}
        if draw(st.booleans()):
            notice["at"] = draw(st.sampled_from(TIMES))
        if draw(st.booleans()):
            notice["sha256"] = draw(st.sampled_from([right, "0" * 64]))
        found = {"notice": notice} if draw(st.booleans()) else {}
        if draw(st.booleans()):
            found["started_at"] = draw(st.sampled_from(TIMES))
    if draw(rarely(6)):
        found["irregularities"] = draw(st.lists(st.sampled_from(["fire-alarm", "B", "a", "phone"]), max_size=5))
    if draw(rarely(8)):
        found["accommodation"] = draw(st.sampled_from(["1", "3/2", "10", "999999999999/100000000000"]))
    if draw(rarely(8)):
        some = st.sampled_from([item["id"] for item in oracle.items_of(pack)])
        found["elapsed"] = draw(st.dictionaries(some, st.sampled_from([0, 60, 2**53 - 1]), max_size=3))
    return found


@st.composite
def panels(draw: Callable) -> dict[str, str]:
    """Mostly who is needed; now and then too few, or more than may rate."""
    sizes = {"examiner": draw(st.sampled_from([2, 2, 2, 1, 3])), "peer": draw(st.sampled_from([1, 1, 1, 0, 2]))}
    sizes["guest"] = int(draw(rarely(4)))
    names = iter(["Ann", "Bob", "C. Elik", "d" * 200, " ", "Eve", "Fay"])
    return {next(names): role for role in ROLES for _ in range(sizes[role])}


@st.composite
def stages_reached(draw: Callable, pack: dict) -> tuple[list[str], list[str]]:
    """(handed in, answered): mostly a prefix of the stages, now and then any of them."""
    names = [stage["id"] for stage in pack["stages"]]
    if len(names) == 1:
        return draw(st.sampled_from([names, []])), names
    some = st.lists(st.sampled_from(names), unique=True)
    if draw(rarely(8)):
        return draw(some), draw(some)
    reached = draw(st.sampled_from([*[len(names)] * 8, *range(len(names))]))
    begun = names[: reached + 1] if draw(rarely(3)) else names[:reached]
    return draw(st.permutations(names[:reached])), begun


@st.composite
def submissions(draw: Callable, pack: dict, profile: str | None = None, level: str | None = None) -> dict:
    """A submission that must be scored: mostly answered, now and then not; an instalment of a funnel; with and without facts."""
    one_stage = len(pack["stages"]) == 1
    moods = ["full"] * 4 + ["gaps", "gaps", "hole"] if one_stage else ["full"] * 8 + ["gaps", "hole"]
    mood = draw(st.sampled_from(moods))
    handed_in, answered = draw(stages_reached(pack))
    facts_: dict = {}
    if pack["variants"]:
        facts_["variant"] = draw(st.sampled_from(pack["variants"]))["id"]
    if any(item["kind"] in ("rating", "checklist") for item in oracle.items_of(pack)):
        facts_["raters"] = draw(panels())
    answers: dict = {}
    excluded: dict = {}
    for stage in pack["stages"]:
        for item in [item for section in stage["sections"] for item in section["items"]]:
            foreign = item["only"] not in (None, facts_.get("variant"))
            if mood != "full" and draw(rarely(8)):
                excluded[item["id"]] = draw(st.sampled_from(["printer broke", "é" * 500, " "]))
            elif not foreign and stage["id"] in answered and (mood == "full" or not draw(rarely(6))):
                answers[item["id"]] = draw(answers_to(item, facts_.get("raters"), blank=12 if one_stage else 40))
    if mood == "hole":  # nothing of one section was administered
        for item in draw(st.sampled_from(oracle.sections_of(pack)))["items"]:
            answers.pop(item["id"], None)
            excluded[item["id"]] = "not in this centre"
    found: dict = {"answers": answers}
    if excluded or draw(st.booleans()):
        found["not_administered"] = excluded
    if facts_ or draw(st.integers(0, 2)):
        found["facts"] = draw(facts(pack)) | facts_
    if not one_stage or draw(st.booleans()):
        found["handed_in"] = handed_in
    if draw(st.booleans()):
        found |= {
            "case": draw(st.sampled_from(["c", "Zoë 1/2", "x" * 200])),
            "id": draw(st.sampled_from(["s-1", "A" * 48])),
        }
    if draw(rarely(9)):
        found["void"] = draw(st.sampled_from(["fire-alarm", "x"]))
    if draw(rarely(6)):
        found["reinstate"] = {"reason": "permit-arrived", "stage": draw(st.sampled_from(pack["stages"]))["id"]}
    try:
        oracle.take(pack, profile, level, found)
    except oracle.Refused as refused:  # a candidate answers nothing after a stage that ended the case
        found["answers"] = {name: answer for name, answer in answers.items() if name not in refused.places}
    return found


@st.composite
def funnel_cases(draw: Callable) -> tuple[dict, str | None, dict, str | None]:
    """(pack, profile or None, submission, level or None)."""
    pack = draw(funnels())
    profile = draw(st.sampled_from([None, *(profile["id"] for profile in pack["profiles"])]))
    level = draw(st.sampled_from([entry["id"] for entry in pack["levels"]] or [None]))
    return pack, profile, draw(submissions(pack, profile, level)), level


@st.composite
def cases(draw: Callable) -> tuple[dict, str | None, dict]:
    """(pack, profile or None, submission)."""
    pack = draw(packs())
    profile = draw(st.sampled_from([None, *(profile["id"] for profile in pack["profiles"])]))
    return pack, profile, draw(submissions(pack))


@st.composite
def reading_cases(draw: Callable, kind: str) -> tuple[dict, dict]:
    """(pack, submission) of six items of one kind, all answered, where nothing but the reading matters."""
    base = {**ITEM, "awaits": AWAITS[-1]}
    some = [draw(ITEMS[kind](**({"fatal": True} if kind in ("choice", "selection") else {}))) for _ in range(6)]
    some = [{**base, "id": f"i{n}", **item} for n, item in enumerate(some)]
    worth = {**base, "id": "worth", "kind": "mark", "max": "1", "points": "1", "step": "1"}
    pack = plain_pack(
        [{"about": {}, "declared": None, "floor": "0", "id": "s", "items": [*some, worth]}],
        [Fraction(1)],
        Fraction(1, 2),
    )
    panel = draw(panels())
    answers = {"worth": 1} | {item["id"]: draw(answers_to(item, panel)) for item in some}
    return {**pack, "notice": NOTICE}, {"answers": answers, "facts": {"raters": panel}}


# ---- Hostile submissions --------------------------------------------------------------------------------------------------------------------


def nested(depth: int, kind: type) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = [value] if kind is list else {"x": value}
    return value


JUNK = [
    None,
    True,
    False,
    0,
    1,
    -1,
    70,
    2**53 - 1,
    2**53,
    -(2**53),
    10**400,
    0.0,
    70.0,
    -0.0,
    1e308,
    math.inf,
    -math.inf,
    math.nan,
    "",
    " ",
    "\ud800",
    "70\udfff",
    "x" * 16_384,
    "x" * 16_385,
    "7" * 16_384,
    " " * 16_385,
    "7 " * 8_192,
    "1," * 8_192,
    "-" * 16_384,
    "é" * 16_385,
    "x" * 1_000_000,
    UNASSIGNED * 3,
    [],
    {},
    [[]],
    [None],
    [1],
    [True],
    [1.5],
    ["\ud800"],
    ["x" * 16_385],
    ["a"] * 256,
    ["a"] * 257,
    [""] * 257,
    {"a": 1},
    {"is": ["absent"]},
    nested(40, list),
    nested(40, dict),
    nested(150, list),  # deeper ones break what prints a failure before they break a scorer
]
TOP_LEVEL = [
    "answers",
    "case",
    "facts",
    "handed_in",
    "id",
    "not_administered",
    "reinstate",
    "void",
    "answer",
    "",
    "é",
    "\ud800",
    "profile",
    1,
    None,
    True,
]
BAD_FACTS = [
    {"irregularities": ["a"] * 20},
    {"irregularities": ["a"] * 21},
    {"irregularities": [""]},
    {"irregularities": ["two words"]},
    {"irregularities": ["a" * 49]},
    {"irregularities": "a"},
    {"irregularities": [1]},
    {"started_at": "2026-11-21T09:00:00"},
    {"started_at": "2026-11-21T09:00:00z"},
    {"started_at": "2026-11-21 09:00:00Z"},
    {"started_at": "2026-02-29T09:00:00Z"},
    {"started_at": "2026-13-01T09:00:00Z"},
    {"started_at": "2026-11-21T24:00:00Z"},
    {"started_at": "2026-11-21T09:60:00Z"},
    {"started_at": "2026-11-21T09:00:61Z"},
    {"started_at": "2026-1-021T09:00:00Z"},
    {"started_at": "\uff12026-11-21T09:00:00Z"[:20]},
    {"started_at": "2026-11-21T09:00:00+00:00"},
    {"started_at": "+026-11-21T09:00:00Z"},
    {"notice": {"sha256": "A" * 64}},
    {"notice": {"sha256": "a" * 63}},
    {"notice": {"sha256": "a" * 65}},
    {"notice": {"sha256": "g" * 64}},
    {"notice": {"at": "yesterday"}},
    {"notice": {"at": None}},
    {"notice": {"text": "x"}},
    {"notice": []},
    {"notice": None},
    {"ended_at": "2026-11-21T09:00:00Z"},
    {"accommodation": 2},
    {"accommodation": "1/2"},
    {"accommodation": "4/2"},
    {"accommodation": "21/2"},
    {"accommodation": "1.5"},
    {"accommodation": "\uff12"},
    {"accommodation": "1" + "0" * 5_000},
    {"elapsed": {"no-such-item": 1}},
    {"elapsed": [1]},
    {"raters": ["Ann"]},
    {"raters": {"": "examiner"}},
    {"raters": {"a" * 201: "examiner"}},
    {"raters": {"\ud800": "examiner"}},
    {"raters": {"Ann": "two words"}},
    {"raters": {"Ann": ["examiner"]}},
    {"raters": {str(n): "examiner" for n in range(101)}},
    {"variant": "no-such-variant"},
    {"variant": None},
]
BAD_WORDS = {  # what a log puts there itself, from a resolution
    "void": ["", "two words", "x" * 49, None, 1, ["x"], "fine"],
    "reinstate": [
        None,
        "door",
        {},
        {"reason": "x"},
        {"stage": "main"},
        {"reason": "", "stage": "main"},
        {"reason": "x", "stage": "no-such-stage"},
        {"reason": "x", "stage": ["main"]},
        {"reason": "x", "stage": "main", "who": "me"},
        {"reason": "x", "stage": "main"},
    ],
}


@st.composite
def hostile_submissions(draw: Callable, pack: dict, profile: str | None = None, level: str | None = None) -> Any:
    """A submission with one to three things put in it that no honest sender sends; some of them are harmless after all."""
    found: Any = draw(submissions(pack, profile, level))
    for _ in range(draw(st.integers(1, 3))):
        found = draw(spoiled(pack, found))
        if type(found) is not dict:
            break
    return found


@st.composite
def hostile_cases(draw: Callable) -> tuple[dict, str | None, Any, str | None]:
    """As `funnel_cases`, with a submission that no honest sender sends."""
    pack = draw(funnels())
    level = draw(st.sampled_from([entry["id"] for entry in pack["levels"]] or [None]))
    return pack, None, draw(hostile_submissions(pack, None, level)), level


@st.composite
def spoiled(draw: Callable, pack: dict, submission: dict) -> Any:
    junk = draw(st.one_of(st.sampled_from(JUNK), st.sampled_from(JUNK), random_json()))
    names = [item["id"] for item in oracle.items_of(pack)]
    name = draw(
        st.sampled_from(
            [*names, *names, *names, "no-such-item", "", "é", "\ud800", "x" * 10_000, 7, None, names[0].upper()]
        )
    )
    answers = submission.get("answers")
    rated = [item for item in oracle.items_of(pack) if item["kind"] in ("rating", "checklist")]
    hows = ["answer"] * 6
    hows += ["entry", "excluded", "both", "facts", "facts", "fact", "top", "handed_in", "names", "word", "whole"]
    how = draw(
        st.sampled_from(hows + (["form"] * 8 if rated else []) + (["later"] * 3 if len(pack["stages"]) > 1 else []))
    )
    if type(answers) is not dict and how in ("answer", "both", "entry", "form", "later"):
        how = "top"
    if how in ("answer", "both"):
        spoilt = {**submission, "answers": {**answers, name: junk}}
        return {**spoilt, "not_administered": {name: "x"}} if how == "both" else spoilt
    if how == "entry":
        return {**submission, "answers": {**answers, name: ["a", junk, "B"]}}
    if how == "form":
        item = draw(st.sampled_from(rated))
        return {**submission, "answers": {**answers, item["id"]: draw(hostile_forms(item, junk))}}
    if how == "later":  # answers of all stages and variants, whatever ended
        every = {item["id"]: draw(answers_to(item)) for item in oracle.items_of(pack) if not draw(rarely(3))}
        return {**submission, "answers": every | answers}
    if how == "excluded":
        return {
            **submission,
            "not_administered": {name: draw(st.sampled_from(["x", "", "x" * 501, "\ud800", None, 1, ["x"]]))},
        }
    given = submission.get("facts", {})
    kept = given if type(given) is dict and draw(st.booleans()) else {}
    if how == "facts":
        return {**submission, "facts": {**kept, **draw(st.sampled_from(BAD_FACTS))}}
    if how == "fact":
        facts_ = ["irregularities", "notice", "started_at", "raters", "variant", "elapsed", "accommodation", "x", 1]
        return {**submission, "facts": {**kept, draw(st.sampled_from(facts_)): junk}}
    if how == "handed_in":
        handed_in = draw(
            st.sampled_from([["main", "main"], ["Main"], ["second"], [1], [None], "main", {"main": True}, ["\ud800"]])
        )
        return {**submission, "handed_in": handed_in}
    if how == "names":
        wrong_id, wrong_case = (
            st.sampled_from(["", "x" * 49, "a b", "é", 1, None]),
            st.sampled_from(["", "x" * 201, "\ud800", 1, None]),
        )
        return {**submission, "id": draw(wrong_id)} if draw(st.booleans()) else {**submission, "case": draw(wrong_case)}
    if how == "word":
        key = draw(st.sampled_from(list(BAD_WORDS)))
        return {**submission, key: draw(st.sampled_from(BAD_WORDS[key]))}
    if how == "whole":
        return draw(st.one_of(st.just(junk), st.just({}), st.just([submission])))
    return {**submission, draw(st.sampled_from(TOP_LEVEL)): junk}


@st.composite
def hostile_forms(draw: Callable, item: dict, junk: Any) -> Any:
    """Forms of raters who may be nobody, with one thing in them that may not be there."""
    said = draw(forms(item, {"Ann": "examiner", "Bob": "examiner", "C. Elik": "peer"}))
    rater = draw(st.sampled_from(["Ann", "Bob", "C. Elik", "C. Elik", "nobody", "", " ", "Eve", 7]))
    form = said.get(rater, {})
    key = draw(st.sampled_from([*TICKS, "rating", "lines", "concern", "note", "abstained", "x", 1]))
    names = [*oracle.recorded(item, key), "unknown"] if key in TICKS else ["asks", "unknown"]
    marks_ = ["observed", "missing", "breached", "kept", "not_probed", "x", None, True, ["observed"]]
    spoilt = draw(
        st.sampled_from(
            [
                junk,
                {**form, key: junk},
                {**form, key: {draw(st.sampled_from(names)): draw(st.sampled_from(marks_))}},
                {**form, key: draw(st.sampled_from(["", "x" * 501, "x" * 2_001, "x" * 16_385, "\ud800", "a", 1]))},
                {k: v for k, v in form.items() if k not in ("rating", "lines")},
                form,
            ]
        )
    )
    more = {f"r{n}": form for n in range(draw(st.sampled_from([0, 0, 0, 1, 20])))}
    return {**said, rater: spoilt, **more}


def random_json() -> st.SearchStrategy[Any]:
    leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
        max_leaves=8,
    )


# ---- On a cut and a hair beside it ----------------------------------------------------------------------------------------------------------


def edge_case(rng: random.Random) -> tuple[dict, dict, str]:
    """
    A pack of marks and choices with thirds and sevenths, a submission, and where it lies: `on`, `above` or `below` a cut.

    The cut is computed from the submission itself, in a few lines of fractions that share nothing with the oracle. It is the band's edge, or the
    `below` of an override; either way the verdict is `pass` on or above the cut, and `fail` below. A hair is less than 2 / 10^12.
    """
    while True:
        sections, answers, shares = [], {}, []
        for s in range(rng.randint(1, 4)):
            section, given, share = edge_section(rng, s)
            sections.append(section)
            answers |= given
            shares.append(share)
        parts = [rng.randint(1, 6) for _ in sections]
        weights = [Fraction(part, sum(parts)) for part in parts]
        total = sum(weight * share for weight, share in zip(weights, shares, strict=True))
        what, relation = rng.choice(["band", "section"]), rng.choice(["on", "above", "below"])
        watched = rng.randrange(len(sections))
        exact = shares[watched] if what == "section" else total
        if total < Fraction(1, 1000) or exact <= 0 or exact.denominator > 10**11:
            continue
        cut = exact + {"on": 0, "above": -1, "below": 1}[relation] * edge_hair(exact)
        if 0 < cut <= 1:
            break
    pack = plain_pack(sections, weights, cut if what == "band" else Fraction(1, 1000))
    if what == "section":
        pack["overrides"] = [
            {"about": {}, "cap": "fail", "id": "floor", "when": {"below": str(cut), "section": sections[watched]["id"]}}
        ]
    return pack, {"answers": answers}, relation


def edge_hair(exact: Fraction) -> Fraction:
    """The smallest distance whose sum with *exact* keeps twelve digits, as a part of the same denominator."""
    return Fraction(1, exact.denominator * ((10**12 - 1) // exact.denominator))


def edge_section(rng: random.Random, number: int) -> tuple[dict, dict, Fraction]:
    """A section, its answers, and the share that they earn."""
    items, answers = [], {}
    earned = maximum = Fraction(0)
    for i in range(rng.randint(1, 3)):
        name = f"e{number}{i}"
        base = {**ITEM, "awaits": ["absent", "blank", "invalid"], "id": name}
        if rng.random() < 0.5:
            step, steps = Fraction(1, rng.choice([1, 2, 10, 100])), rng.randint(2, 9)
            points = Fraction(rng.choice([1, 2, 3]), rng.choice([1, 3, 7]))
            got = rng.randint(0, steps)
            items.append({**base, "kind": "mark", "max": str(step * steps), "points": str(points), "step": str(step)})
            answers[name] = spell(step * got)
            earned += points * got / steps
            maximum += points
        else:
            points_of = {option: Fraction(rng.randint(-1, 7), rng.choice([1, 3, 7])) for option in "ABCD"}
            points_of["E"] = Fraction(8)
            options = [
                {"about": {}, "flag": None, "id": option, "points": str(points)} for option, points in points_of.items()
            ]
            items.append({**base, "kind": "choice", "options": options})
            answers[name] = rng.choice("ABCDE")
            earned += points_of[answers[name]]
            maximum += 8
    section = {"about": {}, "declared": None, "floor": "-1", "id": f"s{number}", "items": items}
    return section, answers, max(Fraction(-1), earned / maximum)


def edge_packs() -> st.SearchStrategy[tuple[dict, dict, str]]:
    """`edge_case` for Hypothesis: (pack, submission, relation)."""
    return st.randoms(use_true_random=False).map(edge_case)
