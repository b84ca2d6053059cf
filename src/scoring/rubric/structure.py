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
from scoring.rubric.exact import NumberError, mended
from scoring.rubric.leaves import LEAVES, LeafError, Prose
from scoring.rubric.meant import bracketed, written
from scoring.rubric.part import keys_of
from scoring.rubric.syntax import odd_dash
from scoring.rubric.tree import NBSP, Findings, Hole, Mapping, Node, Scalar, Sequence, oddity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from scoring.rubric.part import Part

    Hook = Callable[[Any, Any], Any]

__all__ = ["structure"]

_MAX_PROPOSED = 200  # characters of the file that a message repeats

_PARTS: tuple[type[Part], ...] = (
    model.Rubric, model.Section, model.ChoiceOption, model.SelectionOption, model.ChoiceItem, model.SelectionItem, model.NumberItem, model.TextItem,
    model.MarkItem, model.NumberKey, model.TextKey, model.Verdict, model.Caps, model.Weights, model.Profile, model.Override, model.Replaces,
    model.FlagCondition, model.SectionCondition, model.OutcomeCondition, model.AllCondition, model.AnyCondition,
)  # fmt: skip
_KINDS: dict[str, type[model.Item]] = {
    "choice": model.ChoiceItem,
    "selection": model.SelectionItem,
    "number": model.NumberItem,
    "text": model.TextItem,
    "mark": model.MarkItem,
}
_CONDITIONS: dict[str, type[Part]] = {
    "flag": model.FlagCondition,
    "section": model.SectionCondition,
    "item": model.OutcomeCondition,
    "all": model.AllCondition,
    "any": model.AnyCondition,
}
# What people call things before they have read the manual, and what these things are called here.
_MEANT = {
    "name": ("id", "rubric"), "label": ("id", "title"), "heading": ("title",), "question": ("ask",), "prompt": ("ask",), "description": ("ask", "note"),
    "type": ("kind",), "score": ("points",), "point": ("points",), "mark": ("points",), "value": ("points", "is"), "correct": ("right",),
    "choices": ("options",), "answers": ("options", "keys"), "answer": ("key", "is", "options"), "reason": ("why",), "because": ("why",),
    "rationale": ("why",), "explanation": ("why",), "tolerance": ("absolute",), "threshold": ("from", "below"), "cut": ("from",), "min": ("from",),
    "equals": ("is",), "contains": ("contains_any",), "condition": ("when",), "if": ("when",), "then": ("cap",), "verdict": ("cap",), "limit": ("cap",),
    "questions": ("items",), "share": ("weight",), "percent": ("weight",), "time": ("limit",), "duration": ("limit",), "comment": ("note", "why"),
    "outcome": ("is",), "outcomes": ("is",), "maximum": ("max",), "bands": ("verdicts",), "grades": ("verdicts",), "rules": ("overrides",),
    "scoring": ("mode",), "red_flag": ("flag",),
}  # fmt: skip
_RIGHT_OPTION = "; mark the right option with points: in options"
_RIGHT_OPTIONS = "; mark the right ones with right: true in options"
_BAND_END = "; a band ends where the one above begins; delete it"
# Keys that are meant well and have no place there at all, and what to do instead.
_ELSEWHERE: dict[tuple[type[Part], str], str] = {
    **{(model.ChoiceItem, word): _RIGHT_OPTION for word in ("key", "keys", "answer", "answers", "correct", "right")},
    **{
        (model.SelectionItem, word): _RIGHT_OPTIONS for word in ("key", "keys", "answer", "answers", "correct", "right")
    },
    **{
        (model.MarkItem, word): "; a mark has none: whoever marks the answer gives it"
        for word in ("key", "keys", "options")
    },
    **{(model.Verdict, word): _BAND_END for word in ("to", "until", "upto", "up_to", "below")},
}
# Values that are near at hand and wrong, and what to write instead.
_INSTEAD = {
    (model.Action, "wait"): "a verdict never waits: a case waits by itself while an answer is missing",
    **dict.fromkeys(
        [(model.KeyFlag, "fatal"), (model.KeyFlag, "knock_out")],
        'only an option can be fatal or knock_out, never a text or number key: "I would never fabricate" contains "fabricate". '
        "Write refer, and a person looks at it",
    ),
}


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
                message = _INSTEAD.get((kind, text)) or f'expected one of {_listed(words)}; found "{text[:48]}"{hint}'
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
            keys = self.keys_meant(node, model.NumberKey) if node.key and node.key.text == "key" else ""
            hint = keys.replace("did you mean", "did you mean keys:") or hint
            self.findings.report(node, "wrong-form", f"expected {what}, found {node.kind}{hint}")
        return None

    def dict_hook(self, kind: Any) -> Hook:
        """Things by their ids."""
        key_type, value_type = get_args(kind)
        said = {"Name": "section"}.get(getattr(key_type, "__name__", ""), "id")

        def hook(node: Node, _: Any) -> Any:
            if not isinstance(node, Mapping):
                codes = f'{{CODE: "why"}}, where CODE is one of {_listed(get_args(key_type))}'
                entries = f'entries such as "{said}: ...", without dashes'
                self.wrong_form(node, codes if get_origin(key_type) is Literal else entries)
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

        def hook(node: Node, _: Any) -> Any:
            if not isinstance(node, Sequence):
                hint = f", as in [{node.text}]" if isinstance(node, Scalar) and 0 < len(node.text) <= 48 else ""
                is_part = attrs.has(first) or get_origin(first) is types.UnionType
                form = (
                    "[LOWEST, HIGHEST]"
                    if pair
                    else 'a list, each entry on a line that begins with "- "'
                    if is_part
                    else f"a list{hint}"
                )
                self.wrong_form(node, form, self.keys_meant(node, first))
                return (self.read(Hole.at(node), first),) * 2 if pair else ()
            meant = self.keys_meant(node, first)
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

    def keys_meant(self, node: Node, entry: Any) -> str:
        """Where bare values stand for an item's keys: how the keys are written; otherwise nothing."""
        values = node.entries if isinstance(node, Sequence) else [node]
        texts = [value.text for value in values if isinstance(value, Scalar) and value.text]
        if entry not in (model.NumberKey, model.TextKey) or len(texts) < len(values) or not texts:
            return ""
        return f"; did you mean {_as_keys(texts, entry)}?" if sum(map(len, texts)) <= _MAX_PROPOSED else ""

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
        return lambda node, _: self.read(node, self.form_of(node))

    def kind_of(self, node: Node) -> type[model.Item]:
        """Which class an item is of; the common one where it does not say so."""
        if not isinstance(node, Mapping):
            return model.Item
        at = node.get("kind")
        if at is None:
            self.findings.report(node, "missing-key", f'this item lacks the key "kind": one of {_listed(_KINDS)}')
            return model.Item
        text = self.text_of(at, "one of " + _listed(_KINDS))
        if text is not None and text not in _KINDS:
            near = {
                "single_choice": "choice",
                "multiple_choice": "selection",
                "multi": "selection",
                "numeric": "number",
                "string": "text",
                "score": "mark",
            }
            word = text.casefold().replace("-", "_").replace(" ", "_")
            hint = f'; did you mean "{near[word]}"?' if word in near else did_you_mean(word, [*_KINDS])
            hint = oddity(text) if NBSP in text else hint
            self.findings.report(
                at, "unknown-word", f'there is no kind "{text[:48]}"; expected one of {_listed(_KINDS)}{hint}'
            )
        return _KINDS.get(text or "", model.Item)

    def form_of(self, node: Node) -> type[Part]:
        """Which class a condition is of."""
        if isinstance(node, Mapping):
            found = next((form for key, form in _CONDITIONS.items() if node.get(key)), None)
            if found is not None:
                return found
            hint = "; there is no `not`: list the other outcomes instead" if node.get("not") else ""
            forms = "{flag, at_least}, {section, below}, {item, is}, {all: [...]} or {any: [...]}"
            self.findings.report(node, "condition-form", f"expected a condition: {forms}{hint}")
        elif not isinstance(node, Hole):
            self.wrong_form(node, "a condition such as {section: ID, below: 50%}")
        return model.AllCondition

    def part_hook(self, cls: type[Part]) -> Hook:
        """A thing with keys."""
        keys = keys_of(cls)

        def hook(node: Node, _: Any) -> Any:
            if not isinstance(node, Mapping):
                self.wrong_form(node, f"{cls.what} with its keys, such as {_listed([*keys][:3])}")
            elif not (cls is model.Item or (cls is model.AllCondition and node.get("all") is None)):
                self.report_missing(node, cls, keys, self.report_unknown(node, cls, keys))
            return cls(node=node, **dict(self.values(node, keys)))

        return hook

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
                hint = (
                    _belongs(name, cls, keys)
                    if cls is not model.TextItem
                    else _text_key(name, value) or _belongs(name, cls, keys)
                )
                hints += hint
                self.findings.report(key, "unknown-key", f'{cls.what} has no key "{name[:48]}"{hint}')
        return hints

    def report_missing(self, node: Mapping, cls: type[Part], keys: dict[str, attrs.Attribute[Any]], hints: str) -> None:
        """Report required keys that do not stand there and that no slip explains; what they hold is said beside."""
        for name, attribute in keys.items():
            if (
                attribute.default is attrs.NOTHING
                and node.get(name) is None
                and not any(f"did you mean {said}" in hints for said in (f'"{name}"', f"{name}:"))
            ):
                about = attribute.metadata["about"].rstrip(".")
                self.findings.report(
                    node, "missing-key", f'{cls.what} needs the key "{name}": {about[0].lower()}{about[1:]}'
                )


