"""Replaying a log: answers to outcomes with the vault, outcomes to the verdict from the log alone."""

from __future__ import annotations

import json
import sqlite3
import tracemalloc

import pytest

import logs
from logs import RUBRIC, drop_heads, lines_of, make_log, make_rubric, open_log, rechain, submission, write_lines
from scoring.audit.replay import Rubrics
from scoring.errors import LogError

ANSWERS, OUTCOMES = "answers -> outcomes", "outcomes -> verdict"

room = pytest.fixture(logs.in_memory)


@pytest.fixture
def path(room):
    return make_log(room / "decisions", 3)


def forge(path, seq, change):
    """Change one record and chain the rest to it again, as only somebody could who may write the whole log."""
    records = [json.loads(line) for line in lines_of(path)]
    change(records[seq]["body"])
    write_lines(path, rechain(records))
    drop_heads(path)
    for file in (path / "cache").iterdir():
        file.unlink()


def replay(path, seq=None, **arguments):
    with open_log(path, **arguments) as log:
        return log.replay(seq)


class TestWhatHolds:
    def test_every_decision_follows_from_its_answers_and_from_its_outcomes(self, path):
        with open_log(path) as log:
            log.decide(RUBRIC, submission(10, deadline="false"))
            log.decide(RUBRIC, submission(11, deadline="rash", facts={}))
            log.decide(RUBRIC, submission(12, answers={"deadline": ["rash", "right"]}))
            log.decide(RUBRIC, submission(13, outlier="about 141 or 142"))
            log.decide(RUBRIC, submission(14, not_administered={"outlier": "power cut"}, answers={}))
            log.decide(make_rubric(profile="thirds"), submission(15, outlier="7"))
            log.decide(make_rubric(version="2", points="1/3"), submission(16, deadline="false", facts={}))
            report = log.replay()
        assert report.ok
        assert report.complete
        assert str(report) == repr(report) == "\n".join(map(str, report.findings))
        assert report.decisions == 10
        assert [finding.result for finding in report.findings] == ["HOLDS", "HOLDS"]
        assert report[ANSWERS].detail == "10 decisions, each the same to the byte"
        assert report.differences == ()

    def test_one_decision(self, path):
        report = replay(path, 3)
        assert (report.decisions, report.ok, report[OUTCOMES].seq) == (1, True, 3)
        assert str(report[ANSWERS]) == "HOLDS        answers -> outcomes  record #3: the same decision, to the byte"

    def test_a_log_without_decisions_has_nothing_to_replay(self, room):
        report = replay(make_log(room / "empty", 0))
        assert [finding.result for finding in report.findings] == ["NOT CHECKED", "NOT CHECKED"]
        assert report.decisions == 0

    @pytest.mark.parametrize("seq", [0, 1])
    def test_what_is_no_decision_cannot_be_replayed(self, path, seq):
        with pytest.raises(LogError, match="holds no decision to replay"):
            replay(path, seq)

    def test_the_rubric_of_that_time_is_used(self, path):
        with open_log(path) as log:
            log.decide(make_rubric(version="2", points="5"), submission(20, outlier="1"))
            assert log.replay().ok


class TestWithoutTheVault:
    """Outcomes -> verdict needs only the log; the rest says what is missing."""

    def test_opened_without(self, path):
        report = replay(path, vault=False)
        assert (report[ANSWERS].result, report[OUTCOMES].result) == ("NOT CHECKED", "HOLDS")
        assert report[ANSWERS].detail == "this log was opened without its vault (3 of 3 decisions)"
        assert report.ok

    def test_lost(self, path, room):
        (room / "decisions.vault").unlink()
        report = replay(path)
        assert "is missing" in report[ANSWERS].detail
        assert report[OUTCOMES].result == "HOLDS"

    def test_one_disclosure_gone(self, path, room):
        with open_log(path) as log:
            digest = log.read(3)["body"]["disclosures"]["submission"]
        vault = sqlite3.connect(room / "decisions.vault")
        with vault:
            vault.execute("DELETE FROM disclosures WHERE digest = ?", (digest,))
        vault.close()
        report = replay(path)
        assert (report[ANSWERS].result, report[ANSWERS].seq) == ("NOT CHECKED", 3)
        assert report[ANSWERS].detail == "the vault does not have its submission (1 of 3 decisions)"
        assert report[OUTCOMES].result == "HOLDS"
        assert replay(path, 2)[ANSWERS].result == "HOLDS"

    def test_one_disclosure_changed(self, path, room):
        vault = sqlite3.connect(room / "decisions.vault")
        with vault:
            vault.execute("UPDATE disclosures SET text = text || 'A'")
        vault.close()
        report = replay(path)
        assert report[ANSWERS].result == "FAILS"
        assert "disclosure of this submission was changed" in report[ANSWERS].detail
        assert report[OUTCOMES].result == "HOLDS"


