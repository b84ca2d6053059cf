"""
Proofs about all candidates at once: what a change of a rubric can move, and whether a guarantee holds.

Owns what is claimed, and for whom. A claim is about every *complete submission*: one that is decided or ended and waits for nothing, each variant, with
every outcome that an answer can produce, nothing taken out by `not_administered`, no irregularity, no resolution; a rubric with a notice is proved for cases
with proof of it, and what differs without it is said in a remark. What is counted are *outcome combinations*: one outcome for each item that is looked at,
jointly possible under both versions where there are two; they are no frequencies of candidates.

There are three answers and no fourth: it is so, it is not so (with a submission that is scored again before it is shown), or it is not decided, with what is
known. Must not know of files, logs or people.

Source: FORMAT.md 6; docs/reading.md.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from attrs import field, frozen

from scoring.change.differences import differences, notice_matters, unpaired
from scoring.change.forms import NoPanelError, full_panel
from scoring.change.joint import questions
from scoring.change.search import Search
from scoring.change.sides import ACTION, HELD, VERDICT, Case, Side, Standing
from scoring.change.tables import Budget, TooManyError
from scoring.change.witness import Shown, condition_holds, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from scoring.change.grid import Cell
    from scoring.change.joint import Question
    from scoring.engine.decision import Decision
    from scoring.engine.plan import Plan

__all__ = ["ACTIONS", "BOUND", "Move", "Moves", "Proof", "moves", "prove"]

BOUND = 2_000_000  # states of a half
LEVELS = (0, 128)  # exact totals; past the bound, totals to one part in so many, which still gives bounds
ACTIONS = ("advance", "review", "decline")
FAILS, HOLDS, OUTSIDE = "fails", "holds", "outside"
_TOO_MANY = "more than {} sums in one half of the cases: past this bound totals are only looked at roughly, and counts are bounds"
_PANELS = (
    "no one panel lets every rated item come to all of its outcomes, so that not all combinations can occur together"
)
_UNCLEAR = "what unclear answers would change (FORMAT.md 6, step 10) is only bounded where a right one raises a refer flag that a condition counts"
_TEXTS = "whether some answer to {} gives one of its outcomes is not settled"


@frozen
class Move:
    """
    What can happen to one verdict, or to one action.

    Attributes:
        old, new: Ids of verdicts, or actions.
        possible: Whether some complete submission gets `old` under the old version and `new` under the new one; None where that is not decided.
        fewest, most: Of outcome combinations that do; equal where they are counted exactly.
        witness: A submission that does, scored again under both: ``{"old": SUBMISSION, "new": SUBMISSION, "outcomes": {ITEM: [OLD, NEW]}}``. Where counts are
            exact it has the fewest items that are not absent. The two submissions differ only in items, stages and facts that one version does not have,
            and in what raters say where their rules changed. None where there is none, and mostly where nothing moves.
    """

    old: str
    new: str
    possible: bool | None
    fewest: int
    most: int
    witness: dict[str, Any] | None = field(default=None, eq=False)

    @property
    def exact(self) -> bool:
        """Whether the combinations are counted exactly."""
        return self.fewest == self.most


@frozen
class Moves:
    """
    What a change can move.

    Attributes:
        universe: Which cases this is about, in one sentence.
        rows: One `Move` for each label of the old version and each of the new one, best first, the same ones included.
        decided: Whether every `possible` is known.
        why: Why not, or why counts are only bounds; None where everything is exact.
        remarks: What else there is to know, in whole sentences.
        unproven: What cases without proof of notice can do beside that, each as ``old -> new``.
    """

    universe: str
    rows: tuple[Move, ...]
    decided: bool
    why: str | None
    remarks: tuple[str, ...]
    unproven: tuple[str, ...] = ()


@frozen
class Proof:
    """
    Whether a guarantee holds.

    Attributes:
        id: Of the guarantee.
        holds: Of every complete submission; None where that is not decided.
        why: Why it is not decided, or not counted exactly; None where everything is exact.
        failing: How many outcome combinations meet the condition and get another verdict; None where only bounds are known.
        witness: The smallest such submission, scored again: ``{"submission": SUBMISSION, "outcomes": {ITEM: OUTCOME}, "verdict": ID, "action": ACTION}``.
        universe: Which cases this is about, in one sentence.
        remarks: What else there is to know, in whole sentences.
        unproven: Whether it holds of cases without proof of notice too; None where that is not decided, or where no notice counts.
    """

    id: str
    holds: bool | None
    why: str | None
    failing: int | None
    witness: dict[str, Any] | None = field(eq=False)
    universe: str = field()
    remarks: tuple[str, ...] = field()
    unproven: bool | None = None


def moves(old: Plan, new: Plan, *, by: str = VERDICT, bound: int = BOUND) -> Moves:
    """
    Work out for each pair of verdicts, or of actions, whether any candidate can move so, how many outcome combinations do, and the smallest case.

    Args:
        old: The version before, with the profile and the level that are to be compared.
        new: The version after, likewise.
        by: ``verdict`` or ``action``.
        bound: The most sums of one half of the cases that are looked at.

    Raises:
        ValueError: `by` is neither.
    """
    if by not in {VERDICT, ACTION}:
        raise ValueError(f"by is {VERDICT} or {ACTION}")
    asked = questions(old, new)
    claim = _VERDICTS if by == VERDICT else _ACTIONS
    world = _World((old, new), asked, claim, bound)
    found = world.look()
    remarks = [*differences(old, new), *unpaired(old, new, asked)]
    unproven: tuple[str, ...] = ()
    if notice_matters((old, new)):
        without = _World((old, new), asked, claim, bound, notice=False).look(witnesses=False)
        unproven = _without_notice(found, without)
        remarks += [f"Without proof of notice there is also: {', '.join(unproven)}."] if unproven else []
    rows = tuple(_move(found, a, b) for a in _labels(old, by) for b in _labels(new, by))
    decided = all(row.possible is not None for row in rows)
    return Moves(world.universe(found), rows, decided, found.why, tuple(remarks), unproven)


def prove(plan: Plan, guarantee: dict[str, Any], *, bound: int = BOUND) -> Proof:
    """
    Decide whether a guarantee holds of every complete submission.

    Args:
        plan: The rubric, with the profile and the level that it is to be proved for.
        guarantee: ``{"id": ID, "when": CONDITION or None, "allowed": [verdict ids]}``, the condition as a pack writes those of overrides, and besides
            ``{"every": [outcome names]}``: every item that is looked at has one of these outcomes.
        bound: The most sums of one half of the cases that are looked at.
    """
    condition = guarantee.get("when")
    allowed = {plan.verdicts.index(name) for name in guarantee["allowed"]}

    def label(side: Side, standing: Standing, verdict: int) -> str:
        if not side.is_met(standing):
            return OUTSIDE
        return HOLDS if verdict in allowed else FAILS

    def called(decision: Decision) -> str:
        if not condition_holds(decision, condition):
            return OUTSIDE
        return HOLDS if decision.verdict in guarantee["allowed"] else FAILS

    asked = questions(plan)
    claim = _Claim(VERDICT, label, called, condition)
    world = _World((plan,), asked, claim, bound)
    found = world.look(only=FAILS)
    fewest, most = found.bounds((FAILS,))
    holds = False if fewest else True if most == 0 and not found.open else None
    met = found.open or most or found.bounds((HOLDS,))[1]
    remarks = [] if met or condition is None else ["No complete submission meets the condition, so it says nothing."]
    unproven: bool | None = None
    if notice_matters((plan,)):
        without = _World((plan,), asked, claim, bound, notice=False).look(witnesses=False)
        unproven = _holds_without_notice(without)
        remarks += _proof_without_notice(holds, unproven, without)
    shown = found.shown.get((FAILS,))
    return Proof(
        guarantee["id"],
        holds,
        found.why,
        fewest if fewest == most and not found.open else None,
        None if shown is None else shown.of_one(),
        world.universe(found),
        tuple(remarks),
        unproven,
    )


# ---------------------------------------------------------------------- what cases are called


def _by_verdict(side: Side, _: Standing, verdict: int) -> str:
    return side.plan.verdicts[verdict]


def _by_action(side: Side, standing: Standing, verdict: int) -> str:
    """FORMAT.md 6, step 11, without step 10."""
    held = standing.marks & HELD or side.frame.excerpts
    return "review" if held else side.plan.actions[verdict]


class _Claim(NamedTuple):
    """What cases are called: by their standing and a verdict's place, and by the decision that says the same."""

    by: str
    label: Callable[[Side, Standing, int], str]
    called: Callable[[Decision], str]
    condition: dict[str, Any] | None = None


