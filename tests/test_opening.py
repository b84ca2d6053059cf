"""Openings: what was fixed for a case before its candidate started binds every submission of it."""

from __future__ import annotations

import json

import pytest

import logs
from logs import holds, open_log, query
from packs import pack, raters, rating, section
from people import FACTS, FUNNEL, both, forge, load, process, sheet
from scoring import canonical
from scoring.audit.entry import Entry
from scoring.audit.verify import verify_directory
from scoring.engine.rubric import Rubric
from scoring.errors import ConflictError, LogError, StoreError, SubmissionError

room, path, log = logs.room, logs.path, logs.log


class Interrupted:
    """A rubric during whose first score something else happens."""

    def __init__(self, rubric, happens):
        self.rubric = rubric
        self.happens = [happens]

    def __getattr__(self, name):
        return getattr(self.rubric, name)

    def score(self, submission):
        if self.happens:
            self.happens.pop()()
        return self.rubric.score(submission)


class TestWhatItFixes:
    def test_its_facts_are_merged_into_what_is_scored_and_disclosed(self, log):
        assert log.open_case(FUNNEL, "Ada", "open-1", FACTS) == 2
        done = log.decide(FUNNEL, sheet("s-1"))
        assert (done.decision.status, done.decision.verdict, done.decision.variant) == ("decided", "strong", "with_ai")
        assert log.submission(done.seq) == {
            "answers": sheet("s-1")["answers"],
            "handed_in": ["door", "written", "talk"],
            "facts": FACTS,
        }
        assert log.facts(2) == FACTS
        assert [log.case(seq) for seq in (2, 3)] == ["Ada", "Ada"]
        assert [log.read(seq)["type"] for seq in range(4)] == ["genesis", "rubric", "opening", "decision"]
        assert log.replay().complete
        log.close()
        assert holds(log.path)["openings"].detail == "1 recorded, each before its case's decisions, which keep to it"
        assert both(log.path) == ({}, None, set())

    def test_facts_that_it_leaves_open_come_with_the_submission(self, log):
        log.open_case(FUNNEL, "Ada", "open-1", {"variant": "with_ai"})
        facts = {"irregularities": ["fire-alarm"], "raters": {"Rosa": "examiner"}}
        done = log.decide(FUNNEL, sheet("s-1", facts=facts))
        assert done.decision.holds == ("irregularity",)
        assert log.submission(done.seq)["facts"] == {**facts, "variant": "with_ai"}

    def test_saying_the_same_again_is_no_contradiction(self, log):
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        assert log.decide(FUNNEL, sheet("s-1", facts={"variant": "with_ai"})).seq == 3

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("variant", "without_ai"),
            ("started_at", "2026-11-21T09:06:00Z"),
            ("raters", {"Rosa": "examiner", "Mallory": "examiner"}),
            ("notice", None),
            ("variant", 1.5),
        ],
    )
    def test_a_contradiction_is_refused_and_names_the_fact(self, log, name, value):
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        with pytest.raises(SubmissionError) as caught:
            log.decide(FUNNEL, sheet("s-1", facts={name: value}))
        assert [problem.path for problem in caught.value.problems] == [f"facts/{name}"]
        assert "record #2, the opening of this case" in str(caught.value)
        assert "Mallory" not in str(caught.value)
        assert len(log) == 3

    def test_facts_that_are_no_object_are_refused(self, log):
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        with pytest.raises(SubmissionError, match="facts: expected an object"):
            log.decide(FUNNEL, sheet("s-1", facts=[]))

    @pytest.mark.parametrize(
        ("rubric", "told"),
        [
            (load(level="senior"), "level is senior, and mid was opened by record #2"),
            (load(profile="other"), "profile is other, and equal was opened by record #2"),
            (load(process(version="2")), "is scored by sample 1: load that"),
            (load(process(rubric="another")), "is scored by sample 1: load that"),
        ],
    )
    def test_another_rubric_profile_or_level_is_refused(self, log, rubric, told):
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        with pytest.raises(ConflictError, match=told):
            log.decide(rubric, sheet("s-1"))
        assert [log.read(seq)["type"] for seq in range(len(log))].count("decision") == 0
        assert log.decide(FUNNEL, sheet("s-1")).decision.verdict == "strong"

    def test_a_rubric_that_could_not_read_the_facts_is_told_apart_from_a_bad_submission(self, log):
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        with pytest.raises(ConflictError, match="is scored by sample 1: load that"):
            log.decide(logs.RUBRIC, sheet("s-1"))

    def test_other_cases_are_not_bound(self, log):
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        done = log.decide(load(level="senior"), sheet("s-1", case="Bob", facts={**FACTS, "variant": "without_ai"}))
        assert (done.decision.level, done.decision.variant) == ("senior", "without_ai")

    def test_many_at_once(self, log):
        """In one batch, one case keeps to its opening, one contradicts it, one has none."""
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        results = list(
            log.decide_all(
                FUNNEL,
                [sheet("s-1"), sheet("s-2", facts={"variant": "without_ai"}), sheet("s-3", case="Bob", facts=FACTS)],
            )
        )
        assert [getattr(done, "seq", type(done)) for done in results] == [3, SubmissionError, 4]


