"""
The command `new`: a rubric to begin with.

Owns which files a new rubric begins with, where the shipped rules lie, and how this program is called. Must not know how anything is scored.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from importlib import resources
from pathlib import Path

import scoring
from scoring.cli.output import HOLDS, CallError, emit, say
from scoring.engine.ids import is_id
from scoring.errors import StoreError
from scoring.rubric.schema import schema_text

__all__ = ["new", "program", "quoted", "shipped", "text_of", "write_files"]

_NAME = "scoring"
_SCHEMA = "rubric.schema.json"  # as the first line of a new rubric names it


def shipped(name: str) -> Path:
    """
    Find a rubric that comes with the package: in a wheel beside the code, in a checkout in `rules/`.

    Raises:
        CallError: It is in neither place.
    """
    package = Path(scoring.__file__).parent
    for rules in (package / "_data" / "rules", package.parent.parent / "rules"):
        if (rules / name / "rubric.yaml").is_file():
            return rules / name
    raise CallError(f"the rubric {name} does not lie beside this package: install scoreproof again")


def program() -> str:
    """
    Tell how this program is called from here: by its name where the shell finds that, else by a path, quoted for the shell.

    An environment's commands lie beside its interpreter, and only one that is activated is found by name.
    """
    if shutil.which(_NAME):
        return _NAME
    script = shutil.which(_NAME, path=str(Path(sys.executable).parent))
    if script is None:
        return f"{shlex.quote(sys.executable)} -m scoring.cli"
    path = Path(script)
    if not path.is_relative_to(Path.cwd()):
        return quoted(path)
    near = quoted(path.relative_to(Path.cwd()))
    return near if os.sep in near else f"{os.curdir}{os.sep}{near}"  # a bare word would be looked up by the shell


# --- new ---


def new(directory: str, /, *, id: str | None = None, json: bool = False) -> int:  # noqa: A002 - the option's name
    """
    Begin a rubric: a short one that works, with comments, and examples beside it.

    Args:
        directory: Where to; made if need be. Nothing that is there is overwritten.
        id: The rubric's id; the directory's name otherwise.
        json: One JSON object, for machines.
    """
    path = Path(directory)
    name = path.resolve().name if id is None else id
    if not is_id(name):
        given = f"the directory's name {name} is none" if id is None else f"{name} is none"
        raise CallError(
            f"a rubric's id is 1 to 48 of the characters A-Z a-z 0-9 . _ -, and {given}: give one with --id"
        )
    files = {
        "rubric.yaml": text_of("new-rubric.yaml").replace("rubric: ID", f'rubric: "{name}"'),
        "examples.yaml": text_of("new-examples.yaml"),
        _SCHEMA: schema_text(),
    }
    for file in files:
        if (path / file).exists():
            raise CallError(f"{path / file} exists already, and is not overwritten")
    write_files(path, files)
    if json:
        emit({"directory": directory, "rubric": name, "files": [str(path / file) for file in files]})
    else:
        say(
            f"{path / 'rubric.yaml'} and {path / 'examples.yaml'} are yours to change; with {_SCHEMA} beside them, an editor checks while you type."
            f" Try next:\n  {program()} check {quoted(path / 'rubric.yaml')}"
        )
    return HOLDS


def text_of(name: str) -> str:
    """Read a file that comes with the command line."""
    return (resources.files("scoring.cli") / "files" / name).read_text(encoding="utf-8")


def write_files(directory: Path, files: dict[str, str]) -> None:
    """
    Write texts under their names into a directory, which is made if need be.

    Raises:
        StoreError: That cannot be done.
    """
    path = directory
    try:
        path.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            path = directory / name
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error


def quoted(path: Path) -> str:
    """A path as a shell reads it."""
    return shlex.quote(str(path))
