"""
A submission, checked and read: outcomes and the circumstances that count.

Owns what may stand in a submission beside the answers (FORMAT.md 9) and how all its problems are told at once. Answers are read by `classify`; the good
case runs through it once, and only a sheet with something wrong is gone over again to say what. Must not know of points or verdicts.
"""

from __future__ import annotations

from scoring import canonical
from scoring.engine.circumstances import Circumstances
from scoring.engine.exact import rational
from scoring.engine.ids import is_id, is_place
from scoring.engine.table import ABSENT, BLANK, EXCLUDED, NO_ENTRY, UNOPENED, Refused
from scoring.errors import Problem, SubmissionError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any, TypeAlias

    from scoring.engine.plan import Plan

    Report: TypeAlias = Callable[[str, str], None]

__all__ = ["MAX_CASE", "MAX_SUBMISSION", "check_later", "check_names", "is_case", "is_time", "parse", "read_submission"]

MAX_SUBMISSION = 1024 * 1024  # bytes; a sheet of 1,000 answers has some 60 KB
MAX_CASE = 200  # characters
MAX_REASON = 500  # characters
MAX_IRREGULARITIES = 20
MAX_HINTS = 20  # unknown names that are told one by one; each look for a likely name takes about a millisecond

MAX_DATES = 4096  # that are remembered

MAX_RATERS = 100
MAX_NAME = 200  # characters of a rater's name

_KEYS = ("answers", "case", "facts", "handed_in", "id", "not_administered", "reinstate", "void")
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def read_submission(plan: Plan, document: Any) -> tuple[list[int], Circumstances]:
    """
    Turn a submission into one code for each item, and its circumstances.

    Args:
        plan: The rubric.
        document: The submission, parsed.

    Raises:
        SubmissionError: With every problem; none repeats an answer.

    Source: docs/reading.md; FORMAT.md 9.
    """
    problems: list[Problem] = []

    def report(path: str, message: str) -> None:
        problems.append(Problem("submission", message, path=path))

    if type(document) is not dict:
        report("submission", "expected an object with the key answers")
        raise SubmissionError(problems)
    _check_keys(document, _KEYS, "", report)
    answers = document.get("answers", NO_ENTRY)
    check_names(document, report)
    around, panel = _circumstances(plan, document, report)
    codes: list[int] = []
    if type(answers) is dict:
        codes = _read_answers(plan, answers, panel, around, report)
    else:
        report("answers", "is missing" if answers is NO_ENTRY else "expected an object: item id to answer")
    if "not_administered" in document:
        _exclude(plan, document["not_administered"], answers, codes, report)
    if problems:
        raise SubmissionError(problems)
    _place_in_frame(plan, codes, around)
    return codes, around


def check_later(plan: Plan, document: dict[str, Any], stages: Sequence[str]) -> None:
    """
    Refuse answers that come after the end.

    Args:
        plan: The rubric.
        document: What was read.
        stages: What became of each evaluated stage.

    Raises:
        SubmissionError: An item of a stage after the one that ended the case has an answer.

    Source: FORMAT.md 9.
    """
    if stages[-1] != "ended" or len(stages) == len(plan.stages):
        return
    last = plan.stages[len(stages) - 1]
    message = (
        f"the case ended at stage {last.id}, so this is refused: leave it out, or have a person reinstate the case"
    )
    problems = [
        Problem("submission", message, path=f"answers/{name}")
        for name in document["answers"]
        if plan.index[name] >= last.items.stop
    ]
    if problems:
        raise SubmissionError(problems)


def parse(data: bytes) -> Any:
    """Parse the JSON text of a submission."""
    if len(data) > MAX_SUBMISSION:
        raise SubmissionError([Problem("submission", f"longer than {MAX_SUBMISSION} bytes")])
    try:
        return canonical.loads(data)
    except canonical.CanonicalError as error:
        raise SubmissionError([Problem("submission", f"not a submission: {error.message}")]) from None


