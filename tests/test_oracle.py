"""
The oracle against examples worked out by hand from `docs/reading.md` and `audit/FORMAT.md`.

Whoever changes a rule in these pages changes an example here first. Nothing here imports `scoring`.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import random
from fractions import Fraction
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import oracle
import strategies

# ---- Items and packs to try things with -----------------------------------------------------------------------------------------------------


def key(
    name: str = "key", low: str = "70", high: str | None = None, *, points: str = "1", flag: str | None = None
) -> dict:
    return {"about": {}, "flag": flag, "high": high or low, "id": name, "low": low, "points": points}


def number(
    read: str = "sole", *keys: dict, units: tuple = (), separators: tuple = (), name: str = "n", awaits: tuple = ()
) -> dict:
    return {
        "about": {},
        "awaits": list(awaits),
        "floor": None,
        "id": name,
        "keys": list(keys) or [key()],
        "kind": "number",
        "only": None,
        "points": "1",
        "read": read,
        "separators": list(separators),
        "units": list(units),
        "void": False,
    }


def text(match: str, *texts: str, steps: tuple = ("trim", "collapse", "casefold")) -> dict:
    keys = [{"about": {}, "flag": None, "id": "key", "match": match, "points": "1", "texts": list(texts)}]
    return {
        "about": {},
        "awaits": [],
        "floor": None,
        "id": "t",
        "keys": keys,
        "kind": "text",
        "only": None,
        "points": "1",
        "steps": list(steps),
        "void": False,
    }


def option(name: str, points: str = "0", flag: str | None = None) -> dict:
    return {"about": {}, "flag": flag, "id": name, "points": points}


def choice(*options: dict, name: str = "c", awaits: tuple = (), floor: str | None = None) -> dict:
    return {
        "about": {},
        "awaits": list(awaits),
        "floor": floor,
        "id": name,
        "kind": "choice",
        "only": None,
        "options": list(options),
        "void": False,
    }


def selection(mode: str, right: str, wrong: str, points: str = "1", flags: dict | None = None) -> dict:
    options = [{"about": {}, "flag": (flags or {}).get(o), "id": o, "right": o in right} for o in sorted(right + wrong)]
    return {
        "about": {},
        "awaits": [],
        "floor": None,
        "id": "s",
        "kind": "selection",
        "mode": mode,
        "only": None,
        "options": options,
        "points": points,
        "void": False,
    }


ALL = ("absent", "blank", "invalid")


def mark(top: str = "10", step: str = "1", points: str = "1", name: str = "m") -> dict:
    return {
        "about": {},
        "awaits": list(ALL),
        "floor": None,
        "id": name,
        "kind": "mark",
        "max": top,
        "only": None,
        "points": points,
        "step": step,
        "void": False,
    }


SEVERAL = choice(option("A", "0", "refer"), option("B", "1"), option("C", "0", "note"), option("D", "0", "fatal"))
STATED = number("stated")
CONTAINS = number("contains", key(low="141"))
SOLE = number("sole")
KM = number("sole", units=("km", "km/h"))
DOLLAR = number("sole", units=("$",))
COMMA = number("sole", key(low="1410"), separators=(",",))
SPACE = number("sole", key(low="1410"), separators=(" ",))

READING = [
    # number, `stated`, the key is 70
    (STATED, "70", "key"),
    (STATED, "70.0", "key"),
    (STATED, "0070.000", "key"),
    (STATED, "The result is 70", "key"),
    (STATED, "30 + 40 = 70", "key"),
    (STATED, "30+40=70", "key"),
    (STATED, "100-30=70", "key"),
    (STATED, "80 -> 70", "key"),
    (STATED, "80: 70", "key"),
    (STATED, "out of 80 it IS 70", "key"),
    (STATED, "80 i\u017f 70", "key"),  # the long s casefolds to s
    (STATED, "80 is70, 70", "unclear"),  # `is70` is one word, and no `is`
    (STATED, "80 this 70", "unclear"),
    (STATED, "70 is 70.0", "key"),
    (STATED, "70 = 30 + 40", "unclear"),
    (STATED, "80 = 70 -> 71", "unclear"),  # the 70 may have been meant
    (STATED, "80 = 60 -> 71", "wrong"),
    (STATED, "70,x", "unclear"),
    (STATED, "70, x", "key"),
    (STATED, "It is 70, because the rest is 12", "unclear"),
    (CONTAINS, "141yo is impossible, nobody lives beyond 120", "unclear"),
    (CONTAINS, "120, nobody lives longer", "wrong"),
    (STATED, "70 and 80 is it", "unclear"),
    (STATED, "70 and 80", "unclear"),
    (STATED, "70 or 80", "unclear"),
    (STATED, "the result is 70 or 80", "unclear"),
    (STATED, "**70.**", "key"),
    (STATED, "(70)", "key"),
    (STATED, "\uff17\uff10", "key"),
    (STATED, "\u0667\u0660", "key"),  # Arabic-Indic digits
    (STATED, "\U0001d7d5\U0001d7d8", "key"),  # mathematical bold digits
    (STATED, "7\u200b0", "key"),  # a zero-width space is a format character
    (STATED, "7\u00ad0", "key"),  # so is a soft hyphen
    (STATED, "7\u03780", "unclear"),  # unassigned: U+FFFD parts the digits
    (STATED, "70\u0378", "key"),
    (STATED, "70%", "unclear"),
    (STATED, "70\u066a", "unclear"),
    (STATED, "70\u2030", "unclear"),
    (STATED, "7e1", "unclear"),
    (STATED, "70,0", "unclear"),
    (STATED, "70\u066b0", "unclear"),
    (STATED, "$70", "unclear"),
    (STATED, "70\u20ac", "unclear"),
    (STATED, "\uff0470", "unclear"),
    (STATED, "$-70", "unclear"),  # the sign belongs to the token, and that touches $
    (STATED, "70\u00b2", "unclear"),
    (STATED, "\u00bd70", "unclear"),
    (STATED, "\u00bd 70", "key"),
    (STATED, "70^1", "unclear"),
    (STATED, "70/1", "unclear"),
    (STATED, "70 / 1", "unclear"),
    (STATED, "_70", "unclear"),
    (STATED, "70x", "unclear"),
    (STATED, "x70", "unclear"),  # digits, but no token
    (STATED, "q3: 70", "key"),
    (STATED, "x70.5 = 70", "key"),
    (STATED, "\u00e970", "unclear"),  # the letter begins the word
    (STATED, "e\u030170", "key"),  # a combining mark is no letter, and parts the words
    (STATED, "1.2.3", "unclear"),
    (STATED, "70 3.a", "unclear"),
    (STATED, "a.70", "unclear"),
    (STATED, ".70", "unclear"),
    (STATED, "70. 0", "unclear"),
    (STATED, "-70", "wrong"),
    (STATED, "\u221270", "wrong"),
    (STATED, "\uff0d70", "wrong"),
    (STATED, "--70", "wrong"),
    (STATED, "- 70", "key"),
    (STATED, "a-70", "key"),
    (STATED, ")-70", "key"),
    (STATED, "70-", "key"),
    (STATED, "71", "wrong"),
    (STATED, "seventy", "no_digits"),
    (STATED, "\u2166\u00b2", "no_digits"),
    (STATED, "\u200b", "no_digits"),
    (STATED, "0" * 510 + "70", "key"),
    (STATED, "0" * 511 + "70", "unclear"),
    (STATED, "70." + "0" * 509, "key"),
    (STATED, "-" + "0" * 510 + "70", "unclear"),
    # number, `sole`
    (SOLE, "70", "key"),
    (SOLE, "70 70.00", "key"),
    (SOLE, "80 = 70", "unclear"),
    (SOLE, "70\u201380", "unclear"),
    (SOLE, "70, 80", "unclear"),
    (number("sole", key("a", "0", "100"), key("b", "70")), "70", "a"),
    (number("sole", key("a", "699/10", "701/10")), "69.9", "a"),
    (number("sole", key("a", "699/10", "701/10")), "70.1", "a"),
    (number("sole", key("a", "699/10", "701/10")), "70.10000000000000000001", "wrong"),
    (number("sole", key("a", "-1/3", "1/3")), "-0.333333", "a"),
    # number, `contains`, the key is 141
    (CONTAINS, "It's 141, nobody is that old", "key"),
    (CONTAINS, "141.0", "key"),
    (CONTAINS, "\uff11\uff14\uff11", "key"),
    (CONTAINS, "not 141", "key"),
    (CONTAINS, "141 141.0", "key"),
    (CONTAINS, "1410", "wrong"),
    (CONTAINS, "2141", "wrong"),
    (CONTAINS, "-141", "wrong"),
    (CONTAINS, "25 and -141", "wrong"),
    (CONTAINS, "[25, 32, 37, 45, 141, 29, 33]", "key+others"),
    (CONTAINS, "141 and 25", "key+others"),
    (CONTAINS, "25,32,37,45,141,29,33", "unclear"),
    (CONTAINS, "25% and 141", "key"),  # what is malformed is ignored
    (CONTAINS, "141\u00b2", "unclear"),
    (CONTAINS, "x141", "unclear"),
    (CONTAINS, "one hundred forty-one", "no_digits"),
    (number("contains", key("a", "5"), key("b", "141")), "141, then 5", "a+others"),
    # units
    (KM, "70km", "key"),
    (KM, "70km/h", "key"),
    (KM, "70km/hour", "unclear"),  # `km/h` does not fit before a letter, `km` not before what a token must not touch
    (KM, "30km-40km", "unclear"),  # 30 and 40: no sign behind a unit
    (KM, "70km-70km", "key"),
    (DOLLAR, "-$70", "unclear"),  # a sign before the currency is not read past
    (KM, "70 km", "key"),
    (KM, "\uff17\uff10\uff4b\uff4d", "key"),
    (KM, "70KM", "unclear"),
    (KM, "70kmx", "unclear"),
    (KM, "70km2", "unclear"),
    (KM, "70km_", "unclear"),
    (KM, "70m", "unclear"),
    (number("sole", units=("m2",)), "70m2", "key"),
    (number("sole", units=("%",)), "70\uff05", "key"),
    (number("sole", units=("\uff05",)), "70%", "key"),
    (DOLLAR, "$70", "key"),
    (DOLLAR, "70$", "key"),
    (DOLLAR, "$-70", "wrong"),
    (DOLLAR, "\u20ac70", "unclear"),
    (DOLLAR, "70$70", "key"),
    (
        number("contains", units=("\u20ac", "\u20ac/")),
        "70\u20ac/-70",
        "key",
    ),  # `€/` is cut and the `-` behind it is no sign
    (KM, "km70", "unclear"),  # only a currency sign is cut out before a token
    # separators
    (COMMA, "1,410", "key"),
    (COMMA, "1,410.00", "key"),
    (COMMA, "0,001,410", "key"),
    (COMMA, "1410", "key"),
    (COMMA, "1,41", "unclear"),
    (COMMA, "1,4100", "unclear"),
    (COMMA, "1410,000", "unclear"),
    (COMMA, "1,410,00", "unclear"),
    (COMMA, ".1,410", "unclear"),
    (COMMA, "-1,410", "wrong"),
    (COMMA, "1'410", "unclear"),
    (number("sole", key(low="1410"), separators=("'",)), "1'410", "key"),
    (SPACE, "1 410", "key"),
    (SPACE, "1\u00a0410", "key"),
    (SPACE, "1\u2009410", "key"),
    (SPACE, "1\u202f410.0", "key"),
    (SPACE, "1  410", "unclear"),
    (SPACE, "1 4100", "unclear"),
    (number("contains", key(low="410"), separators=(" ",)), ".1 410", "key"),  # behind a point nothing is grouped
    (number("contains", key(low="1410"), separators=(",", " ")), "1,410 555", "key+others"),
    (number("contains", key(low="1410")), "1,410", "unclear"),
    # choice
    (SEVERAL, "B", "B"),
    (SEVERAL, ["B"], "B"),
    (SEVERAL, ["B", "B", "B"], "B"),
    (SEVERAL, "b", "invalid"),
    (SEVERAL, " B", "invalid"),
    (SEVERAL, ["x", "y"], "invalid"),
    (SEVERAL, ["B", "C"], "several"),
    (SEVERAL, ["B", "x"], "several"),
    (SEVERAL, ["B", ""], "several"),
    (SEVERAL, ["B", "A"], "several_flagged"),
    (SEVERAL, ["D", "x"], "several_flagged"),
    (SEVERAL, oracle.ABSENT, "absent"),
    (SEVERAL, None, "blank"),
    (STATED, [], "blank"),
    (text("is", "x"), [], "blank"),
    (mark(), [], "blank"),
    (SEVERAL, [], "blank"),
    (SEVERAL, ["", " \t"], "blank"),
    (SEVERAL, "\u2003", "blank"),
    # selection
    (selection("exact", "AB", "CD"), ["B", "A", "B"], "A+B"),
    (selection("exact", "AB", "CD"), ["D"], "D"),
    (selection("exact", "AB", "CD"), ["A", "x"], "invalid"),
    (selection("exact", "AB", "CD"), [], "blank"),
    (selection("exact", "AB", "CD"), " ", "blank"),
    # text
    (text("is", "the median"), "  The\n MEDIAN ", "key"),
    (text("is", "the median", steps=()), "the median ", "wrong"),
    (text("is", "the median", steps=("trim",)), "the median ", "key"),
    (text("is", "a b", steps=("collapse",)), "a \t\u00a0 b", "key"),
    (text("is", "a b", steps=("collapse",)), " a b", "wrong"),
    (text("is", "STRASSE"), "Stra\u00dfe", "key"),
    (text("is", "\u00e9"), "e\u0301", "key"),
    (text("is", "\ufffd"), "\u0378", "key"),
    (text("is", "fi"), "\ufb01", "key"),  # casefolding parts a ligature; NFC does not
    (text("is", "fi", steps=()), "\ufb01", "wrong"),
    (text("contains_any", "mean", "median"), "I'd use the Median.", "key"),
    (text("contains_all", "mean", "median"), "the median", "wrong"),
    (text("contains_all", "mean", "median"), "median, not mean", "key"),
    (text("like", "use * median"), "use the good median", "key"),
    (text("like", "use*median"), "usemedian", "key"),
    (text("like", "use*median"), "I use median", "wrong"),
    (text("like", "*a*b"), "ab ba b", "key"),
    (text("like", "ab*ba"), "aba", "wrong"),
    (text("like", "*"), "\u0301", "key"),
    (text("is", "*"), "x", "wrong"),
    (text("like", "a.c"), "abc", "wrong"),
    # mark
    (mark(), 7, "7"),
    (mark(), " 007.00 ", "7"),
    (mark(), 11, "invalid"),
    (mark(), -1, "invalid"),
    (mark(), "-1", "invalid"),
    (mark(), "7.5", "invalid"),
    (mark(step="1/2"), "7.5", "15/2"),
    (mark(step="1/2"), "15/2", "invalid"),
    (mark(), "\uff17", "invalid"),
    (mark(), "7.", "invalid"),
    (mark(), "1e1", "invalid"),
    (mark(), "1_0", "invalid"),
    (mark(), "0" * 63 + "7", "7"),
    (mark(), "0" * 64 + "7", "invalid"),
    (mark(top="10/7", step="1/7"), "1", "1"),
    (mark(), None, "blank"),
    (mark(), "", "blank"),
]


class TestReading:
    @pytest.mark.parametrize(
        ("item", "answer", "outcome"),
        READING,
        ids=[f"{n}-{item['kind']}-{outcome}" for n, (item, _, outcome) in enumerate(READING)],
    )
    def test_an_answer_becomes_the_outcome_that_the_page_names(self, item: dict, answer: Any, outcome: str) -> None:
        assert outcome == oracle.read(item, answer)

    @pytest.mark.parametrize(
        ("item", "answer"),
        [
            (STATED, 70),
            (STATED, ["70"]),
            (text("is", "x"), {"x": 1}),
            (mark(), True),
            (mark(), 7.0),
            (mark(), 2**53),
            (SEVERAL, 1),
            (SEVERAL, ["B", None]),
            (SEVERAL, [["B"]]),
            (SEVERAL, {}),
            (SEVERAL, ["B"] * 257),
            (SEVERAL, ["B", "\ud800"]),
            (SEVERAL, ["x" * 16_385]),
            (selection("each", "A", "B"), "A"),
            (text("is", "x"), "x" * 16_385),
            (text("is", "x"), " " * 16_385),
            (text("is", "x"), "\udfff"),
        ],
    )
    def test_a_wrong_json_type_and_a_passed_limit_are_refused(self, item: dict, answer: Any) -> None:
        with pytest.raises(oracle.Refused) as caught:
            oracle.read(item, answer)
        assert item["id"] == caught.value.item

    def test_what_is_just_within_the_limits_is_read(self) -> None:
        assert oracle.read(text("is", "x"), "x" * 16_384) == "wrong"
        assert oracle.read(SEVERAL, ["B"] * 256) == "B"


class TestOutcomes:
    """FORMAT.md 7: own outcomes in the order of their codes, their points, what they raise."""

    def test_choice_has_the_two_mixtures_only_where_they_can_come_up(self) -> None:
        names = [(o.name, o.points, o.flags) for o in oracle.outcome_table(SEVERAL)]
        assert names == [
            ("A", 0, ("refer",)),
            ("B", 1, ()),
            ("C", 0, ("note",)),
            ("D", 0, ("fatal",)),
            ("several", 0, ()),
            ("several_flagged", 0, ("refer",)),
        ]
        plain = choice(option("A"), option("B"))
        flagged = choice(option("A", flag="refer"), option("B", flag="knock_out"))
        assert [o.name for o in oracle.outcome_table(plain)] == ["A", "B", "several"]
        assert [o.name for o in oracle.outcome_table(flagged)] == ["A", "B", "several_flagged"]
        noted = choice(option("A", flag="note"), option("B", flag="fatal"))
        assert [o.name for o in oracle.outcome_table(noted)] == ["A", "B", "several", "several_flagged"]

    @pytest.mark.parametrize(
        ("mode", "points"),
        [
            # sets of A, B (right) and C (wrong) in code order: A, B, A+B, C, A+C, B+C, A+B+C
            ("exact", ["0", "0", "1", "0", "0", "0", "0"]),
            ("net", ["1/2", "1/2", "1", "0", "0", "0", "1/2"]),
            ("coverage", ["1/2", "1/2", "1", "0", "0", "0", "0"]),
            ("each", ["2/3", "2/3", "1", "0", "1/3", "1/3", "2/3"]),
        ],
    )
    def test_selection_earns_by_its_mode(self, mode: str, points: list[str]) -> None:
        table = oracle.outcome_table(selection(mode, "AB", "C"))
        assert [o.name for o in table] == ["A", "B", "A+B", "C", "A+C", "B+C", "A+B+C"]
        assert [str(o.points) for o in table] == points

    def test_a_selection_raises_each_flag_once(self) -> None:
        table = oracle.outcome_table(selection("each", "A", "BC", flags={"A": "refer", "B": "refer", "C": "fatal"}))
        assert {o.name: o.flags for o in table}["A+B+C"] == ("fatal", "refer")

    def test_number_lists_keys_then_keys_among_others(self) -> None:
        item = number("contains", key("a", flag="refer"), key("b", "71", points="1/3", flag="note"))
        assert [(o.name, str(o.points), o.flags) for o in oracle.outcome_table(item)] == [
            ("a", "1", ("refer",)),
            ("b", "1/3", ("note",)),
            ("a+others", "1", ("refer", "note")),
            ("b+others", "1/3", ("note",)),
            ("wrong", "0", ()),
            ("unclear", "0", ("note",)),
            ("no_digits", "0", ("note",)),
        ]
        assert [o.name for o in oracle.outcome_table(SOLE)] == ["key", "wrong", "unclear", "no_digits"]

    def test_mark_has_every_step(self) -> None:
        table = oracle.outcome_table(mark("1", "1/4", points="3"))
        assert [(o.name, str(o.points)) for o in table] == [
            ("0", "0"),
            ("1/4", "3/4"),
            ("1/2", "3/2"),
            ("3/4", "9/4"),
            ("1", "3"),
        ]

    def test_no_outcome_earns_less_than_the_floor_of_its_item(self) -> None:
        table = oracle.outcome_table(choice(option("A", "-1"), option("B", "-1/4"), option("C", "1"), floor="-1/2"))
        assert [str(o.points) for o in table] == ["-1/2", "-1/4", "1", "0"]


# ---- Submissions ----------------------------------------------------------------------------------------------------------------------------

VERDICTS = [
    ("strong", "4/5", "advance"),
    ("borderline", "3/5", "review"),
    ("fail", "0", "decline"),
    ("barred", None, "decline"),
]


def section(name: str, *items: dict, floor: str = "0") -> dict:
    return {"about": {}, "declared": None, "floor": floor, "id": name, "items": list(items)}


def pack(
    *sections: dict, overrides: tuple = (), shares: tuple = (), notice: str | None = "Fair warning.", **changes: Any
) -> dict:
    weights = shares or [str(Fraction(1, len(sections)))] * len(sections)
    profile = {
        "about": {},
        "assumed": False,
        "id": "equal",
        "shares": {s["id"]: w for s, w in zip(sections, weights, strict=True)},
        "stages": {"main": "1"},
    }
    return {
        "about": {},
        "assumed": [],
        "caps": {"fatal": "fail", "knock_out": "barred"},
        "competencies": [],
        "default_profile": "equal",
        "excerpt": False,
        "format": 1,
        "levels": [],
        "notice": notice,
        "overrides": [{"about": {}, "cap": cap, "id": name, "when": when} for name, when, cap in overrides],
        "profiles": [profile],
        "rubric": "worked",
        "stages": [{"about": {}, "gate": [], "id": "main", "sections": list(sections)}],
        "variants": [],
        "verdicts": [{"about": {}, "action": a, "from": f, "id": name} for name, f, a in VERDICTS],
        "version": "1",
        **changes,
    }


def decide(rules: dict, answers: dict, **more: Any) -> dict:
    return oracle.decide(rules, "0" * 64, None, {"answers": answers, **more})


def told(rules: dict) -> dict:
    digest = hashlib.sha256(rules["notice"].encode()).hexdigest()
    return {"notice": {"at": "2026-11-21T08:59:59Z", "sha256": digest}, "started_at": "2026-11-21T09:00:00Z"}


def part(found: dict, *fields: str) -> list:
    return [found[field] for field in fields]


ONE = pack(section("s", choice(option("A", "1"), option("B")), mark()))


class TestSubmissions:
    @pytest.mark.parametrize(
        ("submission", "place"),
        [
            ([], "submission"),
            (None, "submission"),
            ({}, "answers"),
            ({"answers": []}, "answers"),
            ({"answers": {}, "answer": {}}, "answer"),
            ({"answers": {}, 1: 2}, 1),
            ({"answers": {"x": "A"}}, "x"),
            ({"answers": {1: "A"}}, 1),
            ({"answers": {"c": 1}}, "c"),
            ({"answers": {}, "not_administered": ["c"]}, "not_administered"),
            ({"answers": {}, "not_administered": None}, "not_administered"),
            ({"answers": {}, "not_administered": {"x": "why"}}, "x"),
            ({"answers": {}, "not_administered": {"c": ""}}, "c"),
            ({"answers": {}, "not_administered": {"c": "x" * 501}}, "c"),
            ({"answers": {}, "not_administered": {"c": "\ud800"}}, "c"),
            ({"answers": {}, "not_administered": {"c": None}}, "c"),
            ({"answers": {"c": "A"}, "not_administered": {"c": "why"}}, "c"),
            ({"answers": {"c": None}, "not_administered": {"c": "why"}}, "c"),
            ({"answers": {}, "handed_in": "main"}, "handed_in"),
            ({"answers": {}, "handed_in": ["main", "main"]}, "handed_in"),
            ({"answers": {}, "handed_in": ["second"]}, "handed_in"),
            ({"answers": {}, "handed_in": [1]}, "handed_in"),
            ({"answers": {}, "id": ""}, "id"),
            ({"answers": {}, "id": "a b"}, "id"),
            ({"answers": {}, "id": "x" * 49}, "id"),
            ({"answers": {}, "id": None}, "id"),
            ({"answers": {}, "case": ""}, "case"),
            ({"answers": {}, "case": "x" * 201}, "case"),
            ({"answers": {}, "case": "\udc00"}, "case"),
            ({"answers": {}, "case": 1}, "case"),
            ({"answers": {}, "facts": None}, "facts"),
            *[
                ({"answers": {}, "facts": facts}, "facts")
                for facts in strategies.BAD_FACTS
                if facts != {"irregularities": ["a"] * 20}  # the most there may be
            ],
        ],
    )
    def test_a_malformed_submission_is_refused_at_its_place(self, submission: Any, place: Any) -> None:
        with pytest.raises(oracle.Refused) as caught:
            oracle.decide(ONE, "0" * 64, None, submission)
        assert place == caught.value.item

    @pytest.mark.parametrize(
        "more",
        [
            {},
            {"facts": {}},
            {"facts": {"notice": {}}},
            {"facts": {"irregularities": ["a"] * 20}},
            {"facts": {"started_at": "2024-02-29T23:59:59Z"}},
            {"handed_in": []},
            {"handed_in": ["main"]},
            {"not_administered": {}},
            {"not_administered": {"m": "x" * 500}},
            {"id": "x" * 48, "case": "\u00e9" * 200},
        ],
    )
    def test_what_is_optional_may_be_left_out(self, more: dict) -> None:
        assert decide(ONE, {"c": "A"}, **more)["handed_in"] == ["main"]

    def test_all_faults_are_found(self) -> None:
        with pytest.raises(oracle.Refused) as caught:
            decide(ONE, {"c": 1, "m": 1.5, "x": "A"}, id="")
        assert set(caught.value.places) == {"c", "m", "x", "id"}

    @pytest.mark.parametrize(
        ("change", "proven"),
        [
            ({}, True),
            ({"started_at": "2026-11-21T08:59:59Z"}, True),  # at the same second: "not after"
            ({"started_at": "2026-11-21T08:59:58Z"}, False),
            ({"notice": {"at": "2026-11-21T08:59:59Z", "sha256": "0" * 64}}, False),
            ({"notice": {"at": "2026-11-21T08:59:59Z"}}, False),
            ({"notice": {}}, False),
        ],
    )
    def test_notice_is_proven_by_digest_and_time(self, change: dict, proven: bool) -> None:
        assert decide(ONE, {}, facts=told(ONE) | change)["notice"] is proven

    def test_a_pack_without_a_notice_has_none_to_prove(self) -> None:
        silent = pack(*ONE["stages"][0]["sections"], notice=None)
        assert decide(silent, {}, facts=told(ONE))["notice"] is None


# ---- Decisions ------------------------------------------------------------------------------------------------------------------------------

JUDGEMENT = choice(option("A", "0", "refer"), option("B", "1"), option("C"), option("D", "0", "fatal"), name="j")
WRITTEN = pack(section("hard", mark()), section("judgement", JUDGEMENT))


class TestDecided:
    def test_a_perfect_sheet_is_decided_by_its_band(self) -> None:
        assert decide(WRITTEN, {"m": 10, "j": "B"}, facts=told(WRITTEN)) == {
            "action": "advance",
            "assumed": [],
            "awaited": "A",
            "caps": [],
            "determined_by": ["band"],
            "excerpts": {},
            "flags": {},
            "handed_in": ["main"],
            "holds": [],
            "irregularities": [],
            "level": None,
            "notice": True,
            "outcomes": "PG",  # 10 is code 5 + 10, B is code 6
            "pack": "0" * 64,
            "profile": "equal",
            "reachable": None,
            "reinstate": None,
            "score": "1",
            "sections": {"hard": "1", "judgement": "1"},
            "semantics": 1,
            "stages": {"main": ["passed", "1"]},
            "status": "decided",
            "variant": None,
            "verdict": "strong",
            "void": None,
        }

    @pytest.mark.parametrize(("got", "verdict"), [(6, "strong"), (5, "borderline"), (2, "borderline"), (1, "fail")])
    def test_a_band_starts_on_its_edge(self, got: int, verdict: str) -> None:
        assert decide(WRITTEN, {"m": got, "j": "B"})["verdict"] == verdict  # 80 %, 75 %, 60 %, 55 %

    def test_review_is_a_hold_of_the_verdict(self) -> None:
        found = decide(WRITTEN, {"m": 2, "j": "B"}, facts={"irregularities": ["fire", "b", "fire"]})
        assert part(found, "action", "holds", "irregularities") == [
            "review",
            ["verdict", "irregularity"],
            ["b", "fire"],
        ]

    def test_a_referred_answer_holds_a_fail_too(self) -> None:
        found = decide(WRITTEN, {"m": 0, "j": "A"})
        assert part(found, "verdict", "action", "holds", "flags") == [
            "fail",
            "review",
            ["refer"],
            {"refer": "Q"},
        ]  # Q is 010000

    def test_two_options_with_a_fatal_one_among_them_go_to_a_person(self) -> None:
        found = decide(WRITTEN, {"m": 10, "j": ["B", "D"]})
        assert part(found, "verdict", "caps", "holds") == ["fail", [], ["refer"]]  # half the score is left

    def test_profiles_weigh(self) -> None:
        weighed = pack(section("hard", mark()), section("judgement", JUDGEMENT), shares=("1/3", "2/3"))
        found = decide(weighed, {"m": 4, "j": "B"})
        assert part(found, "score", "verdict") == ["4/5", "strong"]

    def test_an_assumed_profile_says_so(self) -> None:
        assumed = WRITTEN["profiles"] + [{**WRITTEN["profiles"][0], "assumed": True, "id": "guess"}]
        found = oracle.decide({**WRITTEN, "profiles": assumed}, "0" * 64, "guess", {"answers": {"m": 1}})
        assert part(found, "profile", "assumed") == ["guess", ["profile:guess"]]

    def test_an_item_not_administered_leaves_the_maximum(self) -> None:
        two = pack(section("s", mark(), mark(name="other", points="3")))
        found = decide(two, {"m": 8}, not_administered={"other": "why"})
        assert part(found, "score", "status", "outcomes") == ["4/5", "decided", "ND"]

    def test_an_empty_section_without_weight_has_no_share(self) -> None:
        light = pack(section("hard", mark()), section("extra", JUDGEMENT), shares=("1", "0"), overrides=[
            ("low", {"below": "1", "section": "extra"}, "fail"),
        ])  # fmt: skip
        found = decide(light, {"m": 8}, not_administered={"j": "why"})
        assert part(found, "status", "sections", "score", "caps") == [
            "decided",
            {"hard": "4/5", "extra": None},
            "4/5",
            [],
        ]


class TestFloors:
    ITEM = choice(option("A", "-3"), option("B", "1"))

    def test_a_section_comes_no_lower_than_its_floor(self) -> None:
        low = pack(section("one", self.ITEM, floor="-1/2"), section("two", mark()))
        found = decide(low, {"c": "A", "m": 10})
        assert part(found, "sections", "score") == [{"one": "-1/2", "two": "1"}, "1/4"]

    def test_the_total_is_never_below_zero(self) -> None:
        low = pack(section("one", self.ITEM, floor="-1"))
        found = decide(low, {"c": "A"})
        assert part(found, "sections", "score", "verdict") == [{"one": "-1"}, "0", "fail"]

    def test_an_item_earns_no_less_than_its_floor(self) -> None:
        low = pack(section("one", {**self.ITEM, "floor": "-1/3"}, mark(), floor="-1"))
        assert decide(low, {"c": "A", "m": 10})["score"] == "1/3"  # (1 - 1/3) / 2

    def test_a_positive_floor_lifts(self) -> None:
        assert decide(pack(section("one", self.ITEM, floor="2/3")), {"c": "A"})["score"] == "2/3"


class TestFatal:
    def test_it_caps_where_the_notice_is_proven(self) -> None:
        found = decide(WRITTEN, {"m": 10, "j": "D"}, facts=told(WRITTEN))
        assert part(found, "score", "verdict", "determined_by", "action", "holds") == [
            "1/2",
            "fail",
            ["band", "fatal"],
            "decline",
            [],
        ]

    def test_it_beats_a_better_band(self) -> None:
        heavy = pack(section("hard", mark()), section("judgement", JUDGEMENT), shares=("9/10", "1/10"))
        found = decide(heavy, {"m": 10, "j": "D"}, facts=told(heavy))
        assert part(found, "score", "verdict", "determined_by") == ["9/10", "fail", ["fatal"]]
        assert found["caps"] == [{"by": "fatal", "verdict": "fail"}]

    def test_without_proof_it_caps_nothing_and_a_person_looks(self) -> None:
        heavy = pack(section("hard", mark()), section("judgement", JUDGEMENT), shares=("9/10", "1/10"))
        found = decide(heavy, {"m": 10, "j": "D"})
        assert part(found, "verdict", "caps", "holds", "action") == ["strong", [], ["notice"], "review"]
        assert found["flags"] == {"fatal": "Q"}

    def test_overrides_count_it_all_the_same(self) -> None:
        ruled = pack(section("s", mark(), JUDGEMENT), overrides=[("no", {"at_least": 1, "flag": "fatal"}, "barred")])
        found = decide(ruled, {"m": 10, "j": "D"})
        assert part(found, "verdict", "determined_by", "holds") == ["barred", ["override:no"], ["notice"]]

    def test_it_does_not_end_a_case(self) -> None:
        assert decide(WRITTEN, {"j": "D"}, facts=told(WRITTEN))["status"] == "pending"


KNOCK_OUT = choice(option("out", "1", "knock_out"), option("in", "1"), name="k", awaits=ALL)


class TestKnockOut:
    def test_it_ends_a_case_that_awaits_something(self) -> None:
        found = decide(pack(section("a", mark()), section("b", KNOCK_OUT)), {"k": "out"})
        assert part(found, "status", "verdict", "determined_by", "action") == [
            "ended",
            "barred",
            ["knock_out"],
            "decline",
        ]
        assert part(found, "score", "awaited", "reachable") == [None, "g", None]  # g is 100000
        assert part(found, "sections", "stages") == [{"a": None, "b": None}, {"main": ["ended", None]}]

    def test_with_nothing_awaited_the_band_counts(self) -> None:
        lenient = pack(section("s", mark(), KNOCK_OUT), caps={"fatal": "fail", "knock_out": "borderline"})
        found = decide(lenient, {"m": 0, "k": "out"})
        assert part(found, "status", "score", "verdict", "determined_by") == ["ended", "1/2", "fail", ["band"]]
        assert found["caps"] == [{"by": "knock_out", "verdict": "borderline"}]

    def test_with_something_awaited_only_caps_count(self) -> None:
        lenient = pack(section("s", mark(), KNOCK_OUT), caps={"fatal": "fail", "knock_out": "borderline"})
        found = decide(lenient, {"k": "out"})
        assert part(found, "verdict", "holds", "action") == ["borderline", ["verdict"], "review"]

    def test_everything_that_equals_the_verdict_determines_it(self) -> None:
        rules = pack(section("s", mark(), KNOCK_OUT), overrides=[
            ("a", {"below": "1/2", "section": "s"}, "barred"),
            ("b", {"is": ["out"], "item": "k"}, "barred"),
            ("c", {"at_least": 1, "flag": "knock_out"}, "fail"),
        ])  # fmt: skip
        found = decide(rules, {"m": 0, "k": "out"})
        assert found["determined_by"] == ["knock_out", "override:b"]  # a share of exactly 1/2 is not below 1/2
        assert [cap["by"] for cap in found["caps"]] == ["knock_out", "override:b", "override:c"]


class TestConditions:
    def found(self, when: dict, answers: dict) -> bool:
        rules = pack(
            section("s", mark(), {**JUDGEMENT, "id": "j"}, {**JUDGEMENT, "id": "j2"}), overrides=[("o", when, "fail")]
        )
        return [cap["by"] for cap in decide(rules, answers)["caps"]] == ["override:o"]

    def test_at_least_counts_items(self) -> None:
        when = {"at_least": 2, "flag": "refer"}
        assert self.found(when, {"m": 1, "j": "A", "j2": ["A", "D"]})
        assert not self.found(when, {"m": 1, "j": "A", "j2": "B"})

    def test_is_reads_outcomes_that_are_no_options_too(self) -> None:
        when = {"is": ["absent", "blank", "invalid", "A", "C", "several", "several_flagged"], "item": "j"}
        assert self.found(when, {"m": 1, "j2": "B"})
        assert self.found(when, {"m": 1, "j": "C"})
        assert not self.found(when, {"m": 1, "j": "D"})

    def test_all_and_any_nest(self) -> None:
        low, refer = {"below": "1/2", "section": "s"}, {"at_least": 1, "flag": "refer"}
        assert self.found({"all": [low, {"any": [refer, low]}]}, {"m": 0, "j": "B"})
        assert not self.found({"all": [low, refer]}, {"m": 0, "j": "B"})
        assert self.found({"any": [{"all": [low, refer]}, low]}, {"m": 0, "j": "B"})


class TestPending:
    def test_it_names_what_it_awaits_and_the_verdicts_in_reach(self) -> None:
        found = decide(WRITTEN, {"j": "B"})
        assert part(found, "status", "action", "verdict", "score") == ["pending", "wait", None, None]
        assert part(found, "sections", "stages") == [{"hard": None, "judgement": None}, {"main": ["pending", None]}]
        assert part(found, "awaited", "reachable", "determined_by") == ["g", ["strong", "borderline", "fail"], []]

    def test_verdicts_out_of_reach_are_left_out(self) -> None:
        assert decide(WRITTEN, {"j": "C"})["reachable"] == ["fail"]  # half of it is lost

    def test_a_cap_that_holds_in_every_completion_is_listed(self) -> None:
        ruled = pack(section("hard", mark()), section("judgement", JUDGEMENT), overrides=[
            ("is", {"is": ["absent", "blank", "invalid", "A", "C", "several", "several_flagged"], "item": "j"}, "borderline"),
            ("low", {"below": "1/2", "section": "hard"}, "fail"),
        ])  # fmt: skip
        found = decide(ruled, {"j": "C"})
        assert part(found, "caps", "reachable") == [[{"by": "override:is", "verdict": "borderline"}], ["fail"]]

    def test_a_flag_that_every_completion_raises_caps_already(self) -> None:
        trap = choice(option("A", "1", "fatal"), option("B", "0", "fatal"), name="t", awaits=ALL)
        doomed = pack(section("hard", mark()), section("trap", trap))
        found = decide(doomed, {"m": 10, "t": ["x"]}, facts=told(doomed))
        # `several_flagged` is a completion too, and raises `refer` instead.
        assert part(found, "caps", "flags", "reachable") == [[], {}, ["fail"]]
        ruled = pack(section("hard", mark()), section("trap", trap), overrides=[
            ("any", {"any": [{"at_least": 1, "flag": "fatal"}, {"at_least": 1, "flag": "refer"}]}, "barred"),
        ])  # fmt: skip
        assert decide(ruled, {"m": 10})["reachable"] == ["barred"]

    def test_invalid_is_a_completion_where_it_is_not_awaited(self) -> None:
        item = choice(option("A", "1", "refer"), option("B", "0", "refer"), name="c", awaits=("absent", "blank"))
        ruled = pack(section("s", item), overrides=[("refer", {"at_least": 1, "flag": "refer"}, "fail")])
        assert decide(ruled, {})["caps"] == []
        strict = pack(
            section("s", {**item, "awaits": list(ALL)}), overrides=[("refer", {"at_least": 1, "flag": "refer"}, "fail")]
        )
        assert decide(strict, {})["caps"] == [{"by": "override:refer", "verdict": "fail"}]

    def test_a_weighted_section_with_nothing_administered_is_awaited(self) -> None:
        ruled = pack(section("hard", mark()), section("judgement", JUDGEMENT), overrides=[
            ("low", {"below": "1/2", "section": "judgement"}, "barred"),
        ])  # fmt: skip
        found = decide(ruled, {"m": 4}, not_administered={"j": "why"})
        assert part(found, "status", "awaited", "caps") == ["pending", "Q", []]
        assert found["reachable"] == ["borderline", "barred"]  # (4/10 + 1)/2 is 70 %, (4/10 + 0)/2 is below and barred

    @pytest.mark.parametrize(
        ("floor", "reachable"), [("0", ["strong", "borderline", "fail"]), ("1/2", ["strong", "borderline"])]
    )
    def test_an_empty_section_is_given_each_share_that_its_items_can_earn(
        self, floor: str, reachable: list[str]
    ) -> None:
        rules = pack(section("hard", mark()), section("lab", mark("2", name="lab"), floor=floor))
        found = decide(rules, {"m": 8}, not_administered={"lab": "why"})
        assert found["reachable"] == reachable  # 40, 65 and 90 %

    def test_what_the_items_of_an_empty_section_would_raise_is_left_out(self) -> None:
        trap = choice(option("A", "1", "knock_out"), option("B", "0", "knock_out"), name="t", awaits=ALL)
        found = decide(pack(section("hard", mark()), section("trap", trap)), {"m": 10}, not_administered={"t": "why"})
        assert part(found, "caps", "reachable") == [[], ["strong", "fail"]]

    def test_while_pending_only_three_holds_are_considered(self) -> None:
        unclear = pack(section("s", number(), JUDGEMENT, mark()))
        found = decide(unclear, {"n": "7e1", "j": "D"}, facts={"irregularities": ["x"]})
        assert found["holds"] == ["irregularity", "notice"]


class TestUnclear:
    def test_it_holds_where_the_best_reading_would_change_the_verdict(self) -> None:
        rules = pack(section("s", number(), mark()))
        found = decide(rules, {"n": "70%", "m": 7})
        assert part(found, "verdict", "holds", "action") == ["fail", ["unclear"], "review"]

    def test_it_does_not_hold_where_nothing_would_change(self) -> None:
        rules = pack(section("s", number(), mark(points="9")))
        found = decide(rules, {"n": "70%", "m": 10})
        assert part(found, "verdict", "holds", "flags") == ["strong", [], {"note": "g"}]

    def test_several_unclear_answers_count_together(self) -> None:
        rules = pack(section("s", number(name="n"), number(name="n2"), mark(points="8")))
        assert decide(rules, {"n": "70%", "n2": "70%", "m": 5})["holds"] == ["unclear"]  # 40, 50 and 60 %
        assert decide(rules, {"n": "70%", "n2": "7", "m": 5})["holds"] == []

    def test_every_subset_is_tried_where_a_best_outcome_is_flagged(self) -> None:
        # Both together raise two refer flags and are capped at fail again; one alone reaches 60 %.
        flagged = key("key", "70", flag="refer")
        rules = pack(
            section("s", number("sole", flagged, name="n"), number("sole", flagged, name="n2"), mark(points="2")),
            overrides=[("two", {"at_least": 2, "flag": "refer"}, "fail")],
        )
        assert decide(rules, {"n": "70%", "n2": "70%", "m": 8})["holds"] == ["unclear"]  # 40, 65 and (capped) 90 %

    def test_an_unflagged_best_outcome_is_taken_before_a_flagged_one(self) -> None:
        rules = pack(
            section("s", number("sole", key("a", flag="refer"), key("b", "71")), mark()),
            overrides=[("refer", {"at_least": 1, "flag": "refer"}, "fail")],
        )
        assert decide(rules, {"n": "70%", "m": 7})["holds"] == ["unclear"]

    def test_with_more_than_ten_and_a_flag_it_holds_untried(self) -> None:
        def holds(count: int, flag: str | None) -> list[str]:
            numbers = [number("sole", key(flag=flag), name=f"n{i}") for i in range(count)]
            weightless = pack(section("s", *numbers), section("t", mark()), shares=("0", "1"))
            return decide(weightless, {"m": 10} | {f"n{i}": "70%" for i in range(count)})["holds"]

        assert holds(10, "note") == []
        assert holds(11, "note") == ["unclear"]
        assert holds(11, None) == []  # one try decides it

    def test_it_is_considered_in_an_ended_case_too(self) -> None:
        rules = pack(
            section("s", number(), KNOCK_OUT, mark()),
            caps={"fatal": "fail", "knock_out": "borderline"},
            overrides=[("note", {"at_least": 1, "flag": "note"}, "fail")],
        )
        found = decide(rules, {"n": "70%", "k": "out"})
        assert part(found, "status", "verdict", "holds") == ["ended", "fail", ["unclear"]]


class TestSpelling:
    """FORMAT.md 1 and 7: item sets and outcomes."""

    def test_item_sets_take_six_items_a_digit(self) -> None:
        seven = pack(section("s", *[{**JUDGEMENT, "id": f"j{i}"} for i in range(7)]))
        assert decide(seven, {"j0": "A", "j5": "A", "j6": "A"})["flags"] == {"refer": "hg"}  # 100001 100000
        assert decide(seven, {})["awaited"] == "AA"

    def test_an_item_of_more_than_64_codes_takes_two_digits(self) -> None:
        wide = pack(section("s", mark("58", name="m"), mark("59", name="w"), mark("4091", name="v")))
        # 5 + 58 + 1 = 64 codes, 65 codes, 4,097 codes; the last code of each
        assert decide(wide, {"m": 58, "w": 59, "v": 4091})["outcomes"] == "_" + "BA" + "BAA"
        assert decide(wide, {"m": 0, "w": 0})["outcomes"] == "F" + "AF" + "AAA"

    def test_the_five_common_codes_come_first(self) -> None:
        four = pack(section("s", *[{**JUDGEMENT, "id": f"j{i}"} for i in range(5)]))
        found = decide(four, {"j1": None, "j2": "x", "j4": "A"}, not_administered={"j3": "why"})
        assert found["outcomes"] == "ABCDF"


class TestDifferences:
    FOUND: ClassVar = {"status": "pending", "reachable": ["fail"], "caps": []}

    def test_it_names_each_field_that_differs(self) -> None:
        assert oracle.differences(self.FOUND, {**self.FOUND, "caps": [1], "x": 1}) == ["caps", "x"]

    def test_it_compares_nothing_with_what_it_does_not_know(self) -> None:
        assert oracle.differences({**self.FOUND, "caps": oracle.UNKNOWN}, {**self.FOUND, "caps": [1]}) == []

    def test_a_null_that_claims_nothing_is_no_difference(self) -> None:
        assert oracle.differences(self.FOUND, {**self.FOUND, "reachable": None}) == []
        assert oracle.differences(
            {**self.FOUND, "status": "decided"}, {**self.FOUND, "status": "decided", "reachable": None}
        ) == ["reachable"]


# ---- The oracle against itself, on generated cases ------------------------------------------------------------------------------------------


def every_completion(rules: oracle.Rules, names: list[str]) -> list[oracle.Case] | None:
    """FORMAT.md 6.6 by one plain product, without collapsing anything; None where that is too long."""
    maximum = oracle.maxima(rules, names)
    opened = [name for k in range(len(rules.stages)) for name in oracle.open_items(rules, names, k)]
    tables = [oracle.possible(rules, name) for name in opened]
    empty = [s for s, weight in enumerate(rules.weights) if maximum[s] == 0 and weight > 0]
    imagined = [[oracle.possible(rules, item["id"]) for item in rules.sections[s]["items"]] for s in empty]
    size = 1
    for choices in [*tables, *itertools.chain(*imagined)]:
        size *= len(choices)
    if size > 2_000:
        return None
    found = []
    for outcomes in itertools.product(*tables):
        case = oracle.case_of(rules, names, opened)
        for name, outcome in zip(opened, outcomes, strict=True):
            case = oracle.add(rules, case, name, outcome)
        for sheets in itertools.product(*(itertools.product(*each) for each in imagined)):
            given_shares = []
            for s, sheet in zip(empty, sheets, strict=True):
                best = sum(rules.best[item["id"]] for item in rules.sections[s]["items"])
                earned = sum((o.points for o in sheet), Fraction(0))
                given_shares.append((s, max(Fraction(rules.sections[s]["floor"]), earned / best)))
            found.append(case._replace(given=tuple(given_shares)))
    return found


def stage_items(stage: dict) -> list[dict]:
    return [item for section in stage["sections"] for item in section["items"]]


def plainly_judged(
    rules: oracle.Rules, names: list[str], cases: list[oracle.Case], circumstances: oracle.Circumstances
) -> list[oracle.Judgement]:
    """Each completion judged where it ends, or at the last stage."""
    maximum = oracle.maxima(rules, names)
    judged = []
    for case in cases:
        last = len(rules.stages) - 1
        stops = [k for k in range(last) if oracle.ends(rules, case, maximum, k, circumstances, awaits=False)]
        judged.append(oracle.judge(rules, case, maximum, min([*stops, last]), circumstances))
    return judged


class TestGenerated:
    @settings(max_examples=30)
    @given(st.one_of(strategies.cases().map(lambda case: (*case, None)), strategies.funnel_cases()))
    def test_collapsed_completions_reach_what_a_plain_product_reaches(
        self, case: tuple[dict, str | None, dict, str | None]
    ) -> None:
        pack, profile, submission, level = case
        taken = oracle.take(pack, profile, level, submission)
        rules = oracle.Rules(pack, profile, level, taken.variant)
        if any(item["void"] or item["only"] for item in rules.items):
            return  # the plain product knows nothing of what is not of the case
        found = oracle.find_verdict(rules, taken.outcomes, taken.circumstances)
        plain = every_completion(rules, taken.outcomes) if found.status == "pending" else None
        if plain is None or oracle.UNKNOWN in (found.caps, found.reachable):
            return
        judged = plainly_judged(rules, taken.outcomes, plain, taken.circumstances)
        assert {judgement.verdict() for judgement in judged} == set(found.reachable)
        if len(rules.stages) == 1:
            assert set.intersection(*(set(judgement.caps) for judgement in judged)) == set(found.caps)

    @settings(max_examples=40)
    @given(strategies.cases())
    def test_the_kind_submissions_are_all_scored(self, case: tuple[dict, str | None, dict]) -> None:
        pack, profile, submission = case
        found = oracle.decide(pack, strategies.pack_digest(pack), profile, submission)
        assert found["status"] in ("void", "ended", "pending", "decided")
        assert (found["action"] == "wait") == (found["status"] == "pending")

    @settings(max_examples=25)
    @given(strategies.funnel_cases())
    def test_the_kind_submissions_to_funnels_are_all_scored(
        self, case: tuple[dict, str | None, dict, str | None]
    ) -> None:
        pack, profile, submission, level = case
        found = oracle.decide(pack, strategies.pack_digest(pack), profile, submission, level)
        assert found["status"] in ("void", "ended", "pending", "decided")
        assert (found["action"] == "wait") == (found["status"] == "pending")

    @settings(max_examples=25)
    @given(strategies.funnel_cases(), st.data())
    def test_what_a_case_comes_to_was_in_reach_at_each_instalment(
        self, case: tuple[dict, str | None, dict, str | None], data: st.DataObject
    ) -> None:
        """Nothing of this is in `reached`: the later verdict is that of a real submission, and no completion of it."""
        pack, profile, submission, level = case
        whole = {**submission, "not_administered": {}}  # no completion takes an item out
        whole.pop("void", None)
        names = [stage["id"] for stage in pack["stages"]]
        kept = data.draw(st.sampled_from(names))
        early = {item["id"] for stage in pack["stages"][: names.index(kept)] for item in stage_items(stage)}
        part = {**whole, "answers": {name: a for name, a in whole["answers"].items() if name in early}}
        part["handed_in"] = [name for name in whole["handed_in"] if names.index(name) < names.index(kept)]
        try:
            later = oracle.decide(pack, "0" * 64, profile, whole, level)
        except oracle.Refused:  # what was not administered may have kept a gate open
            return
        now = oracle.decide(pack, "0" * 64, profile, part, level)
        if later["verdict"] is None or set(later["awaited"]) != {"A"} or now["reachable"] is oracle.UNKNOWN:
            return
        if now["status"] == "pending":
            assert later["verdict"] in now["reachable"]
            if now["caps"] is not oracle.UNKNOWN:
                assert {cap["by"] for cap in now["caps"]} <= {cap["by"] for cap in later["caps"]}
        else:
            assert (later["verdict"], later["status"]) == (now["verdict"], now["status"])

    @settings(max_examples=25)
    @given(strategies.hostile_cases())
    def test_hostile_submissions_to_funnels_are_scored_or_refused_and_nothing_else(
        self, case: tuple[dict, str | None, Any, str | None]
    ) -> None:
        pack, profile, submission, level = case
        with contextlib.suppress(oracle.Refused):
            assert len(oracle.read_submission(pack, submission, profile, level)) == len(oracle.items_of(pack))

    @pytest.mark.parametrize("kind", list(strategies.ITEMS))
    def test_the_readings_of_each_kind_are_all_scored(self, kind: str) -> None:
        @settings(max_examples=15)
        @given(strategies.reading_cases(kind))
        def scored(case: tuple[dict, dict]) -> None:
            pack, submission = case
            assert len(oracle.read_submission(pack, submission)) == 7

        scored()

    def test_on_a_cut_and_a_hair_beside_it(self) -> None:
        """The cuts of `edge_case` are computed without the oracle."""
        rng = random.Random(20261121)
        relations = []
        for _ in range(1500):
            pack, submission, relation = strategies.edge_case(rng)
            found = oracle.decide(pack, "0" * 64, None, submission)
            assert found["verdict"] == ("fail" if relation == "below" else "pass")
            relations.append(relation)
        assert min(relations.count(relation) for relation in ("on", "above", "below")) > 300
