"""What was edited, in words, with its line: what scoring depends on apart from wording, things by id and never by place."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubric_files import FILE, FULL, FUNNEL, changed, examined
from scoring import canonical
from scoring.change.edits import Source, edits
from scoring.engine.plan import scoring_form

GUARANTEES = "guarantees:\n  - {id: g, when: {flag: fatal}, always: fail}\n"


def pack_of(text: str) -> dict[str, Any]:
    checked = examined(text)
    assert checked.pack is not None, checked.problems
    document: Any = canonical.loads(checked.pack)
    return document


def told(old: str, new: str) -> list[str]:
    sources = (Source(text.encode(), name) for text, name in ((old, "old.yaml"), (new, FILE)))
    return [str(edit) for edit in edits(pack_of(old), pack_of(new), *sources)]


def line(text: str, start: str) -> int:
    """The line of a text that begins so."""
    return next(n for n, row in enumerate(text.split("\n"), 1) if row.strip().startswith(start))


# name: what is replaced in the full rubric, by what, what is told, the beginning of its line in the new file
SCORING = {
    "points of an option": ("B: {points: 0, text", "B: {points: 1, text", "item angry-customer: option B: points 0 -> 1", "B: {points: 1, text"),
    "a flag": ("points: -1, flag: refer", "points: -1, flag: fatal", "item angry-customer: option C: flag refer -> fatal", "C: {points: -1"),
    "a flag that goes": ("points: -1, flag: refer", "points: -1", "item angry-customer: option C: flag refer -> none", "C: {points: -1"),
    "a cut": ("from: 75%", "from: 70%", "verdict pass: from 75% -> 70%", "- {id: pass"),
    "an action": ("from: 50%, action: review", "from: 50%, action: advance", "verdict look: action review -> advance", "- {id: look"),
    "a share": (
        "manner: 40%, legal: 10%",
        "manner: 30%, legal: 20%",
        "profile skills-first: shares of sections: legal 10% -> 20%",
        "skills-first: {assumption",
    ),
    "an override": ("section: skills, below: 40%", "section: skills, below: 45%",
        "override skills-minimum: when section skills below 40% -> section skills below 45%", "- {id: skills-minimum"),
    "a cap": ("cap: look, why", "cap: fail, why", "override skills-minimum: cap look -> fail", "- {id: skills-minimum"),
    "what a flag caps": ("knock_out: barred", "knock_out: fail", "caps: knock_out barred -> fail", "caps:"),
    "a number's key": ("is: 70, relative", "is: 71, relative", "item refund: key gross: is 693/10 to 707/10 -> 7029/100 to 7171/100", "- {id: gross"),
    "a key without an id": ("range: [9.5, 10.5], points: 1", "range: [9.5, 10.5], points: 2", "item refund: key key-2: points 1 -> 2", "- {range: [9.5"),
    "a short key": ("key: 12.50", "key: 12.5001", "item price: key key-1: is 25/2 -> 125001/10000", "key: 12.5001"),
    "how numbers are read": ("read: stated", "read: sole", "item refund: read stated -> sole", "read: sole"),
    "a text's key": ("contains_any: cmd", "contains_any: cmb", "item shortcut: key key-2: texts [cmd] -> [cmb]", "- {contains_any"),
    "how texts match": ("contains_any: cmd", "is: cmd", "item shortcut: key key-2: match contains_any -> is", "- {is: cmd"),
    "what no answer means": ("missing: await", "missing: zero", "item angry-customer: missing await -> zero", "- id: angry-customer"),
    "a floor": ("floor: -20%", "floor: -10%", "section manner: floor -20% -> -10%", "floor: -10%"),
    "an item's floor": ("        floor: -1", "        floor: -3", "item angry-customer: floor -1 -> -3", "floor: -3"),
    "the mode": ("mode: net", "mode: each", "item tone: mode net -> each", "mode: each"),
    "what is right": ("C: {right: false", "C: {right: true", "item tone: option C: right no -> yes", "C: {right"),
    "steps of a mark": ("step: 0.5", "step: 0.25", "item typing: step 1/2 -> 1/4", "step: 0.25"),
    "the default": ("default: equal", "default: skills-first", "default_profile", "weights:"),
    "the notice": ("whatever the score.", "whatever you do.",
        "notice Some answers disqualify, whatever the score. -> Some answers disqualify, whatever you do.", "notice:"),
}  # fmt: skip


@pytest.mark.parametrize("case", SCORING.values(), ids=SCORING)
def test_an_edit_of_scoring_is_told_with_its_line(case: tuple[str, str, str, str]) -> None:
    old, new, says, start = case
    if says == "default_profile":
        says = "default profile equal -> skills-first"
    text = changed(old, new)
    expected = f"{says} ({FILE}:{line(text, start)})"
    assert expected in told(FULL, text)
    alike = [edit for edit in edits(pack_of(FULL), pack_of(text)) if not edit.scoring]
    assert not alike


WORDING = {
    "a title": ("title: Skills", "title: Trade", 'section skills: title "Skills" -> "Trade"', "title: Trade"),
    "a question": ("ask: Which keys copy a text?", "ask: Which keys copy a text, and nothing else?", "item shortcut: ask reworded", "ask: Which keys copy"),
    "a text of an option": ("text: Shout back", "text: Shout", 'item angry-customer: option C: text "Shout back" -> "Shout"', "C: {points: -1"),
    "a reason that goes": (", why: calms", "", 'item angry-customer: option A: why "calms" -> none', "A: {points: 2"),
    "the version": ('version: "2026.1"', 'version: "2026.2"', "version 2026.1 -> 2026.2", "version:"),
    "the same number in other digits": ("key: 12.50", "key: 12.5", 'item price: key key-1: written "12.50" -> "12.5"', "key: 12.5"),
    "what may move": ('may_move: ["look -> pass"]', 'may_move: ["fail -> look"]', "may_move [look -> pass] -> [fail -> look]", "replaces:"),
}  # fmt: skip


@pytest.mark.parametrize("case", WORDING.values(), ids=WORDING)
def test_an_edit_of_wording_is_told_apart(case: tuple[str, str, str, str]) -> None:
    old, new, says, start = case
    text = changed(old, new)
    assert [f"{says} ({FILE}:{line(text, start)})"] == told(FULL, text)
    assert not any(edit.scoring for edit in edits(pack_of(FULL), pack_of(text)))


def test_what_came_has_its_new_line_and_what_went_its_old_one() -> None:
    text = changed(
        "          C: {points: -1, flag: refer, text: Shout back}\n", "          E: {points: 2, text: Laugh}\n"
    )
    text = changed("C, B, several]", "B, several]", text)
    text = changed("points: 2, text: Laugh", "points: 0, flag: refer, text: Laugh", text)
    found = told(FULL, text)
    assert f"item angry-customer: option E: added (points 0, flag refer) ({FILE}:{line(text, 'E: {')})" in found
    assert (
        f"item angry-customer: option C: removed (points -1, flag refer) (old.yaml:{line(FULL, 'C: {points: -1')})"
        in found
    )


def test_an_item_that_was_renamed_moved_and_mended_is_one_item() -> None:
    """Renamed: alike in all but its id. What moved is told as moved, wherever it stands in the list."""
    renamed = changed("- id: price", "- id: ticket")
    assert [f"item price: is now called ticket ({FILE}:{line(renamed, '- id: ticket')})"] == told(FULL, renamed)
    start, end = FULL.index("      - id: price"), FULL.index("      - id: typing")
    moved = changed(
        "  - id: legal\n    items:\n", "  - id: legal\n    items:\n" + FULL[start:end], FULL[:start] + FULL[end:]
    )
    assert f"item price: section skills -> legal ({FILE}:{line(moved, '- id: price')})" in told(FULL, moved)


def test_an_order_is_told_once() -> None:
    lines = (
        '          A: {right: true, text: "How can I help?"}\n',
        "          B: {right: true, text: One moment please.}\n",
    )
    text = changed(lines[0] + lines[1], lines[1] + lines[0])
    assert [f"item tone: order of options A, B, C -> B, A, C ({FILE}:{line(text, 'B: {right') - 1})"] == told(
        FULL, text
    )


def test_a_bare_option_that_came_is_not_taken_for_one_that_went() -> None:
    text = changed("          yes: {points: 1}\n", "          sure: {points: 1}\n")
    assert ["added", "removed"] == sorted(edit.what.split()[0] for edit in edits(pack_of(FULL), pack_of(text)))


def test_guarantees_are_wording() -> None:
    (edit,) = edits(pack_of(FULL), pack_of(FULL + GUARANTEES))
    assert (edit.thing, edit.what, edit.scoring) == ("guarantee g", "added (fatal once or more: fail)", False)


def test_in_a_funnel_people_levels_and_gates_are_told() -> None:
    text = FUNNEL
    for old, new in (
        ("needs: {peer: 2}, max: 3, combine: mean", "needs: {peer: 1}, max: 3, combine: lowest"),
        ("stages: {work: 70%, talk-stage: 30%}", "stages: {work: 60%, talk-stage: 40%}"),
        ("expected: {mid: some, senior: all}", "expected: {mid: none, senior: all}"),
        (
            '{id: craft-minimum, when: {any: [{section: craft, below: 50%}, {item: tests, is: ["0"]}]}',
            "{id: craft-minimum, when: {section: craft, below: 50%}",
        ),
        ("points: {below: 0, at: 2, above: 3}", "points: {below: 0, at: 1, above: 3}"),
    ):
        text = changed(old, new, text)
    text = text.replace("{item: modelling-talk, is: [none, some]}", "{section: depth, below: 30%}")
    found = {edit.split(" (")[0] for edit in told(FUNNEL, text)}
    assert "item plan: raters: needs: peer 2 -> 1" in found
    assert "item plan: raters: combine mean -> lowest" in found
    assert "profile agreed: work 70% -> 60%" in {edit.replace("shares of stages: ", "") for edit in found}
    assert "competency modelling: expected: mid some -> none" in found
    assert any(edit.startswith("stage work: gate craft-minimum: when any of") for edit in found)
    assert "item modelling-talk: points by level: at 2 -> 1" in found


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every text, number and truth value of a pack."""
    if isinstance(value, dict):
        return [spot for key, inner in value.items() for spot in spots(inner, (*path, key))]
    if isinstance(value, list):
        return [spot for n, inner in enumerate(value) for spot in spots(inner, (*path, n))]
    return [path]


BASES = [pack_of(FULL + GUARANTEES), pack_of(FUNNEL)]


@given(st.data())
def test_every_difference_is_told_and_as_scoring_exactly_where_the_scoring_digest_has_it(data: st.DataObject) -> None:
    """Any leaf of a pack changed, dropped or put first; whether it is still a right pack makes no difference here."""
    base = data.draw(st.sampled_from(BASES))
    new = copy.deepcopy(base)
    path = data.draw(st.sampled_from([path for path in spots(base) if path[-1] != "id"]))
    holder: Any = new
    for step in path[:-1]:
        holder = holder[step]
    value = holder[path[-1]]
    holder[path[-1]] = {str: f"{value}1", bool: not value, int: 7}.get(type(value), "0")
    found = edits(base, new)
    assert found
    same = canonical.dumps(scoring_form(base)) == canonical.dumps(scoring_form(new))
    assert same == (not any(edit.scoring for edit in found))
