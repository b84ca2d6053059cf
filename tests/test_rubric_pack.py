"""From the model to the pack: FORMAT.md 5 to the letter; and the ways into a rubric: paths, packs, bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import scoring.rubric.load
from rubric_files import FULL, changed, examined
from scoring import canonical
from scoring.engine.plan import compile_plan
from scoring.errors import MissingExtraError, RubricError, StoreError
from scoring.rubric.load import load, read_file
from scoring.rubric.outcomes import Outcomes
from scoring.rubric.pack import build
from scoring.rubric.paper import paper

REFERENCE = Path(__file__).parents[1] / "rules" / "ml-engineer-mid-written" / "rubric.yaml"


def packed(text: str = FULL) -> dict[str, Any]:
    """The pack of a rubric without errors, as JSON values."""
    checked = examined(text)
    assert checked.pack is not None, [str(problem) for problem in checked.problems]
    pack: dict[str, Any] = json.loads(checked.pack)
    return pack


def items_of(pack: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for stage in pack["stages"] for section in stage["sections"] for item in section["items"]}


def abouts(value: Any) -> list[dict[str, Any]]:
    """Every object under a key `about`."""
    if isinstance(value, list):
        return [about for member in value for about in abouts(member)]
    if not isinstance(value, dict):
        return []
    own = [value["about"]] if "about" in value else []
    return own + [about for key, member in value.items() if key != "about" for about in abouts(member)]


COMMON = {"about", "awaits", "floor", "id", "kind", "only", "void"}
# the tables of FORMAT.md 5: the keys of each thing
KEYS = {
    "pack": {
        "about",
        "assumed",
        "caps",
        "competencies",
        "default_profile",
        "excerpt",
        "format",
        "levels",
        "notice",
        "overrides",
        "profiles",
        "rubric",
        "stages",
        "variants",
        "verdicts",
        "version",
    },
    "verdict": {"about", "action", "from", "id"},
    "profile": {"about", "assumed", "id", "shares", "stages"},
    "stage": {"about", "gate", "id", "sections"},
    "section": {"about", "declared", "floor", "id", "items"},
    "choice": COMMON | {"options"},
    "selection": COMMON | {"mode", "options", "points"},
    "number": COMMON | {"keys", "points", "read", "separators", "units"},
    "text": COMMON | {"keys", "points", "steps"},
    "mark": COMMON | {"max", "points", "step"},
    "override": {"about", "cap", "id", "when"},
}


class TestTables:
    """FORMAT.md 5: "a rubric's canonical JSON with every default written out"."""

    def test_every_thing_has_the_keys_of_its_table_and_no_others(self) -> None:
        pack = packed()
        (stage,) = pack["stages"]
        found = {"pack": {*pack}, "stage": {*stage}}
        for kind, things in (
            ("verdict", pack["verdicts"]),
            ("profile", pack["profiles"]),
            ("section", stage["sections"]),
            ("override", pack["overrides"]),
        ):
            assert len({frozenset(thing) for thing in things}) == 1
            found[kind] = {*things[0]}
        for item in items_of(pack).values():
            found[item["kind"]] = {*item}
        assert KEYS == found

    def test_the_bytes_are_canonical_and_the_engine_takes_them(self) -> None:
        checked = examined(FULL)
        assert checked.pack is not None
        assert checked.rubric is not None
        assert canonical.dumps(build(checked.rubric)) == checked.pack
        assert canonical.loads_canonical(checked.pack) == packed()
        for profile in ("equal", "skills-first"):
            assert compile_plan(checked.pack, profile).profile == profile

    def test_the_head(self) -> None:
        pack = packed()
        head = {key: pack[key] for key in ("caps", "default_profile", "format", "notice", "rubric", "version")}
        assert head == {
            "caps": {"fatal": "fail", "knock_out": "barred"},
            "default_profile": "equal",
            "format": 1,
            "notice": "Some answers disqualify, whatever the score.",
            "rubric": "support-agent",
            "version": "2026.1",
        }
        assert [(v["id"], v["from"], v["action"]) for v in pack["verdicts"]] == [
            ("pass", "3/4", "advance"),
            ("look", "1/2", "review"),
            ("fail", "0", "decline"),
            ("barred", None, "decline"),
        ]
        assert [(p["id"], p["assumed"], p["shares"]) for p in pack["profiles"]] == [
            ("equal", False, {"skills": "1/3", "manner": "1/3", "legal": "1/3"}),
            ("skills-first", True, {"skills": "1/2", "manner": "2/5", "legal": "1/10"}),
        ]
        assert [(s["id"], s["floor"]) for s in pack["stages"][0]["sections"]] == [
            ("skills", "0"),
            ("manner", "-1/5"),
            ("legal", "0"),
        ]
        assert [stage["id"] for stage in pack["stages"]] == ["main"]

    def test_numbers_become_closed_intervals(self) -> None:
        item = items_of(packed())["refund"]
        assert [
            (k["id"], k["low"], k["high"], k["points"], k["flag"], k["about"]["written"]) for k in item["keys"]
        ] == [
            ("key-1", "10", "10", "2", None, "10"),
            ("key-2", "19/2", "21/2", "1", "note", "9.5 to 10.5"),
            ("gross", "693/10", "707/10", "1/2", None, "70 ± 1%"),
            ("key-4", "-101/10", "-99/10", "0", None, "-10 ± 0.1"),
        ]
        assert (item["points"], item["read"], item["separators"], item["units"]) == (
            "2",
            "stated",
            [",", " "],
            ["EUR", "€"],
        )

    def test_a_relative_tolerance_is_of_the_size_of_the_key(self) -> None:
        """Of -10, 1 % is 0.1 on either side, not an interval turned round."""
        pack = packed(changed("{is: -10, absolute: 0.1,", "{is: -10, relative: 1%,"))
        assert ("-101/10", "-99/10") == tuple(items_of(pack)["refund"]["keys"][3][edge] for edge in ("low", "high"))

    def test_key_is_short_for_keys_with_one(self) -> None:
        short = packed()
        long = packed(changed("key: 12.50", "keys: [{is: 12.50}]"))
        assert short == long
        assert items_of(short)["price"]["keys"] == [
            {"about": {"written": "12.50"}, "flag": None, "high": "25/2", "id": "key-1", "low": "25/2", "points": "1"}
        ]

    def test_texts(self) -> None:
        item = items_of(packed())["shortcut"]
        assert item["steps"] == ["trim", "casefold"]  # in their own order, whatever the file's
        assert [(k["id"], k["match"], k["texts"], k["points"], k["flag"]) for k in item["keys"]] == [
            ("ctrl-c", "is", ["ctrl+c", "ctrl c"], "1", None),
            ("key-2", "contains_any", ["cmd"], "1/2", None),
            ("key-3", "like", ["*insert*"], "1/4", "refer"),
            ("near", "contains_all", ["ctrl", "c"], "1/8", None),
        ]

    def test_options_keep_their_order(self) -> None:
        items = items_of(packed())
        assert [(o["id"], o["points"], o["flag"]) for o in items["angry-customer"]["options"]] == [
            ("A", "2", None),
            ("B", "0", None),
            ("C", "-1", "refer"),
            ("D", "0", "fatal"),
        ]
        assert [(o["id"], o["right"]) for o in items["tone"]["options"]] == [("A", True), ("B", True), ("C", False)]
        assert [(o["id"], o["flag"]) for o in items["permit"]["options"]] == [("yes", None), ("no", "knock_out")]
        assert (items["typing"]["max"], items["typing"]["step"], items["typing"]["points"]) == ("10", "1/2", "2")
        assert (items["angry-customer"]["floor"], items["tone"]["floor"]) == ("-1", None)

    def test_conditions_name_absent_blank_and_invalid_where_they_earn_no_more(self) -> None:
        inner = packed()["overrides"][1]["when"]["any"][1]["all"]
        assert inner == [
            {"is": ["absent", "blank", "invalid", "B", "C", "several"], "item": "angry-customer"},
            {"below": "3/5", "section": "manner"},
        ]

    @pytest.mark.parametrize("listed", ["[C]", "[D, C]", "[C, several_flagged, D]"])
    def test_conditions_on_flagged_outcomes_alone_stay_as_they_are(self, listed: str) -> None:
        names = packed(changed("is: [C, B, several]", f"is: {listed}"))["overrides"][1]["when"]["any"][1]["all"][0][
            "is"
        ]
        assert sorted(names) == sorted(listed.strip("[]").split(", "))

    def test_what_costs_points_does_not_take_the_unanswered_with_it(self) -> None:
        """An unflagged outcome that earns less than 0 is below no answer, which earns 0."""
        text = changed("B: {points: 0,", "B: {points: -1/2,", changed("is: [C, B, several]", "is: [B]"))
        assert packed(text)["overrides"][1]["when"]["any"][1]["all"][0]["is"] == ["B"]


class TestDefaults:
    """Defaults by position, never by name; `missing` from the nearest."""

    @pytest.mark.parametrize(
        ("rubric", "section", "item", "awaits"),
        [
            (None, None, None, []),
            ("await", None, None, ["absent", "blank"]),
            ("await", "zero", None, []),
            ("zero", "await", None, ["absent", "blank"]),
            ("await", "await", "zero", []),
            ("zero", "zero", "await", ["absent", "blank"]),
        ],
    )
    def test_missing_is_taken_from_the_nearest(
        self, rubric: str | None, section: str | None, item: str | None, awaits: list[str]
    ) -> None:
        text = changed("missing: zero\n", f"missing: {rubric}\n" if rubric else "")
        text = changed(
            "    title: Skills\n",
            f"    title: Skills\n    missing: {section}\n" if section else "    title: Skills\n",
            text,
        )
        text = changed(
            "        key: 12.50\n",
            f"        key: 12.50\n        missing: {item}\n" if item else "        key: 12.50\n",
            text,
        )
        assert awaits == items_of(packed(text))["price"]["awaits"]

    def test_a_mark_and_a_knock_out_await_everything(self) -> None:
        items = items_of(packed())
        whole = ["absent", "blank", "invalid"]
        assert {"typing": whole, "permit": whole, "tone": [], "angry-customer": ["absent", "blank"]} == {
            name: items[name]["awaits"] for name in ("typing", "permit", "tone", "angry-customer")
        }

    @pytest.mark.parametrize(
        ("caps", "barred", "expected"),
        [
            ("", True, {"fatal": "fail", "knock_out": "barred"}),
            ("", False, {"fatal": "fail", "knock_out": "fail"}),
            ("caps: {fatal: look}\n", True, {"fatal": "look", "knock_out": "barred"}),
            ("caps: {knock_out: look}\n", False, {"fatal": "fail", "knock_out": "look"}),
        ],
    )
    def test_caps(self, caps: str, barred: bool, expected: dict[str, str]) -> None:
        text = changed("caps: {fatal: fail, knock_out: barred}\n", caps)
        text = text if barred else changed("  - {id: barred, action: decline, why: no permit}\n", "", text)
        assert expected == packed(text)["caps"]

    def test_sections_without_weights_weigh_the_same(self) -> None:
        start, end = FULL.index("weights:"), FULL.index("sections:")
        pack = packed(FULL[:start] + FULL[end:])
        assert ("default", ["default"]) == (pack["default_profile"], [profile["id"] for profile in pack["profiles"]])
        assert {"skills": "1/3", "manner": "1/3", "legal": "1/3"} == pack["profiles"][0]["shares"]

    def test_weights_on_sections_make_one_profile(self) -> None:
        start, end = FULL.index("weights:"), FULL.index("sections:")
        text = FULL[:start] + FULL[end:]
        for section, weight in (("skills", "60%"), ("manner", "0.25%"), ("legal", "159/400")):
            text = changed(f"  - id: {section}\n", f"  - id: {section}\n    weight: {weight}\n", text)
        assert {"skills": "3/5", "manner": "1/400", "legal": "159/400"} == packed(text)["profiles"][0]["shares"]


class TestAbout:
    """Whatever scoring does not depend on lies under `about`, which holds text and lists of text."""

    def test_only_texts_and_lists_of_texts_and_nothing_empty(self) -> None:
        for about in abouts(packed()):
            assert all(text for text in about.values())
            for text in about.values():
                assert isinstance(text, str) or all(isinstance(member, str) for member in text)

    def test_what_people_wrote_is_all_there(self) -> None:
        pack = packed(changed("note: for readers", "note: for readers\naccept: {item-idle: a, cap-idle: b}"))
        items = items_of(pack)
        assert pack["about"] == {
            "title": "Customer support agent, written test",
            "note": "for readers",
            "replaces": "2025.3",
            "replaces_why": "new shortcut question",
            "may_move": ["look -> pass"],
            "accepted": ["item-idle: a", "cap-idle: b"],
        }
        assert items["refund"]["about"] == {
            "title": "Part of a price",
            "ask": "A customer paid 80 and gets 12.5% back. How much is that?",
            "origin": "project",
            "assumption": "no tax",
            "audit_note": "the tolerance is on purpose",
            "limit": "5 min",
        }
        assert items["tone"]["options"][2]["about"] == {"text": "What now?", "why": "rude"}
        assert items["tone"]["about"]["limit"] == "~2 min"
        assert items["typing"]["about"] == {"ask": "Type this page.", "round": "second"}
        assert items["permit"]["about"]["job_related"] == "The law asks for it."
        assert pack["stages"][0]["sections"][0]["about"] == {
            "title": "Skills",
            "job_related": "Agents do this every day.",
            "note": "three items",
        }
        assert pack["overrides"][0]["about"] == {"why": "cannot be learned on the job"}
        assert pack["verdicts"][1]["about"] == {"why": "a person decides"}
        assert pack["profiles"][1]["about"] == {"assumption": "agreed with the lead"}

    @pytest.mark.parametrize(
        ("old", "new", "same"),
        [
            ("title: Skills", "title: Abilities", True),
            ("why: calms", "why: soothes", True),
            ("accept", "accept", True),
            ("reason: new shortcut question", "reason: another one", True),
            ('version: "2026.1"', 'version: "2026.2"', True),
            ("key: 12.50", "keys: [{is: 12.5}]", True),  # written otherwise, scored alike
            ("key: 12.50", "key: 12.51", False),
            ("missing: zero\nnote", "missing: await\nnote", False),
        ],
    )
    def test_a_change_of_wording_is_no_change_of_scoring(self, old: str, new: str, same: bool) -> None:
        text = FULL + "accept: {}\n"
        before, after = (compile_plan(examined(t).pack or b"") for t in (text, changed(old, new, text)))
        assert same == (before.scoring_digest == after.scoring_digest)
        assert (before.digest == after.digest) == (old == new)

    def test_prose_loses_the_space_around_it(self) -> None:
        """A block text ends with a line end, which nobody means to be part of a notice whose digest is compared."""
        block = changed(
            "notice: Some answers disqualify, whatever the score.",
            "notice: |\n  Some answers disqualify,\n  whatever the score.\n",
        )
        assert packed(block)["notice"] == "Some answers disqualify,\nwhatever the score."


class TestOutcomes:
    """What the checks know of outcomes is what the engine lays out."""

    def test_the_same_names_points_and_flags_as_in_the_plan(self) -> None:
        plan = compile_plan(examined(FULL).pack or b"")
        for item in plan.items:
            outcomes = Outcomes(item.data)
            section = plan.sections[item.section]
            assert [item.name(code) for code in item.codes()] == [outcomes.name(code) for code in item.codes()]
            assert [Fraction(points, section.unit) for points in item.points] == [
                Fraction(points, outcomes.unit) for points in outcomes.points
            ]
            assert Fraction(item.best, section.unit) == outcomes.best

    @pytest.mark.parametrize(
        ("names", "lacking"),
        [
            ([], []),
            (["C"], []),
            (["B"], ["absent", "blank", "invalid", "several"]),
            (["several", "C"], ["absent", "blank", "invalid", "B"]),
        ],
    )
    def test_what_a_condition_lacks(self, names: list[str], lacking: list[str]) -> None:
        outcomes = Outcomes(items_of(packed())["angry-customer"])
        assert lacking == outcomes.lacking(names)
        assert [] == outcomes.lacking([*names, *lacking])

    def test_what_an_item_may_raise(self) -> None:
        pack = packed(changed("A: {right: true,", "A: {right: true, flag: refer,"))
        flags = {name: {*Outcomes(item).flags} for name, item in items_of(pack).items()}
        assert flags == {
            "refund": {"note"},  # its key's, and that of unclear
            "shortcut": {"refer"},
            "price": {"note"},
            "typing": set(),
            "angry-customer": {"refer", "fatal"},
            "tone": {"refer"},
            "permit": {"knock_out", "refer"},  # refer for several, one of them a knock-out
        }


class TestLoad:
    """One door for rubric files, packs and bytes."""

    def test_a_rubric_file_and_its_pack_are_the_same_rubric(self, tmp_path: Path) -> None:
        (tmp_path / "r.yaml").write_text(FULL, encoding="utf-8")
        authored = load(tmp_path / "r.yaml", profile="skills-first")
        (tmp_path / "r.pack.json").write_bytes(authored.pack)
        stored = load(str(tmp_path / "r.pack.json"), profile="skills-first")
        held = load(authored.pack, profile="skills-first")
        assert authored.digest == stored.digest == held.digest
        assert {"skills-first"} == {rubric.profile for rubric in (authored, stored, held)}
        answers = {"answers": {"refund": "10", "permit": "yes"}}
        assert authored.score(answers).canonical() == stored.score(answers).canonical()

    def test_the_ending_decides_whatever_its_case(self, tmp_path: Path) -> None:
        for name in ("a.YAML", "b.yml", "c.Yml"):
            (tmp_path / name).write_text(FULL, encoding="utf-8")
            assert load(tmp_path / name).id == "support-agent"

    def test_warnings_stop_nothing(self, tmp_path: Path) -> None:
        text = changed("        job_related: The law asks for it.\n", "")
        assert ["job-related-empty"] == [problem.code for problem in examined(text).problems]
        (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
        assert load(tmp_path / "r.yaml").version == "2026.1"

    def test_errors_come_all_at_once_and_without_the_warnings(self, tmp_path: Path) -> None:
        (tmp_path / "r.yaml").write_text(
            changed("from: 75%", "from: 75", changed("cap: fail", "cap: fial")), encoding="utf-8"
        )
        with pytest.raises(RubricError) as caught:
            load(tmp_path / "r.yaml")
        assert ["number", "no-such-verdict"] == [problem.code for problem in caught.value.problems]
        assert str(caught.value).count("\n") == 1

    def test_no_such_profile_and_no_levels(self) -> None:
        pack = examined(FULL).pack or b""
        for arguments in ({"profile": "equals"}, {"level": "mid"}):
            with pytest.raises(RubricError):
                load(pack, **arguments)

    @pytest.mark.parametrize("source", [None, 3, 3.5, ["a.yaml"], {"path": "a.yaml"}, object()])
    def test_a_source_of_another_type(self, source: Any) -> None:
        with pytest.raises(
            RubricError,
            match=f"expected the path of a rubric or the bytes of a pack, got a value of type {type(source).__name__}",
        ):
            load(source)

    @pytest.mark.parametrize("data", [b"", b"{", b"{}", b"\xff", FULL.encode(), b"[]", b'{"format": 1}'])
    def test_bytes_that_are_no_pack(self, data: bytes) -> None:
        with pytest.raises(RubricError):
            load(data)

    def test_the_bytes_of_a_rubric_file_are_told_from_a_pack(self) -> None:
        with pytest.raises(RubricError, match=r"a rubric in YAML is loaded by its path, which ends in \.yaml"):
            load(FULL.encode())

    def test_a_cut_off_pack(self) -> None:
        pack = examined(FULL).pack or b""
        with pytest.raises(RubricError, match="not a pack"):
            load(pack[: len(pack) // 2])

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ("rubrik.yaml", '/rubric.yaml"?'),
            ("nowhere/rubric.yaml", "no such file: there is no directory"),
            ("empty", "is a directory, not a file"),
            ("rubric.yaml/x.json", "no such file|not a directory|Not a directory"),
            ("a\0b.json", "null"),
        ],
    )
    def test_a_wrong_path(self, given: str, says: str, tmp_path: Path) -> None:
        (tmp_path / "rubric.yaml").write_text(FULL, encoding="utf-8")
        (tmp_path / "empty").mkdir()
        path = f"{tmp_path}/{given}"
        with pytest.raises(StoreError) as caught:
            load(path)
        assert str(caught.value).startswith(path)
        assert any(part in str(caught.value) for part in says.split("|"))
        assert isinstance(caught.value.__cause__, OSError | ValueError)

    def test_a_path_beside_the_working_directory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "rubric.yaml").touch()
        monkeypatch.chdir(tmp_path)
        with pytest.raises(StoreError, match=r'rubric\.yml: no such file; did you mean "rubric\.yaml"\?'):
            load("rubric.yml")

    def test_other_faults_of_the_machine_are_told_as_it_tells_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for error, says in (
            (PermissionError(13, "Permission denied"), "not allowed to read"),
            (OSError(5, "Input/output error"), "Input/output error"),
        ):

            def fail(*_: object, error: OSError = error) -> None:
                raise error

            monkeypatch.setattr(scoring.rubric.load, "open", fail, raising=False)
            with pytest.raises(StoreError, match=says):
                load("x.json")

    def test_a_directory_that_cannot_be_listed_gives_no_suggestion(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_: str) -> None:
            raise PermissionError

        monkeypatch.setattr(os, "scandir", fail)
        with pytest.raises(StoreError, match=r"no such file$"):
            load(tmp_path / "x.json")

    def test_a_file_is_read_only_as_far_as_it_may_be_long(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(b"x" * 100)
        assert (b"x" * 11, b"x" * 100) == (read_file(str(tmp_path / "x"), 10), read_file(str(tmp_path / "x"), 1000))

    def test_without_pyyaml_only_rubric_files_are_out_of_reach(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pack = examined(FULL).pack or b""
        (tmp_path / "r.yaml").write_text(FULL, encoding="utf-8")
        monkeypatch.setitem(sys.modules, "yaml", None)
        assert load(pack).id == "support-agent"
        with pytest.raises(MissingExtraError, match=r'reading YAML needs the extra "cli"'):
            load(tmp_path / "r.yaml")

    def test_loading_a_pack_imports_nothing_of_authoring(self, tmp_path: Path) -> None:
        (tmp_path / "p.json").write_bytes(examined(FULL).pack or b"")
        code = (
            "import sys; from scoring.rubric.load import load; r = load(sys.argv[1]); r.score({'answers': {}});"
            "print([m for m in ('attrs', 'attr', 'cattrs', 'structlog', 'yaml', 'hypothesis', 'fractions', 'scoring.rubric.check') if m in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "p.json")], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[]"


class TestPaper:
    """The paper shows a candidate what to answer, and nothing of how it is scored."""

    def test_the_paper(self) -> None:
        text = paper(packed())
        assert text.startswith(
            "# Customer support agent, written test\n\n> Some answers disqualify, whatever the score.\n\n## Skills\n\n"
        )
        assert (
            "### Question 1 (5 min)\n\nA customer paid 80 and gets 12.5% back. How much is that?\n\nThe answer is a number; write it in digits.\n\n"
            in text
        )
        assert "### Question 4\n\nType this page.\n\nAn examiner marks this.\n\n## manner\n\n" in text
        assert (
            "### Question 6 (about 2 min)\n\nWhich of these sentences are polite?\n\nChoose all that apply.\n\n- **A** How can I help?\n- **B** One"
            in text
        )
        assert text.endswith(
            "### Question 7\n\nDo you have a work permit, yes or no?\n\nChoose one.\n\n- **yes**\n- **no**\n"
        )

    def test_no_key_no_points_no_flag_no_reason_and_no_note_leaks(self) -> None:
        """Every text, id and number that a candidate must not see is made unmistakable, and none of them is in the paper."""
        pack = packed(FULL + "accept: {item-idle: a}\n")
        secret = self.mark_secrets(pack)
        text = paper(pack)
        assert len(secret) > 60
        assert [] == [word for word in secret if word in text]

    def mark_secrets(self, pack: dict[str, Any]) -> list[str]:
        """Replace everything but title, notice, prompts, options and limits by words that occur nowhere else."""
        words: list[str] = []
        shown = {"pack": {"title"}, "section": {"title"}, "item": {"ask", "limit"}, "option": {"text"}}

        def secret(name: str) -> str:
            words.append(f"§{len(words)}-{name}§")
            return words[-1]

        def hide(thing: dict[str, Any], kind: str, keep: set[str]) -> None:
            for key, value in thing.items():
                if key == "about":
                    every = (
                        "ask",
                        "assumption",
                        "audit_note",
                        "job_related",
                        "limit",
                        "note",
                        "origin",
                        "round",
                        "text",
                        "title",
                        "why",
                        "written",
                        "accepted",
                    )
                    hidden = {
                        name: [secret(name)] if name == "accepted" else secret(name)
                        for name in every
                        if name not in shown.get(kind, set())
                    }
                    thing["about"] = {**value, **hidden}
                elif isinstance(value, str) and key not in keep:
                    thing[key] = secret(key)
                elif isinstance(value, list) and value and all(isinstance(member, str) for member in value):
                    thing[key] = [secret(key)]

        hide(pack, "pack", {"notice"})
        for verdict in pack["verdicts"]:
            hide(verdict, "verdict", set())
        for profile in pack["profiles"]:
            hide(profile, "profile", set())
            profile["shares"] = {name: secret("share") for name in profile["shares"]}
        for override in pack["overrides"]:
            hide(override, "override", set())
        for section in pack["stages"][0]["sections"]:
            hide(section, "section", {"id"})
            for item in section["items"]:
                hide(item, "item", {"kind"})
                for option in item.get("options", ()):
                    hide(option, "option", {"id"})
                    option["flag"] = secret("flag")
                for key in item.get("keys", ()):
                    hide(key, "key", set())
                    key["flag"] = secret("flag")
        return words

    def test_where_nobody_wrote_anything_for_people_there_still_is_a_paper(self) -> None:
        pack = packed()
        for about in abouts(pack):
            about.clear()
        pack["notice"] = None
        assert paper(pack).startswith(
            "# support-agent\n\n## skills\n\n### Question 1\n\nThe answer is a number; write it in digits.\n\n### Question 2"
        )

    def test_lists_of_texts_in_a_pack_of_another_maker_are_shown_line_by_line(self) -> None:
        pack = packed()
        pack["about"]["title"] = ["One", "Two"]
        assert paper(pack).startswith("# One\nTwo\n\n")


class TestReference:
    """The rubric that ships."""

    def test_it_has_no_errors_and_no_warnings_left(self) -> None:
        checked = examined(REFERENCE.read_text(encoding="utf-8"))
        assert [] == [problem.show() for problem in checked.problems]
        assert len(checked.pack or b"") < 16_384
