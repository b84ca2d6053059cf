"""
One writer at a time: processes queue at ``flock`` on ``DIR/lock``.

Also owns what a fork does to open handles: the child is told, and lets go of what belongs to its parent. Must not know what the lock protects.
"""

# ruff: noqa: PTH116 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os
import weakref

from scoring.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Forkable(Protocol):
        def forked(self) -> None: ...


try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

__all__ = ["WriterLock", "on_fork"]


class WriterLock:
    """
    The right of one process to append to one log; a context manager that may be entered again. Whoever uses it keeps the threads apart.

    Attributes:
        refusal: Why nothing can be appended here, or the empty string; entering then does nothing.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._depth = 0
        self._fd = -1
        self.refusal = ""
        if fcntl is None:
            self.refusal = "appending needs Linux or macOS, this system has no flock; reading and verifying work here"
            return
        try:
            self._open()
        except OSError as error:
            self.refusal = f"{path} cannot be locked ({error.strerror}), so this log can only be read here"

    def _open(self) -> None:
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def __enter__(self) -> None:
        if not self._depth and not self.refusal:
            try:
                self._acquire()
            except OSError as error:
                raise StoreError(f"{self._path} cannot be locked: {error.strerror}") from error
        self._depth += 1

    def _acquire(self) -> None:
        while True:
            if self._fd < 0:
                self._open()
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            # Whoever deletes the file makes two locks of one: what counts is the file that bears the name now.
            try:
                if os.path.samestat(os.fstat(self._fd), os.stat(self._path)):
                    return
            except FileNotFoundError:
                pass
            self.close()

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self._depth and self._fd >= 0:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def forked(self) -> None:
        """
        Start afresh in the child of a fork.

        A ``flock`` belongs to the open file that both processes now share: kept open here, it would outlive a parent that dies while it appends.
        Closing does not release it while the parent has it open.
        """
        self._depth = 0
        self.close()


_forkable: weakref.WeakSet[Forkable] = weakref.WeakSet()


def on_fork(handle: Forkable) -> None:
    """Call `handle.forked()` in the child of every fork, before anything else runs there."""
    _forkable.add(handle)


def _after_fork() -> None:
    for handle in list(_forkable):
        handle.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
