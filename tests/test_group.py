"""Calls of many threads in one batch: each returns when its own records are durable, and hears of nobody else's trouble."""

from __future__ import annotations

import errno
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import logs
from logs import RUBRIC, entry, holds, ids, make_rubric, open_log, submission
from scoring.audit import disk
from scoring.audit.group import Group
from scoring.errors import ConflictError, LogError, StoreError, SubmissionError

room, path = logs.room, logs.path


@pytest.fixture
def log(path):
    with open_log(path, create=True, group=True) as log:
        log.publish(RUBRIC)
        yield log


@pytest.fixture
def syncs(monkeypatch):
    """How often the log's file was synced."""
    real, counted = disk.sync, []

    def sync(fd):
        if str(Path(f"/proc/self/fd/{fd}").readlink()).endswith(".jsonl"):
            counted.append(fd)
        real(fd)

    monkeypatch.setattr(disk, "sync", sync)
    return counted


def waiting(log):
    return sum(len(call.items) for call in log._group._queue)


def together(log, path, calls):
    """Let each of *calls* come while somebody else writes: the first one leads, and the others wait for it. What each gave or raised."""

    def outcome(call):
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - whatever a call raises is what is looked at
            return error

    with ThreadPoolExecutor(len(calls)) as pool, open_log(path) as other:
        with other._journal:
            first = pool.submit(outcome, calls[0])
            until(lambda: log._group._leads and not log._group._queue)
            rest = [pool.submit(outcome, call) for call in calls[1:]]
            until(lambda: waiting(log) >= len(rest))
        return [one.result(timeout=30) for one in (first, *rest)]


def until(true):
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "this never came to be"
        time.sleep(0.001)


def deciding(log, number, rubric=RUBRIC, **more):
    return lambda: log.decide(rubric, submission(number, **more))


class TestOneBatch:
    def test_of_what_came_while_somebody_wrote(self, log, path, syncs):
        done = together(log, path, [deciding(log, number) for number in range(20)])
        assert {one.seq for one in done} == {*range(2, 22)}
        assert len(syncs) == 2, "one for who came first, one for all others"
        assert [log.read(one.seq)["body"]["id"] for one in done] == [f"s-{number}" for number in range(20)]
        holds(path)

    def test_of_entries_too(self, log, path, syncs):
        calls = [lambda n=n: log.append([entry(n), entry(n + 1)]) for n in range(0, 20, 2)]
        done = together(log, path, calls)
        assert sorted(done) == [[n, n + 1] for n in range(2, 22, 2)]
        assert len(syncs) == 2
        assert sorted(ids(log)) == sorted(f"s-{n}" for n in range(20))
        holds(path)

    def test_for_each_rubric_its_own(self, log, path, syncs):
        other = make_rubric(version="2")
        done = together(log, path, [deciding(log, n, (RUBRIC, other)[n % 2]) for n in range(9)])
        assert [log.read(one.seq)["body"]["decision"]["pack"] for one in done] == [
            (RUBRIC, other)[n % 2].digest for n in range(9)
        ]
        assert len(syncs) == 3
        holds(path)

    def test_a_lone_thread_waits_for_nobody(self, log):
        assert [log.decide(RUBRIC, submission(n)).seq for n in range(5)] == [2, 3, 4, 5, 6]

    def test_many_threads_many_times(self, log, path, syncs):
        def work(thread):
            return [log.decide(RUBRIC, submission(100 * thread + n)).seq for n in range(20)]

        with ThreadPoolExecutor(12) as pool:
            seqs = [seq for some in pool.map(work, range(12)) for seq in some]
        assert sorted(seqs) == [*range(2, 242)]
        assert len(syncs) < 240
        holds(path)


