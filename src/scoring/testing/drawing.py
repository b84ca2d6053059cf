"""
Strategies for what candidates may hand in to one rubric: every submission that they make is scored, none is refused.

Owns how a case is drawn: outcomes first, often such that the total lies on a cut or next to one and that something raises a flag; then an answer for each
outcome, now and then in an unusual spelling. What shrinks is the row of outcomes, towards absent and the first of a table.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import assume
from hypothesis import strategies as st

from scoring.change.answers import answer_for, reachable_codes, spellings, submission_for
from scoring.change.forms import NoPanelError, panel_for
from scoring.change.prove import prove
from scoring.engine.circumstances import Circumstances
from scoring.engine.judge import judge
from scoring.engine.rubric import Rubric
from scoring.engine.submission import read_submission
from scoring.engine.table import ABSENT, EXCLUDED, FLAGS, OWN, UNOPENED, WORD, flags_of
from scoring.errors import did_you_mean
from scoring.rubric.load import load

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from typing import TypeAlias

    from hypothesis.strategies import DrawFn, SearchStrategy

    from scoring.engine.judge import Standing
    from scoring.engine.parts import Item
    from scoring.engine.plan import Plan

    Loaded: TypeAlias = Rubric | str | os.PathLike[str]

__all__ = [
    "Row",
    "open_rubric",
    "outcomes",
    "rows",
    "some_codes",
    "some_submissions",
    "standing_of",
    "submission_of",
    "submissions",
]

TRIED = 200_000  # states of a proof that a verdict can be reached; some tenths of a second
MANY = 4_096  # codes of an item beyond which only some are drawn: a mark of 0 to 100,000 in steps of 1 says little more
ODDLY = 4  # of so many answers about one is spelled in an unusual way
IRREGULARITIES = ["fire-alarm", "phone"]


class Row(NamedTuple):
    """
    A case before anybody has written it down.

    Attributes:
        codes: One outcome for each item of the pack.
        variant, notice: Which variant, and whether proof of notice is there.
        irregular: Codes of irregularities.
    """

    codes: tuple[int, ...]
    variant: str | None
    notice: bool
    irregular: tuple[str, ...] = ()


def some_submissions(rubric: Rubric) -> SearchStrategy[dict[str, Any]]:
    """Draw submissions to a rubric that is tried only a few times, so that no proof beforehand pays."""
    return _written(rubric.plan, rows(rubric.plan, steered=False))


def open_rubric(rubric: Loaded) -> Rubric:
    """The rubric itself, or the one at a path, with its default profile."""
    return rubric if isinstance(rubric, Rubric) else load(rubric)


def submissions(
    rubric: Loaded,
    *,
    raising: str | None = None,
    reaching: str | None = None,
    variant: str | None = None,
    complete: bool = False,
) -> SearchStrategy[dict[str, Any]]:
    """
    Draw submissions that a rubric scores.

    Args:
        rubric: A loaded rubric, or the path of one.
        raising: A flag that some answer raises, in a stage that is reached.
        reaching: A verdict that the case gets.
        variant: The variant that the candidate takes; any where left out.
        complete: Whether the case is decided or has ended, with nothing left out, no irregularity, and proof of notice: what proofs are about. Otherwise
            items may be missing or not administered and stages not handed in.

    Returns:
        Objects of FORMAT.md 9, without `id` and `case`.

    Raises:
        ValueError: The rubric has no such flag, verdict or variant, or it is proven that no complete submission gets that verdict.
    """
    plan = open_rubric(rubric).plan
    return _written(plan, rows(plan, raising=raising, reaching=reaching, variant=variant, complete=complete))


def outcomes(
    rubric: Loaded,
    *,
    raising: str | None = None,
    reaching: str | None = None,
    variant: str | None = None,
    complete: bool = False,
) -> SearchStrategy[dict[str, str]]:
    """Draw what `Decision.outcomes` may say: the name of each item's outcome, jointly possible. Arguments and errors as `submissions`."""
    plan = open_rubric(rubric).plan
    drawn = rows(plan, raising=raising, reaching=reaching, variant=variant, complete=complete)
    return drawn.map(
        lambda row: {i.id: i.name(c) for i, c in zip(plan.items, standing_of(plan, row).codes, strict=True)}
    )


