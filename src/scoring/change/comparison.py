"""
What a comparison of two versions of a rubric says.

Owns what its parts are called, what follows from them (whether anything can move, whether more moves than the new version says it may), and the one sentence
that sums it up. Must not know how any part was found.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from scoring.change.examples import FILE_NAME, any_level
from scoring.change.promises import allowed_moves
from scoring.engine.rubric import Rubric

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from scoring.change.backtest import Backtest
    from scoring.change.edits import Edit, Source
    from scoring.change.examples import ExampleResult
    from scoring.change.impact import Impact
    from scoring.change.prove import Move, Moves
    from scoring.change.stops import Stop

__all__ = ["Affected", "Broken", "Comparison", "Past", "Renamed", "Run", "Version", "called"]

Pairs: TypeAlias = dict[tuple[str | None, str | None], int]

_FOLLOWS = frozenset(
    {"verdict", "action", "score", "determined_by", "holds"}
)  # of an example: what a move of its verdict takes along


@attrs.frozen
class Version:
    """
    One version of a rubric, and where it comes from.

    Attributes:
        pack: Its pack.
        where: In words: a path, `HEAD`, a record of a log; for people.
        source: The file that it was written in, to name lines; None for a pack.
        examples: The bytes of the examples beside it, or None. examples_file: What they are called in messages.
    """

    pack: bytes = attrs.field(repr=False)
    where: str = "a pack"
    source: Source | None = attrs.field(default=None, repr=False)
    examples: bytes | None = attrs.field(default=None, repr=False)
    examples_file: str = FILE_NAME

    @property
    def rubric(self) -> Rubric:
        """The pack, loaded for its default profile and any level."""
        return _loaded(self.pack)


@attrs.frozen
class Run:
    """
    What can move, in one profile and at one level.

    Attributes:
        profile, level: Of the new version. old_profile: Of the old one, which is another only where the old one lacks it.
        verdicts, actions: What was proved; None where nothing that scoring depends on differs, so that nothing can move.
        stops: What one version decides, and the other waits on or refuses.
    """

    profile: str
    level: str | None
    old_profile: str
    verdicts: Moves | None
    actions: Moves | None
    stops: tuple[Stop, ...] = ()

    @property
    def moving(self) -> tuple[Move, ...]:
        """The verdicts that can move, or of which that is not ruled out."""
        return _moving(self.verdicts)

    @property
    def acting(self) -> tuple[Move, ...]:
        """The same of actions."""
        return _moving(self.actions)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What else there is to know, each said once."""
        both = (*(self.verdicts.remarks if self.verdicts else ()), *(self.actions.remarks if self.actions else ()))
        return tuple(dict.fromkeys(both))

    @property
    def decided(self) -> bool:
        """Whether everything that was asked has its answer."""
        return all(found is None or found.decided for found in (self.verdicts, self.actions))

    @property
    def why(self) -> str | None:
        """Why not, or why counts are only bounds."""
        return next((found.why for found in (self.verdicts, self.actions) if found is not None and found.why), None)

    @property
    def can_move(self) -> bool | None:
        """Whether any case can come to another verdict or action, or stop coming to one; None where that is not decided."""
        rows = (*self.moving, *self.acting)
        if self.stops or any(row.possible for row in rows) or any(_is_without_notice(text) for text in self.remarks):
            return True
        return None if rows else False


@attrs.frozen
class Past:
    """
    What would become of the decisions of a log that the old version made.

    Attributes:
        tests: For each profile and level of theirs what `backtest` found; together they hold each case once.
        left: How many decisions were made in profiles or at levels that the new version lacks, by these.
        others: How many decisions of the log other versions of the rubric made; they are not looked at.
        names: Gives the name of a case by the record of its decision; None where the vault does not have it.
    """

    tests: tuple[tuple[str, str | None, Backtest], ...]
    left: tuple[tuple[str, str | None, int], ...]
    others: int
    names: Callable[[int], str | None] = attrs.field(repr=False, eq=False)

    @property
    def cases(self) -> int:
        """How many were decided again."""
        return sum(test.cases for _, _, test in self.tests)

    @property
    def matrix(self) -> Pairs:
        """How many went from one verdict to another, the same included."""
        return _summed(test.matrix for _, _, test in self.tests)

    @property
    def actions(self) -> Pairs:
        """How many went from one action to another."""
        return _summed(test.actions for _, _, test in self.tests)

    @property
    def moved(self) -> int:
        """How many come to another verdict or action."""
        return sum(len(test.movers) for _, _, test in self.tests)

    @property
    def unjudged(self) -> int:
        """How many nobody can decide again."""
        return sum(len(test.unjudged) for _, _, test in self.tests) + sum(count for *_, count in self.left)


