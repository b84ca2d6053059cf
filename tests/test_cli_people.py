"""The command line for funnels and the people in them: levels, stages, openings, a person's word, new versions of a rubric."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path

import pytest

import scoring
from scoring.cli import main
from scoring.cli.start import shipped
from scoring.cli.template import template_of
from scoring.rubric.schema import submission_schema
from test_cli import KEYS, SAYS, amended, lines, objects
from test_rubric_schema import faults

FUNNEL = "demo/funnel/rubric.yaml"
SHEETS = "demo/funnel/submissions.jsonl"
LOG = "demo/decisions"
LEVELS = str(shipped("data-scientist") / "rubric.yaml")
MARKER = "Zk7qX-marker-Zk7qX"  # what nobody but a person could have written
NO_ID = f"{MARKER} {MARKER}"  # an id may be repeated in a message: it says what to look for
RATERS = {"ruth": "reviewer", "omar": "reviewer", "ida": "lead", "eric": "engineer"}
PANEL = [word for name, role in RATERS.items() for word in ("--rater", f"{name}:{role}")]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What the demonstration leaves. Read-only."""
    path = tmp_path_factory.mktemp("made") / "demo"
    assert main(["demo", str(path), "--json"]) == 0
    return path


@pytest.fixture(autouse=True)
def demo(made, tmp_path, monkeypatch):
    """A copy of it, in the current directory."""
    shutil.copytree(made, tmp_path / "demo")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def call(capsys, monkeypatch):
    """Run a command in this process: its status, standard output and standard error."""

    def run(*argv, stdin=None):
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        status = main([str(word) for word in argv])
        return status, *capsys.readouterr()

    return run


def handed_in(number):
    """One line of the submissions of the funnel: alma's application, resume and interview, then bo's application."""
    return json.loads(Path(SHEETS).read_text().splitlines()[number])


def of_another(number, case, **changes):
    """The same for somebody else, who was not opened."""
    return handed_in(number) | {"id": f"{case}-{number}", "case": case} | changes


class TestLevel:
    def test_a_rubric_with_levels_is_scored_by_the_one_that_is_chosen(self, call):
        sheet = {"answers": {"production-years": "less-than-1"}, "facts": {"variant": "with-ai"}}
        results = [
            objects(call("score", LEVELS, "-", "--level", level, "--json", stdin=lines(sheet))[1])[0]
            for level in ("junior", "senior")
        ]
        assert [(each["level"], each["variant"], each["verdict"]) for each in results] == [
            ("junior", "with-ai", "declined-at-the-door"),
            ("senior", "with-ai", "declined-at-the-door"),
        ]

    @pytest.mark.parametrize(
        ("rubric", "level", "said"),
        [
            (LEVELS, [], "needs a level; it has junior, mid, senior, principal; --level LEVEL says which"),
            (LEVELS, ["--level", "md"], 'no such level; it has junior, mid, senior, principal; did you mean "mid"?'),
            (FUNNEL, ["--level", "mid"], "this rubric has no levels; leave the level out"),
        ],
    )
    @pytest.mark.parametrize("command", [["score"], ["open", LOG]])
    def test_a_wrong_one_is_named_with_those_there_are(self, command, rubric, level, said, call):
        needed = ["--case", "c"] if command[0] == "open" else ["--template"]
        status, out, err = call(*command, rubric, *needed, *level)
        assert (status, out) == (2, "")
        assert said in err
        assert err.startswith(rubric)

    def test_what_is_the_same_at_each_level_needs_none(self, call):
        assert call("check", LEVELS)[0] == 0
        assert call("pack", LEVELS, "-o", "out", "--untested")[0] == 0
        pack = next(Path("out").glob("*.pack.json"))
        assert call("append", LOG, pack)[0] == 0

    def test_a_submission_that_was_decided_at_another_level_is_shown_with_that(self, call):
        sheet = {
            "id": "x",
            "case": "x",
            "facts": {"variant": "with-ai"},
            "answers": {"production-years": "less-than-1"},
        }
        argv = ["score", LEVELS, "-", "--log", LOG]
        call(*argv, "--level", "junior", stdin=lines(sheet))
        status, out, _ = call(*argv, "--level", "senior", stdin=lines(sheet))
        assert status == 0
        assert "recorded already as #15 with level junior" in out


