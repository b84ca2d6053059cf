"""
Commands for what a log keeps of a person, and how long: `keep`, `erase`.

Owns how a case is named that may have no decision. Must not know how an erasure is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring.cli.inputs import let_go, must_keep, open_log, tell_heads, tell_older
from scoring.cli.naming import decision_named
from scoring.cli.options import READING, WRITING, Reading, Writing
from scoring.cli.output import HOLDS, WRONG, CallError, complain, counted, emit, printable, say
from scoring.errors import ConflictError, LogError, StoreError

if TYPE_CHECKING:
    from scoring import AuditLog

__all__ = ["erase", "keep"]


def keep(
    directory: str,
    case: str | None = None,
    /,
    *,
    until: str | None = None,
    hold: str | None = None,
    release: bool = False,
    due: bool = False,
    on: str | None = None,
    vault: str | None = None,
    opening: Reading = READING,
    json: bool = False,
) -> int:
    """
    Say until when a case is kept, or that it is held: until then `erase` is refused. With --due, list the cases that may be erased.

    What is said lies in the vault alone. Without an option the command tells what was said of the case.

    Args:
        directory: The log.
        case: The case, or the number of a decision of it, as 17 or '#17'.
        until: The day until which it is kept, as YYYY-MM-DD.
        hold: Hold it, for a reason given as a code that names nobody.
        release: Let go of a case that was held.
        due: List the cases whose day has come, and that are not held.
        on: With --due: on which day, as YYYY-MM-DD; today otherwise.
        vault: The log's vault, where it does not lie beside the log.
        opening: What the log is opened with.
        json: One JSON object a case, for machines.
    """
    if due is (case is not None):
        raise CallError("name a case, or ask for --due")
    if on is not None and not due:
        raise CallError("--on goes with --due")
    if hold is not None and release:
        raise CallError("--hold and --release contradict each other")
    with open_log(directory, opening, vault=vault) as log:
        must_keep(directory, vault)
        if until is None and hold is None and not release:
            tell_older(log)
        if case is None:
            return _show_due(log.due(on), json=json)
        name = _case_named(log, case)
        if until is not None:
            log.retain(name, until)
        if hold is not None:
            log.hold(name, hold)
        if release:
            log.release(name)
        day, reason = log.keeping(name)
    if json:
        emit({"case": name, "until": day, "hold": reason})
        return HOLDS
    kept = f"is kept until {day}" if day else "is kept for no set time"
    say(f"{printable(name)} {kept}" + (f", and held, reason {reason}" if reason else ""))
    return HOLDS


def _show_due(cases: list[str], *, json: bool) -> int:
    for name in cases:
        if json:
            emit({"case": name})
        else:
            say(printable(name))
    if not cases:
        complain("no case is due")
    return HOLDS


def erase(
    directory: str,
    case: str | None = None,
    /,
    *cases: str,
    reason: str | None = None,
    uncited: bool = False,
    vault: str | None = None,
    opening: Writing = WRITING,
    json: bool = False,
) -> int:
    """
    Forget cases: who they are, what they wrote, and what people said of them goes from the vault, for good. The records stay.

    What each item came to stays in the records, so with the rubric which option was picked: `explain` and exports go on telling it, by the record's number.
    Submission ids and reasons stay in clear too, so use ids that name nobody. Whoever knows what somebody answered may still recognise the record. A copy of
    the vault that lies elsewhere is not reached; where one is put back, opening the log erases again. A case that is held, or to be kept longer, is left as
    it is, the others are erased, and the exit status is 2.

    With --uncited, what the vault has and no record cites goes instead: left over where a writer was stopped between the vault and the log. `scoring verify`
    counts it. First make sure that no records were cut off, with a checkpoint that was kept elsewhere.

    Args:
        directory: The log.
        case: The case, or the number of a decision of it, as 17 or '#17'.
        cases: More of them.
        reason: Why, as a code that names nobody: it stays in the log in clear.
        uncited: Erase what no record cites, but of cases that are kept or held.
        vault: The log's vault, where it does not lie beside the log.
        opening: What the log is opened with.
        json: One JSON object a case, for machines.
    """
    if uncited:
        return _sweep(directory, opening, vault, case, reason, json=json)
    if case is None or reason is None:
        raise CallError("name the cases and give --reason; or ask for --uncited, which takes neither")
    with open_log(directory, opening, vault=vault) as log:
        must_keep(directory, vault)
        found = {_erasable(log, name): name for name in (case, *cases)}  # a name that fits nothing stops all of them
        left = [name for which, name in found.items() if not _erased(log, which, name, reason, json=json)]
        status = tell_heads(log)
    if left:
        complain(f"{counted(len(left), 'case')} of {len(found)} not erased: {', '.join(left)}")
    return WRONG if left else status


def _sweep(
    directory: str, opening: Writing, vault: str | None, case: str | None, reason: str | None, *, json: bool
) -> int:
    """Erase what no record cites, of whatever case."""
    if case is not None or reason is not None:
        raise CallError("--uncited erases what no record cites, and records nothing: it takes no case and no --reason")
    with open_log(directory, opening, vault=vault) as log:
        must_keep(directory, vault)
        swept = log.sweep()
        status = let_go(log)
    if json:
        emit({"uncited": swept})
    else:
        say(
            f"{counted(swept, 'disclosure')} that no record cites: erased"
            if swept
            else "the vault has nothing that no record cites"
        )
    return status


def _erased(log: AuditLog, which: int | str, name: str, reason: str, *, json: bool) -> bool:
    """Erase one case and say so; False where it is held or kept, which is said too."""
    try:
        seq = log.erase(which, reason=reason)
    except ConflictError as error:
        complain(f"{name}: {error}")
        return False
    except (LogError, StoreError):
        complain(f"stopped at {name}: what was to be erased behind it was not reached")
        raise
    if json:
        emit({"named": name, "record": seq, "reason": reason})
    elif seq is None:
        say(f"{printable(name)}: the log has no record of it; what the vault had is gone")
    else:
        say(f"record #{seq}: {printable(name)} is erased, reason {reason}")
    return True


def _case_named(log: AuditLog, name: str) -> str:
    found = _erasable(log, name)
    case = log.case(found) if isinstance(found, int) else found
    if case is None:
        erased = None if isinstance(found, str) else log.erased(found)
        why = "the vault does not have it" if erased is None else f"it was erased at record {erased}"
        raise CallError(f"whose record {name} is cannot be told: {why}")
    return case


def _erasable(log: AuditLog, name: str) -> int | str:
    """A decision's record; or the case itself, which may be opened and have no decision yet."""
    try:
        return decision_named(log, name)
    except CallError:
        case = name.removeprefix("case:")
        try:
            log.keeping(case)
        except LogError:
            pass
        else:
            return case
        raise
