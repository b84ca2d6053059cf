"""
How a comparison of two versions is shown: lines for people, Markdown for a change under review.

Owns what stands where and how much of it; `facts` leaves nothing out, for programs. Must not know how any of it was worked out.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from scoring.change.comparison import called
from scoring.cli.results import listed
from scoring.engine.exact import percent, rational
from scoring.engine.rubric import Rubric

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from fractions import Fraction
    from typing import Any

    from scoring.change.again import Judged
    from scoring.change.backtest import Mover
    from scoring.change.causes import Cause
    from scoring.change.comparison import Affected, Comparison, Past, Run, Version
    from scoring.change.impact import Group, Rates
    from scoring.change.prove import Move

__all__ = ["as_markdown", "as_text", "because", "counted_ways", "decided", "movers", "outcomes_of"]

_EDITS = 40  # shown to people of each sort
_MOVERS = 20
_ITEMS = 8  # of a smallest case
_CAUSES = 3


# ---------------------------------------------------------------------- for people


def as_text(found: Comparison) -> Iterator[str]:
    """Lines for people; the first one says what came out."""
    yield from _first(found)
    yield from (f"{word}  {_version(version)}" for word, version in (("old", found.old), ("new", found.new)))
    if found.bump:
        yield found.bump
    yield from _edits(found)
    first, *others = found.runs
    yield from _run(found, first)
    yield from _others(first, others)
    yield from _unproved(found)
    yield from _examples(found)
    yield from () if found.past is None else _past(found.past)
    yield from _impact(found)


def _first(found: Comparison) -> Iterator[str]:
    """What came out, and what has to be known to take it rightly."""
    if found.are_two_rubrics:
        yield f"these are two different rubrics, {found.old.rubric.id} and {found.new.rubric.id}: no version of one is a version of the other"
    yield found.summed_up()
    for thing in found.renamed:
        if thing.item is None:
            then = "the new version refuses answers under the old id, and counts what was answered under it as absent"
            yield f"item {thing.old} is now called {thing.new}: {then}"
        else:
            then = "the new version takes the old id for an invalid answer"
            yield f"option {thing.old} of {thing.item} is now called {thing.new}: {then}"
        if thing.answered is not None:
            yield f"  {counted(thing.answered, 'past decision')} {'has' if thing.answered == 1 else 'have'} an answer under the old id"


def _version(version: Version) -> str:
    rubric = version.rubric
    return f"{rubric.id} {rubric.version}  {rubric.digest[:12]}  {version.where}"


def _unproved(found: Comparison) -> Iterator[str]:
    for word, names in (("old", found.only_old), ("new", found.only_new)):
        if names:
            yield f"only the {word} version has {listed(names, 6)}: nothing is proved of that"


def _edits(found: Comparison) -> Iterator[str]:
    for what, chosen in (("scoring", True), ("nothing that scoring depends on", False)):
        own = [edit for edit in found.edits if edit.scoring == chosen]
        if own:
            yield f"{counted(len(own), 'edit')} of {what}"
        yield from (f"  {edit}" for edit in own[:_EDITS])
        if len(own) > _EDITS:
            yield f"  and {len(own) - _EDITS:,} more; --json has all"
    if not found.edits:
        yield "no edits: the two packs are the same"


def _run(found: Comparison, run: Run) -> Iterator[str]:
    yield f"what can move, {_place(run)}"
    if run.verdicts is None or run.actions is None:
        yield "  nothing: whatever scoring depends on is the same"
        return
    for what, rows in (("verdict", run.moving), ("action", run.acting)):
        yield from () if rows else [f"  no {what} can move"]
        for row in rows:
            yield f"  {what} {row.old} -> {row.new}: {_ways(row)}"
            yield from (f"    {line}" for line in _smallest(found, run, row))
    yield from (f"  {line}" for line in _proof(run))


def _proof(run: Run) -> Iterator[str]:
    """What a proof says beside the moves: what waits, how exact it is, about whom, and what else there is to know."""
    if run.verdicts is None:
        yield f"whatever scoring depends on is the same, {_place(run)}"
        return
    for stop in run.stops:
        yield f"{stop.item}: {listed(stop.outcomes, _ITEMS)} {_stuck(stop.stuck)}"
    if run.why:
        yield f"not exact: {run.why}"
    yield f"about: {run.verdicts.universe}"
    yield from _remarks(run)


def _place(run: Run) -> str:
    was = f", {called(run.old_profile, None)} of the old version" if run.old_profile != run.profile else ""
    return called(run.profile, run.level) + was


def _stuck(side: str) -> str:
    if side == "new":
        return "waits now, or is refused, and was decided before"
    return "is decided now, and waited before, or was refused"


def _remarks(run: Run) -> list[str]:
    """What else there is to know; what is told of items that wait is not told twice."""
    waiting = tuple(f"{stop.item}: " for stop in run.stops)
    return [remark for remark in run.remarks if not waiting or not remark.startswith(waiting)]


def _ways(row: Move) -> str:
    if row.possible is None:
        return "not decided" if not row.most else f"not decided; at most {counted_ways(row.most)}"
    return counted_ways(row.most) if row.exact else f"between {row.fewest:,} and {counted_ways(row.most)}"


def counted_ways(number: int) -> str:
    """So many outcome combinations."""
    return counted(number, "outcome combination")


def counted(number: int, what: str) -> str:
    """So many of something, thousands set apart."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _smallest(found: Comparison, run: Run, row: Move) -> Iterator[str]:
    if row.witness is None:
        return
    yield f"smallest case: {outcomes_of(row.witness)}"
    sides = ((found.old.pack, run.old_profile), (found.new.pack, run.profile))
    yield " -> ".join(
        decided(pack, profile, run.level, row.witness[side])
        for (pack, profile), side in zip(sides, ("old", "new"), strict=True)
    )


