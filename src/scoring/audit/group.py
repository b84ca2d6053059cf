"""
Calls of many threads, gathered into one batch: one transaction of the vault and one sync for all of them.

There is no thread of its own. Whoever comes while nobody writes leads: it does its own work and all that waits by then, and hands over to the first that
came meanwhile. So a lone caller waits for nobody, and many callers share what is slow. Each call returns when its own records are durable, or raises what
concerns it alone: where a whole batch fails, everybody in it tries again by itself, which is harmless, for an id is recorded once.

Must not know what is done for a call, but that calls with one key can be done together.
"""

from __future__ import annotations

from collections import deque
from threading import Condition, Lock, get_ident

from scoring.audit.lock import Forkable
from scoring.audit.segments import MAX_BATCH_BYTES, MAX_BATCH_RECORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Work = Callable[[Sequence[Any]], list[Any]]

__all__ = ["Group"]


class _Call:
    """
    What one thread wants done.

    Attributes:
        key: Calls of one key are done by one `work`. items: What goes in. size: How many bytes these are, about.
        answers: One for each item, once they are done; None where it is to be tried alone.
        leads: Whether its thread is to lead now. wake: Held while it has to wait.
    """

    __slots__ = ("answers", "items", "key", "leads", "size", "wake", "work")

    def __init__(self, key: object, work: Work, items: Sequence[Any], size: int) -> None:
        self.key = key
        self.work = work
        self.items = items
        self.size = size
        self.answers: list[Any] | None = None
        self.leads = False
        self.wake = Lock()
        self.wake.acquire()


class Group(Forkable):
    """
    The queue of one log's handle.

    At most `MAX_BATCH_RECORDS` items and `MAX_BATCH_BYTES` wait in it, but for a single larger call; who finds it full waits before it.
    """

    def __init__(self) -> None:
        self._start()
        super().__init__()

    def _start(self) -> None:
        self._mutex = Lock()
        self._room = Condition(self._mutex)
        self._queue: deque[_Call] = deque()
        self._leads = False  # whether somebody leads
        self._inside: set[int] = set()  # threads that are in `do`

    def forked(self) -> None:
        """Start afresh in the child of a fork: whoever waited or led is the parent's."""
        self._start()

    def do(self, key: object, work: Work, items: Sequence[Any], size: int) -> list[Any]:
        """
        Have *items* done, together with those of other threads; return when they are.

        Args:
            key: What they are done by; compared by identity.
            work: Does a list of items of this key, all of them or, where it raises, perhaps none: doing them again must be harmless.
            items: In order.
            size: How many bytes they are, about.

        Returns:
            What *work* gave for each.
        """
        thread = get_ident()
        if (
            thread in self._inside
        ):  # of a clock or a signal handler: it must not wait for itself, and the log refuses it
            return work(items)
        call = _Call(key, work, items, size)
        self._inside.add(thread)
        try:
            self._wait(call)
            if call.leads:
                self._lead(call)
        except BaseException:
            self._withdraw(call)
            raise
        finally:
            self._inside.discard(thread)
        return work(items) if call.answers is None else call.answers

    def _wait(self, call: _Call) -> None:
        """Queue until somebody did the work, or it is this call's turn to lead."""
        with self._room:
            while self._queue and not _fits([*self._queue, call]):
                self._room.wait()
            self._queue.append(call)
            if not self._leads:
                self._hand_over()
        call.wake.acquire()

    def _hand_over(self) -> None:
        """Let the first that waits lead. The caller holds the mutex."""
        self._leads = bool(self._queue)
        if self._queue:
            self._queue[0].leads = True
            self._queue[0].wake.release()

    def _lead(self, own: _Call) -> None:
        """Do what waits and has the key of *own*; those who wait hear of it, whatever happens."""
        batch = [own]
        try:
            with self._room:
                batch = self._take(own)
                self._room.notify_all()
            answers = own.work([item for call in batch for item in call.items])
            for call in batch:
                call.answers, answers = answers[: len(call.items)], answers[len(call.items) :]
        except Exception:
            if len(batch) == 1:
                raise
        finally:
            own.leads = False
            with self._room:
                for call in batch[1:]:
                    call.wake.release()
                self._hand_over()

    def _take(self, own: _Call) -> list[_Call]:
        batch: list[_Call] = []
        for call in self._queue:
            if call.key is own.key and (not batch or _fits([*batch, call])):
                batch.append(call)
        taken = {*map(id, batch)}
        self._queue = deque(call for call in self._queue if id(call) not in taken)
        return batch

    def _withdraw(self, call: _Call) -> None:
        """Leave the queue, and let somebody else lead who was to be led by this one: a signal handler that raises can end any wait."""
        with self._room:
            if call in self._queue:
                self._queue.remove(call)
                self._room.notify_all()
            if call.leads:
                call.leads = False
                self._hand_over()


def _fits(calls: Sequence[_Call]) -> bool:
    """Whether so much may wait, or go into one batch."""
    return (
        sum(len(call.items) for call in calls) <= MAX_BATCH_RECORDS
        and sum(call.size for call in calls) <= MAX_BATCH_BYTES
    )
