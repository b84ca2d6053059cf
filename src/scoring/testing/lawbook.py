"""
Laws that hold for every rubric, as tests of yours: ``test_laws = testing.laws(rubric)``.

Owns the laws of DESIGN 9 that one rubric and one submission can break. They are promises of the engine; run beside a rubric they show that this rubric, this
Python and this version of the package keep them, on cases that this rubric makes interesting.
"""

from __future__ import annotations

import json
from copy import deepcopy
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scoring import canonical
from scoring.engine.rubric import Rubric
from scoring.engine.table import ABSENT, EXCLUDED, INVALID, OWN, UNOPENED
from scoring.errors import RubricError, SubmissionError
from scoring.testing.drawing import open_rubric, rows, some_codes, standing_of, submission_of, submissions
from scoring.testing.shown import one_decision

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from typing import TypeAlias

    from scoring.engine.decision import Decision
    from scoring.testing.drawing import Loaded

    Law: TypeAlias = Callable[[st.DataObject, Rubric], None]

__all__ = ["LAWS", "laws"]

PHASES = [phase for phase in Phase if phase is not Phase.explain]  # what a case varies in is told by its decisions


def laws(rubric: Loaded, *names: str) -> Callable[[], None]:
    """
    Make a test that a rubric keeps the laws of scoring.

    Args:
        rubric: Loaded, or its path.
        names: Keys of `LAWS`; all of them where left out.

    Returns:
        A function for pytest or unittest to call. How many cases it tries, and for how long, is up to the Hypothesis profile in force.

    Raises:
        ValueError: No such law.
    """
    unknown = [name for name in names if name not in LAWS]
    if unknown:
        raise ValueError(f"no law is called {unknown[0]}; there are {', '.join(LAWS)}")
    opened = open_rubric(rubric)

    def test_laws() -> None:
        for name in names or LAWS:
            _run(LAWS[name], opened)

    test_laws.__doc__ = "\n".join((LAWS[name].__doc__ or name).strip() for name in names or LAWS)
    return test_laws


def _run(law: Law, rubric: Rubric) -> None:
    @settings(deadline=None, phases=PHASES)
    @given(st.data())
    def keeps(data: st.DataObject) -> None:
        law(data, rubric)

    keeps()


def _broken(what: str, *cases: tuple[Decision, dict[str, Any]]) -> AssertionError:
    return AssertionError("\n\n".join([what, *(one_decision(decision, sent) for decision, sent in cases)]))


# ---------------------------------------------------------------------- the laws


def _order(data: st.DataObject, rubric: Rubric) -> None:
    """The order of answers and of JSON keys never changes a byte of the decision, nor does handing in JSON text."""
    sent = data.draw(submissions(rubric))
    mixed = _shuffled(sent, data.draw(st.randoms(use_true_random=False)))
    decision = rubric.score(sent)
    for other in (mixed, json.dumps(mixed, indent=1).encode()):
        if rubric.score(other).canonical() != decision.canonical():
            raise _broken("the order of answers or keys changes the decision", (decision, sent))


def _shuffled(value: Any, rng: random.Random) -> Any:
    if type(value) is not dict:
        return value
    entries = [(key, _shuffled(member, rng)) for key, member in value.items()]
    rng.shuffle(entries)
    return dict(entries)


def _replay(data: st.DataObject, rubric: Rubric) -> None:
    """Scoring again gives the same bytes, from the answers and from the outcomes that a log keeps; and a fresh copy of the rubric decides alike."""
    sent = data.draw(submissions(rubric))
    decision = rubric.score(sent)
    kept: Any = canonical.loads(decision.canonical())
    fresh = Rubric(rubric.pack, rubric.profile, rubric.level)
    for again in (rubric.score(sent), fresh.score(sent), fresh.rejudge(kept)):
        if again.canonical() != decision.canonical():
            raise _broken("replay differs", (decision, sent), (again, sent))


