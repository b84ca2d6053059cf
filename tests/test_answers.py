"""From outcomes back to answers: each answer gives its outcome, and what is said to have no answer has none."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import oracle
import packs as by_hand
from packs import pack, part, raters, section
from scoring import canonical
from scoring.change.answers import (
    NO_ENTRY,
    NoAnswerError,
    answer_for,
    common_panel,
    reachable_codes,
    spellings,
    submission_for,
    undecided_codes,
)
from scoring.change.forms import forms_for
from scoring.engine.plan import Plan, compile_plan
from scoring.engine.table import ABSENT, BLANK, EXCLUDED, INVALID, OWN, UNOPENED, Refused
from scoring.rubric.check import check
from strategies import funnels, pack_bytes, packs
from strategies_answers import answers_to
from strategies_packs import ITEM, ITEMS, ROLES

if TYPE_CHECKING:
    from collections.abc import Callable

RULES = sorted((Path(__file__).parent.parent / "rules").glob("*/rubric.yaml"))


def plan_of(document: dict[str, Any]) -> Plan:
    levels = [level["id"] for level in document["levels"]]
    return compile_plan(pack_bytes(document), level=levels[0] if levels else None)


def plan_for(item: dict[str, Any]) -> Plan:
    """A plan of one item, beside one that can earn something."""
    return plan_of(pack(section("one", item, by_hand.mark("rest"))))


def names(plan: Plan, codes: Any) -> list[str]:
    return [item.name(code) for item, code in zip(plan.items, codes, strict=True)]


def read_by_oracle(plan: Plan, submission: dict[str, Any]) -> list[str]:
    return oracle.read_submission(plan.pack, submission, plan.profile, plan.level)


@st.composite
def items(draw: Callable) -> dict[str, Any]:
    """One item of any kind."""
    kind = draw(st.sampled_from(sorted(ITEMS)))
    made = draw(ITEMS[kind](False) if kind in ("choice", "selection") else ITEMS[kind]())
    awaits = ["absent", "blank", "invalid"]
    return {**ITEM, "awaits": awaits, "id": "it", **made}


def has_panel(rated: list[tuple[Any, int]]) -> bool:
    """Whether some panel of up to four examiners, four peers and four guests lets each of these items come to its outcome."""
    for sizes in product(range(5), repeat=3):
        panel = {f"{role}-{n}": role for role, size in zip(ROLES, sizes, strict=True) for n in range(1, size + 1)}
        if all(
            any(read_forms(item, forms, panel) == code for forms in forms_for(item, code, panel))
            for item, code in rated
        ):
            return True
    return False


def read_forms(item: Any, forms: Any, panel: dict[str, str]) -> int | None:
    try:
        code: int = item.table.rate(forms, panel)[0]
    except Refused:
        return None
    return code


def wanted(draw: Callable, plan: Plan, variant: str | None) -> list[int]:
    """One reachable code for each item of the variant."""
    outside = plan.frames[variant].outside
    return [
        EXCLUDED if item.place in outside else draw(st.sampled_from(reachable_codes(plan, item.place)))
        for item in plan.items
    ]


# ---- Every answer gives its outcome ---------------------------------------------------------------------------------------------------------


@given(st.data())
def test_every_outcome_has_an_answer_that_the_oracle_reads_so_or_is_said_to_have_none(data: st.DataObject) -> None:
    plan = plan_for(data.draw(items()))
    item = plan.items[0]
    reached = reachable_codes(plan, 0)
    assert reached[:2] == (ABSENT, BLANK)
    for code in item.codes():
        if code in reached:
            submission = submission_for(plan, [code, ABSENT])
            assert item.name(code) == read_by_oracle(plan, submission)[0]
        else:
            with pytest.raises(NoAnswerError, match="no answer"):
                answer_for(plan, 0, code)
    assert not {*undecided_codes(plan, 0)} & {*reached}
    if item.data["kind"] not in ("number", "text", "mark"):
        assert {*item.codes()[OWN:]} <= {*reached}, "each option, set, value and sum has an answer"


@given(st.data())
def test_all_spellings_of_an_outcome_are_read_as_it_by_the_oracle(data: st.DataObject) -> None:
    plan = plan_for(data.draw(items()))
    item = plan.items[0]
    code = data.draw(st.sampled_from(reachable_codes(plan, 0)[1:]))
    submission = submission_for(plan, [code, ABSENT])
    panel = submission.get("facts", {}).get("raters")
    found = spellings(plan, 0, code, panel)
    assert found[0] == submission["answers"]["it"]
    for answer in found:
        assert read_by_oracle(plan, {**submission, "answers": {"it": answer}})[0] == item.name(code)


@given(st.data())
def test_a_submission_of_one_stage_is_read_as_the_codes_it_was_made_for(data: st.DataObject) -> None:
    plan = plan_of(data.draw(packs()))
    codes = wanted(data.draw, plan, None)
    notice = data.draw(st.booleans())
    submission = submission_for(plan, codes, notice=notice)
    assert read_by_oracle(plan, submission) == names(plan, codes)
    assert oracle.notice_proven(plan.pack, submission.get("facts", {})) is (notice if plan.notice_digest else None)


@settings(max_examples=80)
@given(st.data())
def test_a_submission_of_a_funnel_is_read_as_the_codes_it_was_made_for_unless_no_panel_allows_them(
    data: st.DataObject,
) -> None:
    plan = plan_of(data.draw(funnels()))
    variant = data.draw(st.sampled_from([*plan.frames]))
    codes = wanted(data.draw, plan, variant)
    shut = data.draw(st.integers(0, len(plan.stages)))
    for stage in plan.stages[shut:]:
        for place in stage.items:
            codes[place] = EXCLUDED if place in plan.frames[variant].outside else UNOPENED
    out = data.draw(st.sampled_from(plan.items)).place
    if codes[out] > UNOPENED:
        codes[out] = EXCLUDED
    rated = [(item, code) for item, code in zip(plan.items, codes, strict=True) if item.table.rate and code >= OWN]
    if common_panel(plan, variant) is None and not has_panel(rated):
        with pytest.raises(NoAnswerError, match="no panel gives these outcomes together"):
            submission_for(plan, codes, variant=variant)
        return
    submission = submission_for(plan, codes, variant=variant)
    panel = submission.get("facts", {}).get("raters", {})
    for item, code in zip(plan.items, codes, strict=True):
        answer = submission["answers"].get(item.id, oracle.ABSENT)
        found = oracle.read(item.data, answer, panel)
        assert found == ("absent" if code in (EXCLUDED, UNOPENED) else item.name(code))
        not_given = item.id in submission.get("not_administered", {})
        assert not_given == (code == EXCLUDED and item.place not in plan.frames[variant].outside)


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.parent.name)
def test_every_outcome_of_the_shipped_rubrics_has_an_answer(path: Path) -> None:
    """All but *invalid*, which some kinds do not have, and what is not an item's own."""
    data = check(path).pack
    assert data is not None
    document = canonical.loads(data)
    levels = [level["id"] for level in document["levels"]] or [None]
    plan = compile_plan(data, level=levels[0])
    for item in plan.items:
        missing = {*item.codes()} - {*reachable_codes(plan, item.place)} - {INVALID, EXCLUDED, UNOPENED}
        assert not missing, [item.id, sorted(map(item.name, missing))]
        assert not undecided_codes(plan, item.place)
    for variant, frame in plan.frames.items():
        best = [EXCLUDED if item.place in frame.outside else item.best_code for item in plan.items]
        assert read_by_oracle(plan, submission_for(plan, best, variant=variant)) == names(plan, best)


