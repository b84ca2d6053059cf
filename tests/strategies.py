"""
What the engine is tried with: Hypothesis strategies for packs and submissions, kind ones, odd ones and hostile ones.

Owns `packs`, `submissions`, `hostile_submissions` and, for exactness at a cut, `edge_packs`. A pack is a dict of the shape of `audit/FORMAT.md`,
section 5, and valid; `pack_bytes` gives its canonical bytes. The closure of `is` conditions is computed from the oracle's outcome tables.

Must not import anything of `scoring`.
"""

from __future__ import annotations

import hashlib
import json
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

import oracle

if TYPE_CHECKING:
    import random
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


@st.composite
def items(draw: Callable, name: str, fatal: bool) -> dict:
    item = draw(st.one_of(choices(fatal), choices(fatal), selections(fatal), numbers(), numbers(), texts(), marks()))
    knock_out = any(option["flag"] == "knock_out" for option in item.get("options", []))
    awaits = AWAITS[-1] if knock_out or item["kind"] == "mark" else draw(st.sampled_from(AWAITS))
    return {"about": {}, "awaits": awaits, "floor": draw(st.sampled_from(FLOORS)), "id": name, **item}


def best(item: dict) -> Fraction:
    return max(Fraction(0), *(outcome.points for outcome in oracle.outcome_table(item)))


@st.composite
def is_conditions(draw: Callable, item: dict) -> dict | None:
    """A list of outcomes that is closed as FORMAT.md 5 asks, or None where the item has no outcome to list."""
    nothing = [oracle.Outcome(name, Fraction(0), ()) for name in ("absent", "blank", "invalid")]
    table = oracle.outcome_table(item)
    most = max(outcome.points for outcome in table)
    listable = [outcome for outcome in nothing + table if outcome.points < most]
    levels = sorted({outcome.points for outcome in listable if not outcome.flags})
    level = draw(st.sampled_from([None, *levels]))
    flagged = {outcome.name for outcome in listable if outcome.flags and draw(st.booleans())}
    named = [o.name for o in listable if o.name in flagged or (not o.flags and level is not None and o.points <= level)]
    return {"is": named, "item": item["id"]} if named else None


@st.composite
def conditions(draw: Callable, sections: list[dict], fatal: bool, depth: int = 0) -> dict:
    forms = ["flag", "section", "item", "item"] + (["all", "any"] if depth < 3 else [])
    form = draw(st.sampled_from(forms))
    if form == "item":
        found = draw(is_conditions(draw(st.sampled_from([item for section in sections for item in section["items"]]))))
        if found:
            return found
        form = "section"
    if form == "flag":
        flag = draw(st.sampled_from(["knock_out", "refer", "note", *(["fatal"] if fatal else [])]))
        return {"at_least": draw(st.integers(1, 3)), "flag": flag}
    if form == "section":
        below = draw(st.sampled_from(["1/2", "1", "1/3", "5/7", "1/1000003"]))
        return {"below": below, "section": draw(st.sampled_from(sections))["id"]}
    return {form: draw(st.lists(conditions(sections, fatal, depth + 1), min_size=1, max_size=3))}


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
        profiles.append({"about": {}, "assumed": draw(st.booleans()), "id": name, "shares": shares})
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
            "floor": draw(st.sampled_from(["0", "0", "-1", "-1/3", "1/2", "2/7"])),
            "id": draw(st.sampled_from(["s", "S.", "sec-"])) + str(s),
            "items": [draw(items(name, fatal=notice is not None)) for name in names],
        }
        sections.append(section)
    if not any(best(item) for section in sections for item in section["items"]):
        rescue = {"about": {}, "awaits": AWAITS[-1], "floor": None, "id": "rescue"}
        sections[0]["items"].append({**rescue, "kind": "mark", "max": "3", "points": "1/3", "step": "1"})
    verdicts = draw(verdict_lists())
    verdict = st.sampled_from([v["id"] for v in verdicts])
    profiles = draw(profile_lists(sections))
    overrides = [
        {"about": {}, "cap": draw(verdict), "id": name, "when": draw(conditions(sections, fatal=notice is not None))}
        for name in ["o1", "o-2", "o.3"][: draw(st.integers(0, 3))]
    ]
    return {
        "about": {"title": "A generated test"},
        "caps": {"fatal": draw(verdict), "knock_out": draw(verdict)},
        "default_profile": draw(st.sampled_from(profiles))["id"],
        "format": 1,
        "notice": notice,
        "overrides": overrides,
        "profiles": profiles,
        "rubric": "generated",
        "stages": [{"about": {}, "id": "main", "sections": sections}],
        "verdicts": verdicts,
        "version": "1",
    }