def _read_answers(
    plan: Plan, answers: dict[str, Any], panel: dict[str, str], around: Circumstances, report: Report
) -> list[int]:
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
    if len(codes) < len(plan.items):
        codes = [ABSENT] * len(plan.items)  # it is refused; go on to find everything that is wrong with it
    breached = False
    outside = plan.frames[around.variant].outside if around.variant in plan.frames else frozenset()
    for place, name, rate in plan.rated:
        if name in answers:
            try:
                codes[place], conduct = rate(answers[name], panel)
                breached = breached or (conduct and place not in outside)
            except Refused as refused:
                report(f"answers/{name}", str(refused))
    if breached:
        around.irregularities = sorted({*around.irregularities, "conduct"})
    for place in outside:
        only = plan.items[place].only
        if only not in {None, around.variant} and plan.items[place].id in answers:
            report(
                f"answers/{plan.items[place].id}", f"this item is for variant {only}; the case takes {around.variant}"
            )
    return codes


def _place_in_frame(plan: Plan, codes: list[int], around: Circumstances) -> None:
    """What is not the case's is excluded; nothing, or a blank, in a stage that was not handed in is unopened."""
    for place in plan.frames[around.variant].outside:
        codes[place] = EXCLUDED
    if len(plan.stages) > 1:
        for stage in plan.stages:
            if stage.id not in around.handed_in:
                for place in stage.items:
                    if codes[place] in {ABSENT, BLANK}:
                        codes[place] = UNOPENED


def _check_items(plan: Plan, entries: dict[str, Any], path: str, report: Report) -> None:
    _check_names_in(entries, plan.index, path, "this rubric has no such item", report)


def _check_keys(entries: dict[str, Any], known: Collection[str], path: str, report: Report) -> None:
    _check_names_in(entries, known, path, f"unknown key; known are {', '.join(known)}", report)


def _check_names_in(entries: dict[str, Any], known: Collection[str], path: str, message: str, report: Report) -> None:
    """Report the names that are not known. A key that is no id may be anything, and is not repeated."""
    unknown = [name for name in entries if name not in known]
    for name in unknown[:MAX_HINTS]:
        shown, hint = (name, did_you_mean(name, [*known])) if is_place(name) else ("?", "")
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


def _handed_in(plan: Plan, document: dict[str, Any], report: Report) -> list[str]:
    known = [stage.id for stage in plan.stages]
    stages = document.get("handed_in", [])
    if type(stages) is not list or any(stage not in known for stage in stages) or len({*stages}) != len(stages):
        report("handed_in", f"expected a list of stages, each once; this rubric has {', '.join(known)}")
        return []
    return known if len(known) == 1 else [stage for stage in known if stage in stages]


def check_names(document: dict[str, Any], report: Report) -> None:
    """Check the form of `id` and `case` where they stand."""
    if "id" in document and not is_id(document["id"]):
        report("id", "expected 1 to 48 of the letters A-Z a-z, digits, . _ -")
    if "case" in document and not is_case(document["case"]):
        report("case", f"expected text of 1 to {MAX_CASE} characters")


def _circumstances(plan: Plan, document: dict[str, Any], report: Report) -> tuple[Circumstances, dict[str, str]]:
    """What counts beside the answers, and the panel."""
    facts = document.get("facts", {})
    if type(facts) is not dict:
        report("facts", "expected an object")
        facts = {}
    _check_keys(facts, tuple(_FACTS), "facts", report)
    for name, (fits, expected) in _FACTS.items():
        if name in facts and not fits(facts[name]):
            report(f"facts/{name}", f"expected {expected}")
            facts = {key: value for key, value in facts.items() if key != name}
    if "elapsed" in facts:
        _check_items(plan, facts["elapsed"], "facts/elapsed", report)
    around = Circumstances(
        _is_proven(plan, facts, report),
        sorted({*facts.get("irregularities", [])}),
        variant=_variant(plan, facts, report),
        handed_in=_handed_in(plan, document, report),
        reinstate=_reinstate(plan, document, report),
        void=document.get("void"),
    )
    if "void" in document and not is_id(document["void"]):
        report("void", "expected the code of the reason, of the form of an id")
    return around, facts.get("raters", {})


def _variant(plan: Plan, facts: dict[str, Any], report: Report) -> str | None:
    variants = [variant for variant in plan.frames if variant is not None]
    variant: str | None = facts.get("variant")
    if variants and variant not in variants:
        hint = "" if variant is None else did_you_mean(variant, variants)
        message = "is missing" if variant is None else "this rubric has no such variant"
        report("facts/variant", f"{message}; it has {', '.join(variants)}{hint}")
    if not variants and variant is not None:
        report("facts/variant", "this rubric has no variants: leave it out")
    return variant