class TestFunnel:
    def test_people_see_the_stage_and_what_is_awaited_there(self, call):
        sheet = handed_in(1)
        del sheet["answers"]["found-causes"]["omar"]
        sheet["handed_in"].remove("resume")
        status, out, _ = call("score", FUNNEL, "-", stdin=lines(sheet))
        assert status == 0
        head, row = out.splitlines()
        assert " ".join(head.split()) == "record submission verdict action score stage decided by held by"
        assert "resume pending  waits for resume: found-causes; interview  -" in row

    def test_machines_get_the_stages_and_what_is_awaited_by_stage(self, call):
        _, out, _ = call("score", FUNNEL, SHEETS, "--json")
        results = objects(out)
        assert [each["stage"] for each in results] == ["resume", "interview", "interview", "application"]
        assert [each["waits"] for each in results] == [
            {"resume": ["talked-to-customers", "found-causes"], "interview": ["angry-call", "broken-export"]},
            {"interview": ["angry-call", "broken-export"]},
            {},
            {},
        ]
        assert results[3]["stages"] == {"application": "ended", "resume": "not_evaluated", "interview": "not_evaluated"}

    def test_of_many_items_some_are_named_and_the_rest_counted(self, call):
        sheet = {"handed_in": ["application", "resume"], "facts": {"variant": "with-ai"}}
        sheet["answers"] = {"production-years": "5-plus", "early-launch-video": {"reference": "v"}}
        _, out, _ = call("score", LEVELS, "-", "--level", "mid", stdin=lines(sheet))
        assert "data-quality and 4 more; interviews" in out

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"facts": {"variant": "with-ai"}}, "facts/variant: this rubric has no variants: leave it out"),
            ({"handed_in": ["resum"]}, "this rubric has application, resume, interview"),
            ({"answers": {"angry-call": {"ruth": {"rating": "clearly"}}}}, "answers/angry-call"),
            ({"answers": {"angry-call": {NO_ID: {"rating": "clearly"}}}}, "answers/angry-call"),
            ({"answers": {"angry-call": {"lena": {"rating": MARKER}}}}, "answers/angry-call"),
            ({"answers": {"angry-call": {"lena": {"rating": "no", "concern": [MARKER]}}}}, "answers/angry-call"),
            ({"answers": {"angry-call": {"lena": {NO_ID: "x"}}}}, "answers/angry-call"),
            ({"answers": {"broken-export": {"lena": {"lines": {NO_ID: "observed"}}}}}, "answers/broken-export"),
            ({"facts": {"variant": MARKER}}, "facts/variant"),
            ({"facts": {"raters": {NO_ID: "two words"}}}, "facts/raters"),
            ({"facts": {"accommodation": MARKER}}, "facts/accommodation"),
            ({"facts": {"elapsed": {"weekends": MARKER}}}, "facts/elapsed"),
            ({"void": NO_ID}, "void"),
            ({"reinstate": {"reason": MARKER, "stage": MARKER}}, "reinstate/stage"),
        ],
    )
    def test_what_does_not_fit_is_located_and_never_repeated(self, change, said, call):
        sheet = of_another(0, MARKER) | change
        status, _, err = call("score", FUNNEL, "-", stdin=lines(sheet))
        assert status == 2
        assert said in err
        assert MARKER not in err

    def test_a_variant_that_is_missing_or_wrong_is_named_with_those_there_are(self, call):
        for facts, said in (({}, "is missing; it has"), ({"variant": "with-a"}, 'did you mean "with-ai"?')):
            _, _, err = call("score", LEVELS, "-", "--level", "mid", stdin=lines({"answers": {}, "facts": facts}))
            assert said in err

    def test_an_answer_after_the_end_is_refused(self, call):
        sheet = of_another(3, "bo", facts=handed_in(1)["facts"])
        sheet["answers"] |= {"found-causes": {"ruth": {"rating": "clearly"}}}
        status, _, err = call("score", FUNNEL, "-", "--log", LOG, stdin=lines(sheet))
        assert status == 2
        assert "the case ended at stage application" in err


