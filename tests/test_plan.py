"""A hand-made pack that is wrong fails with an error that says where and what; nothing is scored by it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from packs import (
    AWAITS_ALL,
    checklist,
    choice,
    entries,
    evidence,
    funnel,
    mark,
    number,
    override,
    pack,
    raters,
    rating,
    rubric,
    sample,
    section,
    stage,
    verdict,
)
from scoring import RubricError, canonical
from scoring.engine.plan import MAX_PACK, compile_plan, scoring_form

Change = Callable[[dict[str, Any]], object]


def at(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The item of this name."""
    return next(i for s in document["stages"][0]["sections"] for i in s["items"] if i["id"] == name)


def when(condition: dict[str, Any]) -> Change:
    return lambda p: p["overrides"].append(override("x", "weak", condition))


DILEMMA = "stages/main/sections/judgement/items/dilemma"

WRONG: list[tuple[str, Change, str, str]] = [
    # what is wrong, the change, where, a part of the message
    ("no rubric", lambda p: p.pop("rubric"), "", 'the key "rubric" is missing'),
    ("an unknown key", lambda p: p.update(extra=1), "", 'unknown key "extra"'),
    ("another format", lambda p: p.update(format=2), "format", "from 1 to 1"),
    ("a bad id", lambda p: p.update(rubric="a b"), "rubric", "expected an id"),
    ("a long id", lambda p: p.update(version="v" * 49), "version", "expected an id"),
    ("about holds a number", lambda p: p["about"].update(n=1), "about", "text and lists of text"),
    ("no stages", lambda p: p.update(stages=[]), "stages", "a list of 1 to 20"),
    ("a stage twice", lambda p: p["stages"].append(p["stages"][0]), "stages", 'the id "main" stands twice'),
    ("one stage of another name", lambda p: p["stages"][0].update(id="only"), "stages", 'it is called "main"'),
    ("one verdict", lambda p: p["verdicts"].__delitem__(slice(1, None)), "verdicts", "a list of 2 to 16"),
    ("an unknown action", lambda p: p["verdicts"][0].update(action="hire"), "verdicts/strong/action", "one of advance"),
    ("a share over 1", lambda p: p["verdicts"][0].update({"from": "6/5"}), "verdicts/strong/from", "from 0 to 1"),
    ("bands do not fall", lambda p: p["verdicts"][1].update({"from": "4/5"}), "verdicts", "below the one before"),
    ("the lowest band above 0", lambda p: p["verdicts"][2].update({"from": "1/9"}), "verdicts", "the last of them is 0"),
    ("a cap-only verdict first", lambda p: p["verdicts"].insert(0, verdict("x", None, "advance")), "verdicts", "come first"),
    ("actions get better", lambda p: p["verdicts"][2].update(action="advance"), "verdicts", "an action is better"),
    ("a verdict twice", lambda p: p["verdicts"][2].update(id="strong"), "verdicts", 'the id "strong" stands twice'),
    ("caps name no verdict", lambda p: p["caps"].update(fatal="gone"), "caps/fatal", "names no verdict"),
    ("an override's cap", lambda p: p["overrides"][0].update(cap="gone"), "overrides/facts-minimum/cap", "names no verdict"),
    ("no such default profile", lambda p: p.update(default_profile="x"), "default_profile", "names no profile"),
    ("shares short of 1", lambda p: p["profiles"][0]["shares"].update(facts="1/4"), "profiles/equal/shares", "exactly 1"),
    ("a share too many", lambda p: p["profiles"][0]["shares"].update(x="0"), "profiles/equal/shares", "every section"),
    ("a share missing", lambda p: p["profiles"][0]["shares"].pop("facts"), "profiles/equal/shares", "every section"),
    ("a number with a point", lambda p: p["profiles"][0]["shares"].update(facts="0.25"), "profiles/equal/shares/facts", "exact"),
    ("not in lowest terms", lambda p: p["profiles"][0]["shares"].update(facts="2/6"), "profiles/equal/shares/facts", "lowest"),
    ("a section twice", lambda p: p["stages"][0]["sections"][1].update(id="judgement"), "sections", "stands twice"),
    ("an item twice", lambda p: at(p, "sum").update(id="word"), "items", 'the id "word" stands twice'),
    ("an unknown kind", lambda p: at(p, "sum").update(kind="essay"), "stages/main/sections/facts/items/sum", "one of the kinds"),
    ("an item that is no object", lambda p: p["stages"][0]["sections"][0]["items"].append(7), "stages/main/sections/judgement/items/1", "kinds"),
    ("no items", lambda p: p["stages"][0]["sections"][0].update(items=[]), "stages/main/sections/judgement/items", "a list of 1"),
    ("a floor of 1", lambda p: p["stages"][0]["sections"][0].update(floor="1"), "stages/main/sections/judgement/floor", "below 1"),
    ("a positive item floor", lambda p: at(p, "sum").update(floor="1"), "stages/main/sections/facts/items/sum/floor", "0 or less"),
    ("awaits half", lambda p: at(p, "sum").update(awaits=["absent"]), "stages/main/sections/facts/items/sum/awaits", "one of"),
    ("a mark that does not await", lambda p: at(p, "task").update(awaits=[]), "sections/practice/items/task/awaits", "awaits absent"),
    ("a knock-out that does not await", lambda p: at(p, "licence").update(awaits=[]), "sections/practice/items/licence/awaits", "knock-out"),
    ("fatal without notice", lambda p: p.update(notice=None), "sections/judgement/items/dilemma", "no notice"),
    ("an option twice", lambda p: at(p, "dilemma")["options"][0].update(id="B"), "sections/judgement/items/dilemma/options", "stands twice"),
    ("a reserved option", lambda p: at(p, "dilemma")["options"][0].update(id="blank"), f"{DILEMMA}/options/blank/id", "reserved"),
    ("one option", lambda p: at(p, "dilemma")["options"].pop(), "", ""),
    ("an unknown flag", lambda p: at(p, "dilemma")["options"][0].update(flag="bad"), f"{DILEMMA}/options/A/flag", "one of fatal"),
    ("a fatal key", lambda p: at(p, "sum")["keys"][0].update(flag="fatal"), "stages/main/sections/facts/items/sum/keys/key-1/flag", "one of refer"),
    ("a key above full mark", lambda p: at(p, "sum")["keys"][0].update(points="2"), "sections/facts/items/sum/keys/key-1/points", "more than"),
    ("a reversed interval", lambda p: at(p, "sum")["keys"][0].update(low="71"), "sections/facts/items/sum/keys/key-1", "low is above high"),
    ("a unit that is a digit", lambda p: at(p, "sum").update(units=["7m"]), "sections/facts/items/sum/units", "begins with no digit"),
    ("a unit that is full-width", lambda p: at(p, "sum").update(units=["\uff17m"]), "sections/facts/items/sum/units", "begins with no digit"),
    ("steps out of order", lambda p: at(p, "word").update(steps=["casefold", "trim"]), "sections/facts/items/word/steps", "in the order"),
    ("nothing right", lambda p: [o.update(right=False) for o in at(p, "set")["options"]], "sections/facts/items/set/options", "no option is right"),
    ("an uneven step", lambda p: at(p, "task").update(step="3"), "sections/practice/items/task/step", "whole number of steps"),
    ("too many marks", lambda p: at(p, "task").update(max="1000", step="1/1000"), "sections/practice/items/task/step", "larger steps"),
    ("points that are all 0", lambda p: at(p, "dilemma")["options"][1].update(points="0"), "sections/judgement", "can earn nothing"),
    ("no such section", when({"section": "gone", "below": "1/2"}), "overrides/x", "names no section"),
    ("no such item", when({"item": "gone", "is": ["A"]}), "overrides/x", "names no item"),
    ("no such outcome", when({"item": "dilemma", "is": ["a"]}), "overrides/x", 'no outcome "a"; did you mean "A"?'),
    ("the best outcome", when({"item": "dilemma", "is": ["A", "B", "absent", "blank", "invalid", "several"]}), "overrides/x", "best outcome"),
    ("a list that is not closed", when({"item": "sum", "is": ["wrong", "blank"]}), "overrides/x", "lacks absent, invalid"),
    ("below 0", when({"section": "facts", "below": "0"}), "overrides/x/when/below", "above 0"),
    ("no such condition", when({"not": {}}), "overrides/x/when", "expected a condition"),
    ("an empty all", when({"all": []}), "overrides/x/when", "expected a condition"),
    ("at least 0", when({"flag": "refer", "at_least": 0}), "overrides/x/when/at_least", "from 1 to 1000"),
]  # fmt: skip


