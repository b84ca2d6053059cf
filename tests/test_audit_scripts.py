"""
The three scripts for strangers, audit/verify.py, audit/recompute.py and audit/check_packs.py, against logs written here by hand.

Nothing of the package is used: the pack is spelled out, lines are made with json and hashlib, and what a decision has to
say was worked out on paper from FORMAT.md 6, or by trying every completion one by one.
"""

from __future__ import annotations

import ast
import base64
import copy
import importlib.util
import io
import itertools
import json
import math
import os
import subprocess
import sys
import warnings
import zipfile
from contextlib import redirect_stderr, redirect_stdout, suppress
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

AUDIT = Path(__file__).parent.parent / "audit"


def script(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"audit_{name}", AUDIT / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verify, recompute, check_packs = script("verify"), script("recompute"), script("check_packs")


# --- a pack with every kind, and decisions under it -------------------------------------------------------------------


def option(name, points=None, flag=None, right=None):
    own = {"points": points} if right is None else {"right": right}
    return {"about": {}, "flag": flag, "id": name, **own}


def key(name, points, flag=None, **own):
    return {"about": {}, "flag": flag, "id": name, "points": points, **own}


def item(name, kind, awaits=(), floor=None, **own):
    more = {"floor": floor, "id": name, "kind": kind, "only": None, "void": False}
    return {"about": {"ask": "?"}, "awaits": list(awaits), **more, **own}


def section(name, *items, floor="0", declared=None):
    return {"about": {"title": name}, "declared": declared, "floor": floor, "id": name, "items": list(items)}


def stage(name, *sections, gate=()):
    return {"about": {}, "gate": list(gate), "id": name, "sections": list(sections)}


def override(name, cap, when):
    return {"about": {}, "cap": cap, "id": name, "when": when}


def verdict(name, start, action):
    return {"about": {}, "action": action, "from": start, "id": name}


def pack_of(sections, shares, verdicts, overrides=(), *, caps=("fail", "out"), notice="Some answers disqualify."):
    return {
        "about": {"title": "by hand"},
        "assumed": [],
        "caps": {"fatal": caps[0], "knock_out": caps[1]},
        "competencies": [],
        "default_profile": "even",
        "excerpt": False,
        "format": 1,
        "levels": [],
        "notice": notice,
        "overrides": list(overrides),
        "profiles": [
            {"about": {}, "assumed": name == "guess", "id": name, "shares": dict(shares), "stages": {"main": "1"}}
            for name in ("even", "guess")
        ],
        "rubric": "hand",
        "stages": [stage("main", *sections)],
        "variants": [],
        "verdicts": list(verdicts),
        "version": "1",
    }


ALL, TWO = ("absent", "blank", "invalid"), ("absent", "blank")
BANDS = (
    verdict("pass", "4/5", "advance"),
    verdict("border", "3/5", "review"),
    verdict("fail", "0", "decline"),
    verdict("out", None, "decline"),
)
GATE = item(
    "gate", "choice", ALL,
    options=[
        option("A", "0", "refer"),    # code 5, F
        option("B", "1"),             # G
        option("C", "1/2", "note"),   # H
        option("D", "0", "fatal"),    # I
        option("K", "0", "knock_out"),  # J; then several K, several_flagged L
    ],
)  # fmt: skip
MEAN = item(  # k70 F, k7 G, k70+others H, k7+others I, wrong J, unclear K, no_digits L
    "mean", "number", points="1", read="contains", separators=[], units=[],
    keys=[key("k70", "1", low="70", high="70"), key("k7", "1/2", "refer", low="7", high="8")],
)  # fmt: skip
PICK = item(  # a F, b G, a+b H, c I, a+c J, b+c K, a+b+c L: 1, 1, 2, 0, 0, 0, 1 points
    "pick", "selection", TWO, mode="net", points="2",
    options=[option("a", right=True), option("b", right=True), option("c", right=False, flag="note")],
)  # fmt: skip
WORD = item("word", "text", points="1", steps=["trim"], keys=[key("yes", "1", match="is", texts=["yes"])])  # F, wrong G
TESTS = item("tests", "mark", ALL, max="4", step="1/2", points="2")  # 0 F, 1/2 G ... 4 N
PACK = pack_of(
    [section("core", GATE, MEAN), section("craft", PICK, WORD, TESTS)],
    {"core": "1/2", "craft": "1/2"},
    BANDS,
    [
        override("half-craft", "border", {"below": "1/2", "section": "craft"}),
        override("word-needed", "border", {"is": ["absent", "blank", "invalid", "wrong"], "item": "word"}),
        override("two-notes", "fail", {"at_least": 2, "flag": "note"}),
    ],
)
NONE, FIRST, LAST = "A", "g", "C"  # item sets of five items: none, the first, the fifth


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(data):
    return sha256(data).hexdigest()


def decision(outcomes, pack=PACK, **changes):
    """A decided pass; `changes` is what else is expected of these outcomes. `stages` follows where there is one."""
    expected = {
        "action": "advance",
        "assumed": [],
        "awaited": NONE,
        "caps": [],
        "determined_by": ["band"],
        "excerpts": {},
        "flags": {},
        "handed_in": ["main"],
        "holds": [],
        "irregularities": [],
        "level": None,
        "notice": True,
        "outcomes": outcomes,
        "pack": digest(canonical(pack)),
        "profile": "even",
        "reachable": None,
        "reinstate": None,
        "score": "1",
        "sections": {"core": "1", "craft": "1"},
        "semantics": 1,
        "status": "decided",
        "variant": None,
        "verdict": "pass",
        "void": None,
        **changes,
    }
    if expected["sections"] is None:
        expected["sections"] = {part["id"]: None for place in pack["stages"] for part in place["sections"]}
    state = "passed" if expected["status"] == "decided" else expected["status"]
    return {"stages": {"main": [state, expected["score"]]}, **expected}


def cap(by, name):
    return {"by": by, "verdict": name}


def waits(outcomes, awaited, reachable, **changes):
    pending = {"action": "wait", "determined_by": [], "score": None, "sections": None, "status": "pending"}
    return decision(outcomes, awaited=awaited, reachable=reachable, verdict=None, **pending, **changes)


BORDER = {"action": "review", "holds": ["verdict"], "verdict": "border"}
BY_HAND = {
    "everything right": decision("GFHFN"),
    # core (1 + 0) / 2, craft (1 + 1 + 3/2) / 5 = 7/10: together exactly on the cut.
    "exactly on a cut": decision("GJFFL", score="3/5", sections={"core": "1/2", "craft": "7/10"}, **BORDER),
    # The mark one step lower: craft 13/20, total 23/40, a hair under 24/40.
    "a hair under a cut": decision(
        "GJFFK", score="23/40", sections={"core": "1/2", "craft": "13/20"}, verdict="fail", action="decline"
    ),
    "a refer flag": decision(
        "FFHFN", score="3/4", sections={"core": "1/2", "craft": "1"}, verdict="border", action="review",
        flags={"refer": FIRST}, holds=["refer", "verdict"],
    ),
    "a refer flag on a pass": decision(  # k7 earns 1/2 and refers: core 3/4, total 7/8
        "GGHFN", score="7/8", sections={"core": "3/4", "craft": "1"}, action="review", flags={"refer": "Q"}, holds=["refer"]
    ),
    "fatal": decision(
        "IFHFN", score="3/4", sections={"core": "1/2", "craft": "1"}, verdict="fail", action="decline",
        flags={"fatal": FIRST}, caps=[cap("fatal", "fail")], determined_by=["fatal"],
    ),
    "fatal without proof of notice": decision(
        "IFHFN", score="3/4", sections={"core": "1/2", "craft": "1"}, verdict="border", action="review",
        flags={"fatal": FIRST}, notice=False, holds=["verdict", "notice"],
    ),
    "no proof of notice, no fatal flag": decision("GFHFN", notice=False),
    "several options, one of them flagged": decision(
        "LFHFN", score="3/4", sections={"core": "1/2", "craft": "1"}, flags={"refer": FIRST},
        **{**BORDER, "holds": ["refer", "verdict"]},
    ),
    "ended, nothing awaited": decision(
        "JFHFN", score="3/4", sections={"core": "1/2", "craft": "1"}, verdict="out", action="decline", status="ended",
        flags={"knock_out": FIRST}, caps=[cap("knock_out", "out")], determined_by=["knock_out"],
    ),
    "ended, something awaited": decision(  # craft is 3/5 at least, so half-craft holds in no completion
        "JFHFA", score=None, sections=None, verdict="out", action="decline", status="ended", awaited=LAST,
        flags={"knock_out": FIRST}, caps=[cap("knock_out", "out")], determined_by=["knock_out"],
    ),
    "ended, an override that holds however it goes on": decision(
        "JFHGA", score=None, sections=None, verdict="out", action="decline", status="ended", awaited=LAST,
        flags={"knock_out": FIRST}, caps=[cap("knock_out", "out"), cap("override:word-needed", "border")],
        determined_by=["knock_out"],
    ),
    "two notes": decision(  # C 1/2 and k70 1: 3/4; a+b+c 1, yes 1, mark 2 of 4 is 1: 3/5
        "HFLFJ", score="27/40", sections={"core": "3/4", "craft": "3/5"}, verdict="fail", action="decline",
        flags={"note": "o"}, caps=[cap("override:two-notes", "fail")], determined_by=["override:two-notes"],
    ),
    "band and cap agree": decision(  # pick c 0, yes 1, mark 1 of 4 is 1/2: craft 3/10
        "GFIFH", score="13/20", sections={"core": "1", "craft": "3/10"}, flags={"note": "I"},
        caps=[cap("override:half-craft", "border")], determined_by=["band", "override:half-craft"], **BORDER,
    ),
    "a section exactly at an override's share": decision(  # pick a 1, yes 1, mark 1 of 4 is 1/2: craft 1/2, not below
        "GFFFH", score="3/4", sections={"core": "1", "craft": "1/2"}, **BORDER
    ),
    "an irregularity": decision("GFHFN", irregularities=["phone", "power"], action="review", holds=["irregularity"]),
    "an assumed profile": decision("GFHFN", profile="guess", assumed=["profile:guess"]),
    "an excluded item": decision("GDHFN"),
    "unclear, and it could matter": decision(
        "GKHFN", score="3/4", sections={"core": "1/2", "craft": "1"}, flags={"note": "Q"},
        **{**BORDER, "holds": ["verdict", "unclear"]},
    ),
    "unclear, and it could not": decision(  # word-needed caps the pass at border either way
        "GKHGN", score="13/20", sections={"core": "1/2", "craft": "4/5"}, flags={"note": "Q"},
        caps=[cap("override:word-needed", "border")], determined_by=["band", "override:word-needed"], **BORDER,
    ),
    "unclear, and its note is what caps": decision(  # of k70 and k70+others, the best is the one without a note
        "HKHFN", score="5/8", sections={"core": "1/4", "craft": "1"}, verdict="fail", action="review", holds=["unclear"],
        flags={"note": "w"}, caps=[cap("override:two-notes", "fail")], determined_by=["override:two-notes"],
    ),
    "pending, one way to go": waits("GFHFA", LAST, ["pass"]),
    "pending, two bands": waits("GJHFA", LAST, ["border", "fail"]),  # 11/20 to 3/4
    "pending, an override that holds however it goes on": waits(
        "GFHGA", LAST, ["border"], caps=[cap("override:word-needed", "border")]
    ),
    "pending, a held flag": waits("FFHFA", LAST, ["border", "fail"], flags={"refer": FIRST}, holds=["refer"]),
    "pending, every flag": waits("AFHFN", FIRST, ["pass", "border", "fail", "out"]),
    "pending, every flag, no proof of notice": waits("AFHFN", FIRST, ["pass", "border", "out"], notice=False),
    # The section gets any share of 0, 1/4 .. 1; what gate would raise is left out of account.
    "pending, an empty section": waits("DDHFN", "w", ["pass", "border", "fail"], holds=["excluded"]),
}  # fmt: skip


# --- a funnel, and decisions under it -----------------------------------------------------------------------------------

RECORDS = [
    "conduct",
    "constraints",
    "criteria",
    "deliverables",
    "evidence",
    "ground_rules",
    "negative",
    "positive",
    "tensions",
]


def named(name, **own):
    return {"about": {}, "id": name, **own}


def rating(name, points, kind="rating", combine="median", needs=2, most=4, **own):
    """A rating by values, or a checklist of lines, that earn these points, by reviewers."""
    raters = {"combine": combine, "max": most, "needs": {"reviewer": needs}}
    rows = [named(row, points=earned) for row, earned in points.items()]
    more = {"competency": None, "level_points": None, "values": rows} if kind == "rating" else {"lines": rows}
    return item(name, kind, ALL, raters=raters, records={each: [] for each in RECORDS}, **{**more, **own})


def funnel_of(stages, weights, shares, **own):
    """A pack of stages; shares within them, and weights in the total, are those of both profiles."""
    pack = pack_of([], {}, BANDS)
    for profile in pack["profiles"]:
        profile.update(shares=dict(shares), stages=dict(weights))
    return {**pack, "stages": list(stages), **own}


VISA = item(
    "visa", "choice", ALL, options=[option("yes", "1"), option("no", "0", "knock_out")]
)  # F, G, several H, flagged I
SUM = item("sum", "number", points="1", read="sole", separators=[], units=[], keys=[key("k", "1", low="70", high="70")])
# Of a rating: weak F, fair G, good H, the same noted I, J, K, awaited L. Of SUM: k F, wrong G, unclear H, no_digits I.
TALK = rating(
    "talk", {"weak": "0", "fair": "0", "good": "0"}, competency="speaking",
    level_points={"above": "1", "at": "3/4", "below": "0"},
)  # fmt: skip
FUNNEL = funnel_of(
    [
        stage("door", section("entry", VISA, item("cv", "evidence", TWO))),
        stage(
            "review", section("resume", rating("fit", {"weak": "0", "fair": "1/2", "good": "1"})),
            gate=[override("weak-resume", "fail", {"below": "1/2", "section": "resume"})],
        ),
        stage(
            "test", section("hard", SUM), section("soft", TALK),
            gate=[override("hard-needed", "fail", {"below": "1/2", "section": "hard"})],
        ),
    ],
    {"door": "0", "review": "1/4", "test": "3/4"},
    {"entry": "0", "resume": "1", "hard": "1/2", "soft": "1/2"},
    levels=[named("junior"), named("senior")],
    competencies=[named("speaking", assumed=["senior"], expected={"junior": "fair", "senior": "good"})],
    overrides=[override("two-notes", "fail", {"at_least": 2, "flag": "note"})],
)  # fmt: skip


def walked(outcomes, sections="1 1 1 1", states="passed - passed 1 passed 1", **changes):
    """A decision under FUNNEL: its sections' shares, and the state and share of each stage, `-` for none."""
    shares = [None if share == "-" else share for share in sections.split()]
    words = [None if word == "-" else word for word in states.split()]
    stages = {name: words[2 * n : 2 * n + 2] for n, name in enumerate(("door", "review", "test"))}
    where = {"sections": dict(zip(("entry", "resume", "hard", "soft"), shares, strict=True)), "stages": stages}
    return decision(
        outcomes, FUNNEL, **{"handed_in": ["door", "review", "test"], "level": "junior", **where, **changes}
    )


DECLINED = {"action": "decline", "verdict": "fail"}
ENDED = {**DECLINED, "status": "ended", "score": None}
WEAK = {"caps": [cap("gate:weak-resume", "fail")], "determined_by": ["gate:weak-resume"]}
WAITS = {"action": "wait", "determined_by": [], "score": None, "status": "pending", "verdict": None}
VOID = {
    "status": "void",
    "void": "fraud",
    "score": None,
    "verdict": None,
    "holds": ["void"],
    "action": "review",
    "determined_by": [],
}
ANSWERS = ["pass", "border", "fail"]
WALKED = {
    "a funnel passed": walked("FFHFH"),
    # fair earns 3/4 of 1: soft 3/4, test 7/8, total 8/32 + 21/32
    "fair is what a junior is expected to be": walked("FFHFG", "1 1 1 3/4", "passed - passed 1 passed 7/8", score="29/32"),
    # at the senior's level good is the best and earns 3/4 of 3/4; fair is below and earns nothing
    "good is what a senior is expected to be": walked("FFHFH", level="senior", assumed=["expected:speaking"]),
    "fair is below a senior": walked(
        "FFHFG", "1 1 1 0", "passed - passed 1 passed 1/2", level="senior", assumed=["expected:speaking"], score="5/8", **BORDER
    ),
    "a gate ends a case": walked("FFFEE", "1 0 - -", "passed - ended 0 not_evaluated -", **ENDED, **WEAK),
    "a gate ends a case before the test is handed in": walked(
        "FFFEE", "1 0 - -", "passed - ended 0 not_evaluated -", handed_in=["door", "review"], **ENDED, **WEAK
    ),
    "a share exactly at a gate's passes": walked(  # review 1/2: total 1/8 + 3/4
        "FFGFH", "1 1/2 1 1", "passed - passed 1/2 passed 1", score="7/8"
    ),
    "a knock-out at the door, its CV still awaited": walked(
        "GBEEE", "- - - -", "ended - not_evaluated - not_evaluated -", **{**ENDED, "verdict": "out"}, awaited="Q",
        flags={"knock_out": "g"}, caps=[cap("knock_out", "out")], determined_by=["knock_out"],
    ),
    "a gate that ends the last stage": walked(  # nothing is awaited, so there is a total: 1/4 + 3/8, a border
        "FFHGH", "1 1 0 1", "passed - passed 1 ended 1/2", status="ended", score="5/8", **DECLINED,
        caps=[cap("gate:hard-needed", "fail")], determined_by=["gate:hard-needed"],
    ),
    "unclear in a stage that it ended": walked(
        "FFHHH", "1 1 0 1", "passed - passed 1 ended 1/2", status="ended", score="5/8", **{**DECLINED, "action": "review"},
        caps=[cap("gate:hard-needed", "fail")], determined_by=["gate:hard-needed"], flags={"note": "E"}, holds=["unclear"],
    ),
    # With a sum that is right: 1/2, 25/32 and 7/8 after a fair resume, more after a good one; a weak one is the gate's.
    "pending in the second stage": walked(
        "FFLEE", "1 - - -", "passed - pending - waiting -", handed_in=["door", "review"], awaited="O", reachable=ANSWERS, **WAITS
    ),
    "a quorum that is not there is awaited": walked(
        "FFHFL", "1 1 - -", "passed - passed 1 pending -", awaited="C", reachable=["pass", "border"], **WAITS
    ),
    "pending behind a gate that then holds in any case": walked(
        "FFHGL", "1 1 - -", "passed - passed 1 pending -", awaited="C", reachable=["fail"],
        caps=[cap("gate:hard-needed", "fail")], **WAITS,
    ),
    "the first stage not handed in": walked(
        "EEEEE", "- - - -", "pending - waiting - waiting -", handed_in=[], awaited="-", reachable=[*ANSWERS, "out"], **WAITS
    ),
    "noted earns the same": walked("FFKFH", flags={"note": "I"}),
    "noted twice": walked(
        "FFKFK", flags={"note": "K"}, **DECLINED, caps=[cap("override:two-notes", "fail")], determined_by=["override:two-notes"]
    ),
    "reinstated after a gate": walked(  # no cap of the gate; the total is that of the test, 3/4
        "FFFFH", "1 0 1 1", "passed - passed 0 passed 1", score="3/4", **BORDER, reinstate={"reason": "appeal", "stage": "review"}
    ),
    "reinstated after a knock-out, and ended by a later gate": walked(
        "GFFEE", "0 0 - -", "passed - ended 0 not_evaluated -", flags={"knock_out": "g"}, **ENDED, **WEAK,
        reinstate={"reason": "appeal", "stage": "door"},
    ),
    "a reinstatement lifts what comes before its stage too": walked(
        "GFFFH", "0 0 1 1", "passed - passed 0 passed 1", score="3/4", **BORDER, flags={"knock_out": "g"},
        reinstate={"reason": "appeal", "stage": "review"},
    ),
    "void": walked("FFHFH", **VOID),
    "void while a rating is awaited": walked("FFLEE", "1 - - -", "passed - pending - waiting -", awaited="O", **VOID),
    "void after a gate": walked("FFFEE", "1 0 - -", "passed - ended 0 not_evaluated -", **{**VOID, "caps": WEAK["caps"]}),
}  # fmt: skip


PENALTY = pack_of(
    [
        section("bad", item("x", "choice", floor="-2", options=[option("A", "-3"), option("B", "1")]), floor="-1"),
        section("good", item("m", "mark", ALL, max="100", step="1", points="1")),
        section("idle", item("z", "text", points="1", steps=[], keys=[key("k", "-1", match="is", texts=["k"])])),
    ],
    {"bad": "1/4", "good": "3/4", "idle": "0"},
    (verdict("pass", "1/2", "advance"), verdict("fail", "0", "decline")),
    [override("idle-low", "fail", {"below": "1", "section": "idle"})],
    caps=("fail", "fail"),
    notice=None,
)


class TestRecompute:
    """From outcomes to the rest (FORMAT.md 6)."""

    @pytest.mark.parametrize("name", BY_HAND)
    def test_a_decision_worked_out_on_paper(self, name):
        """Every field of the decision is recomputed as it was worked out by hand."""
        assert BY_HAND[name] == recompute.recompute(PACK, BY_HAND[name])

    @pytest.mark.parametrize("name", WALKED)
    def test_a_funnel_worked_out_on_paper(self, name):
        """Stages, gates, levels, notes, reinstatements and voids come to what was worked out by hand."""
        assert WALKED[name] == recompute.recompute(FUNNEL, WALKED[name])

    @pytest.mark.parametrize(
        ("outcomes", "changes"),
        [
            ("FFFFH", {}), ("FFFEH", {}), ("FFLFH", {}), ("EEEEF", {"handed_in": []}),  # a code behind the stage that waits or ends
            ("EFHFH", {}), ("FFHFE", {}), ("FAHFH", {"handed_in": []}), ("FBHFH", {"handed_in": ["test"]}),
            ("FFHFM", {}), ("FFHFHF", {}), ("FFHF", {}), ("FFHFH", {"level": None}), ("FFHFH", {"level": "chief"}),
            ("FFHFH", {"variant": "short"}),
        ],
    )  # fmt: skip
    def test_outcomes_that_no_case_can_have(self, outcomes, changes):
        """Codes that contradict the stages, or a level or variant that the pack has not, are a finding."""
        with pytest.raises(recompute.FindingError) as found:
            recompute.recompute(FUNNEL, walked(outcomes, **changes))
        assert found.value.args[0] == "FAILS"

    def test_what_raters_come_to(self):
        """Median and consensus come to the values; a mean to each mean of two or three; a checklist to its sums."""
        three = {"weak": "0", "fair": "1/2", "good": "1"}
        values = ["weak", "fair", "good"]
        for combine in ("median", "lowest", "consensus"):
            rows = recompute.outcomes_of(rating("r", three, combine=combine))[5:]
            assert [row[0] for row in rows] == [*values, *(f"{value}+noted" for value in values), "awaited"]
            assert [row[1] for row in rows] == [Fraction(x) for x in ("0", "1/2", "1", "0", "1/2", "1", "0")]
            assert [set(row[2]) for row in rows] == [set()] * 3 + [{"note"}] * 3 + [set()]
        means = ["0", "1/6", "1/4", "1/3", "1/2", "2/3", "3/4", "5/6", "1"]
        rows = recompute.outcomes_of(rating("r", three, combine="mean", needs=2, most=3))[5:]
        assert [row[0] for row in rows] == [*means, *(f"{mean}+noted" for mean in means), "awaited"]
        assert [row[1] for row in rows[:9]] == [Fraction(mean) for mean in means]
        lines = {"one": "1", "two": "2"}
        for combine, found in (("median", "0 1 2 3"), ("mean", "0 1/2 1 3/2 2 5/2 3")):
            rows = recompute.outcomes_of(rating("c", lines, "checklist", combine, needs=1, most=2))[5:]
            assert [row[0] for row in rows[: len(found.split())]] == found.split()
            assert len(rows) == 2 * len(found.split()) + 1
        assert [row[0] for row in recompute.outcomes_of(item("e", "evidence"))][5:] == ["given"]

    def test_variants(self):
        """An item of another variant, or a void one, is excluded and counts nowhere, not even in a completion."""
        words = [{**WORD, "id": f"w{n}", "only": only} for n, only in enumerate((None, "with", "without", None))]
        words[3]["void"] = True
        parts = [section("s", *words), section("t", TESTS)]
        pack = {**pack_of(parts, {"s": "1/2", "t": "1/2"}, BANDS), "variants": [named("with"), named("without")]}
        shares = {"sections": {"s": "1/2", "t": "1"}, "score": "3/4", "variant": "with"}
        expected = decision("FGDDN", pack, **shares, **BORDER)
        assert expected == recompute.recompute(pack, expected)
        expected = decision("FDGDN", pack, **{**shares, "variant": "without"}, **BORDER)
        assert expected == recompute.recompute(pack, expected)
        for wrong in ("FGGDN", "FGDGN", "FGEDN", "FGADN"):
            with pytest.raises(recompute.FindingError):
                recompute.recompute(pack, decision(wrong, pack, **shares))
        # Both items of the variant not administered: the section gets 0, 1/2 or 1, and the others stay out of it.
        expected = waits("DDDDN", "w", ["pass", "border", "fail"], pack=pack, variant="with")
        assert expected == recompute.recompute(pack, expected)

    def test_an_excerpt(self):
        """A section that declares more items than it has holds every decision, and says how many; a void one counts."""
        words = [{**WORD, "id": f"w{n}", "void": n == 1} for n in range(2)]
        more = {"sections": {"s": "1"}, "assumed": ["rubric:cuts"]}
        for declared, found in ((20, {"s": [2, 20]}), (3, {"s": [2, 3]}), (2, {})):
            pack = pack_of([section("s", *words, declared=declared)], {"s": "1"}, BANDS)
            pack.update(excerpt=bool(found), assumed=[named("cuts")])
            check_packs.check(pack)
            held = {"action": "review", "holds": ["excerpt"]} if found else {}
            expected = decision("FD", pack, **more, excerpts=found, **held)
            assert expected == recompute.recompute(pack, expected)

    def test_unclear_in_an_earlier_stage_that_it_ended(self):
        """Made right, the case would go on and wait: another verdict, none. Eleven such are held without trying."""
        gate = [override("g", "fail", {"below": "1/2", "section": "a"})]
        two = [stage("one", section("a", SUM), gate=gate), stage("two", section("b", WORD))]
        pack = funnel_of(two, {"one": "1/2", "two": "1/2"}, {"a": "1", "b": "1"})
        more = {"sections": {"a": "0", "b": None}, "stages": {"one": ["ended", "0"], "two": ["not_evaluated", None]}}
        more.update(ENDED, caps=[cap("gate:g", "fail")], determined_by=["gate:g"], handed_in=["one", "two"])
        wrong = decision("GE", pack, **more)
        assert wrong == recompute.recompute(pack, wrong)
        held = decision("HE", pack, **{**more, "action": "review"}, flags={"note": "g"}, holds=["unclear"])
        assert held == recompute.recompute(pack, held)

    def test_the_caps_where_an_engine_may_stop(self, monkeypatch):
        """Above 512 completions an engine may list fewer caps: then they are not compared, below that they are."""
        pending = WALKED["pending behind a gate that then holds in any case"]
        fewer = {**pending, "caps": []}
        assert "caps" in recompute.recompute(FUNNEL, fewer)
        monkeypatch.setattr(recompute, "ENGINE_MAX", 0)
        assert "caps" not in recompute.recompute(FUNNEL, fewer)
        assert pending == recompute.recompute(FUNNEL, pending)

    def test_many_ways_to_go_on(self):
        """Ten marks of eleven steps, all awaited, are either worked out or left out, within the bound."""
        marks = [item(f"m{n}", "mark", ALL, max="10", step="1", points=str(n + 1)) for n in range(10)]
        pack = pack_of([section("s", *marks)], {"s": "1"}, BANDS)
        expected = waits("A" * 10, "_8", ["pass", "border", "fail"], pack=pack)
        assert expected == recompute.recompute(pack, expected)

    def test_floors_two_digits_and_a_section_without_weight(self):
        """A floor stops an item at -2 and its section at -1; a total is never below 0; an empty section has no share."""
        # Item x: A is -3, floored to -2, of a maximum of 1; the section's floor makes it -1. Mark 40 is code 45 = "At".
        expected = decision(
            "FAtF", PENALTY, awaited="A", notice=None, verdict="fail", action="decline", score="1/20",
            sections={"bad": "-1", "good": "2/5", "idle": None},
        )  # fmt: skip
        assert expected == recompute.recompute(PENALTY, expected)
        # An excluded item of a section without weight is not awaited.
        without = {**expected, "outcomes": "FAtD"}
        assert without == recompute.recompute(PENALTY, without)
        zero = {**expected, "outcomes": "FAFF", "score": "0", "sections": {"bad": "-1", "good": "0", "idle": None}}
        zero["stages"] = {"main": ["passed", "-1/4"]}
        assert zero == recompute.recompute(PENALTY, zero)

    def test_pending_below_zero(self):
        """The floors hold in completions too: -1/4 with the worst mark is a total of 0, with the best it is 1/2."""
        expected = waits("FAAF", "Q", ["pass", "fail"], pack=PENALTY, notice=None)
        assert expected == recompute.recompute(PENALTY, expected)

    @pytest.mark.parametrize(
        ("awaits", "reachable"),
        [((), ["pass", "border", "fail"]), (TWO, ["pass", "border", "fail"]), (ALL, ["pass", "border"])],
    )
    def test_what_an_excluded_item_could_earn(self, awaits, reachable):
        """An empty section's item gives 0 while unanswered or invalid, where it does not wait for an answer then."""
        options = [option("a", right=True), option("b", right=True)]  # one of them earns 1/2, both 1: nothing earns 0
        either = item("q", "selection", awaits, mode="each", points="1", options=options)
        pack = pack_of([section("s", either), section("t", TESTS)], {"s": "1/2", "t": "1/2"}, BANDS)
        expected = waits("DN", "g", reachable, pack=pack)
        assert expected == recompute.recompute(pack, expected)

    def test_an_answer_in_an_empty_section(self):
        """An empty section may hold an answer, to an item that can only cost points; a completion may give another."""
        cost = item("p", "choice", options=[option("A", "-1"), option("B", "0")])
        word = item("w", "text", points="1", steps=[], keys=[key("yes", "1", match="is", texts=["yes"])])
        pack = pack_of([section("s", cost, word, floor="-1"), section("t", TESTS)], {"s": "1/2", "t": "1/2"}, BANDS)
        expected = waits("FDN", "Q", ["pass", "fail"], pack=pack)  # shares -1, 0 and 1: totals 0, 1/2 and 1
        assert expected == recompute.recompute(pack, expected)

    def test_one_unclear_answer_made_right_but_not_both(self):
        """With flagged bests every subset counts: one right answer passes, two raise the two refer flags that fail."""
        keys = [key("k", "1", "refer", low="1", high="1")]
        number = item("n", "number", points="1", read="sole", separators=[], units=[], keys=keys)
        bands = (verdict("pass", "1/2", "advance"), verdict("fail", "0", "decline"))
        two = [override("two", "fail", {"at_least": 2, "flag": "refer"})]
        items = [{**number, "id": f"n{n}"} for n in range(11)]
        pack = pack_of([section("s", *items[:2])], {"s": "1"}, bands, two, caps=("fail", "fail"), notice=None)
        plain = {"notice": None, "score": "0", "sections": {"s": "0"}, "verdict": "fail", "action": "review"}
        expected = decision("HH", pack, awaited="A", flags={"note": "w"}, holds=["unclear"], **plain)
        assert expected == recompute.recompute(pack, expected)
        # With eleven the hold is set without trying, here where 50 % cannot be had below two refer flags.
        pack = pack_of([section("s", *items)], {"s": "1"}, bands, two, caps=("fail", "fail"), notice=None)
        # Eleven items are 111111 and 111110, and - and _ are the digits 62 and 63.
        expected = decision("H" * 11, pack, awaited="AA", flags={"note": "_-"}, holds=["unclear"], **plain)
        assert expected == recompute.recompute(pack, expected)
        ten = pack_of([section("s", *items[:10])], {"s": "1"}, bands, two, caps=("fail", "fail"), notice=None)
        assert recompute.recompute(ten, decision("H" * 10, ten))["holds"] == []

    def test_selection_modes(self):
        """The four modes earn what FORMAT.md's table says for one right, all, one of each, and all ticked."""
        options = [option(o, right=o in "abc") for o in "abcd"]  # c = 3 right of n = 4
        sets = {"a": (1, 0), "a+b+c": (3, 0), "a+d": (1, 1), "a+b+c+d": (3, 1), "d": (0, 1)}
        modes = {
            "exact": ["0", "1", "0", "0", "0"],
            "net": ["1/3", "1", "0", "2/3", "0"],
            "coverage": ["1/3", "1", "0", "0", "0"],
            "each": ["1/2", "1", "1/4", "3/4", "0"],
        }
        for mode, shares in modes.items():
            rows = recompute.outcomes_of(item("s", "selection", mode=mode, points="6", options=options))
            earned = {name: points for name, points, _ in rows}
            assert [6 * Fraction(share) for share in shares] == [earned[name] for name in sets], mode

    def test_codes_are_in_order(self):
        """The rows of each kind stand in the order of section 7, after the five that every item has."""
        names = {
            entry["id"]: [row[0] for row in recompute.outcomes_of(entry)][5:] for entry in [GATE, MEAN, PICK, WORD]
        }
        assert names == {
            "gate": ["A", "B", "C", "D", "K", "several", "several_flagged"],
            "mean": ["k70", "k7", "k70+others", "k7+others", "wrong", "unclear", "no_digits"],
            "pick": ["a", "b", "a+b", "c", "a+c", "b+c", "a+b+c"],
            "word": ["yes", "wrong"],
        }
        grave = recompute.outcomes_of(
            item("g", "choice", options=[option("A", "1", "refer"), option("B", "0", "fatal")])
        )
        assert [row[0] for row in grave][5:] == ["A", "B", "several_flagged"]
        mild = recompute.outcomes_of(item("g", "choice", options=[option("A", "1", "note"), option("B", "0")]))
        assert [row[0] for row in mild][5:] == ["A", "B", "several"]
        flags = [set(row[2]) for row in recompute.outcomes_of(MEAN)][5:]
        assert flags == [set(), {"refer"}, {"note"}, {"refer", "note"}, set(), {"note"}, {"note"}]
        floored = recompute.outcomes_of(PENALTY["stages"][0]["sections"][0]["items"][0])
        assert [row[1] for row in floored][5:] == [-2, 1, 0]
        steps = ["0", "1/2", "1", "3/2", "2", "5/2", "3", "7/2", "4"]
        assert steps == [row[0] for row in recompute.outcomes_of(TESTS)][5:]

    def test_too_many_combinations_are_not_guessed(self, monkeypatch):
        """Above the limit the fields that depend on completions are left out, the others are still computed."""
        monkeypatch.setattr(recompute, "STEPS_MAX", 5)
        pending, ended = BY_HAND["pending, two bands"], BY_HAND["ended, something awaited"]
        for case, lost in (
            (pending, {"caps", "reachable"}),
            (ended, {"caps", "verdict", "determined_by", "holds", "action"}),
        ):
            known = {field: value for field, value in case.items() if field not in lost}
            assert known == recompute.recompute(PACK, case)

    @pytest.mark.parametrize("outcomes", ["GFHF", "GFHFNN", "GFHFO", "EFHFN"])
    def test_outcomes_that_are_none(self, outcomes):
        """Too few or too many digits, a code past the last and an unopened item contradict the pack."""
        with pytest.raises(recompute.FindingError):
            recompute.recompute(PACK, decision(outcomes))


# --- every completion one by one --------------------------------------------------------------------------------------

FLAG = st.sampled_from([None, None, "refer", "note", "fatal", "knock_out"])
POINTS = st.sampled_from(["0", "1", "1/2", "1/3", "-1", "2"])


@st.composite
def small_packs(draw):
    items = []
    for n, kind in enumerate(draw(st.lists(st.sampled_from("csntm"), min_size=2, max_size=4))):
        awaits = draw(st.sampled_from([(), TWO, ALL]))
        size = range(draw(st.integers(2, 3)))
        if kind == "c":
            options = [option(f"o{i}", draw(POINTS), draw(FLAG)) for i in size]
            options[0]["points"] = "1"
            awaits = ALL if any(one["flag"] == "knock_out" for one in options) else awaits
            items.append(item(f"i{n}", "choice", awaits, draw(st.sampled_from([None, "-1/2"])), options=options))
        elif kind == "s":
            mode = draw(st.sampled_from(["exact", "net", "coverage", "each"]))
            options = [option(f"o{i}", flag=draw(FLAG), right=i == 0 or draw(st.booleans())) for i in size]
            awaits = ALL if any(one["flag"] == "knock_out" for one in options) else awaits
            items.append(item(f"i{n}", "selection", awaits, mode=mode, points="1", options=options))
        elif kind == "m":
            items.append(item(f"i{n}", "mark", ALL, max="2", step="1", points="2"))
        else:
            flag = st.sampled_from([None, "refer", "note"])
            own = {"low": "1", "high": "1"} if kind == "n" else {"match": "is", "texts": ["yes"]}
            keys = [key(f"k{i}", draw(POINTS) if i else "1", draw(flag), **own) for i in size]
            more = {"read": draw(st.sampled_from(["sole", "contains"])), "separators": [], "units": []}
            more = more if kind == "n" else {"steps": []}
            items.append(item(f"i{n}", "number" if kind == "n" else "text", awaits, points="2", keys=keys, **more))
    cut = draw(st.integers(1, len(items) - 1))
    two = draw(st.booleans())
    names = st.sampled_from(["o0", "o1", "k1", "wrong", "absent", "blank", "invalid", "unclear", "2"])
    leaf = st.one_of(
        st.builds(lambda n, f: {"at_least": n, "flag": f}, st.integers(1, 3), st.sampled_from(recompute.FLAGS)),
        st.builds(lambda x, s: {"below": x, "section": s}, st.sampled_from(["1/3", "1/2", "1"]), st.sampled_from("ab")),
        st.builds(lambda i, n: {"is": n, "item": i["id"]}, st.sampled_from(items), st.lists(names, max_size=4)),
    )
    tree = leaf | st.builds(
        lambda how, parts: {how: parts}, st.sampled_from(["all", "any"]), st.lists(leaf, max_size=3)
    )
    bands = [name["id"] for name in BANDS]
    sections = [section("a", *items[:cut], floor=draw(st.sampled_from(["0", "-1"]))), section("b", *items[cut:])]
    shares = dict(zip("ab", draw(st.sampled_from([("1/2", "1/2"), ("1/3", "2/3"), ("1", "0")])), strict=True))
    pack = pack_of(
        sections, shares, BANDS,
        [override(f"v{n}", draw(st.sampled_from(bands)), draw(tree)) for n in range(draw(st.integers(0, 3)))],
        caps=(draw(st.sampled_from(bands)), "out"),
    )  # fmt: skip
    if not two:
        return pack
    weak = [{"at_least": 1, "flag": "refer"}, {"at_least": 1, "flag": "fatal"}, {"below": "1/2", "stage": "first"}]
    weak += [{"below": "1/2", "section": "a"}, {"is": ["absent", "blank"], "item": "i0"}]
    last = [*weak, {"below": "3/4", "stage": "second"}, {"all": [weak[0], {"at_least": 2, "flag": "note"}]}]
    gates = [
        [
            override(f"g{s}{n}", draw(st.sampled_from(bands)), when)
            for n, when in enumerate(draw(st.lists(st.sampled_from(some), max_size=2)))
        ]
        for s, some in enumerate((weak, last))
    ]
    pack["stages"] = [stage("first", sections[0], gate=gates[0]), stage("second", sections[1], gate=gates[1])]
    for profile in pack["profiles"]:
        profile.update(shares={"a": "1", "b": "1"}, stages={"first": shares["a"], "second": shares["b"]})
    return pack


class TestCompletions:
    """Steps 6 and 10, by trying everything."""

    @given(data=st.data())
    def test_reachable_and_caps_of_a_pending_decision(self, data):
        """The verdicts reachable are those of all completions, each judged as a decided case; likewise the caps."""
        pack = data.draw(small_packs())
        ids, items = [one["id"] for one in pack["stages"]], recompute.prepare(pack, "even", None, None).items
        handed = ids if len(ids) == 1 else data.draw(st.lists(st.sampled_from(ids), unique=True).map(sorted))
        lifted = data.draw(st.sampled_from([None, None, *ids]))
        facts = {"handed_in": handed, "notice": data.draw(st.booleans()), "reachable": []}
        facts["reinstate"] = lifted and {"reason": "r", "stage": lifted}

        def judged(codes, **more):
            """The decision of these codes, in which stages that were not evaluated are unopened."""
            for stop in range(len(ids), 0, -1):
                text = "".join(
                    recompute.DIGITS[c if item.stage < stop else 4] for c, item in zip(codes, items, strict=True)
                )
                with suppress(recompute.FindingError):
                    return recompute.recompute(pack, decision(text, pack, **{**facts, **more}))
            raise AssertionError

        codes = []
        for item in items:
            own = range(5, len(item.rows))
            usual = [0, 1, 2, 3, *own] if ids[item.stage] in handed else [2, 3, 4, 4, *own]
            codes.append(data.draw(st.sampled_from(usual)))
        # What a section is given that was excluded altogether is no outcome: that is worked out by hand above.
        sections = [part for one in pack["stages"] for part in one["sections"]]
        for part, share in zip(sections, pack["profiles"][0]["shares"].values(), strict=True):
            mine = {one["id"] for one in part["items"]}
            assume(
                share == "0"
                or sum(item.best for item, c in zip(items, codes, strict=True) if item.id in mine and c != 3)
            )
        found = judged(codes)
        ways = []
        for item, code in zip(items, codes, strict=True):
            given = [c for c, row in enumerate(item.rows) if c not in (3, 4) and row[0] not in item.awaits]
            closed = found["stages"][ids[item.stage]][0] in ("waiting", "not_evaluated")
            ways.append(given if closed or item.rows[code][0] in item.awaits else [code])
        if found["status"] == "ended":  # caps look at the evaluated stages alone
            ways = [
                [c] if found["stages"][ids[i.stage]][0] == "not_evaluated" else way
                for i, c, way in zip(items, codes, ways, strict=True)
            ]
        assume(math.prod(map(len, ways)) <= 150)
        ends = [judged(way, handed_in=ids) for way in itertools.product(*ways)]
        order = [known["id"] for known in pack["verdicts"]]
        event(f"{found['status']}, {len(ids)} stages, {len(ends) > 1}")
        if found["status"] == "pending":
            assert found["reachable"] == sorted({end["verdict"] for end in ends}, key=order.index)
        if len(ids) == 1 or found["status"] == "ended":
            common = [one for one in ends[0]["caps"] if all(one in end["caps"] for end in ends)]
            assert common == found["caps"]
            if found["status"] == "ended" and len(ends) > 1:
                assert found["verdict"] == max((one["verdict"] for one in common), key=order.index)

    @given(data=st.data())
    def test_the_unclear_hold(self, data):
        """The hold `unclear` is set exactly if some unclear answers, made their best, change the verdict."""
        number = item("n", "number", points="1", read="sole", separators=[], units=[])
        keys = st.builds(
            lambda p, f: key("k", p, f, low="1", high="1"),
            st.sampled_from(["1", "1/2"]),
            st.sampled_from([None, "refer", "note"]),
        )
        items = [{**number, "id": f"n{i}", "keys": [data.draw(keys)]} for i in range(3)]
        flags = st.sampled_from(["refer", "note"])
        pack = pack_of(
            [section("a", *items[:2]), section("b", *items[2:])],
            {"a": "1/2", "b": "1/2"},
            BANDS,
            [override("v", "fail", {"at_least": data.draw(st.integers(1, 3)), "flag": data.draw(flags)})],
            notice=None,
        )
        outcomes = "".join(data.draw(st.lists(st.sampled_from("FGH"), min_size=3, max_size=3)))  # key, wrong, unclear
        found = recompute.recompute(pack, decision(outcomes, pack, notice=None))
        # F is the only outcome that earns, so it is each item's best.
        others = itertools.product(*("FH" if code == "H" else code for code in outcomes))
        verdicts = {recompute.recompute(pack, decision("".join(o), pack, notice=None))["verdict"] for o in others}
        assert (len(verdicts) > 1) == ("unclear" in found["holds"])


# --- logs -------------------------------------------------------------------------------------------------------------


def without_about(value):
    """A value without the objects under keys `about`; a section's share may stand under such a key too."""
    if isinstance(value, list):
        return [without_about(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    return {
        name: without_about(inner) for name, inner in value.items() if name != "about" or not isinstance(inner, dict)
    }


class Log:
    """A log written by the book: FORMAT.md 2 to 4, and nothing that checks what it is told to write."""

    def __init__(self, root, *decisions, pack=PACK):
        self.root, self.lines, self.pack = root, [], pack
        (root / "log").mkdir(parents=True)
        (root / "packs").mkdir()
        self.add("genesis", {"origin": "test/log"})
        self.add("rubric", self.rubric(pack))
        (root / "packs" / f"{digest(canonical(pack))}.json").write_bytes(canonical(pack))
        for n, one in enumerate(decisions):
            self.decide(one, f"s-{n}", digest(b"case %d" % n))
        self.write()

    @staticmethod
    def rubric(pack):
        bare = without_about(copy.deepcopy(pack))
        del bare["rubric"], bare["version"]
        data = canonical(pack)
        ids = {"rubric": pack["rubric"], "version": pack["version"]}
        return {"length": len(data), "pack": digest(data), "scoring": digest(canonical(bare)), **ids}

    def decide(self, one, name, case, supersedes=None):
        disclosures = {"case": case, "submission": digest(name.encode())}
        self.add("decision", {"decision": one, "disclosures": disclosures, "id": name, "supersedes": supersedes})

    def add(self, kind, body):
        head = {"prev": self.leaf(-1) if self.lines else None, "seq": len(self.lines), "time": "2026-11-21T09:00:00Z"}
        self.lines.append(canonical({"body": body, "type": kind, "v": 1, **head}))

    def leaf(self, index):
        return digest(b"\0" + self.lines[index])

    @property
    def head(self):
        return f"{len(self.lines)}:{self.leaf(-1)}"

    @property
    def file(self):
        return self.root / "log" / "000000000000.jsonl"

    @property
    def pack_file(self):
        return self.root / "packs" / f"{digest(canonical(self.pack))}.json"

    def write(self, lines=None):
        self.file.write_bytes(b"".join(line + b"\n" for line in (self.lines if lines is None else lines)))

    def rechain(self, index, record):
        """Put another record in place and make everything behind it fit again, as a forger with the files would."""
        old = [json.loads(line) for line in self.lines[index + 1 :]]
        self.lines[index:] = [record if isinstance(record, bytes) else canonical(record)]
        for later in old:
            self.lines.append(canonical({**later, "prev": self.leaf(-1)}))
        self.write()


def run(module, *arguments):
    """Call a script's main as the command line would; return exit status and output."""
    out, kept = io.StringIO(), sys.argv
    sys.argv = ["script", *map(str, arguments)]
    try:
        with redirect_stdout(out):
            status = module.main()
    finally:
        sys.argv = kept
    return status, out.getvalue()


def findings(log, *arguments):
    """Return verify's exit status, its failures as (check, seq), and the first bad record."""
    status, out = run(verify, log.root, "--json", *arguments)
    lines = [json.loads(line) for line in out.splitlines()]
    first = [line["seq"] for line in lines if line["result"] == "FIRST"]
    return status, [(line["check"], line["seq"]) for line in lines if line["result"] == "FAILS"], *(first or [None])


@pytest.fixture
def log(tmp_path):
    return Log(tmp_path / "l", BY_HAND["everything right"], BY_HAND["fatal"])


class TestVerifyHolds:
    def test_a_good_log(self, log):
        """Every check holds, and the head is printed."""
        status, out = run(verify, log.root, "--expect", log.head)
        assert status == 0
        checks = {
            "files",
            "lines",
            "records",
            "chain",
            "rubrics",
            "packs",
            "openings",
            "decisions",
            "resolutions",
            "erasures",
            "keys",
            "head",
        }
        assert checks == {
            line.split(":")[0].removeprefix("HOLDS ") for line in out.splitlines() if line.startswith("HOLDS ")
        }
        assert f"HEAD size and leaf: {log.head}" in out
        assert "NOT CHECKED heads: there is no file heads" in out
        assert "NOT CHECKED signatures: no key was given (--key), and the log records none" in out
        assert "a score that was never logged" in out

    def test_a_superseding_decision(self, log):
        """A case's next decision names the newest one before it."""
        for seq in (4, 5):
            log.decide(BY_HAND["a refer flag"], f"again-{seq}", digest(b"case 1"), supersedes=seq - 1)
        log.write()
        assert findings(log) == (0, [], None)

    def test_all_worked_out_decisions_fit_the_tables(self, tmp_path):
        """Each decision of this module holds under verify and under recompute."""
        log = Log(tmp_path / "l", *BY_HAND.values())
        assert findings(log) == (0, [], None)
        status, out = run(recompute, log.root)
        assert status == 0
        assert f"HOLDS recompute: {len(BY_HAND)} decisions" in out

    def test_an_older_head_of_a_log_that_grew(self, log):
        """An expected head may be older than the log's end."""
        older = f"3:{log.leaf(2)}"
        assert findings(log, "--expect", older) == (0, [], None)

    def test_other_files_in_packs_are_mentioned(self, log):
        """A file in packs/ that no record cites is counted, not judged."""
        (log.root / "packs" / "notes.txt").write_text("x")
        log.pack_file.with_suffix(".bak").write_text("x")
        status, out = run(verify, log.root)
        assert status == 0
        assert "2 files that none cites" in out

    def test_a_section_named_about(self, tmp_path):
        """A section may be called `about`: its share belongs to the scoring digest, as it is no `about` object."""
        pack = pack_of([section("about", MEAN)], {"about": "1"}, BANDS)
        assert findings(Log(tmp_path / "l", pack=pack)) == (0, [], None)

    def test_an_empty_last_segment(self, log, monkeypatch):
        """Only the last segment may be empty: its writer stopped between making and filling it."""
        monkeypatch.setattr(verify, "SEGMENT", 4)
        (log.root / "log" / "000000000004.jsonl").write_bytes(b"")
        assert findings(log) == (0, [], None)
        (log.root / "log" / "000000000008.jsonl").write_bytes(b"")
        assert findings(log) == (1, [("files", None)], None)

    def test_the_worked_example(self, tmp_path):
        """FORMAT.md 10: both scripts hold, and the head is the last leaf of its table."""
        _, example = (AUDIT / "FORMAT.md").read_text(encoding="utf-8").split("## 10. A worked example")
        pack = example.split("```json\n")[1].split("\n```")[0].encode()
        lines = example.split("```jsonl\n")[1].split("```")[0].encode()
        leaf = example.split("| 2 | `")[1].split("`")[0]
        for folder, name, data in (("log", "000000000000.jsonl", lines), ("packs", f"{digest(pack)}.json", pack)):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / name).write_bytes(data)
        assert run(verify, tmp_path, "--expect", f"3:{leaf}")[0] == 0
        assert run(recompute, tmp_path)[0] == 0

    def test_segments(self, tmp_path, monkeypatch):
        """Segments follow each other by the number of records."""
        monkeypatch.setattr(verify, "SEGMENT", 2)
        log = Log(tmp_path / "l", BY_HAND["fatal"])
        log.write(log.lines[:2])
        second = log.root / "log" / "000000000002.jsonl"
        second.write_bytes(log.lines[2] + b"\n")
        assert findings(log, "--expect", log.head) == (0, [], None)
        second.rename(log.root / "log" / "000000000004.jsonl")
        gap = findings(log)
        assert gap[1][0] == ("files", None)
        log.write(log.lines)
        (log.root / "log" / "000000000004.jsonl").unlink()
        too_many = (1, [("files", None)], None)
        assert too_many == findings(log)
        log.write(log.lines[:1])
        second.write_bytes(log.lines[1] + b"\n" + log.lines[2] + b"\n")
        assert ("files", None) in findings(log)[1]


class TestLawSeven:
    """Any one-byte change, swap, drop or insertion in a log is found and located."""

    def test_each_byte(self, log):
        """Whichever byte is altered, the first bad record named is the one that the byte lies in."""
        whole = b"".join(line + b"\n" for line in log.lines)
        owner = [seq for seq, line in enumerate(log.lines) for _ in range(len(line) + 1)]
        for at, seq in enumerate(owner):
            flipped = whole[at] ^ (1 << at % 8)
            log.file.write_bytes(whole[:at] + bytes([flipped]) + whole[at + 1 :])
            assert (1, seq) == (findings(log, "--expect", log.head)[::2]), (at, seq)

    def test_each_hexadecimal_digit_and_letter(self, log):
        """The same where the altered line is as well-formed as before; without a head, all but the last record."""
        whole = b"".join(line + b"\n" for line in log.lines)
        ends = list(itertools.accumulate(len(line) + 1 for line in log.lines))
        other = {**dict.fromkeys(b"0123456789", ord("7")), ord("7"): ord("4")}
        for at in range(len(whole)):
            flipped = other.get(whole[at])
            if flipped in (None, whole[at]):
                continue
            log.file.write_bytes(whole[:at] + bytes([flipped]) + whole[at + 1 :])
            seq = next(n for n, end in enumerate(ends) if at < end)
            assert (1, seq) == (findings(log, "--expect", log.head)[::2]), at
            if seq < len(log.lines) - 2:
                assert (1, seq) == findings(log)[::2], at

    @pytest.mark.parametrize(
        ("order", "first"),
        [
            ((1, 0, 2, 3), 0), ((0, 2, 1, 3), 1), ((0, 1, 3, 2), 2), ((0, 3, 2, 1), 1),  # swaps
            ((1, 2, 3), 0), ((0, 2, 3), 1), ((0, 1, 3), 2),  # drops
            ((0, 0, 1, 2, 3), 1), ((0, 1, 1, 2, 3), 2), ((0, 1, 2, 2, 3), 3), ((0, 1, 2, 3, 3), 4),  # twice
            ((0, 1, 0, 2, 3), 2), ((0, 1, 2, 1, 3), 3),  # a line from elsewhere in between
        ],
    )  # fmt: skip
    def test_lines_moved(self, log, order, first):
        """Swapped, dropped, doubled and inserted lines are found at the first place that is wrong."""
        log.write([log.lines[n] for n in order])
        assert (1, first) == findings(log)[::2]

    def test_a_drop_is_not_named_again_and_again(self, tmp_path):
        """Behind a dropped line the records fit each other, and are not named."""
        log = Log(tmp_path / "l", *[BY_HAND["fatal"]] * 6)
        log.write(log.lines[:3] + log.lines[4:])
        assert findings(log) == (1, [("chain", 3), ("chain", 3)], 3)

    def test_a_forged_line_in_between(self, log):
        """An inserted record that fits the chain before it is found."""
        forged = {**json.loads(log.lines[2]), "prev": log.leaf(2), "seq": 3}
        forged["body"]["id"] = "forged"
        log.write([*log.lines[:3], canonical(forged), log.lines[3]])
        assert findings(log)[0] == 1
        assert findings(log)[2] in (3, 4)

    def test_a_cut_tail_needs_a_head(self, log):
        """Records cut off the end are found only against a head kept elsewhere."""
        head = log.head
        log.write(log.lines[:-1])
        assert findings(log) == (0, [], None)
        assert findings(log, "--expect", head) == (1, [("head", None)], None)

    def test_a_rewritten_log_needs_a_head(self, log):
        """A record changed and everything behind it chained anew is found only against a head kept elsewhere."""
        head = log.head
        record = json.loads(log.lines[2])
        record["body"]["decision"]["profile"] = "guess"
        log.rechain(2, record)
        assert findings(log) == (0, [], None)
        assert findings(log, "--expect", head) == (1, [("head", 3)], 3)


class TestLines:
    """Canonical JSON (FORMAT.md 1) and the ends of lines."""

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b'"v":1}', b'"v":1,"v":1}'),
            (b'"v":1}', b'"v":1.0}'),
            (b'"v":1}', b'"v":1e0}'),
            (b'"v":1}', b'"v":NaN}'),
            (b'"v":1}', b'"v":Infinity}'),
            (b'"v":1}', b'"v":-0}'),
            (b'"v":1}', b'"v":01}'),
            (b'"v":1}', b'"v": 1}'),
            (b'"v":1}', b'"v":1} '),
            (b'"v":1}', b'"v":1}\r'),
            (b'"v":1}', b'"v":9007199254740992}'),
            (b'"v":1}', b'"v":' + b"9" * 5000 + b"}"),
            (b'"v":1}', b'"v":1,"w":"\\ud800"}'),
            (b'"v":1}', b'"v":1,"w":"\\u0041"}'),
            (b'"v":1}', b'"v":1,"w":"\xff"}'),
            (b'"v":1}', b'"v":1,"w":"\xed\xa0\x80"}'),
            (b'"v":1}', b'"v":1,"\xc3\xa9":1}'),
            (b'"v":1}', b'"v":1,"w":' + b"[" * 40 + b"]" * 40 + b"}"),
            (b'"v":1}', b'"v":1,"w":' + b"[" * 9000 + b"]" * 9000 + b"}"),
            (b'{"body"', b'\xef\xbb\xbf{"body"'),
            (b'{"body"', b'{ "body"'),
        ],
    )
    def test_what_is_not_canonical(self, log, old, new):
        """Each spelling that is not the one spelling fails at its record, though the chain fits its bytes."""
        assert old in log.lines[2]
        log.rechain(2, log.lines[2].replace(old, new))
        assert ("lines", 2) in findings(log)[1]
        assert findings(log)[::2] == (1, 2)

    @pytest.mark.parametrize("depth", [32, 33])
    def test_depth(self, depth):
        """Objects and arrays nest 32 deep and no deeper."""
        text = b"[" * depth + b"]" * depth
        if depth == 32:
            assert verify.encode(verify.decode(text)) == text
        else:
            with pytest.raises(ValueError, match="not canonical"):
                verify.decode(text)

    def test_a_missing_newline_at_the_end(self, log):
        """The last line ends with a newline like every other."""
        log.file.write_bytes(log.file.read_bytes()[:-1])
        assert findings(log) == (1, [("lines", 3)], 3)

    def test_the_longest_line(self, tmp_path):
        """32,768 bytes are a line that is read, one more is not, with or without an end."""
        for extra, check in ((0, "records"), (1, "lines")):
            log = Log(tmp_path / str(extra), BY_HAND["fatal"])
            log.add("decision", {"pad": "x" * 32_768})
            log.lines[3] = log.lines[3].replace(b"x" * (len(log.lines[3]) - 32_768 - extra), b"", 1)
            log.write()
            assert findings(log) == (1, [(check, 3)], 3)
            log.file.write_bytes(log.file.read_bytes()[:-1])
            assert findings(log)[1][0] == ("lines", 3)

    def test_content_is_never_printed(self, log):
        """What a record holds is not repeated, be it a value, a key or a file's name."""
        secret = "CANDIDATE-SECRET"
        record = json.loads(log.lines[2])
        record["body"]["decision"]["verdict"] = f"{secret} \x1b"
        record["body"]["decision"]["profile"] = {secret: secret}
        log.write([*log.lines[:2], canonical(record), canonical({**json.loads(log.lines[3]), secret: 1})])
        status, out = run(verify, log.root)
        assert status == 1
        assert secret not in out

    def test_many_findings_are_cut(self, tmp_path):
        """Twenty findings are printed, and how many there were."""
        log = Log(tmp_path / "l", *[{**BY_HAND["fatal"], "level": 3}] * 50)
        status, out = run(verify, log.root)
        assert status == 1
        assert out.count("\nFAILS ") + out.startswith("FAILS ") == 20
        assert "FIRST bad record: record #2, byte offset" in out
        assert "50 findings in all" in out