def outcomes_of(witness: dict[str, Any]) -> str:
    """What was answered in a smallest case: of one version, or under either of two."""
    pairs = {item: pair if isinstance(pair, list) else [pair, pair] for item, pair in witness["outcomes"].items()}
    outcomes = [_outcome(item, *pair) for item, pair in pairs.items() if _says(pair)]
    return listed(outcomes, _ITEMS) if outcomes else "nothing answered"


def _says(pair: Sequence[str | None]) -> bool:
    """Whether an item of a smallest case is worth a word: it was answered, under either version."""
    return bool({*pair} - {"absent", "unopened", "excluded", None})


def _outcome(item: str, old: str | None, new: str | None) -> str:
    return f"{item} {old}" if old == new else f"{item} {old or '-'} -> {new or '-'}"


def decided(pack: bytes, profile: str, level: str | None, submission: dict[str, Any]) -> str:
    """What a submission comes to, scored now: verdict, score and action."""
    decision = Rubric(pack, profile, level).score(submission)
    return " ".join(filter(None, (decision.verdict, decision.percent, f"({decision.action})")))


def _others(first: Run, others: Iterable[Run]) -> Iterator[str]:
    """Only what differs from the profile and level that were shown."""
    for run in others:
        if _sketch(run) == _sketch(first):
            continue
        ways = [f"{row.old} -> {row.new}{'' if row.possible else ' (not decided)'}" for row in run.moving]
        acts = [f"{row.old} -> {row.new}{'' if row.possible else ' (not decided)'}" for row in run.acting]
        told = "; ".join(filter(None, (", ".join(ways), f"action {', '.join(acts)}" if acts and not ways else "")))
        yield f"differs in {_place(run)}: {told or ('nothing can move' if run.can_move is False else ' '.join(run.remarks))}"


def _sketch(run: Run) -> Any:
    rows = [(row.old, row.new, row.possible) for row in (*run.moving, *run.acting)]
    return rows, run.can_move, [(stop.item, stop.stuck) for stop in run.stops]


