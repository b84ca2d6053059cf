"""
How a failure is told: the submission, both decisions side by side, what differs for this case, and the edits behind it with file and line.

Owns the words of `scoring.testing`'s failures. Computes no verdict; must not know how the case was found.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from scoring.change.causes import causes
from scoring.change.edits import edits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from scoring.change.causes import Cause
    from scoring.change.edits import Edit
    from scoring.engine.decision import Decision
    from scoring.testing.opened import Opened

__all__ = ["Side", "one_decision", "side_by_side"]

MAX_EDITS = 20  # more are counted


class Side(NamedTuple):
    """A case under one version: the version, what was handed in to it, and what it decides."""

    version: Opened
    sent: dict[str, Any]
    decision: Decision


def side_by_side(old: Side, new: Side) -> str:
    """Tell how one case is decided under two versions, and why differently."""
    before, after = old.decision, new.decision
    rows = [(name, *(fact(decision) for decision in (before, after))) for name, fact in _FACTS]
    head = [("", "old", "new")]
    found = causes(before.plan, before.standing, after.plan, after.standing)
    behind = _behind(found, edits(before.plan.pack, after.plan.pack, old.version.source, new.version.source))
    return "\n".join(
        [
            f"old: {old.version.name}",
            f"new: {new.version.name}",
            "",
            *_table([*head, *[row for row in rows if row[1] or row[2]]]),
            "",
            "What differs for this case:",
            *(_indented(_cause(cause) for cause in found) or ["  nothing but the verdicts themselves"]),
            "",
            "The edits behind it:",
            *(_indented(map(str, behind[:MAX_EDITS])) or ["  none: the two versions score alike"]),
            *([f"  and {len(behind) - MAX_EDITS} more"] if len(behind) > MAX_EDITS else []),
            "",
            *_submission(old.sent, new.sent),
        ]
    )


def one_decision(decision: Decision, sent: dict[str, Any]) -> str:
    """Tell how one case is decided."""
    rows = [(name, fact(decision)) for name, fact in _FACTS]
    return "\n".join([*_table([row for row in rows if row[1]]), "", *_submission(sent, sent)])


_FACTS: tuple[tuple[str, Callable[[Decision], str]], ...] = (
    ("verdict", lambda d: d.verdict or "none"),
    ("action", lambda d: d.action),
    ("score", lambda d: "" if d.score is None else f"{d.score} ({d.percent})"),
    ("determined by", lambda d: ", ".join(d.determined_by)),
    ("caps", lambda d: ", ".join(f"{by} to {cap}" for by, cap in d.caps.items())),
    ("holds", lambda d: ", ".join(d.holds)),
    ("status", lambda d: d.status),
)


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(["", *(cell.ljust(width) for cell, width in zip(row, widths, strict=True))]).rstrip()


def _cause(cause: Cause) -> str:
    moved = "" if cause.moved is None or not cause.moved else f", which moves the total by {cause.moved}"
    if cause.old == cause.new:
        return f"{cause.kind} {cause.id}: {cause.new} in both{moved}"
    return f"{cause.kind} {cause.id}: {cause.old or 'not there'} -> {cause.new or 'not there'}{moved}"


def _behind(found: Iterable[Cause], made: Iterable[Edit]) -> list[Edit]:
    """The edits of what differs for the case; all that change scoring where none of them is about it."""
    scoring = [edit for edit in made if edit.scoring]
    names = {cause.id.partition(":")[2] or cause.id for cause in found}
    about = [edit for edit in scoring if names & {word.strip(":,()") for word in f"{edit.thing} {edit.what}".split()}]
    return about or scoring


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _submission(sent: dict[str, Any], also: dict[str, Any]) -> list[str]:
    if sent == also:
        return ["The submission:", *_indented(_json(sent).splitlines())]
    return [
        "The submission to the old version:",
        *_indented(_json(sent).splitlines()),
        "and to the new one:",
        *_indented(_json(also).splitlines()),
    ]


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True)
