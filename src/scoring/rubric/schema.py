"""
The JSON Schema (2020-12) of a rubric file, for editors.

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

from scoring.rubric import leaves, model
from scoring.rubric.exchange import DIALECT, ID, decision_schema, submission_schema
from scoring.rubric.part import Part, keys_of

__all__ = ["decision_schema", "rubric_schema", "schema_text", "submission_schema"]

Schema = dict[str, Any]
# YAML reads some texts as numbers or truth values, which they are not to us.
_ANY_TEXT = ["string", "number", "boolean"]
_TYPES: dict[Any, Any] = {
    leaves.YesNo: "boolean",
    leaves.Count: ["integer", "string"],
    leaves.Seats: ["integer", "string"],
    **dict.fromkeys((leaves.Share, leaves.Cut, leaves.Floor, leaves.Below, leaves.Relative, leaves.Limit), "string"),
    **{kind: ["number", "string"] for kind in (leaves.Number, leaves.Positive, leaves.Penalty, leaves.Tolerance)},
}


def rubric_schema() -> Schema:
    """The schema of a rubric file, made from the model."""
    definitions: dict[str, Schema] = {}
    top = _of(model.Rubric, definitions)
    return {"$schema": DIALECT, "title": "A rubric of scoreproof", **top, "$defs": definitions}


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
        ref = {"$ref": f"#/$defs/{kind.__name__}"}
        return {"anyOf": [_of(keys_of(kind)[kind.short].type, definitions), ref]} if kind.short else ref
    if origin is Literal:
        return {"enum": [*inner]}
    if origin is dict:
        names = {"propertyNames": {"enum": [*get_args(inner[0])]}} if get_origin(inner[0]) is Literal else {}
        if inner[0] in (leaves.Id, leaves.OwnId):
            names = {"propertyNames": {"pattern": ID["pattern"]}}
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
    """Kinds of items are told apart by `kind`, so that an editor complains about the right one; conditions and stages by their keys."""
    refs = [_of(member, definitions) for member in members]
    if not all(isinstance(member, type) and issubclass(member, Part) for member in members):
        return {"anyOf": refs}
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


if __name__ == "__main__":
    target = Path(*sys.argv[1:2]) if sys.argv[1:] else Path("rules", "rubric.schema.json")
    target.write_text(schema_text(), encoding="ascii", newline="\n")