def change(path, value):
    """Return a function that sets one value deep in a record; a value of ... deletes it."""

    def apply(record):
        *way, last = path.split(".")
        for step in way:
            record = record[step]
        if value is ...:
            del record[last]
        else:
            record[last] = value

    return apply


class TestRecords:
    """The tables of FORMAT.md 3, 4 and 6: a re-chained record that does not fit them."""

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("time", "2026-02-30T09:00:00Z"), ("time", "2026-11-21T09:00:00+"), ("time", "2026-11-21 09:00:00Z"),
            ("time", "2026-11-21T24:00:00Z"), ("type", "genesis"), ("type", "other"), ("v", 2), ("v", True), ("seq", True),
            ("seq", -1), ("body", []), ("body.id", ""), ("body.id", "a" * 49), ("body.id", "a b"), ("body.id", "é"),
            ("body.more", 1), ("body.id", ...), ("body.disclosures.case", "0" * 63), ("body.supersedes", "1"),
            ("body.disclosures.case", "G" + "0" * 63), ("body.supersedes", False), ("body.decision", None),
            ("body.decision.action", "hire"), ("body.decision.assumed", ["even"]), ("body.decision.awaited", "="),
            ("body.decision.awaited", ""), ("body.decision.caps", [{"by": "fatal"}]), ("body.decision.caps", {}),
            ("body.decision.caps", [{"by": "refer", "verdict": "fail"}]), ("body.decision.determined_by", ["bands"]),
            ("body.decision.flags", {"grave": "A"}), ("body.decision.flags", {"fatal": 1}),
            ("body.decision.handed_in", ["a", "a"]), ("body.decision.holds", ["notice", "refer"]),
            ("body.decision.holds", ["refer", "refer"]), ("body.decision.irregularities", ["b", "a"]),
            ("body.decision.irregularities", ["a", "a"]), ("body.decision.irregularities", [f"i{n}" for n in range(10, 31)]),
            ("body.decision.assumed", ["level:even"]), ("prev", "0" * 63), ("body.decision.score", "é"),
            ("body.decision.level", "a b"), ("body.decision.notice", 1),
            ("body.decision.outcomes", "G F"), ("body.decision.pack", "x"), ("body.decision.profile", ""),
            ("body.decision.reachable", "pass"), ("body.decision.score", 1), ("body.decision.score", "2/4"),
            ("body.decision.score", "4/1"), ("body.decision.score", "-0"), ("body.decision.score", "01"),
            ("body.decision.score", "1/0"), ("body.decision.score", "0.5"), ("body.decision.score", " 1"),
            ("body.decision.sections", {"core": "1.0"}), ("body.decision.sections", {"a b": "1"}),
            ("body.decision.semantics", 2), ("body.decision.status", "voided"), ("body.decision.verdict", 1),
            ("body.decision.sections", None), ("body.decision.sections", {"a/b/c": "1"}), ("body.decision.stages", {}),
            ("body.decision.stages", {"main": ["open", "1"]}), ("body.decision.stages", {"main": ["passed"]}),
            ("body.decision.stages", {"main": ["passed", "2/4"]}), ("body.decision.stages", {"a/b": ["passed", "1"]}),
            ("body.decision.excerpts", {"core": [2, 2]}), ("body.decision.excerpts", {"core": [True, 2]}),
            ("body.decision.reinstate", {"stage": "main"}), ("body.decision.reinstate", "main"),
            ("body.decision.variant", 1), ("body.decision.void", ""),
            ("body.decision.reasons", []), ("body.decision.status", ...),
        ],
    )  # fmt: skip
    def test_what_fits_no_table(self, log, path, value):
        """It fails at its record though the chain was made to fit."""
        record = json.loads(log.lines[2])
        change(path, value)(record)
        log.rechain(2, record)
        assert findings(log)[::2] == (1, 2)
        assert ("records", 2) in findings(log)[1]

    @pytest.mark.parametrize(("origin"), ["", "a b", "é", "a" * 201, 1])
    def test_genesis(self, log, origin):
        """An origin is 1 to 200 printable characters without space."""
        record = json.loads(log.lines[0])
        record["body"]["origin"] = origin
        log.rechain(0, record)
        assert findings(log) == (1, [("records", 0)], 0)

    def test_the_first_record_is_genesis(self, log):
        """A log that begins with another record fails at record 0; so does a genesis that cites something."""
        log.write(log.lines[1:])
        assert findings(log)[::2] == (1, 0)
        record = json.loads(log.lines[0])
        record["prev"] = "0" * 64
        log.rechain(0, record)
        assert findings(log) == (1, [("chain", 0)], 0)

    def test_an_empty_log(self, log):
        """No record is no log."""
        log.file.unlink()
        assert findings(log) == (1, [("files", None)], None)
        log.write([])
        assert findings(log)[0] == 1

    def test_a_strange_file_beside_the_segments(self, log):
        """A file in log/ that is no segment is named: records might hide there."""
        for name in ("000000000001.jsonl", "copy.jsonl", "0.jsonl"):
            (log.root / "log" / name).write_bytes(b"")
        assert findings(log) == (1, [("files", None)] * 3, None)