class TestRetries:
    def test_the_same_opening_again_gives_its_record(self, log):
        assert log.open_case(FUNNEL, "Ada", "open-1", FACTS) == log.open_case(FUNNEL, "Ada", "open-1", dict(FACTS)) == 2
        log.decide(FUNNEL, sheet("s-1"))
        assert log.open_case(FUNNEL, "Ada", "open-1", FACTS) == 2
        assert len(log) == 4

    def test_the_same_submission_again_gives_its_record(self, log):
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        first = log.decide(FUNNEL, sheet("s-1"))
        again = log.decide(load(level="senior"), sheet("s-1"))
        assert (again.seq, again.repeated, again.decision) == (first.seq, True, first.decision)
        with pytest.raises(ConflictError, match="another content"):
            log.decide(FUNNEL, sheet("s-1", answers={"licence": "yes"}))

    def test_twice_in_one_batch(self, log):
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        done = list(
            log.decide_all(FUNNEL, [sheet("s-1"), sheet("s-1", facts=FACTS), sheet("s-1", facts={"variant": "x"})])
        )
        assert [done[0].seq, done[1].seq, done[1].repeated] == [3, 3, True]
        assert isinstance(done[2], ConflictError)

    @pytest.mark.parametrize(
        "other",
        [
            {"facts": {}},
            {"facts": {**FACTS, "variant": "without_ai"}},
            {"case": "Bob"},
            {"rubric": load(level="senior")},
        ],
    )
    def test_another_opening_under_its_id_is_refused(self, log, other):
        given = {"rubric": FUNNEL, "case": "Ada", "id": "open-1", "facts": FACTS}
        log.open_case(**given)
        with pytest.raises(ConflictError, match="with another content"):
            log.open_case(**{**given, **other})
        assert len(log) == 3

    def test_an_id_is_one_record_s_whatever_its_type(self, log):
        log.open_case(FUNNEL, "Ada", "one", FACTS)
        with pytest.raises(ConflictError, match="for another type of record"):
            log.decide(FUNNEL, sheet("one"))
        log.decide(FUNNEL, sheet("two"))
        with pytest.raises(ConflictError, match="for another type of record"):
            log.open_case(FUNNEL, "Bob", "two", FACTS)


