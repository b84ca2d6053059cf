"""
What is doubtful in an item by itself: flags that earn, keys in the wrong order, questions without words, numbers that look like others.

Owns one function for each warning; each yields where it is, what to say, and on which things it can be accepted, the innermost first.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, TypeAlias

from scoring.engine.ids import is_id
from scoring.engine.reading import fits, prepare_text
from scoring.rubric import model
from scoring.rubric.exact import number, show_number
from scoring.rubric.pack_items import interval, key_id, text_match
from scoring.rubric.part import spot
from scoring.rubric.study import Study, id_spot
from scoring.rubric.tree import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoring.rubric.model import Item
    from scoring.rubric.part import Part
    from scoring.rubric.tree import Node

    Doubt: TypeAlias = tuple[Node, str, tuple[Part, ...]]
    Doubts: TypeAlias = Iterator[Doubt]

__all__ = [
    "ask_empty", "fatal_earns", "job_related_empty", "later_key", "option_text_empty", "requirement_differs", "round_empty", "thousands",
]  # fmt: skip

_MAX_LISTED = 10  # names that a message repeats


def fatal_earns(study: Study, _pack: bytes) -> Doubts:
    """A fatal or knock-out option that earns points."""
    for placed in study.items:
        item = placed.item
        for name, option in getattr(item, "options", {}).items():
            key = "points" if isinstance(option, model.ChoiceOption) else "right"
            earns = option.points > 0 if isinstance(option, model.ChoiceOption) else option.right
            if earns and option.flag in ("fatal", "knock_out"):
                message = f'the option "{name}" is {option.flag} and yet earns points: is the flag on the wrong option?'
                yield spot(option, key), message, placed


def later_key(study: Study, _pack: bytes) -> Doubts:
    """A later key that matches what an earlier one matches too, and would earn more."""
    for placed in study.items:
        item = placed.item
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
            yield second.node, message, placed


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


def job_related_empty(study: Study, _pack: bytes) -> Doubts:
    """An item that does not say why the job needs it, nor does anything that it stands in."""
    for section, stage in study.sections:
        if section.job_related or getattr(stage, "job_related", None):
            continue
        silent = [placed for placed in study.items if placed.section is section and not placed.item.job_related]
        if (
            len(silent) > 1
            and len(silent) == len(section.items)
            and not any("job-related-empty" in placed.item.accept for placed in silent)
        ):
            around = "to the section, to the stage" if study.rubric.stages else "to the section"
            message = f'none of the items of "{section.id}" says why the job needs it: add `job_related` {around}, or to each of them'
            yield id_spot(section), message, (section, stage, study.rubric)
            continue
        for placed in silent:
            message = (
                f'"{placed.item.id}" does not say why the job needs it: add `job_related` to it, or to its section'
            )
            yield id_spot(placed.item), message, placed


def ask_empty(study: Study, _pack: bytes) -> Doubts:
    """An item without `ask`. What people rate need not be asked: it is a criterion, and the paper leaves it out."""
    for placed in study.items:
        item = placed.item
        if item.ask is None and not isinstance(item, model.RatedItem):
            message = f'"{item.id}" has no `ask`: the paper shows candidates no question'
            yield id_spot(item), message, placed


def option_text_empty(study: Study, _pack: bytes) -> Doubts:
    """An item with options without `text` whose `ask` does not name all its options either; where there is no `ask`, that was said."""
    for placed in study.items:
        item = placed.item
        if item.ask is None or not isinstance(item, (model.ChoiceItem, model.SelectionItem)):
            continue
        named = {*"".join(c if is_id(c) else " " for c in item.ask).split()}
        named |= {word.strip(".-") for word in named}
        options: dict[Any, Any] = {**item.options}
        silent = [name for name, option in options.items() if option.text is None]
        if silent and not {*options} <= named:
            names = ", ".join(silent[:_MAX_LISTED]) + ", ..." * (len(silent) > _MAX_LISTED)
            message = f'options of "{item.id}" have no `text` ({names}): the paper shows them without words'
            yield id_spot(item), message, placed


def requirement_differs(study: Study, _pack: bytes) -> Doubts:
    """An item whose requirement equals none of its competency's."""
    for placed in study.items:
        item = placed.item
        competency = study.competency_by_id.get(getattr(item, "competency", None) or "")
        if item.requirement is None or competency is None or not competency.requirements:
            continue
        if item.requirement not in competency.requirements.values():
            message = (
                f'the requirement of "{item.id}" is none of those of its competency "{competency.id}": '
                "take the words that stand there for the level that is meant"
            )
            yield spot(item, "requirement"), message, placed


def round_empty(study: Study, _pack: bytes) -> Doubts:
    """A round of a stage that no item names."""
    for stage in study.stages:
        named = {placed.item.round for placed in study.items if placed.stage is stage}
        for place, name in enumerate(getattr(stage, "rounds", ())):
            if name not in named:
                message = (
                    f'no item of "{stage.id}" belongs to the round "{name}": give one `round: {name}`, or delete it'
                )
                yield spot(stage, "rounds", place), message, (stage, study.rubric)


def thousands(study: Study, _pack: bytes) -> Doubts:
    """A number such as 12.500: some write a thousand so."""
    for placed in study.items:
        item = placed.item
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
                yield node, message, placed


def _numbers(item: Item) -> Iterator[Node]:
    """Where an item's numbers stand; points by level have keys of their own."""
    for key in ("key", "max", "points"):
        yield from _standing(item, key)
    for line in getattr(item, "lines", {}).values():
        yield from _standing(line, "points")
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