_VERDICTS = _Claim(VERDICT, _by_verdict, lambda decision: str(decision.verdict))
_ACTIONS = _Claim(ACTION, _by_action, lambda decision: decision.action)


def _labels(plan: Plan, by: str) -> Sequence[str]:
    return plan.verdicts if by == VERDICT else ACTIONS


# ---------------------------------------------------------------------- all cases


class _Found:
    """Bounds for each cell, and the smallest case of each that was shown."""

    def __init__(self) -> None:
        self.fewest: dict[tuple[str, ...], int] = {}
        self.most: dict[tuple[str, ...], int] = {}
        self.shown: dict[tuple[str, ...], Shown] = {}
        self.why: str | None = None
        self.open = False  # whether some cases were not looked at: nothing is impossible then
        self.everything = 0  # at most so many combinations there are at all, where some were not looked at

    def bounds(self, labels: tuple[str, ...]) -> tuple[int, int]:
        """At least and at most so many combinations."""
        return max(self.fewest.get(labels, 0), int(labels in self.shown)), self.most.get(labels, 0)

    def add(self, cells: dict[Cell, int], sure: dict[Cell, int]) -> None:
        """Count cells that may be, and those of them that are sure."""
        for cell, ways in cells.items():
            if any(len(label) > 1 for label in cell):
                self.doubt(_UNCLEAR)
            for labels in _each(cell):
                self.most[labels] = self.most.get(labels, 0) + ways
        for cell, ways in sure.items():
            if all(len(label) == 1 for label in cell):
                labels = next(_each(cell))
                self.fewest[labels] = self.fewest.get(labels, 0) + ways

    def doubt(self, why: str) -> None:
        """Keep the first reason why something is not exact."""
        self.why = self.why or why


