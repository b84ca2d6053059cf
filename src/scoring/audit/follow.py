"""
What `verify` checks of one case at a time: its records in order, what its opening fixed, what came first.

Owns how a record is kept until its case is followed (`trimmed`), and what a person's disclosure must hold. The rules themselves are `course`'s. Must not
know how a log is laid out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring import canonical
from scoring.audit.course import Course, merged
from scoring.audit.disclosure import MiscitedError
from scoring.audit.fields import MAX_WHO, MAX_WHY, OPENED_FACTS, is_text
from scoring.audit.instalments import KINDS, items_in, taken_back
from scoring.audit.precedence import REMARKS, claimed_times, remarks
from scoring.audit.report import HOLDS, NOT_CHECKED, RECORDS, REMARK, Finding, counted
from scoring.audit.value import Value
from scoring.errors import LogError, StoreError, SubmissionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from scoring.audit.instalments import Items, Scored
    from scoring.audit.packs import Packs
    from scoring.audit.report import Check, Place
    from scoring.audit.vault import Vault

    Opened: TypeAlias = tuple[str, int, dict[str, Any] | None]  # when, where, and what it fixed, if the vault has it

__all__ = [
    "NOTHING",
    "Disclosed",
    "Follower",
    "InstalmentsLine",
    "PrecedenceLine",
    "TimesLine",
    "content_misfit",
    "disclosed",
    "trimmed",
]

_KEPT = ("handed_in", "level", "pack", "profile", "reinstate", "status", "variant", "verdict", "void")
_NAMED = 10  # ids that a remark names
_PACKS = 32  # whose items are kept at hand
_MOST_LIVE = 10_000  # resolutions of one case that are followed at once; people make a few


def trimmed(kind: str, body: dict[str, Any], time: str, started_at: str | None) -> bytes:
    """Return as much of a body as the case's other records are compared with."""
    return canonical.dumps(_trimmed(kind, body, time, started_at))


def _trimmed(kind: str, body: dict[str, Any], time: str, started_at: str | None) -> dict[str, Any]:
    if kind == "opening":
        return {**body, "time": time}
    if kind in {"resolution", "erasure"}:
        return body
    decision = body["decision"]
    kept = {key: decision[key] for key in _KEPT}
    kept["stages"] = decision["stages"] if decision["status"] == "ended" else {}
    return {"decision": kept, "submission": body["disclosures"]["submission"], "started_at": started_at}


def content_misfit(name: str, value: Any) -> str:
    """What is wrong with what a person's word discloses, if the vault has it. Source: FORMAT.md 8."""
    if value is None or name not in _CONTENTS:
        return ""
    fits, expected = _CONTENTS[name]
    return "" if type(value) is dict and fits(value) else f"the vault's disclosure of this {name} is not {expected}"


def _is_opening(value: dict[str, Any]) -> bool:
    return value.keys() == {"facts"} and type(value["facts"]) is dict and value["facts"].keys() <= {*OPENED_FACTS}


def _is_resolution(value: dict[str, Any]) -> bool:
    return value.keys() == {"who", "why"} and is_text(value["who"], MAX_WHO) and is_text(value["why"], MAX_WHY)


_CONTENTS = {
    "opening": (_is_opening, "the facts that an opening may fix"),
    "resolution": (_is_resolution, "who and why"),
}


class Disclosed(Value):
    """
    What the vault holds for one record.

    Attributes:
        found, missing: How many of its disclosures are there, and how many are not.
        started_at, notice_at: When its candidate started and was told, as far as it says.
    """

    __slots__ = ("found", "missing", "started_at", "notice_at")  # noqa: RUF023 - in the order of the constructor

    found: int
    missing: int
    started_at: str | None
    notice_at: str | None


NOTHING = Disclosed(0, 0, None, None)