# ---- Answers --------------------------------------------------------------------------------------------------------------------------------

BLANKS = st.sampled_from([None, "", " ", "\t\n\u00a0", "\u2003"])
UNASSIGNED = "\u0378"  # assigned by no Unicode up to 16; U+0870 was assigned after 14
ODD = [UNASSIGNED, "\U0001fadc", "\u0301", "\u00ad", "\u200b", "\ufeff", "\ufffe", "\u0000", "\U0001f600"]


def spell(value: Fraction) -> str:
    """A decimal text of the value, cut after twelve places where it has no end."""
    sign = "-" if value < 0 else ""
    whole, rest = divmod(abs(value), 1)
    digits = str(int(rest * 10**12)).rjust(12, "0").rstrip("0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


NUMBER_PLAIN = [
    "{v}",
    "{v}",
    "{v}",
    "{v}.0",
    "{v}.",
    " {v}\n",
    "**{v}.**",
    "The result is {v}",
    "= {v}",
    "({v})",
    "{v}km",
    "{v} km",
    "{v}%",
]
NUMBER_TWO = [
    "{w} or {v}",
    "{w}, {v}",
    "{w},{v}",
    "[{w}, {v}, {w}]",
    "{w} + 1 = {v}",
    "{w} -> {v}",
    "{w}: {v}",
    "it is {v}, not {w}",
    "{w} IS {v}",
    "{v}/{w}",
    "{w}-{v}",
    "{w} \u2212{v}",
    "{v} and {w} is it",
    "x{w} = {v}",
    "{w}x, {v}",
    "{w}\u00b2 {v}",
    "{v} {v} {v}",
    "{v}km-{w}km",
    "${v}-{w}",
    "{w}% of {v}",
]
NUMBER_ODD = [
    "-{v}",
    "--{v}",
    "\u2212{v}",
    ")-{v}",
    "a-{v}",
    "${v}",
    "-${v}",
    "{v}$",
    "{v}\u20ac.",
    "{v},0",
    ".{v}",
    "{v}.5.2",
    "{v}.a",
    "a.{v}",
    "{v}e1",
    "x{v}",
    "_{v}",
    "{v}_",
    "{v}^2",
    "{v}\u00b2",
    "\u00bd{v}",
    "{v}\u2030",
    "{v}m2",
    "{v}m2.",
    "{v}km/h",
    "{v}km/",
    "1,{v}",
    "1 {v}",
    "1'{v}",
    "12 {v}.5",
    "0{v}",
    "{v}\u0301",
    "\u0301{v}",
    "\u00e9{v}",
    "e\u0301{v}",
    "is{v}",
    "i\u017f {v}",
    "no number",
    "\u2167",
    "{v}it is",
]
ALPHABET = [
    *"0011234567899 .,-+=:>'/%$_^xeiskm()",
    *"\u00a0\u202f\u2212\u066b\u0663\uff17\u20ac\u00b2",
    "is",
    "->",
    "000",
]


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def arabic(text: str) -> str:
    return "".join(chr(0x0660 + int(c)) if c in oracle.DIGITS else c for c in text)


def mathematical(text: str) -> str:
    return "".join(chr(0x1D7CE + int(c)) if c in oracle.DIGITS else c for c in text)


@st.composite
def disturbed(draw: Callable, text: str) -> str:
    """Usually the text itself; now and then in another script, or with an odd character in it."""
    text = draw(st.sampled_from([str, str, str, str, str, full_width, arabic, mathematical, str.upper]))(text)
    if draw(rarely(6)):
        where = draw(st.integers(0, len(text)))
        text = text[:where] + draw(st.sampled_from(ODD)) + text[where:]
    return text


@st.composite
def number_answers(draw: Callable, item: dict) -> str:
    ends = [Fraction(key[end]) for key in item["keys"] for end in ("low", "high")]
    near = st.sampled_from(ends).flatmap(
        lambda v: st.sampled_from([v, v, v, v, -v, v * 10, v + 1, v - Fraction(1, 10**9), v + Fraction(1, 10**9)])
    )
    v, w = spell(draw(near)), spell(draw(st.one_of(near, st.sampled_from(DECIMALS))))
    form = draw(st.sampled_from(["plain", "plain", "two", "odd", "soup", "grouped", "long"]))
    if form == "soup":
        return "".join(draw(st.lists(st.sampled_from([*ALPHABET, v]), max_size=12)))
    if form == "grouped":
        v = draw(grouped(v))
        return draw(disturbed(draw(st.sampled_from([*NUMBER_PLAIN, *NUMBER_TWO])).format(v=v, w=w)))
    if form == "long":
        return "0" * draw(st.sampled_from([100, 509, 510, 511, 512, 513, 4999])) + v
    templates = {"plain": NUMBER_PLAIN, "two": NUMBER_TWO, "odd": NUMBER_ODD}[form]
    return draw(disturbed(draw(st.sampled_from(templates)).format(v=v, w=w)))


@st.composite
def grouped(draw: Callable, text: str) -> str:
    """The number with thousands separators, sometimes a group too short or two kinds of them."""
    size = draw(st.sampled_from([3, 3, 3, 2]))
    head = text.lstrip("-").split(".")[0]
    groups = []
    while head:
        groups.insert(0, head[-size:])
        head = head[:-size]
    signs = st.sampled_from([",", "'", " ", "\u00a0", "\u202f", "\u2009"])
    sign = draw(signs)
    spelled = groups[0]
    for group in groups[1:]:
        spelled += (draw(signs) if draw(rarely(9)) else sign) + group
    return spelled


@st.composite
def text_answers(draw: Callable, item: dict) -> str:
    wanted = draw(st.sampled_from([text for key in item["keys"] for text in key["texts"]]))
    change = st.sampled_from(
        [
            lambda t: t,
            lambda t: t,
            str.upper,
            str.casefold,
            lambda t: f"  {t}\n",
            lambda t: t.replace(" ", " \t "),
            lambda t: f"I would use {t} here",
            lambda t: t.replace("*", "xyz"),
            lambda t: t.replace("*", ""),
            lambda t: t[:-1],
            lambda t: t + t,
            lambda t: t.replace("é", "e\u0301").replace("한", "\u1112\u1161\u11ab"),
            lambda t: t.replace("e\u0301", "é"),
        ]
    )
    others = " ".join(draw(st.lists(st.sampled_from(TEXTS), max_size=2)))
    return draw(disturbed((draw(change)(wanted) + draw(st.sampled_from(["", "", " ", "\n"])) + others) or "x"))


@st.composite
def option_answers(draw: Callable, item: dict) -> str | list[str]:
    names = [option["id"] for option in item["options"]]
    if item["kind"] == "choice" and not draw(rarely(4)):
        return draw(
            st.sampled_from([*names, *names, *names, *names, "unknown", names[0].lower(), f" {names[0]}", "several"])
        )
    strangers = ["unknown", "", " "] if draw(rarely(5)) else []
    return draw(st.lists(st.sampled_from([*names * 4, *strangers]), min_size=0 if draw(rarely(9)) else 1, max_size=6))


@st.composite
def mark_answers(draw: Callable, item: dict) -> int | str:
    step, top = Fraction(item["step"]), Fraction(item["max"])
    mark = step * draw(st.integers(0, int(top / step)))
    spellings = [
        spell(mark),
        f" {spell(mark)}0" if "." in spell(mark) else f"0{spell(mark)}.00 ",
        str(mark),
        "-1",
        "+1",
        "1.",
        ".5",
        "1e0",
        "1_0",
        "\uff17",
    ]
    if mark.denominator == 1:
        spellings += [spell(mark)] * 6
        return draw(
            st.sampled_from(
                [
                    mark.numerator,
                    mark.numerator,
                    *spellings,
                    -1,
                    int(top) + 1,
                    2**53 - 1,
                    "9" * 5000,
                    "0" * 63 + "1",
                    "0" * 64 + "1",
                    "1." + "0" * 62,
                ]
            )
        )
    return draw(st.sampled_from(spellings))


ANSWERS = {
    "choice": option_answers,
    "selection": option_answers,
    "number": number_answers,
    "text": text_answers,
    "mark": mark_answers,
}


@st.composite
def answers_to(draw: Callable, item: dict) -> Any:
    """An answer of a right JSON type, blank ones included; never one to be refused."""
    if draw(rarely(12)):
        return draw(BLANKS)
    if item["kind"] in ("choice", "selection") and draw(rarely(30)):
        return draw(st.sampled_from([[], [""], ["", " \t"]]))
    return draw(ANSWERS[item["kind"]](item))


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
    return found


@st.composite
def submissions(draw: Callable, pack: dict) -> dict:
    """A submission that must be scored: mostly answered, now and then not; with and without facts."""
    mood = draw(st.sampled_from(["full", "full", "full", "full", "gaps", "gaps", "hole"]))
    answers, excluded = {}, {}
    for item in oracle.items_of(pack):
        if mood != "full" and draw(rarely(8)):
            excluded[item["id"]] = draw(st.sampled_from(["printer broke", "é" * 500, " "]))
        elif mood == "full" or not draw(rarely(6)):
            answers[item["id"]] = draw(answers_to(item))
    if mood == "hole":  # nothing of one section was administered
        for item in draw(st.sampled_from(pack["stages"][0]["sections"]))["items"]:
            answers.pop(item["id"], None)
            excluded[item["id"]] = "not in this centre"
    found: dict = {"answers": answers}
    if excluded or draw(st.booleans()):
        found["not_administered"] = excluded
    if draw(st.integers(0, 2)):
        found["facts"] = draw(facts(pack))
    if draw(st.booleans()):
        found["handed_in"] = draw(st.sampled_from([["main"], []]))
    if draw(st.booleans()):
        found |= {
            "case": draw(st.sampled_from(["c", "Zoë 1/2", "x" * 200])),
            "id": draw(st.sampled_from(["s-1", "A" * 48])),
        }
    return found


@st.composite
def cases(draw: Callable) -> tuple[dict, str | None, dict]:
    """(pack, profile or None, submission)."""
    pack = draw(packs())
    profile = draw(st.sampled_from([None, *(profile["id"] for profile in pack["profiles"])]))
    return pack, profile, draw(submissions(pack))


ITEMS = {"choice": choices, "selection": selections, "number": numbers, "text": texts, "mark": marks}


@st.composite
def reading_cases(draw: Callable, kind: str) -> tuple[dict, dict]:
    """(pack, submission) of six items of one kind, all answered, where nothing but the reading matters."""
    base = {"about": {}, "awaits": AWAITS[-1], "floor": None}
    some = [draw(ITEMS[kind](**({"fatal": True} if kind in ("choice", "selection") else {}))) for _ in range(6)]
    some = [{**base, "id": f"i{n}", **item} for n, item in enumerate(some)]
    worth = {**base, "id": "worth", "kind": "mark", "max": "1", "points": "1", "step": "1"}
    pack = plain_pack([{"about": {}, "floor": "0", "id": "s", "items": [*some, worth]}], [Fraction(1)], Fraction(1, 2))
    return {**pack, "notice": NOTICE}, {
        "answers": {"worth": 1} | {item["id"]: draw(ANSWERS[kind](item)) for item in some}
    }


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
]


