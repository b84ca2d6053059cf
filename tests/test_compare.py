"""
What a change of a rubric does, put together: edits, proofs, waiting cases, past decisions, examples, groups, names of versions.

The proofs themselves are tested against brute force elsewhere; here, that nothing a change does slips past all the parts together.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import scoring
from packs import (
    choice,
    entries,
    funnel,
    mark,
    number,
    override,
    part,
    raters,
    rating,
    section,
    selection,
    stage,
    text,
    verdict,
)
from rubric_files import FULL, changed, examined
from scoring import canonical
from scoring.change.compare import version_of
from scoring.change.comparison import Version
from scoring.change.promises import kept, replaced
from scoring.engine.rubric import Rubric
from scoring.errors import RubricError, SubmissionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scoring.change.comparison import Comparison, Run

Pack = dict[str, Any]
WRITTEN = Path(__file__).parents[1] / "rules" / "ml-engineer-mid-written" / "rubric.yaml"


def base() -> Pack:
    """Two stages with every kind that scores, every flag, floors, gates, overrides and two profiles."""
    pack = funnel(
        stage(
            "first",
            section(
                "judgement",
                choice("dilemma", A=("0", "refer"), B=("2", None), C=("1", None), D=("0", "fatal")),
                choice("permit", yes=("0", None), no=("0", "knock_out")) | {"awaits": ["absent", "blank", "invalid"]},
            ),
            section(
                "facts",
                number("sum")
                | {
                    "keys": [
                        part("key-1", points="1", low="1070", high="1070"),
                        part("key-2", points="1/2", low="1060", high="1080"),
                    ]
                },
                text("word"),
                selection("set"),
                floor="0",
            ),
            gate=[override("no-facts", "weak", {"below": "1/4", "section": "facts"})],
        ),
        stage(
            "second",
            section("practice", mark("task", top="4"), rating("skill", by=raters("lowest", 2, lead=1))),
        ),
        weights=["2/5", "3/5"],
        overrides=[
            override("judgement-minimum", "middling", {"below": "1/2", "section": "judgement"}),
            override("task-nothing", "weak", {"is": ["absent", "blank", "invalid", "0"], "item": "task"}),
            override("two-notes", "weak", {"at_least": 2, "flag": "refer"}),
        ],
    )
    pack["stages"][0]["sections"][1]["items"][0]["keys"][1]["flag"] = "refer"
    pack["verdicts"].append(verdict("out", None, "decline"))
    pack["caps"]["knock_out"] = "out"
    other = copy.deepcopy(pack["profiles"][0])
    pack["profiles"].append(other | {"id": "late", "stages": {"first": "1/5", "second": "4/5"}})
    return pack


def packed(pack: Pack) -> bytes:
    return canonical.dumps(pack)


def item(pack: Pack, name: str) -> Pack:
    return next(i for st in pack["stages"] for s in st["sections"] for i in s["items"] if i["id"] == name)


def part_of(pack: Pack, name: str, list_: str, place: int) -> Pack:
    found: Pack = item(pack, name)[list_][place]
    return found


def verdicts_of(found: Comparison) -> set[str]:
    return {f"{row.old} -> {row.new}" for run in found.runs for row in run.moving if row.possible}


def confirmed(found: Comparison, run: Run) -> None:
    """Every move that is called possible has a case, which comes out so when it is scored by either version."""
    for rows, key in ((run.moving, "verdict"), (run.acting, "action")):
        for row in rows:
            if (
                row.possible is None
            ):  # not decided, and said so: a new key of a text or a number may be met by answers nobody thought of
                assert (row.witness, run.decided) == (None, False)
                continue
            assert row.witness is not None
            assert 1 <= row.fewest <= row.most
            for version, profile, side in (
                (found.old, run.old_profile, "old"),
                (found.new, run.profile, "new"),
            ):
                decision = Rubric(version.pack, profile, run.level).score(row.witness[side])
                assert getattr(row, side) == getattr(decision, key)
    for stop in run.stops:
        assert stop.witness is not None
        came = {
            side: status(Rubric(version.pack, run.profile, run.level), stop.witness)
            for side, version in (("old", found.old), ("new", found.new))
        }
        assert came.pop(stop.stuck) in {"pending", "refused"}
        assert ["decided"] == [*came.values()]


def status(rubric: Rubric, submission: dict[str, Any]) -> str:
    """What becomes of a submission, one that is refused included."""
    try:
        return str(rubric.score(submission).status)
    except SubmissionError:
        return "refused"


def put(*path: Any) -> Callable[[Pack], None]:
    """Change one value of a pack: the last of *path* under the others."""

    def change(pack: Pack) -> None:
        at: Any = pack
        for step in path[:-2]:
            at = at[step]
        assert at[path[-2]] != path[-1]
        at[path[-2]] = path[-1]

    return change


def of(name: str, *path: Any) -> Callable[[Pack], None]:
    """The same within an item."""
    return lambda pack: put(*path)(item(pack, name))


def shares(profile: int, **weights: str) -> Callable[[Pack], None]:
    return lambda pack: pack["profiles"][profile]["shares"].update(weights)


# name: a change of one field that scoring depends on, and whether it can move anybody
MOVES: dict[str, Callable[[Pack], None]] = {
    "points of an option": of("dilemma", "options", 2, "points", "2"),
    "a flag": of("dilemma", "options", 0, "flag", "fatal"),
    "a flag that only asks a person": of("dilemma", "options", 2, "flag", "refer"),
    "a flag that goes": of("dilemma", "options", 3, "flag", None),
    "a key's low end": of("sum", "keys", 1, "low", "1065"),
    "a key's high end": of("sum", "keys", 1, "high", "1090"),
    "a key's points": of("sum", "keys", 1, "points", "3/4"),
    "a key's flag": of("sum", "keys", 1, "flag", None),
    "how a number is read": of("sum", "read", "contains"),
    "a unit": of("sum", "units", ["kg"]),
    "a separator": of("sum", "separators", [","]),
    "a text": of("word", "keys", 0, "texts", ["mean"]),
    "how a text matches": of("word", "keys", 0, "match", "contains_any"),
    "a step": of("word", "steps", ["trim", "collapse"]),
    "a mode": of("set", "mode", "exact"),
    "what is right": of("set", "options", 2, "right", True),
    "an option's flag in a selection": of("set", "options", 2, "flag", "refer"),
    "full points": of("set", "points", "2"),
    "the step of a mark": of("task", "step", "2"),
    "the top of a mark": of("task", "max", "5"),
    "points of a mark": of("task", "points", "3"),
    "points of a value": of("skill", "values", 1, "points", "3/4"),
    "how ratings combine": lambda p: item(p, "skill")["raters"].update(combine="median"),
    "who has to rate": lambda p: item(p, "skill")["raters"].update(needs={"lead": 2}),
    "how many may rate": lambda p: item(p, "skill")["raters"].update(max=3),
    "an item's floor": lambda p: (of("set", "floor", "0")(p), of("sum", "keys", 1, "points", "-2")(p)),
    "what waits": of("dilemma", "awaits", ["absent", "blank"]),
    "a void item": of("word", "void", True),
    "a section's floor": lambda p: p["stages"][0]["sections"][1].update(floor="1/2"),
    "a share": shares(0, judgement="3/4", facts="1/4"),
    "a share of another profile": shares(1, judgement="3/4", facts="1/4"),
    "a stage's weight": lambda p: p["profiles"][0]["stages"].update(first="3/5", second="2/5"),
    "a cut": put("verdicts", 0, "from", "9/10"),
    "an action": put("verdicts", 1, "action", "advance"),
    "a cap of a flag": put("caps", "fatal", "middling"),
    "the cap of the other flag": put("caps", "knock_out", "weak"),
    "an override's share": put("overrides", 0, "when", "below", "3/4"),
    "an override's cap": put("overrides", 0, "cap", "weak"),
    "an override's outcomes": put("overrides", 1, "when", "is", ["absent", "blank", "invalid", "0", "1"]),
    "an override's count": put("overrides", 2, "when", "at_least", 1),
    "an override's flag": put("overrides", 2, "when", "flag", "fatal"),
    "an override that goes": lambda p: p["overrides"].pop(0),
    "a gate's share": lambda p: p["stages"][0]["gate"][0]["when"].update(below="1/2"),
    "a gate that goes": lambda p: p["stages"][0].update(gate=[]),
    "an excerpt": lambda p: (p.update(excerpt=True), p["stages"][0]["sections"][0].update(declared=9)),
    "the default profile": put("default_profile", "late"),
    "another item": lambda p: p["stages"][0]["sections"][1]["items"].append(text("more")),
    "an item that goes": lambda p: p["stages"][0]["sections"][1]["items"].pop(1),
    "an option that comes": lambda p: item(p, "dilemma")["options"].append(part("E", points="2")),
    "an option that goes": lambda p: item(p, "dilemma")["options"].pop(2),
    "the notice": put("notice", "Other words."),
    "a value that comes": lambda p: item(p, "skill")["values"].insert(1, {"about": {}, "id": "low", "points": "1/4"}),
    "what all candidates meet": lambda p: (p.update(variants=entries("a", "b")), of("word", "only", "a")(p)),
}  # fmt: skip
# What is proved to move nobody: reordering, new names of profiles' assumptions, what no case can tell.
STILL: dict[str, Callable[[Pack], None]] = {
    "the order of options": lambda p: item(p, "dilemma")["options"].reverse(),
    "the order of items": lambda p: p["stages"][0]["sections"][1]["items"].reverse(),
    "the order of overrides": lambda p: p["overrides"].reverse(),
    "what is assumed": put("profiles", 0, "assumed", True),
    "an override's share between two reachable ones": put("overrides", 0, "when", "below", "1/3"),
    "a cut between two reachable scores": put("verdicts", 0, "from", "799999/1000000"),
    "the same override twice": lambda p: p["overrides"].append(p["overrides"][0] | {"id": "again"}),
    "everything doubled": lambda p: (of("set", "points", "2")(p), of("word", "points", "2")(p), of("word", "keys", 0, "points", "2")(p),
        of("sum", "points", "2")(p), of("sum", "keys", 0, "points", "2")(p), of("sum", "keys", 1, "points", "1")(p)),
}  # fmt: skip
OF_TWO_PROFILES = {"a share of another profile", "the default profile"}
NO_CASE = {"the default profile", "the notice"}  # for these see below


@pytest.mark.parametrize("name", [*MOVES])
def test_no_change_of_a_scoring_field_slips(name: str) -> None:
    """Each is told as an edit, and either some case shows it, or it is proved that none can."""
    before, pack = base(), base()
    if name not in OF_TWO_PROFILES:
        for each in (before, pack):
            del each["profiles"][1]
    MOVES[name](pack)
    old, new = packed(before), packed(pack)
    Rubric(new)  # it is a right pack
    found = scoring.compare(old, new)
    assert any(edit.scoring for edit in found.edits)
    for run in found.runs:
        confirmed(found, run)
    assert found.can_move is (name not in NO_CASE), found.summed_up()
    assert found.beyond is found.can_move


@pytest.mark.parametrize("name", [*STILL])
def test_a_change_that_moves_nobody_is_proved_to(name: str) -> None:
    pack = base()
    STILL[name](pack)
    found = scoring.compare(packed(base()), packed(pack))
    assert found.edits
    assert found.can_move is False
    assert found.beyond is False
    assert "nothing can move" == found.summed_up()


def test_a_default_profile_moves_nobody_who_is_scored_by_a_named_one_and_is_told() -> None:
    pack = base()
    MOVES["the default profile"](pack)
    found = scoring.compare(packed(base()), packed(pack))
    assert ["default profile equal -> late"] == [str(edit) for edit in found.edits]


WORDINGS = [
    ("title: Skills", "title: Trade"),
    ("ask: Which keys copy a text?", "ask: How is a text copied?"),
    ("text: Shout back", "text: Shout"),
    ("why: rude", "why: it is rude"),
    ("why: cannot be learned on the job", "why: nobody learns that here"),
    ("limit: 5 min", "limit: 6 min"),
    ('version: "2026.1"', 'version: "2026.2"'),
    ("job_related: The law asks for it.", "job_related: It is the law."),
]


def test_an_edit_of_wording_alone_leaves_the_scoring_digest_alone_and_moves_nobody() -> None:
    text_ = FULL
    for old, new in WORDINGS:
        text_ = changed(old, new, text_)
    packs = [examined(each).pack or b"" for each in (FULL, text_)]
    before, after = map(Rubric, packs)
    assert before.scoring_digest == after.scoring_digest
    assert before.digest != after.digest
    found = scoring.compare(*packs)
    assert len(WORDINGS) == len(found.edits)
    assert not any(edit.scoring for edit in found.edits)
    assert "nothing can move" == found.summed_up()
    assert found.bump is None


class TestForms:
    """In which forms the versions may be given, and what is shown first."""

    def test_paths_packs_and_rubrics_are_alike(self, tmp_path: Path) -> None:
        new = tmp_path / "rubric.yaml"
        new.write_text(WRITTEN.read_text().replace("from: 60%", "from: 61%"))
        rubrics = [scoring.load(path) for path in (WRITTEN, new)]
        (tmp_path / "new.pack.json").write_bytes(rubrics[1].pack)
        said = {
            scoring.compare(WRITTEN, new).summed_up(),
            scoring.compare(str(WRITTEN), tmp_path / "new.pack.json").summed_up(),
            scoring.compare(*rubrics).summed_up(),
            scoring.compare(*(rubric.pack for rubric in rubrics)).summed_up(),
            scoring.compare(Version(rubrics[0].pack), Version(rubrics[1].pack)).summed_up(),
        }
        assert {"1 of 6 moves between verdicts is possible"} == said

    def test_a_pack_may_be_as_long_by_its_path_as_it_may_be(self, tmp_path: Path) -> None:
        """Packs are up to 4 MiB long; rubric files, which people write, are shorter."""
        pack = base()
        pack["about"]["stem"] = "x" * (3 << 20)
        (tmp_path / "long.pack.json").write_bytes(packed(pack))
        assert Version(packed(pack)).pack == version_of(tmp_path / "long.pack.json").pack

    def test_a_loaded_rubrics_profile_comes_first(self) -> None:
        rubric = scoring.load(WRITTEN, profile="critical-double")
        assert "critical-double" == scoring.compare(rubric, rubric).runs[0].profile
        assert "equal" == scoring.compare(rubric.pack, rubric.pack).runs[0].profile
        assert "stated-20-20" == scoring.compare(rubric, rubric, profile="stated-20-20").runs[0].profile

    def test_a_profile_that_only_one_version_has_is_told(self) -> None:
        pack = base()
        pack["profiles"][1]["id"] = "later"
        found = scoring.compare(packed(base()), packed(pack))
        assert (("profile late",), ("profile later",)) == (found.only_old, found.only_new)
        assert ["equal"] == [run.profile for run in found.runs]

    def test_a_new_default_is_compared_with_the_old_default(self) -> None:
        pack = base()
        pack["profiles"][0]["id"] = pack["default_profile"] = "alike"
        pack["verdicts"][0]["from"] = "9/10"
        first = scoring.compare(packed(base()), packed(pack)).runs[0]
        assert ("equal", "alike") == (first.old_profile, first.profile)
        assert first.can_move

    def test_no_such_profile_is_an_error(self) -> None:
        with pytest.raises(RubricError, match="no such profile; it has equal, late"):
            scoring.compare(packed(base()), packed(base()), profile="equals")

    def test_groups_need_a_log(self) -> None:
        with pytest.raises(ValueError, match="need a log"):
            scoring.compare(packed(base()), packed(base()), groups=b"case,group\n")


class TestBeyond:
    """What moves is beyond what the new version says may move, or it is not."""

    @staticmethod
    def change(*may: str, names: bool = True, **edits: str) -> Comparison:
        pack = base()
        pack["version"] = "2"
        pack["about"] |= ({"replaces": "1"} if names else {}) | ({"may_move": [*may]} if may else {})
        pack["verdicts"][0]["from"] = edits.get("cut", "9/10")
        return scoring.compare(packed(base()), packed(pack))

    def test_moves_that_it_names_are_not(self) -> None:
        found = self.change("strong -> middling")
        assert {"strong -> middling"} == verdicts_of(found)
        assert (True, False) == (found.can_move, found.beyond)

    def test_moves_that_it_does_not_name_are(self) -> None:
        assert self.change("middling -> strong").beyond
        assert self.change().beyond

    def test_its_word_counts_for_the_version_that_it_replaces_alone(self) -> None:
        assert self.change("strong -> middling", names=False).beyond

    def test_an_action_that_no_named_verdict_explains_is(self) -> None:
        pack = base()
        pack["about"] |= {"replaces": "1", "may_move": ["strong -> middling"]}
        item(pack, "dilemma")["options"][2]["flag"] = "refer"
        assert scoring.compare(packed(base()), packed(pack)).beyond


class TestNames:
    """A version that is to score needs a name of its own."""

    @pytest.mark.parametrize(
        ("version", "next_"),
        [("2026.1", "2026.2"), ("1", "2"), ("v9", "v10"), ("2026.09", "2026.10"), ("draft", "draft-2")],
    )
    def test_the_next_one_is_proposed(self, version: str, next_: str) -> None:
        packs = [base() | {"version": version}, base() | {"version": version, "notice": "Others."}]
        found = scoring.compare(*map(packed, packs))
        assert f"this is still called {version}: make it {next_} before it scores anybody" == found.bump

    def test_another_name_or_the_same_pack_is_fine(self) -> None:
        assert scoring.compare(packed(base()), packed(base() | {"version": "2", "notice": "Others."})).bump is None
        assert scoring.compare(packed(base()), packed(base())).bump is None


class TestExamples:
    def test_those_that_cannot_be_read_any_more_are_told(self, tmp_path: Path) -> None:
        new = tmp_path / "rubric.yaml"
        new.write_text(WRITTEN.read_text().replace("id: fail,", "id: failed,").replace(" fail,", " failed,"))
        found = scoring.compare(WRITTEN, new)
        assert () == found.examples
        assert "the old version's examples cannot be read with the new one" in (found.examples_why or "")

    def test_one_that_fails_already_is_not_news(self, tmp_path: Path) -> None:
        old, new = tmp_path / "old", tmp_path / "new"
        for folder, text_ in ((old, WRITTEN.read_text()), (new, WRITTEN.read_text().replace("from: 60%", "from: 61%"))):
            folder.mkdir()
            (folder / "rubric.yaml").write_text(text_)
        examples = WRITTEN.with_name("examples.yaml").read_text()
        (old / "examples.yaml").write_text(examples)
        ids = {result.id for result in scoring.compare(old / "rubric.yaml", new / "rubric.yaml").examples}
        assert "on-the-lower-cut" in ids
        spoiled = examples.replace("- id: on-the-lower-cut\n", "- id: on-the-lower-cut\n    profile: critical-double\n")
        assert spoiled != examples
        (old / "examples.yaml").write_text(spoiled)
        again = {result.id for result in scoring.compare(old / "rubric.yaml", new / "rubric.yaml").examples}
        assert ids - again == {"on-the-lower-cut"}


class TestPromises:
    """Guarantees and `replaces` over every profile and level."""

    def test_each_guarantee_is_decided_in_each_profile(self) -> None:
        pack = base()
        strong = {"id": "g", "when": {"section": "judgement", "below": "1/2"}, "allowed": ["middling", "weak", "out"]}
        pack["about"]["guarantees"] = [strong, strong | {"id": "h", "when": None}]
        found = {(one.id, one.profile): one.proof for one in kept(packed(pack))}
        assert {("g", "equal"), ("g", "late"), ("h", "equal"), ("h", "late")} == {*found}
        assert [True, True, False, False] == [proof.holds for proof in found.values()]
        witness = found["h", "late"].witness
        assert witness is not None
        assert "strong" == Rubric(packed(pack), "late").score(witness["submission"]).verdict

    @pytest.mark.parametrize(
        ("entry", "says"),
        [
            ({"id": "g", "when": None, "allowed": ["stronk"]}, 'there is no verdict "stronk"; did you mean "strong"?'),
            ({"id": "g", "when": None, "allowed": []}, "expected"),
            ({"id": "g", "allowed": ["weak"]}, "expected"),
            ({"id": 1, "when": None, "allowed": ["weak"]}, "expected"),
            ({"id": "g", "when": {"section": "none", "below": "1/2"}, "allowed": ["weak"]}, "does not have"),
            ({"id": "g", "when": {"item": "set", "is": ["D"]}, "allowed": ["weak"]}, "does not have"),
            ({"id": "g", "when": {"all": "x"}, "allowed": ["weak"]}, "of another form"),
            ({"id": "g", "when": [], "allowed": ["weak"]}, "of another form"),
        ],
    )
    def test_a_guarantee_by_hand_that_cannot_be_read_is_refused(self, entry: Pack, says: str) -> None:
        pack = base()
        pack["about"]["guarantees"] = [entry]
        with pytest.raises(RubricError, match="about/guarantees/0") as caught:
            next(kept(packed(pack)))
        assert says in caught.value.problems[0].message

    def test_a_version_moves_nobody_but_as_it_says(self) -> None:
        pack = base()
        pack["version"] = "2"
        pack["about"] |= {"replaces": "1", "may_move": ["strong->middling"]}
        pack["verdicts"][0]["from"] = "9/10"
        found = [*replaced(packed(base()), packed(pack))]
        assert [("equal", True), ("late", True)] == [(one.profile, one.holds) for one in found]
        pack["overrides"].pop(0)
        found = [*replaced(packed(base()), packed(pack))]
        assert [("equal", True), ("late", False)] == [(one.profile, one.holds) for one in found]
        assert ("middling -> strong",) == found[1].beyond
