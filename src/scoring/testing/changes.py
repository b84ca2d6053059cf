"""
Assertions about a change of a rubric: what no candidate may notice, or only to the good.

Owns the order of the road: what can be decided for all submissions at once is proven (`scoring.change.prove`), and the assertion says so; where that is not
decided, Hypothesis searches, and what it does not find is said to be not proven. A failure shows the smallest case that was found, scored under both versions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from scoring.change.prove import ACTIONS, BOUND, moves
from scoring.errors import SubmissionError, did_you_mean
from scoring.testing.drawing import submissions
from scoring.testing.opened import pairs
from scoring.testing.shown import Side, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from scoring.change.prove import Move, Moves
    from scoring.engine.rubric import Rubric
    from scoring.testing.drawing import Loaded
    from scoring.testing.opened import Opened

    Forbidden: TypeAlias = Callable[[Rubric, str, Rubric, str], bool]

__all__ = ["Evidence", "assert_never_better", "assert_never_worse", "assert_same_verdicts"]

SEARCHED = 500  # submissions that Hypothesis tries where nothing is proven


@attrs.frozen
class Evidence:
    """
    What an assertion that held rests on.

    Attributes:
        proven: Whether it was decided for all complete submissions; else Hypothesis looked for a counterexample and found none.
        tried: How many submissions it tried.
        universe: Which cases it is about, one sentence for each profile and level.
        why: Why it was not decided; None where it was.
        remarks: What else is known, such as what differs without proof of notice.
    """

    proven: bool
    tried: int
    universe: tuple[str, ...]
    why: str | None = None
    remarks: tuple[str, ...] = ()

    def __str__(self) -> str:
        how = (
            "proven"
            if self.proven
            else f"NOT PROVEN ({self.why}); {self.tried:,} submissions were tried and none fails"
        )
        return "\n".join([how, *self.universe, *self.remarks])


def assert_same_verdicts(
    old: Loaded,
    new: Loaded,
    *,
    except_: str | Iterable[str | tuple[str, str]] = (),
    by: str = "verdict",
    proven: bool = False,
    bound: int = BOUND,
) -> Evidence:
    """
    Assert that a change moves nobody to another verdict.

    Args:
        old: The version before, loaded or by path: of a rubric file, of the directory that holds a ``rubric.yaml``, or of a pack.
        new: The version after it. Two paths are compared for each profile and level, and a failure names the lines of the files.
        except_: The move that is allowed, ``"borderline -> strong_pass"``, or several: as `replaces: may_move` has them, or pairs.
        by: ``verdict`` or ``action``.
        proven: Whether to fail, too, where it can be neither proven nor refuted.
        bound: How many states a proof may look at before Hypothesis takes over.

    Returns:
        What it rests on.

    Raises:
        AssertionError: Some submission moves otherwise. It shows the smallest one, both decisions, and the edits behind the move.
        ValueError: An entry of `except_` is no move, or names a verdict that its version does not have.
    """
    __tracebackhide__ = True
    allowed = {_move(entry) for entry in ([except_] if isinstance(except_, str) else except_)}
    opened = pairs(old, new)
    _check_moves(allowed, *opened[0], by)
    return _assert_never(
        opened,
        lambda _, a, __, b: a != b and (a, b) not in allowed,
        "moves from {0} to {1}",
        by=by,
        proven=proven,
        bound=bound,
    )


def assert_never_worse(
    old: Loaded, new: Loaded, *, by: str = "verdict", proven: bool = False, bound: int = BOUND
) -> Evidence:
    """
    Assert that a change worsens nobody's verdict (or action); arguments, what is returned and raised as `assert_same_verdicts`.

    Two verdicts are compared by their order in the new version, if both versions have both in the same order; else by their actions.
    """
    __tracebackhide__ = True
    return _assert_never(pairs(old, new), _worse, "gets worse: from {0} to {1}", by=by, proven=proven, bound=bound)


def assert_never_better(
    old: Loaded, new: Loaded, *, by: str = "verdict", proven: bool = False, bound: int = BOUND
) -> Evidence:
    """Assert that a change betters nobody's verdict (or action); otherwise as `assert_never_worse`."""
    __tracebackhide__ = True

    def better(before: Rubric, one: str, after: Rubric, other: str) -> bool:
        return _worse(after, other, before, one)

    return _assert_never(pairs(old, new), better, "gets better: from {0} to {1}", by=by, proven=proven, bound=bound)


def _move(entry: str | tuple[str, str]) -> tuple[str, str]:
    parts = tuple(part.strip() for part in entry.split("->")) if isinstance(entry, str) else tuple(entry)
    if len(parts) != 2 or not all(parts):
        raise ValueError(f'expected a move such as "borderline -> strong_pass", or a pair of verdicts, got {entry!r}')
    return parts[0], parts[1]


def _check_moves(moves_: set[tuple[str, str]], before: Opened, after: Opened, by: str) -> None:
    """Refuse a move that no case can make: a slip of the pen would allow nothing, and nobody would see it."""
    sides = (("old", before), ("new", after))
    for move in sorted(moves_):
        for name, (word, side) in zip(move, sides, strict=True):
            known = side.plan.verdicts if by == "verdict" else ACTIONS
            if name not in known:
                told = f"the {word} version has no {by} {name!r}, it has {', '.join(known)}"
                raise ValueError(f"except_: {told}{did_you_mean(name, known)}")


