"""
How `scoring verify` ends where something fails: what follows from it, and what to do.

Owns the one table that leads from the part of a log that a finding accuses to what helps that part, and how several go together. Must not know what is
checked, nor how.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scoring.audit.report import (
    ANOTHERS_CHECKPOINT,
    ANOTHERS_KEY,
    ANOTHERS_VAULT,
    BEHIND,
    BESIDE,
    ERASED,
    FAILS,
    FIT,
    HEADS,
    KEPT_HEAD,
    NO_HEADS,
    NO_VAULT,
    OLDER_LOG,
    PACKS,
    RECORDS,
    STRAY,
    TAIL,
    UNREAD_HEADS,
    UNSIGNED,
    UNSIGNED_BY_KEY,
    VAULT,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.audit.report import Finding, Report

__all__ = ["closing"]


class _Remedy(NamedTuple):
    """What is so where a part fails, and what to do; ``{path}`` is the log as it was given."""

    said: str
    todo: str


# In the order in which they are to be done.
_REMEDIES = {
    RECORDS: _Remedy(
        "its records were changed",
        "keep it as it is, for it shows what was done; put the log back from a copy that its heads fit",
    ),
    BEHIND: _Remedy(
        "records that no head stands for were changed",
        "no head stands for what is bad: if the machine stopped while somebody wrote, keep a copy and open the log once, as with `scoring status {path}`, which"
        " cuts off what a crash can have left, keeps it in a file of {path} that it names, and refuses anything else; otherwise keep it as it is, for it shows"
        " what was done, and put the log back from a copy",
    ),
    FIT: _Remedy(
        "its records and the file heads do not fit each other",
        "keep it as it is: nothing tells whether its records were changed or the file heads; put both back from one copy in which they fit",
    ),
    KEPT_HEAD: _Remedy(
        "it does not extend the head that was given",
        "keep it as it is: its records were changed or cut off since that head was kept, or it is an older copy; put the log back from a copy that extends it",
    ),
    HEADS: _Remedy(
        "the file heads was changed",
        "keep a copy of the file heads, and put that file alone back from a copy of the log",
    ),
    NO_HEADS: _Remedy(
        "the file heads is gone",
        "put the file heads back from a copy, unless the log was only just made: it tells how many records there were, and so what no crash left unfinished",
    ),
    PACKS: _Remedy(
        "a pack is missing or was changed",
        "move a changed file out of {path}/packs, and `scoring append {path} PACK`: with a copy of the pack, or with what `scoring pack` makes of that version"
        " of the rubric, which has the same bytes",
    ),
    VAULT: _Remedy(
        "something in the vault was changed",
        "keep a copy of the vault, put it back from one that was taken after the newest record, and leave the log alone; without such a copy leave the vault"
        " too: what is lost is what these records disclosed, and an older vault lacks more",
    ),
    NO_VAULT: _Remedy(
        "the vault cannot be used",
        "keep a copy of the vault, put it back from one that was taken after the newest record, and leave the log alone",
    ),
    OLDER_LOG: _Remedy(
        "it is not the log that its vault was last written with",
        "look for the newest copy of the log, and put it back; only if there is none, and it is known why, go on with what is here: --new-vault, once, with a"
        " command that records",
    ),
    STRAY: _Remedy(
        "a file lies among its segments that is none",
        "move the file that is named out of {path}/log, where only segments lie",
    ),
    BESIDE: _Remedy(
        "what lies beside it, as in an export, does not fit it",
        "make the export anew: what does not fit the log shows nothing",
    ),
    ERASED: _Remedy(
        "the vault still has what was erased",
        "open the log once, as with `scoring status {path}`, which erases it again",
    ),
    TAIL: _Remedy(
        "its last line is unfinished: a write was cut off, or is going on right now",
        "if nobody is writing to it, keep a copy and open it once, as with `scoring status {path}`, which cuts off what a crash left and keeps it in a file of"
        " {path} that it names, or says why it does not",
    ),
    UNREAD_HEADS: _Remedy(
        "the file heads cannot be read",
        "let this account read the file heads, or verify from one that may",
    ),
    ANOTHERS_KEY: _Remedy(
        "it is not signed by this key",
        "ask the log's holder which key is its own, and since which record",
    ),
    UNSIGNED_BY_KEY: _Remedy(
        "it is not signed by this key",
        "it may be older than the key, have lost its heads, or be another log's: ask the log's holder which key was its own then, and rely on none that no"
        " such key signed",
    ),
    UNSIGNED: _Remedy(
        "the checkpoint that was given has no signature of the log's key that holds",
        "give one that the log's key signed",
    ),
    ANOTHERS_CHECKPOINT: _Remedy(
        "the checkpoint that was given is another log's",
        "give one that was kept of this log",
    ),
    ANOTHERS_VAULT: _Remedy(
        "the vault is another log's",
        "say with --vault PATH where its own lies, or put it back from a copy",
    ),
}
_RECORDS = frozenset({RECORDS, BEHIND, FIT, KEPT_HEAD})  # the log itself is not what it was, or nobody can tell
_ELSEWHERE = frozenset({UNREAD_HEADS, ANOTHERS_KEY, UNSIGNED_BY_KEY, UNSIGNED, ANOTHERS_CHECKPOINT, ANOTHERS_VAULT})
_OPENS = frozenset({ERASED, TAIL})
_OF_ONE = "Rely on nothing that it says: ask whoever gave it for another."


def closing(path: str, report: Report, *, mends: bool) -> str:
    """
    Say what follows from what failed, and what to do about each part; the first bad record, where records are accused.

    Args:
        path: What was verified.
        report: What was found; something in it fails.
        mends: Whether whoever reads this has the log itself in hands. Nobody mends a receipt or an export: it is asked for anew.
    """
    failing = [finding for finding in report.findings if finding.result == FAILS]
    failed = {part for finding in failing for part in finding.parts}
    if RECORDS in failed:
        failed.discard(FIT)
    if not _RECORDS.isdisjoint(failed):
        failed.discard(TAIL)  # which goes with the log that is put back
    if TAIL in failed:
        failed |= {part for finding in report.findings for part in finding.parts if part == NO_HEADS}
    parts = [part for part in _REMEDIES if part in failed]
    of_no_log = not all(finding.parts for finding in failing)  # but of a receipt, a checkpoint, tiles or an archive
    if of_no_log or not (mends or _ELSEWHERE.issuperset(parts)):
        return f"{path} is not as it was written.{_first(failing) if report.head else ''}\n{_OF_ONE}"
    return f"{path}{_so(parts, failing)}\n{_to_do(path, parts)}"


def _so(parts: Sequence[str], failing: Sequence[Finding]) -> str:
    if not _RECORDS.isdisjoint(parts):
        return f" is not as it was written.{_first(failing)}"
    what = "nothing" if _ELSEWHERE.issuperset(parts) else "no record"
    return f": {what} was found changed, but {', and '.join(dict.fromkeys(_REMEDIES[part].said for part in parts))}."


def _first(failing: Sequence[Finding]) -> str:
    seqs = [
        finding.seq for finding in failing if finding.seq is not None and finding.parts[:1] in {(RECORDS,), (BEHIND,)}
    ]
    return f" The first bad record is #{min(seqs)}." if seqs else ""


def _to_do(path: str, parts: Sequence[str]) -> str:
    """A line for each part. A log that is not sound otherwise is not opened before it is."""
    lines = {part: _REMEDIES[part].todo.format(path=path) for part in parts}
    if not _OPENS.issuperset(parts):
        lines |= {part: f"when all else holds, {line}" for part, line in lines.items() if part in _OPENS}
    if len(lines) == 1:
        return "".join(f"{line[:1].upper()}{line[1:]}." for line in lines.values())
    return "\n".join(f"- {part}: {line}." for part, line in lines.items())
