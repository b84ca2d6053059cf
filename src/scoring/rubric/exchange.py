"""
JSON Schemas (2020-12) of what goes in and out for one pack, for hosts in other languages: the submission and the decision.

Owns what a submission may hold and what a decision holds, item by item. Of what candidates answer, a submission's schema shows nothing that they may not
see; of what raters fill in it shows the ids. What holds between values no schema says; the engine does.
"""

from __future__ import annotations

from typing import Any

from scoring.engine.judge import HOLDS
from scoring.engine.plan import SEMANTICS
from scoring.engine.ratings import SEEN, TICKS
from scoring.engine.shape import ACTIONS
from scoring.engine.table import FLAGS, MAX_ENTRIES, MAX_TEXT
from scoring.rubric.outcomes import tables_of

__all__ = ["DIALECT", "ID", "decision_schema", "submission_schema"]

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
ID: Schema = {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,48}$"}
_DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_TIME: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}
_RATIONAL: Schema = {"type": "string", "pattern": "^(0|-?[1-9][0-9]*(/[1-9][0-9]*)?)$"}
_NULL: Schema = {"type": "null"}
_TEXT: Schema = {"type": "string", "maxLength": MAX_TEXT}
_REASON: Schema = {"type": "string", "minLength": 1, "maxLength": 500}

_EVIDENCE: Schema = {
    "type": "object",
    "properties": {
        "reference": {"type": "string", "minLength": 1, "maxLength": 500},
        "sha256": _DIGEST,
        "seconds": {"type": "integer"},
    },
    "additionalProperties": False,
    "required": ["reference"],
}


def submission_schema(pack: Schema) -> Schema:
    """
    Make the schema of what a host sends to be scored by this pack.

    Args:
        pack: A pack as JSON values.

    Source: FORMAT.md 9; reading.md.
    """
    items = _items(pack)
    stages = [stage["id"] for stage in pack["stages"]]
    variant = ["variant"] if pack["variants"] else []
    properties = {
        "answers": _closed({item["id"]: _answer(item) for item in items}),
        "case": {
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "description": "Whose it is. Needed to be recorded.",
        },
        "facts": _document(None, _facts(pack, items), variant),
        "handed_in": {
            "type": "array",
            "items": {"enum": stages},
            "description": "The stages that the candidate has finished; a rubric of one stage counts as handed in.",
        },
        "id": ID | {"description": "Your name for this submission, the same on a retry. Needed to be recorded."},
        "not_administered": _closed({item["id"]: _REASON for item in items}),
        "reinstate": _document(None, {"reason": ID, "stage": {"enum": stages}})
        | {"description": "A person's resolution; a log puts it there itself."},
        "void": ID | {"description": "The reason of a person's resolution; a log puts it there itself."},
    }
    required = ["answers", "facts"] if variant else ["answers"]
    return _document(f"A submission to {pack['rubric']} {pack['version']}", properties, required)


def _facts(pack: Schema, items: list[Schema]) -> dict[str, Schema]:
    """What is known of the case beside its answers."""
    shown = {"type": "object", "properties": {"sha256": _DIGEST, "at": _TIME}, "additionalProperties": False}
    roles = sorted({role for item in items if "raters" in item for role in item["raters"]["needs"]})
    panel = {
        "type": "object",
        "additionalProperties": ID | {"examples": roles},
        "propertyNames": {"minLength": 1, "maxLength": 200},
        "maxProperties": 100,
        "description": "The panel: who rates, and in which role.",
    }
    facts = {
        "accommodation": _RATIONAL | {"description": "What time limits are multiplied by, from 1 to 10."},
        "elapsed": _closed({item["id"]: {"type": "integer"} for item in items}) | {"description": "Seconds by item."},
        "irregularities": {"type": "array", "items": ID, "maxItems": 20},
        "notice": shown | {"description": "The digest of the notice as it was shown, and when."},
        "raters": panel,
        "started_at": _TIME,
    }
    variants = [variant["id"] for variant in pack["variants"]]
    return facts | ({"variant": {"enum": variants}} if variants else {})


def _answer(item: Schema) -> Schema:
    """What may be sent as the answer to one item: any of it is taken, an unknown option is the outcome *invalid*."""
    texts = {"type": "array", "items": _TEXT, "maxItems": MAX_ENTRIES}
    empty: Schema = {"enum": [None, "", []]}
    ids = [option["id"] for option in item.get("options", ())]
    if "raters" in item:
        forms = {"type": "object", "additionalProperties": _form(item), "maxProperties": item["raters"]["max"]}
        return {"anyOf": [forms, empty], "description": "From each rater, by name as on the panel, a form."}
    forms_by_kind: dict[str, tuple[list[Schema], Schema]] = {
        "choice": ([_TEXT, texts], {"description": "One option's id, or a list of one.", "examples": ids}),
        "selection": ([texts], {"description": "A list of option ids.", "examples": [ids]}),
        "number": ([_TEXT], {"description": "The answer as it was typed."}),
        "text": ([_TEXT], {"description": "The answer as it was typed."}),
        "mark": (
            [{"type": "integer"}, _TEXT],
            {"description": f"A mark from 0 to {item.get('max')}, as an integer or as text."},
        ),
        "evidence": ([_TEXT, _EVIDENCE], {"description": "What is kept: a text, or a reference to it."}),
    }
    allowed, about = forms_by_kind[item["kind"]]
    return {"anyOf": [*allowed, empty], **about}