# ---- What is said to have no answer has none ------------------------------------------------------------------------------------------------


@given(st.data())
def test_no_random_answer_comes_to_an_outcome_that_is_said_to_have_none(data: st.DataObject) -> None:
    item = data.draw(items().filter(lambda item: item["kind"] not in ("rating", "checklist")))
    plan = plan_for(item)
    reached = {plan.items[0].name(code) for code in reachable_codes(plan, 0)}
    for answer in data.draw(st.lists(answers_to(item), min_size=3, max_size=8)):
        found = read_by_oracle(plan, {"answers": {"it": answer}})[0]
        assert found in reached or found in [plan.items[0].name(code) for code in undecided_codes(plan, 0)]


LETTERS = ["a", "b", "*"]
WORDS = ["".join(word) for n in range(1, 4) for word in product(LETTERS, repeat=n)]
EVERYTHING = ["".join(text) for n in range(1, 8) for text in product("abx", repeat=n)]


@st.composite
def little_texts(draw: Callable) -> dict[str, Any]:
    """A text item of two letters and the star."""
    how = st.sampled_from(["is", "contains_any", "contains_all", "like", "like"])
    keys = [
        part(f"k{n}", points="1", match=draw(how), texts=draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=2)))
        for n in range(draw(st.integers(2, 4)))
    ]
    for key in keys:
        if key["match"] != "like":
            key["texts"] = [text.replace("*", "a") for text in key["texts"]]
        key["texts"] = [*dict.fromkeys(key["texts"])]
    return by_hand.text("it", keys=keys, steps=[])