def whole() -> dict[str, Any]:
    """
    A funnel with all that a rubric of one stage can do without: a door without a score, levels, variants, competencies, people who rate.

    The rating `skill` is about the competency `craft`, which expects `fair` of a junior and `good` of a senior; `seen` earns by level.
    """
    values = {"about": {}, "points": "0"}
    seen = rating("seen") | {"competency": "craft", "level_points": {"above": "1", "at": "1/2", "below": "0"}}
    seen["values"] = [values | {"id": name} for name in ("poor", "fair", "good")]
    records = {"positive": ["listens"], "negative": ["interrupts"], "criteria": ["depth"]}
    gate = override("g", "weak", {"any": [{"section": "tasks", "below": "1/2"}, {"flag": "refer", "at_least": 1}]})
    return funnel(
        stage("door", section("entry", choice("licence", yes=("1", None), no=("0", "knock_out")) | AWAITS_ALL)),
        stage(
            "test",
            section("tasks", number("n"), number("d", only="desk"), number("f", only="field"), declared=2),
            gate=[gate],
        ),
        stage(
            "talk",
            section("talk", rating("skill", records=records) | {"competency": "craft"}, seen),
            section("work", checklist("list"), evidence("tape")),
        ),
        shares={"entry": "0"},
        weights=["0", "1/2", "1/2"],
        assumed=entries("scale"),
        levels=entries("junior", "senior"),
        variants=entries("desk", "field"),
        competencies=[
            {"about": {}, "assumed": ["senior"], "expected": {"junior": "fair", "senior": "good"}, "id": "craft"}
        ],
    )