class TestTemplate:
    def test_it_has_the_stages_the_panel_and_a_form_for_each_rater(self, call):
        template = objects(call("score", FUNNEL, "--template", "--json")[1])[0]
        assert template["handed_in"] == ["application", "resume", "interview"]
        assert sorted(template["facts"]["raters"].values()) == ["engineer", "lead", "reviewer", "reviewer"]
        assert template["answers"]["found-causes"] == {
            "reviewer-1": {"rating": "no | partly | clearly"},
            "reviewer-2": {"rating": "no | partly | clearly"},
        }
        lines_ = template["answers"]["broken-export"]["lead"]["lines"]
        assert lines_.keys() == {"reproduces", "reads-log", "tells-customer"}

    def test_it_names_what_other_variants_leave_out(self, call):
        status, out, err = call("score", LEVELS, "--template", "--level", "mid")
        assert status == 0
        assert json.loads(out)["facts"]["variant"] == "without-ai | with-ai"
        assert "variant without-ai: leave out churn-model-with-ai" in err

    @pytest.mark.parametrize(("rubric", "level"), [(FUNNEL, None), (LEVELS, "mid")])
    def test_it_is_refused_as_it_stands_and_scores_once_it_is_filled_in(self, rubric, level):
        """Filled in, it fits the schema that hosts get, too."""
        ready = scoring.load(rubric, level=level)
        template = template_of(ready)
        with pytest.raises(scoring.SubmissionError):
            ready.score(template)
        filled = self.filled(ready, template)
        assert ready.score(filled).status == "decided"
        schema = submission_schema(ready.plan.pack)
        assert faults(filled, schema, schema) == []
        assert faults(template, schema, schema) != []

    def filled(self, rubric, template):
        """Fill it in as somebody does who takes the first variant, the last of each choice, and `at` for each time."""
        facts = template["facts"] | {"started_at": "2026-11-21T09:05:00Z"}
        facts["notice"] = facts["notice"] | {"at": "2026-11-21T09:00:00Z"}
        if rubric.variants:
            facts["variant"] = rubric.variants[0]
        outside = rubric.score({"answers": {}, "facts": facts}).standing.frame.outside
        items = {item.id: item for item in rubric.plan.items if item.place not in outside}
        answers = {name: self.answer(items[name].data, template["answers"][name]) for name in items}
        return template | {"id": "x", "case": "x", "facts": facts, "answers": answers}

    def answer(self, item, empty):
        def last(value):
            return {key: last(each) for key, each in value.items()} if type(value) is dict else value.split(" | ")[-1]

        if item["kind"] == "checklist":
            return {rater: {"lines": dict.fromkeys(form["lines"], "observed")} for rater, form in empty.items()}

        if item["kind"] == "rating":
            return {rater: last(form) for rater, form in empty.items()}
        if item["kind"] == "evidence":
            return {"reference": "kept elsewhere"}
        return next(option["id"] for option in item["options"] if option["flag"] is None)


class TestOpen:
    def test_what_is_fixed_binds_every_submission_of_the_case(self, call):
        status, out, err = call("open", LOG, FUNNEL, "--case", "cleo", *PANEL)
        assert (status, err) == (0, "")
        assert out == (
            "record #14: cleo is opened under support-engineer-hiring 1, profile interview-first; fixed: raters\n"
        )
        other = of_another(1, "cleo")
        status, _, err = call("score", FUNNEL, "-", "--log", LOG, stdin=lines(other))
        assert status == 2
        assert "facts/raters" in err
        other["facts"]["raters"] = RATERS
        assert call("score", FUNNEL, "-", "--log", LOG, stdin=lines(other))[0] == 0
        assert call("verify", LOG)[0] == 0

    def test_it_can_be_said_again_under_its_id_and_by_no_other(self, call):
        argv = ["open", LOG, FUNNEL, "--case", "cleo"]
        assert call(*argv, "--id", "o-1")[0] == 0
        status, out, _ = call(*argv, "--id", "o-1")
        assert (status, out.split(":")[0]) == (0, "record #14 again")
        status, out, err = call(*argv)
        assert (status, out) == (2, "")
        assert "opened already, by record #14" in err

    def test_facts_come_from_a_file_or_from_standard_input(self, call):
        facts = json.dumps({"started_at": "2999-01-01T00:00:00Z"}).encode()
        Path("facts.json").write_bytes(facts)
        _, out, _ = call("open", LOG, FUNNEL, "--case", "c1", "--facts", "facts.json", *PANEL, "--json")
        assert objects(out)[0]["fixed"] == ["raters", "started_at"]
        _, out, _ = call("open", LOG, FUNNEL, "--case", "c2", "--facts", "-", "--json", stdin=facts)
        assert objects(out)[0]["fixed"] == ["started_at"]

    def test_a_level_and_a_variant_can_be_fixed(self, call):
        argv = ["open", LOG, LEVELS, "--case", "dan", "--level", "senior", "--variant", "with-ai"]
        assert "level senior; fixed: variant" in call(*argv)[1]
        sheet = {"id": "dan-1", "case": "dan", "answers": {"production-years": "less-than-1"}}
        status, _, err = call("score", LEVELS, "-", "--level", "mid", "--log", LOG, stdin=lines(sheet))
        assert status == 2
        assert "senior" in err
        status, out, _ = call("score", LEVELS, "-", "--level", "senior", "--log", LOG, "--json", stdin=lines(sheet))
        assert (status, objects(out)[0]["variant"]) == (0, "with-ai")

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            (["--rater", "ruth"], "--rater wants NAME:ROLE"),
            (["--rater", "ruth:reviewer", "--rater", "ruth:lead"], "names one person twice"),
            (["--rater", "ruth:reviewr"], 'did you mean "reviewer"?'),
            (["--variant", "x"], "this rubric has no variants"),
            (["--facts", "nothing.json"], "nothing.json: no such file"),
            (["--facts", "list.json"], "list.json holds no JSON object"),
            (["--facts", "sheet.json"], "looks like a submission"),
            (["--facts", "broken.json"], "broken.json:1:"),
            (["--facts", "other.json"], "no fact that an opening fixes"),
            (["--facts", "raters.json", "--rater", "ruth:reviewer"], "say it once"),
            (["--id", "no spaces please"], "id: "),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_recorded(self, more, said, call):
        files = {
            "list": [MARKER],
            "sheet": {"facts": {}, "answers": {}},
            "other": {"elapsed": {}},
            "raters": {"raters": {}},
        }
        for name, value in files.items():
            Path(f"{name}.json").write_text(json.dumps(value))
        Path("broken.json").write_text(f'{{"{MARKER}": ')
        status, out, err = call("open", LOG, FUNNEL, "--case", "c", *more)
        assert (status, out) == (2, "")
        assert said in err
        assert MARKER not in err
        assert "14 records" in call("status", LOG)[1]

    def test_a_case_that_is_decided_already_is_not_opened(self, call):
        status, out, err = call("open", LOG, FUNNEL, "--case", "bo")
        assert (status, out) == (2, "")
        assert "nothing was recorded" in err

    def test_rubric_and_facts_cannot_both_be_standard_input(self, call):
        assert "cannot both" in call("open", LOG, "-", "--case", "c", "--facts", "-")[2]

    def test_a_log_is_made_only_on_request(self, call):
        status, _, err = call("open", "fresh", FUNNEL, "--case", "c")
        assert status == 2
        assert "--create makes one" in err
        assert call("open", "fresh", FUNNEL, "--case", "c", "--create")[0] == 0
        assert objects(call("status", "fresh", "--json")[1])[0] == {
            "type": "opened",
            "name": None,
            "cases": 1,
            "first": [2],
            "named": ["c"],
        }