def rows(
    plan: Plan,
    *,
    raising: str | None = None,
    reaching: str | None = None,
    variant: str | None = None,
    complete: bool = False,
    steered: bool = True,
) -> SearchStrategy[Row]:
    """
    Draw cases as rows of outcomes; arguments and errors as `submissions`.

    Where it is *steered*, a case for each verdict is worked out beforehand, which takes a proof each, and what is drawn is often near one of them.
    """
    variants = [*plan.frames] if variant is None else [variant]
    _check("variant", variant, [name for name in plan.frames if name is not None])
    _check("verdict", reaching, plan.verdicts)
    _check("flag", raising, FLAGS)
    if raising is not None and not _raisers(plan, raising, tuple(variants)):
        raise ValueError(f"no item of this rubric raises {raising}")
    aims = (reaching,) if reaching is not None else plan.verdicts if steered else ()
    starts = {verdict: start for verdict in aims if (start := _start(plan, verdict)) is not None}
    if reaching is not None and starts.get(reaching) is UNREACHABLE:
        raise ValueError(f"no complete submission gets the verdict {reaching}: this is proven")
    found = tuple(start for start in starts.values() if start.variant in variants and start is not UNREACHABLE)
    return _rows(plan, _Asked(tuple(variants), raising, reaching, found, complete or reaching is not None))


def standing_of(plan: Plan, row: Row) -> Standing:
    """Judge a row as it will be judged once it is written down."""
    shut = {plan.sections[plan.items[place].section].stage for place, code in enumerate(row.codes) if code == UNOPENED}
    handed_in = [stage.id for place, stage in enumerate(plan.stages) if place not in shut]
    notice = None if plan.notice_digest is None else row.notice
    around = Circumstances(notice, sorted({*row.irregular}), variant=row.variant, handed_in=handed_in)
    return judge(plan, row.codes, around)


def submission_of(plan: Plan, row: Row) -> dict[str, Any]:
    """Write a row down in the plainest answers."""
    document = submission_for(plan, row.codes, variant=row.variant, notice=row.notice)
    if row.irregular:
        document.setdefault("facts", {})["irregularities"] = [*row.irregular]
    return document


def _check(what: str, name: str | None, known: Sequence[str]) -> None:
    if name is not None and name not in known:
        raise ValueError(f"no such {what}; there are {', '.join(known) or 'none'}{did_you_mean(name, known)}")


# ---------------------------------------------------------------------- rows


class _Asked(NamedTuple):
    """What was asked for: one of these variants, a flag, a verdict, a complete case; and cases that are known to get a verdict."""

    variants: tuple[str | None, ...]
    raising: str | None
    reaching: str | None
    starts: tuple[Row, ...]
    complete: bool


@st.composite
def _rows(draw: DrawFn, plan: Plan, asked: _Asked) -> Row:
    variant = draw(st.sampled_from(asked.variants))
    outside = plan.frames[variant].outside
    own = [item for item in plan.items if item.place not in outside]
    codes = [EXCLUDED] * len(plan.items)
    for item in own:
        codes[item.place] = draw(st.sampled_from(_drawn(plan, item.place, asked.complete)))
    whole = draw(st.integers(0, 3)) == 3
    if whole:
        _whole_sections(draw, plan, codes, complete=asked.complete)
    notice = asked.complete or draw(st.sampled_from([True, True, False]))
    row = Row(tuple(codes), variant, notice)
    starts = asked.starts if asked.reaching is not None else (None, *asked.starts)
    start = draw(st.sampled_from(starts)) if starts and (asked.reaching is not None or not whole) else None
    if start is not None:
        row = _towards(draw, plan, start, row)
    if not whole and plan.bands > 1 and draw(st.booleans()):
        near = _to_a_cut(draw, plan, row, complete=asked.complete)
        row = near if asked.reaching in {None, _verdict(plan, near)} and _has_panel(plan, near) else row
    codes = [*row.codes]
    if asked.raising is not None:
        _raise(draw, plan, codes, _raisers(plan, asked.raising, (row.variant,)))
    if not asked.complete:
        _leave_gaps(draw, plan, codes)
        irregular = draw(st.lists(st.sampled_from(IRREGULARITIES), max_size=1)) if draw(_rarely()) else []
        row = row._replace(irregular=tuple(irregular))
    _fit_panel(plan, codes)
    row = _ended(plan, row._replace(codes=tuple(codes)))
    if asked.reaching is not None:
        assume(_verdict(plan, row) == asked.reaching)
    if asked.complete:
        assume(standing_of(plan, row).status in {"decided", "ended"})
    if asked.raising is not None:
        assume(asked.raising in flags_of(standing_of(plan, row).word))
    return row


