"""
What checking finds: findings, each with the part of a log that it accuses, and the report that holds them.

Must not know what is checked, nor how; nor what to do about it.
"""

from __future__ import annotations

from scoring.audit.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Place: TypeAlias = tuple[int, int, str, str]  # number of the line, its offset, its file, its leaf

__all__ = [
    "ANOTHERS_CHECKPOINT",
    "ANOTHERS_KEY",
    "ANOTHERS_VAULT",
    "BEHIND",
    "BESIDE",
    "CANNOT_SHOW",
    "ERASED",
    "FAILS",
    "FIT",
    "HEADS",
    "HOLDS",
    "KEPT_HEAD",
    "NOT_CHECKED",
    "NOT_SIGNED",
    "NO_HEADS",
    "NO_VAULT",
    "OLDER_LOG",
    "OTHERS_CHECKPOINT",
    "OTHERS_KEY",
    "OTHERS_VAULT",
    "PACKS",
    "RECORDS",
    "REMARK",
    "STRAY",
    "TAIL",
    "UNREAD_HEADS",
    "UNSIGNED",
    "UNSIGNED_BY_KEY",
    "UNSIGNED_CHECKPOINT",
    "VAULT",
    "Check",
    "Finding",
    "Report",
    "cannot_show",
    "counted",
    "placed",
    "shown",
]

HOLDS, FAILS, NOT_CHECKED = "HOLDS", "FAILS", "NOT CHECKED"
REMARK = "REMARK"  # something that people should know, and that breaks no rule

_CUT_BEHIND_KEPT = "whether records were cut off behind the head that was given: a newer one, kept elsewhere, shows it"

CANNOT_SHOW = (
    "whether records were cut off behind the newest head, or with it: keep heads (checkpoints, or size and last leaf) elsewhere, and give one to compare with",
    "whether everything from some record on was written anew by whoever can write the directory and sign its heads: such a head shows it",
    "whether the last record was changed, as long as nothing chains to it and no head covers it: such a head shows it",
    "whether something was decided and never recorded: compare with what was acted upon",
    "whether the times are true: they are what the writer's clock said; the order of events is seq",
)

# What a failure accuses. Of a log:
RECORDS = "records"
BEHIND = "records behind the heads"  # which no head stands for, so that a crash may have left them half written
HEADS = "heads"
FIT = "records or heads"  # they do not fit each other, and nobody can tell which was changed
KEPT_HEAD = "kept head"  # it does not extend a head that was kept elsewhere
OLDER_LOG = "older log"  # than its vault was last written with
NO_HEADS = "no heads"  # the file is gone; a remark
PACKS = "packs"
VAULT = "vault"  # a disclosure in it
NO_VAULT = "vault as a whole"
ERASED = "erased"  # the vault still has what was
TAIL = "tail"  # an unfinished last line
STRAY = "stray file"  # among the segments
BESIDE = "beside the log"  # what an export has there
# Nothing of it, for this could not be read, or was given to compare with and belongs elsewhere:
UNREAD_HEADS = "unread heads"
ANOTHERS_KEY = "another key"
UNSIGNED_BY_KEY = "not signed by the key"
UNSIGNED = "unsigned checkpoint"
ANOTHERS_CHECKPOINT = "another log's checkpoint"
ANOTHERS_VAULT = "another log's vault"
_ACCUSES = {  # by check; any other its records
    "heads": HEADS,
    "trusted": KEPT_HEAD,
    "head": KEPT_HEAD,
    "vault": VAULT,
    **dict.fromkeys(("receipts", "disclosures", "tiles"), BESIDE),
}
_OF_LINES = ("segments", "canonical", "fields", "chain")
_IN_SEGMENTS = frozenset({RECORDS, KEPT_HEAD, TAIL})  # where the place of a line helps to find it

# What fails where nothing was found changed, but something else was given than belongs here: how its finding begins.
OTHERS_KEY = "the log is not signed by the key that was given: it has no such key"
NOT_SIGNED = "nothing is signed by the key that was given"
UNSIGNED_CHECKPOINT = "the trusted checkpoint is unsigned, and a key was given"
OTHERS_CHECKPOINT = "the trusted checkpoint is another log's: it accuses no record of this one"
OTHERS_VAULT = "this is the vault of another log, told by the leaf of record 0"

_OPTIONAL = ("head", "heads", "signatures", "trusted", "precedence")