class TestResolve:
    def test_a_confirmation_lets_the_verdicts_own_action_happen(self, call):
        status, out, err = call("resolve", LOG, "hasty-work", "confirm", *SAYS)
        assert (status, err) == (0, "")
        assert out.splitlines() == [
            "record #14: #5 is confirmed, reason looked-at",
            "the rules say strong_pass, action review, held by refer",
            "a person confirmed #5, reason looked-at (record #14)",
            "what counts now: strong_pass; what to do: advance",
        ]

    def test_another_verdict_can_count(self, call):
        status, out, _ = call("resolve", LOG, "#5", "override", "--verdict", "fail", *SAYS)
        assert status == 0
        assert "a person overrode #5 to fail" in out
        assert "what counts now: fail; what to do: decline" in out

    def test_whoever_is_reinstated_goes_on_and_is_scored_again(self, call):
        status, out, _ = call("resolve", LOG, "bo", "reinstate", "--stage", "application", *SAYS)
        assert status == 0
        assert "reinstated #12 up to stage application" in out
        assert "is to be scored again" in out
        status, out, _ = call("score", FUNNEL, "-", "--log", LOG, "--json", stdin=lines(of_another(3, "bo")))
        assert (status, objects(out)[0]["stage"], objects(out)[0]["action"]) == (0, "resume", "wait")
        assert call("verify", LOG)[0] == call("replay", LOG)[0] == 0

    def test_a_sitting_can_be_void_and_that_be_taken_back(self, call):
        assert "a person made #12 void" in call("resolve", LOG, "bo", "void", *SAYS)[1]
        call("score", FUNNEL, "-", "--log", LOG, stdin=lines(of_another(3, "bo")))
        (now,) = objects(call("explain", LOG, "bo", "--json")[1])
        assert (now["status"], now["void"], now["action"]) == ("void", "looked-at", "review")
        status, out, _ = call("resolve", LOG, "bo", "withdraw", "--withdraws", "14", *SAYS)
        assert status == 0
        assert "record #16: #14 is withdrawn" in out

    def test_the_same_id_gives_the_same_record(self, call):
        argv = ["resolve", LOG, "hasty-work", "confirm", *SAYS, "--id", "w-1", "--json"]
        assert [objects(call(*argv)[1])[0]["seq"] for _ in range(2)] == [14, 14]
        status, _, err = call("resolve", LOG, "hasty-work", "void", *SAYS, "--id", "w-1")
        assert status == 2
        assert "w-1" in err

    @pytest.mark.parametrize(
        ("argv", "said"),
        [
            (["alma", "confirmm", *SAYS], 'Did you mean "confirm"?'),
            (["alma", "confirm", "--why", "x", "--reason", "r"], "--who requires an argument"),
            (["alma", "confirm", "--who", "x", "--why", "", "--reason", "r"], "why: say why"),
            (["alma", "confirm", "--who", "x", "--why", "y", "--reason", "two words"], "names nobody"),
            (["alma", "override", *SAYS], "override needs the verdict"),
            (["alma", "override", *SAYS, "--verdict", "offr"], "no such verdict as offr: it has offer"),
            (["alma", "confirm", *SAYS, "--verdict", "offer"], "goes with override only"),
            (["alma", "reinstate", *SAYS, "--stage", "interview"], "nothing was recorded"),
            (["bo", "reinstate", *SAYS, "--stage", "door"], "nothing was recorded"),
            (["bo", "withdraw", *SAYS, "--withdraws", "13"], "nothing was recorded"),
            (["bo", "withdraw", *SAYS], "withdraw needs the record"),
            (["not-given", "confirm", *SAYS], "is pending and has no verdict to confirm"),
            (["9", "confirm", *SAYS], "the case's newest decision is record #11"),
            (["8", "confirm", *SAYS], "record #8 is an opening; expected a decision"),
            (["nobody", "confirm", *SAYS], 'no decision of a case "nobody"'),
        ],
    )
    def test_what_cannot_be_said_is_refused_with_its_reason(self, argv, said, call):
        status, out, err = call("resolve", LOG, *argv)
        assert (status, out) == (2, "")
        assert said in err
        assert "14 records" in call("status", LOG)[1]

    def test_nothing_is_said_without_the_vault(self, call):
        Path("demo/decisions.vault").unlink()
        status, _, err = call("resolve", LOG, "5", "confirm", *SAYS)
        assert status == 2
        assert "vault" in err

    def test_who_and_why_lie_in_the_vault_alone(self, call):
        call("resolve", LOG, "hasty-work", "confirm", "--who", MARKER, "--why", MARKER, "--reason", "r")
        for path in Path(LOG).rglob("*"):
            assert path.is_dir() or MARKER.encode() not in path.read_bytes()
        assert MARKER in call("explain", LOG, "hasty-work")[1]

    def test_why_may_come_from_standard_input_and_so_stays_out_of_the_shells_history(self, call):
        argv = ["resolve", LOG, "hasty-work", "confirm", "--who", "Ada", "--why", "-", "--reason", "r"]
        assert call(*argv, stdin=f"Talked to them.\n{MARKER}\n".encode())[0] == 0
        with scoring.AuditLog.open(LOG) as log:
            assert log.said(14) == {"who": "Ada", "why": f"Talked to them.\n{MARKER}"}
        status, out, err = call(*argv, stdin=b"\xff" + MARKER.encode())
        assert (status, out) == (2, "")
        assert "<stdin> is not UTF-8" in err
        assert MARKER not in err

    def test_an_id_that_was_not_given_says_nothing_of_the_case(self, call):
        names = [objects(call("resolve", LOG, "bo", "confirm", *SAYS, "--json")[1])[0]["id"] for _ in range(2)]
        assert len({*names}) == 2
        assert all("bo" not in name for name in names)