class TestWhatIsRefused:
    def test_a_second_opening(self, log):
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        with pytest.raises(ConflictError, match="opened already, by record #2"):
            log.open_case(FUNNEL, "Ada", "open-2", FACTS)
        assert len(log) == 3

    def test_an_opening_after_a_decision(self, log):
        log.decide(FUNNEL, sheet("s-1", facts=FACTS))
        with pytest.raises(ConflictError, match="has a decision already, record #2"):
            log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        assert len(log) == 3

    def test_a_word_that_is_refused_leaves_nothing_in_the_vault(self, log, path):
        log.decide(FUNNEL, sheet("s-1", facts=FACTS))
        before = query(f"{path}.vault", "SELECT count(*) FROM disclosures")
        with pytest.raises(ConflictError):
            log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        assert query(f"{path}.vault", "SELECT count(*) FROM disclosures") == before

    @pytest.mark.parametrize(
        ("change", "paths"),
        [
            ({"id": "a b"}, ["id"]),
            ({"case": ""}, ["case"]),
            ({"facts": {"irregularities": []}}, ["facts/irregularities"]),
            ({"facts": {"elapsed": {}, "a b": 1}}, ["facts/elapsed", "facts"]),
            ({"facts": []}, ["facts"]),
            ({"facts": {"variant": "none_such"}}, ["facts/variant"]),
            ({"facts": {"started_at": "yesterday"}}, ["facts/started_at"]),
            ({"facts": {"notice": {"at": "now"}}}, ["facts/notice/at"]),
            ({"id": "", "case": 5, "facts": {"variant": "none_such"}}, ["case", "facts/variant", "id"]),
        ],
    )
    def test_what_does_not_fit_is_told_all_at_once(self, log, change, paths):
        with pytest.raises(SubmissionError) as caught:
            log.open_case(**{"rubric": FUNNEL, "case": "Ada", "id": "open-1", "facts": FACTS, **change})
        assert sorted({problem.path for problem in caught.value.problems}) == sorted(paths)
        assert len(log) == 1

    def test_without_a_vault_nothing_can_be_opened(self, path):
        open_log(path, create=True).close()
        with open_log(path, vault=False) as log, pytest.raises(StoreError, match="without its vault"):
            log.open_case(FUNNEL, "Ada", "open-1", FACTS)

    def test_a_case_whose_facts_are_gone_is_not_scored_without_them(self, log, path):
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        query(
            f"{path}.vault", "DELETE FROM disclosures WHERE digest = ?", log.read(2)["body"]["disclosures"]["opening"]
        )
        with pytest.raises(LogError, match="no longer has what this opening fixed") as caught:
            log.decide(FUNNEL, sheet("s-1"))
        assert caught.value.seq == 2
        assert log.decide(FUNNEL, sheet("s-2", case="Bob", facts=FACTS)).seq == 3


class TestEntries:
    """Decisions made elsewhere: nothing can be merged into them any more."""

    @staticmethod
    def entry(inputs, rubric=FUNNEL):
        return Entry("s-1", "Ada", rubric.score(inputs).data, inputs)

    def test_made_from_what_inputs_gives(self, log):
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        sent = {key: value for key, value in sheet("s-1").items() if key not in ("id", "case")}
        entry = self.entry(log.inputs("Ada", sent))
        assert log.append([entry]) == log.append([entry]) == [3]
        assert log.replay().complete

    def test_made_without_it(self, log):
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        sent = {"answers": {}, "facts": {"variant": "with_ai"}}
        with pytest.raises(SubmissionError, match="score what `inputs` gives"):
            log.append([self.entry(sent)])
        with pytest.raises(SubmissionError, match="facts/variant"):
            log.append([self.entry({"answers": {}, "facts": {"variant": "without_ai"}})])
        assert len(log) == 3

    def test_made_by_another_level(self, log):
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        with pytest.raises(ConflictError, match="level is senior, and mid was opened"):
            log.append([self.entry({"answers": {}, "facts": FACTS}, load(level="senior"))])

    def test_made_by_another_version_after_the_first_decision(self, log):
        """Only a rescore brings another version in."""
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        log.decide(FUNNEL, sheet("s-0", stages=1))
        newer = load(process(version="2"))
        log.publish(newer)
        with pytest.raises(ConflictError, match="Another version comes in by a rescore alone"):
            log.append([self.entry({"answers": {}, "facts": FACTS}, newer)])

    def test_inputs_of_a_case_that_nobody_opened_are_what_was_sent(self, log):
        assert log.inputs("Ada", {"answers": {}}) == {"answers": {}}


