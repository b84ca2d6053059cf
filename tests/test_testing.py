"""`scoring.testing`: strategies that steer, laws that can fail, assertions about a change that prove, search and tell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

import packs as by_hand
import scoring
from packs import choice, number, pack, rating, rubric, section
from scoring import canonical, testing
from scoring.engine.rubric import Rubric
from scoring.testing.register import register
from strategies import funnels, pack_bytes, packs

RULES = Path(__file__).parent.parent / "rules"
WRITTEN = scoring.load(RULES / "ml-engineer-mid-written" / "rubric.yaml")
HIRING = scoring.load(RULES / "ml-engineer-mid-hiring" / "rubric.yaml")
REAL = [WRITTEN, HIRING]
some = settings(max_examples=40)


def named(each: Rubric) -> str:
    return each.id


# ---- Strategies -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("real", REAL, ids=named)
class TestSubmissions:
    @some
    @given(st.data())
    def test_every_submission_is_scored(self, real: Rubric, data: st.DataObject) -> None:
        assert real.score(data.draw(testing.submissions(real))).status in ("decided", "ended", "pending")

    @some
    @given(st.data())
    def test_a_complete_one_awaits_nothing_and_has_proof_of_notice(self, real: Rubric, data: st.DataObject) -> None:
        decision = real.score(data.draw(testing.submissions(real, complete=True)))
        assert decision.status in ("decided", "ended")
        assert decision.data["notice"] is True
        assert not decision.data["irregularities"]

    @pytest.mark.parametrize("flag", ["fatal", "refer", "note"])
    @settings(max_examples=25)
    @given(st.data())
    def test_raising_makes_some_answer_raise_the_flag(self, real: Rubric, flag: str, data: st.DataObject) -> None:
        assert flag in real.score(data.draw(testing.submissions(real, raising=flag))).flags

    @settings(max_examples=40)
    @given(st.data())
    def test_reaching_makes_the_case_get_the_verdict(self, real: Rubric, data: st.DataObject) -> None:
        verdict = data.draw(st.sampled_from(real.plan.verdicts))
        assert verdict == real.score(data.draw(testing.submissions(real, reaching=verdict))).verdict

    @some
    @given(st.data())
    def test_outcomes_are_what_a_decision_says(self, real: Rubric, data: st.DataObject) -> None:
        names = data.draw(testing.outcomes(real))
        for item in real.plan.items:
            assert names[item.id] in [item.name(code) for code in item.codes()]


def test_what_shrinks_is_small() -> None:
    """The smallest submission says nothing at all; the smallest that raises a flag answers one question."""
    assert find(testing.submissions(WRITTEN), lambda _: True)["answers"] == {}
    small = find(testing.submissions(WRITTEN, raising="refer"), lambda s: "refer" in WRITTEN.score(s).flags)
    assert [*small["answers"]] == ["messy-data-deadline"]


def test_reaching_shows_many_different_cases() -> None:
    """Not the one case that the proof came with: of 60 draws for one verdict more than ten differ in their outcomes."""
    shown: set[str] = set()

    @settings(max_examples=60, database=None, derandomize=True)
    @given(testing.submissions(HIRING, reaching="offer"))
    def look(submission: dict[str, Any]) -> None:
        shown.add(HIRING.score(submission).data["outcomes"])

    look()
    assert len(shown) > 10


def test_many_submissions_lie_exactly_on_a_cut_and_many_are_spelled_unusually() -> None:
    """Of 200 cases that Hypothesis draws, more than one in eight is on a cut, and unusual spellings of right answers occur."""
    on_cut, spelled = [], []

    @settings(max_examples=200, database=None, derandomize=True)
    @given(testing.submissions(WRITTEN))
    def look(submission: dict[str, Any]) -> None:
        decision = WRITTEN.score(submission)
        on_cut.append(any(margin == 0 for margin in decision.margins.values()))
        right = decision.outcomes["outlier-age"] == "141"
        spelled.append(right and submission["answers"]["outlier-age"] != "141")

    look()
    assert sum(on_cut) * 8 > len(on_cut)
    assert sum(spelled) >= 3


def test_what_a_rubric_does_not_have_is_said() -> None:
    with pytest.raises(ValueError, match=r'no such verdict; there are strong_pass.*did you mean "strong_pass"'):
        testing.submissions(WRITTEN, reaching="strong-pass")
    with pytest.raises(ValueError, match="no such flag"):
        testing.submissions(WRITTEN, raising="red")
    with pytest.raises(ValueError, match="no item of this rubric raises knock_out"):
        testing.submissions(WRITTEN, raising="knock_out")
    with pytest.raises(ValueError, match="no such variant; there are none"):
        testing.submissions(WRITTEN, variant="x")


def test_a_verdict_that_nobody_can_get_is_refused_with_the_proof() -> None:
    never = rubric(pack(section("one", choice("q", a=("1", None), b=("0", None)))))
    with pytest.raises(ValueError, match="no complete submission gets the verdict middling: this is proven"):
        testing.submissions(never, reaching="middling")


@settings(max_examples=40, suppress_health_check=[*HealthCheck])
@given(st.one_of(packs(), funnels()), st.data())
def test_submissions_to_any_rubric_are_scored(document: dict[str, Any], data: st.DataObject) -> None:
    """Random packs of the tests' own generator, funnels and panels that exclude each other among them."""
    levels = [level["id"] for level in document["levels"]]
    drawn = Rubric(pack_bytes(document), level=levels[0] if levels else None)
    for _ in range(3):
        assert drawn.score(data.draw(testing.submissions(drawn))).data["pack"] == drawn.digest


