"""
The log as hosts use it: opening, deciding, rubrics, ids, cases, batches.

Clock and salts of these logs never vary (`logs.open_log`), so that whole files can be compared.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import time

import pytest

import logs
from logs import RUBRIC, entry, holds, ids, lines_of, make_log, names, open_log, run, segment, submission
from scoring.audit import disk, segments
from scoring.audit.entry import Entry, Recorded
from scoring.audit.log import AuditLog
from scoring.audit.verify import verify_directory
from scoring.errors import ConflictError, LogError, StoreError, SubmissionError

room, path, log = logs.room, logs.path, logs.log


class TestOpening:
    """A log is never made unless create=True says so; anything that is no log gets a clear error."""

    def test_nothing_there_is_an_error_that_says_how_to_make_one(self, path):
        with pytest.raises(StoreError, match="create=True") as caught:
            AuditLog.open(path)
        assert isinstance(caught.value.__cause__, FileNotFoundError)
        assert not path.exists()

    def test_a_file_is_no_log(self, path):
        path.write_text("hello")
        with pytest.raises(LogError, match="is a file"):
            AuditLog.open(path, create=True)

    def test_a_directory_with_something_else_in_it_is_no_log_and_is_left_alone(self, path):
        path.mkdir()
        (path / "notes.txt").write_text("hello")
        with pytest.raises(LogError, match="not a log, and not empty"):
            AuditLog.open(path, create=True)
        assert names(path) == ["notes.txt"]

    def test_an_empty_directory_becomes_a_log_only_on_request(self, path):
        path.mkdir()
        with pytest.raises(LogError, match="create=True"):
            AuditLog.open(path)
        assert names(path) == []
        with AuditLog.open(path, create=True) as log:
            assert len(log) == 1

    def test_a_new_log_begins_with_its_genesis_record(self, log, path):
        assert log.read(0) == {
            "body": {"origin": log.origin},
            "prev": None,
            "seq": 0,
            "time": "2026-11-21T09:00:01Z",
            "type": "genesis",
            "v": 1,
        }
        assert log.origin == "scoreproof-log-" + hashlib.sha256(b"0 1").hexdigest()[:32]
        assert log.path == str(path)

    def test_the_default_origin_clock_and_salts_come_from_the_system(self, path):
        before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with AuditLog.open(path, create=True) as one, AuditLog.open(f"{path}-2", create=True) as two:
            after = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            assert one.origin != two.origin
            assert before <= one.read(0)["time"] <= after

    def test_an_origin_can_be_given_and_must_then_match(self, path):
        open_log(path, create=True, origin="example.org/hiring").close()
        with open_log(path, origin="example.org/hiring") as log:
            assert log.origin == "example.org/hiring"
        with pytest.raises(LogError, match="another log") as caught:
            open_log(path, origin="example.org/else")
        assert (caught.value.expected, caught.value.found) == ("example.org/else", "example.org/hiring")

    @pytest.mark.parametrize("origin", ["", "two words", "x" * 201, "caf\u00e9", "line\n"])
    def test_an_origin_is_printable_ascii_without_space(self, path, origin):
        with pytest.raises(LogError, match="an origin is"):
            open_log(path, create=True, origin=origin)
        assert not path.exists()

    def test_create_opens_a_log_that_is_there(self, path):
        make_log(path, 2)
        with open_log(path, create=True) as log:
            assert len(log) == 4

    @pytest.mark.parametrize("left", [[], ["lock"], ["lock", "log"], ["lock", "log", "packs", "cache"]])
    def test_a_creation_that_was_cut_off_is_taken_up_again(self, path, left):
        path.mkdir()
        for name in left:
            (path / name).touch() if name == "lock" else (path / name).mkdir()
        with open_log(path, create=True) as log:
            assert len(log) == 1
        holds(path)

    def test_a_log_that_lost_its_first_file_is_never_begun_anew(self, path, monkeypatch):
        monkeypatch.setattr(segments, "SEGMENT_RECORDS", 4)
        make_log(path, 6)
        segment(path).unlink()
        for create in (False, True):
            with pytest.raises(LogError, match="is a damaged log"):
                open_log(path, create=create)
        segment(path, 4).unlink()  # the pack is still there
        with pytest.raises(LogError, match="is a damaged log"):
            open_log(path, create=True)

    def test_a_torn_genesis_record_is_told_with_its_remedy(self, path):
        logs.drop_heads(make_log(path, 0))
        segment(path).write_bytes(lines_of(path)[0][:20])
        shutil.rmtree(path / "cache")  # a crash comes before the index
        with pytest.raises(LogError, match="truncate -s 0 "):
            open_log(path, create=True)

    def test_what_lies_in_packs_does_not_hide_the_log(self, path):
        """A link to nothing, or a temporary file that goes away while the directory is listed."""
        make_log(path, 1)
        (path / "packs" / "x.json").symlink_to("nowhere")
        with open_log(path) as log:
            assert len(log) == 3

    def test_a_pack_that_is_no_file_is_an_error(self, path):
        make_log(path, 1)
        (pack,) = (path / "packs").iterdir()
        pack.unlink()
        os.mkfifo(pack)
        with open_log(path) as log, pytest.raises(LogError, match="is not a regular file"):
            log.decision(2)
        assert verify_directory(path)["packs"].result == "FAILS"

    def test_a_closed_log_says_so(self, path):
        log = open_log(path, create=True)
        log.close()
        log.close()
        for call in (lambda: len(log), lambda: log.read(0), lambda: log.decide(RUBRIC, submission(1))):
            with pytest.raises(LogError, match="was closed"):
                call()

    def test_a_log_whose_directory_changes_name_is_opened_under_the_new_one(self, path, room, monkeypatch):
        make_log(path, 1)
        monkeypatch.chdir(room)
        with AuditLog.open("decisions") as log:
            monkeypatch.chdir("/")
            assert len(log) == 3

    def test_other_names_for_paths_are_taken(self, path):
        with open_log(str(path), create=True) as log:
            assert log.path == str(path)


class TestRecords:
    """FORMAT.md 2 and 3: lines, leaves and the chain, recomputed here without our code."""

    def test_every_line_is_canonical_json_and_chains(self, path):
        make_log(path, 4)
        prev = None
        lines = lines_of(path)
        for seq, line in enumerate(lines):
            record = json.loads(line)
            assert json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == line
            assert (record["seq"], record["prev"], record["v"]) == (seq, prev, 1)
            prev = hashlib.sha256(b"\x00" + line).hexdigest()
        assert [json.loads(line)["type"] for line in lines] == ["genesis", "rubric"] + ["decision"] * 4
        with open_log(path) as log:
            assert log.head == (6, prev)

    def test_the_same_clock_salts_and_submissions_give_the_same_bytes(self, path, room):
        make_log(path, 4)
        make_log(room / "again", 4)
        assert segment(path).read_bytes() == segment(room / "again").read_bytes()

    def test_read_and_records_give_what_stands_in_the_file(self, path):
        make_log(path, 4)
        with open_log(path) as log:
            lines = lines_of(path)
            assert list(log.records()) == [*enumerate(lines)]
            assert [log.read(seq) for seq in range(len(log))] == [json.loads(line) for line in lines]

    @pytest.mark.parametrize("seq", [6, 10**9, -1])
    def test_a_record_that_is_not_there_is_an_error_that_says_how_many_there_are(self, path, seq):
        make_log(path, 4)
        with open_log(path) as log, pytest.raises(LogError, match="it holds 6 records"):
            log.read(seq)

    def test_a_damaged_record_is_an_error_that_names_it(self, path):
        make_log(path, 4)
        whole = segment(path).read_bytes()
        with open_log(path) as log:
            segment(path).write_bytes(whole.replace(b'"s-1"', b"'s-1'"))
            with pytest.raises(LogError, match="record #3") as caught:
                log.read(3)
            assert caught.value.seq == 3
            segment(path).write_bytes(whole.replace(b'"seq":3', b'"seq":4'))
            with pytest.raises(LogError, match="another record stands here"):
                log.read(3)
            segment(path).write_bytes(whole.replace(b'"id":"s-1"', b'"id":"s/1"'))
            with pytest.raises(LogError, match="body/id: expected an id"):
                log.read(3)

    def test_a_clock_that_tells_no_time_records_nothing(self, path):
        make_log(path, 1)
        with open_log(path, clock=lambda: "noon") as log:
            with pytest.raises(LogError, match="time: expected a time"):
                log.decide(RUBRIC, submission(9))
            assert len(log) == 3


class TestDecide:
    """`decide` scores, keeps the disclosures, and returns when the record is durable."""

    def test_it_gives_the_decision_and_its_record(self, log):
        done = log.decide(RUBRIC, submission(1, deadline="false"))
        assert (done.seq, done.decision.verdict, done.decision.action, done.repeated) == (2, "fail", "decline", False)
        body = log.read(2)["body"]
        assert body["decision"] == done.decision.data
        assert (body["id"], body["supersedes"]) == ("s-1", None)
        assert (log.case(2), log.submission(2)["answers"]["deadline"]) == ("case-1", "false")

    def test_a_submission_may_come_as_json_text(self, log):
        done = log.decide(RUBRIC, json.dumps(submission(1), indent=2).encode())
        assert log.decide(RUBRIC, submission(1)).seq == done.seq

    def test_what_is_no_submission_is_told(self, log):
        for wrong in (b"{", b"\xff", b"[]", b" " * 2_000_000, [], None, "text", 7):
            with pytest.raises(SubmissionError):
                log.decide(RUBRIC, wrong)
        assert len(log) == 1

    def test_without_id_and_case_every_problem_comes_at_once_and_nothing_is_recorded(self, log):
        with pytest.raises(SubmissionError) as caught:
            log.decide(RUBRIC, {"answers": {"deadline": 5, "nowhere": "x"}})
        assert {problem.path for problem in caught.value.problems} == {
            "id",
            "case",
            "answers/deadline",
            "answers/nowhere",
        }
        assert {problem.code for problem in caught.value.problems} >= {"id-missing", "case-missing"}
        assert len(log) == 1

    @pytest.mark.parametrize("wrong", ["", "two words", "x" * 49, 5, ["s"], "caf\u00e9"])
    def test_an_id_has_its_form(self, log, wrong):
        with pytest.raises(SubmissionError, match="an id of your own"):
            log.decide(RUBRIC, submission(1, id=wrong))

    @pytest.mark.parametrize("wrong", ["x" * 201, 5, ["c"], "Jane \ud800 Doe"])
    def test_a_case_has_its_form_and_is_never_repeated(self, log, wrong):
        with pytest.raises(SubmissionError) as caught:
            log.decide(RUBRIC, submission(1, case=wrong))
        assert "case" in str(caught.value)
        assert "Jane" not in str(caught.value)
        assert "xxx" not in str(caught.value)

    def test_a_submission_that_cannot_be_scored_leaves_no_trace(self, log, path):
        with pytest.raises(SubmissionError):
            log.decide(RUBRIC, submission(1, deadline=["right", 3]))
        assert len(log) == 1
        assert names(path / "packs") == []

    def test_the_rubric_is_recorded_once_and_before_what_cites_it(self, log, path):
        for number in range(3):
            log.decide(RUBRIC, submission(number))
        types = [json.loads(line)["type"] for _, line in log.records()]
        assert types == ["genesis", "rubric", "decision", "decision", "decision"]
        assert log.read(1)["body"] == {
            "length": len(RUBRIC.pack),
            "pack": RUBRIC.digest,
            "rubric": "small",
            "scoring": RUBRIC.scoring_digest,
            "version": "1",
        }
        assert (path / "packs" / f"{RUBRIC.digest}.json").read_bytes() == RUBRIC.pack
        assert names(path / "packs") == [f"{RUBRIC.digest}.json"]

    def test_disclosures_pack_record_and_sync_come_in_this_order(self, log, path, monkeypatch):
        order = []
        vault = sqlite3.connect(f"{path}.vault")

        def spy(name):
            real = getattr(disk, name)

            def wrapped(*arguments):
                kept = vault.execute("SELECT count(*) FROM disclosures").fetchone()[0]
                order.append((name, kept, len([*(path / "packs").glob("*.json")])))
                return real(*arguments)

            monkeypatch.setattr(disk, name, wrapped)

        for name in ("create", "write_all", "sync", "sync_directory"):
            spy(name)
        log.decide(RUBRIC, submission(1))
        vault.close()
        assert order == [
            ("create", 2, 0),  # the pack: a temporary file, its name, the directory
            ("write_all", 2, 0),
            ("sync", 2, 0),
            ("sync_directory", 2, 1),
            ("write_all", 2, 1),  # the records
            ("sync", 2, 1),
        ]

    def test_a_profile_that_is_not_the_default_is_recorded_under_the_same_pack(self, log):
        log.decide(RUBRIC, submission(1))
        done = log.decide(logs.make_rubric(profile="thirds"), submission(2, deadline="rash"))
        assert done.seq == 3
        assert log.read(3)["body"]["decision"]["assumed"] == ["profile:thirds"]


class TestArguments:
    def test_arguments_in_the_wrong_order_are_told_by_name(self, log):
        for call in (
            lambda: log.decide(submission(1), RUBRIC),
            lambda: list(log.decide_all([submission(1)], [RUBRIC])),
        ):
            with pytest.raises(TypeError, match=r"rubric, is a (dict|list): rubric comes before submission"):
                call()
        assert len(log) == 1

    def test_a_submission_too_long_for_the_vault_is_the_callers_error(self, log):
        with pytest.raises(SubmissionError, match="as a disclosure"):
            log.append(
                [Entry("s-1", "case", RUBRIC.score({"answers": {}}).data, {"answers": {"deadline": "x" * 3_200_000}})]
            )


class TestEvents:
    def test_a_refused_submission_is_told_without_anything_that_its_sender_wrote(self, log, caplog):
        with caplog.at_level("INFO", logger="scoring"), pytest.raises(SubmissionError) as caught:
            log.decide(RUBRIC, {**submission(1), "Jane Roe": 1, "answers": {"Jane Roe said no": "x"}})
        count = len(caught.value.problems)
        assert [record.getMessage() for record in caplog.records] == [f"event='refused' problems={count}"]


class TestTampered:
    """A record is read only as the log's own chain knows it."""

    @pytest.fixture
    def path(self, path):
        """No head covers what is changed here: one would tell before a record is read."""
        make_log(path, 4)
        first = (path / "heads").read_bytes().splitlines(keepends=True)[0]
        (path / "heads").write_bytes(first)
        return path

    @staticmethod
    def rewrite(path, seq):
        lines = lines_of(path)
        lines[seq] = lines[seq].replace(b"T09:00", b"T08:00")
        logs.write_lines(path, lines)
        return lines[seq]

    def test_one_that_was_changed_to_another_that_fits_is_refused(self, path):
        before = lines_of(path)[3]
        after = self.rewrite(path, 3)
        with open_log(path) as log:
            for call in (
                lambda: log.read(3),
                lambda: log.decision(3),
                lambda: log.submission(3),
                lambda: log.replay(3),
                lambda: log.find("case-1"),
                lambda: log.decide(RUBRIC, submission(1)),
            ):
                with pytest.raises(
                    LogError, match="changed: what stands behind it chains to another content"
                ) as caught:
                    call()
                leaves = [f"leaf {hashlib.sha256(bytes(1) + line).hexdigest()}" for line in (before, after)]
                assert (caught.value.seq, [caught.value.expected, caught.value.found]) == (3, leaves)
            assert log.read(4)["seq"] == 4

    def test_the_last_one_is_what_it_was_when_it_was_read_in(self, path):
        with open_log(path) as log:
            assert log.read(5)["seq"] == 5
            self.rewrite(path, 5)
            with pytest.raises(LogError, match="changed"):
                log.read(5)

    def test_one_before_what_is_no_record_cannot_be_vouched_for(self, path):
        lines = lines_of(path)
        logs.write_lines(path, [*lines[:3], b"[]".ljust(len(lines[3])), *lines[4:]])
        with open_log(path) as log, pytest.raises(LogError, match="no record") as caught:
            log.read(2)
        assert caught.value.seq == 3

    def test_at_the_end_of_a_segment_the_next_file_vouches(self, room, monkeypatch):
        monkeypatch.setattr(segments, "SEGMENT_RECORDS", 3)
        with open_log(make_log(room / "many", 5)) as log:
            assert [log.read(seq)["seq"] for seq in range(7)] == [*range(7)]

    def test_in_a_batch_it_is_that_drafts_error_and_the_others_are_recorded(self, path):
        self.rewrite(path, 3)
        with open_log(path) as log:
            one, two, three = log.decide_all(RUBRIC, [submission(8), submission(1), submission(9)])
            assert (one.seq, type(two), three.seq) == (6, LogError, 7)

    def test_a_repeated_record_whose_pack_is_gone_is_that_drafts_error(self, path):
        new = logs.make_rubric(version="2")
        with open_log(path) as log:
            log.publish(new)
            (path / "packs" / f"{RUBRIC.digest}.json").unlink()
            one, two = log.decide_all(new, [submission(8), submission(1)])
            assert (one.seq, type(two)) == (7, LogError)
            assert "is missing" in str(two)