def _worse(before: Rubric, one: str, after: Rubric, other: str) -> bool:
    """Whether *other*, under the rubric *after*, is worse than *one* under *before*."""
    if one in ACTIONS and other in ACTIONS and not {one, other} <= {*before.plan.verdicts}:
        return ACTIONS.index(other) > ACTIONS.index(one)
    orders = [rubric.plan.verdicts for rubric in (before, after)]
    if all({one, other} <= {*order} for order in orders):
        places = [order.index(other) - order.index(one) for order in orders]
        if (places[0] > 0) == (places[1] > 0):
            return places[0] > 0
    actions = [dict(zip(rubric.plan.verdicts, rubric.plan.actions, strict=True)) for rubric in (before, after)]
    return ACTIONS.index(actions[1][other]) > ACTIONS.index(actions[0][one])


def _assert_never(
    opened: Iterable[tuple[Opened, Opened]], forbidden: Forbidden, what: str, *, by: str, proven: bool, bound: int
) -> Evidence:
    __tracebackhide__ = True
    universe: list[str] = []
    why: list[str] = []
    remarks: list[str] = []
    tried = 0
    for before, after in opened:
        found = moves(before.plan, after.plan, by=by, bound=bound)
        bad = [row for row in found.rows if forbidden(before.rubric, row.old, after.rubric, row.new)]
        refuted = next((row for row in bad if row.possible), None)
        if refuted is not None:
            raise AssertionError(_refuted(before, after, refuted, found, what))
        if any(row.possible is None for row in bad):
            why.append(found.why or "some outcomes are not settled")
            tried += _search(before, after, forbidden, what, by)
        universe.append(found.universe)
        remarks += found.remarks
    evidence = Evidence(not why, tried, tuple(universe), "; ".join(why) or None, tuple(dict.fromkeys(remarks)))
    if proven and why:
        raise AssertionError(f"neither proven nor refuted. {evidence}")
    return evidence


def _refuted(before: Opened, after: Opened, row: Move, found: Moves, what: str) -> str:
    """The failure where a proof of the contrary is at hand."""
    assert row.witness is not None  # noqa: S101 - possible moves come with a case that makes them
    sent, also = row.witness["old"], row.witness["new"]
    counted = (
        f"Decided exactly: {row.fewest:,} outcome combinations do; this is the smallest."
        if row.exact
        else f"Between {row.fewest:,} and {row.most:,} outcome combinations do; this is one."
    )
    return "\n".join(
        [
            f"a candidate {what.format(row.old, row.new)}. {counted}",
            "",
            _sides(before, sent, after, also),
            "",
            found.universe,
        ]
    )


def _sides(before: Opened, sent: dict[str, Any], after: Opened, also: dict[str, Any]) -> str:
    return side_by_side(Side(before, sent, before.rubric.score(sent)), Side(after, also, after.rubric.score(also)))


# ---------------------------------------------------------------------- where nothing is proven


class _FoundError(Exception):
    """Hypothesis found a case; the last one that it finds is the smallest."""


def _search(before: Opened, after: Opened, forbidden: Forbidden, what: str, by: str) -> int:
    """Let Hypothesis look for a submission that moves as it must not; how many it tried."""
    __tracebackhide__ = True
    last: list[tuple[dict[str, Any], dict[str, Any], str, str]] = []
    tried = 0

    @settings(
        max_examples=SEARCHED,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=[*HealthCheck],
    )
    @given(_both(before.rubric, after.rubric))
    def look(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
        try:
            decisions = before.rubric.score(pair[0]), after.rubric.score(pair[1])
        except SubmissionError:
            assume(False)
        assume(all(decision.status in {"decided", "ended"} for decision in decisions))
        nonlocal tried
        tried += 1
        one, other = ((d.verdict if by == "verdict" else d.action) or "" for d in decisions)
        if forbidden(before.rubric, one, after.rubric, other):
            last[:] = [(*pair, one, other)]
            raise _FoundError

    try:
        look()
    except Unsatisfiable:  # hardly any case is complete under both
        return tried
    except _FoundError:
        sent, also, one, other = last[0]
        raise AssertionError(
            "\n".join(
                [
                    f"a candidate {what.format(one, other)}. Found by search; the smallest that was found:",
                    "",
                    _sides(before, sent, after, also),
                ]
            )
        ) from None
    return tried


@st.composite
def _both(draw: st.DrawFn, old: Rubric, new: Rubric) -> tuple[dict[str, Any], dict[str, Any]]:
    """One case handed in to two versions: the same answers to the items that both have."""
    sent, also = draw(submissions(old, complete=True)), draw(submissions(new, complete=True))
    known = {item.id for item in new.plan.items}
    shared = {name: answer for name, answer in sent["answers"].items() if name in known}
    mine = {item.id for item in old.plan.items}
    own = {name: answer for name, answer in also["answers"].items() if name not in mine}
    facts = {
        **also.get("facts", {}),
        **{key: sent["facts"][key] for key in ("raters", "variant") if key in sent.get("facts", {})},
    }
    return sent, {**also, "answers": shared | own, "facts": facts}