class TestRubrics:
    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(testing.cases())
    def test_drawn_rubrics_are_valid_and_score_what_is_drawn_for_them(self, case: testing.Case) -> None:
        decision = case.rubric.score(case.submission)
        assert decision == case.rubric.rejudge(canonical.loads(decision.canonical()))  # type: ignore[arg-type]

    def test_they_cover_kinds_flags_stages_levels_and_variants(self) -> None:
        seen: set[str] = set()

        @settings(max_examples=150, database=None, derandomize=True, suppress_health_check=[*HealthCheck])
        @given(testing.rubrics())
        def look(drawn: Rubric) -> None:
            document = drawn.plan.pack
            seen.update(item.data["kind"] for item in drawn.plan.items)
            seen.update(f"{len(document['stages'])} stages" for _ in (0,))
            seen.update(key for key in ("levels", "variants", "overrides", "notice") if document[key])
            seen.update("gate" for each in document["stages"] if each["gate"])

        look()
        kinds = {"choice", "selection", "number", "text", "mark", "rating", "checklist", "evidence"}
        assert kinds | {"1 stages", "2 stages", "3 stages", "levels", "variants", "overrides", "notice", "gate"} <= seen

    @settings(max_examples=20, suppress_health_check=[*HealthCheck])
    @given(st.data())
    def test_hypothesis_knows_the_types_once_it_was_told(self, data: st.DataObject) -> None:
        register()
        assert isinstance(data.draw(st.from_type(scoring.Rubric)), scoring.Rubric)
        assert isinstance(data.draw(st.from_type(scoring.Decision)), scoring.Decision)


# ---- Laws -----------------------------------------------------------------------------------------------------------------------------------

test_laws_of_the_written_test = testing.laws(WRITTEN)
test_laws_of_a_funnel = testing.laws(RULES / "ml-engineer-mid-hiring" / "rubric.yaml", "pending")


class Sloppy(Rubric):
    """An engine that breaks every law that it can: it reads the first answer only."""

    __slots__ = ()

    def score(self, submission: Any) -> Any:
        document = canonical.loads(submission) if isinstance(submission, bytes) else submission
        return super().score({**document, "answers": dict([*document["answers"].items()][:1])})


def test_a_broken_law_is_told_with_the_case() -> None:
    with pytest.raises(AssertionError, match="the order of answers or keys changes the decision") as caught:
        testing.laws(Sloppy(changed()[0].pack), "order")()
    assert "verdict" in str(caught.value)
    assert '"answers": {' in str(caught.value)


def test_laws_are_named() -> None:
    assert [*testing.LAWS] == ["order", "replay", "better", "flags", "shown", "pending"]
    assert "never worsens the verdict" in (testing.laws(WRITTEN, "better").__doc__ or "")
    with pytest.raises(ValueError, match="no law is called gravity; there are order, replay"):
        testing.laws(WRITTEN, "gravity")


# ---- Assertions about a change --------------------------------------------------------------------------------------------------------------


