"""A hand-made pack that is wrong fails with an error that says where and what; nothing is scored by it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from packs import choice, mark, number, override, pack, rubric, sample, section, verdict
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
    ("two stages", lambda p: p["stages"].append(p["stages"][0]), "stages", "a list of 1 to 1"),
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