class TestStatus:
    def test_it_tells_what_waits_what_is_held_and_what_people_said(self, call):
        status, out, err = call("status", LOG)
        assert (status, err) == (0, "")
        assert out.startswith("7 cases, 9 decisions, 14 records\nprovable up to #13, by a head that nobody signed\n\n")
        assert "waits at stage main  1      #6 not-given" in out
        assert "held by refer        1      #5 hasty-work" in out
        assert "confirmed         1      made-up-for 1" in out

    def test_what_was_answered_is_held_no_more_and_counted_by_reason(self, call):
        call("resolve", LOG, "hasty-work", "confirm", *SAYS)
        call("resolve", LOG, "bo", "void", *SAYS)
        call("resolve", LOG, "perfect", "override", "--verdict", "fail", *SAYS)
        rows = objects(call("status", LOG, "--json")[1])
        assert [row["name"] for row in rows if row["type"] == "held"] == []
        assert [row["named"] for row in rows if row["type"] == "again"] == [["bo"]]
        said = {(row["action"], row["reason"]): row["count"] for row in rows if row["type"] == "said"}
        assert said == {
            ("confirm", "made-up-for"): 1,
            ("confirm", "looked-at"): 1,
            ("override", "looked-at"): 1,
            ("void", "looked-at"): 1,
        }

    def test_a_funnel_waits_by_stage(self, call):
        call("score", FUNNEL, "-", "--log", LOG, stdin=lines(of_another(0, "c1"), of_another(1, "c2")))
        rows = {row["name"]: row for row in objects(call("status", LOG, "--json")[1]) if row["type"] == "waits"}
        assert {name: row["named"] for name, row in rows.items()} == {
            "interview": ["c2"],
            "main": ["not-given"],
            "resume": ["c1"],
        }

    def test_of_many_cases_the_first_are_named_and_all_counted(self, call):
        call("score", FUNNEL, "-", "--log", LOG, stdin=lines(*(of_another(0, f"c{n}") for n in range(30))))
        row = next(line for line in call("status", LOG)[1].splitlines() if "stage resume" in line)
        assert row.split("  ")[1].strip() == "30"
        assert row.endswith("#23 c9, ...")

    def test_without_the_vault_cases_are_told_by_their_records(self, call):
        Path("demo/decisions.vault").unlink()
        status, out, _ = call("status", LOG)
        assert status == 0
        assert "held by refer        1      #5\n" in out

    def test_a_log_without_a_case_says_so(self, call):
        call("pack", FUNNEL, "-o", "out")
        call("append", "fresh", next(Path("out").glob("*.pack.json")), "--create")
        status, out, err = call("status", "fresh")
        assert (status, out) == (
            0,
            "0 cases, 0 decisions, 2 records\nprovable up to #1, by a head that nobody signed\n",
        )
        assert "holds no case" in err

    def test_a_damaged_log_fails(self, call):
        segment = Path(LOG) / "log/000000000000.jsonl"
        segment.write_bytes(segment.read_bytes().replace(b'"action":"decline"', b'"action":"Decline"', 1))
        (Path(LOG) / "heads").unlink()  # which would keep the log from being opened: `test_heads`
        status, _, err = call("status", LOG)
        assert status == 1
        assert "record #" in err