class TestOrder:
    """What records say of earlier records, and of packs."""

    def test_an_id_twice(self, log):
        """A log holds an id once."""
        log.decide(BY_HAND["fatal"], "s-0", digest(b"case 9"))
        log.write()
        assert findings(log) == (1, [("decisions", 4)], 4)

    @pytest.mark.parametrize("supersedes", [None, 2, 0, 9])
    def test_wrong_supersedes(self, log, supersedes):
        """`supersedes` is the newest earlier decision of the case: here record 3."""
        log.decide(BY_HAND["fatal"], "s-9", digest(b"case 1"), supersedes=supersedes)
        log.write()
        assert findings(log) == (1, [("decisions", 4)], 4)

    def test_supersedes_without_an_earlier_decision(self, log):
        """A case's first decision supersedes nothing."""
        log.decide(BY_HAND["fatal"], "s-9", digest(b"case 9"), supersedes=3)
        log.write()
        assert findings(log) == (1, [("decisions", 4)], 4)

    def test_a_pack_that_was_never_recorded(self, log):
        """A decision cites a pack of an earlier rubric record."""
        log.decide({**BY_HAND["fatal"], "pack": "0" * 64}, "s-9", digest(b"case 9"))
        log.write()
        assert findings(log) == (1, [("decisions", 4)], 4)

    def test_a_rubric_twice(self, log):
        """The same pack twice fails, and so does the same rubric and version with another pack."""
        log.add("rubric", log.rubric(PACK))
        other = {**PACK, "notice": "Another."}
        log.add("rubric", log.rubric(other))
        (log.root / "packs" / f"{digest(canonical(other))}.json").write_bytes(canonical(other))
        log.write()
        assert findings(log) == (1, [("rubrics", 4), ("rubrics", 4), ("rubrics", 5)], 4)

    def test_a_pack_swapped(self, log):
        """A pack file with other bytes fails at the record that cites it."""
        log.pack_file.write_bytes(canonical({**PACK, "notice": "Another."}))
        assert findings(log) == (1, [("packs", 1)], 1)

    def test_a_pack_missing(self, log):
        """A cited pack file that is not there fails; without packs/ at all the packs are not checked."""
        log.pack_file.unlink()
        assert findings(log) == (1, [("packs", 1)], 1)
        log.pack_file.parent.rmdir()
        status, out = run(verify, log.root)
        assert status == 3
        assert "NOT CHECKED packs: there is no packs/ beside log/" in out

    @pytest.mark.parametrize("data", [b"{}", b"[]", b'{"rubric":1,"version":2}', b'{"a": 1}', b"\xff", b""])
    def test_a_pack_that_is_none(self, log, data):
        """A pack file with the cited digest that is no canonical pack fails."""
        record = json.loads(log.lines[1])
        record["body"].update(pack=digest(data), length=max(1, len(data)))
        log.rechain(1, record)
        (log.root / "packs" / f"{digest(data)}.json").write_bytes(data)
        assert findings(log)[1][0] == ("packs", 1)

    @pytest.mark.parametrize(
        ("field", "value"), [("length", 5), ("rubric", "other"), ("version", "other"), ("scoring", "0" * 64)]
    )
    def test_a_rubric_record_that_misstates_its_pack(self, log, field, value):
        """Length, ids and scoring digest agree with the pack's."""
        record = json.loads(log.lines[1])
        record["body"][field] = value
        log.rechain(1, record)
        assert findings(log) == (1, [("packs", 1)], 1)


