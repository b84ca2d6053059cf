"""The short road for plain sheets never says anything else than the general road, and remembers no more than it may."""

from __future__ import annotations

from collections import OrderedDict
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import packs
from bench import work
from scoring import SubmissionError
from scoring.engine import plain
from scoring.engine.rubric import Rubric
from scoring.engine.submission import is_time
from strategies import cases, hostile_submissions, pack_bytes, reading_cases

CHOICE = packs.choice("c", A=("0", None), B=("1", None))


def general(rubric: Rubric, submission: Any) -> Any:
    """What the general road says; None where it refuses."""
    road = rubric.plan.plain
    rubric.plan.plain = None
    try:
        return rubric.score(submission).data
    except SubmissionError:
        return None
    finally:
        rubric.plan.plain = road


def shown(rubric: Rubric, submission: Any) -> Any:
    """What the rubric says, asked twice, because it may remember; its attributes agree with its data."""
    said = []
    for _ in range(2):
        try:
            decision = rubric.score(submission)
        except SubmissionError:
            said.append(None)
        else:
            verdict, action = decision.verdict, decision.action  # before the data is worked out
            assert (verdict, action) == (decision.data["verdict"], decision.data["action"])
            said.append(decision.data)
    assert said[0] == said[1]
    return said[0]


@given(cases())
def test_any_submission_comes_out_alike_on_both_roads(case: tuple[dict[str, Any], str | None, dict[str, Any]]) -> None:
    pack, profile, submission = case
    rubric = Rubric(pack_bytes(pack), profile)
    assert shown(rubric, submission) == general(rubric, submission)


@given(st.data())
def test_any_hostile_submission_is_refused_or_comes_out_alike(data: st.DataObject) -> None:
    pack, profile, _ = data.draw(cases())
    rubric = Rubric(pack_bytes(pack), profile)
    submission = data.draw(hostile_submissions(pack, profile))
    assert shown(rubric, submission) == general(rubric, submission)


@pytest.mark.parametrize("kind", ["choice", "selection", "number", "text"])
@given(st.data())
def test_any_answer_is_read_alike(kind: str, data: st.DataObject) -> None:
    pack, submission = data.draw(reading_cases(kind))
    del submission["facts"]["raters"]
    pack["stages"][0]["sections"][0]["items"][-1] = packs.choice("worth", A=("1", None), B=("0", None))
    submission["answers"]["worth"] = "A"
    rubric = Rubric(pack_bytes(pack))
    assert shown(rubric, submission) == general(rubric, submission)


@pytest.mark.parametrize("count", [5, 50])
def test_nearly_every_sheet_of_the_benchmark_takes_the_short_road(count: int) -> None:
    rubric = packs.rubric(work.pack(count))
    sheets = work.sheets(count, 200)
    road = rubric.plan.plain
    assert road is not None
    plainly = [found for sheet in sheets if (found := road.judge(sheet)) is not None and found[0] is not None]
    assert len(plainly) > 190
    for sheet in sheets:
        assert shown(rubric, sheet) == general(rubric, sheet)


@pytest.mark.parametrize(
    "document",
    [
        packs.pack(packs.section("s", packs.choice("a", A=("-1", None), B=("1", None)), packs.number("n"))),
        packs.pack(packs.section("s", packs.choice("a", A=("0", None), B=("1", None)), packs.number("n"), floor="1/4")),
        packs.pack(packs.section("s", packs.mark("m"), packs.number("n"))),
        packs.pack(packs.section("s", packs.number("n"))),
        packs.funnel(
            packs.stage("one", packs.section("s", packs.number("n"), packs.number("m"))),
            packs.stage("two", packs.section("t", packs.number("o"), packs.number("p"))),
        ),
    ],
    ids=["minus points", "a floor", "a mark", "one item", "two stages"],
)
def test_a_rubric_that_needs_more_than_a_sum_has_no_short_road(document: dict[str, Any]) -> None:
    assert packs.rubric(document).plan.plain is None


