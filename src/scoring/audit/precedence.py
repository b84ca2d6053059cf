"""
What came first: whether the key, the opening and the notice were there before the candidate started.

That the records stand in the log before the decision is shown by its order, and `verify` checks it. When the candidate started is only claimed, in the
submission, and when a record was made is what the writer's clock said: comparing these shows what the log *says* of itself, and it never fails a check.
Pure. Must not know of files.
"""

from __future__ import annotations

from scoring.audit.fields import is_time
from scoring.audit.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["REMARKS", "Precedence", "claimed_times", "precedence", "remarks"]

REMARKS = {  # code: what it says, by the times that are claimed
    "key_not_predefined": "the rubric that decided was recorded after the candidate started",
    "opening_not_before": "the opening was recorded after the candidate started",
    "notice_not_before": "the notice was shown after the candidate started",
}


class Precedence(Value):
    """
    What the log's order, and the times that it claims, say of one decision.

    Attributes:
        seq: The decision.
        rubric, opening: The records of its rubric and of its case's opening, or None; both come before it in a log that verifies.
        rubric_time, opening_time: When they were made, by the writer's clock.
        started_at, notice_at: When the candidate started and was told, by the submission; None where it does not say, or the vault does not have it.
        in_order: Whether the rubric and the opening, if there is one, stand before the decision: what the order alone shows.
        remarks: Keys of `REMARKS`; none where `started_at` is None, for then nothing can be compared.
    """

    __slots__ = (  # noqa: RUF023 - in the order of the constructor
        "seq", "rubric", "rubric_time", "opening", "opening_time", "started_at", "notice_at", "in_order", "remarks",
    )  # fmt: skip

    seq: int
    rubric: int | None
    rubric_time: str | None
    opening: int | None
    opening_time: str | None
    started_at: str | None
    notice_at: str | None
    in_order: bool
    remarks: tuple[str, ...]


def precedence(
    record: dict[str, Any],
    *,
    cited: dict[str, Any] | None,
    opening: dict[str, Any] | None,
    submission: dict[str, Any] | None,
) -> Precedence:
    """
    Compare a decision with what should have come before it.

    Args:
        record: The decision's.
        cited: The record of its rubric.
        opening: That of its case's opening, if there is one.
        submission: What was scored, or None where the vault does not have it.
    """
    started_at, notice_at = claimed_times(submission)
    rubric_time = cited["time"] if cited else None
    opening_time = opening["time"] if opening else None
    return Precedence(
        record["seq"],
        cited["seq"] if cited else None,
        rubric_time,
        opening["seq"] if opening else None,
        opening_time,
        started_at,
        notice_at,
        cited is not None and cited["seq"] < record["seq"] and (opening is None or opening["seq"] < record["seq"]),
        remarks(rubric_time, opening_time, started_at, notice_at),
    )


def claimed_times(submission: Any) -> tuple[str | None, str | None]:
    """When the candidate started, and when the notice was shown, as a submission says; None where it does not."""
    facts = submission.get("facts") if type(submission) is dict else None
    facts = facts if type(facts) is dict else {}
    notice = facts.get("notice")
    times = (facts.get("started_at"), notice.get("at") if type(notice) is dict else None)
    started_at, notice_at = (value if is_time(value) else None for value in times)
    return started_at, notice_at


def remarks(
    rubric_time: str | None, opening_time: str | None, started_at: str | None, notice_at: str | None
) -> tuple[str, ...]:
    """Name what came after the start; fixed-width UTC sorts as time does."""
    if started_at is None:
        return ()
    pairs = zip(REMARKS, (rubric_time, opening_time, notice_at), strict=True)
    return tuple(code for code, time in pairs if time is not None and time > started_at)
