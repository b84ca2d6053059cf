"""
The command `explain`: why a decision is what it is.

Owns what is told around the engine's explanation: which record it is, and how it stands among those of its case. Must not know how a verdict comes about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from scoring.audit.instalments import KINDS
from scoring.audit.precedence import REMARKS
from scoring.cli.inputs import open_log, tell_older
from scoring.cli.naming import decision_named
from scoring.cli.options import READING, Reading
from scoring.cli.output import HOLDS, emit, printable, say
from scoring.cli.people import standing_facts, standing_lines
from scoring.cli.results import listed
from scoring.engine.explain import explain as explained
from scoring.errors import LogError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from scoring import AuditLog
    from scoring.audit.precedence import Precedence

__all__ = ["explain"]


def explain(
    directory: str,
    record: str,
    /,
    *,
    audience: Annotated[Literal["auditor", "candidate"], Parameter(name="--for")] = "auditor",
    vault: str | None = None,
    opening: Reading = READING,
    json: bool = False,
) -> int:
    """
    Tell why a decision is what it is: what the rules say, what a person said, and what came before the candidate started.

    Args:
        directory: The log.
        record: A record's number, as 17 or '#17'; or a case, whose newest decision is meant. Where 17 is a case too, write '#17' or case:17.
        audience: An auditor is told everything, every single rating included; a candidate never a key, a better answer, or a person's name.
        vault: The log's vault, where it does not lie beside the log.
        opening: What the log is opened with.
        json: One JSON object, for machines.
    """
    full = audience == "auditor"
    with open_log(directory, opening, vault=vault) as log:
        tell_older(log)
        seq = decision_named(log, record)
        entry = log.read(seq)
        others = _others(log, entry)
        decision = log.decision(seq)
        story = explained(decision, audience, log.submission(seq) if full else None)
        now = log.standing(seq)
        order = log.precedence(seq)
        place = {
            "record": seq,
            "time": entry["time"],
            "id": entry["body"]["id"],
            "case": log.case(seq),
            "supersedes": entry["body"]["supersedes"],
            "others": others,
            "standing": standing_facts(now, named=full),
            "order": _order_facts(order),
        }
        earlier = _superseded(log, entry)
        if full:
            gone = log.taken_back(seq)
            place |= {"takes_back": gone} if gone else {}
            earlier += [f"  takes back {KINDS[kind]} {listed(ids)}" for kind, ids in gone.items()]
    if json:
        emit(place | story.data)
        return HOLDS
    whose = "" if place["case"] is None else f", case {printable(place['case'])}"
    say(f"record #{seq} of {place['time']}, submission {place['id']}{whose}")
    for line in (*_standing(seq, others), *earlier, *_order_lines(order)):
        say(line)
    if now.seq == seq and (now.said or now.is_stale or now.void or now.reinstate or now.erased is not None):
        for line in standing_lines(now, named=full):
            say(line)
    if (
        "remarks" in story.data
    ):  # what raters wrote, and how they are called, is a stranger's text: a line break in it must not begin a line
        story.data["remarks"] = [printable(remark) for remark in story.data["remarks"]]
    say(story.text())
    return HOLDS


def _order_facts(order: Precedence) -> dict[str, Any]:
    """What came before the candidate started, for machines."""
    keys = ("rubric", "rubric_time", "opening", "opening_time", "notice_at", "started_at", "in_order")
    return {**{key: getattr(order, key) for key in keys}, "remarks": list(order.remarks)}


def _order_lines(order: Precedence) -> Iterator[str]:
    """What came before the candidate started. The order of records is proven, the times are what was claimed."""
    opened = "" if order.opening is None else f", the opening as #{order.opening} of {order.opening_time}"
    started = f"; the candidate started at {order.started_at}" if order.started_at else ""
    where = "nowhere" if order.rubric is None else f"as #{order.rubric} of {order.rubric_time}"
    yield f"the rubric is recorded {where}{opened}{started}"
    yield from (f"  {remark}: {REMARKS[remark]}" for remark in order.remarks)


def _standing(seq: int, others: list[int]) -> Iterator[str]:
    """How a decision stands among those of its case."""
    if others:
        if max(others) > seq:
            yield f"record #{max(others)} of the same case is newer, and counts instead of this one"
        listed = ", ".join(f"#{other}" for other in others)
        yield f"the case has {len(others)} other decision{'s' * (len(others) > 1)}: {listed}"


def _superseded(log: AuditLog, entry: dict[str, Any]) -> list[str]:
    """What the decision said that this one replaced; a line, or none where it is the first of its case."""
    seq = entry["body"]["supersedes"]
    if seq is None:
        return []
    earlier = log.read(seq)
    if earlier["type"] != "decision":
        raise LogError(f"supersedes record #{seq}, which is a {earlier['type']}", seq=entry["seq"])
    said = earlier["body"]["decision"]
    at = f", level {said['level']}" if said["level"] else ""
    return [f"supersedes #{seq}: {said['verdict'] or said['status']}, profile {said['profile']}{at}"]


def _others(log: AuditLog, entry: dict[str, Any]) -> list[int]:
    """The other decisions of the same case. Their digest tells them, so a log without its vault is asked record by record."""
    case = log.case(entry["seq"])
    if case is not None:
        return [record["seq"] for record in log.find(case) if record["seq"] != entry["seq"]]
    digest = entry["body"]["disclosures"]["case"]
    wanted = digest.encode()
    near = [seq for seq, line in log.records() if wanted in line and seq != entry["seq"]]
    return [record["seq"] for record in map(log.read, near) if _is_of(record, digest)]


def _is_of(record: dict[str, Any], digest: str) -> bool:
    return bool(record["type"] == "decision" and record["body"]["disclosures"]["case"] == digest)