class TestFunnelLog:
    def test_all_worked_out_funnels(self, tmp_path):
        """Each decision of a funnel holds under recompute and its pack under check_packs, which say so."""
        log = Log(tmp_path / "l", *WALKED.values(), pack=FUNNEL)
        status, out = run(recompute, log.root)
        assert (status, f"HOLDS recompute: {len(WALKED)} decisions" in out) == (0, True)
        assert run(check_packs, log.root)[0] == 0

    @pytest.mark.parametrize(
        ("name", "field", "value"),
        [
            ("pending in the second stage", "reachable", ["pass", "fail"]),
            ("pending in the second stage", "reachable", [*ANSWERS, "out"]),
            ("a gate ends a case", "stages", {"door": ["passed", None], "review": ["ended", "0"], "test": ["waiting", None]}),
            ("a gate ends a case", "verdict", "out"), ("a gate ends a case", "reinstate", {"reason": "r", "stage": "review"}),
            ("reinstated after a gate", "reinstate", None), ("void", "void", None), ("a funnel passed", "void", "fraud"),
            ("unclear in a stage that it ended", "holds", []), ("noted twice", "flags", {"note": "I"}),
            ("good is what a senior is expected to be", "level", "junior"),
            ("a funnel passed", "handed_in", ["test", "door", "review"]), ("a funnel passed", "handed_in", ["exam"]),
        ],
    )  # fmt: skip
    def test_a_forged_funnel(self, tmp_path, name, field, value):
        """A funnel's decision in which one field is another no longer follows."""
        log = Log(tmp_path / "l", {**WALKED[name], field: value}, pack=FUNNEL)
        assert run(recompute, log.root)[0] == 1


