"""
Recompute what was decided: answers to outcomes with the vault, outcomes to the verdict from the log alone.

The only module of `audit` that meets the engine. Must not know how a log is laid out: it takes records, packs and disclosures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring import canonical
from scoring.audit.fields import record_misfit
from scoring.audit.report import FAILS, HOLDS, NOT_CHECKED, Finding, counted, shown
from scoring.audit.value import Value
from scoring.errors import LogError, ScoringError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from fractions import Fraction
    from typing import Any, TypeAlias

    from scoring.audit.packs import Packs
    from scoring.audit.vault import Vault
    from scoring.engine.decision import Decision
    from scoring.engine.rubric import Rubric

    # What other modules call these two; only this one meets the engine.
    Scored: TypeAlias = Decision
    Prepared: TypeAlias = Rubric

__all__ = ["ANSWERS", "OUTCOMES", "ReplayReport", "Rubrics", "points_of", "prepared", "replay"]

ANSWERS, OUTCOMES = "answers -> outcomes", "outcomes -> verdict"

MAX_NAMED = 100  # differences that a report names one by one; it counts all of them
_PLANS = 32  # prepared rubrics kept at hand; one of 500 items takes some megabytes


class ReplayReport(Value):
    """
    What replaying found. Printed, it is its lines.

    Attributes:
        decisions: How many decisions were recomputed.
        findings: One for each of the two steps; where it fails, the first decision that does.
        differences: Each failing step of each decision, at most 100.
    """

    __slots__ = ("decisions", "findings", "differences")  # noqa: RUF023 - in the order of the constructor

    decisions: int
    findings: tuple[Finding, Finding]
    differences: tuple[Finding, ...]

    def __init__(self, decisions: int, findings: tuple[Finding, Finding], differences: tuple[Finding, ...]) -> None:
        super().__init__(decisions, findings, differences)

    @property
    def ok(self) -> bool:
        """Whether nothing differs; some of it may not have been checked: ask `complete` as well."""
        return not any(finding.result == FAILS for finding in self.findings)

    @property
    def complete(self) -> bool:
        """Whether both steps of every decision were recomputed, and nothing differs."""
        return all(finding.result == HOLDS for finding in self.findings)

    def __repr__(self) -> str:
        return shown(self.findings)

    __str__ = __repr__

    def __getitem__(self, check: str) -> Finding:
        return next(finding for finding in self.findings if finding.check == check)


def prepared(pack: bytes, profile: str, level: str | None) -> Rubric:
    """
    Prepare a rubric for another profile and level.

    Raises:
        RubricError: The pack has no such profile or level.
    """
    from scoring.engine.rubric import Rubric

    return Rubric(pack, profile=profile, level=level)


def points_of(decision: Decision) -> dict[str, Fraction]:
    """What each item earned, in points."""
    from fractions import Fraction

    plan = decision.plan
    coded = zip(plan.items, decision.standing.codes, strict=True)
    return {item.id: Fraction(item.points[code], plan.sections[item.section].unit) for item, code in coded}


class Rubrics:
    """The rubrics that a log cites, prepared once for each profile and level. Threads may share them."""

    def __init__(self, packs: Packs) -> None:
        self._packs = packs
        self._prepared: dict[tuple[str, str, str | None], Rubric] = {}

    def of(self, decision: dict[str, Any]) -> Rubric:
        """
        Return the rubric that a decision was made by.

        Raises:
            LogError: Its pack is missing or was changed.
            RubricError: It is no pack, or has no such profile.
        """
        key = (decision["pack"], decision["profile"], decision["level"])
        rubric = self._prepared.get(key)
        if rubric is None:
            rubric = prepared(self._packs.read(key[0]), key[1], key[2])
            if len(self._prepared) >= _PLANS:
                self._prepared = {}  # replaced, not emptied: another thread may be reading it
            self._prepared[key] = rubric
        return rubric

    def decision(self, recorded: dict[str, Any]) -> Decision:
        """
        Make a recorded decision readable.

        Raises:
            LogError: It does not follow from its own outcomes.
        """
        decision = self.of(recorded).rejudge(recorded)
        differs = _difference(recorded, decision.data)
        if differs is not None:
            raise LogError(f"a recorded decision does not follow from its outcomes: {differs[0]} differs; run verify")
        return decision


def replay(
    lines: Iterable[tuple[int, bytes]],
    packs: Packs,
    vault: Vault | None,
    no_vault: str,
    erased_by: Callable[[str], int | None] = lambda _: None,
) -> ReplayReport:
    """
    Recompute decisions, in little memory.

    Args:
        lines: Records as (seq, line); what is no decision is passed over.
        packs: Of the log.
        vault: Of the log, or None.
        no_vault: Why there is no vault, where there is none.
        erased_by: Gives the record by which the case with a digest was erased, if it was.

    Source: FORMAT.md 6, 8; DESIGN 2.
    """
    tallies = (_Tally(ANSWERS), _Tally(OUTCOMES))
    differences: list[Finding] = []
    decisions = 0
    rubrics = Rubrics(packs)
    told = _Told(vault, no_vault, erased_by)
    for seq, line in lines:
        for tally, finding in zip(tallies, _steps(seq, line, rubrics, told), strict=False):
            decisions += tally is tallies[0]
            tally.take(finding)
            if finding.result == FAILS and len(differences) < MAX_NAMED:
                differences.append(finding)
    return ReplayReport(decisions, (tallies[0].finding(), tallies[1].finding()), tuple(differences))


class _Told:
    """What was scored, or why nobody can tell."""

    def __init__(self, vault: Vault | None, no_vault: str, erased_by: Callable[[str], int | None]) -> None:
        self._vault = vault
        self._no_vault = no_vault
        self._erased_by = erased_by

    def submission(self, digests: dict[str, str]) -> Any:
        """
        Read a submission; None where the vault does not have it.

        Raises:
            LogError: Its disclosure was changed.
        """
        return self._vault.value(digests["submission"], "submission") if self._vault else None

    def why_not(self, digests: dict[str, str]) -> str:
        """Say why there is none."""
        seq = self._erased_by(digests["case"])
        if seq is not None:
            return f"erased at record {seq}"
        return self._no_vault if self._vault is None else _lacking(self._vault, digests["submission"])


def _lacking(vault: Vault, digest: str) -> str:
    """Say which part of a submission a vault does not have; what an item is called stands in its answer, and went with it."""
    parts = vault.parts(digest)
    gone = sum(vault.text(part) is None for part in parts)
    if not gone:
        return "the vault does not have its submission"
    return f"the vault has its submission, but not {gone} of its {counted(len(parts), 'answer')}"


def _steps(seq: int, line: bytes, rubrics: Rubrics, told: _Told) -> Iterator[Finding]:
    """The two steps of one decision; nothing for another record."""
    try:
        record: Any = canonical.loads_canonical(line)
        wrong = record_misfit(record)
    except canonical.CanonicalError as error:
        wrong = f"no record: {error}"
    if wrong:
        yield Finding(ANSWERS, FAILS, wrong, seq)
        yield Finding(OUTCOMES, FAILS, wrong, seq)
    elif record["type"] == "decision":
        yield _answers(seq, record["body"], rubrics, told)
        yield _outcomes(seq, record["body"]["decision"], rubrics)


def _answers(seq: int, body: dict[str, Any], rubrics: Rubrics, told: _Told) -> Finding:
    recorded = body["decision"]
    try:
        submission = told.submission(body["disclosures"])
        if submission is None:
            return Finding(ANSWERS, NOT_CHECKED, told.why_not(body["disclosures"]), seq)
        again = rubrics.of(recorded).score(submission).data
    except ScoringError as error:
        return Finding(ANSWERS, FAILS, f"cannot be scored again: {error}", seq)
    return _compare(ANSWERS, seq, recorded, again)


def _outcomes(seq: int, recorded: dict[str, Any], rubrics: Rubrics) -> Finding:
    try:
        again = rubrics.of(recorded).rejudge(recorded).data
    except ScoringError as error:
        return Finding(OUTCOMES, FAILS, f"cannot be judged again: {error}", seq)
    return _compare(OUTCOMES, seq, recorded, again)


def _compare(check: str, seq: int, recorded: dict[str, Any], again: dict[str, Any]) -> Finding:
    differs = _difference(recorded, again)
    if differs is None:
        return Finding(check, HOLDS, "the same decision, to the byte", seq)
    field, before, now = differs
    # No field of a decision holds an answer, so that both values can be shown.
    return Finding(check, FAILS, f"{field} differs", seq, expected=now, found=before)


def _difference(recorded: Any, again: Any) -> tuple[str, str, str] | None:
    """The first field, in the order of keys, that differs between two decisions, and both values; None for the same bytes."""
    if canonical.dumps(recorded) == canonical.dumps(again):
        return None
    path = []
    while type(recorded) is dict and type(again) is dict:
        key = next(k for k in sorted({*recorded, *again}) if recorded.get(k, _NONE) != again.get(k, _NONE))
        path.append(key)
        recorded, again = recorded.get(key, _NONE), again.get(key, _NONE)
    return "/".join(path), _shown(recorded), _shown(again)


_NONE = object()  # no such key: not the same as null


def _shown(value: Any) -> str:
    return "nothing" if value is _NONE else canonical.dumps(value).decode()


class _Tally:
    """One step over many decisions."""

    def __init__(self, check: str) -> None:
        self.check = check
        self.counts = {HOLDS: 0, FAILS: 0, NOT_CHECKED: 0}
        self.first: dict[str, Finding] = {}

    def take(self, finding: Finding) -> None:
        self.counts[finding.result] += 1
        self.first.setdefault(finding.result, finding)

    def finding(self) -> Finding:
        total = sum(self.counts.values())
        for result in (FAILS, NOT_CHECKED):
            if self.counts[result]:
                first = self.first[result]
                count = "" if total == 1 else f" ({self.counts[result]} of {total} decisions)"
                return first.saying(first.detail + count)
        if total == 0:
            return Finding(self.check, NOT_CHECKED, "there is no decision")
        if total == 1:
            return self.first[HOLDS]
        return Finding(self.check, HOLDS, f"{total} decisions, each the same to the byte")
