"""A backtest against scoring every case again: the same verdict, action, status, score, caps and holds, to the byte."""

from __future__ import annotations

import json
import os
import random
from array import array
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import logs
from packs import choice, mark, number, override, pack, rubric, section, selection
from rubric_changes import KINDS, changed
from scoring import SubmissionError
from scoring.audit.chain import Batch, Tail
from scoring.audit.columns import Chunk, columns_of
from scoring.change.again import from_outcomes, judged
from scoring.change.backtest import again, backtest
from scoring.change.lanes import lanes_for
from scoring.change.translate import Translation
from scoring.engine.decision import encode_outcomes
from scoring.engine.rubric import Rubric
from scoring.engine.table import EXCLUDED, OWN
from strategies import funnels, pack_bytes, packs, submissions

EACH = 6  # cases of one generated log
CASES = int(os.environ.get("BACKTEST_CASES", "420"))  # over all kinds of change; make backtest-sweep asks for 100,000
EXAMPLES = -(-CASES // EACH // len(KINDS))
FIELDS = ("verdict", "action", "status", "score", "holds")


def asked(rubric: Rubric, submission: dict[str, Any]) -> dict[str, Any]:
    """What of a submission a rubric asks for: no void item, and what it refuses besides, names that it does not know and answers that it does not want."""
    stages = [stage["id"] for stage in rubric.plan.pack["stages"]]
    items = [item for stage in rubric.plan.pack["stages"] for section in stage["sections"] for item in section["items"]]
    found = json.loads(json.dumps(submission))
    for item in items:
        if item["void"]:
            found["answers"].pop(item["id"], None)
    if "handed_in" in found:
        found["handed_in"] = [stage for stage in found["handed_in"] if stage in stages]
    if not rubric.variants:
        found.get("facts", {}).pop("variant", None)
    unwanted = ("no such item", "this item is for variant", "the case ended at stage")
    while True:
        try:
            rubric.score(found)
        except SubmissionError as error:
            names = [p.path.split("/", 1) for p in error.problems if any(text in p.message for text in unwanted)]
            if not names:
                return found
            for where, name in names:
                place = found["facts"]["elapsed"] if where == "facts" else found[where]
                place.pop(name.removeprefix("elapsed/"))
        else:
            return found


def scored(rubric: Rubric, submission: dict[str, Any]) -> dict[str, Any] | SubmissionError:
    """What a rubric makes of a submission. An answer in a stage that it does not reach is not looked at, even if it would be refused."""
    sent = asked(rubric, submission)
    try:
        return rubric.score(sent).data
    except SubmissionError as error:
        refused = {problem.path.partition("/")[2] for problem in error.problems}
        if not refused <= sent["answers"].keys():
            return error
        rest = {name: answer for name, answer in sent["answers"].items() if name not in refused}
        again = rubric.score(asked(rubric, {**sent, "answers": rest}))
        reached = {
            stage for stage, (what, _) in again.data["stages"].items() if what not in {"waiting", "not_evaluated"}
        }
        return (
            error
            if reached & {place["id"] for place in rubric.plan.pack["stages"] if refused & names_in(place)}
            else again.data
        )


def names_in(stage: dict[str, Any]) -> set[str]:
    return {item["id"] for section in stage["sections"] for item in section["items"]}


def agree(found: Any, expected: dict[str, Any] | SubmissionError) -> None:
    """What a backtest says of one case is what scoring says."""
    if isinstance(expected, SubmissionError):
        assert found.new is None, str(expected)
        assert str(expected).replace("\n", "; ") in found.why
        return
    assert found.new is not None, found.why
    assert [expected[name] for name in FIELDS] == [
        list(value) if isinstance(value := getattr(found.new, name), tuple) else value for name in FIELDS
    ]
    assert tuple(cap["by"] for cap in expected["caps"]) == found.new.caps


def written(where: Path, decisions: list[dict[str, Any]], *, supersedes: dict[int, int] | None = None) -> Any:
    """A log of decisions alone, chained, on disk: what `columns_of` reads, with the void or reinstatement in it that a case has to be given first."""
    batch = Batch(Tail(), "2026-11-22T09:00:00Z", 65_536)
    batch.add("genesis", {"origin": "tests.example/log"})
    for seq, decision in enumerate(decisions, 1):
        digests = {"case": f"{seq:064x}", "submission": f"{seq:064x}"}
        earlier = (supersedes or {}).get(seq)
        batch.add("decision", {"decision": decision, "disclosures": digests, "id": f"s{seq}", "supersedes": earlier})
    (where / "log").mkdir(exist_ok=True)
    logs.write_lines(where, batch.lines)
    return SimpleNamespace(path=str(where), head=(batch.tail.size, batch.tail.leaf))


def nobody(seq: int) -> None:
    raise AssertionError(f"#{seq} needs its submission")


@st.composite
def changes(draw: Any, kind: str) -> tuple[dict, dict, str, str | None, list[dict]]:
    old = draw(st.one_of(packs(), funnels(), funnels()))
    profile = draw(st.sampled_from(old["profiles"]))["id"]
    level = draw(st.sampled_from([entry["id"] for entry in old["levels"]] or [None]))
    sent = [draw(submissions(old, profile, level)) for _ in range(EACH)]
    return old, draw(changed(old, kind)), profile, level, sent


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_a_backtest_is_scoring_every_case_again(kind: str, data: st.DataObject) -> None:
    """For each kind of change: every field that a backtest gives is what the new version makes of the submission."""
    old, new, profile, level, sent = data.draw(changes(kind))
    before, after = Rubric(pack_bytes(old), profile, level), Rubric(pack_bytes(new), profile, level)
    for where in logs.in_memory():
        decided = [before.score(submission) for submission in sent]
        made = [decision.data for decision in decided]
        log = written(where, made)
        columns = columns_of(log)
        expected = [scored(after, submission) for submission in sent]
        found = [*again(before.plan, after.plan, columns, lambda seq: sent[seq - 1])]
        whole = backtest(before.plan, after.plan, columns, lambda seq: sent[seq - 1])
        assert [*range(1, 1 + EACH)] == [one.seq for one in found]
        for one, decision in zip(found, expected, strict=True):
            agree(one, decision)
        for one, decision in zip(again(before.plan, before.plan, columns, nobody), made, strict=True):
            agree(one, decision)
        pairs = [(one, another) for one, another in zip(made, expected, strict=True) if isinstance(another, dict)]
        for name, matrix in (("verdict", whole.matrix), ("action", whole.actions)):
            assert Counter((one[name], another[name]) for one, another in pairs) == matrix
        assert len(sent) - len(pairs) == len(whole.unjudged)
        moving = [
            seq
            for seq, (one, another) in enumerate(zip(made, expected, strict=True), 1)
            if isinstance(another, dict) and (one["verdict"], one["action"]) != (another["verdict"], another["action"])
        ]
        movers = [*whole.movers]
        assert moving == [mover.seq for mover in movers] == whole.movers.seqs()
        for mover in movers:
            one, another = made[mover.seq - 1], expected[mover.seq - 1]
            assert (one["score"], another["score"]) == (mover.old.score, mover.new.score)
            assert mover.causes


def rows_of(columns: list[bytes]) -> list[int]:
    return [int.from_bytes(row, "little") for row in zip(*columns, strict=True)]


def chunk_of(plan: Any, variant: str | None, rows: list[list[int]], circumstances: list[dict[str, Any]]) -> Chunk:
    """Decisions of these outcomes under these circumstances, as columns."""
    texts = "".join(encode_outcomes(plan, codes) for codes in rows).encode()
    width = len(texts) // len(rows)
    around = array("H", [row % len(circumstances) for row in range(len(rows))])
    seqs, came = array("Q", range(len(rows))), array("H", [0] * len(rows))
    digits = [texts[n::width] for n in range(width)]
    return Chunk(variant, seqs, bytes(len(rows)), circumstances, [("decided", None, "wait")], around, came, digits)


@settings(max_examples=max(EXAMPLES, 60))
@given(data=st.data())
def test_lanes_say_what_judging_one_by_one_says(data: st.DataObject) -> None:
    """Random packs and funnels, any change, any outcomes: what lanes decide is what `judge` decides, and they decide all that is plain."""
    old = data.draw(st.one_of(packs(), packs(), funnels()))
    kind = data.draw(st.sampled_from([*KINDS]))
    profile = data.draw(st.sampled_from(old["profiles"]))["id"]
    level = data.draw(st.sampled_from([entry["id"] for entry in old["levels"]] or [None]))
    before = Rubric(pack_bytes(old), profile, level).plan
    after = Rubric(pack_bytes(data.draw(changed(old, kind))), profile, level).plan
    way = Translation(before, after)
    variant = data.draw(st.sampled_from([*before.frames]))
    lanes = lanes_for(way, variant)
    if lanes is None:
        return
    rng = data.draw(st.randoms(use_true_random=False))
    outside = before.frames[variant].outside
    rows = [
        [
            EXCLUDED
            if item.place in outside
            else rng.choice(range(OWN, len(item.words)) if rng.random() < 0.97 else [0, 1, 2, 3])
            for item in before.items
        ]
        for _ in range(40)
    ]
    stages = [stage.id for stage in before.stages]
    circumstances = [
        {
            "evaluated": len(stages),
            "handed_in": stages,
            "irregularities": codes,
            "notice": notice,
            "reinstate": None,
            "void": None,
        }
        for codes, notice in (([], True), ([], False), (["fire-alarm"], True), (["conduct"], False))
    ]
    circumstances.append({**circumstances[0], "void": "fire-alarm"})
    circumstances.append({**circumstances[0], "reinstate": {"reason": "x", "stage": stages[0]}})
    chunk = chunk_of(before, variant, rows, circumstances)
    columns, unclear = lanes.bits(chunk)
    scores = lanes.scores(chunk)
    for row, key in enumerate(rows_of(columns)):
        recorded = circumstances[chunk.around[row]]
        standing = from_outcomes(way, rows[row], variant, recorded)
        found = lanes.judged(key, unclear)
        if found is not None:
            assert standing is not None
            assert judged(after, standing) == attrs.evolve(found, score=scores[row])
        elif standing is not None and len(after.stages) == 1:
            clear = all(item.unclear != code for item, code in zip(after.items, standing.codes, strict=True))
            plain = set(standing.codes) & {EXCLUDED} == set() or bool(after.frames[way.variant(variant)].outside)
            special = recorded["void"] or recorded["reinstate"]
            assert special or not clear or not plain or standing.awaited


def test_lanes_decide_all_of_an_ordinary_rubric() -> None:
    """A choice with flags, a number that may be unclear, a set, a mark of 101 steps, a floor and overrides: nothing of it needs the slow road."""
    sections = [
        section("a", choice("one", A=("1", None), B=("-1/3", "refer"), C=("0", "fatal")), number("two"), floor="0"),
        section("b", selection("three"), mark("four", "100"), choice("five", A=("300", None), B=("1/7", None))),
    ]
    rules = [
        override(
            "x",
            "weak",
            {
                "any": [
                    {"section": "a", "below": "1/2"},
                    {"item": "five", "is": ["B", "absent", "blank", "invalid", "several"]},
                ]
            },
        )
    ]
    before = rubric(pack(*sections)).plan
    after = rubric(pack(*sections, overrides=rules, shares=["1/3", "2/3"])).plan
    way = Translation(before, after)
    lanes = lanes_for(way, None)
    rng = random.Random(5)
    rows = [[rng.randrange(OWN, len(item.words)) for item in before.items] for _ in range(3000)]
    recorded = {
        "evaluated": 1,
        "handed_in": ["main"],
        "irregularities": [],
        "notice": True,
        "reinstate": None,
        "void": None,
    }
    chunk = chunk_of(before, None, rows, [recorded])
    columns, unclear = lanes.bits(chunk)
    scores = lanes.scores(chunk)
    assert unclear
    for row, key in enumerate(rows_of(columns)):
        expected = judged(after, from_outcomes(way, rows[row], None, recorded))
        assert expected == attrs.evolve(lanes.judged(key, unclear), score=scores[row])