def changed(**more: Any) -> tuple[Rubric, Rubric]:
    """A rubric of four questions, and the same with other verdicts, overrides or the like."""
    questions = [choice(f"q{n}", a=("1", None), b=("1/2", None), c=("0", "refer")) for n in range(4)]
    document = pack(section("one", *questions))
    return rubric(document), rubric({**document, "version": "2", **more})


def cut_at(share: str) -> list[dict[str, Any]]:
    bands = [("strong", share, "advance"), ("middling", "2/5", "review"), ("weak", "0", "decline")]
    return [by_hand.verdict(*band) for band in bands]


class TestChanges:
    def test_wording_is_proven_to_move_nobody(self) -> None:
        old, new = changed(about={"title": "Another title"})
        evidence = testing.assert_same_verdicts(old, new)
        assert evidence.proven
        assert str(evidence).startswith("proven\nEvery complete submission")

    def test_a_move_is_refuted_with_the_smallest_case_and_both_decisions(self) -> None:
        old, new = changed(verdicts=cut_at("3/5"))
        with pytest.raises(AssertionError) as caught:
            testing.assert_same_verdicts(old, new)
        said = str(caught.value)
        assert "a candidate moves from middling to strong. Decided exactly: " in said
        assert "verdict        middling" in said
        assert "verdict strong: from 80% -> 60%" in said
        evidence = testing.assert_same_verdicts(old, new, except_=["middling -> strong", "weak -> middling"])
        assert evidence.proven

    def test_exceptions_may_be_pairs_and_are_read_strictly(self) -> None:
        old, new = changed(verdicts=cut_at("3/5"))
        allowed = [("middling", "strong"), ("weak", "middling")]
        assert testing.assert_same_verdicts(old, new, except_=allowed).proven
        for wrong in ("middling", "a -> b -> c", " -> strong"):
            with pytest.raises(ValueError, match="expected a move such as"):
                testing.assert_same_verdicts(old, new, except_=[wrong])

    def test_one_move_needs_no_list(self) -> None:
        old, new = changed(verdicts=cut_at("3/5"))
        with pytest.raises(AssertionError, match="moves from weak to middling"):
            testing.assert_same_verdicts(old, new, except_="middling -> strong")
        with pytest.raises(ValueError, match=r"expected a move such as .* got 'middling'"):
            testing.assert_same_verdicts(old, new, except_="middling")

    def test_exceptions_name_verdicts_that_there_are(self) -> None:
        """A slip of the pen would allow nothing, and the test would seem to say that it does."""
        old, new = changed(about={"title": "Another title"})
        with pytest.raises(ValueError, match=r"the old version has no verdict 'nope', it has strong, middling, weak$"):
            testing.assert_same_verdicts(old, new, except_=["nope -> lok"])
        with pytest.raises(ValueError, match=r"the new version has no verdict 'stron', .*; did you mean \"strong\"\?"):
            testing.assert_same_verdicts(old, new, except_=["weak -> stron"])
        with pytest.raises(ValueError, match="has no action 'weak'"):
            testing.assert_same_verdicts(old, new, by="action", except_=["weak -> strong"])
        assert testing.assert_same_verdicts(old, new, by="action", except_=["decline -> review"]).proven

    def test_better_and_worse_know_their_direction(self) -> None:
        old, new = changed(verdicts=cut_at("3/5"))
        assert testing.assert_never_worse(old, new).proven
        assert testing.assert_never_better(new, old).proven
        with pytest.raises(AssertionError, match="a candidate gets better: from middling to strong"):
            testing.assert_never_better(old, new)
        with pytest.raises(AssertionError, match="a candidate gets worse: from strong to middling"):
            testing.assert_never_worse(new, old)

    def test_actions_can_be_compared_instead(self) -> None:
        """Renaming every verdict moves each case by name and nobody by action."""
        bands = [("yes", "4/5", "advance"), ("maybe", "3/5", "review"), ("no", "0", "decline")]
        old, new = changed(verdicts=[by_hand.verdict(*band) for band in bands], caps={"fatal": "no", "knock_out": "no"})
        with pytest.raises(AssertionError, match="a candidate moves from strong to yes"):
            testing.assert_same_verdicts(old, new)
        assert testing.assert_same_verdicts(old, new, by="action").proven
        assert testing.assert_never_worse(old, new).proven

    def test_files_are_compared_for_every_profile_and_their_lines_are_named(self, tmp_path: Path) -> None:
        text = (RULES / "ml-engineer-mid-written" / "rubric.yaml").read_text(encoding="utf-8")
        old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
        old.write_text(text, encoding="utf-8")
        new.write_text(
            text.replace("accuracy: 30%}", "accuracy: 20%}").replace("communication: 10%", "communication: 20%")
        )
        with pytest.raises(AssertionError) as caught:
            testing.assert_same_verdicts(old, new)
        line = 1 + next(n for n, row in enumerate(new.read_text().splitlines()) if row.strip() == "stated-10-30:")
        assert f"{new}:" in str(caught.value)
        assert "profile stated-10-30" in str(caught.value)
        numbers = [int(piece.split(")")[0]) for piece in str(caught.value).split(f"{new}:")[1:]]
        assert all(line <= number <= line + 5 for number in numbers)
        assert len(testing.assert_same_verdicts(old, old).universe) == 4

    def test_without_anything_in_common_there_is_nothing_to_compare(self) -> None:
        old, _ = changed()
        other = rubric(
            {**old.plan.pack, "profiles": [{**old.plan.pack["profiles"][0], "id": "x"}], "default_profile": "x"}
        )
        with pytest.raises(ValueError, match="have no profile in common"):
            testing.assert_same_verdicts(old, other)


