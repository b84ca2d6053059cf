"""
A submission, checked and read: outcomes and the circumstances that count.

Owns what may stand in a submission beside the answers (FORMAT.md 9) and how all its problems are told at once. Answers are read by `classify`; the good
case runs through it once, and only a sheet with something wrong is gone over again to say what. Must not know of points or verdicts.
"""

from __future__ import annotations

from scoring import canonical
from scoring.engine.classify import ABSENT, EXCLUDED, NO_ENTRY, Refused
from scoring.engine.shape import is_id
from scoring.errors import Problem, SubmissionError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any, TypeAlias

    from scoring.engine.plan import Plan

    Report: TypeAlias = Callable[[str, str], None]

__all__ = ["MAX_CASE", "MAX_SUBMISSION", "Circumstances", "check_names", "is_time", "read_submission"]

MAX_SUBMISSION = 1024 * 1024  # bytes; a sheet of 1,000 answers has some 60 KB
MAX_CASE = 200  # characters
MAX_REASON = 500  # characters
MAX_IRREGULARITIES = 20
MAX_HINTS = 20  # unknown names that are told one by one; each look for a likely name takes about a millisecond

_KEYS = ("answers", "case", "facts", "handed_in", "id", "not_administered")
_FACTS = ("irregularities", "notice", "started_at")
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Circumstances:
    """
    What counts beside the outcomes.

    Attributes:
        notice: Whether proof of notice is there; None where the rubric has no notice.
        irregularities: Codes, sorted, each once.
    """

    __slots__ = ("irregularities", "notice")

    def __init__(self, notice: bool | None, irregularities: list[str]) -> None:
        self.notice = notice
        self.irregularities = irregularities


def read_submission(plan: Plan, submission: dict[str, Any] | bytes) -> tuple[list[int], Circumstances]:
    """
    Turn a submission into one code for each item, and its circumstances.

    Args:
        plan: The rubric.
        submission: The object, or JSON text of at most 1 MiB that says it.

    Raises:
        SubmissionError: With every problem; none repeats an answer.

    Source: docs/reading.md; FORMAT.md 9.
    """
    document = parse(submission) if isinstance(submission, bytes) else submission
    problems: list[Problem] = []

    def report(path: str, message: str) -> None:
        problems.append(Problem("submission", message, path=path))

    if type(document) is not dict:
        report("submission", "expected an object with the key answers")
        raise SubmissionError(problems)
    _check_keys(document, _KEYS, "", report)
    answers = document.get("answers", NO_ENTRY)
    codes: list[int] = []
    if type(answers) is dict:
        codes = _read_answers(plan, answers, report)
    else:
        report("answers", "is missing" if answers is NO_ENTRY else "expected an object: item id to answer")
    if "not_administered" in document:
        _exclude(plan, document["not_administered"], answers, codes, report)
    if "handed_in" in document:
        _check_handed_in(plan, document["handed_in"], report)
    check_names(document, report)
    circumstances = _circumstances(plan, document.get("facts", {}), report)
    if problems:
        raise SubmissionError(problems)
    return codes, circumstances


def parse(data: bytes) -> Any:
    """Parse the JSON text of a submission."""
    if len(data) > MAX_SUBMISSION:
        raise SubmissionError([Problem("submission", f"longer than {MAX_SUBMISSION} bytes")])
    try:
        return canonical.loads(data)
    except canonical.CanonicalError as error:
        raise SubmissionError([Problem("submission", f"not a submission: {error.message}")]) from None


def _read_answers(plan: Plan, answers: dict[str, Any], report: Report) -> list[int]:
    get = answers.get
    try:
        codes = [read(get(name, NO_ENTRY)) for name, read in plan.readers]
    except Refused:
        codes = []
        for name, read in plan.readers:
            try:
                codes.append(read(get(name, NO_ENTRY)))
            except Refused as refused:
                report(f"answers/{name}", str(refused))
    if len(answers) != len(codes) - codes.count(ABSENT):
        _check_items(plan, answers, "answers", report)
    return codes


def _check_items(plan: Plan, entries: dict[str, Any], path: str, report: Report) -> None:
    _check_names_in(entries, plan.index, path, "this rubric has no such item", report)


def _check_keys(entries: dict[str, Any], known: Collection[str], path: str, report: Report) -> None:
    _check_names_in(entries, known, path, f"unknown key; known are {', '.join(known)}", report)


def _check_names_in(entries: dict[str, Any], known: Collection[str], path: str, message: str, report: Report) -> None:
    """Report the names that are not known. A key that is no id may be anything, and is not repeated."""
    unknown = [name for name in entries if name not in known]
    for name in unknown[:MAX_HINTS]:
        shown, hint = (name, did_you_mean(name, [*known])) if is_id(name) else ("?", "")
        report(f"{path}/{shown}" if path else shown, message + hint)
    if len(unknown) > MAX_HINTS:
        report(path, f"and {len(unknown) - MAX_HINTS} more names that are not known")