def _examples(found: Comparison) -> Iterator[str]:
    if found.examples_why:
        yield f"examples: {found.examples_why}"
    beyond = found.undeclared
    if found.examples:
        declared = len(found.examples) - len(beyond)
        as_said = f"; {declared:,} of them by what `may_move` says" if declared else ""
        yield f"{counted(len(found.examples), 'example')} of the old version hold{'s' * (len(found.examples) == 1)} no longer{as_said}"
    for one in sorted(found.examples, key=lambda one: one not in beyond)[:_MOVERS]:
        yield f"  {one.now.problems[0].message}"
    if len(found.examples) > _MOVERS:
        yield f"  and {len(found.examples) - _MOVERS:,} more; --json has all"


def _past(past: Past) -> Iterator[str]:
    yield f"past decisions of the old version: {past.cases:,} decided again, {past.moved:,} move{'s' * (past.moved == 1)}"
    for (old, new), count in sorted(past.matrix.items(), key=repr):
        if old != new:
            yield f"  {old or 'no verdict'} -> {new or 'no verdict'}: {count:,}"
    for (old, new), count in sorted(past.actions.items(), key=repr):
        if old != new:
            yield f"  action {old} -> {new}: {count:,}"
    rows = [*islice(_rows(past), _MOVERS)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    if past.moved > _MOVERS:
        yield f"  and {past.moved - _MOVERS:,} more; --csv has all"
    yield from _untold(past)


def _rows(past: Past) -> Iterator[tuple[str, ...]]:
    for mover in movers(past):
        came = f"{_came(mover.old)} -> {_came(mover.new)}"
        yield f"#{mover.seq}", past.names(mover.seq) or "-", came, because(mover.causes)


def movers(past: Past) -> Iterator[Mover]:
    """All cases that move, profile by profile."""
    for _, _, test in past.tests:
        yield from test.movers


def _came(judged: Judged) -> str:
    return " ".join(filter(None, (judged.verdict or judged.status, _percent(judged.score), f"({judged.action})")))


def _percent(score: str | None) -> str:
    return "" if score is None else percent(*rational(score))


def because(causes: Sequence[Cause], most: int = _CAUSES) -> str:
    """What moved a case, the first few."""
    return listed([_told(cause) for cause in causes], most) if causes else "-"


def _told(cause: Cause) -> str:
    """One thing that moved a case; an item by its id alone, all else with its kind before the name."""
    if cause.kind == "hold":
        return f"{'held' if cause.new else 'no longer held'}: {cause.id}"
    if cause.kind == "item" and cause.old == cause.new:
        return f"{cause.id} {cause.old} {_worth(cause.moved)}"
    kind = "" if cause.kind == "item" else f"{cause.kind} "
    return f"{kind}{cause.id} {cause.old or '-'} -> {cause.new or '-'}"


def _worth(moved: Fraction | None) -> str:
    """What an item whose outcome stayed the same adds to the total now, less what it added."""
    if not moved:
        return "of other points"
    return f"{'+' if moved > 0 else '-'}{percent(abs(moved.numerator), moved.denominator)} of the whole"


def _untold(past: Past) -> Iterator[str]:
    """Whom nobody can tell anything about, and why."""
    for _, _, test in past.tests:
        for one in test.unjudged[:_MOVERS]:
            yield f"  #{one.seq} {past.names(one.seq) or '-'} cannot be told: {one.why}"
        if len(test.unjudged) > _MOVERS:
            yield f"  and {len(test.unjudged) - _MOVERS:,} more that cannot be told; --json has all"
        yield from (f"  {remark}" for remark in test.remarks)
    for profile, level, count in past.left:
        yield f"  {count:,} cannot be told: made in {called(profile, level)}, which the new version lacks"
    if past.others:
        many = past.others != 1
        yield f"  {counted(past.others, 'decision')} of other versions {'are' if many else 'is'} not looked at"


def _impact(found: Comparison) -> Iterator[str]:
    if found.impact and not found.impact[0].before.people:
        yield "impact: no past case is decided by both versions"
        return
    if found.unmatched:
        yield f"of the table of groups, {counted(found.unmatched, 'line')} name{'s' * (found.unmatched == 1)} none of these cases"
    for one in found.impact:
        yield f"impact by {one.view}, of {counted(one.before.people, 'past case')}, before -> after"
        if one.before.undecided or one.after.undecided:
            yield f"  not decided yet, and not counted: {one.before.undecided:,} -> {one.after.undecided:,}"
        for what, before, after in _rates(one):
            yield f"  {what}"
            if before.unknown or after.unknown:
                unknown = (f"{rates.unknown_chosen:,} of {rates.unknown:,}" for rates in (before, after))
                yield f"    group not known: {' -> '.join(unknown)}"
            for name, was, now in _pairs(before, after):
                yield f"    {name}: {_rate(was)} -> {_rate(now)}"
            yield from (
                f"    {word}: nothing is compared: {rates.why}"
                for word, rates in (("before", before), ("after", after))
                if rates.why
            )


def _rates(one: Affected) -> Iterator[tuple[str, Rates, Rates]]:
    yield "selected", one.before.selection, one.after.selection
    yield "score above the median", one.before.scoring, one.after.scoring


def _pairs(before: Rates, after: Rates) -> Iterator[tuple[str, Group | None, Group | None]]:
    was, now = ({group.name: group for group in rates.groups} for rates in (before, after))
    for name in sorted({*was, *now}):
        yield name, was.get(name), now.get(name)


def _rate(group: Group | None) -> str:
    if group is None:
        return "nobody"
    told = f"{group.chosen:,} of {group.size:,} ({percent(group.rate.numerator, group.rate.denominator)}"
    if group.against is None:
        return told + (", benchmark)" if group.is_benchmark else ")")
    ratio = group.against.ratio
    below = ", below four fifths" if group.against.is_below else ""
    return f"{told}, ratio {percent(ratio.numerator, ratio.denominator)}{below})"


# ---------------------------------------------------------------------- for a change under review


def as_markdown(found: Comparison) -> Iterator[str]:
    """A comment: the outcome first, a table of what can move, the rest to be unfolded."""
    run = found.runs[0]
    for line in _first(found):
        yield from (f"**{_safe(line.strip())}**", "")
    yield from (f"> {_safe(found.bump)}", "") if found.bump else ()
    yield from (f"- {word}: {_safe(_version(version))}" for word, version in (("old", found.old), ("new", found.new)))
    yield ""
    if run.moving or run.acting:
        yield _row("", "from", "to", "outcome combinations", "smallest case")
        yield "|" + "---|" * 5
        for what, rows in (("verdict", run.moving), ("action", run.acting)):
            for row in rows:
                yield _row(
                    what,
                    row.old,
                    row.new,
                    _ways(row).partition(" outcome combination")[0],
                    "; ".join(_smallest(found, run, row)).removeprefix("smallest case: "),
                )
        yield ""
    yield from _folded(
        "What was decided, and about whom", [*_proof(run), *_others(run, found.runs[1:]), *_unproved(found)]
    )
    yield from _folded("Edits", [*_edits(found)])
    yield from _folded("Examples that hold no longer", [*_examples(found)])
    yield from _folded("Past decisions", [*_past(found.past)] if found.past else [])
    yield from _folded("Impact on groups", [*_impact(found)])


def _row(*cells: str) -> str:
    return f"| {' | '.join(map(_safe, cells))} |"


def _folded(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from (
            "<details>",
            f"<summary>{_safe(title)}</summary>",
            "",
            *(f"{line[: -len(line.lstrip())]}- {_safe(line.strip())}" for line in lines),
            "",
            "</details>",
            "",
        )


_ESCAPED = str.maketrans(
    {
        **{mark: f"\\{mark}" for mark in "\\`*_[]|#"},
        "<": "&lt;",
        ">": "&gt;",
        "&": "&amp;",
        "@": "@\u2060",
        "\n": " ",
        "\r": " ",
    }
)


def _safe(text: str) -> str:
    """A text in which nothing is Markdown, nor HTML, nor calls anybody: ids and questions are other people's."""
    return text.translate(_ESCAPED).replace("-&gt;", "\u2192")