class TestPanel:
    """A panel that can never rate is refused while it can still be mended."""

    DOCUMENT = pack(section("s", rating("r", by=raters(combine="consensus", top=2, lead=2))))

    @pytest.mark.parametrize(
        ("panel", "told"),
        [
            ({"a": "lead"}, "the item r needs 2 of the role lead, and the panel has 1"),
            ({"a": "lead", "b": "lead", "c": "lead"}, "the item r takes 2 raters, and the panel has 3"),
            ({"a": "lead", "b": "lead", "c": "chair"}, "no item needs the role chair: the roles are lead"),
            ({}, "leave raters out of the opening where the panel is not known yet"),
        ],
    )
    def test_it_is_told_which_item_it_cannot_rate(self, log, panel, told):
        rubric = Rubric(canonical.dumps(self.DOCUMENT))
        with pytest.raises(SubmissionError, match=told) as caught:
            log.open_case(rubric, "Ada", "open-1", {"raters": panel})
        assert {problem.path for problem in caught.value.problems} == {"facts/raters"}
        assert len(log) == 1

    def test_one_that_can_or_that_is_not_known_yet_is_taken(self, log):
        rubric = Rubric(canonical.dumps(self.DOCUMENT))
        log.open_case(rubric, "Ada", "open-1", {"raters": {"a": "lead", "b": "lead"}})
        log.open_case(rubric, "Bob", "open-2", {})
        assert len(log) == 4

    def test_items_of_another_variant_are_left_out(self, log):
        """Of two items with a role each, one belongs to the other variant: its role is none of this case."""
        document = process()
        items = document["stages"][2]["sections"][0]["items"]
        items[0]["only"] = "with_ai"
        items.append(rating("other", by=raters(expert=1)) | {"only": "without_ai"})
        rubric = load(document)
        log.open_case(rubric, "Ada", "open-1", {"variant": "with_ai", "raters": {"Rosa": "examiner"}})
        with pytest.raises(SubmissionError, match="no item needs the role expert"):
            log.open_case(
                rubric, "Bob", "open-2", {"variant": "with_ai", "raters": {"Rosa": "examiner", "Al": "expert"}}
            )
        log.open_case(rubric, "Eve", "open-3", {"raters": {"Rosa": "examiner", "Al": "expert"}})


class TestWithoutItsVault:
    def test_a_log_in_which_cases_are_bound_takes_no_decision(self, log, path):
        """Without the vault nobody knows whose submission it is, so that an opening, a void or a reinstatement would bind nobody."""
        log.open_case(FUNNEL, "Ada", "open-1", FACTS)
        log.close()
        with open_log(path, vault=False) as without:
            with pytest.raises(StoreError, match="Open it with its vault"):
                without.decide(FUNNEL, sheet("s-1", facts=FACTS))
            entry = Entry("s-1", "Ada", FUNNEL.score({"answers": {}, "facts": FACTS}).data, {"answers": {}})
            with pytest.raises(StoreError, match="Open it with its vault"):
                without.append([entry])
            assert len(without) == 3

    def test_and_one_in_which_none_is_does(self, path):
        with open_log(path, create=True, vault=False) as without:
            assert without.decide(FUNNEL, sheet("s-1", facts=FACTS)).seq == 2


class TestMeanwhile:
    def test_an_opening_that_comes_while_the_case_is_scored_binds_it(self, log, path):
        with open_log(path) as other:
            rubric = Interrupted(FUNNEL, lambda: other.open_case(FUNNEL, "Ada", "open-1", FACTS))
            done = log.decide(rubric, sheet("s-1", stages=2, facts={"variant": "with_ai"}))
        assert (done.seq, done.decision.data["notice"]) == (3, True)
        assert log.submission(3)["facts"] == FACTS
        log.close()
        assert both(path) == ({}, None, set())

    def test_or_refuses_it(self, log, path):
        with open_log(path) as other:
            rubric = Interrupted(FUNNEL, lambda: other.open_case(FUNNEL, "Ada", "open-1", FACTS))
            with pytest.raises(SubmissionError, match="facts/variant"):
                log.decide(rubric, sheet("s-1", stages=2, facts={"variant": "without_ai"}))
        assert len(log) == 3