@attrs.frozen
class Affected:
    """What the past cases would do to groups: one kind of group, before and after, over the same cases."""

    view: str
    before: Impact
    after: Impact


@attrs.frozen
class Broken:
    """An example of the old version that held and holds no longer: what it came to, and what it comes to."""

    was: ExampleResult
    now: ExampleResult

    @property
    def id(self) -> str:
        """Its id."""
        return self.now.id

    def is_declared(self, allowed: frozenset[str], actions: Collection[tuple[str | None, str | None]]) -> bool:
        """Whether it only makes a move that the new version names, with the action that comes of it, and what else it states follows from that."""
        old, new = self.was.decision, self.now.decision
        if old is None or new is None or not allowed:
            return False
        if old.action != new.action and (old.action, new.action) not in actions:
            return False
        fields = {*self.now.fields}
        if old.verdict != new.verdict:
            return f"{old.verdict} -> {new.verdict}" in allowed and fields <= _FOLLOWS
        # What hangs on where the cuts are, though the case stays where it is: whether an unclear answer could matter, and what can still be reached.
        holds = {*old.holds} ^ {*new.holds}
        reached = _is_reached(allowed, {*(old.reachable or ())}, {*(new.reachable or ())})
        return fields <= {"action", "holds", "reachable"} and holds <= {"unclear"} and reached


@attrs.frozen
class Renamed:
    """
    An item, or an option, that has another id and is the same otherwise.

    Whoever still sends an item's old id is refused, and what was answered under it counts for nothing; an option's old id is an answer that is no option.

    Attributes:
        item: Whose option it is; None of an item itself.
        old, new: The ids.
        answered: How many past decisions have an answer under the old id; None without a log.
    """

    item: str | None
    old: str
    new: str
    answered: int | None


@attrs.frozen
class Comparison:
    """
    What a change of a rubric does.

    Attributes:
        old, new: The versions.
        edits: What was edited, scoring first.
        renamed: Items and options that have another id and are the same otherwise. Proofs and past decisions take each id for a thing of its own, as scoring
            does.
        runs: What can move: in the profile and at the level that were asked for first, then in all others that both versions have.
        only_new, only_old: Profiles and levels that one version alone has, which nothing is proved of.
        past: What would become of past decisions; None without a log.
        examples: Examples of the old version that held and hold no longer. examples_why: Why they could not be run; None where they could, or there are none.
        impact: What it would do to groups; empty without a table of them.
        matched: How many past cases stand in that table, and unmatched: how many of its lines name none of them; None without one.
        bump: What the new version has to be called, and why; None where its name is its own.
    """

    old: Version
    new: Version
    edits: tuple[Edit, ...]
    renamed: tuple[Renamed, ...]
    runs: tuple[Run, ...]
    only_new: tuple[str, ...]
    only_old: tuple[str, ...]
    past: Past | None
    examples: tuple[Broken, ...]
    examples_why: str | None
    impact: tuple[Affected, ...]
    matched: int | None
    unmatched: int | None
    bump: str | None

    @property
    def can_move(self) -> bool | None:
        """Whether anything can move under any profile and level; None where that is not decided."""
        found = [run.can_move for run in self.runs]
        return True if True in found else None if None in found else False

    @property
    def allowed(self) -> frozenset[str]:
        """The moves that the new version says may happen, each as ``old -> new``; none where it does not say that it replaces the old one."""
        pack = self.new.rubric.plan.pack
        names = pack["about"].get("replaces") == self.old.rubric.version
        return allowed_moves(pack) if names and not self.are_two_rubrics else frozenset()

    @property
    def are_two_rubrics(self) -> bool:
        """Whether these are no versions of one rubric."""
        return self.old.rubric.id != self.new.rubric.id

    @property
    def undeclared(self) -> tuple[Broken, ...]:
        """The examples among `examples` that do more than make a move which the new version says may happen."""
        actions = _explained(self.allowed, self)
        return tuple(one for one in self.examples if not one.is_declared(self.allowed, actions))

    @property
    def beyond(self) -> bool:
        """
        Whether something moves that the new version does not say it may.

        That is a verdict that `may_move` does not name, an action that no such verdict explains, a case that has no result in one version alone, or an example
        that holds no longer for another reason than such a verdict. Where the new version does not say that it replaces the old one, nothing may move.
        """
        allowed = self.allowed
        return (
            bool(self.undeclared)
            or any(_is_beyond(run, allowed, self) for run in self.runs)
            or self._past_beyond(allowed)
        )

    def _past_beyond(self, allowed: frozenset[str]) -> bool:
        if self.past is None:
            return False
        ways = {f"{old} -> {new}" for old, new in self.past.matrix if old != new}
        acts = {pair for pair in self.past.actions if pair[0] != pair[1]}
        return bool(ways - allowed) or not acts <= _explained(allowed, self)

    def summed_up(self) -> str:
        """Return the one sentence: whether anything can move, and how many past decisions do."""
        return "; ".join([_can(self.runs[0], self.can_move), *_did(self.past)])