def _form(item: Schema) -> Schema:
    """What one rater says: a rating or lines with what is ticked beside them, or why not."""
    if item["kind"] == "rating":
        scored: dict[str, Schema] = {"rating": {"enum": [value["id"] for value in item["values"]]}}
    else:
        scored = {"lines": _closed({line["id"]: {"enum": [*SEEN]} for line in item["lines"]})}
    ticks = {
        key: _closed({entry["id"]: {"enum": [*marks]} for name in lists for entry in item["records"][name]})
        for key, (lists, marks) in TICKS.items()
    }
    notes = {
        "concern": {"type": "string", "minLength": 1, "maxLength": 2000},
        "note": {"type": "string", "minLength": 1, "maxLength": MAX_TEXT},
    }
    return {"anyOf": [_document(None, {"abstained": _REASON}), _document(None, scored | ticks | notes, [*scored])]}


def decision_schema(pack: Schema) -> Schema:
    """
    Make the schema of the decisions that come back for this pack.

    Args:
        pack: A pack as JSON values.

    Source: FORMAT.md 6.
    """
    sections = [section for stage in pack["stages"] for section in stage["sections"]]
    items = _items(pack)
    verdict = {"enum": _ids(pack["verdicts"])}
    stage = {"enum": _ids(pack["stages"])}
    gates = [gate for entry in pack["stages"] for gate in entry["gate"]]
    caps = ["fatal", "knock_out", *(f"gate:{name}" for name in _ids(gates))]
    caps += [f"override:{name}" for name in _ids(pack["overrides"])]
    item_set = _digits(-(-len(items) // 6)) | {"description": "A set of items: one base64url digit for each six."}
    share = _or_null(_RATIONAL)
    declared = {
        section["id"]: {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
        for section in sections
        if section["declared"] is not None
    }
    progress = ["passed", "ended", "pending", "waiting", "not_evaluated"]
    of_stage = {"type": "array", "items": {"anyOf": [{"enum": progress}, share]}, "minItems": 2, "maxItems": 2}
    properties: dict[str, Schema] = {
        "action": {"enum": [*ACTIONS, "wait"], "description": "What to branch on."},
        "assumed": {"type": "array", "items": {"enum": _assumed(pack)}},
        "awaited": item_set,
        "caps": {"type": "array", "items": _document(None, {"by": {"enum": caps}, "verdict": verdict})},
        "determined_by": {"type": "array", "items": {"enum": ["band", *caps]}},
        "excerpts": _closed(declared),
        "flags": {"type": "object", "properties": dict.fromkeys(FLAGS, item_set), "additionalProperties": False},
        "handed_in": {"type": "array", "items": stage},
        "holds": {"type": "array", "items": {"enum": [*HOLDS]}},
        "irregularities": {"type": "array", "items": ID},
        "level": {"enum": _ids(pack["levels"]) or [None]},
        "notice": {"type": ["boolean", "null"]},
        "outcomes": _digits(sum(_width(item, pack["competencies"]) for item in items)),
        "pack": _DIGEST,
        "profile": {"enum": _ids(pack["profiles"])},
        "reachable": _or_null({"type": "array", "items": verdict}),
        "reinstate": _or_null(_document(None, {"reason": ID, "stage": stage})),
        "score": share,
        "sections": _document(None, dict.fromkeys(_ids(sections), share)),
        "semantics": {"const": SEMANTICS},
        "stages": _document(None, dict.fromkeys(_ids(pack["stages"]), of_stage)),
        "status": {"enum": ["void", "ended", "pending", "decided"]},
        "variant": {"enum": _ids(pack["variants"]) or [None]},
        "verdict": _or_null(verdict),
        "void": _or_null(ID),
    }
    return _document(f"A decision by {pack['rubric']} {pack['version']}", properties)


def _items(pack: Schema) -> list[Schema]:
    return [item for stage in pack["stages"] for section in stage["sections"] for item in section["items"]]


def _ids(parts: list[Schema]) -> list[str]:
    return [part["id"] for part in parts]


def _assumed(pack: Schema) -> list[str]:
    return [
        *(f"profile:{name}" for name in _ids(pack["profiles"])),
        *(f"expected:{name}" for name in _ids(pack["competencies"])),
        *(f"rubric:{name}" for name in _ids(pack["assumed"])),
    ]


def _width(item: Schema, competencies: list[Schema]) -> int:
    """How many digits the code of an item's outcome has."""
    count = len(next(iter(tables_of(item, competencies).values())).points)
    return 1 + (count > 64) + (count > 64**2)


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, _NULL]}


def _digits(count: int) -> Schema:
    return {"type": "string", "pattern": "^[A-Za-z0-9_-]*$", "minLength": count, "maxLength": count}


def _closed(properties: dict[str, Schema]) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _document(title: str | None, properties: dict[str, Schema], required: list[str] | None = None) -> Schema:
    head = {"$schema": DIALECT, "title": title} if title else {}
    return {**head, **_closed(properties), "required": [*properties] if required is None else required}