class TestForged:
    """What only the log's order can show: both verifiers find it, at the record that breaks the rule."""

    @pytest.fixture
    def path(self, path):
        with open_log(path, create=True) as log:
            log.publish(load(process(version="2", about={"replaces": "1"})))
            log.publish(load(process(rubric="another", about={"replaces": "1"})))
            log.open_case(FUNNEL, "Ada", "open-1", FACTS)  # records 3 and 4
            log.decide(FUNNEL, sheet("s-1", stages=1))
            log.decide(FUNNEL, sheet("s-2"))
        return path

    def packs(self, path):
        records = [json.loads(line) for line in logs.lines_of(path)]
        return {
            (r["body"]["rubric"], r["body"]["version"]): r["body"]["pack"] for r in records if r["type"] == "rubric"
        }

    @pytest.mark.parametrize("key", ["level", "profile"])
    def test_a_decision_by_another(self, path, key):
        forge(path, lambda records: records[6]["body"]["decision"].update({key: "other"}))
        assert both(path) == ({"openings": 6}, 6, {"openings"})

    def test_a_decision_by_another_rubric(self, path):
        other = self.packs(path)["another", "1"]
        forge(path, lambda records: records[6]["body"]["decision"].update(pack=other))
        assert both(path) == ({"openings": 6}, 6, {"openings"})

    def test_a_decision_for_another_variant(self, path):
        forge(path, lambda records: records[6]["body"]["decision"].update(variant="without_ai"))
        finding = verify_directory(path)["openings"]
        assert (finding.seq, finding.detail) == (6, "its variant is not the one that the opening fixed")

    def test_an_amendment_is_no_forgery_but_a_first_decision_is_none(self, path):
        newer = self.packs(path)["sample", "2"]
        forge(path, lambda records: records[6]["body"]["decision"].update(pack=newer))
        assert both(path) == ({}, None, set())
        forge(path, lambda records: records[5]["body"]["decision"].update(pack=newer))
        assert both(path) == ({"openings": 5}, 5, {"openings"})

    @pytest.mark.parametrize("about", [{}, {"replaces": "2"}])
    def test_a_version_that_does_not_replace_the_one_before_is_no_amendment(self, room, about):
        path = room / "unamended"
        with open_log(path, create=True) as log:
            log.publish(load(process(version="3", about=about)))
            log.open_case(FUNNEL, "Ada", "open-1", FACTS)  # records 2 and 3
            log.decide(FUNNEL, sheet("s-1", stages=1))
            log.decide(FUNNEL, sheet("s-2"))
            pack = log.read(1)["body"]["pack"]
        forge(path, lambda records: records[5]["body"]["decision"].update(pack=pack))
        assert both(path) == ({"openings": 5}, 5, {"openings"})

    def test_after_an_amendment_the_opened_version_does_not_come_back(self, path):
        """Each decision keeps to the one before it; a pack that an amendment left is another pack."""
        newer = self.packs(path)["sample", "2"]

        def back(records):
            again = json.loads(json.dumps(records[6]))
            again["body"]["id"], again["body"]["supersedes"] = "s-3", 6
            records[6]["body"]["decision"]["pack"] = newer
            records.append(again)

        forge(path, back)
        assert both(path) == ({"openings": 7}, 7, {"openings"})

    def test_an_opening_behind_a_decision(self, path):
        def swap(records):
            records[4], records[5] = records[5], records[4]
            records[6]["body"]["supersedes"] = 4

        forge(path, swap)
        assert both(path) == ({"openings": 5}, 5, {"openings"})

    def test_two_openings(self, path):
        def double(records):
            again = json.loads(json.dumps(records[4]))
            again["body"]["id"] = "open-2"
            records.insert(5, again)
            records[7]["body"]["supersedes"] = 6

        forge(path, double)
        assert both(path) == ({"openings": 5}, 5, {"openings"})

    def test_an_id_that_an_opening_has(self, path):
        forge(path, lambda records: records[6]["body"].update(id="open-1"))
        found, first, failed = both(path)
        assert (found, first, failed) == ({"ids": 6}, 6, {"decisions"})

    def test_an_opening_of_a_pack_that_is_recorded_later(self, path):
        def move(records):
            records.insert(3, records.pop(4))
            records[3]["body"]["pack"] = records[4]["body"]["pack"]

        forge(path, move)
        found, first, failed = both(path)
        assert (found["packs"], first) == (3, 3)
        assert "openings" in failed

    def test_facts_that_were_not_merged_show_with_the_vault(self, path):
        """As a writer who cheats would make it: scored without what was fixed."""
        with open_log(path) as log:
            log.open_case(FUNNEL, "Bob", "open-2", FACTS)
            sent = {"answers": {}, "facts": {"variant": "with_ai"}}
            seqs = [log.decide(FUNNEL, {**sent, "id": "s-3", "case": "Eve"}).seq]
            bob = log.read(seqs[0] - 1)["body"]["disclosures"]["case"]
        forge(path, lambda records: records[seqs[0]]["body"]["disclosures"].update(case=bob))
        report = verify_directory(path)
        assert (report["openings"].result, report["openings"].seq) == ("FAILS", seqs[0])
        assert report["openings"].detail.startswith("what was scored is not what the opening")
        assert verify_directory(path, vault=False).ok

    def test_an_opening_that_discloses_something_else(self, path):
        def change(records):
            digests = records[4]["body"]["disclosures"]
            digests["opening"] = records[6]["body"]["disclosures"]["submission"]

        forge(path, change)
        assert verify_directory(path)["vault"].seq == 4


