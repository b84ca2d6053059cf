"""
Work done on several cores: a few processes, each of which takes the next task.

The processes are started anew (`python -c`) and spoken to through their standard input and output. They are not forked: a host may have threads, and a
handle on this very log, neither of which outlives a fork unharmed. And `multiprocessing` is not asked: it runs the host's main module once more in each
process, and needs a shared memory that serverless platforms lack. Where no process can be started, or one dies, this process does its work; and when this
one is killed, they read the end of their input, and end too.

Must not know what is done: `scan` checks the segments of a log, `scoring.cli.desk` scores submissions.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from typing import Self

Task = TypeVar("Task")
Done = TypeVar("Done")

__all__ = ["Crew", "cores"]

_AHEAD = 2  # tasks that each process has before it, so that none waits for this one
_SERVE = "import sys; sys.path[:] = sys.argv[1:]; from scoring.audit.serving import serve; serve(sys.stdin.buffer, sys.stdout.buffer)"


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Crew(Generic[Task, Done]):
    """
    Some processes, each with a thread here that speaks to it.

    Args:
        work: What is done with a task: a function of a module, or a callable that can be pickled. Tasks and answers can be pickled too.
        size: How many; 1 for none but this one.
    """

    def __init__(self, work: Callable[[Task], Done], size: int) -> None:
        self._work = work
        self._idle: list[subprocess.Popen[bytes]] = []
        self._all: list[subprocess.Popen[bytes]] = []
        self._closed = False
        # An interpreter within another program is called like that, which would not know what to do.
        if size > 1 and Path(sys.executable or "").name.startswith(("python", "pypy")):
            self._all = [hand for hand in (_hand() for _ in range(size)) if hand is not None]
            for hand in self._all:
                self._greet(hand)
            self._idle = [*self._all]
        self._threads = ThreadPoolExecutor(len(self._all)) if self._all else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        for hand in self._all:
            hand.kill()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        for hand in self._all:
            hand.communicate()

    def do(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Done]]:
        """Answer tasks in their order; some are asked for ahead of the one that is given."""
        if self._threads is None:
            for task in tasks:
                yield task, self._work(task)
            return
        waiting: deque[tuple[Task, Future[Done]]] = deque()
        for task in tasks:
            waiting.append((task, self._threads.submit(self._done, task)))
            if len(waiting) == _AHEAD * len(self._all):
                first, answer = waiting.popleft()
                yield first, answer.result()
        for left, answer in waiting:
            yield left, answer.result()

    def _done(self, task: Task) -> Done:
        hand = self._idle.pop()  # there are as many as threads
        try:
            pickle.dump(task, hand.stdin, pickle.HIGHEST_PROTOCOL)  # type: ignore[arg-type]
            hand.stdin.flush()  # type: ignore[union-attr]
            return pickle.load(hand.stdout)  # type: ignore[arg-type,no-any-return]  # noqa: S301 - of a process that this one started
        except (EOFError, OSError, ValueError, pickle.PickleError):
            if self._closed:
                raise CancelledError from None
            return self._work(task)
        finally:
            self._idle.append(hand)

    def _greet(self, hand: subprocess.Popen[bytes]) -> None:
        with suppress(OSError):  # one that is dead already is noticed with its first task
            pickle.dump(self._work, hand.stdin, pickle.HIGHEST_PROTOCOL)  # type: ignore[arg-type]


def _hand() -> subprocess.Popen[bytes] | None:
    command = [sys.executable, "-c", _SERVE, *sys.path]
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 - ourselves
    except OSError:
        return None