def part_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The stage, section or item of this name."""
    sections = [s for entry in document["stages"] for s in entry["sections"]]
    return next(
        p for p in (*document["stages"], *sections, *(i for s in sections for i in s["items"])) if p["id"] == name
    )


def setting(name: str, **more: Any) -> Change:
    """Change keys of a stage, section or item."""
    return lambda p: part_of(p, name).update(more)


def of(name: str, key: str, **more: Any) -> Change:
    """Change keys of an object within one, such as the raters of an item."""
    return lambda p: part_of(p, name)[key].update(more)


def gated(stage_id: str, condition: dict[str, Any], name: str = "x") -> Change:
    return lambda p: part_of(p, stage_id)["gate"].append(override(name, "weak", condition))


def profile(key: str, **more: str) -> Change:
    return lambda p: p["profiles"][0][key].update(more)


def competency(**more: Any) -> Change:
    return lambda p: p["competencies"][0].update(more)


def values(*points: str) -> list[dict[str, Any]]:
    return [
        {"about": {}, "id": name, "points": worth} for name, worth in zip(("poor", "fair", "good"), points, strict=True)
    ]


SKILL, SEEN, LIST = "sections/talk/items/skill", "sections/talk/items/seen", "sections/work/items/list"

FULL_SKILL, FULL_SEEN, FULL_LIST = f"stages/talk/{SKILL}", f"stages/talk/{SEEN}", f"stages/talk/{LIST}"
NOTHING = ["absent", "blank", "invalid"]
MISSED = ["wrong", *NOTHING]
NOTED = {"flag": "note", "at_least": 1}
WIDE = [*values("0", "1", "100"), *({"about": {}, "id": f"v{n}", "points": f"1{'0' * 2 * n}"} for n in (2, 3))]

WRONG_FUNNELS: list[tuple[str, Change, str, str]] = [
    (
        "too many stages", lambda p: p.update(stages=[stage(f"s{n}", section(f"c{n}", number(f"i{n}"))) for n in range(21)]),
        "stages", "a list of 1 to 20",
    ),
    ("a stage twice", setting("door", id="test"), "stages", 'the id "test" stands twice'),
    ("a section in two stages", setting("entry", id="talk"), "sections", 'the id "talk" stands twice'),
    ("an item in two stages", setting("licence", id="tape"), "items", 'the id "tape" stands twice'),
    ("a stage that is a place", setting("door", id="a/b"), "stages/a/b/id", "expected an id"),
    ("a place of three", setting("licence", id="a/b/c"), "stages/door/sections/entry/items/0/id", "two with a /"),
    ("a place with nothing before", setting("entry", id="/b"), "stages/door/sections/0/id", "two with a /"),
    ("a place with nothing behind", setting("entry", id="b/"), "stages/door/sections/0/id", "two with a /"),
    ("a second gate", gated("talk", {"flag": "refer", "at_least": 1}), "", ""),
    ("a gate called as an override", lambda p: p["overrides"].append(override("g", "weak", NOTED)), "overrides", 'the id "g" stands twice'),
    ("two gates of one name", gated("talk", NOTED, name="g"), "overrides", 'the id "g" stands twice'),
    ("a gate's cap", lambda p: part_of(p, "test")["gate"][0].update(cap="gone"), "overrides/g/cap", "names no verdict"),
    (
        "too many gates", lambda p: part_of(p, "door").update(gate=[override(f"x{n}", "weak", NOTED) for n in range(21)]),
        "stages/door/gate", "a list of 0 to 20",
    ),
    (
        "too many sections", lambda p: part_of(p, "door").update(sections=[section(f"c{n}", number(f"i{n}")) for n in range(48)]),
        "stages", "more than 50 sections",
    ),
    (
        "a gate that looks ahead at a section", gated("test", {"section": "work", "below": "1/2"}),
        "stages/test/gate/x", "the gate of stage test asks for section work, which comes later",
    ),
    (
        "a gate that looks ahead at an item", gated("test", {"all": [{"item": "skill", "is": ["poor", "awaited", *NOTHING]}]}),
        "stages/test/gate/x", "asks for item skill, which comes later",
    ),
    (
        "a gate that looks ahead at a stage", gated("test", {"stage": "talk", "below": "1/2"}),
        "stages/test/gate/x", "asks for stage talk, which comes later",
    ),
    ("a gate that looks back", gated("talk", {"stage": "test", "below": "1/2"}), "", ""),
    ("no such stage", when({"stage": "tset", "below": "1/2"}), "overrides/x", 'names no stage: "tset"; did you mean "test"?'),
    ("a stage without a score", when({"stage": "door", "below": "1/2"}), "overrides/x", "asks for the share of stage door, which has none"),
    ("a stage below more than 1", when({"stage": "test", "below": "3/2"}), "overrides/x/when/below", "at most 1"),
    (
        "fatal counted without notice", lambda p: (p.update(notice=None), gated("test", {"flag": "fatal", "at_least": 1})(p)),
        "overrides", "count the flag fatal, but the rubric has no notice",
    ),
    ("a stage's shares short of 1", profile("shares", talk="1/4"), "profiles/equal/shares", "the shares of stage talk do not sum to exactly 1"),
    ("shares of 1 over two stages", profile("shares", talk="1/4", tasks="5/4"), "profiles/equal/shares/tasks", "from 0 to 1"),
    ("weights short of 1", profile("stages", talk="1/3"), "profiles/equal/stages", "do not sum to exactly 1"),
    ("no weight of a stage", lambda p: p["profiles"][0]["stages"].pop("door"), "profiles/equal/stages", "must name every stage"),
    ("a weight too many", profile("stages", gone="0"), "profiles/equal/stages", "must name every stage"),
    (
        "a weight without a score", profile("stages", door="1/2", talk="0"),
        "profiles/equal/stages", "stage door has a weight, but none of its sections has a share",
    ),
    ("assumed twice", lambda p: p.update(assumed=entries("scale", "scale")), "assumed", "stands twice"),
    ("too much assumed", lambda p: p.update(assumed=entries(*(f"x{n}" for n in range(51)))), "assumed", "a list of 0 to 50"),
    ("assumed without an id", lambda p: p.update(assumed=[{"about": {}}]), "assumed/0", 'the key "id" is missing'),
    ("one variant", lambda p: p.update(variants=entries("desk")), "variants", "one variant is none"),
    ("too many variants", lambda p: p.update(variants=entries(*(f"x{n}" for n in range(13)))), "variants", "a list of 0 to 12"),
    ("a variant twice", lambda p: p.update(variants=entries("desk", "field", "desk")), "variants", "stands twice"),
    ("an item of no variant", setting("d", only="dusk"), "sections/tasks/items/d/only", "names no variant"),
    ("an item of a variant where there are none", lambda p: p.update(variants=[]), "sections/tasks/items/d/only", "names no variant"),
    ("a variant without n", lambda p: (setting("n", only="field")(p), p.update(excerpt=True)), "", ""),
    (
        "a variant left with nothing", lambda p: (setting("n", only="field")(p), setting("d", only="field")(p), p.update(excerpt=True)),
        "sections/tasks", "can earn nothing in variant desk",
    ),
    ("only that is no id", setting("d", only=7), "stages/test/sections/tasks/items/d/only", "expected an id"),
    ("an override on one variant's item", when({"item": "d", "is": MISSED}), "overrides/x/when", "can never hold for variant field"),
    ("on both in turn", when({"any": [{"item": name, "is": MISSED} for name in "df"]}), "", ""),
    ("on both at once", when({"all": [{"item": name, "is": MISSED} for name in "df"]}), "overrides/x/when", "can never hold for variant desk"),
    (
        "a gate on a voided item", lambda p: (setting("licence", void=True)(p), gated("door", {"item": "licence", "is": ["several", *NOTHING]})(p)),
        "stages/door/gate/x/when", "can never hold",
    ),
    (
        "an override on a voided section", lambda p: (setting("licence", void=True)(p), when({"section": "entry", "below": "1"})(p)),
        "overrides/x/when", "can never hold",
    ),
    ("a weighted section all voided", lambda p: (setting("list", void=True)(p), setting("tape", void=True)(p)), "sections/work", "can earn nothing"),
    ("void that is no truth", setting("list", void=None), f"{FULL_LIST}/void", "true or false"),
    ("declared above what there is", setting("tasks", declared=3), "sections/tasks/declared", "declares 3 items and has 2 for variant desk"),
    ("as many as declared, one of them voided", setting("n", void=True), "", ""),
    ("an excerpt that is allowed", lambda p: (setting("tasks", declared=3)(p), p.update(excerpt=True)), "", ""),
    ("declared 0", setting("tasks", declared=0), "stages/test/sections/tasks/declared", "from 1 to 1000"),
    ("excerpt that is no truth", lambda p: p.update(excerpt="allowed"), "excerpt", "true or false"),
    ("too many levels", lambda p: p.update(levels=entries(*(f"x{n}" for n in range(13)))), "levels", "a list of 0 to 12"),
    ("a level twice", lambda p: p.update(levels=entries("junior", "senior", "junior")), "levels", "stands twice"),
    ("competencies without levels", lambda p: p.update(levels=[]), "competencies", "there are competencies, but no levels"),
    ("a competency twice", lambda p: p["competencies"].append(p["competencies"][0]), "competencies", "stands twice"),
    (
        "a level that expects nothing", competency(expected={"junior": "fair"}),
        "competencies/craft/expected", "must name every level, and nothing else: junior, senior",
    ),
    (
        "a level too many", competency(expected={"junior": "fair", "senior": "good", "lead": "good"}),
        "competencies/craft/expected", "must name every level",
    ),
    ("a level that is assumed and is none", competency(assumed=["lead"]), "competencies/craft/assumed", "names no level, or one twice"),
    ("a level assumed twice", competency(assumed=["senior", "senior"]), "competencies/craft/assumed", "or one twice"),
    (
        "a value that no scale has", competency(expected={"junior": "fair", "senior": "best"}),
        f"{SKILL}/values", "lacks a value that competency craft expects",
    ),
    ("no such competency", setting("skill", competency="art"), f"{SKILL}/competency", "names no competency"),
    ("points by level without a competency", setting("seen", competency=None), f"{SEEN}/level_points", "needs a competency"),
    ("points by level by mean", of("seen", "raters", combine="mean"), f"{SEEN}/raters/combine", "mean needs points"),
    ("points by level that fall", of("seen", "level_points", at="2"), f"{SEEN}/level_points", "the points fall"),
    ("points by level and of its own", setting("seen", values=values("0", "0", "1")), f"{SEEN}/values", "have 0"),
    ("points by level in part", lambda p: part_of(p, "seen")["level_points"].pop("at"), f"{FULL_SEEN}/level_points", 'the key "at" is missing'),
    ("points of values that fall", setting("skill", values=values("0", "1", "1/2")), f"{SKILL}/values", "the points fall from one value"),
    ("points of values that stay", setting("skill", values=values("0", "1", "1")), "", ""),
    ("a value twice", lambda p: part_of(p, "skill")["values"][2].update(id="fair"), f"{SKILL}/values", 'the id "fair" stands twice'),
    ("a reserved value", lambda p: part_of(p, "skill")["values"][0].update(id="awaited"), f"{FULL_SKILL}/values/awaited/id", "reserved"),
    ("one value", lambda p: part_of(p, "skill")["values"].__delitem__(slice(1, None)), f"{FULL_SKILL}/values", "a list of 2 to 20"),
    ("a rating that does not await", setting("skill", awaits=["absent", "blank"]), f"{SKILL}/awaits", "awaits absent, blank and invalid"),
    ("a checklist that does not await", setting("list", awaits=[]), f"{LIST}/awaits", "awaits absent, blank and invalid"),
    ("a line twice", lambda p: part_of(p, "list")["lines"][1].update(id="asks"), f"{LIST}/lines", 'the id "asks" stands twice'),
    ("a reserved line", lambda p: part_of(p, "list")["lines"][1].update(id="given"), f"{FULL_LIST}/lines/given/id", "reserved"),
    ("a line below 0", lambda p: part_of(p, "list")["lines"][1].update(points="-1"), f"{FULL_LIST}/lines/tests/points", "0 or more"),
    ("no lines", setting("list", lines=[]), f"{FULL_LIST}/lines", "a list of 1 to 50"),
    ("lines of nothing", lambda p: [line.update(points="0") for line in part_of(p, "list")["lines"]], "sections/work", "can earn nothing"),
    ("another combine", of("skill", "raters", combine="best"), f"{FULL_SKILL}/raters/combine", "one of median, mean, lowest, consensus"),
    ("nobody needed", of("skill", "raters", needs={}), f"{FULL_SKILL}/raters/needs", "an object of 1 to 20"),
    ("none of a role needed", of("skill", "raters", needs={"examiner": 0}), f"{FULL_SKILL}/raters/needs/examiner", "from 1 to 20"),
    ("a role that is no id", of("skill", "raters", needs={"two words": 1}), f"{SKILL}/raters/needs", "a role is called by an id"),
    (
        "more needed than may rate", of("skill", "raters", max=2, needs={"examiner": 2, "lead": 1}),
        f"{SKILL}/raters/max", "fewer than the ratings that it needs",
    ),
    ("too many raters", of("skill", "raters", max=21), f"{FULL_SKILL}/raters/max", "from 1 to 20"),
    ("a record twice", of("skill", "records", criteria=entries("depth", "depth")), f"{SKILL}/records/criteria", "stands twice"),
    ("an indicator on both sides", of("skill", "records", negative=entries("listens")), f"{SKILL}/records/positive", 'the id "listens" stands twice'),
    ("the same id in two lists", of("skill", "records", criteria=entries("listens")), "", ""),
    ("a list of records that there is not", of("skill", "records", hunches=[]), f"{FULL_SKILL}/records", 'unknown key "hunches"'),
    ("a list of records missing", lambda p: part_of(p, "skill")["records"].pop("conduct"), f"{FULL_SKILL}/records", 'the key "conduct" is missing'),
    (
        "too many records", of("skill", "records", criteria=entries(*(f"x{n}" for n in range(51)))),
        f"{FULL_SKILL}/records/criteria", "a list of 0 to 50",
    ),
    ("more codes than two digits", setting("skill", raters=raters("mean", 20), values=WIDE), SKILL, "more than 4,096 codes"),
    ("evidence with points", setting("tape", points="1"), "stages/talk/sections/work/items/tape", 'unknown key "points"'),
    ("only evidence in a weighted section", lambda p: setting("work", items=[evidence("tape")])(p), "sections/work", "can earn nothing"),
    ("a noted value listed without the rest", when({"item": "skill", "is": ["fair", "poor", *NOTHING]}), "overrides/x", "lacks awaited"),
    ("the best value noted", when({"item": "skill", "is": ["good+noted"]}), "overrides/x", "best outcome"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "path", "message"), [case[1:] for case in WRONG_FUNNELS], ids=[case[0] for case in WRONG_FUNNELS]
)
@pytest.mark.parametrize("level", ["junior", "senior"])
def test_what_is_wrong_with_a_funnel_is_found_and_located(change: Change, path: str, message: str, level: str) -> None:
    """A row without path and message is right as it is: the neighbour of one that is wrong."""
    document = whole()
    change(document)
    if (path, message) == ("", ""):
        compile_plan(canonical.dumps(document), level=level)
        return
    with pytest.raises(RubricError) as caught:
        compile_plan(canonical.dumps(document), level=level)
    assert (path, True) in [(problem.path, message in problem.message) for problem in caught.value.problems]


AT_ONE_LEVEL: list[tuple[str, Change, str]] = [
    # wrong at one level only: a junior's `above` is a value, a senior's is none; a senior's `fair` is below, a junior's is at
    (
        "a list that is not closed for a senior",
        when({"item": "seen", "is": ["poor", "absent", "blank", "invalid", "awaited"]}),
        "the list lacks fair",
    ),
    (
        "points without a common denominator for a junior",
        lambda p: (
            part_of(p, "seen")["level_points"].update(above="999999999990/999999999989"),
            part_of(p, "talk")["sections"][0]["items"].append(
                copy.deepcopy(part_of(p, "seen"))
                | {"id": "seen2", "level_points": {"above": "999999999990/999999000001", "at": "1/2", "below": "0"}}
            ),
        ),
        "above 10^15",
    ),
]


@pytest.mark.parametrize(
    ("change", "message"), [case[1:] for case in AT_ONE_LEVEL], ids=[case[0] for case in AT_ONE_LEVEL]
)
@pytest.mark.parametrize("level", ["junior", "senior"])
def test_a_pack_that_is_wrong_at_one_level_is_wrong_at_every_level(change: Change, message: str, level: str) -> None:
    """'At any level', 'at every level': whether a pack is right does not depend on the level that it is loaded for."""
    document = whole()
    change(document)
    with pytest.raises(RubricError, match=message.replace("^", r"\^")):
        compile_plan(canonical.dumps(document), level=level)


def test_the_funnel_that_the_table_spoils_is_right_at_both_levels() -> None:
    for level in ("junior", "senior"):
        plan = compile_plan(canonical.dumps(whole()), level=level)
        assert (["door", "test", "talk"], {"desk", "field"}) == ([s.id for s in plan.stages], {*plan.frames})


def test_all_problems_of_a_funnel_come_at_once() -> None:
    document = whole()
    part_of(document, "skill")["raters"]["needs"] = {"two words": 1}
    document["competencies"][0]["assumed"] = ["lead"]
    document["profiles"][0]["stages"]["talk"] = "1/3"
    with pytest.raises(RubricError) as caught:
        compile_plan(canonical.dumps(document), level="junior")
    assert 3 == len(caught.value.problems)


@pytest.mark.parametrize(("change", "path", "message"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_is_wrong_is_found_and_located(change: Change, path: str, message: str) -> None:
    document = sample()
    change(document)
    if (path, message) == ("", ""):  # the one change in the table that leaves the pack right: two options are enough
        rubric(document)
        return
    with pytest.raises(RubricError) as caught:
        rubric(document)
    assert (path, True) in [(problem.path, message in problem.message) for problem in caught.value.problems]


def test_all_problems_come_at_once() -> None:
    document = sample()
    document["caps"]["fatal"] = document["caps"]["knock_out"] = "gone"
    at(document, "task")["step"] = "3"
    with pytest.raises(RubricError) as caught:
        rubric(document)
    assert 3 == len(caught.value.problems)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[]", "expected an object"),
        (b'{"a":1}', "is missing"),
        (b"rubric: x", "not a pack: not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b" {}", "not in canonical form"),
        (b'"' + b"x" * MAX_PACK + b'"', "longer than"),
        (b'{"rubric":"a","rubric":"b"}', "stands twice"),
    ],
)
def test_what_is_no_pack_at_all_is_said_so(data: bytes, message: str) -> None:
    with pytest.raises(RubricError, match=message):
        compile_plan(data)


def test_a_condition_nested_too_deep_is_refused_and_not_recursed_into() -> None:
    deep: dict[str, Any] = {"flag": "refer", "at_least": 1}
    for _ in range(12):
        deep = {"all": [deep]}
    with pytest.raises(RubricError, match="8 deep"):
        rubric(pack(section("a", number("n")), overrides=[override("x", "weak", deep)]))


def test_denominators_that_would_overflow_a_line_are_refused() -> None:
    primes = ["999999000001", "999999999989"]
    items = [choice(f"q{n}", A=(f"1/{prime}", None), B=("0", None)) for n, prime in enumerate(primes)]
    with pytest.raises(RubricError, match=r"above 10\^15"):
        rubric(pack(section("a", *items)))


def test_more_outcomes_than_a_plan_may_hold_are_refused_before_they_are_made() -> None:
    marks = [mark(f"m{n}", "250000") for n in range(5)]
    with pytest.raises(RubricError, match="1,048,576 outcomes together"):
        rubric(pack(section("a", *marks)))


def test_an_unknown_profile_and_level_are_named_with_what_there_is() -> None:
    with pytest.raises(RubricError, match='it has equal; did you mean "equal"'):
        rubric(sample(), "equl")
    with pytest.raises(RubricError, match="no levels"):
        compile_plan(canonical.dumps(sample()), level="mid")


def test_wording_leaves_the_scoring_digest_alone_and_nothing_else_does() -> None:
    """'Two hashes name a rubric: one of everything, one of what scoring depends on.'"""
    before = rubric(sample())
    worded = sample()
    at(worded, "dilemma")["about"]["ask"] = "Which would you do?"
    worded["about"]["title"], worded["version"] = "New", "2"
    after = rubric(worded)
    assert before.scoring_digest == after.scoring_digest
    assert before.digest != after.digest
    weighed = sample()
    at(weighed, "dilemma")["options"][1]["points"] = "2"
    assert before.scoring_digest != rubric(weighed).scoring_digest
    assert "about" not in str(scoring_form(sample()))


def test_a_section_may_be_called_about() -> None:
    """Its share is no description, and counts in the scoring digest."""
    one, other = (
        rubric(pack(section("about", number("a")), section("b", number("c")), shares=list(shares)))
        for shares in (("1/2", "1/2"), ("1/3", "2/3"))
    )
    assert one.scoring_digest != other.scoring_digest


def test_every_kind_of_the_sample_loads() -> None:
    """The pack that the table above spoils is right as it stands."""
    assert ("sample", "1", "equal", "sample") == (
        (handle := rubric(copy.deepcopy(sample()))).id,
        handle.version,
        handle.profile,
        handle.title,
    )
    assert {"choice", "number", "text", "selection", "mark"} == {i.data["kind"] for i in handle.plan.items}