class TestRescore:
    @pytest.fixture(autouse=True)
    def new(self):
        Path("new.yaml").write_text(amended(Path("demo/rubric.yaml").read_text()))

    def test_it_shows_who_would_change_and_why_and_records_nothing(self, call):
        status, out, err = call("rescore", LOG, "--with", "new.yaml", "--policy", "all")
        assert (status, err) == (0, "")
        rows = [line for line in out.splitlines() if line.startswith("#")]
        assert len(rows) == 2
        assert "on-the-cut  strong_pass, advance 80.00 %  borderline, review 80.00 %" in rows[0]
        assert "weights, cuts or overrides" in rows[0]
        assert "messy-data-deadline 0 -> 1" in rows[1]
        assert "2 would change, 3 would not, 0 cannot be scored again" in out
        assert "strong_pass, advance -> borderline, review: 1" in out
        assert "nothing was recorded: --apply records these decisions" in out
        assert "14 records" in call("status", LOG)[1]

    def test_applying_supersedes_and_touches_nothing_old_and_is_done_once(self, call):
        segment = Path(LOG) / "log/000000000000.jsonl"
        before = segment.read_bytes()
        status, out, _ = call("rescore", LOG, "--with", "new.yaml", "--policy", "all", "--apply")
        assert status == 0
        assert "5 decisions recorded" in out
        assert segment.read_bytes().startswith(before)
        assert call("verify", LOG)[0] == call("replay", LOG)[0] == 0
        assert objects(call("explain", LOG, "on-the-cut", "--json")[1])[0]["verdict"] == "borderline"
        status, out, _ = call("rescore", LOG, "--with", "new.yaml", "--policy", "all", "--apply")
        assert status == 0
        assert "0 decisions recorded" in out

    def test_the_new_version_may_come_from_standard_input(self, call):
        new = Path("new.yaml").read_bytes()
        status, out, _ = call("rescore", LOG, "--with", "-", "--policy", "all", stdin=new)
        assert status == 0
        assert "2 would change" in out

    def test_never_lower_leaves_whoever_would_be_worse_off(self, call):
        status, out, _ = call("rescore", LOG, "--with", "new.yaml", "--policy", "never-lower", "--apply")
        assert status == 0
        assert "leaves it: worse off" in out
        assert "#6      not-given" in out  # it waits, and the best verdict is harder to come to
        assert "3 decisions recorded, 2 left as they are" in out
        assert objects(call("explain", LOG, "on-the-cut", "--json")[1])[0]["verdict"] == "strong_pass"

    def test_a_persons_word_that_would_be_lost_is_shown_though_nothing_else_differs(self, call):
        call("resolve", LOG, "perfect", "confirm", *SAYS)
        _, out, _ = call("rescore", LOG, "--with", "new.yaml", "--policy", "all")
        assert "records it; the confirm no longer counts" in out
        assert "2 would change, 3 would not" in out

    def test_whoever_cannot_be_scored_again_is_told_and_makes_it_3(self, call):
        edits = ("id: outlier-age", "id: outlier")
        Path("other.yaml").write_text(amended(Path("demo/rubric.yaml").read_text(), edits))
        status, out, err = call("rescore", LOG, "--with", "other.yaml", "--policy", "all")
        assert status == 3
        assert "5 cannot be scored again" in out
        assert "record #2 cannot be scored again: the new version refuses what was handed in" in err
        status, out, _ = call("rescore", LOG, "--with", "other.yaml", "--policy", "all", "--apply", "--json")
        assert status == 3
        *cases, summed_up = objects(out)
        assert {frozenset(each) for each in cases} == {frozenset(KEYS["rescore"]["unscored"])}
        assert (summed_up["recorded"], summed_up["unscored"]) == (0, 5)

    def test_a_case_of_which_something_was_said_meanwhile_is_told_and_left(self, call, monkeypatch):
        """Somebody makes a sitting void after the plan was shown and while it is applied."""
        amend = scoring.AuditLog.amend

        def late(log, rubric, entries):
            log.resolve("perfect", "void", id="late", who="Ada", why="x", reason="r")
            return amend(log, rubric, entries)

        monkeypatch.setattr(scoring.AuditLog, "amend", late)
        status, _, err = call("rescore", LOG, "--with", "new.yaml", "--policy", "all", "--apply")
        assert status == 3
        assert "cannot be scored again" in err
        assert call("verify", LOG)[0] == 0

    @pytest.mark.parametrize(
        ("argv", "said"),
        [
            (["--with", "demo/rubric.yaml", "--policy", "all"], "says of no version that it replaces it"),
            (["--with", "new.yaml"], "--policy requires an argument"),
            (["--with", "new.yaml", "--policy", "never"], "never-lower"),
            (["--policy", "all"], "--with requires an argument"),
            (["--with", "nw.yaml", "--policy", "all"], 'did you mean "new.yaml"?'),
            (["--with", "demo/submissions.jsonl", "--policy", "all"], "is a submission; expected a rubric.yaml"),
            (["--with", "broken.yaml", "--policy", "all"], "broken.yaml:"),
            (["--with", "older.yaml", "--policy", "all"], "it replaces ml-engineer-mid-written 2025.1, which this log"),
        ],
    )
    def test_a_wrong_call_is_told_what_is_wrong(self, argv, said, call):
        Path("older.yaml").write_text(Path("new.yaml").read_text().replace("2026.1", "2025.1"))
        Path("broken.yaml").write_text(Path("new.yaml").read_text().replace("from: 60%", "from: 60"))
        status, out, err = call("rescore", LOG, *argv)
        assert (status, out) == (2, "")
        assert said in err

    def test_nothing_is_scored_again_without_the_vault(self, call):
        Path("demo/decisions.vault").unlink()
        status, _, err = call("rescore", LOG, "--with", "new.yaml", "--policy", "all")
        assert status == 2
        assert "vault" in err