def counted(number: int, what: str) -> str:
    """So many of something: ``1 case``, ``2 cases``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def cannot_show(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """What no check of a chain can show, given what these found: whoever gave a head that holds is not told to give one."""
    extends = any(finding.check in {"head", "trusted"} and finding.result == HOLDS for finding in findings)
    return (_CUT_BEHIND_KEPT, *CANNOT_SHOW[1:]) if extends else CANNOT_SHOW


def placed(findings: tuple[Finding, ...], size: int) -> tuple[Finding, ...]:
    """Return the findings, those of records as ones of `BEHIND` where all of them are, and begin with a line that is none or does not chain."""
    accused = [finding for finding in findings if RECORDS in finding.parts]
    first = min(
        (finding.seq for finding in accused if finding.check in _OF_LINES and finding.seq is not None), default=0
    )
    if (
        not size
        or not accused
        or not all(finding.seq is not None and finding.seq >= first >= size for finding in accused)
    ):
        return findings
    return tuple(
        finding.saying(finding.detail, tuple(BEHIND if part == RECORDS else part for part in finding.parts))
        for finding in findings
    )


class Finding(Value):
    """
    What one check found.

    Attributes:
        check: Its name.
        result: ``HOLDS``, ``FAILS``, ``NOT CHECKED`` or ``REMARK``: something to know, which fails nothing.
        detail: What was checked, what is wrong, or why it was not checked.
        seq: The first record at which it fails, by its place in the log.
        offset, file: Where that record's line starts, in bytes, and in which file; None where the line itself is not accused.
        expected, found: What should have been there and what is.
        parts: What its failures accuse, such as `RECORDS` or `PACKS`, first what is told of. Empty where nothing is accused, or no log: a receipt, an archive.
    """

    __slots__ = ("check", "result", "detail", "seq", "offset", "file", "expected", "found", "parts")  # noqa: RUF023 - in the order of the constructor

    check: str
    result: str
    detail: str
    seq: int | None
    offset: int | None
    file: str | None
    expected: str | None
    found: str | None
    parts: tuple[str, ...]

    def __init__(  # noqa: PLR0917 - a value is made of its fields in order
        self,
        check: str,
        result: str,
        detail: str,
        seq: int | None = None,
        offset: int | None = None,
        file: str | None = None,
        expected: str | None = None,
        found: str | None = None,
        parts: tuple[str, ...] = (),
    ) -> None:
        super().__init__(check, result, detail, seq, offset, file, expected, found, parts)

    def saying(self, detail: str, parts: tuple[str, ...] | None = None) -> Finding:
        """Return the same finding in other words; *parts*, where it accuses more."""
        return Finding(
            self.check,
            self.result,
            detail,
            self.seq,
            self.offset,
            self.file,
            self.expected,
            self.found,
            self.parts if parts is None else parts,
        )

    def __str__(self) -> str:
        text = f"{self.result:<11}  {self.check:<10}  "
        if self.seq is not None:
            text += f"record #{self.seq}: "
        text += self.detail
        if self.expected is not None:
            text += f" (expected {self.expected}, found {self.found})"
        return text if self.file is None else f"{text} [{self.file}, byte {self.offset}]"


def shown(findings: tuple[Finding, ...], cannot_show: tuple[str, ...] = ()) -> str:
    """Return a report's lines: one for each finding, then what it cannot show."""
    lines = list(map(str, findings))
    if cannot_show:
        lines += ["This cannot show:", *(f"- {line}" for line in cannot_show)]
    return "\n".join(lines)


class Report(Value):
    """
    What verifying found. Printed, it is its lines.

    Attributes:
        size, head: How many lines were read, and the leaf of the last one.
        findings: One for each check, in the order in which they are made.
        cannot_show: What no check of a chain can show, each with what answers it.
    """

    __slots__ = ("size", "head", "findings", "cannot_show")  # noqa: RUF023 - in the order of the constructor

    size: int
    head: str
    findings: tuple[Finding, ...]
    cannot_show: tuple[str, ...]

    def __init__(
        self, size: int, head: str, findings: tuple[Finding, ...], cannot_show: tuple[str, ...] = CANNOT_SHOW
    ) -> None:
        super().__init__(size, head, findings, cannot_show)

    @property
    def ok(self) -> bool:
        """Whether nothing fails; some of it may not have been checked: ask `complete` as well."""
        return not any(finding.result == FAILS for finding in self.findings)

    @property
    def complete(self) -> bool:
        """Whether everything was checked that could be asked for, and holds: heads that nobody made, signed or gave, and times that nobody claims, apart."""
        return all(
            finding.result in {HOLDS, REMARK} or (finding.result == NOT_CHECKED and finding.check in _OPTIONAL)
            for finding in self.findings
        )

    def __repr__(self) -> str:
        return shown(self.findings, self.cannot_show)

    __str__ = __repr__

    def __getitem__(self, check: str) -> Finding:
        return next(finding for finding in self.findings if finding.check == check)


class Check:
    """One line of a report while it is being made: how often it failed, and the first place."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.failures = 0
        self.first: Finding | None = None
        self.parts: dict[str, None] = {}  # that failed
        self.unchecked = ""

    def fail(self, detail: str, at: Place | None = None, part: str | None = None, **values: Any) -> None:
        """
        Note a failure.

        Args:
            detail: What is wrong.
            at: Where.
            part: What it accuses, where that is not what this check is of.
            values: Text of what was `expected` and what was `found`.
        """
        self.failures += 1
        part = part or _ACCUSES.get(self.name, RECORDS)
        self.parts.setdefault(part)
        # A changed record shows only in those behind it, so that failures may come out of order.
        if self.first is None or (at and self.first.seq is not None and at[0] < self.first.seq):
            seq, offset, file = at[:3] if at else (None, None, None)
            if part not in _IN_SEGMENTS:
                offset, file = None, None
            self.first = Finding(self.name, FAILS, detail, seq, offset, file, **values, parts=(part,))

    def finding(self, holds: str) -> Finding:
        """Return what was found; *holds* says it where nothing failed."""
        if self.first is not None:
            more = f"; and {self.failures - 1} more" if self.failures > 1 else ""
            parts = tuple(dict.fromkeys((*self.first.parts, *self.parts)))
            return self.first.saying(self.first.detail + more, parts)
        return Finding(self.name, NOT_CHECKED, self.unchecked) if self.unchecked else Finding(self.name, HOLDS, holds)
