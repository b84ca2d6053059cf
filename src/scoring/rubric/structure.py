"""
From a tree of nodes to the model: every key known, every value of its form, every problem noted.

Owns cattrs, which is used here and nowhere else, with hooks for every type of the model and none of its own readings left: it would turn 3.9 into 3,
None into 'None', "false" into True, and pass over unknown keys. A hook never raises; it reports and puts something harmless in the place, so that one
reading finds all problems. What holds between values is for the checks.
"""

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin

import attrs
from cattrs import Converter

from scoring.errors import did_you_mean
from scoring.rubric import model
from scoring.rubric.complaint import odd_dash
from scoring.rubric.exact import NumberError
from scoring.rubric.leaves import LEAVES, LeafError, Name, Prose, Share
from scoring.rubric.part import keys_of
from scoring.rubric.slips import (
    INSTEAD,
    UNKNOWN,
    as_entries,
    as_keys,
    as_list,
    as_one,
    as_value,
    belongs,
    entry_form,
    frame,
    kind_meant,
    listed,
)
from scoring.rubric.tree import NBSP, Findings, Hole, Mapping, Node, Scalar, Sequence, oddity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scoring.rubric.part import Part

    Hook = Callable[[Any, Any], Any]

__all__ = ["structure"]

_CONDITIONS: dict[str, type[Part]] = {
    "flag": model.FlagCondition,
    "section": model.SectionCondition,
    "stage": model.StageCondition,
    "item": model.OutcomeCondition,
    "all": model.AllCondition,
    "any": model.AnyCondition,
    "every": model.EveryCondition,
}
_FLAT = ": the sections of all stages stand side by side here"


def structure(root: Node, findings: Findings) -> model.Rubric:
    """
    Read a rubric out of a tree.

    Args:
        root: What the reader returned.
        findings: Takes every problem.

    Returns:
        The rubric; where something was wrong, that part of it means nothing and `Findings.sound` says so.
    """
    rubric: model.Rubric = _Structurer(findings).read(root, model.Rubric)
    return rubric


