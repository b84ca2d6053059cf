"""
How cases stand: what the rules say, what a person says, and what a host is to do; for one case, and counted over all.

Owns how a decision and a person's words come together (`audit/FORMAT.md`, section 4). It alters neither. Must not know how a log is laid out.
"""

from __future__ import annotations

from hashlib import sha256
from heapq import nsmallest

from scoring import canonical
from scoring.audit.course import Course, case_of
from scoring.audit.fields import record_misfit
from scoring.audit.value import Value
from scoring.errors import LogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from scoring.audit.course import Lookup
    from scoring.audit.vault import Vault

__all__ = ["Named", "Said", "Standing", "Status", "standing", "status"]


class Said(Value):
    """
    A resolution, with what the vault knows of it.

    Attributes:
        seq: Its record. decision: The decision that it is about.
        action, reason, verdict, stage: As the record has them.
        who, why: As the vault has them, or None.
    """

    __slots__ = ("seq", "decision", "action", "reason", "verdict", "stage", "who", "why")  # noqa: RUF023 - in the order of the constructor

    seq: int
    decision: int
    action: str
    reason: str
    verdict: str | None
    stage: str | None
    who: str | None
    why: str | None

    def __repr__(self) -> str:
        return f"Said(seq={self.seq}, action={self.action!r}, reason={self.reason!r})"  # the rest names people


class Standing(Value):
    """
    How one case stands.

    Attributes:
        seq: Its newest decision. opening: The record of its opening, or None.
        status, verdict, action, holds: What the rules say in it. They are never altered.
        said: The `confirm` or `override` that counts, or None.
        void, reinstate: The resolutions of these kinds in force, or None.
        is_stale: One of these two, or its withdrawal, came after the decision: the case is to be scored again.
        effective_verdict: What counts now: a person's verdict where one overrode, else the rules'; None while there is none, or where the decision is stale.
        effective_action: What that verdict's own action is; None without a verdict.
        host_action: What a host does now: ``advance``, ``review``, ``decline`` or ``wait``.
        erased: The record that says that what the case disclosed was erased, or None.
    """

    __slots__ = (  # noqa: RUF023 - in the order of the constructor
        "seq", "opening", "status", "verdict", "action", "holds", "said", "void", "reinstate", "is_stale", "effective_verdict", "effective_action",
        "host_action", "erased",
    )  # fmt: skip

    seq: int
    opening: int | None
    status: str
    verdict: str | None
    action: str
    holds: tuple[str, ...]
    said: Said | None
    void: Said | None
    reinstate: Said | None
    is_stale: bool
    effective_verdict: str | None
    effective_action: str | None
    host_action: str
    erased: int | None


def standing(course: Course, names: Lookup, vault: Vault | None) -> Standing:
    """
    Bring together what is recorded of one case.

    Raises:
        LogError: It has no decision; or its pack is missing, so that a verdict's action is not known.
    """
    if course.newest is None:
        raise LogError("this case has no decision yet")
    seq, decision = course.newest
    pack = names(decision["pack"])
    if pack is None:
        raise LogError(f"the pack {decision['pack']} is missing or was changed", seq=seq)
    words = [course.word, *(_newest(course, action) for action in ("void", "reinstate"))]
    verdict = None if course.is_stale else _effective_verdict(course, decision)
    action = pack.verdicts.get(verdict) if verdict is not None else None
    return Standing(
        seq,
        course.opening[0] if course.opening else None,
        decision["status"],
        decision["verdict"],
        decision["action"],
        tuple(decision["holds"]),
        *(None if word is None else _said(*word, vault) for word in words),
        course.is_stale,
        verdict,
        action,
        _host_action(course, decision, action),
        course.erased,
    )


def _newest(course: Course, action: str) -> tuple[int, dict[str, Any]] | None:
    return next((placed for placed in reversed(course.live.items()) if placed[1]["action"] == action), None)


def _said(seq: int, body: dict[str, Any], vault: Vault | None) -> Said:
    content = vault.value(body["disclosures"]["resolution"], "resolution") if vault else None
    clear = (body[key] for key in ("decision", "action", "reason", "verdict", "stage"))
    return Said(seq, *clear, *((content or {}).get(key) for key in ("who", "why")))


def _effective_verdict(course: Course, decision: dict[str, Any]) -> str | None:
    word = course.word
    verdict: str | None = decision["verdict"]
    return word[1]["verdict"] if word and word[1]["action"] == "override" else verdict


def _host_action(course: Course, decision: dict[str, Any], effective: str | None) -> str:
    """What a host does: nothing but look where the sitting does not count, nothing at all where the case is to be scored again."""
    if course.is_stale:
        return "review" if course.void is not None else "wait"
    action: str = decision["action"]
    return effective if course.word is not None and effective is not None else action


class Named(Value):
    """
    So many cases, and the newest decisions of the first of them.

    Attributes:
        count: How many.
        seqs: Records, the oldest first, as many as were asked for.
    """

    __slots__ = ("count", "seqs")

    count: int
    seqs: tuple[int, ...]