@given(little_texts())
def test_every_short_text_agrees_on_which_text_keys_are_shadowed(item: dict[str, Any]) -> None:
    """All texts of up to seven letters of a, b and one that no key holds: what they come to is what is reachable."""
    plan = plan_for(item)
    read = plan.items[0].read
    found = {read(text) for text in EVERYTHING}
    reached = {*reachable_codes(plan, 0)} - {ABSENT, BLANK}
    assert found <= reached | {*undecided_codes(plan, 0)}
    assert not {*undecided_codes(plan, 0)} & found, "an order of texts that was not tried"


@given(st.data())
def test_no_decimal_near_the_ends_of_keys_comes_to_a_number_key_that_is_said_to_have_none(data: st.DataObject) -> None:
    """Keys between tenths and thirds that cover each other; every hundredth from -1 to 4 is tried."""
    ends = st.sampled_from(["-1/3", "0", "1/3", "1/2", "2/3", "1", "3/2", "2", "3", "1/7"])
    keys = []
    for n in range(data.draw(st.integers(1, 4))):
        low, high = sorted([data.draw(ends), data.draw(ends)], key=oracle.Fraction)
        keys.append(part(f"k{n}", points="1", low=low, high=high))
    plan = plan_for(by_hand.number("it", keys=keys, read=data.draw(st.sampled_from(["sole", "contains"]))))
    read = plan.items[0].read
    reached = {*reachable_codes(plan, 0)}
    assert {read(f"{n // 100}.{n % 100:02}") for n in range(400)} <= reached
    assert {read(f"-0.{n:02}") for n in range(100)} <= reached


# ---- By hand --------------------------------------------------------------------------------------------------------------------------------


def codes_of(plan: Plan, *outcomes: str) -> list[int]:
    return [plan.items[0].named()[name] for name in outcomes]


def unreached(plan: Plan) -> list[str]:
    item = plan.items[0]
    reached = reachable_codes(plan, 0)
    return [item.name(code) for code in item.codes()[OWN:] if code not in reached]


def test_several_needs_a_second_entry_even_where_one_option_is_without_a_flag() -> None:
    plan = plan_for(by_hand.choice("it", a=("1", None), b=("0", "refer")))
    several, flagged = codes_of(plan, "several", "several_flagged")
    assert answer_for(plan, 0, several) == ["a", "?"]
    assert answer_for(plan, 0, flagged) == ["b", "a"]


def test_a_text_key_behind_one_that_fits_everything_it_fits_has_no_answer() -> None:
    keys = [
        part("any", points="0", match="contains_any", texts=["median"]),
        part("exact", points="1", match="is", texts=["the median"]),
        part("other", points="1", match="is", texts=["mean", "the median"]),
    ]
    plan = plan_for(by_hand.text("it", keys=keys))
    assert unreached(plan) == ["exact"]
    assert undecided_codes(plan, 0) == ()
    with pytest.raises(NoAnswerError, match=r"^no answer gives outcome exact of item it$"):
        answer_for(plan, 0, codes_of(plan, "exact")[0])
    assert answer_for(plan, 0, codes_of(plan, "other")[0]) == "mean"