class TestRubrics:
    """A log never holds two packs for one rubric and version."""

    def test_publishing_twice_gives_the_same_record(self, log):
        assert (log.publish(RUBRIC), log.publish(RUBRIC), len(log)) == (1, 1, 2)
        assert log.decide(RUBRIC, submission(1)).seq == 2

    def test_the_same_version_with_another_content_is_a_conflict(self, log, path):
        log.publish(RUBRIC)
        changed = logs.make_rubric(points="2")
        for call in (
            lambda: log.publish(changed),
            lambda: log.decide(changed, submission(1)),
            lambda: list(log.decide_all(changed, [submission(1)])),
        ):
            with pytest.raises(ConflictError, match="needs a new version") as caught:
                call()
            assert (caught.value.expected, caught.value.found) == (RUBRIC.digest, changed.digest)
        assert len(log) == 2
        assert names(path / "packs") == [f"{RUBRIC.digest}.json"]

    def test_a_new_version_stands_beside_the_old_one(self, log, path):
        log.decide(RUBRIC, submission(1))
        new = logs.make_rubric(version="2", points="2")
        assert log.decide(new, submission(2)).seq == 4
        assert log.decide(RUBRIC, submission(3)).seq == 5
        assert len(names(path / "packs")) == 2
        log.close()
        holds(path)

    def test_a_changed_pack_file_is_noticed_before_a_record_cites_it(self, log, path):
        (path / "packs" / f"{RUBRIC.digest}.json").write_bytes(b"{}")
        with pytest.raises(LogError, match="was changed"):
            log.publish(RUBRIC)
        assert len(log) == 1

    def test_what_a_crash_left_of_a_pack_does_not_matter(self, log, path):
        (path / "packs" / f"{RUBRIC.digest}.json.tmp").write_bytes(b"{")
        log.publish(RUBRIC)
        assert names(path / "packs") == [f"{RUBRIC.digest}.json"]

    def test_what_is_no_pack_is_refused(self, log):
        class Fake:
            pack = b'{"rubric":"small"}'
            digest = hashlib.sha256(pack).hexdigest()

        with pytest.raises(LogError, match="needs a rubric and a version"):
            log.publish(Fake)
        Fake.pack = b"{ }"
        with pytest.raises(LogError, match="not a pack"):
            log.publish(Fake)
        Fake.pack = b" " * (4 * 1024 * 1024 + 1)
        with pytest.raises(LogError, match="too long"):
            log.publish(Fake)
        Fake.pack = RUBRIC.pack
        with pytest.raises(LogError, match="another digest than its pack"):
            log.publish(Fake)
        assert len(log) == 1


