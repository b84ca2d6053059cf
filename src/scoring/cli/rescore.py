"""
The command `rescore`: past cases under the version that replaces their rubric.

Owns how a plan is shown before anything is done, and that nothing is done unless asked. Must not know which cases move or why: the log's own rescoring tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from scoring import canonical
from scoring.audit.rescore import Rescore, Unscored
from scoring.cli.inputs import examined, must_keep, open_log, tell_heads
from scoring.cli.options import WRITING, In, Writing
from scoring.cli.output import HOLDS, UNCHECKED, CallError, Table, complain, counted, emit, progress, say
from scoring.cli.results import listed
from scoring.errors import RubricError

if TYPE_CHECKING:
    from typing import Any

    from scoring import AuditLog, Decision
    from scoring.audit.rescore import Applied, CaseChange

__all__ = ["rescore"]

_ROWS = 64  # cases lined up together
_ITEMS = 3  # items of a case that are named in a row


def rescore(
    directory: str,
    /,
    *,
    new: Annotated[In, Parameter(name="--with")],
    policy: Literal["all", "never-lower"],
    apply: bool = False,
    per_answer: bool = False,
    vault: str | None = None,
    opening: Writing = WRITING,
    json: bool = False,
) -> int:
    """
    See whom a new version of a rubric would move; with --apply, record decisions that supersede the old ones.

    Every case whose newest decision was made by the version that the new one replaces is scored again, with the profile and level it was scored by, and with
    what a person said that is in force. Nothing old is touched, and what was applied once is not applied again.

    Args:
        directory: The log.
        new: The new version, a rubric.yaml, the directory that holds it, or a pack, which names the old one under `replaces:`.
        policy: all; or never-lower, which leaves alone whoever would be worse off.
        apply: Record what the policy allows; otherwise it is only shown.
        per_answer: With --apply: keep each answer as a disclosure of its own, so that one can be shown to an auditor without the others.
        vault: The log's vault, where it does not lie beside the log.
        opening: What the log is opened with.
        json: One JSON object a case, and one for the whole, for machines.
    """
    problems, rubric = examined(new, any_level=True)
    if rubric is None:
        raise RubricError(problem for problem in problems if problem.severity == "error")
    if opening.key and not apply:
        raise CallError("--key signs what --apply records: give both")
    with open_log(directory, opening, vault=vault, per_answer=per_answer) as log:
        must_keep(directory, vault)
        again = Rescore(log, rubric, policy)
        _must_have_replaced(log, again)
        plan = _Plan(log, json=json)
        plan.show(again)
        if not json:
            say(plan.summed_up())
        done = again.apply() if apply else None
        for failed in () if done is None else done.unscored:
            plan.take_unscored(failed)
        status = tell_heads(log) if apply else HOLDS
    if json:
        for old, record in () if done is None else done.recorded:
            emit({"type": "applied", "supersedes": old, "record": record})
        counts = {"differ": plan.differ, "alike": plan.alike, "worse": plan.worse, "unscored": plan.unscored}
        after = {"applied": apply, "recorded": len(done.recorded) if done else 0, "left": len(done.left) if done else 0}
        emit({"type": "rescore", "policy": policy, **counts, **after})
    else:
        say(_told(done, directory, plan))
    return UNCHECKED if plan.unscored else status


def _must_have_replaced(log: AuditLog, again: Rescore) -> None:
    """Refuse a rubric that replaces a version that this log never saw: most likely it is the wrong file, or the wrong log."""
    wanted = (again.names.rubric, again.names.replaces)
    seen = set()
    for _, line in log.records():
        record: Any = canonical.loads(line)
        if record["type"] == "rubric":
            seen.add((record["body"]["rubric"], record["body"]["version"]))
    if wanted not in seen:
        has = ", ".join(f"{name} {version}" for name, version in sorted(seen)) or "none"
        raise CallError(f"it replaces {wanted[0]} {wanted[1]}, which this log does not have; its rubrics: {has}")


class _Plan:
    """
    What would come of a rescore, shown as it is found.

    Attributes:
        differ: Cases whose verdict, action or score would be another; alike: those where none would; worse: those that would be worse off.
    """

    def __init__(self, log: AuditLog, *, json: bool) -> None:
        self._log = log
        self._json = json
        self._moves: dict[tuple[str, str], int] = {}
        self._stays = 0
        self._failed: set[int] = set()
        self.differ = self.alike = self.worse = 0

    @property
    def unscored(self) -> int:
        """How many cases cannot be scored again."""
        return len(self._failed)

    def show(self, again: Rescore) -> None:
        """Show every case that would change or lose a person's word, and every one that cannot be scored again."""
        table = Table("record", "case", "is now", "would be", "because of", "policy")
        for number, change in enumerate(progress(again.plan(), "cases"), 1):
            if isinstance(change, Unscored):
                self.take_unscored(change)
            else:
                self._take(change, table)
            if number % _ROWS == 0:
                table.show()
        table.show()

    def take_unscored(self, change: Unscored) -> None:
        """Show a case that cannot be scored again, once: applying finds most of them a second time, and those of which something was said meanwhile."""
        if change.seq in self._failed:
            return
        self._failed.add(change.seq)
        if self._json:
            emit({"type": "unscored", "record": change.seq, "case": self._log.case(change.seq), "why": change.why})
        else:
            complain(f"record #{change.seq} cannot be scored again: {change.why}")

    def _take(self, change: CaseChange, table: Table) -> None:
        self.worse += change.is_worse
        self.differ += change.differs
        self.alike += not change.differs
        self._stays += not change.applies
        if not change.differs and change.applies and change.person is None:
            return
        move = (_result(change.old), _result(change.new))
        self._moves[move] = self._moves.get(move, 0) + 1
        case = self._log.case(change.seq)
        if self._json:
            emit({"type": "case", "record": change.seq, "case": case, **_facts(change)})
            return
        before, after = (
            f"{_result(decision)} {decision.percent or ''}".rstrip() for decision in (change.old, change.new)
        )
        table.row(f"#{change.seq}", case or "-", before, after, _because(change), _by_policy(change))

    def summed_up(self) -> str:
        """How many cases move, and how."""
        if not self.differ + self.alike + self.unscored:
            return "no case's newest decision is by the version that this one replaces"
        lines = [f"{self.differ} would change, {self.alike} would not, {self.unscored} cannot be scored again"]
        lines += [f"  {old} -> {new}: {count:,}" for (old, new), count in self._moves.items() if old != new]
        if self._stays:
            lines.append(f"  left as they are, because they would be worse off: {self._stays}")
        return "\n".join(lines)