class TestRecomputeLog:
    def test_a_forged_verdict_passes_verify_and_not_recompute(self, log):
        """A verdict changed and re-hashed leaves a log in good form; recomputing it from the outcomes finds it."""
        record = json.loads(log.lines[3])
        record["body"]["decision"]["verdict"] = "border"
        log.rechain(3, record)
        assert findings(log) == (0, [], None)
        status, out = run(recompute, log.root)
        offset = sum(len(line) + 1 for line in log.lines[:3])
        assert status == 1
        place = f"record #3, byte offset {offset} of log/000000000000.jsonl"
        assert f'FAILS recompute: {place}: field `verdict`: expected "fail"; found "border"' in out
        assert run(recompute, log.root, "--record", "2")[0] == 0
        assert run(recompute, log.root, "--record", "3")[0] == 1

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("action", "review"), ("assumed", ["profile:even"]), ("awaited", "B"), ("caps", []), ("determined_by", []),
            ("flags", {}), ("handed_in", ["other"]), ("holds", ["unclear"]), ("irregularities", ["a", "a"]), ("level", "mid"),
            ("variant", "other"), ("excerpts", {"core": [1, 2]}), ("stages", {"main": ["passed", "1/2"]}),
            ("notice", None), ("outcomes", "IFHF"), ("profile", "other"), ("reachable", ["fail"]), ("score", "4/5"),
            ("sections", None), ("semantics", True), ("status", "ended"), ("verdict", None),
        ],
    )  # fmt: skip
    def test_each_field(self, log, field, value):
        """Whichever field of a decision is forged, it is the field that is named."""
        record = json.loads(log.lines[3])
        record["body"]["decision"][field] = value
        log.rechain(3, record)
        status, out = run(recompute, log.root)
        assert status == 1
        assert f"record #3, byte offset {sum(len(line) + 1 for line in log.lines[:3])} of" in out
        assert f"field `{field}`" in out

    def test_reachable_null_claims_nothing(self, tmp_path):
        """A pending record without reachable verdicts is not checked there, which the exit status says."""
        log = Log(tmp_path / "l", {**BY_HAND["pending, two bands"], "reachable": None})
        status, out = run(recompute, log.root)
        assert status == 3
        assert "reachable: there are too many combinations, or the record claims nothing" in out

    def test_too_many_combinations(self, tmp_path, monkeypatch):
        """Where there are too many combinations that is said, and the rest of the record is still compared."""
        monkeypatch.setattr(recompute, "STEPS_MAX", 5)
        status, out = run(recompute, Log(tmp_path / "l", BY_HAND["pending, two bands"]).root)
        assert status == 3
        assert "caps, reachable: there are too many combinations" in out
        forged = {**BY_HAND["pending, two bands"], "awaited": "g"}
        assert run(recompute, Log(tmp_path / "m", forged).root)[0] == 1

    def test_packs(self, log):
        """No pack is not checked; a digest that is a path is not followed."""
        log.pack_file.unlink()
        recompute.read_pack.cache_clear()
        assert run(recompute, log.root)[0] == 3
        record = json.loads(log.lines[3])
        record["body"]["decision"]["pack"] = "../../etc/passwd"
        log.rechain(3, record)
        assert "is no record or pack as FORMAT.md says" in run(recompute, log.root, "--record", "3")[1]

    @pytest.mark.parametrize("data", [canonical({**PACK, "notice": "Another."}), b"", b"no pack", b"x" * (5 << 20)])
    def test_a_pack_that_was_changed_accuses_no_record(self, log, data):
        """The file fails, once; its decisions are not checked, and none of them is said to be wrong."""
        log.pack_file.write_bytes(data)
        recompute.read_pack.cache_clear()
        for more, unchecked in (((), 2), (("--record", "3"), 1)):
            status, out = run(recompute, log.root, *more)
            *said, overall, _ = out.splitlines()
            name, fails = f"packs/{log.pack_file.name}", [line for line in said if line.startswith("FAILS")]
            assert status == 1
            assert fails == [f"FAILS recompute: {name}: its bytes have another digest: not the pack that records cite"]
            records = [line for line in said if line.startswith("NOT CHECKED recompute: record #")]
            assert len(records) == unchecked == len(said) - 1
            assert all(f"it cannot be recomputed: {name} is not the pack that it cites" in line for line in records)
            assert overall.startswith("FAILS recompute: 0 decisions follow")
            assert overall.endswith(f"; 0 do not; {unchecked} not fully checked")

    @pytest.mark.parametrize(
        "text", [b"", b"[]", b"{}", b'{"type":"decision"}', b"\xff", b'{"a":1,"a":2}', b"9" * 40_000]
    )
    def test_a_line_that_is_no_record(self, log, text):
        """A line that is none fails here too, without a traceback."""
        log.write([*log.lines[:2], text, log.lines[3]])
        status, out = run(recompute, log.root)
        assert status == 1
        assert "FAILS recompute: record #2, byte offset" in out

    @pytest.mark.parametrize("broken", [{}, {**PACK, "stages": []}, {**PACK, "overrides": [{"id": "x"}]}])
    def test_a_pack_that_is_none(self, tmp_path, broken):
        """A decision under something that is no pack fails, without a traceback."""
        log = Log(tmp_path / "l", {**BY_HAND["fatal"], "pack": digest(canonical(broken))})
        (log.root / "packs" / f"{digest(canonical(broken))}.json").write_bytes(canonical(broken))
        assert run(recompute, log.root)[0] == 1