class TestWhereNothingIsProven:
    """Where one panel cannot give all items all their outcomes, not all combinations occur: what is not ruled out is searched for."""

    def undecided(self, *items: dict[str, Any]) -> tuple[Rubric, Rubric]:
        document = pack(section("one", number("n"), number("m"), *items))
        return rubric(document), rubric({**document, "version": "2", "verdicts": cut_at("1/2")})

    def test_nothing_is_found_where_no_case_is_ever_complete_and_that_is_said(self) -> None:
        """Two examiners are too many for one item and one is too few for the other."""
        one, two = rating("single", by=by_hand.raters(top=1)), rating("double", by=by_hand.raters(examiner=2))
        old, new = self.undecided(one, two)
        evidence = testing.assert_same_verdicts(old, new)
        assert (evidence.proven, evidence.tried) == (False, 0)
        assert "NOT PROVEN (no one panel" in str(evidence)
        with pytest.raises(AssertionError, match="neither proven nor refuted"):
            testing.assert_same_verdicts(old, new, proven=True)
        assert testing.assert_never_worse(old, new).proven, "a superset of what can occur is enough for this"

    def test_a_case_that_is_at_hand_is_shown_though_not_all_can_be_counted(self) -> None:
        mean = rating("mean", by=by_hand.raters("mean", top=2))
        old, new = self.undecided(mean, rating("single", by=by_hand.raters(top=1)))
        with pytest.raises(AssertionError, match=r"from middling to strong. Between 1 and [0-9]+ outcome combinations"):
            testing.assert_never_better(old, new)

    def test_past_the_bound_a_case_is_found_by_search(self) -> None:
        old, new = changed(verdicts=cut_at("3/5"))
        with pytest.raises(AssertionError, match=r"from middling to strong. Found by search") as caught:
            testing.assert_same_verdicts(old, new, except_=["weak -> middling"], bound=1)
        assert "verdict        middling       strong" in str(caught.value)
        evidence = testing.assert_never_worse(old, new, bound=1)
        assert not evidence.proven
        assert evidence.tried > 100


# ---- Cheap where it is not used -------------------------------------------------------------------------------------------------------------


def modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {*done.stdout.split()}


def test_what_hypothesis_loads_at_its_start_loads_little() -> None:
    """The hook brings in the engine and neither attrs, YAML nor any strategy of ours."""
    loaded = modules_after("from scoring.testing.register import register; register()")
    assert "scoring.engine.rubric" in loaded
    assert not {"yaml", "cattrs", "scoring.testing.drawing", "scoring.change.answers"} & loaded


def test_importing_scoring_testing_alone_imports_no_hypothesis() -> None:
    assert "hypothesis" not in modules_after("import scoring.testing")


def test_a_missing_hypothesis_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys; sys.modules['hypothesis'] = None\nfrom scoring import testing\ntesting.laws"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (
        'MissingExtraError: scoring.testing needs the extra "testing": pip install "scoreproof[testing]"' in done.stderr
    )


def test_nothing_else_is_called_by_a_public_name() -> None:
    for name in testing.__all__:
        assert getattr(testing, name) is not None
    assert dir(testing) == sorted(testing.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        testing.nothing  # noqa: B018