def _belongs(name: str, cls: type[Part], keys: dict[str, Any]) -> str:
    """Where an unknown key may belong, or what it may have been meant to be."""
    if NBSP in name:
        return oddity(name)
    lowered = name.strip().casefold().replace("-", "_").replace(" ", "_")
    if odd_dash(name):
        return "; " + odd_dash(name)
    if (cls, lowered) in _ELSEWHERE:
        return _ELSEWHERE[cls, lowered]
    if lowered in keys:
        return f'; did you mean "{lowered}"?'
    meant = next((word for word in _MEANT.get(lowered, ()) if word in keys), None)
    if meant is not None:
        return f'; did you mean "{meant}"?'
    owners = list(dict.fromkeys(part.what for part in _PARTS if part is not cls and lowered in keys_of(part)))
    if owners:
        return f"; it belongs to {', '.join(owners[:3])}"
    return did_you_mean(lowered, [*keys]) or oddity(name) or f"; it has {_listed(keys)}"


def _text_key(name: str, value: Node) -> str:
    """For `key: GDPR` on a text item: how `keys` says it."""
    if name.strip().casefold() not in ("key", "answer", "is"):
        return ""
    texts = [entry.text for entry in value if isinstance(entry, Scalar)] if isinstance(value, Sequence) else []
    texts = [value.text] if isinstance(value, Scalar) else texts
    if not any(texts) or sum(map(len, texts)) > _MAX_PROPOSED:
        return '; did you mean "keys"?'
    return f"; did you mean keys: [{{is: {_as_texts(texts[0]) if len(texts) == 1 else bracketed(texts)}}}]?"


def _as_keys(texts: list[str], entry: type[Part]) -> str:
    spell = _as_texts if entry is model.TextKey else lambda text: mended(text) or text
    return f"[{', '.join(f'{{is: {spell(text)}}}' for text in texts)}]"


def _as_texts(text: str) -> str:
    """One text, or several with commas between them as a list."""
    several = [part.strip() for part in text.split(",")]
    return bracketed(several) if len(several) > 1 and all(several) else written(text)


def _listed(words: Any) -> str:
    return ", ".join(f'"{word}"' if not any(c.isalnum() for c in word) else word for word in words)