def test_wrong_has_no_answer_where_a_star_takes_everything() -> None:
    plan = plan_for(by_hand.text("it", keys=[part("all", points="1", match="like", texts=["*"])]))
    assert unreached(plan) == ["wrong"]


def test_texts_of_a_key_are_turned_round_where_an_earlier_pattern_wants_them_in_order() -> None:
    keys = [
        part("ordered", points="0", match="like", texts=["*first*second*"]),
        part("both", points="1", match="contains_all", texts=["first", "second"]),
    ]
    plan = plan_for(by_hand.text("it", keys=keys))
    assert answer_for(plan, 0, codes_of(plan, "both")[0]) == " second first "


def test_a_third_is_no_mark_that_anyone_can_write_and_no_number() -> None:
    assert unreached(plan_for(by_hand.mark("it", top="1", step="1/3"))) == ["1/3", "2/3"]
    keys = [
        part("third", points="1", low="1/3", high="1/3"),
        part("about", points="1", low="1/3", high="167/500"),
    ]
    assert unreached(plan_for(by_hand.number("it", keys=keys))) == ["third"]


def test_a_number_key_inside_earlier_ones_has_no_answer_and_nor_has_it_among_others() -> None:
    keys = [
        part("low", points="1", low="0", high="1/2"),
        part("high", points="1", low="1/2", high="1"),
        part("inside", points="1", low="1/4", high="3/4"),
    ]
    plan = plan_for(by_hand.number("it", keys=keys, read="contains"))
    assert unreached(plan) == ["inside", "inside+others"]


def test_a_panel_is_found_that_suits_items_which_need_different_people() -> None:
    two = by_hand.rating("two", by=raters(examiner=2))
    mixed = by_hand.rating("mixed", by=raters(top=4, examiner=1, peer=1))
    plan = plan_of(pack(section("one", two, mixed)))
    submission = submission_for(plan, [item.best_code for item in plan.items])
    assert submission["facts"]["raters"] == {"examiner-1": "examiner", "examiner-2": "examiner", "peer-1": "peer"}
    assert common_panel(plan) == submission["facts"]["raters"]


def test_items_whose_panels_exclude_each_other_are_said_to_do_so() -> None:
    one, two = by_hand.rating("one", by=raters(top=1)), by_hand.rating("two", by=raters(examiner=2))
    plan = plan_of(pack(section("one", one, two)))
    assert common_panel(plan) is None
    best = [item.best_code for item in plan.items]
    with pytest.raises(NoAnswerError, match="no panel gives these outcomes together: item one takes at most 1 raters"):
        submission_for(plan, best)
    assert submission_for(plan, [plan.items[0].table.awaited or 0, best[1]])["answers"]["one"] == {
        "examiner-1": {"abstained": "knows the candidate"}
    }


def test_what_is_not_administered_or_not_handed_in_is_said_beside_the_answers() -> None:
    document = by_hand.funnel(
        by_hand.stage("door", section("entry", by_hand.number("n"), by_hand.number("out"))),
        by_hand.stage("test", section("maths", by_hand.number("later"))),
    )
    plan = plan_of(document)
    submission = submission_for(plan, [OWN, EXCLUDED, UNOPENED])
    assert submission["answers"] == {"n": "70"}
    assert [*submission["not_administered"]] == ["out"]
    assert submission["handed_in"] == ["door"]
    with pytest.raises(NoAnswerError, match="item out would be unopened, not absent"):
        submission_for(plan, [UNOPENED, ABSENT, OWN])
    with pytest.raises(NoAnswerError, match="expected 3 codes"):
        submission_for(plan, [OWN, OWN])


def test_no_entry_and_null_are_two_answers() -> None:
    plan = plan_for(by_hand.number("it"))
    assert answer_for(plan, 0, ABSENT) is NO_ENTRY
    assert answer_for(plan, 0, BLANK) is None
    for code in (INVALID, EXCLUDED, UNOPENED, 99):
        with pytest.raises(NoAnswerError):
            answer_for(plan, 0, code)