JSON_VALUES = (
    None, True, False, 0, -1, 2**53 - 1, "", "x", "1/0", "\u00e9", "9" * 5000, [], ["a"], [[]], [{}], [None], {}, {"a": None},
    {"a": []}, {f"{n:02}": 1 for n in range(20)}, list(range(20)), [{"by": {}, "verdict": []}], "2026-02-29T00:00:00Z",
)  # fmt: skip


def replaced(value):
    """Yield copies of a value, in each of which one thing somewhere in it is one of JSON_VALUES."""
    yield from JSON_VALUES
    for name, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        for other in replaced(inner):
            changed = copy.copy(value)
            changed[name] = other
            yield changed


def changed_pack(path, value, pack=PACK):
    """A pack with one value deep in it replaced; numbers in the path count through lists."""
    *way, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    pack = copy.deepcopy(pack)
    place = pack
    for step in way:
        place = place[step]
    place[last] = value
    return pack


# Two variants: `a` for all, `b` and `c` for one each; a checklist; a section that no profile weighs.
TWO_WAYS = funnel_of(
    [
        stage("one", section("s", {**SUM, "id": "a"}, {**SUM, "id": "b", "only": "with"}, {**SUM, "id": "c", "only": "without"})),
        stage("two", section("t", rating("list", {"x": "1", "y": "1/3"}, "checklist")), section("u", {**WORD, "only": "with"})),
    ],
    {"one": "1/2", "two": "1/2"},
    {"s": "1", "t": "1", "u": "0"},
    variants=[named("with"), named("without")], excerpt=True, assumed=[named("cuts")],
    overrides=[override("low", "fail", {"any": [{"is": [*ALL, "wrong"], "item": "word"}, {"below": "1/2", "stage": "one"}]})],
)  # fmt: skip
TWO_WAYS["stages"][0]["sections"][0]["declared"] = 20
ITEMS = {
    "fit": "stages.1.sections.0.items.0",
    "sum": "stages.2.sections.0.items.0",
    "talk": "stages.2.sections.1.items.0",
}
ROWS = [named("weak", points="0"), named("fair", points="1/2"), named("good", points="1")]


