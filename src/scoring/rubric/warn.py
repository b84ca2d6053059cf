"""
What is doubtful in a rubric without errors: it can be scored, but perhaps it does not say what its author meant.

Owns one function for each warning, in the order of `WARNINGS`, and the accepting of warnings: a reason under `accept`, on the thing or on anything that
it stands in, silences one; a reason that silences nothing is a warning too.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from scoring.engine.plan import compile_plan
from scoring.engine.reach import reachable
from scoring.rubric import model, warn_items
from scoring.rubric.exact import show_number, show_share
from scoring.rubric.part import Part, spot
from scoring.rubric.refuse_stages import excerpts
from scoring.rubric.study import Study, conditions_of, id_spot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scoring.rubric.model import Condition, Section
    from scoring.rubric.study import Member
    from scoring.rubric.tree import Node
    from scoring.rubric.warn_items import Doubts

__all__ = ["warn"]

_SKEW = Fraction(3, 2)  # a weight that is half as much again in effect is no longer the one that was agreed


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
    within = [part for section, _ in study.sections for part in (section, *section.items)]
    overrides = [override for override, _ in study.overrides]
    for part in (rubric, *rubric.verdicts, *rubric.stages, *within, *overrides):
        for code in part.accept:
            if (id(part), code) not in used:
                where = spot(part, "accept", code)
                study.findings.warn(
                    where.key or where,
                    "accept-unused",
                    f'there is no warning "{code}" here to accept: delete this line',
                )


_WHERE: dict[type[Part], str] = {
    model.Item: "on the item",
    model.Section: "on the section",
    model.Stage: "on the stage",
    model.Rubric: "beside version",
}


def _how_to_accept(code: str, node: Node, nearest: Part) -> str:
    """How a warning is accepted: on the thing itself where the warning points into it, else on the nearest thing that takes `accept`."""
    here = nearest.node in (node, node.parent)
    where = next((said for kind, said in _WHERE.items() if isinstance(nearest, kind)), "here")
    where = "here" if here and not isinstance(nearest, model.Rubric) else where
    return f'; or accept it {where}: accept: {{{code}: "why"}}'


def item_idle(study: Study, _pack: bytes) -> Doubts:
    """An item that cannot change anything, at any level: its answers earn the same or weigh nothing, it raises nothing, and no condition looks at it."""
    seen = _Seen(study)
    for placed in study.items:
        item, section = placed.item, placed.section
        tables = study.tables(placed)
        kept = item.void is not None or isinstance(item, model.EvidenceItem)  # they are there for the record
        if tables is None or kept or item.id in seen.items:
            continue
        if any(table.flags & seen.flags for table in tables.values()):
            continue
        if all(table.best == table.least for table in tables.values()):
            best = show_number(max(table.best for table in tables.values()))
            message = (
                f'whatever is answered to "{item.id}" earns {best} and raises nothing: it cannot change any verdict'
            )
            yield id_spot(item), message, placed
        elif not study.counts(section.id) and section.id not in seen.sections:
            if study.weighs(section.id) and placed.stage.id in seen.stages:
                continue
            of = "section" if not study.weighs(section.id) else "stage"
            name = section.id if of == "section" else placed.stage.id
            message = f'"{item.id}" cannot change any verdict: its {of} "{name}" has no weight in any profile, and no override looks at it'
            yield id_spot(item), message, placed


class _Seen:
    """What conditions look at, those that other rubrics bring with them included."""

    def __init__(self, study: Study) -> None:
        self.flags = {"fatal", "knock_out", "refer"}
        self.items: set[str] = set()
        self.sections: set[str] = set()
        self.stages: set[str] = set()
        for override, _ in study.overrides:
            for condition, _ in conditions_of(override.when):
                match condition:
                    case model.FlagCondition():
                        self.flags.add(condition.flag)
                    case model.OutcomeCondition():
                        self.items.add(condition.item)
                    case model.SectionCondition():
                        self.sections.add(condition.section)
                    case model.StageCondition():
                        self.stages.add(condition.stage)


def weight_skew(study: Study, _pack: bytes) -> Doubts:
    """A section that weighs in effect more than 3/2, or less than 2/3, of its share of its stage: because sections do not range equally far."""
    for stage in study.stages:
        if isinstance(stage, model.Stage):
            yield from _skewed(study, stage)


def _skewed(study: Study, stage: model.Stage) -> Doubts:
    spans = {str(section.id): _span(study, section) for section in stage.sections}
    for section in stage.sections:
        worst: tuple[Fraction, str, Fraction, Fraction] | None = None
        for name, entry in study.profiles.items():
            shares = {other: entry.shares[other] for other in spans}
            total = sum((share * spans[other][1] for other, share in shares.items()), Fraction(0))
            nominal = shares[section.id]
            if not nominal or not total:
                continue
            effective = nominal * spans[section.id][1] / total
            off = max(effective / nominal, nominal / effective) if effective else Fraction(10**9)
            if off > _SKEW and (worst is None or off > worst[0]):
                worst = off, name, nominal, effective
        if worst is not None:
            _, name, nominal, effective = worst
            where = f' in the profile "{name}"' if len(study.profiles) > 1 else ""
            low = show_share(spans[section.id][0])
            message = (
                f'"{section.id}" weighs {show_share(nominal)} on paper and about {round(effective * 100)}% in effect{where}: '
                f"its share ranges from {low} to 100%, others range over more or less"
            )
            yield id_spot(section), message, (section, stage, study.rubric)


def _span(study: Study, section: Section) -> tuple[Fraction, Fraction]:
    """The lowest share that answers to a section's items come to, and how far it is from there to the best."""
    placed = [entry for entry in study.items if entry.section is section and entry.item.void is None]
    tables = [table for entry in placed if (table := study.outcomes(entry)) is not None]
    maximum = sum((table.best for table in tables), Fraction(0))
    if not maximum:
        return Fraction(0), Fraction(0)
    low = max(section.floor, sum((table.least for table in tables), Fraction(0)) / maximum)
    return low, 1 - low