class _World:
    """The cases of one plan or of two, with or without proof of notice."""

    def __init__(
        self,
        plans: tuple[Plan, ...],
        asked: list[Question],
        claim: _Claim,
        bound: int,
        *,
        notice: bool = True,
    ) -> None:
        self.plans, self.asked, self.claim, self.bound, self.notice = plans, asked, claim, bound, notice

    def look(self, *, witnesses: bool = True, only: str | None = None) -> _Found:
        """Count all cases, and show the smallest of each cell, or of those whose only label is *only*."""
        found = _Found()
        for variants in _variants(self.plans):
            exact = self._is_exact(variants, found)
            for ends in _ends(self.plans):
                self._count(variants, ends, found, exact=exact, witnesses=witnesses, only=only)
        return found

    def _is_exact(self, variants: tuple[str | None, ...], found: _Found) -> bool:
        outside = [plan.frames[variant].outside for plan, variant in zip(self.plans, variants, strict=True)]
        rated = [
            item
            for plan, out in zip(self.plans, outside, strict=True)
            for item in plan.items
            if item.table.rate is not None and item.place not in out
        ]
        try:
            full_panel(rated)
        except NoPanelError:
            found.doubt(_PANELS)
            return False
        return True

    def _count(
        self,
        variants: tuple[str | None, ...],
        ends: tuple[int, ...],
        found: _Found,
        *,
        exact: bool,
        witnesses: bool,
        only: str | None,
    ) -> None:
        sides = [
            Side(plan, Case(variant, self._proof_of(plan), end), by=self.claim.by, condition=self.claim.condition)
            for plan, variant, end in zip(self.plans, variants, ends, strict=True)
        ]
        if not all(side.can_be for side in sides):
            return
        unsure = next((q.id for q in self.asked if not all(o.sure for o in q.outcomes)), None)
        if unsure is not None:
            found.doubt(_TEXTS.format(unsure))
        for levels in LEVELS:
            try:
                search = self._search(sides, sure=False, levels=levels)
                cells = search.count()
                if witnesses:
                    self._show(search, cells, found, only, sure=exact)
                sure_cells = cells
                if unsure is not None:
                    search = self._search(sides, sure=True, levels=levels)
                    sure_cells = search.count()
                    if witnesses:
                        self._show(search, sure_cells, found, only, sure=exact)
            except TooManyError:
                found.doubt(_TOO_MANY.format(self.bound))
                continue
            found.add(cells, sure_cells if exact else {})
            return
        found.open = True
        found.everything += prod(max(1, len(q.outcomes), *map(len, q.alone)) for q in self.asked)

    def _search(self, sides: list[Side], *, sure: bool, levels: int) -> Search:
        return Search(sides, self.asked, self.claim.label, Budget(self.bound), sure=sure, levels=levels)

    def _proof_of(self, plan: Plan) -> bool | None:
        return None if plan.notice_digest is None else self.notice

    def _show(self, search: Search, cells: Iterable[Cell], found: _Found, only: str | None, *, sure: bool) -> None:
        for cell in cells:
            if only is not None and cell != ((only,),):
                continue
            for labels in _each(cell):
                if sure and len(labels) == 2 and len({*labels}) == 1 and len(cell[0]) == len(cell[1]) == 1:
                    continue  # nothing moves, and nobody doubts that there are such cases
                known = found.shown.get(labels)
                fewest = search.fewest(cell, None if known is None else known.cost)
                if fewest is None:
                    continue
                certain = sure and all(outcome.sure for _, outcome in fewest.chosen)
                expected = {*_each(cell)}
                shown = show(search.sides[: search.real], fewest, expected, self.claim.called, sure=certain)
                if shown is not None:
                    found.shown[shown.labels] = shown

    def universe(self, found: _Found) -> str:
        """Which cases were looked at."""
        names = _named(self.plans)
        variants = {variant for row in _variants(self.plans) for variant in row if variant is not None}
        total = sum(found.most.values())
        return "".join(
            [
                f"Every complete submission to {names}",
                f", each variant ({', '.join(sorted(variants))})" if variants else "",
                ", with proof of notice" if any(plan.notice_digest is not None for plan in self.plans) else "",
                ", with all items administered, no irregularity and no resolution",
                "" if found.why else f": {total:,} outcome combinations",
                ".",
            ]
        )


