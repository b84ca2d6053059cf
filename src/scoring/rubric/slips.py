"""
Slips in keys and words: what somebody meant who wrote one that is not known.

Owns the tables of what people call things before they have read the manual, of what is meant well and has no place there, and of what is near at hand
and wrong. Must not know how a file is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from scoring.engine.ids import is_id
from scoring.errors import did_you_mean
from scoring.rubric import leaves, model
from scoring.rubric.complaint import odd_dash
from scoring.rubric.exact import NumberError, mended, number
from scoring.rubric.meant import bracketed, written
from scoring.rubric.part import Part, keys_of
from scoring.rubric.tree import NBSP, Mapping, Scalar, Sequence, oddity

if TYPE_CHECKING:
    from collections.abc import Callable

    from scoring.rubric.tree import Node

__all__ = [
    "INSTEAD",
    "UNKNOWN",
    "as_entries",
    "as_keys",
    "as_list",
    "as_one",
    "as_value",
    "belongs",
    "entry_form",
    "frame",
    "kind_meant",
    "listed",
]

_MAX_PROPOSED = 200  # characters of the file that a message repeats

_PARTS: tuple[type[Part], ...] = (
    model.Rubric, model.Stage, model.RubricStage, model.Section, model.ChoiceOption, model.SelectionOption, *model.KINDS.values(), model.NumberKey,
    model.TextKey, model.Line, model.Indicators, model.Raters, model.Scale, model.ScaleValue, model.LevelPoints, model.Competency, model.Verdict,
    model.Caps, model.Weights, model.Profile, model.Override, model.Replaces, model.FlagCondition, model.SectionCondition, model.StageCondition,
    model.OutcomeCondition, model.AllCondition, model.AnyCondition, model.EveryCondition, model.Guarantee,
)  # fmt: skip
# What people call things before they have read the manual, and what these things are called here.
_MEANT = {
    "name": ("id", "rubric"), "label": ("id", "title"), "heading": ("title",), "question": ("ask",), "prompt": ("ask",), "description": ("ask", "note"),
    "type": ("kind",), "score": ("points",), "point": ("points",), "mark": ("points",), "value": ("points", "is"), "correct": ("right",),
    "choices": ("options",), "answers": ("options", "keys"), "answer": ("key", "is", "options"), "reason": ("why",), "because": ("why",),
    "rationale": ("why",), "explanation": ("why",), "tolerance": ("absolute",), "threshold": ("from", "below"), "cut": ("from",), "min": ("from",),
    "equals": ("is",), "contains": ("contains_any",), "condition": ("when",), "if": ("when",), "then": ("cap",), "verdict": ("cap",), "limit": ("cap",),
    "questions": ("items",), "share": ("weight",), "percent": ("weight",), "time": ("limit",), "duration": ("limit",), "comment": ("note", "why"),
    "outcome": ("is",), "outcomes": ("is",), "maximum": ("max",), "bands": ("verdicts",), "grades": ("verdicts",), "rules": ("overrides",),
    "scoring": ("mode",), "red_flag": ("flag",), "variant": ("only",), "anchor": ("text", "anchors"), "panelists": ("panel",), "reviewers": ("raters",),
    "interviewers": ("raters",), "phases": ("stages",), "steps": ("stages",), "level": ("levels",), "knock_outs": ("gate",), "gates": ("gate",),
    "weights": ("stages", "shares"), "weight": ("points",),
    "do_not": ("conduct",), "donts": ("conduct",), "success_criteria": ("criteria",), "required": ("missing",), "mandatory": ("missing",),
}  # fmt: skip
_RIGHT_OPTION = "; mark the right option with points: in options"
_RIGHT_OPTIONS = "; mark the right ones with right: true in options"
_STAGE_WEIGHT = "; what a stage weighs stands in `weights`, in each profile under `stages`"
_STAGE_SHARES = (
    "; what its sections weigh stands in `weights`, in each profile under `shares`, or as `weight` on each section"
)
_OPTION_FLAG = "; it is a flag of the option that does it, as in A: {points: 0, flag: %s}"
_BELOW = "; a condition holds below a share: say what is too little"
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
    **{
        (part, word): _STAGE_WEIGHT
        for part in (model.Stage, model.RubricStage)
        for word in ("weight", "share", "percent")
    },
    **{(model.Stage, word): _STAGE_SHARES for word in ("weights", "shares")},
    **{
        (part, word): _OPTION_FLAG % word
        for part in (model.ChoiceItem, model.SelectionItem)
        for word in ("fatal", "knock_out")
    },
    (
        model.Rubric,
        "gate",
    ): "; a gate stands on the stage that it ends, and what limits the whole stands in `overrides`",
    **{
        (part, word): _BELOW
        for part in (model.SectionCondition, model.StageCondition)
        for word in ("at_least", "above", "from", "over")
    },
    **{(model.Verdict, word): _BAND_END for word in ("to", "until", "upto", "up_to", "below")},
}
# Values that are near at hand and wrong, and what to write instead.
INSTEAD = {
    (model.Action, "wait"): "a verdict never waits: a case waits by itself while an answer is missing",
    **dict.fromkeys(
        [(model.KeyFlag, "fatal"), (model.KeyFlag, "knock_out")],
        'only an option can be fatal or knock_out, never a text or number key: "I would never fabricate" contains "fabricate". '
        "Write refer, and a person looks at it",
    ),
}
# Where the entries of a thing stand outside of what should hold them: what is missing, which keys show that (none: it has no key of its own), and what to do.
_FRAMES: dict[type[Part], tuple[str, frozenset[str], str]] = {
    model.Override: (
        "when", frozenset({"section", "stage", "item", "all", "any", "below", "is", "at_least"}),
        "an override says its condition under `when`: {id: ..., when: {section: ..., below: 50%}, cap: VERDICT}",
    ),
    model.Stage: ("sections", frozenset({"items"}), "the items of a stage stand in sections: sections: [{id: ..., items: [...]}]"),
    model.Scale: ("values", frozenset(), "the values of a scale stand under `values`: values: {WORST: {number: 0}, BEST: {number: 1}}"),
    model.Weights: (
        "profiles", frozenset(),
        "the weights stand in profiles: {default: agreed, profiles: {agreed: {stages: {STAGE: 50%, ...}, shares: {SECTION: 50%, ...}}}}",
    ),
}  # fmt: skip
# Keys that take one name, and what to do where somebody wrote several.
_ONE_ONLY = {"only": "; an item is for one variant, or without `only` for all: write it once for each variant"}
# What stands under a key whose entries are called by other things.
_ENTRY_FORMS = {
    "shares": "SECTION: 50%", "stages": "STAGE: 50%", "needs": "ROLE: 1", "expected": "LEVEL: VALUE", "requirements": "LEVEL: ...", "anchors": "VALUE: ...",
    "caps": "THEIRS: OURS",
}  # fmt: skip
_KIND_WORDS = {
    "single_choice": "choice", "multiple_choice": "selection", "multi": "selection", "numeric": "number", "string": "text", "score": "mark", "scale": "rating",
    "rate": "rating", "anchored": "rating", "interview": "rating", "presentation": "rating", "simulation": "rating", "role_play": "rating",
    "competency": "rating", "essay": "rating", "check_list": "checklist", "criteria": "checklist", "file": "evidence", "upload": "evidence",
    "video": "evidence", "recording": "evidence", "document": "evidence", "yes_no": "choice", "knock_out": "choice", "checkbox": "selection",
}  # fmt: skip


def kind_meant(word: str) -> str | None:
    """The kind of an item that somebody calls otherwise, perhaps with more words behind."""
    return next((kind for said, kind in _KIND_WORDS.items() if word == said or word.startswith(said + "_")), None)


def belongs(name: str, cls: type[Part], keys: dict[str, Any]) -> str:
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
    plural = next((word for word in (lowered + "s", lowered.removesuffix("s")) if word in keys), None)
    if plural is not None:
        return f'; did you mean "{plural}"?'
    owners = list(dict.fromkeys(part.what for part in _PARTS if part is not cls and lowered in keys_of(part)))
    if owners:
        return f"; it belongs to {', '.join(owners[:3])}"
    return did_you_mean(lowered, [*keys]) or oddity(name) or f"; it has {listed(keys)}"


def text_key(name: str, value: Node) -> str:
    """For `key: GDPR` on a text item: how `keys` says it."""
    if name.strip().casefold() not in ("key", "answer", "is"):
        return ""
    texts = [entry.text for entry in value if isinstance(entry, Scalar)] if isinstance(value, Sequence) else []
    texts = [value.text] if isinstance(value, Scalar) else texts
    if not any(texts) or sum(map(len, texts)) > _MAX_PROPOSED:
        return '; did you mean "keys"?'
    return f"; did you mean keys: [{{is: {_as_texts(texts[0]) if len(texts) == 1 else bracketed(texts)}}}]?"


def as_keys(node: Node, entry: Any) -> str:
    """Where bare values stand for an item's keys: how the keys are written; otherwise nothing."""
    values = node.entries if isinstance(node, Sequence) else [node]
    texts = [value.text for value in values if isinstance(value, Scalar) and value.text]
    if entry not in (model.NumberKey, model.TextKey) or len(texts) < len(values) or not texts:
        return ""
    if sum(map(len, texts)) > _MAX_PROPOSED:
        return ""
    spell = _as_texts if entry is model.TextKey else lambda text: mended(text) or text
    return f"; did you mean [{', '.join(f'{{is: {spell(text)}}}' for text in texts)}]?"


