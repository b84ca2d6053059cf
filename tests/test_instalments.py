"""Instalments that take back what came before are recorded, and remarked: by item, stage and code, never by answer or name."""

from __future__ import annotations

import json

import pytest

import logs
from logs import query
from packs import pack, raters, rating, section
from people import FACTS, FUNNEL, TALK, WRITTEN, both, load, process, sheet
from scoring import canonical
from scoring.audit.instalments import items_in
from scoring.audit.verify import verify_directory
from scoring.engine.rubric import Rubric

room, path, log = logs.room, logs.path, logs.log

RATED = pack(section("s", rating("r", by=raters(combine="lowest", top=3, lead=1))))
PANEL = Rubric(canonical.dumps(RATED | {"rubric": "rated"}))


def remarks(log):
    return [finding for finding in log.verify().findings if finding.check == "instalments"]


def rated(name, *people, irregularities=()):
    forms = {who: {"rating": "good"} for who in people}
    facts = {"raters": dict.fromkeys(people, "lead"), "irregularities": [*irregularities]}
    return {"id": name, "case": "Eve", "answers": {"r": forms}, "facts": facts}


class TestTakenBack:
    def test_a_knock_out_that_a_later_sheet_does_not_know_of(self, log, path):
        log.decide(FUNNEL, sheet("s-1", stages=1, facts=FACTS, answers={"licence": "no"}))
        seq = log.decide(FUNNEL, sheet("s-2", facts=FACTS)).seq
        assert log.taken_back(seq) == {"answers": ["licence"]}
        finding = log.verify()["instalments"]
        assert (finding.result, finding.seq) == ("REMARK", seq)
        assert finding.detail == "takes back what its case had sent before: answers to licence"
        assert log.verify().complete
        log.close()
        assert both(path) == ({}, None, set())

    def test_a_knock_out_that_is_said_not_to_have_been_asked(self, log):
        log.decide(FUNNEL, sheet("s-1", stages=1, facts=FACTS, answers={"licence": "no"}))
        gone = sheet("s-2", facts=FACTS, answers={key: value for key, value in TALK.items() if key != "licence"})
        seq = log.decide(FUNNEL, gone | {"not_administered": {"licence": "x"}}).seq
        assert log.taken_back(seq) == {"answers": ["licence"]}

    def test_a_rater_a_form_and_an_irregularity(self, log):
        log.decide(PANEL, rated("s-1", "ann", "bob", irregularities=["fire-alarm", "noise"]))
        seq = log.decide(PANEL, rated("s-2", "ann", irregularities=["noise"])).seq
        assert log.taken_back(seq) == {"forms": ["r"], "raters": ["1"], "irregularities": ["fire-alarm"]}
        told = str(log.verify()["instalments"])
        assert "forms on r; places on the panel: 1; irregularities fire-alarm" in told
        assert "bob" not in told

    def test_a_form_that_says_otherwise(self, log):
        log.decide(PANEL, rated("s-1", "ann"))
        other = rated("s-2", "ann")
        other["answers"]["r"]["ann"]["rating"] = "poor"
        assert log.taken_back(log.decide(PANEL, other).seq) == {"answers": ["r"]}

    def test_a_stage_that_is_handed_in_no_more(self, log):
        log.decide(FUNNEL, sheet("s-1", stages=2, facts=FACTS))
        seq = log.decide(FUNNEL, sheet("s-2", stages=1, facts=FACTS)).seq
        assert log.taken_back(seq) == {"answers": ["dilemma", "sum"], "stages": ["written"]}

    def test_the_first_of_several_is_named_and_all_counted(self, log):
        for case in ("Ada", "Bob"):
            log.decide(FUNNEL, sheet(f"{case}-1", case, stages=2, facts=FACTS))
            log.decide(FUNNEL, sheet(f"{case}-2", case, stages=1, facts=FACTS))
        finding = log.verify()["instalments"]
        assert finding.seq == 3
        assert finding.detail.endswith("; and 1 more")