class TestErrors:
    def test_each_hears_of_its_own(self, log, path):
        log.decide(RUBRIC, submission(50))
        calls = [
            deciding(log, 0),
            deciding(log, 1),
            deciding(log, 2, deadline=5),
            deciding(log, 50, outlier="another"),
            deciding(log, 3),
            deciding(log, 50),
        ]
        zero, one, two, changed, three, again = together(log, path, calls)
        assert {zero.seq, one.seq, three.seq} == {3, 4, 5}
        assert isinstance(two, SubmissionError)
        assert isinstance(changed, ConflictError)
        assert (again.seq, again.repeated) == (2, True)
        holds(path)

    def test_entries_are_recorded_all_or_none_call_by_call(self, log, path):
        strange = entry(8)
        strange.decision["pack"] = "0" * 64
        calls = [
            lambda: log.append([entry(1)]),
            lambda: log.append([entry(2), strange]),
            lambda: log.append([entry(3)]),
        ]
        one, two, three = together(log, path, calls)
        assert (one, three) == ([2], [3])
        assert "publish its rubric first" in str(two)
        assert sorted(ids(log)) == ["s-1", "s-3"]

    @pytest.mark.parametrize("persisted", [True, False])
    def test_where_the_sync_fails_nobody_gets_a_verdict(self, log, path, monkeypatch, persisted):
        real = disk.sync

        def fail(fd):
            if persisted:
                real(fd)
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        with monkeypatch.context() as patch:
            patch.setattr(disk, "sync", fail)
            done = together(log, path, [deciding(log, number) for number in range(6)])
        assert [type(one) for one in done] == [StoreError] * 6
        with open_log(path) as again:
            done = [again.decide(RUBRIC, submission(number)) for number in range(6)]
            assert sorted(ids(again)) == [f"s-{number}" for number in range(6)]
        assert len({one.seq for one in done}) == 6
        holds(path)

    def test_a_full_disk_is_told_to_each_and_leaves_nothing(self, log, path, monkeypatch):
        def fail(fd, data):
            os.write(fd, data[:20])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            patch.setattr(disk, "write_all", fail)
            done = together(log, path, [deciding(log, number) for number in range(4)])
        assert ["log is full; nothing of this batch was recorded" in str(one) for one in done] == [True] * 4
        assert len(log) == 2
        assert log.decide(RUBRIC, submission(1)).seq == 2

    def test_one_that_nobody_foresaw_does_not_stop_the_others(self, log, path):
        class Odd:
            pack, digest, profile, level = RUBRIC.pack, RUBRIC.digest, RUBRIC.profile, RUBRIC.level

            @staticmethod
            def score(submission):
                if submission["answers"]["outlier"] == "odd":
                    raise ZeroDivisionError
                return RUBRIC.score(submission)

        calls = [deciding(log, n, Odd, outlier="odd" if n == 2 else "141") for n in range(5)]
        done = together(log, path, calls)
        assert [type(one).__name__ for one in done] == ["Recorded"] * 2 + ["ZeroDivisionError"] + ["Recorded"] * 2
        holds(path)

    def test_a_log_that_is_closed_says_so_to_all_who_wait(self, log, path):
        with ThreadPoolExecutor(4) as pool, open_log(path) as other:
            with other._journal:
                calls = [pool.submit(log.decide, RUBRIC, submission(number)) for number in range(3)]
                until(lambda: waiting(log) == 2)
                closing = pool.submit(log.close)
            closing.result(timeout=30)
            for call in calls:
                error = call.exception(timeout=30)
                assert error is None or isinstance(error, LogError | StoreError)
        with pytest.raises(LogError, match="was closed"):
            log.decide(RUBRIC, submission(7))

    def test_what_calls_the_log_from_within_is_refused_and_does_not_wait_for_itself(self, path):
        refused = []

        def clock():
            if log and not refused:
                refused.append(None)
                with pytest.raises(LogError, match="busy with the log"):
                    log.decide(RUBRIC, submission(2))
            return "2026-11-21T09:00:00Z"

        log = None
        with open_log(path, create=True, group=True, clock=clock) as opened:
            log = opened
            assert log.decide(RUBRIC, submission(1)).seq == 2
        assert refused


class TestForks:
    def test_a_child_goes_on_with_a_queue_of_its_own(self, log, path):
        """It is forked while a thread of the parent leads and another one waits."""
        with ThreadPoolExecutor(2) as pool, open_log(path) as other:
            with other._journal:
                calls = [pool.submit(log.decide, RUBRIC, submission(n)) for n in range(2)]
                until(lambda: waiting(log) == 1)
                pid = os.fork()
                if not pid:
                    queue = log._group
                    os._exit(0 if not (queue._leads or queue._queue or queue._inside) else 1)
                assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
            assert sorted(call.result(timeout=30).seq for call in calls) == [2, 3]
        holds(path)


class TestGroup:
    """The queue by itself."""

    def test_so_much_waits_and_who_comes_then_waits_at_the_door(self):
        group, gate, seen = Group(), threading.Event(), []

        def work(items):
            gate.wait(20)
            seen.append(len(items))
            return items

        def call(count, size):
            return pool.submit(group.do, None, work, [*range(count)], size)

        with ThreadPoolExecutor(8) as pool:
            calls = [call(1, 1)]
            until(lambda: group._leads and not group._queue)
            calls += [call(200, 1000), call(56, 1000)]
            until(lambda: len(group._queue) == 2)
            calls += [call(1, 1), call(1, 5 << 20)]
            time.sleep(0.05)
            assert len(group._queue) == 2
            gate.set()
            assert [len(one.result(timeout=20)) for one in calls] == [1, 200, 56, 1, 1]
        assert seen[:2] == [1, 256]
        assert sorted(seen[2:]) == [1, 1], "what is larger than a batch goes by itself"

    def test_an_interrupted_leader_leaves_the_others_their_own_attempt(self):
        group, gate, done = Group(), threading.Event(), []

        def work(items):
            gate.wait(20)
            if len(items) > 1:
                raise KeyboardInterrupt
            done.extend(items)
            return items

        def call(number):
            try:
                return group.do(None, work, [number], 1)
            except KeyboardInterrupt:
                return "interrupted"

        with ThreadPoolExecutor(4) as pool:
            calls = [pool.submit(call, 0)]
            until(lambda: group._leads and not group._queue)
            calls += [pool.submit(call, number) for number in (1, 2, 3)]
            until(lambda: len(group._queue) == 3)
            gate.set()
            results = [one.result(timeout=20) for one in calls]
        assert results[0] == [0]
        assert results.count("interrupted") == 1
        assert len(done) == 3
        assert group.do(None, work, [9], 1) == [9]
