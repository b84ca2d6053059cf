"""
What a rubric promises, decided and shown: its guarantees, and what `replaces` says may move.

Owns where the replaced version is looked for, what is said of each promise, and the status that follows. Must not know how a promise is decided.
"""

from __future__ import annotations

import shlex
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from scoring.change.comparison import called
from scoring.change.promises import kept, replaced
from scoring.cli.compared import counted_ways, decided, outcomes_of
from scoring.cli.output import FAILS, HOLDS, UNCHECKED, CallError, mark
from scoring.cli.paths import STDIN, shown
from scoring.cli.versions import beside, version_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from scoring.change.comparison import Version
    from scoring.change.promises import Kept, Replaced
    from scoring.engine.rubric import Rubric

__all__ = ["Promise", "promises", "show"]

_STATUS = {True: HOLDS, False: FAILS, None: UNCHECKED}
_WORD = {HOLDS: "HOLDS", FAILS: "FAILS", UNCHECKED: "NOT CHECKED"}


class Promise(NamedTuple):
    """
    One promise, decided.

    Attributes:
        what: ``guarantee`` or ``replaces``. name: Its id, or the version that is replaced.
        status: `HOLDS`, `FAILS` or `UNCHECKED`.
        lines: What to tell people: the first in one line, the others below it. about: Which cases it is about, in the first profile; or nothing.
        facts: For machines: one object for each profile and level.
    """

    what: str
    name: str
    status: int
    lines: tuple[str, ...]
    about: str
    facts: tuple[dict[str, Any], ...]


def promises(name: str, rubric: Rubric, against: str | None = None) -> list[Promise]:
    """
    Decide everything that a rubric promises.

    Args:
        name: Its path, or `-`.
        rubric: The rubric.
        against: Where the version lies that it replaces; None for where such a version usually is.

    Raises:
        CallError: *against* is no such version. RubricError: A guarantee of a pack made by hand cannot be read.
    """
    found = [_guarantee(rubric, [*proofs]) for _, proofs in groupby(kept(rubric.pack), key=lambda one: one.id)]
    version = rubric.plan.pack["about"].get("replaces")
    if version is None:
        if against is not None:
            ways = f"`scoring compare {shlex.quote(against)} {shlex.quote(name)}` tells what changes between any two"
            raise CallError(f"{shown(name)} says of no version that it replaces it: {ways}")
        return found
    return [*found, _replaces(name, rubric, str(version), against)]


def show(found: Iterable[Promise]) -> None:
    """Print a line each, what belongs below it, and once for all of them which cases they are about."""
    found = [*found]
    for promise in found:
        mark(_WORD[promise.status], "\n".join((f"{promise.what} {promise.name}{promise.lines[0]}", *promise.lines[1:])))
    for about in dict.fromkeys(promise.about for promise in found if promise.about):
        mark("", f"about: {about}")


# ---------------------------------------------------------------------- guarantees


def _guarantee(rubric: Rubric, proofs: list[Kept]) -> Promise:
    status = _worst(proof.proof.holds for proof in proofs)
    lines = (*_told(rubric, proofs, status),)
    return Promise("guarantee", proofs[0].id, status, lines, proofs[0].proof.universe, (*map(_fact, proofs),))


def _worst(answers: Iterable[bool | None]) -> int:
    given = {*answers}
    return _STATUS[False if False in given else None if None in given else True]


def _told(rubric: Rubric, proofs: list[Kept], status: int) -> Iterator[str]:
    first = next(proof for proof in proofs if _STATUS[proof.proof.holds] == status)
    alike = [called(p.profile, p.level) for p in proofs if p.proof.holds == first.proof.holds]
    where = "" if len(proofs) == 1 else ", everywhere" if len(alike) == len(proofs) else f", in {'; '.join(alike)}"
    proof = first.proof
    if status == HOLDS:
        given = all(p.proof.unproven is not False for p in proofs)
        yield where if given else f"{where}, given proof of notice"
    elif status == UNCHECKED:
        yield f"{where}: {proof.why}"
    else:
        count = "some outcome combinations fail" if proof.failing is None else f"{counted_ways(proof.failing)} fail"
        yield f"{where}: {count}"
        if proof.witness is not None:
            yield f"smallest case, in {called(first.profile, first.level)}: {outcomes_of(proof.witness)}"
            came = decided(rubric.pack, first.profile, first.level, proof.witness["submission"])
            entry = next(g for g in rubric.plan.pack["about"]["guarantees"] if g["id"] == first.id)
            yield f"comes to {came}, and may come to {', '.join(entry['allowed'])}"
    yield from proof.remarks


