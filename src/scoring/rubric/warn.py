"""
What is doubtful in a rubric without errors: it can be scored, but perhaps it does not say what its author meant.

Owns one function for each warning, in the order of `WARNINGS`, and the accepting of warnings: a reason under `accept`, on the thing or on anything that
it stands in, silences one; a reason that silences nothing is a warning too.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

from scoring.engine.plan import compile_plan
from scoring.engine.reach import reachable
from scoring.engine.reading import fits, prepare_text
from scoring.engine.shape import is_id
from scoring.rubric import model
from scoring.rubric.exact import number, show_number, show_share
from scoring.rubric.pack import interval, key_id, text_match
from scoring.rubric.part import spot
from scoring.rubric.study import Study, conditions_of, id_spot
from scoring.rubric.tree import Scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    from scoring.rubric.model import Condition, Item, Section
    from scoring.rubric.outcomes import Outcomes
    from scoring.rubric.part import Part
    from scoring.rubric.tree import Node

    Doubt: TypeAlias = tuple[
        Node, str, tuple[Part, ...]
    ]  # where, what, and on which things it can be accepted, innermost first
    Doubts: TypeAlias = Iterator[Doubt]

__all__ = ["warn"]

_SKEW = Fraction(3, 2)  # a weight that is half as much again in effect is no longer the one that was agreed
_MAX_LISTED = 10  # names that a message repeats


def warn(study: Study, pack: bytes) -> None:
    """
    Note every warning that is not accepted.

    Args:
        study: A rubric without errors.
        pack: Its pack.
    """
    used: set[tuple[int, str]] = set()
    for code, doubts in WARNINGS.items():
        for node, message, scopes in doubts(study, pack):
            accepting = next((part for part in scopes if code in getattr(part, "accept", ())), None)
            if accepting is None:
                study.findings.warn(node, code, message + _how_to_accept(code, node, scopes[0]))
            else:
                used.add((id(accepting), code))
    rubric = study.rubric
    sections = [part for section in rubric.sections for part in (section, *section.items)]
    for part in (rubric, *rubric.verdicts, *sections, *rubric.overrides):
        for code in part.accept:
            if (id(part), code) not in used:
                where = spot(part, "accept", code)
                study.findings.warn(
                    where.key or where,
                    "accept-unused",
                    f'there is no warning "{code}" here to accept: delete this line',
                )


def _how_to_accept(code: str, node: Node, nearest: Part) -> str:
    """How a warning is accepted: on the thing itself where the warning points into it, else on the nearest thing that takes `accept`."""
    where = (
        "here"
        if nearest.node in (node, node.parent)
        else "on the section"
        if isinstance(nearest, model.Section)
        else "on the item"
    )
    where = "beside version" if isinstance(nearest, model.Rubric) else where
    return f'; or accept it {where}: accept: {{{code}: "why"}}'


def fatal_earns(study: Study, _pack: bytes) -> Doubts:
    """A fatal or knock-out option that earns points."""
    for section, item in study.items:
        for name, option in getattr(item, "options", {}).items():
            key = "points" if isinstance(option, model.ChoiceOption) else "right"
            earns = option.points > 0 if isinstance(option, model.ChoiceOption) else option.right
            if earns and option.flag in ("fatal", "knock_out"):
                message = f'the option "{name}" is {option.flag} and yet earns points: is the flag on the wrong option?'
                yield spot(option, key), message, (item, section, study.rubric)


def later_key(study: Study, _pack: bytes) -> Doubts:
    """A later key that matches what an earlier one matches too, and would earn more."""
    for section, item in study.items:
        if not isinstance(item, (model.NumberItem, model.TextItem)):
            continue
        keys: list[Any] = [*item.keys]
        points = [item.points if key.points is None else key.points for key in keys]
        warned: set[int] = set()
        for (place, first), (later, second) in combinations(enumerate(keys), 2):
            if points[later] <= points[place] or later in warned or not _overlap(item, first, second):
                continue
            warned.add(later)
            names = key_id(second, later), key_id(first, place)
            earns = f"{show_number(points[place])} instead of {show_number(points[later])}"
            message = f'an answer that matches "{names[0]}" and "{names[1]}" comes to "{names[1]}", which earns {earns}: put the better key first'
            yield second.node, message, (item, section, study.rubric)


def _overlap(item: model.NumberItem | model.TextItem, first: Any, second: Any) -> bool:
    """Whether some answer surely matches both keys: of texts, one that spells out what the other looks for."""
    if isinstance(item, model.NumberItem):
        (low, high), (later_low, later_high) = interval(first), interval(second)
        return low <= later_high and later_low <= high
    match, texts = text_match(first)
    later_match, later_texts = text_match(second)
    texts = [prepare_text(text, item.steps) for text in texts]
    later_texts = [prepare_text(text, item.steps) for text in later_texts]
    return _implied(match, texts, later_match, later_texts) or _implied(later_match, later_texts, match, texts)


def _implied(match: str, texts: list[str], by_match: str, by_texts: list[str]) -> bool:
    """Whether an answer that spells out one of *by_texts* (all of them where all have to be there) is sure to match too."""
    spelled = [" ".join(by_texts)] if by_match == "contains_all" else by_texts
    if match == by_match == "like" and {*texts} & {*by_texts}:
        return True
    if match == "is":
        return by_match in ("is", "like") and any(text in by_texts for text in texts)
    if match == "like":
        return by_match == "is" and any(fits(text, answer) for text in texts for answer in spelled)
    holds = all if match == "contains_all" else any
    return any(holds(text in answer for text in texts) for answer in spelled)


def item_idle(study: Study, _pack: bytes) -> Doubts:
    """An item that cannot change anything: its answers earn the same or its section weighs nothing, it raises nothing, and no condition looks at it."""
    literals = [condition for override in study.rubric.overrides for condition, _ in conditions_of(override.when)]
    counted = {literal.flag for literal in literals if isinstance(literal, model.FlagCondition)} | {
        "fatal",
        "knock_out",
        "refer",
    }
    items = {str(literal.item) for literal in literals if isinstance(literal, model.OutcomeCondition)}
    sections = {str(literal.section) for literal in literals if isinstance(literal, model.SectionCondition)}
    for section, item in study.items:
        outcomes = study.outcomes(section, item)
        if outcomes is None or item.id in items or outcomes.flags & counted:
            continue
        if outcomes.best == outcomes.least:
            message = f'whatever is answered to "{item.id}" earns {show_number(outcomes.best)} and raises nothing: it cannot change any verdict'
            yield id_spot(item), message, (item, section, study.rubric)
        elif not study.weighs(section) and section.id not in sections:
            message = f'"{item.id}" cannot change any verdict: its section "{section.id}" has no weight in any profile, and no override looks at it'
            yield id_spot(item), message, (item, section, study.rubric)


def job_related_empty(study: Study, _pack: bytes) -> Doubts:
    """An item that does not say, and whose section does not say, why the job needs it."""
    for section in study.rubric.sections:
        silent = [item for item in section.items if not item.job_related and not section.job_related]
        if (
            len(silent) > 1
            and len(silent) == len(section.items)
            and not any("job-related-empty" in item.accept for item in silent)
        ):
            message = f'none of the items of "{section.id}" says why the job needs it: add `job_related` to the section, or to each of them'
            yield id_spot(section), message, (section, study.rubric)
            continue
        for item in silent:
            message = f'"{item.id}" does not say why the job needs it: add `job_related` to it, or to its section'
            yield id_spot(item), message, (item, section, study.rubric)


def ask_empty(study: Study, _pack: bytes) -> Doubts:
    """An item without `ask`."""
    for section, item in study.items:
        if item.ask is None:
            message = f'"{item.id}" has no `ask`: the paper shows candidates no question'
            yield id_spot(item), message, (item, section, study.rubric)


def option_text_empty(study: Study, _pack: bytes) -> Doubts:
    """An item with options without `text` whose `ask` does not name all its options either; where there is no `ask`, that was said."""
    for section, item in study.items:
        if item.ask is None or not isinstance(item, (model.ChoiceItem, model.SelectionItem)):
            continue
        named = {*"".join(c if is_id(c) else " " for c in item.ask).split()}
        named |= {word.strip(".-") for word in named}
        options: dict[Any, Any] = {**item.options}
        silent = [name for name, option in options.items() if option.text is None]
        if silent and not {*options} <= named:
            names = ", ".join(silent[:_MAX_LISTED]) + ", ..." * (len(silent) > _MAX_LISTED)
            message = f'options of "{item.id}" have no `text` ({names}): the paper shows them without words'
            yield id_spot(item), message, (item, section, study.rubric)


def thousands(study: Study, _pack: bytes) -> Doubts:
    """A number such as 12.500: some write a thousand so."""
    for section, item in study.items:
        for node in _numbers(item):
            text = node.text if isinstance(node, Scalar) else ""
            whole, _, part = text.removeprefix("-").partition(".")
            digits = whole + part
            if (
                len(whole) <= 3
                and not whole.startswith("0")
                and len(part) == 3
                and part.endswith("0")
                and digits.isdigit()
            ):
                message = f"{text} is read as {show_number(number(text))}; if you mean a thousand, write {text.replace('.', '')}"
                yield node, message, (item, section, study.rubric)


def _numbers(item: Item) -> Iterator[Node]:
    """Where an item's numbers stand."""
    for key in ("key", "max", "points"):
        yield from _standing(item, key)
    for option in getattr(item, "options", {}).values():
        yield from _standing(option, "points")
    for place, entry in enumerate(getattr(item, "keys", ())):
        yield from _standing(entry, "points")
        if isinstance(entry, model.NumberKey):
            yield from _standing(entry, "is")
            yield from (spot(item, "keys", place, "range", end) for end in (0, 1) if entry.range_ is not None)