def _reinstate(plan: Plan, document: dict[str, Any], report: Report) -> dict[str, str] | None:
    if "reinstate" not in document:
        return None
    entry = document["reinstate"]
    if type(entry) is not dict or {*entry} != {"reason", "stage"} or not is_id(entry["reason"]):
        report("reinstate", "expected an object with reason, a code of the form of an id, and stage")
    elif type(entry["stage"]) is not str or entry["stage"] not in plan.stage_index:
        report("reinstate/stage", f"this rubric has no such stage; it has {', '.join(plan.stage_index)}")
    else:
        return {"reason": entry["reason"], "stage": entry["stage"]}
    return None


def _is_proven(plan: Plan, facts: dict[str, Any], report: Report) -> bool | None:
    """Whether proof of notice is there; None where the rubric has no notice."""
    told = _notice(facts["notice"], report) if "notice" in facts else None
    if plan.notice_digest is None:
        return None
    if told is None or "started_at" not in facts:
        return False
    # Fixed-width UTC sorts as time does.
    return bool(told["sha256"] == plan.notice_digest and told["at"] <= facts["started_at"])


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


def is_case(value: Any) -> bool:
    """Whether *value* can name a case: text of 1 to 200 characters."""
    return _is_text(value, MAX_CASE)


def _is_text(value: Any, most: int) -> bool:
    """Whether *value* is text of 1 to *most* characters without a lone surrogate."""
    if type(value) is not str or not 0 < len(value) <= most:
        return False
    return value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)


def is_time(value: Any) -> bool:
    """Whether *value* is a UTC time of the calendar in its 20 characters, such as ``2026-11-21T09:05:00Z``."""
    if (
        type(value) is not str
        or value[16:] not in _SECONDS
        or value[13:16] not in _MINUTES
        or value[10:13] not in _HOURS
    ):
        return False
    return value[:10] in _DATES or _is_date(value[:10])


def _is_date(value: str) -> bool:
    """Whether *value* is a day of the calendar, such as ``2026-11-21``; those that are get remembered, the last few thousand."""
    digits = value[:4] + value[5:7] + value[8:]
    if not (digits.isascii() and digits.isdigit()) or value[4::3] != "--":
        return False
    year, month, day = int(value[:4]), int(value[5:7]), int(value[8:])
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not (year and 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1] + leap):
        return False
    if len(_DATES) >= MAX_DATES:
        _DATES.clear()
    _DATES.add(value)
    return True


_DATES: set[str] = set()
_HOURS = frozenset(f"T{n:02}" for n in range(24))
_MINUTES = frozenset(f":{n:02}" for n in range(60))
_SECONDS = frozenset(f":{n:02}Z" for n in range(60))


def _is_factor(value: Any) -> bool:
    """Whether *value* spells a rational from 1 to 10."""
    try:
        num, den = rational(value) if type(value) is str else (0, 1)
    except ValueError:
        return False
    return den <= num <= 10 * den


def _is_panel(value: Any) -> bool:
    return (
        type(value) is dict
        and len(value) <= MAX_RATERS
        and all(name.isascii() and name.isprintable() and 0 < len(name) <= MAX_NAME for name in value)
        and all(map(is_id, value.values()))
    )


def _is_elapsed(value: Any) -> bool:
    return type(value) is dict and all(
        type(seconds) is int and 0 <= seconds <= canonical.MAX_INTEGER for seconds in value.values()
    )


def _is_codes(value: Any) -> bool:
    return type(value) is list and len(value) <= MAX_IRREGULARITIES and all(map(is_id, value))


# What may stand under `facts`, how it is checked, and what is said where it does not fit. `notice` is looked at part by part.
_FACTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "accommodation": (_is_factor, 'what time limits are multiplied by, from 1 to 10, such as "3/2"'),
    "elapsed": (_is_elapsed, "an object: item id to seconds, an integer of 0 or more"),
    "irregularities": (_is_codes, f"a list of at most {MAX_IRREGULARITIES} codes, each of the form of an id"),
    "notice": (lambda _: True, ""),
    "raters": (
        _is_panel,
        f"an object of at most {MAX_RATERS}: rater, 1 to {MAX_NAME} ASCII characters (an id is best), to the id of a role",
    ),
    "started_at": (is_time, "a time in UTC such as 2026-11-21T09:05:00Z"),
    "variant": (is_id, "the id of a variant"),
}