class TestExplain:
    def test_an_auditor_sees_both_verdicts_who_said_why_and_every_rating(self, call):
        status, out, _ = call("explain", LOG, "alma")
        assert status == 0
        assert "the rubric is recorded as #7 of " in out
        assert ", the opening as #8 of " in out
        assert "the rules say offer, action review, held by irregularity" in out
        assert "a person confirmed #11, reason made-up-for (record #13): Lena Holm: Ten minutes were lost" in out
        assert "what counts now: offer; what to do: advance" in out
        assert "found-causes: omar rated partly" in out

    def test_a_candidate_sees_both_verdicts_and_no_name(self, call):
        status, out, _ = call("explain", LOG, "alma", "--for", "candidate")
        assert status == 0
        assert "a person confirmed #11, reason made-up-for (record #13)\n" in out
        told = out + call("explain", LOG, "alma", "--for", "candidate", "--json")[1]
        assert not [name for name in ("Lena", "lena", "omar", "ruth", "eric", "Ten minutes") if name in told]

    def test_without_the_vault_the_word_is_shown_and_who_said_it_is_not(self, call):
        Path("demo/decisions.vault").unlink()
        status, out, _ = call("explain", LOG, "11")
        assert status == 0
        assert "a person confirmed #11, reason made-up-for (record #13); who and why are not in the vault" in out
        assert "the candidate started" not in out
        assert "rated" not in out

    def test_a_decision_that_nothing_was_said_of_has_the_rules_verdict_alone(self, call):
        assert "the rules say" not in call("explain", LOG, "perfect")[1]
        assert "the rules say" not in call("explain", LOG, "10")[1]  # what was said is about a newer one

    def test_a_key_that_was_recorded_after_the_start_is_remarked(self, call):
        sheet = of_another(0, "early")
        sheet["facts"] = sheet["facts"] | {
            "started_at": "2020-01-01T00:00:00Z",
            "notice": {"at": "2020-01-01T00:00:00Z"},
        }
        call("score", FUNNEL, "-", "--log", LOG, stdin=lines(sheet))
        status, out, _ = call("explain", LOG, "early")
        assert status == 0
        assert "key_not_predefined: the rubric that decided was recorded after the candidate started" in out
        status, out, _ = call("verify", LOG)
        assert status == 0
        assert "REMARK" in out

    def test_what_a_rater_wrote_cannot_forge_a_line(self, call):
        sheet = of_another(1, "cleo")
        sheet["answers"]["found-causes"]["ruth"]["concern"] = "x\nverdict offer"
        call("score", FUNNEL, "-", "--log", LOG, stdin=lines(sheet))
        out = call("explain", LOG, "cleo")[1]
        assert "ruth has a concern: x\\nverdict offer" in out
        assert "verdict offer" not in out.splitlines()


