"""
Segments checked on several cores: a few processes, each of which takes the next segment.

The processes are started anew (`python -c`) and spoken to through their standard input and output. They are not forked: a host may have threads, and a
handle on this very log, neither of which outlives a fork unharmed. And `multiprocessing` is not asked: it runs the host's main module once more in each
process, and needs a shared memory that serverless platforms lack. Where no process can be started, or one dies, this process does its work.

Must not know what is checked: that is `scan`'s.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from scoring.audit.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future
    from typing import BinaryIO, Self

    from scoring.audit.scan import Scanned, Task

__all__ = ["Crew", "cores", "serve"]

_AHEAD = 2  # segments that each process has before it, so that none waits for this one
_SERVE = "import sys; sys.path[:] = sys.argv[1:]; from scoring.audit.crew import serve; serve(sys.stdin.buffer, sys.stdout.buffer)"


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def serve(tasks: BinaryIO, answers: BinaryIO) -> None:
    """Answer tasks until there are no more: what a process of the crew does."""
    while True:
        try:
            task = pickle.load(tasks)  # noqa: S301 - of the process that started this one
        except EOFError:
            return
        pickle.dump(scan(task), answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


class Crew:
    """
    Some processes, each with a thread here that speaks to it.

    Args:
        size: How many; 1 for none but this one.
    """

    def __init__(self, size: int) -> None:
        self._idle: list[subprocess.Popen[bytes]] = []
        self._all: list[subprocess.Popen[bytes]] = []
        self._closed = False
        # An interpreter within another program is called like that, which would not know what to do.
        if size > 1 and Path(sys.executable or "").name.startswith(("python", "pypy")):
            self._all = [hand for hand in (_hand() for _ in range(size)) if hand is not None]
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

    def scan(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Scanned | None]]:
        """Answer tasks in their order; some are asked for ahead of the one that is given."""
        if self._threads is None:
            for task in tasks:
                yield task, scan(task)
            return
        waiting: deque[tuple[Task, Future[Scanned | None]]] = deque()
        for task in tasks:
            waiting.append((task, self._threads.submit(self._done, task)))
            if len(waiting) == _AHEAD * len(self._all):
                first, answer = waiting.popleft()
                yield first, answer.result()
        for left, answer in waiting:
            yield left, answer.result()

    def _done(self, task: Task) -> Scanned | None:
        hand = self._idle.pop()  # there are as many as threads
        try:
            pickle.dump(task, hand.stdin, pickle.HIGHEST_PROTOCOL)  # type: ignore[arg-type]
            hand.stdin.flush()  # type: ignore[union-attr]
            return pickle.load(hand.stdout)  # type: ignore[arg-type,no-any-return]  # noqa: S301 - of a process that this one started
        except (EOFError, OSError, ValueError, pickle.PickleError):
            return None if self._closed else scan(task)
        finally:
            self._idle.append(hand)


def _hand() -> subprocess.Popen[bytes] | None:
    command = [sys.executable, "-c", _SERVE, *sys.path]
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 - ourselves
    except OSError:
        return None