class TestIds:
    """DESIGN 6: a log holds an id once; the same submission again gives the first record, another one is a conflict."""

    def test_a_retry_gives_the_first_record_and_appends_nothing(self, log):
        first = log.decide(RUBRIC, submission(1, deadline="rash"))
        head = log.head
        again = log.decide(RUBRIC, submission(1, deadline="rash"))
        assert (again.seq, again.repeated, again.decision.data) == (first.seq, True, first.decision.data)
        assert again.decision.reasons
        assert log.head == head

    def test_a_retry_is_known_after_reopening_and_by_another_process(self, path):
        make_log(path, 3)
        with open_log(path) as log:
            assert log.decide(RUBRIC, submission(1)).seq == 3
            assert len(log) == 5

    def test_the_order_of_keys_does_not_matter(self, log):
        log.decide(RUBRIC, submission(1))
        shuffled = dict(reversed(submission(1).items()))
        shuffled["answers"] = dict(reversed(shuffled["answers"].items()))
        assert log.decide(RUBRIC, shuffled).repeated

    def test_a_retry_after_the_rubric_changed_gives_what_was_decided_then(self, log):
        log.decide(RUBRIC, submission(1, outlier="140"))
        new = logs.make_rubric(version="2", points="1/2")
        again = log.decide(new, submission(1, outlier="140"))
        assert (again.seq, again.repeated) == (2, True)
        assert again.decision.data["pack"] == RUBRIC.digest
        assert again.decision.plan.pack["version"] == "1"
        assert len(log) == 3

    @pytest.mark.parametrize(
        "other",
        [
            submission(1, outlier="140"),
            submission(1, case="case-2"),
            submission(1, facts={}),
            submission(1, not_administered={"outlier": "power cut"}, answers={"deadline": "right"}),
        ],
    )
    def test_another_submission_under_the_same_id_is_a_conflict(self, log, other):
        log.decide(RUBRIC, submission(1))
        head = log.head
        with pytest.raises(ConflictError, match='the id "s-1" is recorded already, as record #2') as caught:
            log.decide(RUBRIC, other)
        assert "case-" not in str(caught.value)
        assert log.head == head

    def test_a_conflicting_submission_that_has_no_canonical_form_is_a_conflict_too(self, log):
        log.decide(RUBRIC, submission(1))
        with pytest.raises(ConflictError):
            log.decide(RUBRIC, submission(1, outlier=1.5))

    def test_without_a_vault_nothing_can_be_compared(self, path):
        with open_log(path, create=True, vault=False) as log:
            log.decide(RUBRIC, submission(1))
            with pytest.raises(ConflictError, match="cannot be compared"):
                log.decide(RUBRIC, submission(1))

    def test_what_the_vault_no_longer_has_cannot_be_compared(self, log, path):
        log.decide(RUBRIC, submission(1))
        with sqlite3.connect(f"{path}.vault") as vault:
            vault.execute(
                "DELETE FROM disclosures WHERE digest = ?", (log.read(2)["body"]["disclosures"]["submission"],)
            )
        vault.close()
        with pytest.raises(ConflictError, match="the vault no longer has it"):
            log.decide(RUBRIC, submission(1))

    @pytest.mark.parametrize("vault", [None, False])
    def test_equal_ids_within_one_batch(self, path, vault):
        with open_log(path, create=True, vault=vault) as log:
            batch = [submission(1), submission(1), submission(1, outlier="140"), submission(2), submission(1, case="x")]
            one, same, other, two, foreign = log.decide_all(RUBRIC, batch)
            assert (one.seq, same.seq, two.seq) == (2, 2, 3)
            assert (one.repeated, same.repeated) == (False, True)
            assert same.decision.data == one.decision.data
            assert isinstance(other, ConflictError)
            assert isinstance(foreign, ConflictError)
            assert len(log) == 4


