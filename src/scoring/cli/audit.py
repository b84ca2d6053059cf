"""
Commands that check a log: `verify`, `replay`.

Owns which findings make which exit status. Must not check anything itself.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from scoring.audit.chain import MAX_LINE
from scoring.audit.exported import is_export
from scoring.audit.given import ARCHIVE, CHECKPOINT, LOG, RECEIPT, TILES, kind_of_given, verify_given
from scoring.audit.report import FAILS as FINDING_FAILS
from scoring.audit.report import HOLDS as FINDING_HOLDS
from scoring.audit.report import NOT_CHECKED, REMARK
from scoring.cli.closing import closing
from scoring.cli.inputs import open_log, tell_older, whole
from scoring.cli.keys import checkpoint_in, verification_key
from scoring.cli.naming import ELSEWHERE, decision_named
from scoring.cli.options import READING, Reading
from scoring.cli.output import (
    FAILS,
    HOLDS,
    UNCHECKED,
    CallError,
    complain,
    emit,
    in_options,
    mark,
    say,
    worst,
)
from scoring.cli.paths import log_at, vault_at, vault_missing
from scoring.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

    from scoring.audit.replay import ReplayReport
    from scoring.audit.report import Finding, Report

__all__ = ["replay", "show_findings", "status_of", "verify"]

_STATUS = {FINDING_HOLDS: HOLDS, FINDING_FAILS: FAILS, NOT_CHECKED: UNCHECKED, REMARK: HOLDS}
# Nobody who gives no head, or no key, asks for these; nor for an order of times where nobody says when candidates started.
_NOT_ASKED = frozenset({"head", "heads", "signatures", "trusted", "precedence"})
# What --fast leaves out on purpose, and what --since does.
_OF_BODIES = frozenset(
    {"canonical", "fields", "packs", "ids", "supersedes", "openings", "resolutions", "erasures", "vault"}
)
_OF_RECORDS_BELOW = _OF_BODIES - {"canonical", "fields", "vault"}
_LEAF_DIGITS = frozenset("0123456789abcdef")


# --- verify ---


def _some(_type: object, value: object) -> None:
    """At least one core does the work."""
    if isinstance(value, int) and value < 1:
        raise ValueError("one or more")


def verify(
    path: str,
    /,
    *,
    key: str | None = None,
    trusted_checkpoint: str | None = None,
    since: str | None = None,
    expect: str | None = None,
    record: str | None = None,
    fast: bool = False,
    jobs: Annotated[int | None, Parameter(validator=_some)] = None,
    vault: str | None = None,
    json: bool = False,
) -> int:
    """
    Check that everything in a log is as it was written and in its place; or an export, tiles, a receipt, a checkpoint, with nothing else at hand.

    Prints for every check whether it HOLDS, FAILS or was NOT CHECKED, then what none of them can show, then a log's head: keep it where nobody who can write
    the log can write.

    Args:
        path: A log's directory; an export, packed or not; a directory of C2SP tlog-tiles; a receipt; a checkpoint.
        key: The log's verification key, as `scoring keygen` prints it, or a file that holds it. What is not signed by it fails, a log without a key too.
        trusted_checkpoint: A checkpoint of this log that was kept elsewhere: the log must extend it.
        since: The same, where all below that checkpoint was verified then: only what is newer is read.
        expect: The same for a log without a key: a head as SIZE:LEAF, as this command prints it.
        record: Of a receipt: a file with the record's line, where the receipt does not carry it.
        fast: Check the bytes alone: the chain, the tree, the heads. No body of a record is read.
        jobs: On how many cores; on all that there are otherwise. What is found is the same.
        vault: The log's vault, where it does not lie beside the log.
        json: One JSON object a check, and one for the whole, for machines.
    """
    kind = _kind(path)
    kept = None if expect is None else _head(expect)
    if since is not None and trusted_checkpoint is not None:
        raise CallError("--since trusts the checkpoint that it names: give the newer one of the two alone")
    _must_fit(kind, since=since, expect=expect, fast=fast or None, jobs=jobs, vault=vault, record=record)
    given: dict[str, Any] = {
        "key": None if key is None else verification_key(key),
        "trusted": None if trusted_checkpoint is None else checkpoint_in(trusted_checkpoint),
    }
    missing = ""
    if kind == RECEIPT:
        given["record"] = None if record is None else whole(record, MAX_LINE + 1, "a record's line").removesuffix(b"\n")
    elif kind != CHECKPOINT:
        given |= {"expect": kept, "fast": fast, "workers": jobs}
    if since is not None:
        given["since"] = checkpoint_in(since)
    if kind == LOG and (vault is not None or vault_at(path, None).exists() or not is_export(Path(path))):
        missing = _missing(path, vault)
        given["vault"] = vault_at(path, vault)
    try:
        report = verify_given(path, **given)
    except StoreError as error:
        complain(str(error))
        return UNCHECKED
    except sqlite3.Error as error:  # of the temporary database that holds what needs all records at once
        complain(
            f"the log was not checked to its end, for its temporary database failed: {error}; free space in TMPDIR"
        )
        return UNCHECKED
    unasked = _OF_BODIES if fast else _OF_RECORDS_BELOW if since is not None else frozenset()
    status = status_of(report.findings, unasked)
    if json:
        _emit_report(report, status)
        return status
    _show_report(report, missing)
    if status == FAILS:
        say(closing(path, report, mends="vault" in given))
    elif report.head:
        say("Keep this head elsewhere, and compare later with --expect:")
        say(f"{report.size}:{report.head}")
    return status


def _emit_report(report: Report, status: int) -> None:
    for finding in report.findings:
        emit({"type": "check", "check": finding.check, **_facts(finding), "parts": list(finding.parts)})
    result = next(result for result, meaning in _STATUS.items() if meaning == status)
    facts = {"size": report.size, "leaf": report.head, "cannot_show": list(report.cannot_show)}
    emit({"type": "log", "result": result, **facts})


def _show_report(report: Report, missing: str) -> None:
    show_findings(report.findings)
    if missing:
        say(f"\n{missing}: {ELSEWHERE}.")
    itself = "No check of a log by itself can show" if report.head else "This cannot show"
    say("\n".join(["", itself, *(f"  - {text}" for text in report.cannot_show), ""]))


def _kind(name: str) -> str:
    """What a path is; an error names what is near."""
    try:
        kind = kind_of_given(name)
    except FileNotFoundError:
        kind = None
    except OSError as error:
        raise StoreError(f"{name} cannot be read: {error.strerror}") from error
    if kind is None:
        log_at(name, "a log's directory, an export, tiles, a receipt or a checkpoint")  # which says what is wrong
        raise CallError(f"{name} is no log")
    return kind


def _must_fit(kind: str, **options: Any) -> None:
    """Refuse an option that this kind of thing has no use for: whoever gives it expects a check that would not be made."""
    for option, given in options.items():
        if given is not None and kind not in _OPTIONS[option]:
            raise CallError(
                f"--{option} is of no use here: this is {kind}; it goes with {' or '.join(_OPTIONS[option])}"
            )


_OPTIONS = {
    "since": (LOG,),
    "expect": (LOG, ARCHIVE, TILES),
    "fast": (LOG, ARCHIVE, TILES),
    "jobs": (LOG, ARCHIVE, TILES),
    "vault": (LOG,),
    "record": (RECEIPT,),
}


def _missing(directory: str, vault: str | None) -> str:
    """Where the vault was looked for in vain; empty where it is. One that the call names has to be there."""
    missing = vault_missing(directory, vault)
    if missing and vault is not None:
        raise CallError(missing)
    return missing


def status_of(findings: Sequence[Finding], unasked: AbstractSet[str] = frozenset()) -> int:
    """The exit status that findings add up to; *unasked* are checks that the call left out."""
    return worst(
        _STATUS[finding.result]
        for finding in findings
        if finding.check not in _NOT_ASKED | unasked or finding.result == FINDING_FAILS
    )


def show_findings(findings: Sequence[Finding]) -> None:
    """Print a line for each finding."""
    width = max(len(finding.check) for finding in findings) + 2
    for finding in findings:
        where = "" if finding.seq is None else f"record #{finding.seq}: "
        differs = "" if finding.expected is None else f"\nexpected {finding.expected}\nfound    {finding.found}"
        place = "" if finding.file is None else f"\n{finding.file}, byte {finding.offset}"
        text = (where + in_options(finding.detail) + differs + place).replace("\n", "\n" + " " * width)
        mark(finding.result, f"{finding.check:<{width}}{text}")


def _facts(finding: Finding) -> dict[str, Any]:
    return {
        "result": finding.result,
        "record": finding.seq,
        "detail": finding.detail,
        "file": finding.file,
        "offset": finding.offset,
        "expected": finding.expected,
        "found": finding.found,
    }


def _head(text: str) -> tuple[int, str]:
    size, _, leaf = text.partition(":")
    if (
        not (size.isascii() and size.isdigit() and len(size) <= 16 and int(size))
        or len(leaf) != 64
        or not _LEAF_DIGITS.issuperset(leaf)
    ):
        raise CallError(
            "--expect wants SIZE:LEAF as `scoring verify` prints it: a number, a colon and 64 hexadecimal digits"
        )
    return int(size), leaf


# --- replay ---


def replay(
    directory: str, /, *records: str, vault: str | None = None, opening: Reading = READING, json: bool = False
) -> int:
    """
    Recompute decisions in two steps: from the answers, which the vault keeps, and from the outcomes in the log alone.

    Args:
        directory: The log.
        records: Which decisions, by number (17 or '#17') or by case; all of them where none is named.
        vault: The log's vault, where it does not lie beside the log.
        opening: What the log is opened with.
        json: One JSON object a step and a difference, for machines.
    """
    missing = vault_missing(directory, vault)
    with open_log(directory, opening, vault=vault) as log:
        tell_older(log)
        chosen = [decision_named(log, name) for name in records]
        reports = [log.replay(seq) for seq in chosen] or [log.replay()]
    show = _emit_replay if json else _show_replay
    for report in reports:
        show(report)
    if not any(report.decisions for report in reports):
        complain("this log holds no decision")
    elif missing and not json:
        say(f"\n{missing}: {ELSEWHERE}.")
    return status_of([finding for report in reports for finding in report.findings])


def _emit_replay(report: ReplayReport) -> None:
    for kind, findings in (("difference", report.differences), ("step", report.findings)):
        for finding in findings:
            facts = _facts(finding)
            del facts["file"], facts["offset"]
            emit({"type": kind, "step": finding.check, "decisions": report.decisions, **facts})


def _show_replay(report: ReplayReport) -> None:
    for finding in report.differences if len(report.differences) > 1 else ():
        differs = "" if finding.expected is None else f" (now {finding.expected}, recorded {finding.found})"
        say(f"record #{finding.seq}, {finding.check}: {finding.detail}{differs}")
    if report.decisions:
        show_findings(report.findings)
