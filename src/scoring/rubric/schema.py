"""
JSON Schemas (2020-12): of a rubric file for editors, and of the submission and the decision of one pack for hosts in other languages.

Owns the translation of the model into a schema, so that an editor completes and checks what the reader will take. The schema sees YAML's types (``1`` is
a number, ``80%`` is text), where the reader sees what was typed. What holds between values no schema says; `check` does.

``python -m scoring.rubric.schema [FILE]`` writes ``rules/rubric.schema.json``.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import attrs

from scoring.engine.classify import FLAGS, MAX_ENTRIES, MAX_TEXT, tabulate
from scoring.engine.plan import SEMANTICS
from scoring.engine.shape import ACTIONS
from scoring.rubric import leaves, model
from scoring.rubric.part import Part, keys_of

__all__ = ["decision_schema", "rubric_schema", "schema_text", "submission_schema"]

Schema = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ID: Schema = {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,48}$"}
_DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_TIME: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}
_RATIONAL: Schema = {"type": "string", "pattern": "^(0|-?[1-9][0-9]*(/[1-9][0-9]*)?)$"}

# YAML reads some texts as numbers or truth values, which they are not to us.
_ANY_TEXT = ["string", "number", "boolean"]
_TYPES: dict[Any, Any] = {
    leaves.YesNo: "boolean",
    leaves.Count: ["integer", "string"],
    **dict.fromkeys((leaves.Share, leaves.Cut, leaves.Floor, leaves.Below, leaves.Relative, leaves.Limit), "string"),
    **{kind: ["number", "string"] for kind in (leaves.Number, leaves.Positive, leaves.Penalty, leaves.Tolerance)},
}


def rubric_schema() -> Schema:
    """The schema of a rubric file, made from the model."""
    definitions: dict[str, Schema] = {}
    top = _of(model.Rubric, definitions)
    return {"$schema": _DIALECT, "title": "A rubric of scoreproof", **top, "$defs": definitions}


def schema_text() -> str:
    """The text of ``rules/rubric.schema.json``."""
    return json.dumps(rubric_schema(), indent=1, sort_keys=True) + "\n"


def _of(kind: Any, definitions: dict[str, Schema]) -> Schema:
    """The schema of one type of the model."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind in leaves.LEAVES:
        leaf = leaves.LEAVES[kind]
        schema = {"type": _TYPES.get(kind, _ANY_TEXT), "description": leaf.what}
        return schema | ({"pattern": leaf.pattern} if leaf.pattern else {})
    if isinstance(kind, type) and issubclass(kind, Part):
        if kind.__name__ not in definitions:
            definitions[kind.__name__] = {}  # before its keys: conditions hold conditions
            definitions[kind.__name__] |= _part(kind, definitions)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if origin is Literal:
        return {"enum": [*inner]}
    if origin is dict:
        names = {"propertyNames": {"enum": [*get_args(inner[0])]}} if get_origin(inner[0]) is Literal else {}
        if inner[0] in (leaves.Id, leaves.OwnId):
            names = {"propertyNames": {"pattern": _ID["pattern"]}}
        return {"type": "object", **names, "additionalProperties": _of(inner[1], definitions)}
    if origin is tuple and inner[-1] is ...:
        return {"type": "array", "items": _of(inner[0], definitions)}
    if origin is tuple:
        return {"type": "array", "items": _of(inner[0], definitions), "minItems": len(inner), "maxItems": len(inner)}
    if origin in (Union, types.UnionType):
        present = [member for member in inner if member is not type(None)]
        return _of(present[0], definitions) if len(present) == 1 else _union(present, definitions)
    raise TypeError(f"the model holds a type without a schema: {kind!r}")


def _union(members: list[Any], definitions: dict[str, Schema]) -> Schema:
    """Kinds of items are told apart by `kind`, so that an editor complains about the right one; conditions by their keys."""
    refs = [_of(member, definitions) for member in members]
    kinds = [keys_of(member).get("kind") for member in members]
    if None in kinds:
        return {"type": "object", "oneOf": refs}
    names = [get_args(kind.type)[0] for kind in kinds if kind is not None]
    cases = [
        {"if": {"properties": {"kind": {"const": name}}}, "then": ref} for name, ref in zip(names, refs, strict=True)
    ]
    return {"type": "object", "required": ["id", "kind"], "properties": {"kind": {"enum": names}}, "allOf": cases}


def _part(cls: type[Part], definitions: dict[str, Schema]) -> Schema:
    keys = keys_of(cls)
    alternatives = {"oneOf": [{"required": [key]} for key in cls.one_of]} if cls.one_of else {}
    return {
        **alternatives,
        "type": "object",
        "description": cls.__doc__,
        "properties": {name: _key(attribute, definitions) for name, attribute in keys.items()},
        "required": [name for name, attribute in keys.items() if attribute.default is attrs.NOTHING],
        "additionalProperties": False,
    }


def _key(attribute: attrs.Attribute[Any], definitions: dict[str, Schema]) -> Schema:
    schema = _of(attribute.type, definitions)
    if attribute.metadata["size"]:
        least, most = attribute.metadata["size"]
        bounds = ("minItems", "maxItems") if schema["type"] == "array" else ("minProperties", "maxProperties")
        schema |= {bounds[0]: least, bounds[1]: most}
    if attribute.metadata["one"]:
        schema = {"anyOf": [schema, schema["items"]]}
    return schema | {"description": attribute.metadata["about"]}