def _as_texts(text: str) -> str:
    """One text, or several with commas between them as a list."""
    several = [part.strip() for part in text.split(",")]
    return bracketed(several) if len(several) > 1 and all(several) else written(text)


def as_list(text: str) -> str:
    """A text where a list belongs: how the list is written."""
    several = [part.strip() for part in text.split(",")]
    return f"[{', '.join(several)}]" if all(several) else f"[{text}]"


def as_one(node: Node) -> str:
    """A list where one name belongs: how one is written, or what to do instead."""
    names = [entry.text for entry in node if isinstance(entry, Scalar)] if isinstance(node, Sequence) else []
    if len(names) == 1 and 0 < len(names[0]) <= _MAX_PROPOSED:
        return f'; did you mean "{names[0]}"?'
    return _ONE_ONLY.get(node.key.text, "") if node.key else ""


def as_value(node: Node, keys: dict[str, Any]) -> str:
    """A bare text where something with a key `number` or `text` belongs: how that is written."""
    if not isinstance(node, Scalar) or not 0 < len(node.text) <= _MAX_PROPOSED:
        return ""
    key = next((name for name in ("number", "text") if name in keys and (name == "text" or _is_number(node.text))), "")
    return f"; did you mean {{{key}: {written(node.text) if key == 'text' else node.text}}}?" if key else ""


