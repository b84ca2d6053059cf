"""
Commands that check and explain a log: `verify`, `explain`, `replay`.

Owns how a record is named on the command line, and which findings make which exit status. Must not check anything itself.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from scoring.audit.report import FAILS as FINDING_FAILS
from scoring.audit.report import HOLDS as FINDING_HOLDS
from scoring.audit.report import NOT_CHECKED
from scoring.audit.verify import verify_directory
from scoring.cli.inputs import open_log
from scoring.cli.output import (
    FAILS,
    HOLDS,
    UNCHECKED,
    CallError,
    complain,
    emit,
    in_options,
    mark,
    printable,
    say,
    worst,
)
from scoring.cli.paths import log_at, vault_at, vault_missing
from scoring.engine.explain import explain as explained
from scoring.errors import LogError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from scoring import AuditLog
    from scoring.audit.replay import ReplayReport
    from scoring.audit.report import Finding

__all__ = ["explain", "replay", "show_findings", "status_of", "verify"]

_STATUS = {FINDING_HOLDS: HOLDS, FINDING_FAILS: FAILS, NOT_CHECKED: UNCHECKED}
_NOT_ASKED = frozenset({"head", "heads"})  # nobody who gives no head, or no key, asks for these
_ELSEWHERE = "where it lies elsewhere, --vault PATH says where"
_LOOKED_AT = 1000  # records, for the first decision whose case the vault does not have
_LEAF_DIGITS = frozenset("0123456789abcdef")


# --- verify ---


def verify(directory: str, /, *, expect: str | None = None, vault: str | None = None, json: bool = False) -> int:
    """
    Check that every record of a log is as it was written, and in its place.

    Prints for every check whether it HOLDS, FAILS or was NOT CHECKED, then what no check of a log by itself can show, then the log's head: keep it where nobody
    who can write the log can write.

    Args:
        directory: The log.
        expect: A head that was kept elsewhere, as SIZE:LEAF: the log must have been so then.
        vault: The log's vault, where it does not lie beside the log.
        json: One JSON object a check, and one for the log, for machines.
    """
    path = log_at(directory)
    kept = None if expect is None else _head(expect)
    missing = _missing(directory, vault)
    try:
        report = verify_directory(path, vault=vault_at(directory, vault), expect=kept)
    except StoreError as error:
        complain(str(error))
        return UNCHECKED
    except sqlite3.Error as error:  # of the temporary database that holds what needs all records at once
        complain(
            f"the log was not checked to its end, for its temporary database failed: {error}; free space in TMPDIR"
        )
        return UNCHECKED
    status = status_of(report.findings)
    if json:
        for finding in report.findings:
            emit({"type": "check", "check": finding.check, **_facts(finding)})
        result = next(result for result, meaning in _STATUS.items() if meaning == status)
        facts = {"size": report.size, "leaf": report.head, "cannot_show": list(report.cannot_show)}
        emit({"type": "log", "result": result, **facts})
        return status
    show_findings(report.findings)
    if missing:
        say(f"\n{missing}: {_ELSEWHERE}.")
    say("\n".join(["", "No check of a log by itself can show", *(f"  - {text}" for text in report.cannot_show), ""]))
    if status == FAILS:
        say(f"{directory} is not as it was written.")
    else:
        say("Keep this head elsewhere, and compare later with --expect:")
        say(f"{report.size}:{report.head}")
    return status


def _missing(directory: str, vault: str | None) -> str:
    """Where the vault was looked for in vain; empty where it is. One that the call names has to be there."""
    missing = vault_missing(directory, vault)
    if missing and vault is not None:
        raise CallError(missing)
    return missing


def status_of(findings: Sequence[Finding]) -> int:
    """The exit status that findings add up to."""
    return worst(
        _STATUS[finding.result]
        for finding in findings
        if finding.check not in _NOT_ASKED or finding.result == FINDING_FAILS
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


# --- explain ---


def explain(
    directory: str,
    record: str,
    /,
    *,
    audience: Annotated[Literal["auditor", "candidate"], Parameter(name="--for")] = "auditor",
    vault: str | None = None,
    json: bool = False,
) -> int:
    """
    Tell why a decision is what it is.

    Args:
        directory: The log.
        record: A record's number, as 17 or '#17'; or a case, whose newest decision is meant. Where 17 is a case too, write '#17' or case:17.
        audience: An auditor is told everything; a candidate never a key, nor what another answer would have to be.
        vault: The log's vault, where it does not lie beside the log.
        json: One JSON object, for machines.
    """
    with open_log(directory, vault=vault) as log:
        seq = _decision_named(log, record)
        entry = log.read(seq)
        others = _others(log, entry)
        decision = log.decision(seq)
        story = explained(decision, audience)
        place = {
            "record": seq,
            "time": entry["time"],
            "id": entry["body"]["id"],
            "case": log.case(seq),
            "supersedes": entry["body"]["supersedes"],
            "others": others,
        }
        earlier = _superseded(log, entry)
    if json:
        emit(place | story.data)
        return HOLDS
    whose = "" if place["case"] is None else f", case {printable(place['case'])}"
    say(f"record #{seq} of {place['time']}, submission {place['id']}{whose}")
    for line in (*_standing(seq, others), *earlier):
        say(line)
    say(story.text())
    return HOLDS


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
    return [f"supersedes #{seq}: {said['verdict'] or said['status']}, profile {said['profile']}"]


def _decision_named(log: AuditLog, name: str) -> int:
    """The record that is meant."""
    number = _number(name)
    if number is not None:
        if not name.startswith("#") and _is_case(log, name):
            raise CallError(
                f"{name} may be a record's number, and is a case of this log too: write '#{name}' or case:{name}"
            )
        _must_be_decision(log, number)
        return number
    case = name.removeprefix("case:")
    try:
        found = log.find(case)
    except LogError as error:
        raise CallError(f"{error}: {_ELSEWHERE}; or name the record by its number, such as #2") from error
    if not found:
        raise CallError(
            f'no decision of a case "{case}" in this log{_not_in_vault(log)}; a record is named by its number, such as #2'
        )
    return int(found[-1]["seq"])


def _is_case(log: AuditLog, name: str) -> bool:
    try:
        return bool(log.find(name))
    except LogError:  # without the vault no name is a case's
        return False


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


def _not_in_vault(log: AuditLog) -> str:
    """Why a case may not be found though it is there: the vault is younger than the log, or answers were erased."""
    for seq in range(min(len(log), _LOOKED_AT)):
        if log.read(seq)["type"] == "decision" and log.case(seq) is None:
            return f" that its vault knows of. The vault does not hold whose record #{seq} is: it was begun anew, or that was erased"
    return ""


def _number(name: str) -> int | None:
    digits = name.removeprefix("#")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 16 else None


def _must_be_decision(log: AuditLog, seq: int) -> None:
    if seq >= len(log):
        raise CallError(f"this log has no record #{seq}: it holds {len(log)}, the last is #{len(log) - 1}")
    kind = log.read(seq)["type"]
    if kind != "decision":
        raise CallError(f"record #{seq} is a {kind}; expected a decision")


# --- replay ---


def replay(directory: str, /, *records: str, vault: str | None = None, json: bool = False) -> int:
    """
    Recompute decisions in two steps: from the answers, which the vault keeps, and from the outcomes in the log alone.

    Args:
        directory: The log.
        records: Which decisions, by number (17 or '#17') or by case; all of them where none is named.
        vault: The log's vault, where it does not lie beside the log.
        json: One JSON object a step and a difference, for machines.
    """
    missing = vault_missing(directory, vault)
    with open_log(directory, vault=vault) as log:
        chosen = [_decision_named(log, name) for name in records]
        reports = [log.replay(seq) for seq in chosen] or [log.replay()]
    show = _emit_replay if json else _show_replay
    for report in reports:
        show(report)
    if not any(report.decisions for report in reports):
        complain("this log holds no decision")
    elif missing and not json:
        say(f"\n{missing}: {_ELSEWHERE}.")
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
