"""Columns: a cache that is made from the log alone, goes on where it stopped, and is thrown away where it does not fit; and backtests over real logs."""

from __future__ import annotations

import shutil
from fractions import Fraction

import pytest

import logs
from logs import RUBRIC, make_rubric, open_log, submission
from packs import choice, number, override, pack, rubric, section
from scoring.audit import columns as columns_module
from scoring.audit.columns import columns_of, submissions_of
from scoring.audit.verify import verify_directory
from scoring.change.again import carried
from scoring.change.backtest import again, backtest
from scoring.change.causes import Cause
from scoring.change.translate import outcomes
from scoring.errors import LogError

room, path, log = logs.room, logs.path, logs.log

STRICTER = make_rubric(version="2", points="2")


def cache(path):
    return path / "cache" / "columns"


def decide(log, *numbers, **answers):
    return [log.decide(RUBRIC, submission(number, **answers)).seq for number in numbers]


def everything(columns):
    """All that columns say."""
    return [
        (group.pack, chunk.seqs, chunk.superseded, [chunk.outcomes(row) for row in range(len(chunk))], chunk.results)
        for group in columns.groups
        for place in range(len(group.chunks))
        for chunk in [columns.chunk(group, place)]
    ]


class TestTheCache:
    def test_it_holds_what_the_records_say(self, log):
        """Outcomes, what it came to, and the circumstances of every decision, under the size and leaf of the log."""
        seqs = decide(log, 1, 2) + decide(log, 3, outlier="7")
        columns = columns_of(log)
        assert log.head == (columns.size, columns.leaf)
        (group,) = columns.of(RUBRIC.digest, "equal", None)
        chunk = columns.chunk(group, 0)
        recorded = [log.read(seq)["body"]["decision"] for seq in seqs]
        assert seqs == [*chunk.seqs]
        assert [one["outcomes"] for one in recorded] == [chunk.outcomes(row) for row in range(3)]
        came = [chunk.results[number] for number in chunk.came]
        assert [(one["status"], one["verdict"], one["action"]) for one in recorded] == came
        for row, one in enumerate(recorded):
            around = chunk.circumstances[chunk.around[row]]
            assert {**{key: one[key] for key in around if key != "evaluated"}, "evaluated": 1} == around

    @pytest.mark.parametrize("size", [2, 3, 100])
    def test_it_goes_on_where_it_stopped(self, log, path, monkeypatch, size):
        """Made in steps it is what it is made at once, whether the last chunk was full or not; and what was read is not read again."""
        monkeypatch.setattr(columns_module, "CHUNK", size)
        decide(log, 1, 2)
        columns_of(log)
        told = []
        decide(log, 3, 4, 5)
        log.decide(RUBRIC, submission(6, case="case-2"))
        first = logs.lines_of(path)
        logs.write_lines(path, [first[0], b"x" * len(first[1]), *first[2:]])  # nobody looks
        stepwise = columns_of(log, lambda done, of: told.append((done, of)))
        logs.write_lines(path, first)
        shutil.rmtree(cache(path))
        assert everything(columns_of(log)) == everything(stepwise)
        assert told == [(len(log), len(log))]
        assert len(everything(stepwise)) == -(-6 // size)

    @pytest.mark.parametrize("spoil", ["state", "chunk", "chunk gone", "not a state", "another log's"])
    def test_what_does_not_fit_is_made_again(self, log, path, room, spoil):
        """A changed or missing file, or another log's cache."""
        decide(log, 1, 2, 3)
        expected = everything(columns_of(log))
        chunk = cache(path) / columns_of(log).groups[0].chunks[0][0]
        if spoil == "state":
            data = (cache(path) / "state").read_bytes()
            (cache(path) / "state").write_bytes(data.replace(b'"size":', b'"size" :'))
        elif spoil == "not a state":
            (cache(path) / "state").write_bytes(b"[]")
        elif spoil == "chunk":
            chunk.write_bytes(chunk.read_bytes()[:-1] + b"A")
        elif spoil == "chunk gone":
            chunk.unlink()
        else:
            with open_log(room / "other", create=True) as other:
                decide(other, 7, 8, 9, deadline="rash")
                columns_of(other)
            shutil.rmtree(cache(path))
            shutil.copytree(cache(room / "other"), cache(path))
        assert expected == everything(columns_of(log))

    def test_what_is_deleted_while_it_is_read_is_said(self, log, path):
        """Whoever holds columns whose files go away hears of it, and gets them again by asking again."""
        decide(log, 1, 2)
        held = columns_of(log)
        shutil.rmtree(cache(path))
        with pytest.raises(LogError, match="try again"):
            everything(held)
        assert everything(columns_of(log))

    def test_a_place_that_cannot_be_written_costs_the_cache_alone(self, log, path):
        """They are made in a temporary directory, which goes with them."""
        decide(log, 1, 2)
        cache(path).write_bytes(b"")
        assert len(everything(columns_of(log))[0][1]) == 2
        assert cache(path).is_file()

    def test_verify_holds_beside_it(self, log, path):
        decide(log, 1, 2)
        columns_of(log)
        log.close()
        assert verify_directory(path).ok

    def test_a_log_that_does_not_chain_is_refused(self, log, path):
        """With the record at which it shows."""
        decide(log, 1, 2)
        lines = logs.lines_of(path)
        logs.write_lines(path, [*lines[:2], lines[2].replace(b"strong", b"String"), *lines[3:]])
        with pytest.raises(LogError, match="record #3: it does not chain"):
            columns_of(log)

    def test_files_that_nothing_names_any_more_go(self, log, path):
        for number_ in range(5):
            decide(log, number_)
            columns_of(log)
        assert len([*cache(path).iterdir()]) <= 5


class TestBacktestsOverALog:
    def test_each_case_counts_once(self, log):
        """A superseded decision is left out, and counted beside the others; asked for, it counts."""
        decide(log, 1, 2)
        log.decide(RUBRIC, submission(3, case="case-1", outlier="7"))
        columns = columns_of(log)
        found = backtest(RUBRIC.plan, STRICTER.plan, columns, submissions_of(log))
        assert (found.cases, found.superseded, found.matrix) == (
            2,
            1,
            {("borderline", "borderline"): 1, ("strong", "strong"): 1},
        )
        everyone = backtest(RUBRIC.plan, STRICTER.plan, columns, submissions_of(log), superseded=True)
        assert (everyone.cases, everyone.superseded) == (3, 0)
        assert [3, 4] == [one.seq for one in again(RUBRIC.plan, STRICTER.plan, columns, submissions_of(log))]

    def test_what_is_gone_is_named_with_the_reason(self, log):
        """An erased case whose key changed cannot be classified again; one whose outcomes tell it is decided nevertheless."""
        decide(log, 1, 2)
        log.erase("case-1", reason="asked")
        document = logs.pack_document(version="2")
        document["stages"][0]["sections"][1]["items"][0]["keys"][0] |= {"low": "140", "high": "142"}
        columns = columns_of(log)
        other = rubric(document).plan
        found = backtest(RUBRIC.plan, other, columns, submissions_of(log))
        assert (found.cases, found.reread) == (1, 1)
        assert [(2, "erased at record 4")] == [(one.seq, one.why) for one in found.unjudged]
        assert backtest(RUBRIC.plan, other, columns, lambda _: None).unjudged[1].why.startswith("the vault")
        assert backtest(RUBRIC.plan, STRICTER.plan, columns, submissions_of(log)).cases == 2

    def test_what_the_new_version_refuses_is_named_without_the_answer(self, log):
        """A number where an option's id stood is fine; a list where a number is asked is not."""
        log.decide(RUBRIC, submission(1, deadline=["right", "secret"]))
        document = logs.pack_document(version="2")
        item = number("deadline") | {"awaits": []}
        document["stages"][0]["sections"][0]["items"] = [item]
        found = backtest(RUBRIC.plan, rubric(document).plan, columns_of(log), submissions_of(log))
        assert found.cases == 0
        (one,) = found.unjudged
        assert one.why.startswith("the new version refuses what was handed in: answers/deadline: expected text")
        assert "secret" not in one.why

    @pytest.mark.parametrize("workers", [1, 2])
    def test_processes_change_nothing(self, log, monkeypatch, workers):
        """The same counts in the same order, from one process or two, whose vault each opens anew; and progress is told to the end."""
        monkeypatch.setattr(columns_module, "CHUNK", 3)
        decide(log, *range(10), deadline="rash")
        decide(log, *range(10, 14), outlier="141 or 12")
        document = logs.pack_document(version="2")
        document["stages"][0]["sections"][1]["items"][0] |= {"read": "contains"}
        told = []
        found = backtest(
            RUBRIC.plan,
            rubric(document).plan,
            columns_of(log),
            submissions_of(log),
            workers=workers,
            progress=lambda done, of: told.append((done, of)),
        )
        assert (found.cases, found.reread, found.unjudged) == (14, 14, ())
        assert [(3, 14), (6, 14), (9, 14), (12, 14), (14, 14)] == told
        assert [12, 13, 14, 15] == found.movers.seqs() == [mover.seq for mover in found.movers]
        assert {("borderline", "borderline"): 10, ("borderline", "strong"): 4} == found.matrix

    def test_a_new_notice_is_remarked_on(self, log):
        """Whoever was shown the old text was not shown the new one: a fatal answer puts no cap then, and a person is asked."""
        decide(log, 1, deadline="false")
        document = logs.pack_document(version="2") | {"notice": "Some answers end it."}
        found = backtest(RUBRIC.plan, rubric(document).plan, columns_of(log), submissions_of(log))
        assert {("fail", "borderline"): 1} == found.matrix
        assert found.remarks[0].startswith("the notice reads otherwise")
        assert ("cap", "fatal") in [(cause.kind, cause.id) for mover in found.movers for cause in mover.causes]


class TestCauses:
    OLD = pack(
        section("a", choice("one", A=("1", None), B=("0", None)), choice("two", A=("1", None), B=("1/2", None))),
        section("b", number("three")),
    )

    def causes(self, room, answers, **changes):
        old, new = rubric(self.OLD), rubric(self.OLD | {"version": "2"} | changes)
        with open_log(room / "causes", create=True) as log:
            log.decide(old, {"answers": answers, "case": "c", "id": "s"})
            found = backtest(old.plan, new.plan, columns_of(log), submissions_of(log))
            return [(mover.old.score, mover.new.score, mover.causes) for mover in found.movers]

    def test_an_item_is_named_with_what_it_added(self, room):
        """B of `two` earns nothing now: a quarter of the half that its section is worth."""
        sections = [
            section("a", choice("one", A=("1", None), B=("0", None)), choice("two", A=("1", None), B=("0", None))),
            section("b", number("three")),
        ]
        stages = pack(*sections)["stages"]
        expected = [("7/8", "3/4", (Cause("item", "two", "B", "B", Fraction(-1, 8)),))]
        ((old, new, found),) = self.causes(room, {"one": "A", "two": "B", "three": "70"}, stages=stages)
        assert expected == [(old, new, found[:1])]
        assert ("hold", "verdict") in [(cause.kind, cause.id) for cause in found]

    def test_a_cut_a_share_and_a_cap_are_named_where_no_item_is(self, room):
        verdicts = [{**one} for one in self.OLD["verdicts"]]
        verdicts[0]["from"] = "9/10"
        ((_, _, found),) = self.causes(room, {"one": "A", "two": "B", "three": "70"}, verdicts=verdicts)
        assert Cause("cut", "strong", "4/5", "9/10") == found[0]
        profile = {**self.OLD["profiles"][0], "shares": {"a": "9/10", "b": "1/10"}}
        shutil.rmtree(room / "causes")
        (room / "causes.vault").unlink()
        ((_, _, found),) = self.causes(room, {"one": "A", "two": "B", "three": "70"}, profiles=[profile])
        assert [Cause("share", "a", "1/2", "9/10"), Cause("share", "b", "1/2", "1/10")] == [*found[:2]]
        shutil.rmtree(room / "causes")
        (room / "causes.vault").unlink()
        rule = override("half", "weak", {"section": "a", "below": "1"})
        ((_, _, found),) = self.causes(room, {"one": "A", "two": "B", "three": "70"}, overrides=[rule])
        assert (Cause("cap", "override:half", None, "weak"),) == found

    def test_a_floor_that_lifts_a_section_is_named(self, room):
        """Nothing right in `a`: it comes to half of its weight by the new floor. That of `b`, all right, lifts nothing."""
        sections = [{**one, "floor": "1/2"} for one in self.OLD["stages"][0]["sections"]]
        stages = [{**self.OLD["stages"][0], "sections": sections}]
        ((old, new, found),) = self.causes(room, {"one": "B", "two": "X", "three": "70"}, stages=stages)
        assert ("1/2", "3/4") == (old, new)
        assert [Cause("floor", "a", "0", "1/2")] == [
            cause for cause in found if cause.kind in {"item", "share", "floor"}
        ]


class TestTranslation:
    """By id; None is what only the answer could say."""

    @staticmethod
    def named(old, new):
        """What each outcome of one item becomes in another, by name."""
        before, after = (
            rubric(pack(section("s", item), section("t", number("n")))).plan.items[0] for item in (old, new)
        )
        moved = outcomes(before, after)
        return {before.name(code): None if to is None else after.name(to) for code, to in enumerate(moved)}

    def test_options_keep_their_ids_in_any_order(self):
        old = choice("q", A=("1", None), B=("0", "refer"), C=("0", None))
        new = choice("q", C=("0", None), B=("1/2", "refer"), A=("1", None))
        assert all(name == to for name, to in self.named(old, new).items())

    def test_a_renamed_option_is_read_again_and_so_is_what_no_option_fitted(self):
        old, new = choice("q", A=("1", None), B=("0", None)), choice("q", A=("1", None), Z=("0", None))
        found = self.named(old, new)
        assert (found["A"], found["B"], found["several"], found["invalid"]) == ("A", None, None, None)
        assert (found["absent"], found["blank"]) == ("absent", "blank")

    def test_a_new_severe_flag_may_make_several_flagged_of_several(self):
        old = choice("q", A=("1", None), B=("0", None), C=("0", "refer"))
        new = choice("q", A=("1", None), B=("0", "refer"), C=("0", "refer"))
        found = self.named(old, new)
        assert (found["several"], found["several_flagged"]) == (None, "several_flagged")
        back = self.named(new, old)
        assert (back["several"], back["several_flagged"]) == ("several", None)

    def test_keys_that_overlap_are_read_again_in_another_order(self):
        def two(first, second):
            keys = [
                {"about": {}, "flag": None, "id": name, "points": "1", "low": low, "high": high}
                for name, low, high in (first, second)
            ]
            return number("q") | {"keys": keys}

        one, other, apart = ("one", "1", "5"), ("other", "4", "9"), ("other", "6", "9")
        assert self.named(two(one, other), two(other, one))["one"] is None
        assert self.named(two(one, apart), two(apart, one))["one"] == "one"
        assert self.named(two(one, apart) | {"read": "contains"}, two(apart, one) | {"read": "contains"})["one"] is None

    def test_another_kind_tells_only_that_nothing_was_said(self):
        found = self.named(choice("q", A=("1", None), B=("0", None)), number("q"))
        assert {"absent": "absent", "excluded": "excluded", "unopened": "unopened"} == {
            name: to for name, to in found.items() if to is not None
        }

    def test_what_is_not_asked_is_left_out_of_a_submission(self):
        plan = rubric(pack(section("s", number("n")))).plan
        sent = {
            "answers": {"n": "70", "gone": "1"},
            "handed_in": ["door"],
            "facts": {"variant": "x", "elapsed": {"gone": 3}},
        }
        assert {"answers": {"n": "70"}, "handed_in": [], "facts": {"elapsed": {}}} == carried(plan, sent)
        assert sent["answers"] == {"n": "70", "gone": "1"}