class TestFunnelPacks:
    """FORMAT.md 5 for stages, people, levels and variants: one broken pack for each row."""

    def test_good_packs(self):
        """The packs that these tests break obey."""
        for pack in (PACK, FUNNEL, TWO_WAYS, PENALTY):
            check_packs.check(pack)

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("assumed", [named("x")] * 2), ("assumed", [named(f"x{n}") for n in range(51)]), ("assumed", {}),
            ("competencies.0.expected", {"junior": "fair"}), ("competencies.0.expected.junior", "great"),
            ("competencies.0.expected.junior", 1), ("competencies.0.assumed", ["chief"]),
            ("competencies.0.assumed", ["senior", "senior"]), ("competencies", []),
            ("competencies", [named(f"c{n}", assumed=[], expected={}) for n in range(101)]),
            ("excerpt", None), ("levels", []), ("levels", [named("junior")] * 2), ("levels", [named(f"l{n}") for n in range(13)]),
            ("variants", [named("only")]), ("variants", [named("a")] * 2), ("variants", [named(f"v{n}") for n in range(13)]),
            ("profiles.0.stages.test", "1/2"), ("profiles.0.stages", {"review": "1/4", "test": "3/4"}),
            ("profiles.0.stages", {"door": "1/4", "review": "0", "test": "3/4"}), ("profiles.0.shares.hard", "1/3"),
            ("profiles.0.shares.resume", "0"), ("profiles.0.shares.entry", "1/2"), ("profiles.0.shares.more", "0"),
            ("stages", []), ("stages.0.id", "review"), ("stages.0.id", "a/b"), ("stages.0.sections", []), ("stages.0.gate", None),
            ("stages.0.sections.0.id", "resume"), ("stages.0.sections.0.id", "a/b/c"), ("stages.0.sections.0.id", "a/"),
            ("stages.0.sections.0.declared", 0), ("stages.0.sections.0.declared", 1001), ("stages.0.sections.0.declared", True),
            ("stages.0.sections.0.declared", 3), ("stages.0.sections.0.items", []),
            ("stages.0.sections.0.items.1.awaits", ["blank"]), ("stages.0.sections.0.items.1.points", "1"),
            ("stages.1.gate", [override(f"g{n}", "fail", {"at_least": 1, "flag": "note"}) for n in range(21)]),
            ("stages.1.gate.0.id", "two-notes"), ("stages.1.gate.0.id", "hard-needed"), ("stages.1.gate.0.cap", "none"),
            ("stages.1.gate.0.when", {"below": "1/2", "section": "hard"}), ("stages.1.gate.0.when", {"below": "1/2", "stage": "test"}),
            ("stages.1.gate.0.when", {"is": [*ALL, "wrong"], "item": "sum"}),
            ("stages.1.gate.0.when", {"below": "1/2", "stage": "door"}),  # it has no score
            ("stages.1.gate.0.when", {"any": []}), ("overrides.0.when", {"any": []}),
            (ITEMS["fit"] + ".only", "with"), (ITEMS["fit"] + ".void", None), (ITEMS["fit"] + ".void", True),
            (ITEMS["fit"] + ".awaits", []), (ITEMS["fit"] + ".kind", "ratings"), (ITEMS["fit"] + ".competency", "writing"),
            (ITEMS["fit"] + ".raters.combine", "best"), (ITEMS["fit"] + ".raters.max", 1), (ITEMS["fit"] + ".raters.max", 21),
            (ITEMS["fit"] + ".raters.needs", {}), (ITEMS["fit"] + ".raters.needs", {"a b": 1}),
            (ITEMS["fit"] + ".raters.needs", {"a": 0}), (ITEMS["fit"] + ".raters.needs", {f"r{n}": 1 for n in range(21)}),
            (ITEMS["fit"] + ".raters.more", 1), (ITEMS["fit"] + ".records.other", []), (ITEMS["fit"] + ".records.criteria", None),
            (ITEMS["fit"] + ".records.criteria", [named("x")] * 2), (ITEMS["fit"] + ".records.criteria", [named(f"x{n}") for n in range(51)]),
            (ITEMS["fit"] + ".records", {**{each: [] for each in RECORDS}, "positive": [named("x")], "negative": [named("x")]}),
            (ITEMS["fit"] + ".values", ROWS[::-1]), (ITEMS["fit"] + ".values", ROWS[:1]), (ITEMS["fit"] + ".values", ROWS[:2] * 2),
            (ITEMS["fit"] + ".values", [named(f"v{n}", points="0") for n in range(21)]), (ITEMS["fit"] + ".values.0.id", "awaited"),
            (ITEMS["fit"] + ".values.0.id", "given"), (ITEMS["fit"] + ".level_points", {"above": "1", "at": "1", "below": "0"}),
            (ITEMS["talk"] + ".level_points", {"above": "0", "at": "1", "below": "0"}),
            (ITEMS["talk"] + ".level_points", {"above": "1", "below": "0"}), (ITEMS["talk"] + ".raters.combine", "mean"),
            (ITEMS["talk"] + ".values.2.points", "1"), (ITEMS["talk"] + ".competency", None),
            (ITEMS["talk"] + ".level_points", {"above": "0", "at": "0", "below": "-1"}),  # nothing to be earned
            (ITEMS["talk"] + ".level_points", {"above": "1", "at": "0", "below": "0"}),  # nothing at the senior's level
        ],
    )  # fmt: skip
    def test_what_is_no_funnel(self, path, value):
        """A pack that breaks a row is refused; recompute, which trusts it, does not break."""
        broken = changed_pack(path, value, FUNNEL)
        with pytest.raises(check_packs.MALFORMED):
            check_packs.check(broken)
        with suppress(recompute.FindingError, *recompute.MALFORMED):
            recompute.recompute(broken, WALKED["a funnel passed"])

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("excerpt", False), ("stages.0.sections.0.items.0.only", "other"), ("stages.0.sections.0.items.0.only", 1),
            ("stages.1.sections.0.items.0.lines", []), ("stages.1.sections.0.items.0.lines.0.points", "-1"),
            ("stages.1.sections.0.items.0.lines.0.id", "y"), ("stages.1.sections.0.items.0.only", "with"),  # nothing without
            ("stages.1.sections.0.items.0.competency", None), ("profiles.1.shares", {"s": "1", "t": "1/2", "u": "1/2"}),
            ("overrides.0.when", {"is": [*ALL, "wrong"], "item": "word"}),  # never holds without
            ("overrides.0.when", {"below": "1/2", "section": "u"}),
            ("overrides.0.when", {"all": [{"below": "1/2", "section": "u"}, {"at_least": 1, "flag": "note"}]}),
            ("stages.0.gate", [override("g", "fail", {"is": [*ALL, "wrong"], "item": "b"})]),
            # 4,096 codes: fourteen lines of powers of two have 16,384 sums
            ("stages.1.sections.0.items.0.lines", [named(f"l{n}", points=str(2**n)) for n in range(14)]),
            ("stages.1.sections.0.items.0.lines", [named(f"l{n}", points=str(2**n)) for n in range(11)]),  # 2 * 2,048 + 6
        ],
    )  # fmt: skip
    def test_what_is_no_pair_of_variants(self, path, value):
        """What holds for one variant has to hold for the other."""
        with pytest.raises(check_packs.MALFORMED):
            check_packs.check(changed_pack(path, value, TWO_WAYS))

    def test_ten_lines_of_powers_of_two(self):
        """1,024 sums are 2,054 codes: allowed."""
        lines = [named(f"l{n}", points=str(2**n)) for n in range(10)]
        check_packs.check(changed_pack("stages.1.sections.0.items.0.lines", lines, TWO_WAYS))

    @pytest.mark.parametrize(
        ("names", "well"),
        [
            ([*ALL, "awaited", "weak", "fair"], True), ([], True), (["weak+noted"], True), (["fair+noted"], True),
            ([*ALL, "awaited", "weak"], False),  # a senior's fair earns no more than that
            ([*ALL, "awaited", "fair"], False), ([*ALL, "weak", "fair"], False), (["awaited", "weak", "fair"], False),
            ([*ALL, "awaited", "weak", "fair", "good"], False), (["good+noted"], False), (["nothing"], False), (["excluded"], False),
        ],
    )  # fmt: skip
    def test_a_list_holds_every_lesser_outcome_at_every_level(self, names, well):
        """For a junior fair earns 3/4, of 1; for a senior it earns as little as weak."""
        pack = changed_pack("overrides.0.when", {"is": names, "item": "talk"}, FUNNEL)
        if well:
            check_packs.check(pack)
        else:
            with pytest.raises(check_packs.PackError, match="in a condition"):
                check_packs.check(pack)

    def test_any_value_in_any_place_of_a_funnel(self, tmp_path):
        """Whatever JSON value stands in a funnel's pack, or in a record of one, neither script breaks."""
        log = Log(
            tmp_path / "l",
            WALKED["pending in the second stage"],
            WALKED["unclear in a stage that it ended"],
            pack=FUNNEL,
        )
        for line in log.lines[2:4]:
            for record in itertools.islice(replaced(json.loads(line)), 0, None, 3):
                assert recompute.examine(log.root, canonical(record) + b"\n")[0] in {
                    "HOLDS",
                    "FAILS",
                    "NOT CHECKED",
                    "",
                }
        for pack in itertools.islice(replaced(FUNNEL), 0, None, 7):  # which comes to every value in turn
            with suppress(recompute.FindingError, *recompute.MALFORMED):
                recompute.recompute(pack, WALKED["a funnel passed"])
            with suppress(*check_packs.MALFORMED):
                check_packs.check(pack)


class TestHostile:
    """What an attacker may put into a log: it fails or is not checked, without a traceback, a hang or an echo."""

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("more", 1), ("profiles.0.shares.core", "1"), ("profiles.1.shares.core", "1/3"), ("profiles.0.shares.core", "0.5"),
            ("profiles.0.shares", {"core": "1"}), ("profiles.0.assumed", 10**15), ("verdicts.0.action", "decline"),
            ("verdicts.1.from", "4/5"), ("verdicts.2.from", "1/5"), ("verdicts.1.from", None), ("verdicts.1.id", "pass"),
            ("verdicts.1.id", "a b"), ("verdicts.1.id", "a" * 49), ("stages.0.sections.0.items.0.options.1.points", "1e99999999"),
            ("stages.0.sections.0.items.0.options.1.points", " 0.9 "), ("stages.0.sections.0.items.0.options.1.points", "2/2"),
            ("stages.0.sections.0.items.0.options.1.points", "1" * 13), ("stages.0.sections.0.items.0.options.1.points", 1),
            ("stages.0.sections.0.items.0.options.1.flag", "grave"), ("stages.0.sections.0.items.0.options.1.id", "absent"),
            ("stages.0.sections.0.items.0.awaits", []), ("stages.0.sections.0.items.0.floor", "1"),
            ("stages.0.sections.0.items.1.keys.0.flag", "fatal"), ("stages.0.sections.0.items.1.keys.0.points", "2"),
            ("stages.0.sections.0.items.1.keys.0.low", "71"), ("stages.0.sections.0.items.1.points", "0"),
            ("stages.0.sections.1.floor", "1"), ("stages.0.sections.1.id", "core"), ("stages.0.sections.1.items.1.id", "gate"),
            ("stages.0.sections.1.items.2.step", "3/7"), ("stages.0.sections.1.items.2.step", "1/999999999999"),
            ("overrides.0.when.below", "3/2"), ("overrides.2.when.at_least", 0), ("overrides.2.when.flag", "grave"),
            ("overrides.0.cap", "none"), ("caps.fatal", "none"), ("stages.0.sections.1.items.0.options.0.right", 5),
            ("stages.0.sections.1.items.0.options", [option(f"{n:05}" * 400, right=True) for n in range(18)]),
            ("stages.0.sections.1.items.0.options", [option(f"o{n}", right=True) for n in range(12)]),
        ],
    )  # fmt: skip
    def test_what_is_no_pack(self, path, value):
        """A pack that breaks a row of FORMAT.md 5 is refused; recompute, which trusts it, does not break."""
        with pytest.raises(check_packs.MALFORMED):
            check_packs.check(changed_pack(path, value))
        with suppress(recompute.FindingError, *recompute.MALFORMED):
            recompute.recompute(changed_pack(path, value), BY_HAND["everything right"])

    def test_too_many_outcomes(self, monkeypatch):
        """A pack with more outcomes than FORMAT.md 5 allows is none: PACK has 13 + 7 + 7 + 5 + 9 of them."""
        monkeypatch.setattr(check_packs, "OUTCOMES_MAX", 41)
        check_packs.check(PACK)
        monkeypatch.setattr(check_packs, "OUTCOMES_MAX", 40)
        with pytest.raises(check_packs.PackError):
            check_packs.check(PACK)
        # recompute counts the outcomes themselves: 7 + 7 + 7 + 2 + 9.
        right = BY_HAND["everything right"]
        monkeypatch.setattr(recompute, "OUTCOMES_MAX", 32)
        assert right == recompute.recompute(PACK, right)
        monkeypatch.setattr(recompute, "OUTCOMES_MAX", 31)
        with pytest.raises(ValueError):
            recompute.recompute(PACK, right)

    def test_check_packs(self, log):
        """check_packs.py says of each pack whether it obeys, and of what is no file that it was not checked."""
        status, out = run(check_packs, log.root)
        assert status == 0
        assert "HOLDS check_packs: 1 packs obey FORMAT.md 5" in out
        broken = canonical(changed_pack("overrides.2.when.at_least", 0))
        (log.root / "packs" / f"{digest(broken)}.json").write_bytes(broken)
        status, out = run(check_packs, log.root)
        assert status == 1
        assert "breaks a row of FORMAT.md 5: `at_least`" in out
        (log.root / "packs" / f"{digest(broken)}.json").unlink()
        (log.root / "packs" / f"{digest(broken)}.json").mkdir()
        assert run(check_packs, log.root)[0] == 3
        log.pack_file.write_bytes(canonical({**PACK, "notice": "Another."}))
        assert run(check_packs, log.root)[0] == 1

    def test_any_value_in_any_place(self, log):
        """Whatever JSON value stands in a record or in a pack, neither script breaks."""
        for line in log.lines[:3]:
            for record in replaced(json.loads(line)):
                text = canonical(record)
                assert recompute.examine(log.root, text + b"\n")[0] in {"HOLDS", "FAILS", "NOT CHECKED", ""}
                walk = verify.Walk(log.root, as_json=True)
                with redirect_stdout(io.StringIO()):
                    walk.line(verify.Place(0, 0, "log/x"), text + b"\n")
                walk.base.close()
        for pack in replaced(PACK):
            with suppress(recompute.FindingError, *recompute.MALFORMED):
                recompute.recompute(pack, BY_HAND["everything right"])
            with suppress(*check_packs.MALFORMED):
                check_packs.check(pack)

    def test_a_long_rational(self, log):
        """A rational in a record has at most 4,096 characters."""
        for length in (4096, 4097):
            record = json.loads(log.lines[2])
            record["body"]["decision"]["score"] = "1" * length
            log.rechain(2, record)
            assert findings(log)[0] == length - 4096

    @pytest.mark.parametrize("kind", ["fifo", "device", "folder", "other name"])
    def test_what_is_no_segment(self, log, kind):
        """What is no regular file, or has no segment's name, is not opened; it fails, and is not recomputed."""
        second = log.root / "log" / "000000065536.jsonl"
        if kind == "fifo":
            os.mkfifo(second)
        elif kind == "device":
            second.symlink_to("/dev/zero")
        elif kind == "folder":
            second.mkdir()
        else:
            (log.root / "log" / "CANDIDATE SECRET.jsonl").write_text("x")
        assert findings(log) == (1, [("files", None)], None)
        for rest in (True, False):
            status, out = run(recompute, log.root)
            assert status == 3
            assert "NOT CHECKED recompute: log/" in out
            assert f"{2 * rest} decisions follow" in out
            assert "SECRET" not in out + run(verify, log.root)[1]
            log.file.unlink(missing_ok=True)

    def test_nothing_to_recompute(self, tmp_path):
        """A log without a decision has nothing that holds."""
        status, out = run(recompute, Log(tmp_path / "l").root)
        assert status == 3
        assert out.startswith("NOT CHECKED recompute: 0 decisions")

    def test_a_file_without_end(self, log, monkeypatch):
        """After as many lines as a segment holds, reading stops."""
        for module in (verify, recompute):
            monkeypatch.setattr(module, "SEGMENT", 8)
        log.write([*log.lines, *[b""] * 1000])
        status, out = run(verify, log.root)
        assert status == 1
        assert "FAILS files: log/000000000000.jsonl: its number of records; expected at most 8; found more" in out
        assert "NOT CHECKED chain: reading stopped at record #8: it is too long" in out
        status, out = run(recompute, log.root)
        assert status == 1
        assert "2 decisions follow" in out
        assert "; 5 do not" in out

    def test_recompute_prints_no_content(self, log):
        """What stands in a field that differs is shown only if it could be an id, a digest or a number."""
        for value in ("CANDIDATE SECRET", {"CANDIDATE SECRET": 1}, ["\x1bSECRET"], "SECRET\u00e9"):
            record = json.loads(log.lines[3])
            record["body"]["decision"]["verdict"] = value
            log.rechain(3, record)
            status, out = run(recompute, log.root)
            assert status == 1
            assert 'field `verdict`: expected "fail"; found something else' in out
            assert "SECRET" not in out
        log.write([*log.lines[:3], b'{"CANDIDATE SECRET":1,"CANDIDATE SECRET":2}'])
        assert "SECRET" not in run(recompute, log.root)[1] + run(verify, log.root)[1]

    @pytest.mark.parametrize(("notice", "recorded"), [(None, True), (None, False), ("Some answers disqualify.", None)])
    def test_notice_that_does_not_fit_the_pack(self, tmp_path, notice, recorded):
        """`notice` is null exactly under a pack without a notice."""
        pack = pack_of([section("s", WORD)], {"s": "1"}, BANDS, notice=notice)
        right = decision("F", pack, notice=None if notice is None else False, sections={"s": "1"})
        assert right == recompute.recompute(pack, right)
        status, out = run(recompute, Log(tmp_path / "l", {**right, "notice": recorded}, pack=pack).root)
        assert status == 1
        assert "field `notice`" in out

    def test_what_is_not_shown(self, log):
        """Both scripts say what was taken as recorded."""
        out = run(recompute, log.root)[1]
        assert (
            "2 decisions follow from their outcomes, notice, irregularities, profile, level, variant, handed_in, reinstate"
            " and void, which are taken as recorded" in out
        )
        assert "NOT SHOWN: that packs obey FORMAT.md 5: check_packs.py shows that" in out
        assert "notice was given, irregularities occurred: replay with the vault" in run(verify, log.root)[1]


