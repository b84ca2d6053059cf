"""A backtest against scoring every case again: the same verdict, action, status, score, caps and holds, to the byte."""

from __future__ import annotations

import json
import os
import random
from array import array
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import logs
from changes import KINDS, changed
from packs import choice, mark, number, override, pack, rubric, section, selection
from scoring import SubmissionError, canonical
from scoring.audit.columns import Chunk, columns_of, submissions_of
from scoring.change.again import from_outcomes, judged
from scoring.change.backtest import again, backtest
from scoring.change.lanes import lanes_for
from scoring.change.translate import Translation
from scoring.engine.decision import encode_outcomes
from scoring.engine.rubric import Rubric
from strategies import funnels, pack_bytes, packs, submissions

room, path = logs.room, logs.path

EACH = 6  # cases of one generated log
EXAMPLES = int(os.environ.get("BACKTEST_CASES", "3300")) // EACH // len(KINDS)
FIELDS = ("verdict", "action", "status", "score", "holds")


def asked(rubric: Rubric, submission: dict[str, Any]) -> dict[str, Any]:
    """What of a submission a rubric asks for, found out from what it refuses: names that it does not know, and answers that it does not want."""
    stages = [stage["id"] for stage in rubric.plan.pack["stages"]]
    found = json.loads(json.dumps(submission))
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


def scored(rubric: Rubric, submission: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return rubric.score(asked(rubric, submission)).data
    except SubmissionError:
        return None


def agree(found: Any, expected: dict[str, Any] | None) -> None:
    """What a backtest says of one case is what scoring says."""
    if expected is None:
        assert found.new is None
        assert "refuses" in found.why
        return
    assert found.new is not None, found.why
    assert [expected[name] for name in FIELDS] == [
        list(value) if isinstance(value := getattr(found.new, name), tuple) else value for name in FIELDS
    ]
    assert tuple(cap["by"] for cap in expected["caps"]) == found.new.caps


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
        with logs.open_log(where / "decisions", create=True) as log:
            for number_, submission in enumerate(sent):
                log.decide(before, {**submission, "case": f"c{number_}", "id": f"s{number_}"})
            columns = columns_of(log)
            expected = [scored(after, log.submission(seq)) for seq in range(2, 2 + len(sent))]
            found = [*again(before.plan, after.plan, columns, submissions_of(log))]
            whole = backtest(before.plan, after.plan, columns, submissions_of(log))
            assert [*range(2, 2 + len(sent))] == [one.seq for one in found]
            for one, decision in zip(found, expected, strict=True):
                agree(one, decision)
            olds = [log.read(one.seq)["body"]["decision"] for one in found]
            pairs = [(one, another) for one, another in zip(olds, expected, strict=True) if another is not None]
            for name, matrix in (("verdict", whole.matrix), ("action", whole.actions)):
                assert Counter((one[name], another[name]) for one, another in pairs) == matrix
            moving = [
                seq
                for seq, one, another in zip(range(2, 2 + len(sent)), olds, expected, strict=True)
                if another and (one["verdict"], one["action"]) != (another["verdict"], another["action"])
            ]
            movers = [*whole.movers]
            assert moving == [mover.seq for mover in movers] == whole.movers.seqs()
            for mover in movers:
                one, another = olds[mover.seq - 2], expected[mover.seq - 2]
                assert (one["score"], another["score"]) == (mover.old.score, mover.new.score)
                assert mover.causes
