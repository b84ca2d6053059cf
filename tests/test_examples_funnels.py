"""Examples of a funnel: how they say who rates, which stages are handed in, the level and the variant, and what they state of stages."""

from __future__ import annotations

import pytest

from scoring.change.examples import ExampleReport, run_on
from scoring.errors import RubricError
from scoring.rubric.load import load

RUBRIC = """\
rubric: small-funnel
version: "1"
accept: {job-related-empty: a test, ask-empty: a test, option-text-empty: a test}
levels: [junior, senior]
variants: [paper, screen]
roles: {lead: Lead, peer: Peer}
scales:
  steps: {values: {low: {number: 0}, mid: {number: 1}, high: {number: 2}}}
competencies:
  - {id: craft, expected: {junior: mid, senior: high}}
verdicts:
  - {id: pass, from: 50%, action: advance}
  - {id: fail, from: 0%, action: decline}
  - {id: out, action: decline}
weights:
  default: only
  profiles: {only: {stages: {talk: 100%}}}
stages:
  - id: door
    sections:
      - id: first
        items:
          - {id: years, kind: choice, options: {none: {points: 0, flag: knock_out}, some: {points: 0}}}
          - {id: film, kind: evidence}
  - id: talk
    raters: {needs: {lead: 1}, max: 3, combine: lowest}
    sections:
      - id: shown
        items:
          - {id: craft-shown, kind: rating, scale: steps, competency: craft}
      - id: done
        items:
          - {id: on-paper, kind: mark, max: 4, only: paper}
          - {id: on-screen, kind: mark, max: 4, only: screen}
          - id: kit
            kind: checklist
            lines: {tools: {text: brings tools}}
            indicators: {positive: {tidy: leaves it tidy}}
"""
BASE = """\
base:
  level: junior
  variant: paper
  handed_in: [door, talk]
  raters: {ann: lead, bob: lead, cid: peer}
  answers:
    years: some
    film: {reference: f-1, seconds: "90"}
    craft-shown: mid
    on-paper: "4"
    kit: {ann: {lines: {tools: observed}}, bob: {lines: {tools: observed}}}
examples:
"""
THREE_QUARTERS = "expect: {verdict: pass, action: advance, score: 75%, determined_by: [band]}"
ENDED = "expect: {verdict: out, action: decline, score: none, determined_by: [knock_out]}"
WAITS = "expect: {verdict: none, action: wait, score: none, determined_by: []}"


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("funnel") / "rubric.yaml"
    path.write_text(RUBRIC)
    return load(path, level="junior").pack


def examples(*bodies: str, base: str = BASE) -> bytes:
    """A file of examples named e0, e1, ...; the first one begins in line 13."""
    indented = ("".join(f"    {line}\n" for line in body.splitlines()) for body in bodies)
    return (base + "".join(f"  - id: e{n}\n    shows: it\n{body}" for n, body in enumerate(indented))).encode()


def ran(pack: bytes, *bodies: str) -> ExampleReport:
    return run_on(pack, examples(*bodies))


def wrong(pack: bytes, *bodies: str) -> list[str]:
    """What is told of examples that are understood and do not hold."""
    return [problem.message for problem in ran(pack, *bodies).problems]


def told(pack: bytes, data: bytes) -> list[tuple[int, str]]:
    """Line and message of what keeps a file from being understood."""
    with pytest.raises(RubricError) as raised:
        run_on(pack, data)
    return [(problem.line, problem.message) for problem in raised.value.problems]