def _standing(part: Part, key: str) -> Iterator[Node]:
    node = spot(part, key)
    if node is not part.node:
        yield node


def weight_skew(study: Study, _pack: bytes) -> Doubts:
    """A section that weighs in effect more than 3/2, or less than 2/3, of its share: because sections do not range equally far."""
    spans = {str(section.id): _span(study, section) for section in study.rubric.sections}
    for section in study.rubric.sections:
        worst: tuple[Fraction, str, Fraction, Fraction] | None = None
        for name, shares in study.shares.items():
            total = sum((share * spans[other][1] for other, share in shares.items()), Fraction(0))
            nominal = shares.get(section.id, Fraction(0))
            if not nominal or not total:
                continue
            effective = nominal * spans[section.id][1] / total
            off = max(effective / nominal, nominal / effective) if effective else Fraction(10**9)
            if off > _SKEW and (worst is None or off > worst[0]):
                worst = off, name, nominal, effective
        if worst is not None:
            _, name, nominal, effective = worst
            where = f' in the profile "{name}"' if len(study.shares) > 1 else ""
            low = show_share(spans[section.id][0])
            message = (
                f'"{section.id}" weighs {show_share(nominal)} on paper and about {round(effective * 100)}% in effect{where}: '
                f"its share ranges from {low} to 100%, others range over more or less"
            )
            yield id_spot(section), message, (section, study.rubric)