class TestPrecedence:
    """What the log says of itself: who came first, by the times that are claimed."""

    @pytest.mark.parametrize(
        ("started_at", "notice_at", "told"),
        [
            ("2026-11-21T09:05:00Z", "2026-11-21T09:00:00Z", ()),
            ("2026-11-21T08:00:00Z", "2026-11-21T08:00:00Z", ("key_not_predefined", "opening_not_before")),
            ("2026-11-21T09:05:00Z", "2026-11-21T09:05:01Z", ("notice_not_before",)),
            ("2026-11-21T09:05:00Z", None, ()),
            (None, "2026-11-21T09:05:01Z", ()),
        ],
    )
    def test_of_one_decision(self, log, started_at, notice_at, told):
        facts = {
            "variant": "with_ai",
            "started_at": started_at,
            "notice": notice_at and {**FACTS["notice"], "at": notice_at},
        }
        log.open_case(FUNNEL, "Ada", "open-1", {key: value for key, value in facts.items() if value})
        seq = log.decide(FUNNEL, sheet("s-1", stages=1)).seq
        found = log.precedence(seq)
        assert (found.seq, found.rubric, found.opening, found.in_order) == (3, 1, 2, True)
        assert (found.started_at, found.notice_at, found.remarks) == (started_at, notice_at, told)
        assert (found.rubric_time, found.opening_time) == (log.read(1)["time"], log.read(2)["time"])
        finding = log.verify()["precedence"]
        if told:
            words = {
                "key_not_predefined": "rubric that decided was recorded",
                "opening_not_before": "opening was recorded",
                "notice_not_before": "notice was shown",
            }
            counts = "; ".join(f"in 1 the {words[code]} after the candidate started" for code in told)
            assert (finding.result, finding.seq) == ("REMARK", 3)
            assert finding.detail == f"by the times claimed, of 1 decision: {counts}"
        elif started_at:
            assert finding.result == "HOLDS"
        else:
            assert (finding.result, finding.detail) == ("NOT CHECKED", "no decision says when its candidate started")
        report = log.verify()
        assert (report.ok, report.complete) == (True, True)

    def test_without_the_vault_nobody_can_tell(self, log, path):
        log.decide(FUNNEL, sheet("s-1", facts=FACTS))
        log.close()
        finding = verify_directory(path, vault=False)["precedence"]
        assert finding.result == "NOT CHECKED"
        assert finding.detail == "no vault was given, and only submissions say when candidates started"
        with open_log(path, vault=False) as without:
            assert without.precedence(2).started_at is None

    def test_what_is_no_decision_has_none(self, log):
        with pytest.raises(LogError, match="which holds no decision"):
            log.precedence(0)

    def test_decisions_that_do_not_say_are_counted(self, log):
        log.decide(FUNNEL, sheet("s-1", facts=FACTS))
        log.decide(FUNNEL, sheet("s-2", case="Bob", facts={"variant": "with_ai"}, stages=1))
        assert log.verify()["precedence"].detail.endswith("(1 decision); 1 decision does not say when")
