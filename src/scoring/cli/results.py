"""
How a decision is shown: a row of a table for people, keys for machines.

Owns what stands in either; the commands that score, rescore and demonstrate share it. Must not know where a decision comes from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from scoring import Decision, Problem, Rubric

__all__ = [
    "Place",
    "Result",
    "cells",
    "facts_of",
    "heads",
    "held_by",
    "listed",
    "place_of",
    "refused",
    "said_in",
    "stage_of",
    "waits_in_words",
    "waits_of",
]

_NAMED = 4  # items of a stage that are named in a cell; --json names them all


class Result(NamedTuple):
    """
    What came out for one submission of a stream.

    Attributes:
        decision: What was decided. The others as of `Place`.
    """

    line: int
    name: str | None
    decision: Decision
    seq: int | None = None
    earlier: str | None = None

    @property
    def place(self) -> Place:
        """Where it stood, and where it is recorded."""
        return Place(self.line, self.name, self.seq, self.earlier)


class Place(NamedTuple):
    """
    Where a submission stood in a stream, and where its decision is recorded.

    Attributes:
        line: Where it stood. name: Its id, if it has one.
        seq: Where its decision is recorded.
        earlier: None for a decision of now; of one that was recorded earlier, by what other rules it was made, or an empty text.
    """

    line: int
    name: str | None
    seq: int | None = None
    earlier: str | None = None

    @property
    def record(self) -> str:
        """Where it is recorded, for people."""
        if self.seq is None:
            return "-"
        if self.earlier:
            return f"recorded already as #{self.seq} {self.earlier}"
        return f"#{self.seq}{' again' if self.earlier is not None else ''}"


def heads(rubric: Rubric) -> tuple[str, ...]:
    """What stands above the cells of a decision by this rubric: the stage only where there are several."""
    stage = ("stage",) if len(rubric.stages) > 1 else ()
    return ("verdict", "action", "score", *stage, "decided by", "held by")


def cells(decision: Decision, rubric: Rubric) -> tuple[str, ...]:
    """A decision for people: what stands under `heads` of the rubric of the table."""
    decided_by = ", ".join(decision.determined_by)
    if decision.awaited and decision.status == "pending":
        decided_by = "; ".join(filter(None, (decided_by, f"waits for {waits_in_words(decision)}")))
    stage = (" ".join(stage_of(decision)).replace("_", " "),) if len(rubric.stages) > 1 else ()
    verdict, score = decision.verdict or "-", decision.percent or "-"
    return verdict, decision.action, score, *stage, decided_by or "-", held_by(decision)


def held_by(decision: Decision) -> str:
    """What makes a person look first; a dash where nothing does."""
    return ", ".join(decision.holds) or "-"


def stage_of(decision: Decision) -> tuple[str, str]:
    """The stage that a case has come to, and what became of it: the first one that it has not passed, else the last."""
    stages = [(name, status) for name, (status, _) in decision.stages.items()]
    return next((stage for stage in stages if stage[1] != "passed"), stages[-1])


def waits_of(decision: Decision) -> dict[str, list[str]]:
    """What is awaited: for each stage, in order, the ids of its items."""
    plan = decision.plan
    waits: dict[str, list[str]] = {}
    for name in decision.awaited:
        section = plan.sections[plan.items[plan.index[name]].section]
        waits.setdefault(plan.stages[section.stage].id, []).append(name)
    return waits


def waits_in_words(decision: Decision) -> str:
    """What is awaited, for people: the items of the one stage there is; or stage by stage, one of which nothing is there by its name alone."""
    waits = waits_of(decision)
    if len(decision.stages) == 1:
        return listed(decision.awaited, len(decision.awaited))
    return "; ".join(_wait(decision, stage, items) for stage, items in waits.items())


def _wait(decision: Decision, stage: str, items: list[str]) -> str:
    outcomes = decision.outcomes
    untouched = stage not in decision.handed_in and all(outcomes[item] == "unopened" for item in items)
    return stage if untouched else f"{stage}: {listed(items)}"


def listed(names: Sequence[str], most: int = _NAMED) -> str:
    """Some names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def facts_of(result: Result) -> dict[str, Any]:
    """A result for machines. `decision` is what is logged, to the byte; the keys before it spell out what it encodes."""
    return {**place_of(result.place), **said_in(result.decision)}


def place_of(place: Place) -> dict[str, Any]:
    """The first keys of a result."""
    return {"line": place.line, "id": place.name, "seq": place.seq, "repeated": place.earlier is not None}


def refused(place: Place, problems: Iterable[Problem]) -> dict[str, Any]:
    """What stands among results for machines in place of one: why there is none."""
    told = [{"code": each.code, "message": each.message, "path": each.path} for each in problems]
    return {**place_of(place), "error": "submission", "problems": told}


def said_in(decision: Decision) -> dict[str, Any]:
    """The other keys of a result: what was decided."""
    return {
        "pack": decision.data["pack"],
        "level": decision.level,
        "variant": decision.variant,
        "status": decision.status,
        "verdict": decision.verdict,
        "action": decision.action,
        "score": decision.data["score"],
        "percent": decision.percent,
        "determined_by": list(decision.determined_by),
        "holds": list(decision.holds),
        "flags": {flag: list(items) for flag, items in decision.flags.items()},
        "stage": stage_of(decision)[0],
        "stages": {stage: status for stage, (status, _) in decision.data["stages"].items()},
        "awaited": list(decision.awaited),
        "waits": waits_of(decision),
        "reachable": decision.data["reachable"],
        "outcomes": decision.outcomes,
        "decision": decision.data,
    }
