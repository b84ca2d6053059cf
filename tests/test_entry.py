"""What goes in and comes back: entries made elsewhere, and frozen values."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

import logs
from logs import RUBRIC, entry, lines_of, make_log, open_log
from scoring import canonical
from scoring.audit.entry import Entry, Recorded
from scoring.errors import ConflictError, LogError, SubmissionError

room, path, log = logs.room, logs.path, logs.log


class TestEntries:
    """What a scorer made elsewhere."""

    def test_an_entry_travels_as_canonical_json(self):
        made = entry(1)
        line = made.to_bytes()
        assert line == canonical.dumps(json.loads(line))
        assert set(json.loads(line)) == {"case", "decision", "id", "submission", "type"}
        assert Entry.from_bytes(line) == made

    def test_an_appended_entry_equals_a_decision_made_here(self, path, room):
        make_log(path, 3)
        with open_log(room / "other", create=True) as log:
            log.publish(RUBRIC)
            assert log.append([Entry.from_bytes(entry(n).to_bytes()) for n in range(3)]) == [2, 3, 4]
            assert [log.read(n)["body"]["decision"] for n in (2, 3, 4)] == [
                json.loads(line)["body"]["decision"] for line in lines_of(path)[2:]
            ]
            assert log.replay().ok

    def test_its_rubric_must_be_recorded_first(self, log):
        with pytest.raises(LogError, match="publish its rubric first"):
            log.append([entry(1)])
        assert len(log) == 1

    def test_a_retry_gives_the_same_records(self, log):
        log.publish(RUBRIC)
        assert log.append([entry(1), entry(2)]) == [2, 3]
        assert log.append([entry(2), entry(3), entry(1)]) == [3, 4, 2]

    def test_one_conflict_and_nothing_is_appended(self, log):
        log.publish(RUBRIC)
        log.append([entry(1)])
        for bad in (entry(1, outlier="140"), entry(1, case="else")):
            with pytest.raises(ConflictError, match="s-1"):
                log.append([entry(5), bad, entry(6)])
        assert len(log) == 3

    def test_a_decision_that_does_not_fit_the_format_is_refused(self, log):
        log.publish(RUBRIC)
        good = entry(1)
        bad = Entry(good.id, good.case, {**good.decision, "score": "2/4"}, good.submission)
        with pytest.raises(LogError, match="body/decision/score: expected a number in lowest terms"):
            log.append([bad])
        with pytest.raises(SubmissionError, match="score: expected a number in lowest terms"):
            Entry.from_bytes(bad.to_bytes())
        assert len(log) == 2

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"id": "two words"}, "an id of your own"),
            ({"case": ""}, "a case"),
            ({"submission": {"id": "s-1"}}, "without id and case"),
            ({"submission": []}, "without id and case"),
            ({"decision": []}, "expected an object"),
            ({"decision": {}}, 'the key "action" is missing'),
            ({"type": "verdict"}, "not an entry"),
            ({"more": 1}, "not an entry"),
        ],
    )
    def test_what_is_wrong_with_an_entry_is_told(self, change, told):
        with pytest.raises(SubmissionError, match=told):
            Entry.from_bytes(canonical.dumps({**json.loads(entry(1).to_bytes()), **change}))

    def test_an_entry_made_of_the_wrong_things_is_refused_by_the_log(self, log):
        log.publish(RUBRIC)
        good = entry(1)
        for decision in ([], None, "x"):
            with pytest.raises(SubmissionError, match="decision: expected an object"):
                log.append([Entry(good.id, good.case, decision, good.submission)])
        for pack in (None, [], "x"):
            with pytest.raises(LogError, match=r"body/decision/pack: expected a digest|publish its rubric first"):
                log.append([Entry(good.id, good.case, {**good.decision, "pack": pack}, good.submission)])
        assert len(log) == 2

    @pytest.mark.parametrize("data", [b"", b"{", b"[]", b'"x"', b"\xff"])
    def test_what_is_no_entry_at_all_is_told(self, data):
        with pytest.raises(SubmissionError, match="not an entry"):
            Entry.from_bytes(data)

    def test_a_submission_without_a_canonical_form_is_the_callers_fault(self, log):
        log.publish(RUBRIC)
        good = entry(1)
        with pytest.raises(SubmissionError) as caught:
            log.append([Entry(good.id, good.case, good.decision, {"answers": {"outlier": 1.5}})])
        assert caught.value.problems[0].path == "answers/outlier"
        assert len(log) == 2

    def test_values_are_frozen_and_show_nothing_personal(self):
        made = entry(1)
        with pytest.raises(AttributeError, match="frozen"):
            made.case = "x"
        with pytest.raises(AttributeError, match="frozen"):
            del made.case
        assert repr(made) == "Entry(id='s-1')"
        done = Recorded(3, "decision")
        assert done == Recorded(3, "decision") != Recorded(3, "decision", repeated=True)
        assert (hash(done), repr(done)) == (hash(Recorded(3, "decision")), "Recorded(seq=3)")

        assert copy.copy(done) == done == pickle.loads(pickle.dumps(done))