def _exclude(plan: Plan, entries: Any, answers: Any, codes: list[int], report: Report) -> None:
    """Take out what the caller says was not administered. Source: DESIGN 5."""
    path = "not_administered"
    if type(entries) is not dict:
        report(path, "expected an object: item id to reason")
        return
    _check_items(plan, entries, path, report)
    for name, reason in entries.items():
        if name not in plan.index:
            continue
        if not _is_text(reason, MAX_REASON):
            report(f"{path}/{name}", f"expected the reason, 1 to {MAX_REASON} characters")
        if type(answers) is dict and name in answers:
            report(f"{path}/{name}", "this item has an answer too: drop one of the two")
        if len(codes) == len(plan.items):
            codes[plan.index[name]] = EXCLUDED


def _check_handed_in(plan: Plan, stages: Any, report: Report) -> None:
    known = [stage["id"] for stage in plan.pack["stages"]]
    if type(stages) is not list or any(stage not in known for stage in stages) or len({*stages}) != len(stages):
        report("handed_in", f"expected a list of stages, each once; this rubric has {', '.join(known)}")


def check_names(document: dict[str, Any], report: Report) -> None:
    """Check the form of `id` and `case` where they stand."""
    if "id" in document and not is_id(document["id"]):
        report("id", "expected 1 to 48 of the letters A-Z a-z, digits, . _ -")
    if "case" in document and not _is_text(document["case"], MAX_CASE):
        report("case", f"expected text of 1 to {MAX_CASE} characters")


def _circumstances(plan: Plan, facts: Any, report: Report) -> Circumstances:
    proven = None if plan.notice_digest is None else False
    if type(facts) is not dict:
        report("facts", "expected an object")
        return Circumstances(proven, [])
    _check_keys(facts, _FACTS, "facts", report)
    started_at = facts.get("started_at")
    if "started_at" in facts and not is_time(started_at):
        report("facts/started_at", "expected a time in UTC such as 2026-11-21T09:05:00Z")
        started_at = None
    if "notice" in facts:
        told = _notice(facts["notice"], report)
        if told is not None and plan.notice_digest is not None and started_at is not None:
            # Fixed-width UTC sorts as time does.
            proven = told["sha256"] == plan.notice_digest and told["at"] <= started_at
    return Circumstances(proven, _irregularities(facts.get("irregularities", []), report))


def _notice(notice: Any, report: Report) -> dict[str, str] | None:
    path = "facts/notice"
    if type(notice) is not dict:
        report(path, "expected an object with sha256 and at")
        return None
    _check_keys(notice, ("at", "sha256"), path, report)
    digest, at = notice.get("sha256"), notice.get("at")
    is_digest = type(digest) is str and len(digest) == 64 and frozenset("0123456789abcdef").issuperset(digest)
    if "sha256" in notice and not is_digest:
        report(f"{path}/sha256", "expected the SHA-256 of the notice's text, 64 lower-case hexadecimal digits")
    if "at" in notice and not is_time(at):
        report(f"{path}/at", "expected a time in UTC such as 2026-11-21T09:00:00Z")
    return notice if is_digest and is_time(at) else None


def _irregularities(codes: Any, report: Report) -> list[str]:
    if type(codes) is not list or len(codes) > MAX_IRREGULARITIES or not all(map(is_id, codes)):
        report(
            "facts/irregularities", f"expected a list of at most {MAX_IRREGULARITIES} codes, each of the form of an id"
        )
        return []
    return sorted({*codes})


def _is_text(value: Any, most: int) -> bool:
    """Whether *value* is text of 1 to *most* characters without a lone surrogate."""
    if type(value) is not str or not 0 < len(value) <= most:
        return False
    return not any("\ud800" <= c <= "\udfff" for c in value)


def is_time(value: Any) -> bool:
    """Whether *value* is a UTC time of the calendar in its 20 characters, such as ``2026-11-21T09:05:00Z``."""
    if type(value) is not str or len(value) != 20 or not value.isascii():
        return False
    digits = value[:4] + value[5:7] + value[8:10] + value[11:13] + value[14:16] + value[17:19]
    if not digits.isdigit() or value[4] + value[7] + value[10] + value[13] + value[16] + value[19] != "--T::Z":
        return False
    year, month, day = int(value[:4]), int(value[5:7]), int(value[8:10])
    if not (year and 1 <= month <= 12):
        return False
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= day <= _DAYS[month - 1] + leap and digits[8:10] < "24" and digits[10:12] < "60" and digits[12:] < "60"