class TestCases:
    """A newer decision of a case supersedes the older, which stays; cases are found through the vault."""

    def test_supersedes_names_the_newest_earlier_decision_of_the_case(self, log):
        for number, case in enumerate("abaab"):
            log.decide(RUBRIC, submission(number, case=case))
        assert [log.read(seq)["body"]["supersedes"] for seq in range(2, 7)] == [None, None, 2, 4, 3]
        digests = [log.read(seq)["body"]["disclosures"]["case"] for seq in range(2, 7)]
        assert digests[0] == digests[2] == digests[3] != digests[1] == digests[4]

    def test_within_a_batch_as_well(self, log):
        log.decide(RUBRIC, submission(0, case="a"))
        list(log.decide_all(RUBRIC, [submission(n, case=case) for n, case in enumerate("aba", 1)]))
        assert [log.read(seq)["body"]["supersedes"] for seq in range(2, 6)] == [None, 2, None, 3]

    def test_find_gives_a_cases_records_oldest_first(self, path):
        make_log(path, 3)
        with open_log(path) as log:
            log.decide(RUBRIC, submission(7, case="case-1"))
            assert [record["seq"] for record in log.find("case-1")] == [3, 5]
            assert log.find("nobody") == []

    def test_case_and_submission_of_a_record(self, log):
        log.decide(RUBRIC, submission(1))
        whole = submission(1)
        assert log.case(2) == whole.pop("case")
        del whole["id"]
        assert log.submission(2) == whole
        assert (log.case(0), log.submission(1)) == (None, None)


