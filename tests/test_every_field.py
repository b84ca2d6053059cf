"""
Whatever of a rubric scoring depends on is changed, field by field, by values that the field has elsewhere: no change slips past the proof.

A change is either shown with a submission that was scored again, or proved to move nobody, and then no submission of a large sample is judged otherwise.
"""

from __future__ import annotations

import copy
import random
from typing import TYPE_CHECKING, Any

import pytest

import funnels
import packs
from scoring import RubricError, SubmissionError
from scoring.change.answers import NoAnswerError, reachable_codes, submission_for
from scoring.change.prove import moves
from scoring.engine.plan import scoring_form
from scoring.engine.rubric import Rubric
from scoring.engine.table import EXCLUDED
from strategies_packs import pack_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLE = 100  # submissions that each change is tried on

PACKS = {
    "every kind": packs.sample(),
    "a funnel": funnels.hiring(),
    "gates and overrides": funnels.gated(),
    "levels and raters": funnels.staffed(funnels.by_level("0", "1/2", "1")),
    "observed lines": packs.pack(
        packs.section("s", packs.checklist("list"), packs.rating("talk"), floor="1/4"),
        packs.section("t", packs.text("word", keys=[packs.part("k", points="1", match="like", texts=["a*"])])),
        overrides=[
            packs.override(
                "poor-talk", "middling", {"item": "talk", "is": ["absent", "awaited", "blank", "invalid", "poor"]}
            )
        ],
    ),
    "shares": packs.pack(
        packs.section("s", packs.choice("a", A=("0", None), B=("1", None))),
        packs.section("t", packs.selection("b", mode="each")),
        shares=["1/4", "3/4"],
        caps={"fatal": "middling", "knock_out": "weak"},
    ),
}
MORE: dict[str, list[Any]] = {
    "fatal": ["middling"],
    "knock_out": ["middling"],
    "separators": [[","]],
    "units": [["km"]],
    "records": [[{"about": {}, "id": "seen"}]],
    "combine": ["mean", "lowest", "consensus"],
    "mode": ["exact", "each"],
    "read": ["contains", "stated"],
}
# What cannot be changed alone, because other fields name it; a pack in which it is, is refused.
APART = {"competencies", "competency", "declared", "default_profile", "format", "item", "kind", "stage"}
_TABLES = ("expected", "shares", "stages")  # whose members sum to one, or name each other: changed together


def fields(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of each value that is no object, lists among them, `about` apart."""
    if isinstance(value, dict) and path and path[-1] in _TABLES:
        return [path]
    if isinstance(value, dict):
        return [found for key, member in value.items() for found in fields(member, (*path, key))]
    inner = (
        [found for n, member in enumerate(value) for found in fields(member, (*path, n))]
        if isinstance(value, list)
        else []
    )
    return [path, *inner]


def name_of(path: tuple[Any, ...]) -> str:
    """The last key of a path; of a share its table's, because the key is a section's id."""
    keys = [key for key in path if isinstance(key, str)]
    return next((key for key in (*_TABLES[:2], "needs", "level_points", "records") if key in keys), keys[-1])


def value_at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


POOL: dict[str, list[Any]] = {}
for every in PACKS.values():
    for where in fields(scoring_form(every)):
        known = POOL.setdefault(name_of(where), [])
        if value_at(every, where) not in known:
            known.append(value_at(every, where))


def values_for(path: tuple[Any, ...], now: Any) -> list[Any]:
    """What may stand there instead."""
    more: list[Any] = ["0", "1", "1/2", "9/10", "2", "100"] if isinstance(now, str) else []
    if isinstance(now, bool):
        more = [not now]
    elif isinstance(now, int):
        more = [now + 1]
    elif isinstance(now, list):
        more = [now[:-1], now[::-1]]
    elif isinstance(now, dict):
        more = [
            dict(zip(now, [*now.values()][::-1], strict=True)),
            dict(zip(now, [*[*now.values()][1:], *[*now.values()][:1]], strict=True)),
        ]
    return [value for value in [*MORE.get(name_of(path), []), *POOL[name_of(path)], *more] if value != now]


def changed(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    new = copy.deepcopy(document)
    value_at(new, path[:-1])[path[-1]] = copy.deepcopy(value)
    return new


def submissions(rubric: Rubric, count: int) -> list[dict[str, Any]]:
    """Complete submissions of any outcomes."""
    chance = random.Random(rubric.id + rubric.digest)
    plan = rubric.plan
    codes = [[code for code in reachable_codes(plan, item.place) if code not in item.awaits] for item in plan.items]
    found = []
    for _ in range(count):
        variant = chance.choice([*plan.frames])
        outside = plan.frames[variant].outside
        chosen = [EXCLUDED if place in outside else chance.choice(each) for place, each in enumerate(codes)]
        try:
            found.append(submission_for(plan, chosen, variant=variant))
        except NoAnswerError:  # outcomes that no one panel comes to together
            continue
    return found


def judged(rubric: Rubric, submission: dict[str, Any]) -> dict[str, str | None] | None:
    facts = submission.get("facts", {})
    if "notice" in facts:  # whoever is judged by a version was told what it says
        told = facts["notice"] | {"sha256": rubric.notice_digest or facts["notice"]["sha256"]}
        submission = submission | {"facts": facts | {"notice": told}}
    try:
        decision = rubric.score(submission)
    except SubmissionError:
        return None
    return {"verdict": decision.verdict, "action": decision.action} if decision.status in {"decided", "ended"} else None


def position(document: dict[str, Any]) -> str | None:
    return document["levels"][0]["id"] if document["levels"] else None


def changes(document: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], Any, Rubric]]:
    """For each field the first value that makes another pack, one that is not refused."""
    for path in fields(scoring_form(document)):
        for value in values_for(path, value_at(document, path)):
            try:
                yield path, value, Rubric(pack_bytes(changed(document, path, value)), None, position(document))
            except RubricError:
                continue
            break


def test_every_field_is_changed_somewhere() -> None:
    tried = {name_of(path) for document in PACKS.values() for path, *_ in changes(document)}
    assert set(POOL) - tried == APART


@pytest.mark.parametrize("name", PACKS)
def test_no_change_of_a_field_slips(name: str) -> None:
    document = PACKS[name]
    old = Rubric(pack_bytes(document), None, position(document))
    sample = [(submission, judged(old, submission)) for submission in submissions(old, SAMPLE)]
    assert len(sample) > SAMPLE // 4
    shown = 0
    for path, value, new in changes(document):
        for by in ("verdict", "action"):
            found = moves(old.plan, new.plan, by=by)
            possible = {(row.old, row.new): row for row in found.rows}
            shown += any(row.possible and row.witness for row in found.rows if row.old != row.new)
            for submission, before in sample:
                after = judged(new, submission)
                if before is not None and after is not None and before[by] != after[by]:
                    row = possible[str(before[by]), str(after[by])]
                    assert row.possible is not False, (path, value, row)
                    assert row.most > 0, (path, value, row)
    assert shown > 5