class TestWhatTheyTake:
    def test_the_base_is_one_whole_case(self, pack: bytes) -> None:
        assert [] == wrong(pack, THREE_QUARTERS)

    def test_a_text_is_the_rating_of_everybody_who_may_rate(self, pack: bytes) -> None:
        (result,) = ran(pack, THREE_QUARTERS).results
        assert result.decision is not None
        assert "mid" == result.decision.outcomes["craft-shown"]

    def test_texts_by_name_are_the_ratings_of_those_and_forms_stay_forms(self, pack: bytes) -> None:
        body = "answers: {craft-shown: {ann: high, bob: {rating: mid, concern: late}}}\n"
        expect = THREE_QUARTERS.replace("[band]", "[band], outcomes: {craft-shown: mid+noted}")
        assert [] == wrong(pack, body + expect)

    def test_one_silent_rater_is_waited_for(self, pack: bytes) -> None:
        assert [] == wrong(
            pack, "answers: {craft-shown: {ann: mid}}\n" + WAITS.replace("[]", "[], awaited: [craft-shown]")
        )

    def test_another_panel_replaces_the_whole_one(self, pack: bytes) -> None:
        body = "raters: {dan: lead}\nanswers: {craft-shown: high, kit: {dan: {lines: {tools: not_observed}}}}\n"
        assert [] == wrong(pack, body + THREE_QUARTERS)

    def test_handing_in_less_leaves_the_other_stages_answers_out(self, pack: bytes) -> None:
        """A knock-out is refused together with answers behind it, so it holds only if they are left out."""
        assert [] == wrong(pack, "handed_in: [door]\nanswers: {years: none}\n" + ENDED)
        (message,) = wrong(pack, "answers: {years: none}\n" + ENDED.replace("out, ", "fail, "))[:1]
        assert "refused" in message

    def test_another_variant_leaves_out_the_answers_to_the_first(self, pack: bytes) -> None:
        body = 'variant: screen\nanswers: {on-screen: "4"}\n'
        assert [] == wrong(
            pack, body + THREE_QUARTERS.replace("[band]", "[band], outcomes: {on-paper: excluded, on-screen: '4'}")
        )

    def test_a_level_of_its_own(self, pack: bytes) -> None:
        gap = "expect: {verdict: pass, action: advance, score: 75%, determined_by: [band], gaps: {craft-shown: "
        assert [] == wrong(pack, gap + '"0"}}', "level: senior\n" + gap + '"-1"}}')

    def test_seconds_are_numbers(self, pack: bytes) -> None:
        assert [] == wrong(pack, 'facts: {elapsed: {film: "90"}, accommodation: 3/2}\n' + THREE_QUARTERS)
        (message,) = wrong(pack, "facts: {elapsed: {film: long}}\n" + THREE_QUARTERS)
        assert "facts/elapsed" in message

    def test_what_a_person_decided_before(self, pack: bytes) -> None:
        void = "expect: {verdict: none, action: review, score: none, determined_by: [], status: void, holds: [void]}"
        lifted = "answers: {years: none}\nreinstate: {stage: door, reason: misread}\n" + THREE_QUARTERS
        assert [] == wrong(pack, "void: impersonation\n" + void, lifted)


class TestWhatTheyState:
    @pytest.mark.parametrize(
        ("stated", "message"),
        [
            ("stages: {door: passed, talk: [passed, 75%]}", None),
            ("stages: {door: ended}", "stages/door: expected ended, found passed"),
            ("stages: {talk: [passed, 74%]}", "stage shares/talk: expected 74.00 % (37/50), found 75.00 % (3/4)"),
            ("sections: {shown: 1/2, first: none}", None),
            ("sections: {shown: 1/3}", "sections/shown: expected 33.33 % (1/3), found 50.00 % (1/2)"),
            ('gaps: {craft-shown: "0"}', None),
            ('gaps: {craft-shown: "1"}', "gaps/craft-shown: expected 1, found 0"),
            ("awaited: []", None),
            ("awaited: [kit]", "awaited: expected [kit], found []"),
        ],
    )
    def test_of_stages_sections_gaps_and_what_is_awaited(self, pack: bytes, stated: str, message: str | None) -> None:
        found = wrong(pack, THREE_QUARTERS.replace("[band]", f"[band], {stated}"))
        assert ([] if message is None else [f'example "e0": {message}']) == found