def _span(study: Study, section: Section) -> tuple[Fraction, Fraction]:
    """The lowest share that answers to a section's items come to, and how far it is from there to the best."""
    tables = [table for item in section.items if (table := study.outcomes(section, item)) is not None]
    maximum = sum((table.best for table in tables), Fraction(0))
    if not maximum:
        return Fraction(0), Fraction(0)
    low = max(section.floor, sum((table.least for table in tables), Fraction(0)) / maximum)
    return low, 1 - low


def cap_idle(study: Study, _pack: bytes) -> Doubts:
    """A cap at the best verdict, which never limits anything, or one whose condition can never hold."""
    rubric = study.rubric
    best = study.known["verdict"][0]
    tables = [table for section, item in study.items if (table := study.outcomes(section, item)) is not None]
    for flag in ("fatal", "knock_out"):
        cap = getattr(rubric.caps, flag, None)
        if rubric.caps is None or cap is None:
            continue
        if cap == best:
            yield spot(rubric.caps, flag), f'"{best}" is the best verdict, so this cap never limits anything', (rubric,)
        elif not any(flag in table.flags for table in tables):
            yield spot(rubric.caps, flag), f"nothing is flagged {flag}, so this cap never holds", (rubric,)
    for override in rubric.overrides:
        if override.cap == best:
            message = f'"{best}" is the best verdict, so this override never limits anything'
            yield spot(override, "cap"), message, (override, rubric)
        elif not _possible(study, override.when, tables):
            yield spot(override, "when"), f'the condition of "{override.id}" can never hold', (override, rubric)


def _possible(study: Study, when: Condition, tables: list[Outcomes]) -> bool:
    """Whether a condition may hold at all; in doubt it may."""
    match when:
        case model.FlagCondition():
            return sum(when.flag in table.flags for table in tables) >= when.at_least
        case model.SectionCondition():
            return study.section_by_id[when.section].floor < when.below
        case model.AllCondition():
            return all(_possible(study, inner, tables) for inner in when.all_)
        case model.AnyCondition():
            return any(_possible(study, inner, tables) for inner in when.any_)
    return True


def verdict_unreachable(study: Study, pack: bytes) -> Doubts:
    """A verdict that no complete set of answers comes to, under any profile. Where there are too many to tell, nothing is claimed."""
    open_ids = dict.fromkeys(study.known["verdict"])
    for profile in study.shares:
        found = reachable(compile_plan(pack, profile))
        if found is None:
            return
        for name in found:
            open_ids.pop(name, None)
        if not open_ids:
            return
    for verdict in study.rubric.verdicts:
        if verdict.id in open_ids:
            reason = (
                "no cap leads to it"
                if verdict.from_ is None
                else "no combination of points falls into its band, or caps prevent it"
            )
            yield id_spot(verdict), f'no answers come to the verdict "{verdict.id}": {reason}', (verdict, study.rubric)


WARNINGS: dict[model.WarningCode, Callable[[Study, bytes], Doubts]] = {
    "fatal-earns": fatal_earns,
    "later-key": later_key,
    "item-idle": item_idle,
    "job-related-empty": job_related_empty,
    "ask-empty": ask_empty,
    "option-text-empty": option_text_empty,
    "thousands": thousands,
    "weight-skew": weight_skew,
    "cap-idle": cap_idle,
    "verdict-unreachable": verdict_unreachable,
}
