"""
What a rubric promises, decided for all of it: its guarantees, and that a new version moves nobody but as `replaces` says.

Owns for which profiles and levels a promise is decided (all of them), and what of a promise is refused before it is. How one is decided is for `prove`.
Takes packs; must not know where an old one comes from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from scoring.change.examples import any_level
from scoring.change.prove import BOUND, Proof, moves, prove
from scoring.change.sides import condition_tree
from scoring.engine.plan import compile_plan
from scoring.engine.rubric import Rubric
from scoring.errors import Problem, RubricError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoring.change.prove import Moves
    from scoring.engine.plan import Plan

__all__ = ["Kept", "Replaced", "allowed_moves", "guarantees_of", "kept", "positions", "replaced"]

_WRONG = (KeyError, ValueError, TypeError, AttributeError, StopIteration, RecursionError)
_MAX_NAME = 48  # characters of a name in a message


@attrs.frozen
class Kept:
    """Whether one guarantee holds in one profile and at one level."""

    id: str
    profile: str
    level: str | None
    proof: Proof


@attrs.frozen
class Replaced:
    """
    Whether a new version moves anybody otherwise than it says, in one profile and at one level.

    Attributes:
        beyond: The moves that are possible, or not ruled out, and that `may_move` does not name: ``old -> new``. Those of cases without proof of notice
            are among them.
        moves: All of them; None where nothing that scoring depends on differs.
    """

    profile: str
    level: str | None
    beyond: tuple[str, ...]
    moves: Moves | None

    @property
    def holds(self) -> bool | None:
        """None where it is not decided."""
        if self.moves is None:
            return True
        if not {*self.beyond}.isdisjoint(self.moves.unproven):
            return False
        rows = self.moves.rows
        found = [row.possible for row in rows if row.old != row.new and f"{row.old} -> {row.new}" in self.beyond]
        return False if True in found else None if found else True


def positions(pack: dict[str, Any]) -> list[tuple[str, str | None]]:
    """The profiles and levels that a pack can be loaded for; the default profile first, else as they stand there."""
    profiles = sorted((entry["id"] for entry in pack["profiles"]), key=lambda name: name != pack["default_profile"])
    levels = [entry["id"] for entry in pack["levels"]] or [None]
    return [(profile, level) for profile in profiles for level in levels]


def guarantees_of(plan: Plan) -> list[dict[str, Any]]:
    """
    The guarantees of a pack, each sure to be one that can be decided.

    Raises:
        RubricError: The pack was made by hand, and one of them names what it does not have, or is of another form.
    """
    entries: list[dict[str, Any]] = plan.pack["about"].get("guarantees", [])
    problems = [
        Problem("guarantee", message, path=f"about/guarantees/{n}")
        for n, entry in enumerate(entries)
        if (message := _wrong(plan, entry))
    ]
    if problems:
        raise RubricError(problems)
    return entries


def _wrong(plan: Plan, entry: dict[str, Any]) -> str:
    allowed = entry.get("allowed")
    if not isinstance(entry.get("id"), str) or not isinstance(allowed, list) or not allowed or "when" not in entry:
        return 'expected {"allowed": [VERDICTS], "id": ID, "when": CONDITION or null}'
    unknown = next((name for name in allowed if name not in plan.verdicts), None)
    if unknown is not None:
        name = str(unknown)[:_MAX_NAME]
        return f'there is no verdict "{name}"{did_you_mean(name, plan.verdicts)}'
    if entry["when"] is None:
        return ""
    try:
        condition_tree(plan, entry["when"], {})
    except _WRONG:
        return (
            "its condition is of another form, or names a section, stage, item or outcome that the rubric does not have"
        )
    return ""


def kept(pack: bytes, *, bound: int = BOUND) -> Iterator[Kept]:
    """
    Decide every guarantee of a pack, in every profile and at every level.

    Args:
        pack: Its bytes.
        bound: As in `prove`.

    Raises:
        RubricError: A guarantee cannot be read; nothing is decided then.
    """
    first = Rubric(pack, level=any_level(pack)).plan
    for guarantee in guarantees_of(first):
        for profile, level in positions(first.pack):
            plan = compile_plan(pack, profile, level)
            yield Kept(guarantee["id"], profile, level, prove(plan, guarantee, bound=bound))


def replaced(old: bytes, new: bytes, *, bound: int = BOUND) -> Iterator[Replaced]:
    """
    Decide whether a new version moves any verdict otherwise than its `may_move` says, in each profile and at each level that both versions have.

    Args:
        old: The pack of the version that it replaces.
        new: The new pack.
        bound: As in `moves`.
    """
    first = Rubric(new, level=any_level(new)).plan
    allowed = allowed_moves(first.pack)
    there = {*positions(Rubric(old, level=any_level(old)).plan.pack)}
    for profile, level in positions(first.pack):
        if (profile, level) not in there:
            continue
        before, after = compile_plan(old, profile, level), compile_plan(new, profile, level)
        if before.scoring_digest == after.scoring_digest:
            yield Replaced(profile, level, (), None)
            continue
        found = moves(before, after, bound=bound)
        ways = [f"{row.old} -> {row.new}" for row in found.rows if row.old != row.new and row.possible is not False]
        ways += found.unproven
        yield Replaced(profile, level, tuple(way for way in ways if way not in allowed), found)


def allowed_moves(pack: dict[str, Any]) -> frozenset[str]:
    """What `may_move` of a pack allows, each as ``old -> new``."""
    written = pack["about"].get("may_move", [])
    return frozenset(
        " -> ".join(word.strip() for word in move.split("->")) for move in written if isinstance(move, str)
    )
