"""
What is refused where another rubric is a stage, and where a section has fewer items than it declares.

Owns the reading of the other rubric, by the way that the check of a file hands in, and one function for each rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring.engine.ids import is_id
from scoring.rubric import model
from scoring.rubric.embed import Inner, parts_of
from scoring.rubric.part import spot
from scoring.rubric.study import Study, id_spot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from scoring.rubric.model import Rubric
    from scoring.rubric.tree import Findings, Node

    Other = tuple[dict[str, Any], bytes]

__all__ = ["CHECKS", "MAX_ITEMS", "OtherError", "excerpts", "read_others"]


MAX_SECTIONS = 50  # as in a pack
MAX_ITEMS = 1_000  # as in a pack; USMLE Step 1, a long licensing examination, has 280
MAX_OVERRIDES = 100  # as in a pack


class OtherError(Exception):
    """Another rubric cannot be a stage; the message says why, and what to do."""


def read_others(rubric: Rubric, findings: Findings, read: Callable[[str], Other]) -> dict[str, Inner]:
    """
    Read every rubric that is a stage of this one.

    Args:
        rubric: This one.
        findings: Takes what keeps another rubric from being a stage.
        read: Gives the pack of a path, as JSON values and as bytes, or raises `OtherError`.
    """
    found: dict[str, Inner] = {}
    for stage in rubric.stages:
        if not isinstance(stage, model.RubricStage) or not findings.sound(spot(stage, "rubric")) or not stage.id:
            continue
        try:
            pack, data = read(stage.rubric)
            _fits(pack, stage.rubric)
        except OtherError as error:
            findings.report(spot(stage, "rubric"), "other-rubric", str(error))
            continue
        found.setdefault(stage.id, Inner(stage, pack, data))
    return found


def _fits(pack: dict[str, Any], path: str) -> None:
    """A stage has no stages, no levels and no variants of its own."""
    for key, most, what in (("stages", 1, "several stages"), ("levels", 0, "levels"), ("variants", 0, "variants")):
        if len(pack[key]) > most:
            raise OtherError(f"{path} has {what}, and a stage has none: write its sections here instead")


def others(study: Study) -> None:
    """Everything that another rubric brings with it has its place here."""
    for stage in study.stages:
        if isinstance(stage, model.RubricStage) and stage.id in study.inner:
            _profile(study, stage)
            _notice(study, stage)
            _caps(study, stage)
            _roles(study, stage)
            _flags(study, stage)
            _assumed(study, stage)


def _profile(study: Study, stage: model.RubricStage) -> None:
    there = [profile["id"] for profile in study.inner[stage.id].pack["profiles"]]
    if stage.profile is not None and stage.profile not in there and study.sound(spot(stage, "profile")):
        message = f'{stage.rubric} has no profile "{stage.profile}"; it has {", ".join(there)}'
        study.report(spot(stage, "profile"), "no-such-profile", message)


def _notice(study: Study, stage: model.RubricStage) -> None:
    if study.inner[stage.id].pack["notice"] is not None and study.rubric.notice is None:
        message = f"{stage.rubric} has a notice, which candidates have to be told here too: add its line notice: beside version:"
        study.report(spot(stage, "rubric"), "notice-missing", message)


def _caps(study: Study, stage: model.RubricStage) -> None:
    """Each verdict that one of its overrides caps at is translated into one of ours."""
    theirs = [verdict["id"] for verdict in study.inner[stage.id].pack["verdicts"]]
    for name, meant in stage.caps.items():
        at = spot(stage, "caps", name)
        if name not in theirs and study.sound(at):
            message = f'{stage.rubric} has no verdict "{name[:48]}"; it has {", ".join(theirs)}'
            study.report(at.key or at, "no-such-verdict", message)
        study.names(at, "verdict", meant)
    written = {str(name) for name in stage.caps}
    lacking = {override["cap"]: override["id"] for override in study.brought(stage) if override["cap"] not in written}
    if lacking:
        where = spot(stage, "caps")
        ours = study.known["verdict"][-1] if study.known["verdict"] else "OURS"
        line = ", ".join(f"{name}: {ours}" for name in lacking)
        by = ", ".join(f'"{name}"' for name in lacking.values())
        message = f"{stage.rubric} caps by {by}: say which of our verdicts that means, as in caps: {{{line}}}"
        study.report(where.key or (id_spot(stage) if where is stage.node else where), "caps-missing", message)


def _roles(study: Study, stage: model.RubricStage) -> None:
    inner = study.inner[stage.id]
    needed = [i.get("raters", {}).get("needs", ()) for section in inner.sections for i in section["items"]]
    for role in dict.fromkeys(role for needs in needed for role in needs):
        if role not in study.known["role"] and study.sound(spot(stage, "rubric")):
            message = f'{stage.rubric} needs ratings by "{role}": add the role to `roles` at the top of the file'
            study.report(spot(stage, "rubric"), "no-such-role", message)


def _flags(study: Study, stage: model.RubricStage) -> None:
    """A condition that counts a flag would count it in every stage, which its author did not mean."""
    for override in study.brought(stage):
        flags = [condition["flag"] for condition in parts_of(override["when"]) if "flag" in condition]
        if flags and study.sound(spot(stage, "rubric")):
            name = override["id"]
            message = (
                f'the override "{name}" of {stage.rubric} counts the flag {flags[0]}, which would count in every stage here: '
                f'write the override in this rubric instead; one that is called "{name}" too takes its place'
            )
            study.report(spot(stage, "rubric"), "flag-of-another", message)


def _assumed(study: Study, stage: model.RubricStage) -> None:
    there = {entry.id for entry in study.rubric.assumed}
    for entry in study.inner[stage.id].assumed:
        name = entry["id"]
        if not is_id(name):
            message = f'"{name}" is what decisions call what {stage.rubric} assumes, and that is too long: give the stage a shorter id'
            study.report(id_spot(stage), "id-form", message)
        elif name in there:
            message = (
                f'"{name}" is what decisions call what {stage.rubric} assumes already: give your assumption another id'
            )
            study.report(id_spot(stage), "id-twice", message)


def excerpts(study: Study) -> Iterator[tuple[Node, str, str | None]]:
    """The sections that declare more items than they have, for some variant: where, what to say, and the section's name if it is written here."""
    for stage in study.stages:
        if isinstance(stage, model.Stage):
            declared = [(s.id, s.declared, spot(s, "declared")) for s in stage.sections]
        else:
            own = study.inner[stage.id].sections if stage.id in study.inner else []
            declared = [(s["id"], s["declared"], spot(stage, "rubric")) for s in own]
        for name, count, node in declared:
            found = [
                (sum(member.section == name for member in study.of_variant(variant)), variant)
                for variant in study.variants
            ]
            least, variant = min(found, key=lambda entry: entry[0])
            if count is not None and least < count and study.sound(node):
                who = f' for the variant "{variant}"' if variant else ""
                here = name if isinstance(stage, model.Stage) else None
                yield node, f'"{name}" declares {count} items and has {least}{who}', here


