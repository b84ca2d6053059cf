"""Guarantees as they are written: what is read, what is refused, and what of them reaches the pack."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from rubric_files import FULL, FUNNEL, MARK, changed, examined, found, marked
from scoring import canonical
from scoring.engine.plan import compile_plan
from scoring.errors import RubricError

BARRED = "{id: barred-stays, when: {flag: knock_out, at_least: 1}, always: barred}"


def guaranteed(*lines: str, text: str = FULL) -> str:
    """A rubric with these guarantees at its end."""
    return text + "guarantees:\n" + "".join(f"  - {line}\n" for line in lines)


def packed(text: str) -> dict[str, Any]:
    checked = examined(text)
    assert checked.pack is not None, checked.problems
    document: Any = canonical.loads(checked.pack)
    return document


def only(line: str, text: str = FULL) -> dict[str, Any]:
    (made,) = packed(guaranteed(line, text=text))["about"]["guarantees"]
    return made


@pytest.mark.parametrize(
    ("says", "allowed"),
    [
        ("never: pass", ["look", "fail", "barred"]),
        ("never: [pass, look]", ["fail", "barred"]),
        ("always: fail", ["fail"]),
        ("always: [barred, fail]", ["fail", "barred"]),
        ("never_above: fail", ["fail", "barred"]),
        ("never_below: look", ["pass", "look"]),
    ],
)
def test_every_form_becomes_the_verdicts_that_it_allows_best_first(says: str, allowed: list[str]) -> None:
    assert only(f"{{id: g, {says}}}") == {"id": "g", "when": None, "allowed": allowed}


@pytest.mark.parametrize(
    ("when", "packed_when"),
    [
        ("{section: skills, below: 50%}", {"section": "skills", "below": "1/2"}),
        ("{every: [absent, blank]}", {"every": ["absent", "blank"]}),
        ("{every: blank}", {"every": ["blank"]}),
        ("{item: permit, is: no}", {"item": "permit", "is": ["no"]}),
        (
            "{any: [{every: [blank]}, {flag: refer, at_least: 2}]}",
            {"any": [{"every": ["blank"]}, {"flag": "refer", "at_least": 2}]},
        ),
    ],
)
def test_a_condition_is_packed_as_that_of_an_override(when: str, packed_when: dict[str, Any]) -> None:
    made = only(f"{{id: g, when: {when}, never: pass, why: because}}")
    assert made == {"id": "g", "when": packed_when, "allowed": ["look", "fail", "barred"], "why": "because"}


def test_a_list_of_outcomes_means_what_it_says_and_may_hold_the_best() -> None:
    """An override has to be closed, so that it can only turn off as a case gets better; a statement about candidates need not."""
    made = only("{id: g, when: {item: angry-customer, is: [C, A]}, never: barred}")
    assert made["when"] == {"item": "angry-customer", "is": ["A", "C"]}


def test_a_value_that_people_give_stands_for_the_noted_one_too() -> None:
    ticked = changed("scale: steps", "scale: steps\n            criteria: {asks: Asks}", FUNNEL)
    made = only("{id: g, when: {item: modelling-talk, is: [all]}, never_below: talk}", ticked)
    assert made["when"]["is"] == ["all", "all+noted"]


def test_guarantees_change_the_pack_and_not_what_scoring_depends_on() -> None:
    plain, with_them = (compile_plan(examined(text).pack or b"") for text in (FULL, guaranteed(BARRED)))
    assert plain.digest != with_them.digest
    assert plain.scoring_digest == with_them.scoring_digest


def test_a_flag_may_be_counted_once_without_saying_so() -> None:
    made = only("{id: g, when: {flag: knock_out}, always: barred}")
    assert made["when"] == {"at_least": 1, "flag": "knock_out"}


REFUSED = {
    "no verdict is left": ("{id: g, «never: [pass, look, fail, barred]}", "guarantee-impossible", "no verdict is left"),
    "everything is allowed": ("{id: g, «never_above: pass}", "guarantee-idle", "allows every verdict"),
    "everything is allowed by name": ("{id: g, «always: [pass, look, fail, barred]}", "guarantee-idle", "allows every"),
    "the lowest": ("{id: g, «never_below: barred}", "guarantee-idle", "allows every verdict"),
    "nothing is said": ("«{id: g, when: {every: [blank]}}", "missing-key", "one of never, always, never_above, never_below"),
    "two things are said": ("{id: g, never: pass, «always: fail}", "guarantee-twice", "one of never, always, never_above, never_below"),
    "no such verdict": ("{id: g, never: «passed}", "no-such-verdict", 'did you mean "pass"?'),
    "no such verdict in a list": ("{id: g, never: [pass, «faill]}", "no-such-verdict", 'did you mean "fail"?'),
    "a verdict twice": ("{id: g, never: [pass, «pass]}", "verdict-twice", '"pass" stands twice'),
    "no such section": ("{id: g, when: {section: «skill, below: 50%}, never: pass}", "no-such-section", 'did you mean "skills"?'),
    "no such outcome": ("{id: g, when: {item: permit, is: [«nope]}, never: pass}", "no-such-outcome", 'did you mean "no"?'),
    "no such outcome anywhere": ("{id: g, when: {every: [blank, «absnt]}, never: pass}", "no-such-outcome", 'did you mean "absent"?'),
    "an outcome twice": ("{id: g, when: {every: [blank, «blank]}, never: pass}", "outcome-twice", "stands twice"),
    "what nobody comes to at the end": ("{id: g, when: {every: [«unopened]}, never: pass}", "no-such-outcome", 'has the outcome "unopened"'),
    "an id twice": (BARRED + "\n  - {id: «barred-stays, never: pass}", "id-twice", 'the guarantee "barred-stays" stands twice'),
    "a key that there is not": ("{id: g, «not: pass, never: fail}", "unknown-key", "a guarantee has no key"),
    "a cap": ("{id: g, never: pass, «cap: fail}", "unknown-key", "it belongs to an override"),
    "a variant that lacks it": ("{id: g, when: «{not: x}, never: pass}", "condition-form", "{every: [...]}"),
    "deeper than anybody reads": ("{id: g, when: " + "{all: [" * 8 + "«{every: [blank]}" + "]}" * 8 + ", never: pass}", "condition-depth", "at most 8 deep"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_refused(case: tuple[str, str, str]) -> None:
    """At its place, once, in words that say what to do."""
    line, code, says = case
    text, place = marked(guaranteed(line))
    checked = examined(text)
    assert [("error", code, *place)] == found(checked)
    assert says in checked.problems[0].message


def test_every_belongs_to_guarantees_alone() -> None:
    """A blank answer is what `missing` and the points are for; an override on it would turn off as a case gets worse elsewhere."""
    text, place = marked(changed("{flag: refer, at_least: 2}", f"{MARK}{{every: [blank]}}", FULL))
    assert [("error", "every-override", *place)] == found(examined(text))


def test_in_a_funnel_a_guarantee_names_what_other_rubrics_bring_with_it(tmp_path: Path) -> None:
    """And those of the other rubric stay behind: they speak of its own verdicts, which its stage does not reach."""
    from scoring.rubric.check import check

    text = Path("rules/ml-engineer-mid-hiring/rubric.yaml").read_text(encoding="utf-8")
    part = Path("rules/ml-engineer-mid-written/rubric.yaml").read_text(encoding="utf-8")
    for name, content in (("hiring", text), ("ml-engineer-mid-written", part)):
        (tmp_path / name).mkdir()
        content = content.partition("\nguarantees:")[0] + "\n"
        line = (
            "{section: written-test/hard-skills, below: 50%}"
            if name == "hiring"
            else "{section: hard-skills, below: 50%}"
        )
        best = "offer" if name == "hiring" else "strong_pass"
        (tmp_path / name / "rubric.yaml").write_text(
            content + f"guarantees:\n  - {{id: own, when: {line}, never: {best}}}\n", encoding="utf-8"
        )
    checked = check(tmp_path / "hiring" / "rubric.yaml")
    assert checked.pack is not None, checked.problems
    document: Any = canonical.loads(checked.pack)
    (made,) = document["about"]["guarantees"]
    assert made["when"] == {"section": "written-test/hard-skills", "below": "1/2"}
    assert document["stages"][1]["about"].get("guarantees") is None


STRANGER = runpy.run_path(str(Path(__file__).parents[1] / "audit" / "check_packs.py"))
SPOILED = {
    "no list": "text",
    "a list of text": ["text"],
    "too many": [{"id": "g"}] * 101,
}


@pytest.mark.parametrize("value", SPOILED.values(), ids=SPOILED)
def test_a_pack_by_hand_with_something_else_there_is_refused(value: object) -> None:
    """FORMAT.md 5: what stands there is a list of objects; what they say is read by whoever proves them."""
    document = packed(FULL)
    document["about"]["guarantees"] = value
    with pytest.raises(RubricError, match="guarantees"):
        compile_plan(canonical.dumps(document))
    with pytest.raises(STRANGER["PackError"], match="guarantees"):
        STRANGER["check"](document)


def test_a_strangers_script_takes_them() -> None:
    """audit/check_packs.py, which shares no code with us, reads the same table."""
    STRANGER["check"](packed(guaranteed(BARRED)))


def test_elsewhere_about_holds_no_guarantees() -> None:
    document = packed(guaranteed(BARRED))
    document["stages"][0]["about"]["guarantees"] = document["about"]["guarantees"]
    with pytest.raises(RubricError, match="text and lists of text"):
        compile_plan(canonical.dumps(document))