def _rarely() -> SearchStrategy[bool]:
    return st.integers(0, 9).map(lambda lot: lot == 9)


@lru_cache(maxsize=4096)
def _drawn(plan: Plan, place: int, complete: bool) -> tuple[int, ...]:
    """The codes that are drawn for an item, the simplest first, those that raise something more often than others."""
    item = plan.items[place]
    codes = some_codes(plan, place)
    if complete:
        codes = tuple(code for code in codes if code not in item.awaits) or codes
    flagged = [code for code in codes if item.words[code]]
    return (*codes, *flagged[:MANY])


@lru_cache(maxsize=4096)
def some_codes(plan: Plan, place: int) -> tuple[int, ...]:
    """The codes that some answer to an item gives; of an item with very many of them, some."""
    item = plan.items[place]
    if len(item.codes()) <= MANY:
        return reachable_codes(plan, place)
    # Every one of a wide mark's steps can be written or not for the same reason; a few hundred of them are tried.
    some = [*range(OWN), *range(OWN, len(item.words), len(item.words) // 200), item.best_code]
    return tuple(code for code in some if code not in {EXCLUDED, UNOPENED} and _has_answer(plan, place, code))


@lru_cache(maxsize=4096)
def _best(plan: Plan, place: int) -> int:
    """Of the outcomes that some answer gives the first that earns most and waits for nothing, one without a flag where there is one."""
    item = plan.items[place]
    codes = [code for code in some_codes(plan, place) if code >= OWN and code not in item.awaits]
    return max(codes or [ABSENT], key=lambda code: (item.points[code], not item.words[code], -code))


def _has_answer(plan: Plan, place: int, code: int) -> bool:
    try:
        answer_for(plan, place, code)
    except ValueError:
        return False
    return True


def _whole_sections(draw: DrawFn, plan: Plan, codes: list[int], *, complete: bool) -> None:
    """Make sections all right or all wrong: sums of whole shares lie on cuts that single answers hardly ever hit."""
    for section in plan.sections:
        right = draw(st.booleans())
        for item in plan.items[section.start : section.stop]:
            if codes[item.place] != EXCLUDED:
                plain = [code for code in _drawn(plan, item.place, complete) if not item.words[code]]
                worst = min(plain or [codes[item.place]], key=item.points.__getitem__)
                codes[item.place] = _best(plan, item.place) if right else worst


def _to_a_cut(draw: DrawFn, plan: Plan, row: Row, *, complete: bool) -> Row:
    """Change outcomes one after the other to what brings the total nearest to a cut or to one side of it; twice round, as the last ones fit best."""
    scale, codes = plan.frames[row.variant].scale, [*row.codes]
    cut, side = draw(st.sampled_from([*scale.cuts])), draw(st.sampled_from([0, 0, 1, -1]))
    weight = [scale.factors[item.section] * scale.weights[plan.sections[item.section].stage] for item in plan.items]
    asked = [item for item in plan.items if codes[item.place] not in {EXCLUDED, UNOPENED} and weight[item.place]]
    total = sum(item.points[codes[item.place]] * weight[item.place] for item in asked)
    for item in 2 * draw(st.permutations(asked)):
        worth = weight[item.place]
        rest = total - item.points[codes[item.place]] * worth
        plain = [code for code in _drawn(plan, item.place, complete) if not item.words[code]]
        totals = {code: rest + item.points[code] * worth for code in (codes[item.place], *plain)}
        there = [code for code, found in totals.items() if side * (found - cut) >= abs(side)]
        codes[item.place] = min(there or totals, key=lambda code: abs(totals[code] - cut))
        total = totals[codes[item.place]]
    return row._replace(codes=tuple(codes))


@lru_cache(maxsize=256)
def _raisers(plan: Plan, flag: str, variants: tuple[str | None, ...]) -> tuple[tuple[int, int], ...]:
    """Items and their outcomes that raise a flag, in one of these variants."""
    outside = frozenset.intersection(*(plan.frames[variant].outside for variant in variants))
    return tuple(
        (item.place, code)
        for item in plan.items
        if item.place not in outside and any(item.words)
        for code in some_codes(plan, item.place)
        if item.words[code] & WORD[flag] * 0xFFFF
    )


def _raise(draw: DrawFn, plan: Plan, codes: list[int], raisers: Sequence[tuple[int, int]]) -> None:
    """Give one item an outcome that raises the flag, and the items of the stages before it their best one, so that it is reached."""
    assume(raisers)
    place, code = draw(st.sampled_from(raisers))
    codes[place] = code
    stage = plan.sections[plan.items[place].section].stage
    if stage:
        for before in plan.items[: plan.stages[stage].items.start]:
            if codes[before.place] != EXCLUDED:
                codes[before.place] = _best(plan, before.place)


def _leave_gaps(draw: DrawFn, plan: Plan, codes: list[int]) -> None:
    """Now and then something was not administered, or a funnel goes only so far."""
    if draw(_rarely()):
        for item in draw(st.lists(st.sampled_from(plan.items), min_size=1, max_size=3)):
            codes[item.place] = EXCLUDED
    reached = draw(st.sampled_from([*[len(plan.stages)] * 6, *range(len(plan.stages))]))
    if len(plan.stages) > 1:
        for stage in plan.stages[reached:]:
            for place in stage.items:
                codes[place] = UNOPENED if codes[place] != EXCLUDED else EXCLUDED


def _fit_panel(plan: Plan, codes: list[int]) -> None:
    """Where the people whom one item needs are too many for another, nobody rates the later one."""
    rated: list[tuple[Item, int]] = []
    for item in plan.items:
        if item.table.rate is None or codes[item.place] < OWN:
            continue
        try:
            panel_for([*rated, (item, codes[item.place])])
        except NoPanelError:
            codes[item.place] = ABSENT
        else:
            rated.append((item, codes[item.place]))


def _ended(plan: Plan, row: Row) -> Row:
    """Leave out what comes after the end, which would be refused."""
    standing = standing_of(plan, row)
    return row._replace(codes=tuple(standing.codes)) if standing.stages[-1] == "ended" else row


# ---------------------------------------------------------------------- towards a verdict


UNREACHABLE = Row((), None, notice=False)  # what stands for a case where it is proven that there is none


@lru_cache(maxsize=256)
def _start(plan: Plan, verdict: str) -> Row | None:
    """A case that gets a verdict, from the proof that there is one; None where that is not decided within `TRIED` states."""
    others = [name for name in plan.verdicts if name != verdict]
    proof = prove(plan, {"id": "reaching", "when": None, "allowed": others}, bound=TRIED)
    if proof.holds:
        return UNREACHABLE
    if proof.witness is None:
        return None
    codes, around = read_submission(plan, proof.witness["submission"])
    return Row(tuple(codes), around.variant, around.notice is not False)


def _towards(draw: DrawFn, plan: Plan, start: Row, drawn: Row) -> Row:
    """The start, changed towards what was drawn, item by item, as far as it keeps its verdict."""
    row, verdict = start, _verdict(plan, start)
    for item in draw(st.permutations(plan.items)):
        code = drawn.codes[item.place]
        if code == EXCLUDED or row.codes[item.place] in {EXCLUDED, UNOPENED, code}:
            continue
        codes = [*row.codes]
        codes[item.place] = code
        changed = row._replace(codes=tuple(codes))
        if _verdict(plan, changed) == verdict and _has_panel(plan, changed):
            row = changed
    return row


def _verdict(plan: Plan, row: Row) -> str | None:
    """The verdict of a row; None where it has none, or would be refused because it goes on after the end."""
    standing = standing_of(plan, row)
    known = standing.verdict is not None and [*standing.codes] == [*row.codes]
    return plan.verdicts[standing.verdict or 0] if known else None


def _has_panel(plan: Plan, row: Row) -> bool:
    some = [(item, row.codes[item.place]) for item in plan.items]
    try:
        panel_for([(item, code) for item, code in some if item.table.rate is not None and code >= OWN])
    except NoPanelError:
        return False
    return True


# ---------------------------------------------------------------------- answers


@st.composite
def _written(draw: DrawFn, plan: Plan, drawn: SearchStrategy[Row]) -> dict[str, Any]:
    row = draw(drawn)
    document = submission_of(plan, row)
    panel = document.get("facts", {}).get("raters")
    names = tuple(panel.items()) if panel else None
    answers = document["answers"]
    for item in plan.items:
        if item.id in answers and draw(st.integers(0, ODDLY)) == ODDLY:
            answers[item.id] = draw(st.sampled_from(_spelled(plan, item.place, row.codes[item.place], names)))
    return document


@lru_cache(maxsize=4096)
def _spelled(plan: Plan, place: int, code: int, panel: tuple[tuple[str, str], ...] | None) -> list[Any]:
    return spellings(plan, place, code, None if panel is None else dict(panel))