# RFC 8032 7.1, tests 1 to 3: public key, message, signature.
ED25519 = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
)
ORDER = 2**252 + 27742317777372353535851937790883648493


class TestSignatures:
    """RFC 8032, C2SP signed-note and tlog-proof, as verify.py reads them."""

    @pytest.mark.parametrize("row", ED25519)
    def test_known_answers(self, row):
        """What RFC 8032 signed holds; with a bit of key, message or signature changed, or with s + L for s, nothing does."""
        public, message, seal = map(bytes.fromhex, row)
        assert verify.holds(public, message, seal)
        for at in range(0, 64, 5):
            assert not verify.holds(public, message, seal[:at] + bytes([seal[at] ^ 1]) + seal[at + 1 :])
        for at in range(0, 32, 5):
            assert not verify.holds(public[:at] + bytes([public[at] ^ 1]) + public[at + 1 :], message, seal)
        large = (int.from_bytes(seal[32:], "little") + ORDER).to_bytes(32, "little")
        assert not any(
            verify.holds(public, *way)
            for way in ((message + b"x", seal), (message, seal[:32] + large), (message, seal[:63]))
        )

    def test_what_another_implementation_signs(self):
        """Signatures by the cryptography package hold, and not over another message."""
        ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519", reason="an outside signer")
        for number in range(20):
            secret = ed25519.Ed25519PrivateKey.from_private_bytes(sha256(b"%d" % number).digest())
            seal, public = secret.sign(b"%d" % number), secret.public_key().public_bytes_raw()
            assert verify.holds(public, b"%d" % number, seal)
            assert not verify.holds(public, b"%d." % number, seal)

    @pytest.mark.parametrize("y", [2**255 - 19, 2**255 - 18, 2**255 - 1, 2, 1 + 2**255])
    def test_what_is_no_point(self, y):
        """A coordinate of p or more, one on no point of the curve, and a sign where x is 0: not even s = 0, R = 1 holds."""
        assert not verify.holds(y.to_bytes(32, "little"), b"", (1).to_bytes(32, "little") + bytes(32))

    def test_the_signed_note_of_the_specification(self):
        """The key that golang.org/x/mod/sumdb/note documents is one; another hash, another type, a bit too many are not."""
        text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        assert verify.read_key(text).name == "PeterNeumann"
        for old, new in (
            ("c74f20a3", "c74f20a4"),
            ("+AR", "+Ag"),
            ("0TW", "0TX"),
            ("Peter", "Peter "),
            ("+c74f20a3", ""),
            ("0TW", "0T"),
        ):
            with pytest.raises(verify.MALFORMED):
                verify.read_key(text.replace(old, new))

    @pytest.mark.parametrize("size", range(1, 40))
    def test_every_inclusion_proof(self, size):
        """Each proof of RFC 6962 2.1.1 leads to the root; shortened, lengthened or at another index it does not."""
        leaves = [sha256(b"\0%d" % n).digest() for n in range(size)]

        def way(index, rest):
            half = (1 << (len(rest) - 1).bit_length()) // 2
            if len(rest) == 1:
                return [], rest[0]
            left, right = way(index, rest[:half]), way(index - half, rest[half:])
            inside, outside = (left, right) if index < half else (right, left)
            return [*inside[0], outside[1]], verify.node(left[1], right[1])

        for index in range(size):
            proof, root = way(index, leaves)
            assert verify.climb(index, size, leaves[index], proof) == root
            for wrong in (
                [*proof, bytes(32)],
                proof[1:] if proof else [bytes(32)],
                [*proof[1:], *proof[:1]] if len({*proof}) > 1 else [root],
            ):
                assert verify.climb(index, size, leaves[index], wrong) != root
            assert size == 1 or verify.climb((index + 1) % size, size, leaves[index], proof) != root

    @pytest.mark.parametrize(
        "data",
        [
            b"", b"\n\n", b"\xff", b"c2sp.org/tlog-proof@v1\nindex 0\n", b"c2sp.org/tlog-proof@v1\nindex 0\n\n",
            b"c2sp.org/tlog-proof@v2\nindex 0\n\nx\n1\n" + b"A" * 43 + b"=\n", b"c2sp.org/tlog-proof@v1\nindex -1\n\nx\n1\n" + b"A" * 43 + b"=\n",
            b"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nx\n1\n" + b"A" * 43 + b"=\n", b"c2sp.org/tlog-proof@v1\nindex 0\n\nx\n1\n" + b"A" * 42 + b"B=\n",
            b"c2sp.org/tlog-proof@v1\nindex " + b"9" * 6000 + b"\n\nx\n1\n" + b"A" * 43 + b"=\n", b"c2sp.org/tlog-proof@v1\n" * 50_000,
        ],
    )  # fmt: skip
    def test_what_is_no_receipt(self, tmp_path, data):
        """It fails, without a traceback."""
        (tmp_path / "receipt").write_bytes(data)
        (tmp_path / "record").write_bytes(b"{}")
        status, out = run(verify, tmp_path / "receipt", "--record", tmp_path / "record")
        assert (status, "FAILS receipt: the receipt: it; expected a tlog-proof; found something else" in out) == (
            1,
            True,
        )


class TestOtherForms:
    """An export, tiles of several levels, and heads as they must not be."""

    def test_an_export_with_its_log_in_a_folder(self, log, tmp_path):
        """The log may lie one level down; one name twice in a ZIP is a finding, as readers differ on which file it is."""
        for names, status in ((("l/",), 0), (("",), 0), (("", ""), 1), (("a/", "b/"), 2)):
            with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # zipfile itself warns of a name that is there already
                for name in names:
                    archive.writestr(f"{name}log/000000000000.jsonl", log.file.read_bytes())
                    archive.writestr(f"{name}packs/{log.pack_file.name}", log.pack_file.read_bytes())
            done = TestAsPrograms.call(AUDIT / "verify.py", tmp_path / "e.zip")
            assert (done.returncode, "Traceback" in done.stderr) == (status, False)

    def test_a_zip_that_is_cut_or_damaged(self, log, tmp_path):
        """Whatever becomes of the bytes of a ZIP, there is no traceback."""
        with zipfile.ZipFile(tmp_path / "e.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in (log.file, log.pack_file):
                archive.write(path, path.relative_to(log.root))
        whole = (tmp_path / "e.zip").read_bytes()
        for at in range(0, len(whole), 11):
            (tmp_path / "e.zip").write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
            with suppress(SystemExit), redirect_stderr(io.StringIO()):
                assert run(verify, tmp_path / "e.zip")[0] in (0, 1, 3)

    def test_tiles_of_three_levels(self, tmp_path, monkeypatch):
        """65,800 small records: full and partial tiles, paths of two parts, each hash compared."""
        monkeypatch.setattr(verify.Walk, "read", lambda *_: None)  # the tiles alone: the lines are no records
        lines = [b"%d" % n for n in range(65_800)]
        levels, files = [[sha256(b"\0" + line).digest() for line in lines]], {}
        while len(levels[-1]) >= 256:
            row = levels[-1]
            roots = [row[at : at + 256] for at in range(0, len(row) // 256 * 256, 256)]
            for _ in range(8):
                roots = [[verify.node(*pair) for pair in zip(each[::2], each[1::2], strict=True)] for each in roots]
            levels.append([each[0] for each in roots])
        entries = [len(line).to_bytes(2, "big") + line for line in lines]
        for name, row in (("entries", entries), *enumerate(levels)):
            for at in range(0, len(row), 256):
                part = row[at : at + 256]
                files[f"tile/{name}/{at // 256:03}" + (f".p/{len(part)}" if len(part) < 256 else "")] = b"".join(part)
        assert {"tile/0/257.p/8", "tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1", "tile/entries/256"} <= {*files}

        def root(row):
            half = (1 << (len(row) - 1).bit_length()) // 2
            return row[0] if len(row) == 1 else verify.node(root(row[:half]), root(row[half:]))

        files["checkpoint"] = f"x/y\n{len(lines)}\n{base64.b64encode(root(levels[0])).decode()}\n".encode()
        for name, data in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(data)
        assert [line for line in run(verify, tmp_path)[1].splitlines() if line.startswith("FAILS")] == []
        for name in ("tile/1/000", "tile/2/000.p/1", "tile/0/257.p/8"):
            (tmp_path / name).write_bytes(bytes([files[name][0] ^ 1]) + files[name][1:])
            assert f"FAILS tiles: {name}: it; expected what the records make" in run(verify, tmp_path)[1]
            (tmp_path / name).write_bytes(files[name])

    @pytest.mark.parametrize(
        "line",
        [b"", b"{}", b"1", b'"\\ud800"', b'"a\\n1\\nAAAA\\n"', b"\xff", b"[" * 5000, b"x" * 3_000_000, b'"\\u001b[2J"'],
    )
    def test_a_line_of_heads_that_is_none(self, log, line):
        """It fails at its offset, without a traceback, an echo or all of it in memory."""
        (log.root / "heads").write_bytes(line + b"\n")
        status, out = run(verify, log.root)
        assert status == 1
        assert "FAILS heads: byte offset 0 of heads: it; expected a checkpoint; found something else" in out
        assert "\x1b" not in out

    def test_heads_that_are_no_file(self, log):
        """A folder in their place is no file of heads."""
        (log.root / "heads").mkdir()
        assert "NOT CHECKED heads: there is no file heads" in run(verify, log.root)[1]

    @pytest.mark.parametrize("size", [0, 2, 9])
    def test_a_trusted_head_of_another_log_accuses_no_record(self, log, tmp_path, size):
        """Whether it stands for no record, for some, or for more than there are: it is told as another log's, and that alone."""
        root = sha256(b"").digest() if size == 0 else bytes(32)
        (tmp_path / "head").write_bytes(f"other/log\n{size}\n{base64.b64encode(root).decode()}\n".encode())
        assert findings(log, "--trusted", tmp_path / "head") == (1, [("trusted", None)], None)

    def test_canonical_json_that_is_no_record(self, log):
        """`null` and `[]` are canonical JSON, and no record."""
        for line in (b"null", b"[]", b'""', b"0"):
            log.write([*log.lines[:2], line, *log.lines[3:]])
            assert ("records", 2) in findings(log)[1]


class TestAsPrograms:
    """The way a stranger runs them: isolated, without site packages."""

    @staticmethod
    def call(*arguments):
        command = [sys.executable, "-I", "-S", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    def test_verify(self, log):
        """verify.py prints its checks and exits 0, 1, 2."""
        good = self.call(AUDIT / "verify.py", log.root, "--expect", log.head)
        assert (good.returncode, good.stderr) == (0, "")
        assert "HOLDS chain: 4 records" in good.stdout
        log.write(log.lines[:1] + log.lines[2:])
        bad = self.call(AUDIT / "verify.py", log.root)
        assert (bad.returncode, bad.stderr) == (1, "")
        assert "FIRST bad record: record #1, " in bad.stdout
        for wrong in ([], [log.root / "nowhere"], [log.root, "--expect", "4"], [log.root, "--expect", f"0:{'0' * 64}"]):
            assert self.call(AUDIT / "verify.py", *wrong).returncode == 2

    def test_a_line_of_a_gigabyte(self, log):
        """A line without an end is refused without reading it: 400 MB of address space are enough."""
        resource = pytest.importorskip("resource", reason="no limits on memory on this system")
        with log.file.open("r+b") as stream:
            stream.seek(0, io.SEEK_END)
            stream.truncate(stream.tell() + (1 << 30))
        limit = (400 << 20, 400 << 20)
        command = [sys.executable, "-I", "-S", AUDIT / "verify.py", log.root]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=60,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit),
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (1, "")
        assert "FAILS lines: record #4, byte offset" in done.stdout
        assert "NOT CHECKED chain: reading stopped at record #4: it is too long" in done.stdout

    def test_recompute(self, log):
        """recompute.py prints its result and exits 0 or 2."""
        good = self.call(AUDIT / "recompute.py", log.root)
        assert (good.returncode, good.stderr) == (0, "")
        assert good.stdout.startswith("HOLDS recompute: 2 decisions")
        for wrong in ([], [log.root / "nowhere"], [log.root, "--record", "0"], [log.root, "--record", "99"]):
            assert self.call(AUDIT / "recompute.py", *wrong).returncode == 2

    def test_the_verifier_reads_like_an_explanation(self):
        """Each class and function of verify.py says what it establishes; no line is longer than 150 characters."""
        text = (AUDIT / "verify.py").read_text(encoding="utf-8")
        named = [one for one in ast.walk(ast.parse(text)) if isinstance(one, (ast.ClassDef, ast.FunctionDef))]
        assert [one.name for one in named if one.name != "__init__" and not ast.get_docstring(one)] == []
        assert max(map(len, text.splitlines())) <= 150

    def test_json_lines_have_the_same_keys(self, log):
        """Every line of --json is an object with the eight documented keys."""
        log.write(log.lines[1:])
        _, out = run(verify, log.root, "--json")
        keys = {"check", "result", "seq", "offset", "file", "expected", "found", "detail"}
        assert all(keys == set(json.loads(line)) for line in out.splitlines())

    @pytest.mark.parametrize("name", ["verify.py", "recompute.py", "check_packs.py"])
    def test_nothing_of_ours_and_nothing_installed(self, name):
        """The scripts import only modules of the standard library."""
        imports = [
            line.split()[1] for line in (AUDIT / name).read_text().splitlines() if line.startswith(("import ", "from "))
        ]
        assert {module.split(".")[0] for module in imports} <= set(sys.stdlib_module_names)