class Status(Value):
    """
    What waits, what is held, and what people said, over a whole log.

    Attributes:
        records: How many were read. cases: How many have a decision or an opening; decisions: how many decisions.
        opened: Cases that were opened and have no decision yet; these records are openings.
        waits: By stage, the cases that await something there.
        held: By hold, the cases that a person must look at and has not answered: neither confirmed, overridden nor to be scored again.
        again: Cases that are to be scored again, because of a `void`, a `reinstate`, or a withdrawal of one.
        people: By action, and then by reason, how many resolutions are not withdrawn and count; under ``withdraw`` those that withdrew one.
        superseded: The same of those that count no more: a `confirm` or `override` behind which another word or decision came.
        erased: How many of the cases were erased. Nobody can do anything about them, so that they neither wait nor are held.
        recoveries: How often an end that did not hold was cut off the log.
    """

    __slots__ = (
        *("records", "cases", "decisions", "opened", "waits", "held", "again", "people", "superseded", "erased"),
        "recoveries",
    )

    records: int
    cases: int
    decisions: int
    opened: Named
    waits: dict[str, Named]
    held: dict[str, Named]
    again: Named
    people: dict[str, dict[str, int]]
    superseded: dict[str, dict[str, int]]
    erased: int
    recoveries: int

    __hash__ = None  # type: ignore[assignment]


def status(lines: Iterable[tuple[int, bytes]], named: int) -> Status:
    """
    Count over a log, in one pass.

    Args:
        lines: All records as (seq, line).
        named: So many records are named of each kind.

    Raises:
        LogError: A line is no record.
    """
    cases: dict[bytes, Course] = {}
    kept: dict[bytes, dict[str, Any]] = {}
    records = decisions = recoveries = 0
    withdrawn: dict[str, int] = {}
    for seq, line in lines:
        records += 1
        record = _record(seq, line)
        body, kind = record["body"], record["type"]
        digest = case_of(record)
        if digest is None:
            recoveries += kind == "recovery"
            continue
        course = cases.setdefault(bytes.fromhex(digest), Course())
        whole = None
        if kind == "decision":
            decisions += 1
            whole = sha256(canonical.dumps(body["decision"])).digest()
            body = {"decision": _once(kept, body["decision"])}
        elif kind == "resolution" and body["action"] == "withdraw":
            withdrawn[body["reason"]] = withdrawn.get(body["reason"], 0) + 1
        course.take(seq, kind, {key: body[key] for key in _KEPT[kind]}, whole)
        course.words = ()  # of no use here, and the case may have many
    return _counted((records, decisions, recoveries), [*cases.values()], withdrawn, named)


_KEPT = {
    "opening": (),
    "decision": ("decision",),
    "erasure": (),
    "resolution": ("action", "decision", "reason", "stage", "verdict", "withdraws"),
}


def _record(seq: int, line: bytes) -> dict[str, Any]:
    try:
        record: Any = canonical.loads_canonical(line)
        wrong = record_misfit(record)
    except canonical.CanonicalError as error:
        wrong = str(error)
    if wrong:
        raise LogError(f"no record: {wrong}", seq=seq)
    return record  # type: ignore[no-any-return]


def _once(kept: dict[bytes, dict[str, Any]], decision: dict[str, Any]) -> dict[str, Any]:
    """What counts of a decision; cases that stand alike share it, so that a case costs little memory."""
    pending = [stage for stage, (word, _) in decision["stages"].items() if word == "pending"]
    counts = {key: decision[key] for key in ("action", "holds", "void", "reinstate")} | {"pending": pending}
    return kept.setdefault(canonical.dumps(counts), counts)


def _counted(counts: tuple[int, int, int], courses: list[Course], withdrawn: dict[str, int], named: int) -> Status:
    records, decisions, recoveries = counts
    opened: list[int] = []
    again: list[int] = []
    waits: dict[str, list[int]] = {}
    held: dict[str, list[int]] = {}
    people: dict[str, dict[str, int]] = {"withdraw": withdrawn} if withdrawn else {}
    superseded: dict[str, dict[str, int]] = {}
    for course in courses:
        word = course.word
        for seq, body in course.live.items():
            in_force = body["action"] not in {"confirm", "override"} or (word is not None and seq == word[0])
            reasons = (people if in_force else superseded).setdefault(body["action"], {})
            reasons[body["reason"]] = reasons.get(body["reason"], 0) + 1
        if course.erased is not None:
            continue
        if course.newest is None:
            opened += [course.opening[0]] if course.opening else []
            continue
        seq, decision = course.newest
        if course.is_stale:
            again.append(seq)
            continue
        for stage in decision["pending"]:
            waits.setdefault(stage, []).append(seq)
        if word is None:
            for hold in decision["holds"]:
                held.setdefault(hold, []).append(seq)

    def names(seqs: list[int]) -> Named:
        return Named(len(seqs), tuple(nsmallest(named, seqs)))

    return Status(
        records,
        len(courses),
        decisions,
        names(opened),
        *({name: names(seqs) for name, seqs in sorted(found.items())} for found in (waits, held)),
        names(again),
        *(
            {action: dict(sorted(reasons.items())) for action, reasons in sorted(counted.items())}
            for counted in (people, superseded)
        ),
        sum(course.erased is not None for course in courses),
        recoveries,
    )