class _Structurer:
    """A converter whose hooks report to one file's findings."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.converter = Converter(forbid_extra_keys=True, detailed_validation=False)
        self._register(lambda kind: get_origin(kind) is Literal, self.word_hook)
        self._register(lambda kind: get_origin(kind) is dict, self.dict_hook)
        self._register(lambda kind: get_origin(kind) is tuple, self.tuple_hook)
        self._register(attrs.has, self.part_hook)
        self._register(lambda kind: get_origin(kind) in (Union, types.UnionType), self.union_hook)
        for leaf in LEAVES:
            self.converter.register_structure_hook(leaf, self.leaf_hook(leaf))

    def _register(self, predicate: Callable[[Any], bool], factory: Callable[[Any], Hook]) -> None:
        self.converter.register_structure_hook_factory(predicate, factory)

    def read(self, node: Node, kind: Any) -> Any:
        """Read a node as a type of the model."""
        return self.converter.structure(node, kind)

    def leaf_hook(self, kind: Any) -> Hook:
        """One text with a meaning."""
        leaf = LEAVES[kind]

        def hook(node: Node, _: Any) -> Any:
            text = self.text_of(node, leaf.what)
            if text is None:
                return leaf.blank
            try:
                return leaf.read(text)
            except NumberError as error:
                self.findings.report(node, "number", str(error))
            except LeafError as error:
                self.findings.report(node, error.code, str(error))
            return text if isinstance(leaf.blank, str) else leaf.blank

        return hook

    def word_hook(self, kind: Any) -> Hook:
        """One of a few words."""
        words = get_args(kind)

        def hook(node: Node, _: Any) -> Any:
            text = self.text_of(node, "one of " + ", ".join(words))
            if text is not None and text not in words:
                near = did_you_mean(text.strip().casefold().replace("-", "_").replace(" ", "_"), words)
                hint = oddity(text) if NBSP in text else near or oddity(text)
                message = INSTEAD.get((kind, text)) or f'expected one of {listed(words)}; found "{text[:48]}"{hint}'
                self.findings.report(node, "unknown-word", message)
            return text if text in words else words[0]

        return hook

    def text_of(self, node: Node, what: str) -> str | None:
        """The text of a scalar; None, and a problem unless there is one already, for anything else."""
        if isinstance(node, Scalar):
            if not node.empty:
                return node.text
            named = f'"{node.key.text[:48]}" has no value: ' if node.key else ""
            self.findings.report(node, "no-value", f"{named}expected {what}")
        elif not isinstance(node, Hole):
            hint = ": text with [ ] or { } in it needs quotes" if what == LEAVES[Prose].what else ""
            keys = as_keys(node, model.NumberKey) if node.key and node.key.text == "key" else ""
            hint = keys.replace("did you mean", "did you mean keys:") or hint
            hint = as_one(node) if what == LEAVES[Name].what else hint
            hint = _FLAT if what == LEAVES[Share].what and _key_above(node) == "shares" else hint
            self.findings.report(node, "wrong-form", f"expected {what}, found {node.kind}{hint}")
        return None

    def dict_hook(self, kind: Any) -> Hook:
        """Things by their ids."""
        key_type, value_type = get_args(kind)

        def hook(node: Node, _: Any) -> Any:
            if not isinstance(node, Mapping):
                codes = f'{{CODE: "why"}}, where CODE is one of {listed(get_args(key_type))}'
                entries = f'entries such as "{entry_form(node)}", without dashes'
                of_codes = get_origin(key_type) is Literal
                self.wrong_form(node, codes if of_codes else entries, "" if of_codes else as_entries(node, value_type))
                return {}
            # ``A {points: 1}`` is one key and one text to YAML: what is wrong with it is said once, about the key.
            return {
                self.read(key, key_type): self.read(Hole.at(value) if "{" in key.text else value, value_type)
                for key, value in node
            }

        return hook

    def tuple_hook(self, kind: Any) -> Hook:
        """A list; or exactly two of something."""
        first, *others = get_args(kind)
        pair = others != [...]
        short = bool(getattr(first, "short", ""))

        def hook(node: Node, _: Any) -> Any:
            if not isinstance(node, Sequence):
                if isinstance(node, Mapping) and short and node.entries:
                    self.wrong_form(node, f"a list, as in {as_list(', '.join(node.entries))}")
                    return ()
                hint = f", as in {as_list(node.text)}" if isinstance(node, Scalar) and 0 < len(node.text) <= 48 else ""
                is_part = (attrs.has(first) and not short) or get_origin(first) is types.UnionType
                form = (
                    "[LOWEST, HIGHEST]"
                    if pair
                    else 'a list, each entry on a line that begins with "- "'
                    if is_part
                    else f"a list{hint}"
                )
                self.wrong_form(node, form, as_keys(node, first))
                return (self.read(Hole.at(node), first),) * 2 if pair else ()
            meant = as_keys(node, first)
            if meant:
                self.wrong_form(node, "a list of keys", meant)
                return ()
            if pair and len(node.entries) != 2:
                self.findings.report(
                    node, "range-form", f"expected two numbers, [LOWEST, HIGHEST]; found {len(node.entries)}"
                )
                return (self.read(Hole.at(node), first),) * 2
            return tuple(self.read(entry, first) for entry in node)

        return hook

    def wrong_form(self, node: Node, expected: str, hint: str = "") -> None:
        """Report a list where keys belong, or the other way round."""
        if isinstance(node, Mapping) and node.entries:
            key, value = next(iter(node))
            slip = odd_dash(f"{key.text}: {value.text}" if isinstance(value, Scalar) else f"{key.text}:")
            if slip:
                self.findings.report(key, "syntax", slip)
                return
        if not isinstance(node, Hole):
            found = "nothing" if isinstance(node, Scalar) and node.empty else node.kind
            self.findings.report(node, "wrong-form", f"expected {expected}; found {found}{hint}")

    def union_hook(self, kind: Any) -> Hook:
        """A key that may be left out; an item of some kind; a condition of some form."""
        present = [member for member in get_args(kind) if member is not type(None)]
        if len(present) == 1:
            return lambda node, _: self.read(node, present[0])
        if model.ChoiceItem in present:
            return lambda node, _: self.read(node, self.kind_of(node))
        if model.AllCondition in present:
            return lambda node, _: self.read(node, self.form_of(node))
        if model.RubricStage in present:
            return lambda node, _: self.read(node, self.stage_of(node))
        other, by_keys = present  # one is told from the other by its keys
        return lambda node, _: self.read(node, by_keys if isinstance(node, Mapping) else other)

    def stage_of(self, node: Node) -> type[Part]:
        """Whether a stage is written here, or is another rubric; one that says both is taken for written here, and is one problem."""
        if not isinstance(node, Mapping) or not node.get("rubric"):
            return model.Stage
        if not node.get("sections"):
            return model.RubricStage
        message = "either `rubric` or `sections`, not both: delete this line, or move the sections to the rubric that it names"
        self.findings.report(node.entries["rubric"][0], "stage-twice", message)
        for name, (key, _) in node.entries.items():
            if name in keys_of(model.RubricStage) and name not in keys_of(model.Stage):
                self.findings.blame(key)  # it came with `rubric`
        return model.Stage

    def kind_of(self, node: Node) -> type[model.Item]:
        """Which class an item is of; the common one where it does not say so."""
        if not isinstance(node, Mapping):
            return model.Item
        at = node.get("kind")
        if at is None:
            self.findings.report(node, "missing-key", f'this item lacks the key "kind": one of {listed(model.KINDS)}')
            return model.Item
        text = self.text_of(at, "one of " + listed(model.KINDS))
        if text is not None and text not in model.KINDS:
            word = text.casefold().replace("-", "_").replace(" ", "_")
            meant = kind_meant(word)
            hint = f'; did you mean "{meant}"?' if meant else did_you_mean(word, [*model.KINDS])
            hint = oddity(text) if NBSP in text else hint
            self.findings.report(
                at, "unknown-word", f'there is no kind "{text[:48]}"; expected one of {listed(model.KINDS)}{hint}'
            )
        return model.KINDS.get(text or "", model.Item)

    def form_of(self, node: Node) -> type[Part]:
        """Which class a condition is of."""
        if isinstance(node, Mapping):
            found = next((form for key, form in _CONDITIONS.items() if node.get(key)), None)
            if found is not None:
                return found
            hint = "; there is no `not`: list the other outcomes instead" if node.get("not") else ""
            forms = "{flag, at_least}, {section, below}, {stage, below}, {item, is}, {all: [...]} or {any: [...]}"
            if any(key.text == "guarantees" for key in _keys_above(node)):
                forms = forms.replace(" or {any: [...]}", ", {any: [...]} or {every: [...]}")
            self.findings.report(node, "condition-form", f"expected a condition: {forms}{hint}")
        elif not isinstance(node, Hole):
            self.wrong_form(node, "a condition such as {section: ID, below: 50%}")
        return model.AllCondition

    def part_hook(self, cls: type[Part]) -> Hook:
        """A thing with keys."""
        keys = keys_of(cls)

        def hook(node: Node, _: Any) -> Any:
            if cls.short and isinstance(node, Scalar) and not node.empty:
                attribute = keys[cls.short]
                return cls(node=node, **{attribute.name: self.read(node, attribute.type)})
            if not isinstance(node, Mapping):
                hint = as_value(node, keys)
                self.wrong_form(node, f"{cls.what} with its keys, such as {listed([*keys][:3])}", hint)
            elif self.lacks_its_frame(node, cls, keys):
                pass
            elif not (cls is model.Item or (cls is model.AllCondition and node.get("all") is None)):
                self.report_missing(node, cls, keys, self.report_unknown(node, cls, keys))
            return cls(node=node, **dict(self.values(node, keys)))

        return hook

    def lacks_its_frame(self, node: Mapping, cls: type[Part], keys: dict[str, attrs.Attribute[Any]]) -> bool:
        """Report, as one problem, where the entries of what a thing holds stand in its place, as a scale's values without `values`."""
        key, message = frame(node, cls, keys)
        if key is None:
            return False
        self.findings.report(key, "missing-key", message)
        self.findings.lost = self.findings.lost or cls is model.Stage  # its sections
        return True

    def values(self, node: Node, keys: dict[str, attrs.Attribute[Any]]) -> list[tuple[str, Any]]:
        """The attributes of a thing: what stands under its keys, and something harmless where a required key is missing."""
        values = []
        for key, attribute in keys.items():
            at = node.get(key) if isinstance(node, Mapping) else None
            if at is not None:
                values.append((attribute.name, self.value(key, at, attribute)))
            elif attribute.default is attrs.NOTHING:
                values.append((attribute.name, self.read(Hole.at(node), attribute.type)))
        return values

    def value(self, key: str, at: Node, attribute: attrs.Attribute[Any]) -> Any:
        """What stands under one key, with the number of its entries checked."""
        size = attribute.metadata["size"]
        if isinstance(at, Scalar) and at.empty and not self.findings.sound(at):
            return self.read(Hole.at(at), attribute.type)
        if isinstance(at, Scalar) and at.empty:
            form = (
                "indent its entries below it"
                if size or get_origin(attribute.type) is dict
                else "give it one, or leave the key out"
            )
            self.findings.report(at.key or at, "no-value", f'"{key}" has no value: {form}')
            return self.read(Hole.at(at), attribute.type)
        if attribute.metadata["one"] and isinstance(at, Scalar):
            wrapped = Sequence(at.line, at.column, [at])
            wrapped.parent, wrapped.key = at.parent, at.key
            at = wrapped
        if size and isinstance(at, Mapping if get_origin(attribute.type) is dict else Sequence):
            self.check_size(key, at, size)
        return self.read(at, attribute.type)

    def check_size(self, key: str, at: Any, size: tuple[int, int]) -> None:
        """Report a list that holds too few or too many."""
        count = len(at.entries)
        if not size[0] <= count <= size[1]:
            code = "too-few" if count < size[0] else "too-many"
            self.findings.report(at.key or at, code, f'"{key}" holds {count}, expected {size[0]} to {size[1]:,}')

    def report_unknown(self, node: Mapping, cls: type[Part], keys: dict[str, Any]) -> str:
        """Report keys that this thing does not have, and where they may belong; return all the suggestions."""
        hints = ""
        for name, (key, value) in node.entries.items():
            if name not in keys:
                hint = (UNKNOWN[cls](name, value) if cls in UNKNOWN else "") or belongs(name, cls, keys)
                hints += hint
                self.findings.report(key, "unknown-key", f'{cls.what} has no key "{name[:48]}"{hint}')
        return hints

    def report_missing(self, node: Mapping, cls: type[Part], keys: dict[str, attrs.Attribute[Any]], hints: str) -> None:
        """Report required keys that do not stand there and that no slip explains; what they hold is said beside."""
        needed = [name for name, attribute in keys.items() if attribute.default is attrs.NOTHING]
        meant = any(f'did you mean "{key}"' in hints for key in cls.one_of)
        if cls is model.Rubric and not meant and not any(map(node.get, cls.one_of)):
            needed.append(cls.one_of[0])
        for name in needed:
            attribute = keys[name]
            if node.get(name) is None and not any(
                f"did you mean {said}" in hints for said in (f'"{name}"', f"{name}:")
            ):
                about = attribute.metadata["about"].rstrip(".")
                self.findings.report(
                    node, "missing-key", f'{cls.what} needs the key "{name}": {about[0].lower()}{about[1:]}'
                )


def _keys_above(node: Node) -> Iterator[Scalar]:
    """The keys that a node stands under, the nearest first."""
    at: Node | None = node
    while at is not None:
        if at.key is not None:
            yield at.key
        at = at.parent


def _key_above(node: Node) -> str:
    """The key that the thing stands under which a node is an entry of."""
    above = node.parent
    return above.key.text if above is not None and above.key is not None else ""
