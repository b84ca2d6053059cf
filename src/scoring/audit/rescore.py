"""
Scoring past cases again under the version of their rubric that replaces the one they were scored by.

First a plan: every case whose newest decision was made by the replaced version, what it would come to, and why. Then, if somebody wants it, decisions that
supersede the old ones. No record is altered. Must not know how an answer is scored: old decisions are read under their own pack, and new ones made by the
new rubric.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import islice

from scoring import canonical
from scoring.audit.entry import Entry
from scoring.audit.packs import names_in
from scoring.audit.replay import points_of, prepared
from scoring.audit.value import Value
from scoring.errors import LogError, Problem, RubricError, ScoringError, SubmissionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction
    from typing import Any

    from scoring.audit.log import AuditLog
    from scoring.audit.packs import Names
    from scoring.audit.replay import Prepared, Scored

__all__ = ["POLICIES", "Applied", "CaseChange", "ItemChange", "Rescore", "Unscored", "rescore_id"]

POLICIES = ("all", "never-lower")
_BATCH = 64  # decisions that share one fdatasync
_ACTIONS = ("advance", "review", "decline")  # best first
_RUBRICS = 32  # kept prepared at once


class ItemChange(Value):
    """
    What became of one item of one case.

    Attributes:
        item: Its id.
        old_outcome, new_outcome: By name; None where that version has no such item.
        old_points, new_points: Exact; None as above.
    """

    __slots__ = ("item", "old_outcome", "new_outcome", "old_points", "new_points")  # noqa: RUF023 - in the order of the constructor

    item: str
    old_outcome: str | None
    new_outcome: str | None
    old_points: Fraction | None
    new_points: Fraction | None


class CaseChange(Value):
    """
    What one case would come to.

    Attributes:
        seq: The decision that would be superseded. id: What the new one would be called.
        old, new: Both decisions.
        items: Items whose outcome or points differ, in the order of the new rubric.
        is_worse: The verdict, its own action or the action is worse than what counts now, a person's word included; a verdict is gone; or a case that waits
            would wait no more, or for less. See `_is_worse`.
        person: ``confirm`` or ``override`` where a person's word on the old decision would no longer count, else None.
        applies: Whether the policy lets it be applied.
    """

    __slots__ = ("seq", "id", "old", "new", "items", "is_worse", "person", "applies", "entry")  # noqa: RUF023 - in the order of the constructor

    seq: int
    id: str
    old: Scored
    new: Scored
    items: tuple[ItemChange, ...]
    is_worse: bool
    person: str | None
    applies: bool
    entry: Entry

    __hash__ = None  # type: ignore[assignment]

    @property
    def differs(self) -> bool:
        """Whether verdict, action or score would be another."""
        return any(self.old.data[key] != self.new.data[key] for key in ("verdict", "action", "score"))

    def __repr__(self) -> str:
        return f"CaseChange(seq={self.seq}, {self.old.verdict} -> {self.new.verdict})"


class Unscored(Value):
    """
    A case that cannot be scored again.

    Attributes:
        seq: Its newest decision.
        why: In one sentence; no answer is repeated.
    """

    __slots__ = ("seq", "why")

    seq: int
    why: str


class Applied(Value):
    """
    What applying did.

    Attributes:
        recorded: (old record, new record) of every case that was scored again.
        left: Records that the policy left as they are.
        unscored: Cases that could not be.
    """

    __slots__ = ("recorded", "left", "unscored")  # noqa: RUF023 - in the order of the constructor

    recorded: tuple[tuple[int, int], ...]
    left: tuple[int, ...]
    unscored: tuple[Unscored, ...]


def rescore_id(pack: str, old_id: str) -> str:
    """Return what the decision is called that supersedes *old_id* under the pack with this digest: the same whenever it is asked."""
    return f"rescore-{sha256((pack + old_id).encode()).hexdigest()[:32]}"


class Rescore:
    """
    A rescore of one log: `plan` shows, `apply` records.

    Args:
        log: Open, with its vault.
        rubric: The new version; each case is scored by the profile and level of its own old decision.
        policy: ``all``, or ``never-lower``: cases that would be worse off are left.

    Raises:
        RubricError: It does not say which version it replaces.
        ValueError: There is no such policy.
    """

    def __init__(self, log: AuditLog, rubric: Prepared, policy: str) -> None:
        if policy not in POLICIES:
            raise ValueError(f"a policy is {' or '.join(POLICIES)}")
        names = names_in(rubric.pack)
        if names is None or names.replaces is None:
            message = "says of no version that it replaces it: an amendment names it under `replaces:`"
            raise RubricError([Problem("rescore-replaces", message, path="replaces")])
        self.log = log
        self.rubric = rubric
        self.policy = policy
        self.names: Names = names
        self._prepared: dict[tuple[str, str | None], Prepared | RubricError] = {}

    def plan(self) -> Iterator[CaseChange | Unscored]:
        """
        Go through the cases whose newest decision was made by the replaced version, in the order of these decisions.

        Yields:
            For each case what it would come to, or why it cannot be scored again. Memory: some 200 bytes for each case of the log.
        """
        for seq in self._newest():
            try:
                yield self._change(seq)
            except (LogError, RubricError, SubmissionError) as error:
                yield Unscored(seq, _why(error))

    def apply(self) -> Applied:
        """
        Record what the policy allows. Again, it finds nothing left to do.

        Raises:
            As `AuditLog.decide`, for what concerns the log or the machine; batches before that are recorded.
        """
        recorded: list[tuple[int, int]] = []
        left: list[int] = []
        unscored: list[Unscored] = []
        changes = self._applicable(left, unscored)
        while batch := [*islice(changes, _BATCH)]:
            done = self.log.amend(self.rubric, [(change.entry, change.seq) for change in batch])
            for change, new in zip(batch, done, strict=True):
                if isinstance(new, int):
                    recorded.append((change.seq, new))
                else:
                    unscored.append(Unscored(change.seq, _why(new)))
        return Applied(tuple(recorded), tuple(left), tuple(unscored))

    def _applicable(self, left: list[int], unscored: list[Unscored]) -> Iterator[CaseChange]:
        for change in self.plan():
            if isinstance(change, Unscored):
                unscored.append(change)
            elif change.applies:
                yield change
            else:
                left.append(change.seq)

    def _newest(self) -> list[int]:
        """The newest decisions that the replaced version made."""
        replaced: set[str] = set()
        newest: dict[bytes, int | None] = {}
        for seq, line in self.log.records():
            record: Any = canonical.loads_canonical(line)
            body = record["body"]
            if record["type"] == "rubric":
                if (body["rubric"], body["version"]) == (self.names.rubric, self.names.replaces):
                    replaced.add(body["pack"])
            elif record["type"] == "decision":
                case = bytes.fromhex(body["disclosures"]["case"])
                newest[case] = seq if body["decision"]["pack"] in replaced else None
        return sorted(seq for seq in newest.values() if seq is not None)

    def _change(self, seq: int) -> CaseChange:
        record = self.log.read(seq)
        old = self.log.decision(seq)
        case, submission = self.log.case(seq), self.log.submission(seq)
        if case is None or submission is None:
            erased = self.log.erased(seq)
            why = "the vault does not have what was scored" if erased is None else f"erased at record {erased}"
            raise LogError(why)
        sent = {key: value for key, value in submission.items() if key not in {"void", "reinstate"}}
        inputs = self.log.inputs(case, sent)
        new = self._rubric(old.data["profile"], old.data["level"]).score(inputs)
        name = rescore_id(self.rubric.digest, record["body"]["id"])
        standing = self.log.standing(seq)
        if standing.is_stale and self.policy == "never-lower":
            raise LogError(_STALE)
        said = standing.said
        counts = said is not None and not standing.is_stale
        verdict = standing.effective_verdict if counts else old.data["verdict"]
        action = standing.host_action if counts else old.data["action"]
        worse = _waits_for_less(old, new) if old.status == "pending" else _is_worse(old, verdict, action, new)
        applies = self.policy == "all" or not worse
        entry = Entry(name, case, new.data, inputs)
        return CaseChange(seq, name, old, new, _items(old, new), worse, said.action if said else None, applies, entry)

    def _rubric(self, profile: str, level: str | None) -> Prepared:
        if (profile, level) not in self._prepared:
            if len(self._prepared) >= _RUBRICS:
                self._prepared.clear()
            try:
                self._prepared[profile, level] = prepared(self.rubric.pack, profile, level)
            except RubricError as error:
                self._prepared[profile, level] = error
        found = self._prepared[profile, level]
        if isinstance(found, RubricError):
            raise found
        return found


_STALE = (
    "a void or reinstate of this case, or the withdrawal of one, came after its newest decision, so that never-lower has nothing to compare with: "
    "score it again by the version that decided it, and then plan again"
)


def _is_worse(old: Scored, verdict: str | None, action: str, new: Scored) -> bool:
    """
    Whether a case that does not wait loses by it; without a verdict there is nothing to lose.

    Args:
        old: By which *verdict* is known: the one that counts now, a person's word included.
        verdict: None where the sitting is void.
        action: What a host does now.
        new: What it would come to.
    """
    if verdict is None:
        return False
    if new.verdict is None:
        return True
    return _is_lower(old, verdict, new, new.verdict) or _below(new.action, action)


def _waits_for_less(old: Scored, new: Scored) -> bool:
    """Whether a pending case loses by it: it would wait no more, the best it can come to is gone, or it can come to worse than before; or nobody can tell."""
    if new.status != "pending" or not old.reachable or not new.reachable:
        return True
    ends = (0, -1)  # the best and the worst: what is reachable is listed best first
    return any(_is_lower(old, old.reachable[end], new, new.reachable[end]) for end in ends)


def _is_lower(old: Scored, before: str, new: Scored, after: str) -> bool:
    """
    Whether a verdict of the new version is worse than one of the old: by its own action, and by its place among the new version's.

    A name says what the new version means by it, and a verdict that it lacks is compared by its action alone.
    """
    own_before, own_after = (dict(zip(made.plan.verdicts, made.plan.actions, strict=True)) for made in (old, new))
    order = new.plan.verdicts
    return _below(own_after[after], own_before.get(before, "advance")) or (
        before in order and order.index(after) > order.index(before)
    )


def _below(action: str, than: str) -> bool:
    return _ACTIONS.index(action) > _ACTIONS.index(than)


def _why(error: ScoringError) -> str:
    if isinstance(error, SubmissionError):
        return f"the new version refuses what was handed in: {error}"
    if isinstance(error, RubricError):
        return f"the new version cannot take its place: {error}"
    return str(error)


def _items(old: Scored, new: Scored) -> tuple[ItemChange, ...]:
    before, after = _by_item(old), _by_item(new)
    ids: Iterable[str] = [*after, *(item for item in before if item not in after)]
    nothing = (None, None)
    changes = []
    for item in ids:
        (old_outcome, old_points), (new_outcome, new_points) = before.get(item, nothing), after.get(item, nothing)
        if (old_outcome, old_points) != (new_outcome, new_points):
            changes.append(ItemChange(item, old_outcome, new_outcome, old_points, new_points))
    return tuple(changes)


def _by_item(decision: Scored) -> dict[str, tuple[str, Fraction]]:
    """Each item's outcome and what it earned."""
    points = points_of(decision)
    return {item: (name, points[item]) for item, name in decision.outcomes.items()}