class TestBatches:
    """Group commit: one vault transaction and one fdatasync for each batch."""

    @pytest.fixture
    def syncs(self, monkeypatch):
        counted = []
        real = disk.sync
        monkeypatch.setattr(disk, "sync", lambda fd: (counted.append(fd), real(fd))[1])
        return counted

    def test_one_fdatasync_for_each_batch(self, log, syncs):
        log.publish(RUBRIC)
        syncs.clear()
        done = list(log.decide_all(RUBRIC, map(submission, range(200)), batch=64))
        assert [one.seq for one in done] == [*range(2, 202)]
        assert len(syncs) == 4  # 64 + 64 + 64 + 8

    def test_one_vault_transaction_for_each_batch(self, log, path):
        vault = sqlite3.connect(f"{path}.vault")

        def version():
            return vault.execute("PRAGMA data_version").fetchone()[0]

        version()
        before = version()
        list(log.decide_all(RUBRIC, map(submission, range(10)), batch=10))
        assert version() == before + 1
        vault.close()

    def test_errors_stand_where_their_submission_stood(self, log):
        batch = [
            submission(1),
            {"answers": {}},
            submission(2, deadline=7),
            submission(1, outlier="1"),
            submission(3),
            b"{",
        ]
        results = list(log.decide_all(RUBRIC, batch, batch=4))
        assert [type(result) for result in results] == [
            Recorded,
            SubmissionError,
            SubmissionError,
            ConflictError,
            Recorded,
            SubmissionError,
        ]
        assert ids(log) == ["s-1", "s-3"]

    def test_submissions_are_read_as_they_are_needed(self, log):
        read = []

        def stream():
            for number in range(10):
                read.append(number)
                yield submission(number)

        results = log.decide_all(RUBRIC, stream(), batch=3)
        assert next(results).seq == 2
        assert read == [0, 1, 2]
        assert len(log) == 5

    @pytest.mark.parametrize("batch", [0, 257, -1])
    def test_a_batch_has_its_limits(self, log, batch):
        with pytest.raises(ValueError, match="1 to 256"):
            list(log.decide_all(RUBRIC, [], batch=batch))

    def test_nothing_in_nothing_out(self, log):
        assert list(log.decide_all(RUBRIC, [])) == []
        assert log.append([]) == []
        assert len(log) == 1

    def test_one_fdatasync_covers_at_most_256_records(self, log, syncs):
        log.publish(RUBRIC)
        syncs.clear()
        assert log.append([entry(n) for n in range(600)]) == [*range(2, 602)]
        assert len(syncs) == 3 + 2  # and the head's line, before its line end and after it

    def test_one_fdatasync_covers_at_most_so_many_bytes(self, log, syncs, monkeypatch):
        log.publish(RUBRIC)
        log.append([entry(10)])
        length = len(json.dumps(log.read(2), separators=(",", ":"))) + 1
        monkeypatch.setattr(segments, "MAX_BATCH_BYTES", 3 * length + length // 2)
        syncs.clear()
        log.append([entry(n) for n in range(9)])
        assert len(syncs) == 3
        log.close()
        holds(log.path)

    def test_a_batch_of_retries_writes_nothing(self, log, syncs):
        list(log.decide_all(RUBRIC, map(submission, range(5))))
        syncs.clear()
        assert all(done.repeated for done in log.decide_all(RUBRIC, map(submission, range(5))))
        assert syncs == []


class TestColdStart:
    """A function that records one decision must not pay for what it does not use."""

    def test_recording_needs_no_class_library(self, path, room):
        (room / "pack.json").write_bytes(RUBRIC.pack)
        (room / "submission.json").write_bytes(json.dumps(submission(1)).encode())
        script = """
            import sys
            from scoring.audit.log import AuditLog
            from scoring.audit import chain, entry, segments
            from scoring.engine.rubric import Rubric
            with AuditLog.open(sys.argv[1], create=True) as log:
                log.decide(Rubric(open(sys.argv[3], "rb").read()), open(sys.argv[4], "rb").read())
                print(len(log))
            heavy = ["attr", "attrs", "cattrs", "structlog", "yaml", "typing", "pathlib", "secrets", "logging"]
            print([name for name in heavy if name in sys.modules])
        """
        assert run(script, path, str(room / "pack.json"), str(room / "submission.json")) == "3\n[]\n"