class TestWhatDiffers:
    """The first field that differs is named, with both values: no field of a decision holds an answer."""

    @pytest.mark.parametrize(
        ("field", "value", "computed"),
        [
            ("verdict", "fail", '"strong"'),
            ("action", "decline", '"advance"'),
            ("score", "9/10", '"1"'),
            ("status", "pending", '"decided"'),
            ("holds", ["refer"], "[]"),
            ("determined_by", [], '["band"]'),
            ("awaited", "g", '"A"'),
            ("reachable", [], "null"),
            ("assumed", ["profile:equal"], "[]"),
        ],
    )
    def test_a_field_that_does_not_follow_from_the_outcomes(self, path, field, value, computed):
        forge(path, 3, lambda body: body["decision"].update({field: value}))
        with open_log(path) as log:
            assert log.verify().ok, "a forger who rewrites the log keeps the chain: replay is what notices"
            report = log.replay()
        for step in (ANSWERS, OUTCOMES):
            assert (report[step].result, report[step].seq) == ("FAILS", 3)
            assert report[step].detail == f"{field} differs (1 of 3 decisions)"
            assert (report[step].expected, report[step].found) == (computed, json.dumps(value, separators=(",", ":")))
        assert not report.ok
        assert [finding.check for finding in report.differences] == [ANSWERS, OUTCOMES]

    def test_a_field_inside_a_field(self, path):
        forge(path, 3, lambda body: body["decision"]["sections"].update({"judgement": "0"}))
        finding = replay(path)[OUTCOMES]
        assert (finding.detail, finding.expected, finding.found) == (
            "sections/judgement differs (1 of 3 decisions)",
            '"1"',
            '"0"',
        )

    def test_a_field_that_is_not_there_at_all(self, path):
        forge(path, 3, lambda body: body["decision"]["flags"].update({"refer": "g"}))
        finding = replay(path)[OUTCOMES]
        assert (finding.detail[:20], finding.expected, finding.found) == ("flags/refer differs ", "nothing", '"g"')

    def test_a_whole_decision_that_belongs_to_other_answers(self, path):
        """It follows from its own outcomes; only the answers tell."""
        other = RUBRIC.score({"answers": {"deadline": "rash", "outlier": "7"}}).data
        forge(path, 4, lambda body: body.update(decision=other))
        report = replay(path)
        assert (report[ANSWERS].result, report[ANSWERS].seq, report[OUTCOMES].result) == ("FAILS", 4, "HOLDS")
        assert report[ANSWERS].detail.startswith("action differs")

    def test_a_disclosure_of_another_record(self, path):
        with open_log(path) as log:
            log.decide(RUBRIC, submission(9, outlier="1"))
            digest = log.read(5)["body"]["disclosures"]["submission"]
        forge(path, 3, lambda body: body["disclosures"].update(submission=digest))
        assert (replay(path)[ANSWERS].result, replay(path)[ANSWERS].seq) == ("FAILS", 3)

    def test_another_profile(self, path):
        forge(path, 3, lambda body: body["decision"].update(profile="thirds"))
        assert replay(path)[OUTCOMES].detail.startswith("assumed differs")

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"outcomes": "F"}, "outcomes do not fit the pack"),
            ({"outcomes": "FFF"}, "outcomes do not fit the pack"),
            ({"outcomes": "__"}, "outcomes do not fit the pack"),
            ({"profile": "nowhere"}, "no such profile"),
        ],
    )
    def test_what_cannot_be_judged_again(self, path, change, told):
        forge(path, 3, lambda body: body["decision"].update(change))
        finding = replay(path)[OUTCOMES]
        assert (finding.result, finding.seq) == ("FAILS", 3)
        assert told in finding.detail

    def test_a_pack_that_is_missing_or_changed(self, path):
        pack = path / "packs" / f"{RUBRIC.digest}.json"
        pack.write_bytes(make_rubric(points="2").pack)
        assert "was changed" in replay(path)[OUTCOMES].detail
        pack.unlink()
        report = replay(path)
        assert [finding.result for finding in report.findings] == ["FAILS", "FAILS"]
        assert "is missing" in report[OUTCOMES].detail

    def test_a_line_that_is_no_record(self, path):
        lines = lines_of(path)
        lines[3] = lines[3].replace(b'"semantics":1', b'"semantics":2')
        write_lines(path, lines)
        drop_heads(path)
        report = replay(path)
        assert (report[OUTCOMES].seq, report.decisions) == (3, 3)
        assert "semantics: expected 1" in report[OUTCOMES].detail
        lines[3] = lines[3].replace(b'"semantics":2', b'"semantics":?')
        write_lines(path, lines)
        drop_heads(path)
        assert "no record" in replay(path)[ANSWERS].detail

    def test_many_differences_are_counted_and_the_first_hundred_named(self, room):
        path = make_log(room / "long", 60)
        records = [json.loads(line) for line in lines_of(path)]
        for record in records[2:]:
            record["body"]["decision"]["verdict"] = "fail"
        write_lines(path, rechain(records))
        drop_heads(path)
        for file in (path / "cache").iterdir():
            file.unlink()
        report = replay(path)
        assert report[OUTCOMES].detail == "verdict differs (60 of 60 decisions)"
        assert len(report.differences) == 100

    def test_a_submission_that_is_refused_today_is_told_without_its_answers(self, path):
        with open_log(path) as log:
            digest, _ = logs.disclose_for(log, {"answers": {"deadline": "right", "secret": "Jane Doe"}})
        forge(path, 3, lambda body: body["disclosures"].update(submission=digest))
        finding = replay(path)[ANSWERS]
        assert "cannot be scored again: answers/secret" in finding.detail
        assert "Jane" not in str(finding)