class TestTakenBack:
    def test_an_auditor_is_told_which_items_a_later_sheet_takes_back_and_never_what_was_answered(self, call):
        """Bo was knocked out at the door; then a sheet says otherwise, without anybody's word."""
        bo = handed_in(3)
        assert bo["answers"] == {"weekends": "no"}
        again = bo | {"id": "bo-again", "answers": {"weekends": "yes"}}
        assert call("score", FUNNEL, "-", "--log", LOG, stdin=lines(again))[0] == 0
        assert "takes back answers to weekends" in call("explain", LOG, "bo")[1]
        assert objects(call("explain", LOG, "bo", "--json")[1])[0]["takes_back"] == {"answers": ["weekends"]}
        assert "takes back" not in call("explain", LOG, "bo", "--for", "candidate")[1]
        assert "takes_back" not in objects(call("explain", LOG, "bo", "--for", "candidate", "--json")[1])[0]
        status, out, _ = call("verify", LOG)
        assert status == 0
        assert "takes back what its case had sent before: answers to weekends" in out

    def test_a_word_that_counts_no_more_is_counted_apart(self, call):
        bo = handed_in(3)
        said = ["--who", "Ada", "--why", "x", "--reason", "shortage"]
        assert call("resolve", LOG, "bo", "override", *said, "--verdict", "offer")[0] == 0
        assert "overridden" in call("status", LOG)[1]
        assert "superseded" not in call("status", LOG)[1]
        again = bo | {"id": "bo-again", "answers": {"weekends": "yes"}}
        call("score", FUNNEL, "-", "--log", LOG, stdin=lines(again))
        assert "overridden, then superseded" in call("status", LOG)[1]
        rows = [row for row in objects(call("status", LOG, "--json")[1]) if row["type"] == "superseded"]
        assert rows == [{"type": "superseded", "action": "override", "reason": "shortage", "count": 1}]


class TestWrongPlaces:
    @pytest.mark.parametrize("place", ["demo", "demo/decisions.vault", "demo/rubric.yaml", "demo/decision"])
    @pytest.mark.parametrize(
        "argv",
        [
            ["status"],
            ["open", FUNNEL, "--case", "c"],
            ["resolve", "bo", "confirm", *SAYS],
            ["rescore", "--with", FUNNEL, "--policy", "all"],
        ],
    )
    def test_what_is_no_log_is_named_with_the_one_that_is_near(self, argv, place, call):
        status, out, err = call(argv[0], place, *argv[1:])
        assert (status, out) == (2, "")
        assert "decisions" in err or "is a file (a rubric in YAML)" in err

    @pytest.mark.parametrize("argv", [["status"], ["open", FUNNEL, "--case", "c"], ["resolve", "bo", "confirm", *SAYS]])
    def test_a_vault_that_is_named_has_to_be_there(self, argv, call):
        status, out, err = call(argv[0], LOG, *argv[1:], "--vault", "demo/decision.vault")
        assert (status, out) == (2, "")
        assert 'did you mean "demo/decisions.vault"?' in err


class TestAppend:
    def test_decisions_made_without_what_is_in_force_are_refused_with_what_to_do(self, call):
        call("score", FUNNEL, "-", "--entries", "entries.jsonl", stdin=lines(of_another(3, "bo")))
        call("resolve", LOG, "bo", "void", *SAYS)
        status, _, err = call("append", LOG, "entries.jsonl")
        assert status == 2
        assert "score it with --log" in err