def test_what_it_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many answers as it may, and of the shortest only, whatever comes."""
    monkeypatch.setattr(plain, "_REMEMBERED", 100)
    rubric = packs.rubric(packs.pack(packs.section("s", packs.number("n"), packs.selection("o"), CHOICE)))
    road = rubric.plan.plain
    assert road is not None
    tables = [*road.numbers, *road.lists, *road.choices]
    before = sum(map(len, tables))
    for n in range(500):
        rubric.score({"answers": {"n": f"0.{n}1", "o": ["A"] * (n % 24), "c": "A"}})
        rubric.score({"answers": {"n": "7" * (25 + n), "o": ["Z"], "c": f"Z{n}"}})
    assert sum(map(len, tables)) == before + 100
    assert all(len(answer) <= 24 for table in tables for answer in table if type(answer) in {str, tuple})


class Text(str):
    """Equal to a text, and none that a JSON parser gives."""

    __slots__ = ()


@pytest.mark.parametrize(
    "like", [Text, lambda text: [Text(text)], lambda text: [text, Text(text)]], ids=["text", "list", "entry"]
)
def test_what_is_only_equal_to_an_answer_that_it_remembers_is_read_as_if_it_were_new(like: Any) -> None:
    """Both roads say the same of it, before the answer that it is equal to was met, and after."""
    items = [packs.number("n"), packs.text("t"), packs.selection("o"), CHOICE]
    answers = {"n": "7", "t": "the index", "o": ["A"], "c": "A"}
    rubric = packs.rubric(packs.pack(packs.section("s", *items)))
    for name, said in answers.items():
        spoiled = {"answers": answers | {name: like(said[0] if type(said) is list else said)}}
        expected = general(rubric, spoiled)
        assert shown(packs.rubric(packs.pack(packs.section("s", *items))), spoiled) == expected
        assert shown(rubric, {"answers": answers}) is not None
        assert shown(rubric, spoiled) == expected


ODD: list[Any] = [
    *(
        "",
        " ",
        "B",
        "C",
        "7",
        "6.9",
        "7.1",
        "7.0999999",
        "+7",
        "7.",
        ".7",
        "-7",
        "--7",
        "1e1",
        "\u0667",
        "7" * 17,
        "7" * 20_000,
        "x" * 20_000,
    ),
    *("the INDEX", "Straße, index", "index\n", "\ud800", None, True, False, 0, 7, 7.0, b"B", ("B",), {"B": 1}, {"B"}),
    *(
        [],
        [""],
        ["B"],
        ["B", "B"],
        ["A", "C"],
        ["Z"],
        [None],
        [["B"]],
        [7],
        ["A"] * 300,
        [Text("A")],
        Text("B"),
        Text("7"),
        Text(""),
    ),
]


def test_an_unknown_item_in_the_place_of_a_missing_one_is_refused() -> None:
    """There are as many answers as items."""
    rubric, (sheet, *_) = _spoiled(5)
    answers = {name: answer for name, answer in sheet["answers"].items() if name != "item-002"}
    assert shown(rubric, {"answers": answers}) is not None
    assert shown(rubric, {"answers": answers | {"item-999": "B"}}) is None


@given(st.data())
@pytest.mark.parametrize("count", [5, 50])
def test_sheets_of_the_benchmark_with_odd_answers_come_out_alike(count: int, data: st.DataObject) -> None:
    """One rubric scores them all, so that it remembers what came before."""
    rubric, sheets = _spoiled(count)
    sheet = data.draw(st.sampled_from(sheets))
    names = st.sampled_from([*sheet["answers"]])
    odd = data.draw(st.dictionaries(names, st.sampled_from(ODD), max_size=3))
    gone = data.draw(st.sets(names, max_size=2))
    strange = data.draw(st.sets(st.sampled_from(["item-999", "", "secret"]), max_size=2))
    answers = {name: answer for name, answer in (sheet["answers"] | odd).items() if name not in gone}
    answers |= dict.fromkeys(strange, "B")
    submission = sheet | {"answers": answers}
    assert shown(rubric, submission) == general(rubric, submission)


@cache
def _spoiled(count: int) -> tuple[Rubric, list[dict[str, Any]]]:
    edges = [sheet for sheet, _ in work.edges(count, 20)]
    return packs.rubric(work.pack(count)), [*work.sheets(count, 60), *edges]


GOOD = {"notice": {"at": "2026-11-21T09:00:00Z", "sha256": work.DIGEST}, "started_at": "2026-11-21T09:05:00Z"}


@pytest.mark.parametrize("notice", [work.NOTICE, None], ids=["a notice", "none"])
@pytest.mark.parametrize(
    "around",
    [
        {"facts": GOOD},
        {"facts": {}},
        {"facts": None},
        {"facts": [*GOOD]},
        {"facts": OrderedDict(GOOD)},
        {"facts": GOOD | {"started_at": "2026-11-21T08:59:59Z"}},
        {"facts": GOOD | {"started_at": Text("2026-11-21T09:05:00Z")}},
        {"facts": GOOD | {"started_at": "2026-02-30T09:05:00Z"}},
        {"facts": GOOD | {"started_at": "2026-11-21T09:05:00"}},
        {"facts": GOOD | {"notice": OrderedDict(GOOD["notice"])}},
        {"facts": GOOD | {"notice": GOOD["notice"] | {"sha256": None}}},
        {"facts": GOOD | {"notice": GOOD["notice"] | {"sha256": Text(work.DIGEST)}}},
        {"facts": GOOD | {"notice": GOOD["notice"] | {"sha256": "0" * 64}}},
        {"facts": GOOD | {"notice": GOOD["notice"] | {"more": ""}}},
        {"facts": GOOD | {"elapsed": {}}},
        {"id": "s-1", "case": "c"},
        {"id": "s 1"},
        {"id": Text("s-1")},
        {"case": ""},
        {"case": Text("c")},
        {"case": "c" * 201},
        {"void": "fire"},
        {"more": 1},
    ],
    ids=str,
)
def test_what_stands_beside_the_answers_comes_out_alike(around: dict[str, Any], notice: str | None) -> None:
    items = [packs.choice("a", A=("0", None), B=("1", None)), packs.number("n")]
    rubric = packs.rubric(packs.pack(packs.section("s", *items), notice=notice))
    submission = {"answers": {"a": "B", "n": "7"}, **around}
    assert shown(rubric, submission) == general(rubric, submission)


def test_a_condition_on_a_section_is_met_exactly_below_its_share() -> None:
    """Half of a section's two items is exactly the share: not below it."""
    items = [packs.choice(name, A=("0", None), B=("1", None)) for name in "abcd"]
    when = {"section": "s", "below": "1/2"}
    document = packs.pack(
        packs.section("s", *items[:2]),
        packs.section("t", *items[2:]),
        shares=["1/10", "9/10"],
        overrides=[packs.override("half", "middling", when)],
    )
    rubric = packs.rubric(document)
    full = dict.fromkeys("cd", "B")
    verdicts = [rubric.score({"answers": full | own}).verdict for own in ({"a": "B", "b": "A"}, {"a": "A", "b": "A"})]
    assert verdicts == ["strong", "middling"]
    road = rubric.plan.plain
    assert road is not None
    assert road.judge({"answers": full | {"a": "B", "b": "A"}})[0] == "strong"  # type: ignore[index]


@given(st.text(alphabet="0123456789-T:Z é٣", min_size=18, max_size=22))
def test_no_time_is_taken_for_one_that_is_none(text: str) -> None:
    """What passes is a date and a time of the calendar, as the standard library reads them."""
    from datetime import UTC, datetime

    try:
        known = (
            datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
            .replace(tzinfo=UTC)
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .rjust(20, "0")
            == text
        )
    except ValueError:
        known = False
    assert is_time(text) == known
