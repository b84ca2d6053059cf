"""
The argument that many commands share: a path, or `-` for standard input, as a type that the parser of the command line reads.

Must not know what a command does with it.
"""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from scoring.cli.paths import STDIN

__all__ = ["In"]


def _no_option(_type: object, value: object) -> None:
    """Refuse a misspelt option where a path may be `-`, which looks like an option too."""
    if isinstance(value, str) and value.startswith("-") and value != STDIN:
        raise ValueError(f"No such option; a file of this name is ./{value}")


In = Annotated[str, Parameter(allow_leading_hyphen=True, validator=_no_option)]