class TestWhatMakesNoSense:
    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ("level: mid", 'expected one of junior, senior; found "mid"'),
            ("handed_in: [tlak]", 'expected a stage of the rubric; found "tlak"; did you mean "talk"?'),
            ("facts: {variant: paper}\nvariant: screen", "`facts` says it too: leave `variant` out there"),
        ],
    )
    def test_in_an_example(self, pack: bytes, body: str, message: str) -> None:
        assert [message] == [text for _, text in told(pack, examples(body + "\n" + THREE_QUARTERS))]

    @pytest.mark.parametrize(
        ("stated", "message"),
        [
            ("stages: {door: over}", "expected one of passed, ended, pending, waiting, not_evaluated"),
            ("stages: {dor: passed}", 'expected a stage of the rubric; found "dor"; did you mean "door"?'),
            ("sections: {sohwn: 1/2}", 'expected a section of the rubric; found "sohwn"; did you mean "shown"?'),
            ("gaps: {craft-shown: low}", 'expected a whole number of steps, or none; found "low"'),
            ("stages: [door]", "expected keys with values; found a list"),
        ],
    )
    def test_in_what_is_expected(self, pack: bytes, stated: str, message: str) -> None:
        ((_, text),) = told(pack, examples(THREE_QUARTERS.replace("[band]", f"[band], {stated}")))
        assert text.startswith(message)

    def test_without_a_level_anywhere_each_example_is_told(self, pack: bytes) -> None:
        base = BASE.replace("  level: junior\n", "")
        (found,) = told(pack, examples(THREE_QUARTERS, base=base))
        assert (12, "the rubric has levels: say `level` here or in the base, one of junior, senior") == found

    def test_a_panel_that_is_refused_is_told_where_it_stands(self, pack: bytes) -> None:
        (problem,) = ran(pack, "raters: {ann: lead, bob: lead, cid: 7 eyes}\n" + THREE_QUARTERS).problems
        assert (15, True) == (problem.line, "facts/raters" in problem.message)

    def test_levels_and_stages_are_refused_where_there_are_none(self, tmp_path) -> None:  # type: ignore[no-untyped-def]
        path = tmp_path / "rubric.yaml"
        path.write_text(
            'rubric: one\nversion: "1"\nverdicts:\n  - {id: a, from: 50%, action: advance}\n'
            "  - {id: b, from: 0%, action: decline}\nsections:\n  - {id: s, items: [{id: i, kind: mark, max: 1}]}\n"
        )
        data = b"base: {answers: {i: '1'}, level: x, handed_in: [main]}\nexamples: []\n"
        assert {
            "the rubric has no levels: leave this key out",
            "the rubric has one stage, which counts as handed in: leave this key out",
            "there is no example",
        } == {message for _, message in told(load(path).pack, data)}


class TestCoverage:
    def test_levels_variants_and_what_people_rate_are_to_be_reached(self, pack: bytes) -> None:
        names = {(row.kind, row.name) for row in ran(pack, THREE_QUARTERS).coverage}
        assert {("level", "junior"), ("level", "senior"), ("variant", "paper"), ("variant", "screen")} <= names
        assert {"craft-shown/low", "craft-shown/mid", "craft-shown/high", "craft-shown/awaited"} == {
            name for _, name in names if name.startswith("craft-shown/")
        }
        assert {"kit/0", "kit/1", "kit/noted", "kit/awaited"} == {name for _, name in names if name.startswith("kit/")}

    def test_one_example_reaches_its_level_its_variant_and_its_ratings(self, pack: bytes) -> None:
        reached = {(row.kind, row.name) for row in ran(pack, THREE_QUARTERS).coverage if row.examples}
        assert {
            ("level", "junior"),
            ("variant", "paper"),
            ("outcome", "craft-shown/mid"),
            ("outcome", "kit/1"),
        } <= reached
        assert ("level", "senior") not in reached
