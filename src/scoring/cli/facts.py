"""
A comparison of two versions for programs: CSV of who moves, JSON of everything.

Owns the columns and the keys; nothing is left out. Must not know how any of it was worked out.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import attrs

from scoring.change.impact import Step
from scoring.cli.compared import because, movers
from scoring.cli.figures import facts_of_step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from scoring.change.again import Judged
    from scoring.change.comparison import Comparison, Past, Run, Version

__all__ = ["as_csv", "as_json"]

_COLUMNS = (
    "record",
    "case",
    "old_verdict",
    "new_verdict",
    "old_action",
    "new_action",
    "old_status",
    "new_status",
    "old_score",
    "new_score",
    "because",
)


def as_csv(found: Comparison) -> Iterator[str]:
    """Who moves, one case a line, scores exact."""
    yield ",".join(_COLUMNS)
    for mover in movers(found.past) if found.past else ():
        name = found.past.names(mover.seq) if found.past else None
        cells = [mover.seq, name or ""]
        for key in ("verdict", "action", "status", "score"):
            cells += [getattr(mover.old, key) or "", getattr(mover.new, key) or ""]
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow([*cells, because(mover.causes, len(mover.causes))])
        yield line.getvalue()


def as_json(found: Comparison) -> Iterator[str]:
    """One object a line; its `type` says what it is. ASCII, so that no encoding of the stream can spoil it."""
    return (json.dumps(fact, separators=(",", ":")) for fact in _facts(found))


def _facts(found: Comparison) -> Iterator[dict[str, Any]]:
    yield {
        "type": "comparison",
        "says": found.summed_up(),
        "can_move": found.can_move,
        "beyond": found.beyond,
        "bump": found.bump,
        "old": _facts_of_version(found.old),
        "new": _facts_of_version(found.new),
        "only_old": list(found.only_old),
        "only_new": list(found.only_new),
        "examples_why": found.examples_why,
        "two_rubrics": found.are_two_rubrics,
        "renamed": [attrs.asdict(thing) for thing in found.renamed],
        "matched": found.matched,
        "unmatched": found.unmatched,
    }
    for edit in found.edits:
        place = {"file": edit.file, "line": edit.line}
        yield {"type": "edit", "scoring": edit.scoring, "thing": edit.thing, "what": edit.what, **place}
    for run in found.runs:
        yield from _facts_of_run(run)
    beyond = {one.id for one in found.undeclared}
    for broken in found.examples:
        problems = [problem.message for problem in broken.now.problems]
        told = {"holds": False, "declared": broken.id not in beyond, "problems": problems}
        yield {"type": "example", "id": broken.id, "shows": broken.now.shows, **told}
    if found.past is not None:
        yield from _facts_of_past(found.past)
    for one in found.impact:
        for when, impact in (("before", one.before), ("after", one.after)):
            yield {**facts_of_step(one.view, Step(None, impact)), "when": when}


def _facts_of_version(version: Version) -> dict[str, Any]:
    rubric = version.rubric
    digests = {"digest": rubric.digest, "scoring_digest": rubric.scoring_digest}
    return {"rubric": rubric.id, "version": rubric.version, **digests, "where": version.where}


def _facts_of_run(run: Run) -> Iterator[dict[str, Any]]:
    of = {"profile": run.profile, "level": run.level}
    moves = run.verdicts
    yield {
        "type": "proof",
        **of,
        "old_profile": run.old_profile,
        "can_move": run.can_move,
        "decided": run.decided,
        "why": run.why,
        "universe": None if moves is None else moves.universe,
        "remarks": list(run.remarks),
    }
    for by, rows in (("verdict", run.verdicts), ("action", run.actions)):
        for row in rows.rows if rows else ():
            counts = {"possible": row.possible, "fewest": row.fewest, "most": row.most}
            yield {"type": "move", **of, "by": by, "old": row.old, "new": row.new, **counts, "witness": row.witness}
    for stop in run.stops:
        told = {"item": stop.item, "outcomes": list(stop.outcomes), "stuck": stop.stuck}
        yield {"type": "stop", **of, **told, "witness": stop.witness}


def _facts_of_past(past: Past) -> Iterator[dict[str, Any]]:
    counts = {"cases": past.cases, "moved": past.moved, "unjudged": past.unjudged, "others": past.others}
    reread = sum(test.reread for _, _, test in past.tests)
    yield {"type": "past", **counts, "reread": reread, "remarks": [r for *_, test in past.tests for r in test.remarks]}
    for by, pairs in (("verdict", past.matrix), ("action", past.actions)):
        for (old, new), count in sorted(pairs.items(), key=repr):
            yield {"type": "moved", "by": by, "old": old, "new": new, "cases": count}
    for profile, level, test in past.tests:
        of = {"profile": profile, "level": level}
        for mover in test.movers:
            causes = [
                {"kind": c.kind, "id": c.id, "old": c.old, "new": c.new, "moved": c.moved and str(c.moved)}
                for c in mover.causes
            ]
            came = {"old": _facts_of(mover.old), "new": _facts_of(mover.new)}
            yield {"type": "case", "record": mover.seq, "case": past.names(mover.seq), **of, **came, "because": causes}
        for one in test.unjudged:
            yield {"type": "untold", "record": one.seq, "case": past.names(one.seq), **of, "why": one.why}
    for profile, level, count in past.left:
        yield {"type": "left", "profile": profile, "level": level, "cases": count}


def _facts_of(judged: Judged) -> dict[str, Any]:
    facts = {key: getattr(judged, key) for key in ("verdict", "action", "status", "score")}
    return {**facts, "caps": list(judged.caps), "holds": list(judged.holds)}