def _result(decision: Decision) -> str:
    return f"{decision.verdict or decision.status}, {decision.action}"


def _because(change: CaseChange) -> str:
    """The items that earn or come to something else; where none does, it is the rules beyond them."""
    if not change.items:
        return "weights, cuts or overrides" if change.differs or change.is_worse else "-"
    return listed(
        [
            f"{item.item} {item.old_outcome or '-'} -> {item.new_outcome or '-'}"
            if item.old_outcome != item.new_outcome
            else f"{item.item} {item.old_points} -> {item.new_points}"
            for item in change.items
        ],
        _ITEMS,
    )


def _by_policy(change: CaseChange) -> str:
    """Whether it is recorded, and what a person's word would be lost by it."""
    word = f"; the {change.person} no longer counts" if change.person else ""
    return f"records it{word}" if change.applies else "leaves it: worse off"


def _facts(change: CaseChange) -> dict[str, Any]:
    return {
        "id": change.id,
        "old": _decided(change.old),
        "new": _decided(change.new),
        "items": [
            {
                "item": item.item,
                "old_outcome": item.old_outcome,
                "new_outcome": item.new_outcome,
                "old_points": None if item.old_points is None else str(item.old_points),
                "new_points": None if item.new_points is None else str(item.new_points),
            }
            for item in change.items
        ],
        "worse": change.is_worse,
        "person": change.person,
        "applies": change.applies,
    }


def _decided(decision: Decision) -> dict[str, Any]:
    facts = {key: decision.data[key] for key in ("status", "verdict", "action", "score", "determined_by", "holds")}
    return {**facts, "percent": decision.percent}


def _told(done: Applied | None, directory: str, plan: _Plan) -> str:
    if done is not None:
        left = f", {len(done.left):,} left as they are" if done.left else ""
        return f"{counted(len(done.recorded), 'decision')} recorded{left}; the older ones stay in the log"
    if not plan.differ + plan.alike:
        return "nothing to record"
    return f"nothing was recorded: --apply records these decisions in {directory}"