def disclosed(vault: Vault | None, digests: dict[str, str], fail: Callable[..., None]) -> Disclosed:
    """
    Look up what a record discloses, and say to *fail* what is wrong: in words, and as `Check.fail` takes it what was expected and found.

    Without a vault that is `NOTHING`.
    """
    if vault is None:
        return NOTHING
    missing = 0
    times: tuple[str | None, str | None] = (None, None)
    try:
        for name, digest in digests.items():
            value = vault.value(digest, name)
            missing += value is None
            wrong = content_misfit(name, value)
            if wrong:
                fail(wrong, part=RECORDS)  # it is what the record says, to the byte
            if name == "submission":
                times = claimed_times(value)
        vault.must_file(digests["case"])
    except MiscitedError as error:
        fail(error.message, part=RECORDS)
    except LogError as error:
        fail(error.message, expected=error.expected, found=error.found)
    return Disclosed(len(digests) - missing, missing, *times)


class PrecedenceLine:
    """Whether anything that should have come before a candidate's start came after it, by the times that are claimed."""

    def __init__(self) -> None:
        self.claimed = self.silent = 0
        self.counts = dict.fromkeys(REMARKS, 0)
        self.first: Place | None = None

    def take(self, found: tuple[str, ...], started_at: str | None, place: Place) -> None:
        """Take in a decision."""
        if started_at is None:
            self.silent += 1
        else:
            self.claimed += 1
        self.note(found, place)

    def note(self, found: tuple[str, ...], place: Place) -> None:
        """Count what came too late."""
        for code in found:
            self.counts[code] += 1
            if self.first is None or place[0] < self.first[0]:
                self.first = place

    def finding(self, no_vault: str) -> Finding:
        """Return what was found; *no_vault* says why there is no vault, where there is none."""
        name = "precedence"
        if no_vault:
            return Finding(name, NOT_CHECKED, f"{no_vault}, and only submissions say when candidates started")
        if not self.claimed:
            return Finding(name, NOT_CHECKED, "no decision says when its candidate started")
        some = (
            f"; {self.silent} {'decision does' if self.silent == 1 else 'decisions do'} not say when"
            if self.silent
            else ""
        )
        if self.first is None:
            detail = "by the times claimed, no rubric, opening or notice came after its candidate's start"
            return Finding(name, HOLDS, f"{detail} ({counted(self.claimed, 'decision')}){some}")
        counts = "; ".join(f"in {count} {REMARKS[code]}" for code, count in self.counts.items() if count)
        said = f"by the times claimed, of {counted(self.claimed, 'decision')}: {counts}{some}"
        return Finding(name, REMARK, said, *self.first[:3])


class TimesLine:
    """Whether the writer's clock ran on: the order of records is `seq`, and a time before that of an earlier record is a claim that cannot be true of both."""

    def __init__(self) -> None:
        self.latest = ""
        self.back = 0
        self.first: Place | None = None

    def take(self, time: str, place: Place) -> None:
        """Take in the next record's; fixed-width UTC sorts as time does."""
        if time < self.latest:
            self.back += 1
            self.first = self.first or place
        self.latest = max(self.latest, time)

    def remark(self) -> Finding | None:
        """Return what was found, if there is anything to say."""
        if self.first is None:
            return None
        said = f"{self.back} records claim an earlier time than a record before them"
        return Finding("times", REMARK, said, *self.first[:3])


class InstalmentsLine:
    """Whether later submissions of a case take back what an earlier one said."""

    def __init__(self) -> None:
        self.count = 0
        self.first: tuple[Place, str] | None = None

    def take(self, found: dict[str, list[str]], place: Place) -> None:
        """Take in what one takes back."""
        if not found:
            return
        self.count += 1
        if self.first is None or place[0] < self.first[0][0]:
            self.first = (place, "; ".join(f"{KINDS[kind]} {_some(what)}" for kind, what in found.items()))

    def remark(self) -> Finding | None:
        """Return what was found, if there is anything to say."""
        if self.first is None:
            return None
        place, what = self.first
        more = f"; and {self.count - 1} more" if self.count > 1 else ""
        said = f"takes back what its case had sent before: {what}{more}"
        return Finding("instalments", REMARK, said, *place[:3])