def allowed(study: Study) -> None:
    """A section has all the items that it declares, or the rubric says openly that it is an excerpt."""
    if study.rubric.excerpt is None:
        for node, message, _ in excerpts(study):
            more = "add the others, or write `excerpt: allowed` beside version:, and every decision goes to a person"
            study.report(node, "excerpt", f"{message}: {more}")


def whole(study: Study) -> None:
    """All stages together hold no more than a pack can; what stands in one list was counted there."""
    items, overrides = len(study.items), len(study.rubric.overrides)
    sections = 0
    for stage in study.rubric.stages:
        inner = study.inner.get(stage.id)
        sections += len(study.sections_of(stage))
        items += sum(len(section["items"]) for section in inner.sections) if inner else 0
        overrides += len(study.brought(stage)) if isinstance(stage, model.RubricStage) else 0
        counts = (
            ("sections", sections, MAX_SECTIONS),
            ("items", items, MAX_ITEMS),
            ("overrides", overrides, MAX_OVERRIDES),
        )
        for what, count, most in counts:
            if count > most and (inner or what == "sections"):
                message = f"up to this stage there are {count:,} {what}; at most {most:,} are possible"
                study.report(id_spot(stage), "too-many", message)
                return


CHECKS: tuple[Callable[[Study], None], ...] = (others, allowed, whole)
