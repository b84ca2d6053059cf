"""The runner for examples: what holds, what fails and how it is told, what cannot be understood, and what nobody reached."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import pytest

from scoring.change.examples import run, run_on
from scoring.errors import RubricError, StoreError
from scoring.rubric.load import load

NOTICE = "Some answers disqualify, whatever the score."
RUBRIC = f"""\
rubric: small
version: "1"
notice: {NOTICE}
verdicts:
  - {{id: pass, from: 80%, action: advance}}
  - {{id: look, from: 50%, action: review}}
  - {{id: fail, from: 0%, action: decline}}
sections:
  - id: one
    items:
      - {{id: pick, kind: choice, job_related: yes, options: {{A: {{points: 1}}, B: {{points: 0, flag: refer}}, C: {{points: 0, flag: fatal}}}}}}
  - id: two
    items:
      - {{id: tick, kind: selection, job_related: yes, mode: exact, options: {{X: {{right: true}}, Y: {{right: false}}}}}}
      - {{id: grade, kind: mark, job_related: yes, max: 4}}
overrides:
  - {{id: low-grade, when: {{item: grade, is: ["0", "1"]}}, cap: fail}}
"""
BASE = """\
base:
  answers: {pick: A, tick: [X], grade: "4"}
examples:
"""
PERFECT = "expect: {verdict: pass, action: advance, score: 100%, determined_by: [band]}"
HALF = "expect: {verdict: look, action: review, score: 50%, determined_by: [band]}"


# field: how it is so for B, how it is not, what is said then
FIELDS = {
    "verdict": ("verdict: look", "verdict: fail", "expected fail, found look"),
    "action": ("action: review", "action: advance", "expected advance, found review"),
    "score": ("score: 50%", "score: 1/3", "expected 33.33 % (1/3), found 50.00 % (1/2)"),
    "a score of none": ("score: 50%", "score: none", "expected none, found 50.00 % (1/2)"),
    "determined_by": (
        "determined_by: [band]",
        "determined_by: [band, fatal]",
        "expected [band, fatal], found [band]",
    ),
    "status": ("status: decided", "status: pending", "expected pending, found decided"),
    "holds": ("holds: [refer, verdict]", "holds: [refer]", "expected [refer], found [refer, verdict]"),
    "no holds": ("holds: [refer, verdict]", "holds: []", "expected [], found [refer, verdict]"),
    "outcomes": ("outcomes: {pick: B}", "outcomes: {pick: C}", "expected C, found B"),
}
# change: line, code and message
CHANGES = {
    "unknown item": ("answers: {pik: A}", 6, "unknown-word", 'expected an item of the rubric; found "pik"; did you mean "pick"?'),
    "unknown item left out": ("without: [pik]", 6, "unknown-word", 'expected an item of the rubric; found "pik"; did you mean "pick"?'),
    "unknown item not given": ("not_administered: {zzz: x}", 6, "unknown-word", 'expected an item of the rubric; found "zzz"'),
    "unknown key": ("answer: {pick: A}", 6, "unknown-key", 'an example has no key "answer"; did you mean "answers"?'),
    "unknown profile": ("profile: defalt", 6, "unknown-word", 'expected one of default; found "defalt"; did you mean "default"?'),
    "unknown notice": (
        "notice: early", 6, "unknown-word", 'expected one of proven, at_start, late, missing; found "early"',
    ),
    "answered and left out": (
        "answers: {pick: A}\nwithout: [pick]", 7, "two-sayings", '"pick" stands under `answers` too: leave one out',
    ),
    "answered and not given": (
        "answers: {pick: A}\nnot_administered: {pick: x}", 7, "two-sayings", '"pick" stands under `answers` too: leave one out',
    ),
    "two notices": (
        "notice: late\nfacts: {notice: {at: x}}", 6, "two-sayings", "`facts` says too when the notice was shown: leave one out",
    ),
    "no value": ("answers:\n  pick:", 7, "no-value", 'there is no value here: write "" for a blank answer'),
    "answers as a list": ("answers: [A]", 6, "wrong-form", "expected keys with values; found a list"),
    "facts as a text": ("facts: none", 6, "wrong-form", "expected keys with values; found a text"),
    "no facts": ("facts:", 6, "wrong-form", "expected keys with values; found nothing"),
    "without as a text": ("without: pick", 6, "wrong-form", "expected a list, as in [A, B]; found a text"),
    "profile as a list": ("profile: [default]", 6, "wrong-form", "expected a text; found a list"),
}  # fmt: skip
# expectation: what is right, what makes no sense, code and message
EXPECTATIONS = {
    "unknown verdict": ("verdict: pass", "verdict: pas", "unknown-word", 'expected one of pass, look, fail, none; found "pas"; did you mean "pass"?'),
    "unknown action": ("advance", "hire", "unknown-word", 'expected one of advance, review, decline, wait; found "hire"'),
    "a bare score": ("score: 100%", "score: 1", "number", '1 is no share; did you mean "100%" or 1%? (none while something is awaited)'),
    "unknown determinant": ("[band]", "[override:low]", "unknown-word",
        'expected one of band, fatal, knock_out, override:low-grade; found "override:low"; did you mean "override:low-grade"?'),
    "missing score": (", score: 100%", "", "missing-key", '`expect` needs the key "score"'),
    "missing verdict": ("verdict: pass, ", "", "missing-key", '`expect` needs the key "verdict"'),
    "missing action": ("action: advance, ", "", "missing-key", '`expect` needs the key "action"'),
    "missing determined_by": (", determined_by: [band]", "", "missing-key", '`expect` needs the key "determined_by"'),
    "unknown field": ("[band]", "[band], hold: []", "unknown-key", '`expect` has no key "hold"; did you mean "holds"?'),
    "unknown hold": ("[band]", "[band], holds: [referred]", "unknown-word",
        'expected one of void, refer, verdict, irregularity, notice, excerpt, excluded, unclear; found "referred"; did you mean "refer"?'),
    "unknown status": ("[band]", "[band], status: done", "unknown-word",
        'expected one of decided, pending, ended, void; found "done"'),
    "outcome of an unknown item": ("[band]", "[band], outcomes: {pik: A}", "unknown-word",
        'expected an item of the rubric; found "pik"; did you mean "pick"?'),
    "unknown outcome": ("[band]", "[band], outcomes: {pick: D}", "unknown-word", 'expected an outcome of "pick"; found "D"'),
    "a list where a word belongs": ("verdict: pass", "verdict: [pass]", "wrong-form", "expected a text; found a list"),
}  # fmt: skip


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("small") / "rubric.yaml"
    path.write_text(RUBRIC)
    return load(path).pack


@pytest.fixture(scope="module")
def silent_pack(tmp_path_factory) -> bytes:
    """The same rubric without a notice, and so without a fatal option."""
    path = tmp_path_factory.mktemp("silent") / "rubric.yaml"
    path.write_text(RUBRIC.replace(f"notice: {NOTICE}\n", "").replace(", flag: fatal", ""))
    return load(path).pack


def examples(*bodies: str, base: str = BASE) -> bytes:
    """A file of examples named e0, e1, ...; the first one begins in line 4 of the file."""
    lines = [
        f"  - id: e{n}\n    shows: it\n" + "".join(f"    {line}\n" for line in body.splitlines())
        for n, body in enumerate(bodies)
    ]
    return (base + "".join(lines)).encode()


def told(pack: bytes, data: bytes) -> list[tuple[int, str, str]]:
    """Line, code and message of everything that keeps a file from being understood."""
    with pytest.raises(RubricError) as raised:
        run_on(pack, data)
    return [(problem.line, problem.code, problem.message) for problem in raised.value.problems]


class TestComparing:
    def test_an_example_that_states_what_is_so_holds(self, pack):
        report = run_on(pack, examples(PERFECT))
        assert (True, ()) == (report.holds, report.problems)

    def test_a_field_that_differs_is_told_with_both_values_at_the_line_of_the_example(self, pack):
        (problem,) = run_on(pack, examples(PERFECT.replace("100%", "4/5")), "small.yaml").problems
        assert 'small.yaml:4:9: example "e0": score: expected 80.00 % (4/5), found 100.00 % (1)' == str(problem)
        assert ("example-fails", "  - id: e0", "examples/e0") == (problem.code, problem.source, problem.path)

    def test_all_fields_that_differ_stand_in_one_message_in_the_order_of_the_file(self, pack):
        (problem,) = run_on(pack, examples("answers: {pick: B}\n" + PERFECT)).problems
        assert (
            'example "e0": verdict: expected pass, found look; action: expected advance, found review; score: expected 100.00 % (1), found 50.00 % (1/2)'
            == problem.message
        )

    @pytest.mark.parametrize(("right", "wrong", "message"), FIELDS.values(), ids=FIELDS)
    def test_each_field_is_compared_both_ways(self, pack, right, wrong, message):
        all_right = "answers: {pick: B}\nexpect: {" + ", ".join(dict.fromkeys(row[0] for row in FIELDS.values())) + "}"
        assert run_on(pack, examples(all_right)).holds
        (problem,) = run_on(pack, examples(all_right.replace(right, wrong))).problems
        assert problem.message.endswith(f": {message}")
        assert 1 == problem.message.count("expected")

    def test_what_is_not_stated_is_not_compared(self, pack):
        assert run_on(pack, examples("answers: {pick: B}\n" + HALF)).holds

    def test_the_order_of_a_list_says_nothing(self, pack):
        assert run_on(pack, examples("answers: {pick: B}\n" + HALF.replace("}", ", holds: [verdict, refer]}"))).holds

    def test_shares_are_compared_as_numbers_however_they_are_spelled(self, pack):
        assert [True] * 4 == [
            run_on(pack, examples("answers: {pick: B}\n" + HALF.replace("50%", score))).holds
            for score in ("50.0%", "1/2", "2/4", "7" * 280 + "/1" + "5" * 279 + "4")
        ]

    def test_a_hair_beside_the_score_fails(self, pack):
        for score in ("49.99999999%", "49999999999999999999/100000000000000000000"):
            (problem,) = run_on(pack, examples("answers: {pick: B}\n" + HALF.replace("50%", score))).problems
            assert problem.message.startswith('example "e0": score: expected 49.99 % (')

    def test_examples_after_one_that_fails_are_run(self, pack):
        report = run_on(pack, examples(HALF, PERFECT, HALF))
        assert [False, True, False] == [result.holds for result in report.results]
        assert [4, 10] == [problem.line for problem in report.problems]

    def test_a_decision_comes_with_every_result(self, pack):
        (result,) = run_on(pack, examples(HALF)).results
        assert result.decision is not None
        assert ("e0", "it", "default", Fraction(1)) == (result.id, result.shows, result.profile, result.decision.score)


class TestSubmissions:
    """An example is the base, changed by what it says."""

    def found(self, pack, body, base=BASE):
        (result,) = run_on(pack, examples(body + "\n" + PERFECT, base=base)).results
        assert result.decision is not None
        return result.decision

    def test_answers_replace_those_of_the_base_and_leave_the_others(self, pack):
        assert {"pick": "B", "tick": "X", "grade": "4"} == self.found(pack, "answers: {pick: B}").outcomes

    def test_without_takes_answers_away(self, pack):
        assert {"pick": "absent", "tick": "absent", "grade": "4"} == self.found(pack, "without: [pick, tick]").outcomes

    def test_an_empty_text_and_an_empty_list_are_blank(self, pack):
        found = self.found(pack, 'answers: {pick: "", tick: []}').outcomes
        assert ("blank", "blank") == (found["pick"], found["tick"])

    def test_what_was_not_administered_needs_no_answer_taken_away(self, pack):
        found = self.found(pack, "not_administered: {tick: page did not load}")
        assert {"pick": "A", "tick": "excluded", "grade": "4"} == found.outcomes

    def test_pending_has_neither_verdict_nor_score_and_says_what_is_reachable(self, pack):
        stated = "expect: {verdict: none, action: wait, score: none, determined_by: [], reachable: [pass, fail], status: pending}"
        assert run_on(pack, examples("not_administered: {pick: never}\n" + stated)).holds is False
        assert run_on(pack, examples("not_administered: {pick: never}\n" + stated.replace("fail]", "look]"))).holds

    def test_facts_replace_those_of_the_base(self, pack):
        base = BASE.replace("examples:\n", "  facts: {irregularities: [noise]}\nexamples:\n")
        found = self.found(pack, "facts: {irregularities: [fire-alarm]}", base)
        assert (["fire-alarm"], True) == (found.data["irregularities"], found.data["notice"])

    def test_the_profile_is_the_default_where_none_is_named(self, pack):
        assert self.found(pack, "profile: default") == self.found(pack, "answers: {}")


class TestNotice:
    @pytest.mark.parametrize(
        ("word", "proven"), [("proven", True), ("at_start", True), ("late", False), ("missing", False)]
    )
    def test_the_notice_is_proven_as_the_word_says(self, pack, word, proven):
        stated = {True: "[fatal]", False: "[band]"}
        verdict = {True: "fail, action: decline", False: "look, action: review"}
        body = f"notice: {word}\nanswers: {{pick: C}}\nexpect: {{verdict: %s, score: 50%%, determined_by: %s}}"
        assert run_on(pack, examples(body % (verdict[proven], stated[proven]))).holds
        assert not run_on(pack, examples(body % (verdict[not proven], stated[not proven]))).holds

    def test_it_is_proven_where_nothing_is_said(self, pack):
        (result,) = run_on(pack, examples(PERFECT)).results
        assert result.decision.data["notice"] is True

    @pytest.mark.parametrize(("second", "plain"), [("00", True), ("01", False)])
    def test_facts_of_the_base_can_give_it_and_a_word_of_an_example_goes_before_them(self, pack, second, plain):
        digest = hashlib.sha256(NOTICE.encode()).hexdigest()
        notice = f'{{sha256: "{digest}", at: "2026-01-01T00:00:{second}Z"}}'
        facts = f'  facts: {{started_at: "2026-01-01T00:00:00Z", notice: {notice}}}\n'
        bodies = [PERFECT, *(f"notice: {word}\n{PERFECT}" for word in ("proven", "late", "missing"))]
        report = run_on(pack, examples(*bodies, base=BASE.replace("examples:\n", facts + "examples:\n")))
        assert [plain, True, False, False] == [result.decision.data["notice"] for result in report.results]

    def test_times_are_counted_from_the_start_that_the_facts_say(self, pack):
        facts = 'facts: {started_at: "2026-01-01T00:00:00Z"}\n'
        report = run_on(pack, examples(*(facts + f"notice: {word}\n" + PERFECT for word in ("proven", "late"))))
        assert [True, False] == [result.decision.data["notice"] for result in report.results]

    @pytest.mark.parametrize("start", ["yesterday", "2026-01-01", "2026-01-01T00:00:00+02:00", "9999-12-32T00:00:00Z"])
    def test_a_start_that_is_no_time_is_refused_by_the_rubric(self, pack, start):
        problems = run_on(pack, examples(f'facts: {{started_at: "{start}"}}\n{PERFECT}')).problems
        assert any("facts/started_at" in problem.message for problem in problems)
        assert {6} == {problem.line for problem in problems if "facts/started_at" in problem.message}

    def test_a_start_before_which_there_is_no_time_is_as_good_as_any(self, pack):
        (result,) = run_on(pack, examples(f'facts: {{started_at: "0001-01-01T00:00:00Z"}}\n{PERFECT}')).results
        assert result.decision.data["notice"] is True

    def test_a_rubric_without_a_notice_needs_none_and_takes_none(self, silent_pack):
        (result,) = run_on(silent_pack, examples(PERFECT)).results
        assert result.decision.data["notice"] is None
        assert [(6, "notice-none", "the rubric has no notice: leave this key out")] == told(
            silent_pack, examples("notice: late\n" + PERFECT)
        )


class TestRefused:
    """A submission that the rubric refuses fails its example and stops nothing else."""

    def test_the_answer_is_pointed_at_and_not_repeated(self, pack):
        report = run_on(pack, examples("answers:\n  tick: [[secret]]\n  pick: B\n" + PERFECT, PERFECT))
        (problem,) = report.problems
        assert (7, "example-fails") == (problem.line, problem.code)
        assert problem.message.startswith('example "e0": its submission is refused: answers/tick: ')
        assert "secret" not in problem.message
        assert [None, "pass"] == [result.decision and result.decision.verdict for result in report.results]

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("[X]", "X", "answers/tick: expected a list of option ids, got text; write [X]"),
            ("[X]", "{X: X}", "answers/tick: expected a list of option ids, got an object"),
            (
                '"4"',
                '["4"]',
                "answers/grade: expected a number as an integer or as text, got a list; write 4, without brackets",
            ),
        ],
    )
    def test_what_is_wrong_in_the_base_is_told_once_at_its_line_with_the_form_that_works(self, pack, old, new, said):
        problems = told(pack, examples(PERFECT, PERFECT, base=BASE.replace(old, new)))
        assert [(2, "base-refused", f"the base is refused: {said}")] == problems

    def test_a_wrong_start_in_the_base_is_told_at_its_line_and_without_the_notice_that_was_made_up_from_it(self, pack):
        base = BASE.replace("examples:\n", "  facts:\n    started_at: yesterday\nexamples:\n")
        ((line, code, message),) = told(pack, examples(PERFECT, base=base))
        assert (4, "base-refused") == (line, code)
        assert "facts/started_at" in message

    def test_an_answer_of_the_wrong_form_in_an_example_is_told_with_the_form_that_works(self, pack):
        (problem,) = run_on(pack, examples("answers: {tick: X}\n" + PERFECT)).problems
        assert problem.message.endswith("answers/tick: expected a list of option ids, got text; write [X]")

    @pytest.mark.parametrize(
        ("answers", "said"),
        [
            ("pick: D", 'pick: "D" is no option of it (invalid)'),
            ("pick: [D, E]", 'pick: "D", "E" are no options of it (invalid)'),
            ("tick: [X, Z]", 'tick: "Z" is no option of it (invalid)'),
        ],
    )
    def test_an_answer_that_names_no_option_is_said_where_the_example_fails(self, pack, answers, said):
        (problem,) = run_on(pack, examples(f"answers: {{{answers}}}\n{PERFECT}")).problems
        assert problem.message.endswith(f"; {said}")
        item = answers.partition(":")[0]
        meant = PERFECT.replace("}", f", outcomes: {{{item}: invalid}}}}")
        (problem,) = run_on(pack, examples(f"answers: {{{answers}}}\n{meant}")).problems
        assert "no option" not in problem.message

    def test_an_unknown_fact_is_refused(self, pack):
        (problem,) = run_on(pack, examples("facts: {weather: fine}\n" + PERFECT)).problems
        assert "facts/weather" in problem.message


class TestBadFiles:
    """What cannot be understood is told at its place, everything at once, and nothing is run."""

    @pytest.mark.parametrize(("body", "line", "code", "message"), CHANGES.values(), ids=CHANGES)
    def test_a_change_that_makes_no_sense(self, pack, body, line, code, message):
        assert [(line, code, message)] == told(pack, examples(body + "\n" + PERFECT))

    @pytest.mark.parametrize(("old", "new", "code", "message"), EXPECTATIONS.values(), ids=EXPECTATIONS)
    def test_an_expectation_that_makes_no_sense(self, pack, old, new, code, message):
        assert old in PERFECT
        assert [(6, code, message)] == told(pack, examples(PERFECT.replace(old, new)))

    @pytest.mark.parametrize("key", ["id", "shows", "expect"])
    def test_an_example_needs_its_keys(self, pack, key):
        lines = [line for line in examples(PERFECT).decode().splitlines() if f"{key}: " not in line]
        text = "\n".join(lines).replace("    shows", "  - shows") if key == "id" else "\n".join(lines)
        assert [(4, "missing-key", f'an example needs the key "{key}"')] == told(pack, text.encode())

    def test_an_id_stands_once(self, pack):
        data = examples(PERFECT, PERFECT).replace(b"id: e1", b"id: e0")
        assert [(7, "id-twice", 'the id "e0" stands twice; the first one is in line 4')] == told(pack, data)

    def test_an_id_has_the_form_of_an_id(self, pack):
        (problem,) = told(pack, examples(PERFECT).replace(b"id: e0", b"id: e 0"))
        assert (4, "id-form") == problem[:2]

    def test_the_file_needs_a_base_and_examples(self, pack):
        assert [
            (1, "missing-key", 'the file needs the key "base"'),
            (1, "missing-key", 'the file needs the key "examples"'),
            (1, "unknown-key", 'the file has no key "example"; did you mean "examples"?'),
        ] == sorted(told(pack, b"example: []\n"))

    def test_a_file_without_an_example_is_none(self, pack):
        assert [(2, "too-few", "there is no example")] == told(pack, b"base: {answers: {}}\nexamples: []\n")

    def test_a_file_that_is_a_list_is_none(self, pack):
        assert ["wrong-form"] == [code for _, code, _ in told(pack, b"- id: e0\n")]

    def test_all_problems_come_at_once_in_the_order_of_the_file(self, pack):
        data = examples(
            "answers: {pik: A}\n" + PERFECT,
            PERFECT.replace("pass", "past"),
            "profil: x\n" + PERFECT.replace(", score: 100%", ""),
        )
        assert [(6, "unknown-word"), (10, "unknown-word"), (13, "unknown-key"), (14, "missing-key")] == [
            row[:2] for row in told(pack, data)
        ]

    def test_what_is_no_yaml_is_told_by_the_reader(self, pack):
        (problem,) = told(pack, b"base: {answers: [}\n")
        assert 1 == problem[0]

    def test_a_file_with_more_problems_than_anybody_reads_stops(self, pack):
        codes = [code for _, code, _ in told(pack, examples(*["answers: {pik: A}\n" + PERFECT] * 300))]
        assert ("too-many-problems", 201) == (codes[-1], len(codes))


class TestCoverage:
    def rows(self, pack, *bodies):
        return {(row.kind, row.name): row.examples for row in run_on(pack, examples(*bodies)).coverage}

    def test_everything_that_examples_should_reach_is_listed_in_the_rubrics_order(self, pack):
        assert [
            ("verdict", "pass"), ("verdict", "look"), ("verdict", "fail"),
            ("profile", "default"),
            ("flag", "fatal"), ("flag", "refer"),
            ("override", "low-grade"),
            *(("outcome", f"pick/{name}") for name in ("A", "B", "C", "several", "several_flagged")),
            ("outcome", "tick/X"), ("outcome", "tick/Y"),
            ("outcome", "grade/0"), ("outcome", "grade/4"),
        ] == [*self.rows(pack, PERFECT)]  # fmt: skip

    def test_one_perfect_example_reaches_only_what_it_reaches(self, pack):
        reached = {thing for thing, by in self.rows(pack, PERFECT).items() if by}
        assert {
            ("verdict", "pass"), ("profile", "default"), ("outcome", "pick/A"), ("outcome", "tick/X"), ("outcome", "grade/4"),
        } == reached  # fmt: skip

    def test_flags_overrides_and_each_chosen_option_count(self, pack):
        body = (
            'answers: {pick: C, tick: [X, Y], grade: "0"}\n'
            "expect: {verdict: fail, action: decline, score: 0%, determined_by: [band, fatal, override:low-grade]}"
        )
        rows = self.rows(pack, PERFECT, body)
        wanted = [("flag", "fatal"), ("override", "low-grade"), ("outcome", "tick/Y"), ("outcome", "grade/0")]
        assert [("e1",)] * 4 == [rows[thing] for thing in wanted]
        assert ("e0", "e1") == rows["outcome", "tick/X"]

    def test_an_example_that_fails_reaches_nothing(self, pack):
        assert {()} == {*self.rows(pack, HALF).values()}

    def test_unreached_is_what_is_left(self, pack):
        report = run_on(pack, examples(PERFECT))
        assert [row for row in report.coverage if not row.examples] == [*report.unreached]
        assert "grade/0" in {row.name for row in report.unreached}


class TestFiles:
    @pytest.fixture
    def rubric(self, tmp_path):
        path = tmp_path / "rubric.yaml"
        path.write_text(RUBRIC)
        return path

    def test_the_examples_beside_the_rubric_are_run(self, rubric):
        (rubric.parent / "examples.yaml").write_bytes(examples(PERFECT, HALF))
        report = run(rubric)
        assert [True, False] == [result.holds for result in report.results]
        assert str(rubric.parent / "examples.yaml") == report.file == report.problems[0].file

    def test_other_examples_can_be_named(self, rubric, tmp_path):
        (tmp_path / "others.yaml").write_bytes(examples(PERFECT))
        assert run(rubric, tmp_path / "others.yaml").holds

    def test_a_pack_does_as_well(self, rubric, pack):
        (rubric.parent / "small.json").write_bytes(pack)
        (rubric.parent / "examples.yaml").write_bytes(examples(PERFECT))
        assert run(rubric.parent / "small.json").holds

    def test_no_examples_are_a_problem_of_the_machine(self, rubric):
        with pytest.raises(StoreError, match=r"examples\.yaml"):
            run(rubric)

    def test_a_file_too_large_to_read_is_refused(self, rubric):
        (rubric.parent / "examples.yaml").write_bytes(b"#" * (2 << 20))
        with pytest.raises(RubricError, match="larger than"):
            run(rubric)

    def test_a_wrong_rubric_is_told_before_its_examples_are_looked_at(self, rubric):
        rubric.write_text(RUBRIC.replace("from: 0%", "from: 10%"))
        (rubric.parent / "examples.yaml").write_bytes(b"nonsense")
        with pytest.raises(RubricError) as raised:
            run(rubric)
        assert {str(rubric)} == {problem.file for problem in raised.value.problems}