class TestNotTakenBack:
    def test_what_is_added(self, log):
        """The next stages; a second rater; an answer where nothing was."""
        for stages in (1, 2, 3):
            log.decide(FUNNEL, sheet(f"s-{stages}", stages=stages, facts=FACTS))
        log.decide(FUNNEL, sheet("b-1", "Bob", stages=2, facts=FACTS, answers={**WRITTEN, "sum": " "}))
        log.decide(FUNNEL, sheet("b-2", "Bob", stages=2, facts=FACTS))
        log.decide(PANEL, rated("s-4", "ann"))
        log.decide(PANEL, rated("s-5", "ann", "bob"))
        assert remarks(log) == []

    def test_what_may_still_change_before_its_stage_is_handed_in(self, log):
        log.decide(FUNNEL, sheet("s-1", stages=1, facts=FACTS, answers={"licence": "yes", "sum": "1"}))
        log.decide(FUNNEL, sheet("s-2", stages=2, facts=FACTS))
        assert remarks(log) == []

    def test_answers_behind_the_stage_that_ended_the_case(self, log):
        """They have to be left out (FORMAT.md 9); the talk was handed in and waited for the door."""
        answers = {key: value for key, value in TALK.items() if key != "licence"}
        log.decide(FUNNEL, sheet("s-1", facts=FACTS, answers=answers))
        seq = log.decide(FUNNEL, sheet("s-2", facts=FACTS, answers={"licence": "no"})).seq
        assert log.decision(seq).status == "ended"
        assert log.taken_back(seq) == {}

    def test_another_rubric_and_an_item_that_the_next_version_does_not_have(self, log):
        log.decide(FUNNEL, sheet("s-1", stages=2, facts=FACTS))
        document = process(version="2")
        document["stages"][1]["sections"][1]["items"][0]["id"] = "total"
        answers = {"licence": "yes", "dilemma": "B", "total": "70"}
        log.decide(load(document), sheet("s-2", stages=2, facts=FACTS, answers=answers))
        seq = log.decide(load(process(rubric="another")), sheet("s-3", stages=1, facts=FACTS)).seq
        assert remarks(log) == []
        assert log.taken_back(seq) == {}
        assert log.taken_back(2) == {}


class TestWhatCannotBeCompared:
    def test_without_the_vault(self, log, path):
        log.decide(FUNNEL, sheet("s-1", stages=2, facts=FACTS))
        log.decide(FUNNEL, sheet("s-2", stages=1, facts=FACTS))
        assert len(remarks(log)) == 1
        log.close()
        assert "instalments" not in [finding.check for finding in verify_directory(path, vault=False).findings]

    def test_what_the_vault_lost(self, log, path):
        log.decide(FUNNEL, sheet("s-1", stages=2, facts=FACTS))
        seq = log.decide(FUNNEL, sheet("s-2", stages=1, facts=FACTS)).seq
        digest = log.read(2)["body"]["disclosures"]["submission"]
        query(f"{path}.vault", "DELETE FROM disclosures WHERE digest = ?", digest)
        assert log.taken_back(seq) == {}
        assert remarks(log) == []

    @pytest.mark.parametrize("what", [b"[]", b"{}", json.dumps({"stages": [1]}).encode(), b"{"])
    def test_what_is_no_pack(self, what):
        assert items_in(what) == ("", {})


def test_times_that_run_backwards_are_remarked(room):
    """The clock is set back by a day behind the decision: no record is refused, and people are told of the first."""
    times = iter(["2026-11-21T09:00:00Z"] * 2 + ["2026-11-21T12:00:00Z"] + ["2026-11-20T08:00:00Z"] * 2)
    log = logs.AuditLog.open(room / "back", create=True, clock=lambda: next(times))
    log.publish(FUNNEL)
    log.decide(FUNNEL, sheet("s-1", facts=FACTS))
    assert "times" not in [finding.check for finding in log.verify().findings]
    log.decide(FUNNEL, sheet("s-2", "Bob", facts=FACTS))
    log.decide(FUNNEL, sheet("s-3", "Eve", facts=FACTS))
    finding = log.verify()["times"]
    assert (finding.result, finding.seq) == ("REMARK", 3)
    assert finding.detail == "2 records claim an earlier time than a record before them"
    assert log.verify().ok
    log.close()