def _some(ids: list[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more


class Follower:
    """One case's records in order, and what they break."""

    def __init__(
        self,
        checks: dict[str, Check],
        precedence: PrecedenceLine,
        instalments: InstalmentsLine,
        packs: Packs,
        vault: Vault | None,
    ) -> None:
        self.checks = checks
        self.precedence = precedence
        self.instalments = instalments
        self.packs = packs
        self.vault = vault
        self.items: dict[str, tuple[str, Items]] = {}
        self.begin()

    def begin(self) -> None:
        """Begin another case."""
        self.course = Course()
        self.opened: Opened | None = None
        self.scored: tuple[str, Scored] | None = None  # the rubric and what was scored by it last

    def take(self, seq: int, kind: str, kept: bytes, place: Place) -> None:
        """Check the case's next record, as `trimmed` kept it."""
        body: Any = canonical.loads(kept)
        course = self.course
        if len(course.live) > _MOST_LIVE:
            self.checks["resolutions"].unchecked = f"a case has more than {_MOST_LIVE} resolutions in force"
            return
        check, wrong = course.misfit(kind, body, self.packs.names)
        if wrong:
            self.checks[check].fail(wrong, place)
        course.take(seq, kind, body)
        course.words = ()  # of no use here, and the case may have many
        if kind == "opening" and self.opened is None:
            self.opened = (body["time"], seq, self.value(body["disclosures"]["opening"], "opening", "facts"))
        elif kind == "decision":
            submission = self.value(body["submission"], "submission")
            self.instalment(body["decision"], submission, place)
            if self.opened is not None:
                self.decision(body, submission, self.opened, place)

    def instalment(self, decision: dict[str, Any], submission: Any, place: Place) -> None:
        """Compare what was scored with what was scored before it, by the same rubric."""
        rubric, items = self.items_of(decision["pack"])
        before = self.scored
        self.scored = (rubric, (submission, decision, items)) if rubric and type(submission) is dict else None
        if before is not None and self.scored is not None and before[0] == rubric:
            self.instalments.take(taken_back(before[1], self.scored[1]), place)

    def items_of(self, pack: str) -> tuple[str, Items]:
        """The rubric and the items of a pack; none where it cannot be read, which is told elsewhere."""
        if pack not in self.items:
            if len(self.items) >= _PACKS:
                self.items.clear()
            try:
                self.items[pack] = items_in(self.packs.read(pack))
            except (LogError, StoreError):
                self.items[pack] = ("", {})
        return self.items[pack]

    def decision(self, body: dict[str, Any], submission: Any, opened: Opened, place: Place) -> None:
        """Compare a decision with what its case's opening fixed."""
        time, seq, facts = opened
        self.precedence.note(remarks(None, time, body["started_at"], None), place)
        variant = facts.get("variant") if facts is not None else None
        if variant is not None and body["decision"]["variant"] != variant:
            self.checks["openings"].fail("its variant is not the one that the opening fixed", place)
        if facts is None or type(submission) is not dict:
            return
        void, reinstate = body["decision"]["void"], body["decision"]["reinstate"]
        try:
            whole = merged(submission, (seq, facts), void, reinstate)
        except SubmissionError:
            whole = None
        if whole != submission:
            self.checks["openings"].fail(
                "what was scored is not what the opening and the resolutions make of it", place
            )

    def value(self, digest: str, name: str, key: str | None = None) -> Any:
        """What the vault holds; None where that is nothing, or was found out to be wrong before."""
        if self.vault is None:
            return None
        try:
            value = self.vault.value(digest, name)
        except LogError:
            return None
        return value if key is None or content_misfit(name, value) or value is None else value[key]