def _fact(kept_: Kept) -> dict[str, Any]:
    proof = kept_.proof
    of = {"id": kept_.id, "profile": kept_.profile, "level": kept_.level}
    told = {"why": proof.why, "failing": proof.failing, "universe": proof.universe, "remarks": list(proof.remarks)}
    told["holds_without_proof_of_notice"] = proof.unproven
    return {"type": "guarantee", **of, "holds": proof.holds, **told, "witness": proof.witness}


# ---------------------------------------------------------------------- replaces


def _replaces(name: str, rubric: Rubric, version: str, against: str | None) -> Promise:
    old = _old(name, rubric, version, against)
    if old is None:
        where = (
            f"{rubric.id}-{version}.pack.json does not lie beside it, nor in packs/, and git has no such version of it"
        )
        return _unchecked(version, None, f"{where}; --against OLD says where it is")
    found = [*replaced(old.pack, rubric.pack)]
    if not found:
        return _unchecked(
            version, old, "no profile and level of that version is one of this, so there is nothing to compare"
        )
    status = _worst(one.holds for one in found)
    lines = (*_moved(rubric, old, found, status),)
    about = next((one.moves.universe for one in found if one.moves is not None), "")
    return Promise("replaces", version, status, lines, about, tuple(_move(one, old, version) for one in found))


def _unchecked(version: str, old: Version | None, why: str) -> Promise:
    of = {"version": version, "against": None if old is None else old.where, "profile": None, "level": None}
    fact: dict[str, Any] = {
        "type": "replaces",
        **of,
        "holds": None,
        "beyond": [],
        "why": why,
        "universe": None,
        "remarks": [],
    }
    return Promise("replaces", version, UNCHECKED, (f": {why}",), "", (fact,))


def _old(name: str, rubric: Rubric, version: str, against: str | None) -> Version | None:
    if against is None:
        return None if name == STDIN else beside(name, rubric.id, version)
    old = version_at(against)
    has = old.rubric
    if (has.id, has.version) != (rubric.id, version):
        raise CallError(f"{against} is {has.id} {has.version}, and {shown(name)} replaces {rubric.id} {version}")
    return old


def _moved(rubric: Rubric, old: Version, found: list[Replaced], status: int) -> Iterator[str]:
    allowed = rubric.plan.pack["about"].get("may_move", [])
    first = next(one for one in found if _STATUS[one.holds] == status)
    alike = [called(one.profile, one.level) for one in found if one.holds == first.holds]
    where = "" if len(found) == 1 else ", everywhere" if len(alike) == len(found) else f", in {'; '.join(alike)}"
    if status == HOLDS:
        yield f": nothing moves{' but ' + ', '.join(allowed) if allowed else ''}{where}"
    else:
        verb = "can move" if status == FAILS else "is not ruled out"
        yield f": {', '.join(first.beyond)} {verb} and `may_move` does not say so{where}"
    yield f"compared with {old.where}"
    if first.moves is None:
        yield "nothing that scoring depends on differs"
        return
    if status == UNCHECKED and first.moves.why:
        yield first.moves.why
    for row in first.moves.rows if status == FAILS else ():
        if f"{row.old} -> {row.new}" in first.beyond and row.old != row.new and row.witness is not None:
            sides = ((old.pack, row.witness["old"]), (rubric.pack, row.witness["new"]))
            came = " -> ".join(decided(pack, first.profile, first.level, case) for pack, case in sides)
            ways = counted_ways(row.most) if row.exact else f"at least {counted_ways(row.fewest)}"
            yield f"{row.old} -> {row.new}, {ways}; smallest case: {outcomes_of(row.witness)}: {came}"
    yield from first.moves.remarks


def _move(one: Replaced, old: Version, version: str) -> dict[str, Any]:
    moves = one.moves
    rows = () if moves is None else moves.rows
    beyond = [
        {
            "old": row.old,
            "new": row.new,
            "possible": row.possible,
            "fewest": row.fewest,
            "most": row.most,
            "witness": row.witness,
        }
        for row in rows
        if row.old != row.new and f"{row.old} -> {row.new}" in one.beyond
    ]
    of = {"version": version, "against": old.where, "profile": one.profile, "level": one.level}
    why = (
        {"why": None, "universe": None, "remarks": []}
        if moves is None
        else {"why": moves.why, "universe": moves.universe, "remarks": list(moves.remarks)}
    )
    return {"type": "replaces", **of, "holds": one.holds, "beyond": beyond, **why}
