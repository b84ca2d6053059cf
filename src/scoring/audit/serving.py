"""
What a process of a crew does: it reads what its work is, and answers one task after the other.

A module of its own because each such process begins with it: it imports next to nothing. Must not know what is done, nor who asks.
"""

from __future__ import annotations

import pickle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

__all__ = ["serve"]


def serve(tasks: BinaryIO, answers: BinaryIO) -> None:
    """Read what to do, then answer tasks until there are no more."""
    try:
        work = pickle.load(tasks)  # noqa: S301 - of the process that started this one
        while True:
            answer = work(pickle.load(tasks))  # noqa: S301 - as above
            pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()
    except EOFError:
        return
