"""
From outcomes back to answers: for every code of an item an answer that gives it, and for a row of codes a whole submission.

Owns the inverse of `classify`. Nothing is believed here: every answer goes through the item's real reader before it is handed out. How the answers of single
kinds are found is `written` (number, text) and `forms` (what people rate, and their panel).
Must not know of points, weights or verdicts; takes plans, opens nothing.

An answer is what stands under the item's id in ``answers``, so ``None`` is an answer too (a JSON null, blank); that an item has *no entry* is said by
`NO_ENTRY`. Two codes are no item's own doing: ``excluded`` and ``unopened`` come from the variant, from ``not_administered`` and from what was handed in.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scoring.change.forms import NoPanelError, forms_for, full_panel, panel_for
from scoring.change.written import decimal, is_shadowed, numbers_for, texts_for
from scoring.engine.submission import read_submission
from scoring.engine.table import (
    ABSENT,
    BLANK,
    EXCLUDED,
    INVALID,
    NO_ENTRY,
    OWN,
    SEVERE,
    UNOPENED,
    Refused,
)
from scoring.errors import SubmissionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from scoring.engine.parts import Item
    from scoring.engine.plan import Plan

    Candidates: TypeAlias = Callable[[Item, int], Iterator[Any]]

__all__ = [
    "MAX_SPELLINGS",
    "NOTICE_AT",
    "NO_ENTRY",
    "NoAnswerError",
    "answer_for",
    "common_panel",
    "reachable_codes",
    "spellings",
    "submission_for",
    "undecided_codes",
]

MAX_SPELLINGS = 24  # of one outcome; more say nothing new
NOTICE_AT, STARTED_AT = "2026-01-01T09:00:00Z", "2026-01-01T09:05:00Z"  # any two times in this order prove the notice
NOT_ADMINISTERED = "not administered"
_STRANGER = "?"  # no id holds a question mark


class NoAnswerError(ValueError):
    """An outcome was asked for that no answer gives, or that none was found for; the message says which of the two."""


def answer_for(plan: Plan, place: int, code: int, panel: Mapping[str, str] | None = None) -> Any:
    """
    Find an answer that gives an outcome: the plainest one.

    Args:
        plan: The rubric.
        place: The item's number, from 0.
        code: The outcome, as FORMAT.md 7 numbers them; ``unopened`` and ``excluded`` have no answer.
        panel: For what people rate: who rates, rater to role. The least panel that the outcome needs (`panel_for`) where left out.

    Returns:
        JSON, or `NO_ENTRY` for *absent*; `None` is the answer null, which is blank.

    Raises:
        NoAnswerError: No answer gives this outcome, or none was found, or none with this panel.

    Source: docs/reading.md, read backwards.
    """
    for answer in _answers(plan, place, code, panel):
        return answer
    item = plan.items[place]
    open_question = code in undecided_codes(plan, place)
    why = "no answer was found that gives" if open_question else "no answer gives"
    of_panel = "" if panel is None else ", with this panel"
    raise NoAnswerError(f"{why} outcome {_named(item, code)} of item {item.id}{of_panel}")


def spellings(plan: Plan, place: int, code: int, panel: Mapping[str, str] | None = None) -> list[Any]:
    """
    Find several answers that give one outcome: other words, scripts, separators, units, orders, where the kind allows them.

    Returns:
        1 to `MAX_SPELLINGS` different answers, the plainest first.

    Raises:
        NoAnswerError: As `answer_for`.
    """
    found = [answer_for(plan, place, code, panel)]
    for answer in _answers(plan, place, code, panel):
        if not any(answer is known or (type(answer) is type(known) and answer == known) for known in found):
            found.append(answer)
        if len(found) == MAX_SPELLINGS:
            break
    return found


@lru_cache(maxsize=256)
def reachable_codes(plan: Plan, place: int) -> tuple[int, ...]:
    """
    List the codes that some answer to the item gives, each one shown by an answer; ascending.

    What people rate is looked at by itself: whether one panel can give the outcomes of several items together is for `common_panel` to say.
    """
    return tuple(code for code in plan.items[place].codes() if any(True for _ in _answers(plan, place, code, None)))


@lru_cache(maxsize=256)
def undecided_codes(plan: Plan, place: int) -> tuple[int, ...]:
    """
    List the codes for which neither an answer was found nor a reason why there is none.

    That is so for at most some `contains_all` keys behind a `like` key: whether all their texts can stand in one text that no earlier pattern fits was
    tried in many orders, not in all.
    """
    item = plan.items[place]
    if item.data["kind"] != "text":
        return ()
    reached = {*reachable_codes(plan, place)}
    return tuple(code for code in item.codes()[OWN:] if code not in reached and not is_shadowed(item.data, code - OWN))


def common_panel(plan: Plan, variant: str | None = None) -> dict[str, str] | None:
    """
    Find one panel under which every rated item of a variant can come to each of its outcomes, or None where there is none.

    Where there is one, the outcomes of items are independent of each other. Where there is none, an item that takes at most one examiner stands, say, beside
    one that needs two: what each can come to, they cannot all come to together.
    """
    outside = plan.frames[variant].outside
    try:
        return full_panel(item for item in plan.items if item.table.rate is not None and item.place not in outside)
    except NoPanelError:
        return None


def submission_for(
    plan: Plan, codes: Sequence[int], *, variant: str | None = None, notice: bool = True
) -> dict[str, Any]:
    """
    Make a submission whose answers are read as exactly these codes.

    A stage is handed in unless an item of it is to be *unopened*. An item that is to be *excluded* although it is of the variant was not administered.

    Args:
        plan: The rubric.
        codes: One for each item of the pack.
        variant: Which variant the candidate takes; None where the rubric has none.
        notice: Whether proof of notice is there, in a rubric that has a notice.

    Returns:
        The object of FORMAT.md 9, without `id` and `case`.

    Raises:
        NoAnswerError: An outcome has no answer, no panel allows all of them, or what was handed in contradicts them.
    """
    if variant not in plan.frames or len(codes) != len(plan.items):
        raise NoAnswerError(
            f"expected {len(plan.items)} codes and one of the variants {', '.join(map(str, plan.frames))}"
        )
    outside = plan.frames[variant].outside
    rows = [(item, codes[item.place]) for item in plan.items if item.place not in outside]
    try:
        panel = panel_for([(item, code) for item, code in rows if item.table.rate is not None and code >= OWN])
    except NoPanelError as problem:
        raise NoAnswerError(f"no panel gives these outcomes together: {problem}") from None
    answers = {
        item.id: answer_for(plan, item.place, code, panel)
        for item, code in rows
        if code not in {ABSENT, EXCLUDED, UNOPENED}
    }
    excluded = {item.id: NOT_ADMINISTERED for item, code in rows if code == EXCLUDED}
    document: dict[str, Any] = {"answers": answers}
    facts = _facts(plan, variant, panel, notice=notice)
    if facts:
        document["facts"] = facts
    if excluded:
        document["not_administered"] = excluded
    if len(plan.stages) > 1:
        shut = {plan.sections[item.section].stage for item, code in rows if code == UNOPENED}
        document["handed_in"] = [stage.id for place, stage in enumerate(plan.stages) if place not in shut]
    _confirm(plan, document, codes)
    return document


def _facts(plan: Plan, variant: str | None, panel: dict[str, str], *, notice: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {} if variant is None else {"variant": variant}
    if panel:
        facts["raters"] = panel
    if plan.notice_digest is not None and notice:
        facts |= {"notice": {"at": NOTICE_AT, "sha256": plan.notice_digest}, "started_at": STARTED_AT}
    return facts


def _confirm(plan: Plan, document: dict[str, Any], codes: Sequence[int]) -> None:
    """Read the submission as any other is read."""
    try:
        read, _ = read_submission(plan, document)
    except SubmissionError as error:
        raise NoAnswerError(f"no submission gives these outcomes together: {error}") from None
    for item, wanted, found in zip(plan.items, codes, read, strict=True):
        if wanted != found:
            raise NoAnswerError(
                f"no such submission: item {item.id} would be {_named(item, found)}, not {_named(item, wanted)}; "
                "items outside the variant are excluded, and unopened is what nobody answered in a stage not handed in"
            )


def _named(item: Item, code: int) -> str:
    return item.name(code) if code in item.codes() else f"number {code}"


# ---------------------------------------------------------------------- candidates, kind by kind, and the reader that confirms them


def _answers(plan: Plan, place: int, code: int, panel: Mapping[str, str] | None) -> Iterator[Any]:
    """Every answer that the kind proposes for a code and that its reader reads so, the plainest first."""
    item = plan.items[place]
    if code not in item.codes() or code in {EXCLUDED, UNOPENED}:
        return
    rate = item.table.rate
    if rate is not None and code >= OWN:
        try:
            people = panel_for([(item, code)]) if panel is None else dict(panel)
        except NoPanelError:
            return
        proposed = forms_for(item, code, people)
        yield from (answer for answer in proposed if _reads(lambda a: rate(a, people)[0], answer, code))
        return
    kind = item.data["kind"]
    proposed = iter(_NOTHING[code](kind)) if code < OWN else _OWN[kind](item, code)
    yield from (answer for answer in proposed if _reads(item.read, answer, code))


def _reads(read: Callable[[Any], int], answer: Any, code: int) -> bool:
    try:
        return read(answer) == code
    except Refused:
        return False


# Readers of what people rate take only objects, but read what says nothing as every reader does.
_NOTHING: dict[int, Callable[[str], list[Any]]] = {
    ABSENT: lambda _: [NO_ENTRY],
    BLANK: lambda _: [None, "", " ", [], "\t\n", "\u2003", [""], {}],
    INVALID: lambda kind: _INVALID.get(kind, []),
}
_INVALID: dict[str, list[Any]] = {
    "choice": [_STRANGER, [_STRANGER], [_STRANGER, "??"]],
    "selection": [[_STRANGER]],
    "mark": [-1, "-1", "1e0", ".5", "one"],
}


def _choice(item: Item, code: int) -> Iterator[Any]:
    ids = [option["id"] for option in item.data["options"]]
    if code - OWN < len(ids):
        chosen = ids[code - OWN]
        yield from (chosen, [chosen], [chosen, chosen])
        return
    severe = [option["id"] for option in item.data["options"] if option["flag"] in SEVERE]
    plain = [name for name in ids if name not in severe]
    several = (
        [*plain[:2], _STRANGER] if item.name(code) == "several" else [*severe[:1], *plain[:1], *severe[1:2], _STRANGER]
    )
    yield from (several[:2], several[1::-1], [several[0], _STRANGER], [several[0], *several], several)


def _selection(item: Item, code: int) -> Iterator[Any]:
    chosen = [option["id"] for place, option in enumerate(item.data["options"]) if (code - OWN + 1) >> place & 1]
    yield from (chosen, chosen[::-1], chosen + chosen[:1])


def _mark(item: Item, code: int) -> Iterator[Any]:
    text = decimal(Fraction(item.name(code)))
    if text:
        yield from ([int(text)] if text.isdigit() else [])
        yield from (text, f" {text} ", f"0{text}", f"{text}0" if "." in text else f"{text}.0")


def _evidence(_: Item, __: int) -> Iterator[Any]:
    yield from ("attached", {"reference": "attached"}, {"reference": "attached", "seconds": 60, "sha256": "0" * 64})


_OWN: dict[str, Candidates] = {
    "choice": _choice,
    "selection": _selection,
    "number": lambda item, code: numbers_for(item.data, code - OWN),
    "text": lambda item, code: texts_for(item.data, code - OWN),
    "mark": _mark,
    "evidence": _evidence,
}