def submission_schema(pack: Schema) -> Schema:
    """
    Make the schema of what a host sends to be scored by this pack.

    Args:
        pack: A pack as JSON values.

    Source: FORMAT.md 9; reading.md. It shows nothing that candidates may not see.
    """
    items = [item for stage in pack["stages"] for section in stage["sections"] for item in section["items"]]
    reason = {"type": "string", "minLength": 1, "maxLength": 500}
    shown = {"type": "object", "properties": {"sha256": _DIGEST, "at": _TIME}, "additionalProperties": False}
    facts = {
        "irregularities": {"type": "array", "items": _ID, "maxItems": 20},
        "notice": shown | {"description": "The digest of the notice as it was shown, and when."},
        "started_at": _TIME,
    }
    properties = {
        "answers": _closed({item["id"]: _answer(item) for item in items}),
        "case": {
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "description": "Whose it is. Needed to be recorded.",
        },
        "facts": _closed(facts),
        "handed_in": {"type": "array", "items": {"enum": [stage["id"] for stage in pack["stages"]]}},
        "id": _ID | {"description": "Your name for this submission, the same on a retry. Needed to be recorded."},
        "not_administered": _closed({item["id"]: reason for item in items}),
    }
    return _document(f"A submission to {pack['rubric']} {pack['version']}", properties, ["answers"])


def _answer(item: Schema) -> Schema:
    """What may be sent as the answer to one item: any of it is taken, an unknown option is the outcome *invalid*."""
    text = {"type": "string", "maxLength": MAX_TEXT}
    texts = {"type": "array", "items": text, "maxItems": MAX_ENTRIES}
    empty: Schema = {"enum": [None, "", []]}
    ids = [option["id"] for option in item.get("options", ())]
    forms: dict[str, tuple[list[Schema], Schema]] = {
        "choice": ([text, texts], {"description": "One option's id, or a list of one.", "examples": ids}),
        "selection": ([texts], {"description": "A list of option ids.", "examples": [ids]}),
        "number": ([text], {"description": "The answer as it was typed."}),
        "text": ([text], {"description": "The answer as it was typed."}),
        "mark": (
            [{"type": "integer"}, text],
            {"description": f"A mark from 0 to {item.get('max')}, as an integer or as text."},
        ),
    }
    allowed, about = forms[item["kind"]]
    return {"anyOf": [*allowed, empty], **about}


def decision_schema(pack: Schema) -> Schema:
    """
    Make the schema of the decisions that come back for this pack.

    Args:
        pack: A pack as JSON values.

    Source: FORMAT.md 6.
    """
    sections = [section for stage in pack["stages"] for section in stage["sections"]]
    items = [item for section in sections for item in section["items"]]
    verdict = {"enum": [entry["id"] for entry in pack["verdicts"]]}
    profiles = [profile["id"] for profile in pack["profiles"]]
    stage = {"enum": [entry["id"] for entry in pack["stages"]]}
    caps = ["fatal", "knock_out", *(f"override:{override['id']}" for override in pack["overrides"])]
    codes = [len(tabulate(item).points) + 5 for item in items]
    item_set = _digits(-(-len(items) // 6)) | {"description": "A set of items: one base64url digit for each six."}
    share = {"anyOf": [_RATIONAL, {"type": "null"}]}
    properties: dict[str, Schema] = {
        "action": {"enum": [*ACTIONS, "wait"], "description": "What to branch on."},
        "assumed": {"type": "array", "items": {"enum": [f"profile:{name}" for name in profiles]}},
        "awaited": item_set,
        "caps": {"type": "array", "items": _document(None, {"by": {"enum": caps}, "verdict": verdict})},
        "determined_by": {"type": "array", "items": {"enum": ["band", *caps]}},
        "flags": {"type": "object", "properties": dict.fromkeys(FLAGS, item_set), "additionalProperties": False},
        "handed_in": {"type": "array", "items": stage},
        "holds": {"type": "array", "items": {"enum": ["refer", "verdict", "irregularity", "notice", "unclear"]}},
        "irregularities": {"type": "array", "items": _ID},
        "level": {"type": "null"},
        "notice": {"type": ["boolean", "null"]},
        "outcomes": _digits(sum(1 + (count > 64) + (count > 64**2) for count in codes)),
        "pack": _DIGEST,
        "profile": {"enum": profiles},
        "reachable": {"anyOf": [{"type": "array", "items": verdict}, {"type": "null"}]},
        "score": share,
        "sections": {
            "anyOf": [_document(None, dict.fromkeys((section["id"] for section in sections), share)), {"type": "null"}]
        },
        "semantics": {"const": SEMANTICS},
        "status": {"enum": ["ended", "pending", "decided"]},
        "verdict": {"anyOf": [verdict, {"type": "null"}]},
    }
    return _document(f"A decision by {pack['rubric']} {pack['version']}", properties)


def _digits(count: int) -> Schema:
    return {"type": "string", "pattern": "^[A-Za-z0-9_-]*$", "minLength": count, "maxLength": count}


def _closed(properties: dict[str, Schema]) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _document(title: str | None, properties: dict[str, Schema], required: list[str] | None = None) -> Schema:
    head = {"$schema": _DIALECT, "title": title} if title else {}
    return {**head, **_closed(properties), "required": [*properties] if required is None else required}


if __name__ == "__main__":
    target = Path(*sys.argv[1:2]) if sys.argv[1:] else Path("rules", "rubric.schema.json")
    target.write_text(schema_text(), encoding="ascii", newline="\n")