def cap_idle(study: Study, _pack: bytes) -> Doubts:
    """A cap at the best verdict, which never limits anything, or one whose condition can never hold."""
    rubric = study.rubric
    best = study.known["verdict"][0]
    everywhere = _flags_of(study, study.members)
    for flag in ("fatal", "knock_out"):
        cap = getattr(rubric.caps, flag, None)
        if rubric.caps is None or cap is None:
            continue
        if cap == best:
            yield spot(rubric.caps, flag), f'"{best}" is the best verdict, so this cap never limits anything', (rubric,)
        elif not any(flag in flags for flags in everywhere):
            yield spot(rubric.caps, flag), f"nothing is flagged {flag}, so this cap never holds", (rubric,)
    for override, gate in study.overrides:
        before = [member for member in study.members if gate is None or member.stage <= gate]
        scopes = (override, rubric) if gate is None else (override, study.stages[gate], rubric)
        if override.cap == best and gate is None:
            message = f'"{best}" is the best verdict, so this override never limits anything'
            yield spot(override, "cap"), message, scopes
        elif not _possible(study, override.when, _flags_of(study, before)):
            yield spot(override, "when"), f'the condition of "{override.id}" can never hold', scopes


def _flags_of(study: Study, members: Iterable[Member]) -> list[frozenset[str]]:
    """What each item may raise."""
    tables = [study.tables(member) for member in members if not member.void]
    return [flags for own in tables if own for flags in (next(iter(own.values())).flags,)]


def _possible(study: Study, when: Condition, flags: list[frozenset[str]]) -> bool:
    """Whether a condition may hold at all; in doubt it may."""
    match when:
        case model.FlagCondition():
            return sum(when.flag in own for own in flags) >= when.at_least
        case model.SectionCondition():
            section = study.section_by_id.get(when.section)
            return section is None or (section.floor < when.below and bool(_span(study, section)[1]))
        case model.AllCondition():
            return all(_possible(study, inner, flags) for inner in when.all_)
        case model.AnyCondition():
            return any(_possible(study, inner, flags) for inner in when.any_)
    return True


def gate_impassable(study: Study, _pack: bytes) -> Doubts:
    """A gate that ends the case even of a candidate who does everything best."""
    for override, gate in study.overrides:
        if gate is None:
            continue
        for variant in study.variants:
            members = [member for member in study.of_variant(variant) if member.stage <= gate]
            if not _meets(study, override.when, members):
                continue
            who = f'for the variant "{variant}", ' if variant else ""
            message = f'{who}even the best answers meet the condition of "{override.id}", so nobody passes "{study.stages[gate].id}"'
            yield spot(override, "when"), message, (override, study.stages[gate], study.rubric)
            break


def _meets(study: Study, when: Condition, members: list[Member]) -> bool:
    """Whether a case meets a condition in which every item comes to its best: its shares are whole, and no list holds a best outcome."""
    match when:
        case model.FlagCondition():
            tables = [own for member in members if (own := study.tables(member))]
            return sum(all(when.flag in t.best_flags for t in own.values()) for own in tables) >= when.at_least
        case model.AllCondition():
            return all(_meets(study, inner, members) for inner in when.all_)
        case model.AnyCondition():
            return any(_meets(study, inner, members) for inner in when.any_)
    return False


def excerpt(study: Study, _pack: bytes) -> Doubts:
    """A section that declares more items than it has, where that is allowed."""
    for node, message, name in excerpts(study):
        own = next(((section, stage) for section, stage in study.sections if section.id == name), ())
        yield node, f"{message}: every decision goes to a person first", (*own, study.rubric)


def verdict_unreachable(study: Study, pack: bytes) -> Doubts:
    """A verdict that no complete set of answers comes to, under any profile, level and variant. Where there are too many to tell, nothing is claimed."""
    open_ids = dict.fromkeys(study.known["verdict"])
    for profile in study.profiles:
        for level in study.levels:
            found = reachable(compile_plan(pack, profile, level))
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
    "fatal-earns": warn_items.fatal_earns,
    "later-key": warn_items.later_key,
    "item-idle": item_idle,
    "job-related-empty": warn_items.job_related_empty,
    "ask-empty": warn_items.ask_empty,
    "option-text-empty": warn_items.option_text_empty,
    "requirement-differs": warn_items.requirement_differs,
    "round-empty": warn_items.round_empty,
    "thousands": warn_items.thousands,
    "excerpt": excerpt,
    "gate-impassable": gate_impassable,
    "weight-skew": weight_skew,
    "cap-idle": cap_idle,
    "verdict-unreachable": verdict_unreachable,
}