class TestManyRubrics:
    def test_prepared_rubrics_are_kept_and_dropped_again(self, room, monkeypatch):
        monkeypatch.setattr("scoring.audit.replay._PLANS", 2)
        with open_log(room / "log", create=True) as log:
            for number in range(6):
                log.decide(make_rubric(version=str(number % 3)), submission(number))
            report = log.replay()
            assert (report.ok, report.decisions) == (True, 6)
            rubrics = Rubrics(log._packs)
            decisions = [
                log.read(seq)["body"]["decision"] for seq in range(2, len(log)) if log.read(seq)["type"] == "decision"
            ]
            assert rubrics.of(decisions[0]) is rubrics.of(decisions[3])
            for decision in decisions:
                rubrics.of(decision)
                assert 1 <= len(rubrics._prepared) <= 2

    def test_a_recorded_decision_that_does_not_follow_is_not_handed_out(self, path):
        forge(path, 3, lambda body: body["decision"].update(verdict="fail"))
        with open_log(path) as log, pytest.raises(LogError, match="does not follow from its outcomes: verdict differs"):
            log.decide(RUBRIC, submission(1))


class TestMemory:
    def test_it_stays_flat(self, room):
        peaks = []
        for count in (50, 500):
            path = room / str(count)
            with open_log(path, create=True) as log:
                list(log.decide_all(RUBRIC, map(submission, range(count)), batch=256))
                log.replay()
                tracemalloc.start()
                assert log.replay().ok
                peaks.append(tracemalloc.get_traced_memory()[1])
                tracemalloc.stop()
        assert peaks[1] < peaks[0] + 300_000
