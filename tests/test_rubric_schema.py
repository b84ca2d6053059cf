"""The schemas: what an editor is told about a rubric file, and hosts about submissions and decisions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest

from rubric_files import FULL, changed, examined
from scoring.change.promises import kept
from scoring.engine.judge import HOLDS
from scoring.engine.rubric import Rubric
from scoring.errors import SubmissionError
from scoring.rubric import model
from scoring.rubric.check import check
from scoring.rubric.leaves import LEAVES
from scoring.rubric.load import load
from scoring.rubric.part import Part, keys_of
from scoring.rubric.reader import read
from scoring.rubric.schema import decision_schema, rubric_schema, schema_text, submission_schema
from scoring.rubric.tree import Mapping, Node, Scalar, Sequence

RULES = Path(__file__).parents[1] / "rules"

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}
PLAIN_NUMBER = re.compile(r"[-+]?(\d+|\d+\.\d+)")


def typed(node: Node | None) -> Any:
    """What an editor sees: YAML 1.2 reads some texts as numbers and truth values."""
    if isinstance(node, Mapping):
        return {key.text: typed(value) for key, value in node}
    if isinstance(node, Sequence):
        return [typed(entry) for entry in node]
    assert isinstance(node, Scalar)
    if node.plain and node.text in ("true", "false"):
        return node.text == "true"
    if node.plain and PLAIN_NUMBER.fullmatch(node.text):
        return float(node.text) if "." in node.text else int(node.text)
    return None if node.empty else node.text


def is_of(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any], path: str = "") -> list[str]:
    """The places where a value departs from a schema; knows the keywords that our schemas use, and no others."""
    known = {
        "$schema",
        "$defs",
        "title",
        "description",
        "examples",
        "type",
        "enum",
        "const",
        "pattern",
        "properties",
        "required",
        "additionalProperties",
    }
    known |= {
        "propertyNames",
        "items",
        "anyOf",
        "oneOf",
        "allOf",
        "if",
        "then",
        "$ref",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
    }
    known |= {"minLength", "maxLength"}
    assert {*schema} <= known, {*schema} - known
    found: list[str] = []
    if "$ref" in schema:
        found += faults(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, path)
    types = schema.get("type", [])
    if types and not any(is_of(value, name) for name in ([types] if isinstance(types, str) else types)):
        found.append(path)
    if ("enum" in schema and value not in schema["enum"]) or ("const" in schema and value != schema["const"]):
        found.append(path)
    if isinstance(value, str):
        fits = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)) and re.search(
            schema.get("pattern", ""), value
        )
        found += [] if fits else [path]
    if isinstance(value, dict):
        found += [f"{path}/{key}" for key in schema.get("required", ()) if key not in value]
        if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", len(value)):
            found.append(path)
        for key, member in value.items():
            inner = schema.get("properties", {}).get(key, schema.get("additionalProperties", {}))
            found += [f"{path}/{key}"] if inner is False else faults(member, inner, root, f"{path}/{key}")
            found += faults(key, schema.get("propertyNames", {}), root, f"{path}/{key}")
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            found.append(path)
        for place, member in enumerate(value):
            found += faults(member, schema.get("items", {}), root, f"{path}/{place}")
    for branch in schema.get("allOf", ()):
        if "if" not in branch or not faults(value, branch["if"], root, path):
            found += faults(value, branch.get("then", branch), root, path)
    if "anyOf" in schema and all(faults(value, branch, root, path) for branch in schema["anyOf"]):
        found.append(path)
    if "oneOf" in schema and sum(not faults(value, branch, root, path) for branch in schema["oneOf"]) != 1:
        found.append(path)
    return found


class TestFile:
    """rules/rubric.schema.json is generated from the model."""

    def test_it_is_not_stale(self) -> None:
        """`python -m scoring.rubric.schema` writes it."""
        assert (RULES / "rubric.schema.json").read_text(encoding="ascii") == schema_text()

    def test_the_module_writes_it(self, tmp_path: Path) -> None:
        subprocess.run([sys.executable, "-m", "scoring.rubric.schema", str(tmp_path / "s.json")], check=True)
        assert (tmp_path / "s.json").read_text(encoding="ascii") == schema_text()
        (tmp_path / "rules").mkdir()
        subprocess.run([sys.executable, "-m", "scoring.rubric.schema"], check=True, cwd=tmp_path)
        assert (tmp_path / "rules" / "rubric.schema.json").read_text(encoding="ascii") == schema_text()

    def test_it_is_plain_json_in_a_stable_order(self) -> None:
        assert json.loads(schema_text()) == rubric_schema()
        assert schema_text() == json.dumps(rubric_schema(), indent=1, sort_keys=True) + "\n"


def parts() -> list[type[Part]]:
    return [
        cls
        for cls in vars(model).values()
        if isinstance(cls, type) and issubclass(cls, Part) and cls not in (Part, model.Item, model.RatedItem)
    ]


class TestRubricSchema:
    """An editor completes and checks what the reader will take."""

    @pytest.mark.parametrize("cls", parts(), ids=lambda cls: cls.__name__)
    def test_every_key_of_the_model_is_there_with_its_description(self, cls: type[Part]) -> None:
        schema = rubric_schema()["$defs"][cls.__name__]
        assert {name: attribute.metadata["about"] for name, attribute in keys_of(cls).items()} == {
            name: key["description"] for name, key in schema["properties"].items()
        }
        assert schema["required"] == [
            name for name, attribute in keys_of(cls).items() if attribute.default is attrs.NOTHING
        ]
        assert schema["additionalProperties"] is False

    def test_it_takes_what_the_reader_takes(self) -> None:
        schema = rubric_schema()
        reference = (RULES / "ml-engineer-mid-written" / "rubric.yaml").read_text(encoding="utf-8")
        for text in (FULL, reference):
            assert [] == faults(typed(read(text.encode(), "f")), schema, schema)

    @pytest.mark.parametrize(
        ("old", "new", "path"),
        [
            ("note: for readers", "nots: for readers", "/nots"),
            ("from: 75%", "from: 75", "/verdicts/0/from"),
            ("action: review", "action: wait", "/verdicts/1/action"),
            ("ask: Which keys", "question: Which keys", "/sections/0/items/1/question"),
            ("flag: note, why: rounded", "flag: fatal, why: rounded", "/sections/0/items/0/keys/1/flag"),
            ("        mode: net\n", "", "/sections/1/items/1/mode"),
            ("kind: mark", "kind: scale", "/sections/0/items/3/kind"),
            (
                "A: {points: 2, text: Listen first, why: calms}",
                "A: {text: Listen first}",
                "/sections/1/items/0/options/A/points",
            ),
            ("right: true", "right: yes", "/sections/1/items/1/options/A/right"),
            ("limit: 5 min", "limit: 5 minutes", "/sections/0/items/0/limit"),
            ("[9.5, 10.5]", "[9.5]", "/sections/0/items/0/keys/1/range"),
            ("{flag: refer, at_least: 2}", "{at_least: 2}", "/overrides/1/when"),
            ("cap: look,", "", "/overrides/0/cap"),
            ("id: typing", "id: typing speed", "/sections/0/items/3/id"),
            ("    title: Skills", "    accept: {fatal-earn: x}", "/sections/0/accept/fatal-earn"),
        ],
    )
    def test_it_complains_where_the_reader_does(self, old: str, new: str, path: str) -> None:
        schema = rubric_schema()
        text = changed(old, new)
        assert path in faults(typed(read(text.encode(), "f")), schema, schema)
        assert [] != [problem for problem in examined(text).problems if problem.severity == "error"]

    def test_patterns_agree_with_the_readers_of_leaves(self) -> None:
        """What a leaf reads its pattern takes, for the plainest spellings of each."""
        for leaf in LEAVES.values():
            for text in ("0", "1", "12", "0.80", "4/5", "80%", "-1", "-20%", "a", "5 min", "~2 hr", "x y"):
                try:
                    leaf.read(text)
                except ValueError:
                    continue
                assert re.search(leaf.pattern, text), (leaf.what, text)

    @pytest.mark.parametrize(
        ("old", "new", "taken"),
        [
            ("        key: 12.50", "        keys: [{is: 1}]", True),
            ("        key: 12.50", "        key: 12.50\n        keys: [{is: 1}]", False),
            ("        key: 12.50\n", "", False),
            ("{is: 10, why", "{is: 10, range: [1, 2], why", False),
            ("{is: 10, why", "{why", False),
            ("{contains_any: cmd, points", "{contains_any: cmd, like: cmd*, points", False),
            ("{contains_any: cmd, points", "{points", False),
            ("is: [C, B, several]", "is: several", True),
        ],
    )
    def test_of_some_keys_exactly_one_stands_there(self, old: str, new: str, taken: bool) -> None:
        schema = rubric_schema()
        assert taken == (faults(typed(read(changed(old, new).encode(), "f")), schema, schema) == [])

    @pytest.mark.parametrize(
        ("cls", "key", "says"),
        [
            (model.MarkItem, "points", "; 1 unless it stands here"),
            (model.MarkItem, "step", "; 1 unless it stands here"),
            (model.SelectionItem, "points", "; 1 unless it stands here"),
            (model.NumberItem, "points", "; 1 unless it stands here"),
            (model.NumberItem, "read", "sole unless it stands here"),
            (model.TextItem, "points", "; 1 unless it stands here"),
            (model.TextItem, "steps", "; all three unless it stands here"),
            (model.Section, "floor", "; 0% unless it stands here"),
            (model.Rubric, "missing", "; zero unless it stands here"),
        ],
    )
    def test_a_default_is_in_its_description(self, cls: type[Part], key: str, says: str) -> None:
        assert says in rubric_schema()["$defs"].get(cls.__name__, rubric_schema())["properties"][key]["description"]


class TestManual:
    """docs/rubric.md names every key, and its example is right."""

    TEXT = (RULES.parent / "docs" / "rubric.md").read_text(encoding="utf-8")

    def test_every_key_stands_in_it_as_code(self) -> None:
        code = " ".join(self.TEXT.replace("```", "`").split("`")[1::2])
        named = {*re.findall(r"[a-z_]+", code)}
        schema = rubric_schema()
        keys = {key for part in (schema, *schema["$defs"].values()) for key in part.get("properties", ())}
        assert set() == keys - named

    def test_every_warning_stands_in_it_as_code(self) -> None:
        codes = {*get_args(model.WarningCode), "accept-unused"}
        assert set() == {code for code in codes if f"`{code}`" not in self.TEXT}

    def test_its_rubrics_are_without_errors_and_warnings(self, tmp_path: Path) -> None:
        """The second one has the first as a stage."""
        blocks = [block.partition("```")[0] for block in self.TEXT.split("```yaml\n")[1:]]
        for name, block in zip(("written.yaml", "hiring.yaml"), blocks, strict=True):
            (tmp_path / name).write_text(block, encoding="utf-8")
            checked = check(tmp_path / name)
            assert [] == [problem.show() for problem in checked.problems]
            assert checked.pack is not None

    def test_its_guarantees_hold_of_its_rubric_but_the_one_that_it_says_does_not(self, tmp_path: Path) -> None:
        rubric = self.TEXT.split("```yaml\n")[1].partition("```")[0]
        shown = next(block for block in self.TEXT.split("```text\n") if block.startswith("guarantees:")).partition(
            "```"
        )[0]
        (broken,) = (code for code in self.TEXT.split("`") if code.startswith("{id: half-in-numbers"))
        (tmp_path / "rubric.yaml").write_text(f"{rubric}{shown}  - {broken}\n", encoding="utf-8")
        found = [*kept(load(tmp_path / "rubric.yaml").pack)]
        holds = {name: {one.proof.holds for one in found if one.id == name} for name in (one.id for one in found)}
        assert [{True}, {True}, {True}] == [holds.pop(name) for name in [*holds][:3]]
        assert {"half-in-numbers"} == holds.keys()
        agreed = next(one.proof for one in found if one.id == "half-in-numbers" and one.profile == "agreed")
        assert f"{agreed.failing:,} outcome combinations fail in the profile `agreed`" in self.TEXT
        without = {one.id: one.proof.unproven for one in found if one.profile == "agreed"}
        assert ["forgery-ends-it"] == [
            name for name, also in without.items() if also is False and name != "half-in-numbers"
        ]

    def test_every_hold_is_in_its_table(self) -> None:
        table = [line.split("`")[1] for line in self.TEXT.split("| hold |")[1].split("\n\n")[0].split("\n")[2:]]
        assert [*HOLDS] == table


class TestPackSchemas:
    """What a host in another language sends, and what comes back."""

    def rubric(self) -> Rubric:
        return Rubric(examined(FULL).pack or b"")

    GOOD: tuple[dict[str, Any], ...] = (
        {"answers": {}},
        {
            "id": "s-1",
            "case": "c-1",
            "answers": {
                "refund": "10",
                "shortcut": "ctrl+c",
                "typing": 9,
                "angry-customer": "A",
                "tone": ["A", "B"],
                "permit": ["yes"],
                "price": None,
            },
            "facts": {
                "notice": {"sha256": "0" * 64, "at": "2026-11-21T09:00:00Z"},
                "started_at": "2026-11-21T09:05:00Z",
                "irregularities": ["noise"],
            },
            "not_administered": {},
            "handed_in": ["main"],
        },
        {"answers": {"typing": "9.5", "tone": [], "permit": ""}, "not_administered": {"price": "printed wrongly"}},
    )
    BAD: tuple[dict[str, Any], ...] = (
        {},
        {"answers": {"refunds": "10"}},
        {"answers": {"refund": 10}},
        {"answers": {"tone": "A"}},
        {"answers": {"typing": 9.5}},
        {"answers": {}, "facts": {"startet_at": "2026-11-21T09:05:00Z"}},
        {"answers": {}, "facts": {"started_at": "yesterday"}},
        {"answers": {}, "id": "a b"},
        {"answers": {}, "more": 1},
        {"answers": {}, "not_administered": {"price": ""}},
    )

    @pytest.mark.parametrize("submission", GOOD)
    def test_what_the_schema_takes_is_scored_and_the_decision_fits_its_schema(self, submission: dict[str, Any]) -> None:
        rubric = self.rubric()
        schema = submission_schema(rubric.plan.pack)
        assert [] == faults(submission, schema, schema)
        decision = json.loads(rubric.score(submission).canonical())
        back = decision_schema(rubric.plan.pack)
        assert [] == faults(decision, back, back)
        assert {*decision} == {*back["properties"]} == {*back["required"]}

    @pytest.mark.parametrize("submission", BAD)
    def test_what_the_engine_refuses_the_schema_does_not_take(self, submission: dict[str, Any]) -> None:
        rubric = self.rubric()
        schema = submission_schema(rubric.plan.pack)
        assert [] != faults(submission, schema, schema)
        with pytest.raises(SubmissionError):
            rubric.score(submission)

    @pytest.mark.parametrize(
        "change",
        [
            {"verdict": "passed"},
            {"action": "hire"},
            {"outcomes": "A"},
            {"score": "0.5"},
            {"caps": [{"by": "override:none", "verdict": "fail"}]},
            {"more": 1},
        ],
    )
    def test_a_decision_that_is_none_does_not_fit(self, change: dict[str, Any]) -> None:
        rubric = self.rubric()
        schema = decision_schema(rubric.plan.pack)
        decision = json.loads(rubric.score({"answers": {"permit": "no", "typing": 3}}).canonical())
        assert [] == faults(decision, schema, schema)
        assert [] != faults(decision | change, schema, schema)

    def test_the_schema_of_a_submission_shows_no_key_and_no_points(self) -> None:
        schema = json.dumps(submission_schema(self.rubric().plan.pack))
        for word in ("ctrl", "insert", "fatal", "knock_out", "12.50", "25/2", "calms", "points"):
            assert word not in schema
