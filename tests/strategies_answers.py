"""
Hypothesis strategies for answers to one item, of a right JSON type: ordinary ones, odd ones, and what raters say.

Must not import anything of `scoring`, nor refuse: what is hostile is `strategies`'.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

import oracle
from strategies_packs import DECIMALS, TEXTS, rarely

if TYPE_CHECKING:
    from collections.abc import Callable

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
def evidence_answers(draw: Callable) -> Any:
    if draw(st.booleans()):
        return draw(st.sampled_from(["in folder 7", "x" * 16_384]))
    more = {"sha256": "0" * 64, "seconds": draw(st.sampled_from([0, 1800, 2**53 - 1]))}
    return {"reference": "talk.pdf"} | {key: value for key, value in more.items() if draw(st.booleans())}


TICKS = oracle.MARKS


@st.composite
def tick_lists(draw: Callable, item: dict) -> dict:
    """Now and then a tick beside the rating."""
    found = {}
    for key, marks_ in TICKS.items():
        names = oracle.recorded(item, key)
        if names and draw(st.booleans()):
            found[key] = {name: draw(st.sampled_from(marks_)) for name in names if not draw(rarely(4))}
    if draw(rarely(8)):
        found["concern"] = draw(st.sampled_from(["shouted", "x" * 2_000]))
    if draw(rarely(6)):
        found["note"] = draw(st.sampled_from(["fine", " ", "é" * 16_384]))
    return found


@st.composite
def forms(draw: Callable, item: dict, panel: dict[str, str]) -> dict | None:
    """What the raters of a panel say of one item; mostly all of them, and mostly the same."""
    may = [rater for rater, role in panel.items() if role in item["raters"]["needs"]][: item["raters"]["max"]]
    lines = [line["id"] for line in item.get("lines", [])]
    usual = draw(st.sampled_from(item["values"]))["id"] if item["kind"] == "rating" else None
    agreed = {line: draw(st.sampled_from(["observed", "observed", "not_observed"])) for line in lines}
    found: dict = {}
    for rater in may:
        if draw(rarely(25)):
            continue
        if draw(rarely(20)):
            found[rater] = {"abstained": draw(st.sampled_from(["a friend", " ", "é" * 500]))}
            continue
        agrees = not draw(rarely(6))
        if item["kind"] == "rating":
            said: dict = {"rating": usual if agrees else draw(st.sampled_from(item["values"]))["id"]}
        else:
            own = {line: draw(st.sampled_from(TICKS["indicators"])) for line in lines}
            said = {"lines": agreed if agrees else {line: tick for line, tick in own.items() if not draw(rarely(9))}}
        found[rater] = said | draw(tick_lists(item))
    return found


@st.composite
def answers_to(draw: Callable, item: dict, panel: dict[str, str] | None = None, blank: int = 12) -> Any:
    """An answer of a right JSON type, once in *blank* times a blank one; never one to be refused."""
    if draw(rarely(blank)):
        return draw(BLANKS)
    if item["kind"] in ("rating", "checklist"):
        return draw(forms(item, panel or {}))
    if item["kind"] == "evidence":
        return draw(evidence_answers())
    if item["kind"] in ("choice", "selection") and draw(rarely(30)):
        return draw(st.sampled_from([[], [""], ["", " \t"]]))
    return draw(ANSWERS[item["kind"]](item))
