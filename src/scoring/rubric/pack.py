"""
From the model to a pack: every default written out, every number in lowest terms.

Owns what goes into which key of a pack (FORMAT.md 5), and what of the rubric is only for people and lies under `about`. Relies on a rubric in which the
checks found nothing wrong. What an item becomes is for `pack_items`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scoring.rubric import guarantees, model
from scoring.rubric.outcomes import completed, tables_of
from scoring.rubric.pack_items import Placed, about, item_of
from scoring.rubric.weights import weigh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from scoring.rubric.embed import Inner
    from scoring.rubric.model import AnyStage, Condition, Override, Rubric, Section

    Packed = dict[str, Any]
    Completed = Callable[[str, Iterable[str]], list[str]]

__all__ = ["build", "competency_of", "rewritten"]


def build(rubric: Rubric, inner: Mapping[str, Inner] | None = None) -> Packed:
    """
    Build the pack of a rubric that is free of errors.

    Args:
        rubric: The rubric.
        inner: The packs of the rubrics that are stages of it, by stage.

    Returns:
        The pack as JSON values; `canonical.dumps` of it are the pack's bytes.

    Source: FORMAT.md 5.
    """
    inner = inner or {}
    levels = [str(level.id) for level in rubric.levels]
    competencies = [competency_of(competency, levels) for competency in rubric.competencies]
    sections = {str(stage.id): _sections(stage, rubric, inner) for stage in rubric.course}
    items = {item["id"]: item for own in sections.values() for section in own for item in section["items"]}

    def listed(name: str, names: Iterable[str]) -> list[str]:
        return completed(tables_of(items[name], competencies).values(), names)

    def meant(name: str, names: Iterable[str]) -> list[str]:
        return guarantees.meant(tables_of(items[name], competencies).values(), names)

    profiles = weigh(rubric, inner)
    return {
        "about": _about_rubric(rubric) | _guaranteed(rubric, meant),
        "assumed": [
            *({"about": about(entry), "id": entry.id} for entry in rubric.assumed),
            *(entry for other in inner.values() for entry in other.assumed),
        ],
        "caps": _caps(rubric),
        "competencies": competencies,
        "default_profile": rubric.weights.default if rubric.weights else "default",
        "excerpt": rubric.excerpt == "allowed",
        "format": 1,
        "levels": [{"about": about(level), "id": level.id} for level in rubric.levels],
        "notice": rubric.notice,
        "overrides": [
            *(_override(override, listed) for override in rubric.overrides),
            *(
                other.moved(override)
                for other in inner.values()
                for override in other.overrides(rewritten(rubric, other.stage))
            ),
        ],
        "profiles": [
            {
                "about": {
                    name: text
                    for name, text in (("assumption", entry.assumption), ("justification", entry.justification))
                    if text
                },
                "assumed": entry.assumption is not None,
                "id": name,
                "shares": {section: str(share) for section, share in entry.shares.items()},
                "stages": {stage: str(share) for stage, share in entry.stages.items()},
            }
            for name, entry in profiles.items()
        ],
        "rubric": rubric.rubric,
        "stages": [
            {
                "about": _about_stage(stage, rubric, inner),
                "gate": [*(_override(override, listed) for override in stage.gate), *_gate(stage, rubric, inner)],
                "id": stage.id,
                "sections": sections[stage.id],
            }
            for stage in rubric.course
        ],
        "variants": [{"about": about(variant), "id": variant.id} for variant in rubric.variants],
        "verdicts": [
            {
                "about": about(verdict),
                "action": verdict.action,
                "from": None if verdict.from_ is None else str(verdict.from_),
                "id": verdict.id,
            }
            for verdict in rubric.verdicts
        ],
        "version": rubric.version,
    }


def _gate(stage: AnyStage, rubric: Rubric, inner: Mapping[str, Inner]) -> list[Packed]:
    """What the gate of a rubric that is a stage brings with it."""
    if not isinstance(stage, model.RubricStage):
        return []
    other = inner[stage.id]
    return [other.moved(override) for override in other.gate(rewritten(rubric, stage))]


def rewritten(rubric: Rubric, stage: model.RubricStage) -> set[str]:
    """The ids of overrides that this rubric writes itself, so that those of another rubric that is a stage of it stay behind."""
    return {str(override.id) for override in (*rubric.overrides, *stage.gate)}


def competency_of(competency: model.Competency, levels: list[str]) -> Packed:
    """Build one competency of a pack."""
    said = about(competency)
    required = {str(level): text for level, text in competency.requirements.items()}
    if required:
        said["requirements"] = [f"{level}: {required[level]}" for level in levels]
    expected = {str(level): value for level, value in competency.expected.items()}
    return {
        "about": said,
        "assumed": [level for level in levels if level in competency.assumed],
        "expected": {level: expected[level] for level in levels},
        "id": competency.id,
    }


def _caps(rubric: Rubric) -> Packed:
    """The caps that flags put: as written, else by position."""
    ids = [verdict.id for verdict in rubric.verdicts]
    lowest = max(place for place, verdict in enumerate(rubric.verdicts) if verdict.from_ is not None)
    below = ids[lowest + 1] if lowest + 1 < len(ids) else ids[lowest]
    caps = rubric.caps
    return {
        "fatal": caps.fatal if caps and caps.fatal else ids[lowest],
        "knock_out": caps.knock_out if caps and caps.knock_out else below,
    }


def _sections(stage: AnyStage, rubric: Rubric, inner: Mapping[str, Inner]) -> list[Packed]:
    if isinstance(stage, model.RubricStage):
        return inner[stage.id].sections
    return [_section(section, stage, rubric) for section in stage.sections]


def _section(section: Section, stage: AnyStage, rubric: Rubric) -> Packed:
    return {
        "about": about(section),
        "declared": section.declared,
        "floor": str(section.floor),
        "id": section.id,
        "items": [item_of(Placed(item, section, stage, rubric)) for item in section.items],
    }


def _override(override: Override, listed: Completed) -> Packed:
    return {
        "about": about(override),
        "cap": override.cap,
        "id": override.id,
        "when": _condition(override.when, listed),
    }


def _condition(when: Condition, listed: Completed) -> Packed:
    """Recursion is bounded by the reader's depth."""
    match when:
        case model.FlagCondition():
            return {"at_least": when.at_least, "flag": when.flag}
        case model.SectionCondition():
            return {"below": str(when.below), "section": when.section}
        case model.StageCondition():
            return {"below": str(when.below), "stage": when.stage}
        case model.OutcomeCondition():
            return {"is": listed(when.item, when.is_), "item": when.item}
        case model.AllCondition():
            return {"all": [_condition(inner, listed) for inner in when.all_]}
        case model.AnyCondition():
            return {"any": [_condition(inner, listed) for inner in when.any_]}
        case model.EveryCondition():
            return {"every": [*when.every]}


def _guaranteed(rubric: Rubric, meant: Completed) -> Packed:
    """What is guaranteed here. What a rubric that is a stage of this one guarantees stays behind: it speaks of that one's own verdicts."""
    verdicts = [str(verdict.id) for verdict in rubric.verdicts]
    entries = [
        guarantees.packed(entry, None if entry.when is None else _condition(entry.when, meant), verdicts)
        for entry in rubric.guarantees
    ]
    return {"guarantees": entries} if entries else {}


def _about_stage(stage: AnyStage, rubric: Rubric, inner: Mapping[str, Inner]) -> Packed:
    if not rubric.stages:
        return {}
    said = about(stage)
    if isinstance(stage, model.RubricStage):
        other = inner[stage.id]
        said["from"] = f"{other.pack['rubric']} {other.pack['version']} {other.digest}"
    return said


def _about_rubric(rubric: Rubric) -> Packed:
    said = about(rubric)
    if rubric.roles:
        said["roles"] = [f"{role}: {title}" for role, title in rubric.roles.items()]
    if rubric.replaces:
        said["replaces"] = rubric.replaces.version
        said["replaces_why"] = rubric.replaces.reason
        if rubric.replaces.may_move:
            said["may_move"] = [*rubric.replaces.may_move]
    return said
