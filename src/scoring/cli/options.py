"""
The arguments that many commands share, as types that the parser of the command line reads: a path or `-`; what a log is opened with.

Must not know what a command does with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from scoring.cli.paths import STDIN

__all__ = ["READING", "WRITING", "In", "Reading", "Writing"]


def _no_option(_type: object, value: object) -> None:
    """Refuse a misspelt option where a path may be `-`, which looks like an option too."""
    if isinstance(value, str) and value.startswith("-") and value != STDIN:
        raise ValueError(f"No such option; a file of this name is ./{value}")


In = Annotated[str, Parameter(allow_leading_hyphen=True, validator=_no_option)]


@Parameter(name="*")
@dataclass(frozen=True)
class Reading:
    """
    What a log is opened with by a command that records nothing.

    Attributes:
        trusted_checkpoint: A checkpoint of this log that was kept elsewhere: a log that does not extend it is refused.
    """

    trusted_checkpoint: str | None = None


@Parameter(name="*")
@dataclass(frozen=True)
class Writing:
    """
    What a log is opened with by a command that records.

    Attributes:
        key: The file with the log's signing key, as `scoring keygen` writes it. Given twice, the old one and the new one: the new one becomes the log's key.
        trusted_checkpoint: A checkpoint of this log that was kept elsewhere: a log that does not extend it is refused.
    """

    key: tuple[str, ...] = ()
    trusted_checkpoint: str | None = None


READING, WRITING = Reading(), Writing()