def _named(plans: Sequence[Plan]) -> str:
    """What the plans are called, with what they share said once."""
    rubrics, places = (
        {*names} for names in zip(*((plan.pack["rubric"], _position(plan)) for plan in plans), strict=True)
    )
    if len(rubrics) == len(places) == 1:
        versions = dict.fromkeys(plan.pack["version"] for plan in plans)
        return f"{plans[0].pack['rubric']} {' and '.join(versions)} ({_position(plans[0])})"
    return " and to ".join(f"{plan.pack['rubric']} {plan.pack['version']} ({_position(plan)})" for plan in plans)


def _position(plan: Plan) -> str:
    return f"profile {plan.profile}" + ("" if plan.level is None else f", level {plan.level}")


def _each(cell: Cell) -> Iterator[tuple[str, ...]]:
    """Every way to read labels of which some are only bounded."""
    first, *rest = cell
    for label in first:
        for others in _each(tuple(rest)) if rest else [()]:
            yield (label, *others)


def _variants(plans: Sequence[Plan]) -> list[tuple[str | None, ...]]:
    """The variants that a case can take under each plan: the same one where both have variants."""
    if len(plans) == 1:
        return [(variant,) for variant in plans[0].frames]
    old, new = (list(plan.frames) for plan in plans)
    if old == [None] or new == [None]:
        return [(a, b) for a in old for b in new]
    return [(variant, variant) for variant in new if variant in old]


def _ends(plans: Sequence[Plan]) -> list[tuple[int, ...]]:
    """The stages at which a case can end under each plan."""
    if len(plans) == 1:
        return [(end,) for end in range(len(plans[0].stages))]
    return [(a, b) for a in range(len(plans[0].stages)) for b in range(len(plans[1].stages))]


def _move(found: _Found, old: str, new: str) -> Move:
    fewest, most = found.bounds((old, new))
    shown = found.shown.get((old, new))
    possible = True if fewest else False if most == 0 and not found.open else None
    if found.open:
        most += found.everything
    return Move(old, new, possible, fewest, most, None if shown is None else shown.of_two())


def _without_notice(proven: _Found, without: _Found) -> tuple[str, ...]:
    return tuple(
        f"{old} -> {new}"
        for (old, new), most in without.most.items()
        if most and not proven.most.get((old, new)) and (old != new) and not proven.open
    )


def _holds_without_notice(without: _Found) -> bool | None:
    fewest, most = without.bounds((FAILS,))
    return None if without.open or (most and not fewest) else not most


def _proof_without_notice(holds: bool | None, unproven: bool | None, without: _Found) -> list[str]:
    if unproven is None:
        return ["Without proof of notice it is not decided."]
    if unproven == (holds is not False):
        return []
    fewest = without.bounds((FAILS,))[0]
    failing = "one outcome combination fails" if fewest == 1 else f"{fewest:,} outcome combinations fail"
    how = "it holds" if unproven else f"it does not hold: {failing}"
    return [f"Without proof of notice, where a fatal answer puts no cap of its own, {how}."]
