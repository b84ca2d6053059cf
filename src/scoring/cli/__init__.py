"""
The command line: thin commands over the public API.

`COMMANDS` lists them by group, `_PLACES` says which module holds which: a module for each thing that people do, a function for each command. `output`,
`inputs`, `paths`, `naming` and `results` are what they share. This module finds the command that was called; listing them loads none, and nothing else either.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cyclopts import App

__all__ = ["COMMANDS", "main"]

# By group: the name, and what it does.
COMMANDS = {
    "start": {
        "demo": "See the point in a minute: candidates scored, logged, checked, and a forgery caught.",
        "new": "Begin a rubric of your own: a short one that works, with examples beside it.",
    },
    "author": {
        "check": "Read rubrics, run their examples, say what no example reaches.",
        "compare": "Say what a change of a rubric does: whom it can move, and whom of the past it would.",
        "pack": "Write the pack that scores, the candidate's paper and the JSON schemas.",
    },
    "run": {
        "score": "Turn submissions into verdicts; with --log, record each of them.",
        "append": "Put a rubric, or decisions made elsewhere, into a log.",
        "open": "Fix what holds for a case before its candidate starts.",
        "resolve": "Record a person's word on a decision: confirm it, override it, let the case go on, make it void.",
        "status": "See what waits, what is held for a person, and what people did about it.",
        "rescore": "See whom a new version of a rubric would move; with --apply, decide these cases anew.",
        "keep": "Say until when a case is kept, or that it is held; list the cases that may be erased.",
        "erase": "Forget a case: what it disclosed goes; its records and their outcomes stay.",
        "keygen": "Make the key that signs a log's heads.",
    },
    "audit": {
        "verify": "Check a log, an export, tiles, a receipt or a checkpoint: is everything as it was written?",
        "explain": "Tell why a decision is what it is, to an auditor or to the candidate.",
        "replay": "Recompute decisions from their answers, and from their outcomes alone.",
        "receipt": "Give away what shows that a record is in a log, or that the whole log was so.",
        "export": "Pack what an auditor gets: records, heads, receipts, and the named cases alone.",
        "analyse": "See what past decisions say: of items, keys and raters, and with --groups of whom a rubric affects.",
    },
}
# Where each is: the module, and the function.
_PLACES = {
    "demo": "demo:demo",
    "new": "start:new",
    "check": "author:check",
    "compare": "compare:compare",
    "pack": "author:pack",
    "score": "score:score",
    "append": "record:append",
    "open": "record:open_case",
    "resolve": "people:resolve",
    "status": "people:status",
    "rescore": "rescore:rescore",
    "verify": "audit:verify",
    "explain": "explain:explain",
    "replay": "audit:replay",
    "keep": "forget:keep",
    "erase": "forget:erase",
    "export": "export:export",
    "receipt": "export:receipt",
    "keygen": "keys:keygen",
    "analyse": "analyse:analyse",
}
_PRINTS = ("-o", "--output")  # options whose value may be `-`
_GROUPS = {"start": "Start", "author": "Write rubrics", "run": "Score and record", "audit": "Check and explain"}

_ENDING = """\
`scoring COMMAND --help` tells more. With --json every command prints one JSON object a line; `-` reads standard input.
Exit status: 0 it holds, 1 it does not, 2 the call or its input is wrong, 3 something could not be checked, or with --key no head be made."""


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run one command.

    Args:
        argv: The arguments without the program's name; those of this process by default.

    Returns:
        The exit status: 0 it holds, 1 it does not, 2 the call or its input is wrong, 3 something could not be checked, or with --key no head be made.
    """
    from scoring.cli.output import guarded

    arguments = list(sys.argv[1:] if argv is None else argv)
    return guarded(lambda: _dispatch(arguments))


def _dispatch(arguments: list[str]) -> int:
    from importlib.util import find_spec

    from scoring.cli.output import HOLDS, WRONG, complain, say
    from scoring.errors import MissingExtraError

    if find_spec("cyclopts") is None:
        raise MissingExtraError("the command line", "cli")
    if arguments[:1] in (["--help"], ["-h"], ["help"]):
        say(_overview())
        return HOLDS
    if arguments[:1] == ["--version"]:
        from scoring import __version__

        say(f"scoring {__version__}")
        return HOLDS
    if not arguments:
        complain("which command?\n" + _overview())
        return WRONG
    return _call(arguments)


def _call(arguments: list[str]) -> int:
    from cyclopts import CycloptsError

    from scoring.cli.output import HOLDS, WRONG, complain

    try:
        status = _app()(_joined(arguments))
    except CycloptsError as error:
        known = any(arguments[0] in commands for commands in COMMANDS.values())
        complain(f"{error}\n`scoring {arguments[0] + ' ' if known else ''}--help` says how it is called")
        return WRONG
    return HOLDS if status is None else int(status)  # None: cyclopts printed the command's help


def _joined(arguments: Sequence[str]) -> list[str]:
    """The arguments with `-o -` as `-o=-`: the parser takes a hyphen by itself for no value of an option."""
    joined: list[str] = []
    for argument in arguments:
        if argument == "-" and joined[-1:] and joined[-1] in _PRINTS:
            joined[-1] += "=-"
        else:
            joined.append(argument)
    return joined


def _app() -> App:
    from cyclopts import App, Parameter

    app = App(
        name="scoring",
        version_flags=[],
        help_format="plaintext",
        help_formatter="default",
        default_parameter=Parameter(negative=(), show_default=False),
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    for name, place in _PLACES.items():
        app.command(f"scoring.cli.{place}", name=name)
    return app


def _overview() -> str:
    from scoring import __doc__ as purpose

    lines = [(purpose or "").strip().split("\n")[0], "", "scoring COMMAND ...", ""]
    for group, commands in COMMANDS.items():
        lines.append(f"  {_GROUPS[group]}")
        lines += [f"    {name:<10}{what}" for name, what in commands.items()]
    return "\n".join([*lines, "", _ENDING])