def _is_number(text: str) -> bool:
    try:
        number(text)
    except NumberError:
        return False
    return True


def frame(node: Mapping, cls: type[Part], keys: dict[str, Any]) -> tuple[Node | None, str]:
    """The first key that stands outside of what should hold it, and what to do; None where there is none."""
    missing, telling, message = _FRAMES.get(cls, ("", frozenset(), ""))
    if not missing or node.get(missing):
        return None, ""
    own = any(name in keys or did_you_mean(name, [*keys]) for name in node.entries)
    found = [key for name, (key, _) in node.entries.items() if name in telling or not (telling or own)]
    return (found[0], message) if found else (None, "")


def entry_form(node: Node) -> str:
    """What an entry of things by their names looks like, by the key that they stand under."""
    return _ENTRY_FORMS.get(node.key.text if node.key else "", "id: ...")


def as_entries(node: Node, value: Any) -> str:
    """Bare texts where things belong by their ids: how that is written."""
    given = node.entries if isinstance(node, Sequence) else [node]
    if all(isinstance(entry, Mapping) and len(entry.entries) == 1 for entry in given):
        return "; delete the dashes"
    texts = [entry.text for entry in given if isinstance(entry, Scalar) and entry.text]
    if len(texts) < len(given) or not 0 < sum(map(len, texts)) <= _MAX_PROPOSED:
        return ""
    if value is leaves.Name:
        return ""
    form, named = entry_form(node), node.key is not None and node.key.text in _ENTRY_FORMS
    if value is leaves.Seats:
        return f"; did you mean {_as_needs(texts)}?"
    if not all(map(is_id, texts)):
        shown = written(texts[0])
        like = shown if value is leaves.Prose else f"{{text: {shown}}}" if _has_text(value) else "{...}"
        return (
            f"; as in {{{form.partition(':')[0]}: {like}}}"
            if named
            else f"; each has an id of its own, as in {{a: {like}}}"
        )
    filler = "..." if value is leaves.Prose else "{}" if _is_bare(value) else "{...}"
    return f"; did you mean {{{', '.join(f'{text}: {filler}' for text in texts)}}}?"


def _as_needs(texts: list[str]) -> str:
    """Roles, each as often as it is needed; a bare number is of a role that is not named."""
    if len(texts) == 1 and texts[0].isascii() and texts[0].isdigit():
        return f"{{ROLE: {texts[0]}}}"
    return f"{{{', '.join(f'{role}: {texts.count(role)}' for role in dict.fromkeys(texts))}}}"


def _is_bare(value: Any) -> bool:
    """Whether a thing needs no keys."""
    is_part = isinstance(value, type) and issubclass(value, Part)
    return is_part and all(attribute.default is not attrs.NOTHING for attribute in keys_of(value).values())


def _has_text(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Part) and "text" in keys_of(value)


def _needed_role(name: str, value: Node) -> str:
    """For `raters: {lead: 1}`: how `needs` says it."""
    counted = isinstance(value, Scalar) and value.text.isascii() and value.text.isdigit() and len(value.text) <= 2
    return (
        f"; did you mean needs: {{{name}: {value.text}}}?"
        if isinstance(value, Scalar) and counted and is_id(name)
        else ""
    )


# What somebody meant by an unknown key of a thing, with what stands under it.
UNKNOWN: dict[Any, Callable[[str, Node], str]] = {model.TextItem: text_key, model.Raters: _needed_role}


def listed(words: Any) -> str:
    """Name words in a row; those that are only signs in quotes."""
    return ", ".join(f'"{word}"' if not any(c.isalnum() for c in word) else word for word in words)