def _better(data: st.DataObject, rubric: Rubric) -> None:
    """A better outcome never worsens the verdict: an unflagged one in place of an unflagged one that earns no more, both cases being decided."""
    plan = rubric.plan
    row = data.draw(rows(plan, complete=True))
    free = [item for item in plan.items if row.codes[item.place] != EXCLUDED and not item.words[row.codes[item.place]]]
    if not free:
        return
    item = data.draw(st.sampled_from(free))
    now = row.codes[item.place]
    better = [
        code
        for code in some_codes(plan, item.place)
        if code != INVALID
        and not item.words[code]
        and item.points[code] >= item.points[now]
        and code != now
        and code not in item.awaits
    ]
    if not better:
        return
    codes = [*row.codes]
    codes[item.place] = data.draw(st.sampled_from(better))
    changed = row._replace(codes=tuple(codes))
    before, after = standing_of(plan, row), standing_of(plan, changed)
    if before.status == after.status == "decided" and _place(after.verdict) > _place(before.verdict):
        some = [submission_of(plan, each) for each in (row, changed)]
        raise _broken(f"a better outcome of {item.id} worsens the verdict", *((rubric.score(s), s) for s in some))


def _flags(data: st.DataObject, rubric: Rubric) -> None:
    """A flag never betters the verdict: with any one option's flag taken off, no case that is decided both ways gets a worse one."""
    others = _without_flags(rubric)
    if not others:
        return
    option, without = data.draw(st.sampled_from(others))
    sent = data.draw(submissions(rubric, complete=True))
    try:
        before, after = without.score(sent), rubric.score(sent)
    except SubmissionError:  # without the flag a stage may end later, or sooner
        return
    if not (before.status == after.status == "decided" and before.outcomes == after.outcomes):
        return
    order = rubric.plan.verdicts
    if order.index(after.verdict or "") < order.index(before.verdict or ""):
        raise _broken(f"the flag of {option} betters the verdict", (before, sent), (after, sent))


@lru_cache(maxsize=16)
def _without_flags(rubric: Rubric) -> tuple[tuple[str, Rubric], ...]:
    """For each flagged option of a choice the rubric without that flag, where it is one."""
    made = []
    for place, item in enumerate(rubric.plan.items):
        for n, option in enumerate(item.data["options"] if item.data["kind"] == "choice" else []):
            if option["flag"] is None:
                continue
            pack = deepcopy(rubric.plan.pack)
            every = [i for stage in pack["stages"] for section in stage["sections"] for i in section["items"]]
            every[place]["options"][n]["flag"] = None
            try:
                made.append((f"{item.id}/{option['id']}", Rubric(canonical.dumps(pack), rubric.profile, rubric.level)))
            except RubricError:  # an override's list of outcomes would have to name the option now
                continue
    return tuple(made)


def _shown(data: st.DataObject, rubric: Rubric) -> None:
    """What is shown never crosses a cut that the score did not."""
    sent = data.draw(submissions(rubric))
    decision = rubric.score(sent)
    if decision.score is None or decision.percent is None:
        return
    hundredths = int(decision.percent.removesuffix(" %").replace(".", ""))
    for verdict, margin in decision.margins.items():
        cut = decision.score - margin
        shown = decision.shown_margins[verdict]
        if (hundredths >= cut * 10_000 and decision.score < cut) or (shown == "0.00") != (margin == 0):
            raise _broken(f"what is shown crosses the cut of {verdict}", (decision, sent))


def _pending(data: st.DataObject, rubric: Rubric) -> None:
    """A case that is pending ends, however it is completed, with one of the verdicts that were said to be reachable."""
    plan = rubric.plan
    row = data.draw(rows(plan, complete=True))
    codes = [*row.codes]
    for item in plan.items:
        if codes[item.place] not in {EXCLUDED, UNOPENED} and ABSENT in item.awaits and data.draw(st.booleans()):
            codes[item.place] = ABSENT
    row = row._replace(codes=tuple(codes))
    decision = rubric.score(submission_of(plan, row))
    if decision.reachable is None:  # nothing of it can wait, or there are too many completions
        return
    codes = [*row.codes]
    for item in plan.items:
        if item.id in decision.awaited or codes[item.place] == UNOPENED:
            codes[item.place] = data.draw(
                st.sampled_from([c for c in range(OWN, len(item.words)) if c not in item.awaits])
            )
    done = standing_of(plan, row._replace(codes=tuple(codes)))
    if plan.verdicts[_place(done.verdict)] not in decision.reachable:
        raise _broken(f"it reaches {plan.verdicts[_place(done.verdict)]}", (decision, submission_of(plan, row)))


def _place(verdict: int | None) -> int:
    """The place of a verdict that is there."""
    return -1 if verdict is None else verdict


LAWS: dict[str, Law] = {
    "order": _order,
    "replay": _replay,
    "better": _better,
    "flags": _flags,
    "shown": _shown,
    "pending": _pending,
}
