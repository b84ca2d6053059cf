"""
One writer at a time: processes queue at ``flock`` on ``DIR/lock``.

Also owns what a fork does to open handles: each is told before and after it, on both sides. Must not know what the lock protects.
"""

# ruff: noqa: PTH116 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os
import time
from functools import partial
from weakref import WeakValueDictionary

from scoring.audit.mounts import refusal
from scoring.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

__all__ = ["Forkable", "WriterLock"]

FORK_WAITS_S = 5.0  # for what other threads are doing, which takes milliseconds


class WriterLock:
    """
    The right of one process to append to one log. Whoever uses it keeps the threads apart.

    Since letting go is harmless at any time, `take` stands inside the ``try`` whose ``finally`` has `release`.

    Attributes:
        refusal: Why nothing can be appended here, or the empty string; `take` does nothing then.
        release: Let go of the lock, if it is held. A function written in C: one in Python can be kept from its first line by a signal handler that raises.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = -1
        self.release: Callable[[], object] = bool
        self.refusal = ""
        if fcntl is None:
            self.refusal = "appending needs Linux or macOS, this system has no flock; reading and verifying work here"
            return
        self.refusal = refusal(path)
        if self.refusal:
            return
        try:
            self._open()
        except OSError as error:
            self.refusal = f"{path} cannot be locked ({error.strerror}), so this log can only be read here"

    def _open(self) -> None:
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        release = partial(fcntl.flock, fd, fcntl.LOCK_UN)
        self._fd, self.release = fd, release

    def take(self) -> None:
        """Wait until no other process has the lock."""
        if self.refusal:
            return
        try:
            while not self._taken():
                self.close()
        except OSError as error:
            raise StoreError(f"{self._path} cannot be locked: {error.strerror}") from error

    def _taken(self) -> bool:
        if self._fd < 0:
            self._open()
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        # Whoever deletes the file makes two locks of one: what counts is the file that bears the name now.
        try:
            return os.path.samestat(os.fstat(self._fd), os.stat(self._path))
        except FileNotFoundError:
            return False

    def close(self) -> None:
        """Let go of the file, and so of the lock. `take` opens it again."""
        fd, self._fd, self.release = self._fd, -1, bool
        if fd >= 0:
            os.close(fd)

    def forked(self) -> None:
        """
        Start afresh in the child of a fork.

        A ``flock`` belongs to the open file that both processes now share: kept open here, it would outlive a parent that dies while it appends.
        Closing does not release it while the parent has it open.
        """
        self.close()


class Forkable:
    """What a fork must not copy as it is. From the moment it is made it is told of every fork."""

    def __init__(self) -> None:
        _forkable[id(self)] = self

    def before_fork(self, deadline: float) -> None:
        """Prepare for a fork, in the forking thread; wait no longer than until *deadline*, as `time.monotonic` counts."""

    def after_fork(self) -> None:
        """Go on in the parent."""

    def forked(self) -> None:
        """Start afresh in the child, before anything else runs there."""


_forkable: WeakValueDictionary[int, Forkable] = WeakValueDictionary()


def _all() -> list[Forkable]:
    """Taken at once: other threads come and go."""
    return [handle for reference in _forkable.valuerefs() if (handle := reference()) is not None]


def _before_fork() -> None:
    deadline = time.monotonic() + FORK_WAITS_S
    for handle in _all():
        handle.before_fork(deadline)


def _after_fork() -> None:
    for handle in _all():
        handle.after_fork()


def _forked() -> None:
    for handle in _all():
        handle.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_forked)