@st.composite
def hostile_submissions(draw: Callable, pack: dict) -> Any:
    """A submission with one to three things put in it that no honest sender sends; some of them are harmless after all."""
    found: Any = draw(submissions(pack))
    for _ in range(draw(st.integers(1, 3))):
        found = draw(spoiled(pack, found))
        if type(found) is not dict:
            break
    return found


@st.composite
def spoiled(draw: Callable, pack: dict, submission: dict) -> Any:
    junk = draw(st.one_of(st.sampled_from(JUNK), st.sampled_from(JUNK), random_json()))
    names = [item["id"] for item in oracle.items_of(pack)]
    name = draw(
        st.sampled_from(
            [*names, *names, *names, "no-such-item", "", "é", "\ud800", "x" * 10_000, 7, None, names[0].upper()]
        )
    )
    how = draw(
        st.sampled_from(
            ["answer"] * 6
            + ["entry", "excluded", "both", "facts", "facts", "fact", "top", "handed_in", "names", "whole"]
        )
    )
    answers = submission.get("answers")
    if how in ("answer", "both") and type(answers) is dict:
        spoilt = {**submission, "answers": {**answers, name: junk}}
        return {**spoilt, "not_administered": {name: "x"}} if how == "both" else spoilt
    if how == "entry" and type(answers) is dict:
        return {**submission, "answers": {**answers, name: ["a", junk, "B"]}}
    if how == "excluded":
        return {
            **submission,
            "not_administered": {name: draw(st.sampled_from(["x", "", "x" * 501, "\ud800", None, 1, ["x"]]))},
        }
    if how == "facts":
        return {**submission, "facts": draw(st.sampled_from(BAD_FACTS))}
    if how == "fact":
        key = draw(st.sampled_from(["irregularities", "notice", "started_at", "x", 1]))
        return {**submission, "facts": {key: junk}}
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
    if how == "whole":
        return draw(st.one_of(st.just(junk), st.just({}), st.just([submission])))
    return {**submission, draw(st.sampled_from(TOP_LEVEL)): junk}


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
        base = {"about": {}, "awaits": ["absent", "blank", "invalid"], "floor": None, "id": name}
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
    section = {"about": {}, "floor": "-1", "id": f"s{number}", "items": items}
    return section, answers, max(Fraction(-1), earned / maximum)


def plain_pack(sections: list[dict], weights: list[Fraction], cut: Fraction) -> dict:
    shares = {section["id"]: str(weight) for section, weight in zip(sections, weights, strict=True)}
    return {
        "about": {},
        "caps": {"fatal": "fail", "knock_out": "fail"},
        "default_profile": "default",
        "format": 1,
        "notice": None,
        "overrides": [],
        "profiles": [{"about": {}, "assumed": False, "id": "default", "shares": shares}],
        "rubric": "plain",
        "stages": [{"about": {}, "id": "main", "sections": sections}],
        "verdicts": [
            {"about": {}, "action": "advance", "from": str(cut), "id": "pass"},
            {"about": {}, "action": "decline", "from": "0", "id": "fail"},
        ],
        "version": "1",
    }


def edge_packs() -> st.SearchStrategy[tuple[dict, dict, str]]:
    """`edge_case` for Hypothesis: (pack, submission, relation)."""
    return st.randoms(use_true_random=False).map(edge_case)