def called(profile: str, level: str | None) -> str:
    """A profile, and a level where there are some."""
    return f"profile {profile}" + ("" if level is None else f", level {level}")


@lru_cache(maxsize=8)
def _loaded(pack: bytes) -> Rubric:
    return Rubric(pack, level=any_level(pack))


# ---------------------------------------------------------------------- in one sentence


def _moving(found: Moves | None) -> tuple[Move, ...]:
    rows = () if found is None else found.rows
    return tuple(row for row in rows if row.old != row.new and row.possible is not False)


def _is_without_notice(remark: str) -> bool:
    """Whether a remark of a proof says that cases without proof of notice move in further ways."""
    return remark.startswith("Without proof of notice there is also")


def _is_beyond(run: Run, allowed: frozenset[str], whole: Comparison) -> bool:
    if run.stops or any(_is_without_notice(text) for text in run.remarks):
        return True
    if any(row.possible and f"{row.old} -> {row.new}" not in allowed for row in run.moving):
        return True
    return not {(row.old, row.new) for row in run.acting if row.possible} <= _explained(allowed, whole)


def _explained(allowed: frozenset[str], whole: Comparison) -> set[tuple[str | None, str | None]]:
    """The pairs of actions that come of the verdicts which may move; what a person holds is `review` on either side."""
    then, now = (dict(zip(v.rubric.plan.verdicts, v.rubric.plan.actions, strict=True)) for v in (whole.old, whole.new))
    ways = [way.split(" -> ") for way in allowed]
    return {
        (a, b)
        for old, new in ways
        if old in then and new in now
        for a in (then[old], "review")
        for b in (now[new], "review")
        if (a, b) != ("review", "review")
    }


def _is_reached(allowed: frozenset[str], old: set[str], new: set[str]) -> bool:
    """Whether what a pending case can still become differs by declared moves only."""
    ways = [way.split(" -> ") for way in allowed]
    there = {after for before, after in ways if before in old}
    back = {before for before, after in ways if after in new}
    return new <= old | there and old <= new | back


def _summed(several: Any) -> Pairs:
    total: Pairs = {}
    for pairs in several:
        for pair, count in pairs.items():
            total[pair] = total.get(pair, 0) + count
    return total


def _can(run: Run, whole: bool | None) -> str:
    if whole is False:
        return "nothing can move"
    ways = sum(row.possible is True for row in run.moving)
    pairs = sum(row.old != row.new for row in run.verdicts.rows) if run.verdicts else 0
    if ways:
        more = "" if all(row.possible for row in run.moving) else ", and more are not ruled out"
        return f"{ways} of {pairs} moves between verdicts {'is' if ways == 1 else 'are'} possible{more}"
    if run.moving:
        return "it is not decided whether a verdict can move"
    if any(row.possible for row in run.acting):
        return "no verdict can move, but an action can"
    if run.stops:
        return "no verdict can move, but some answers leave a case without a result in one version alone"
    if any(_is_without_notice(text) for text in run.remarks):
        return "nothing can move with proof of notice, but without it something can"
    if run.can_move is None:
        return "it is not decided whether an action can move"
    elsewhere = "in another profile or at another level something can" if whole else "elsewhere it is not decided"
    return f"nothing can move in {called(run.profile, run.level)}, {elsewhere}"


def _did(past: Past | None) -> list[str]:
    if past is None:
        return []
    if not past.cases + past.unjudged:
        return ["no past decision was made by the old version"]
    of = f"{past.moved:,} past decision{'' if past.moved == 1 else 's'} of {past.cases:,} move{'s' if past.moved == 1 else ''}"
    return [of + (f", {past.unjudged:,} cannot be told" if past.unjudged else "")]
