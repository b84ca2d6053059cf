"""
What git holds of a file: the version of a commit, and the commits that touched it.

Owns the one program that is started, and what is said where it is missing or knows nothing. Nothing is ever written, fetched or configured. Must not know
what the files are.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from scoring.cli.output import CallError
from scoring.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Fetch = Callable[[str, int], bytes]

__all__ = ["committed", "fetching", "revisions", "short"]

_SECONDS = 60  # for one answer; a file of a large repository takes a fraction of one
_ENOUGH = 200  # commits of one file that are looked through


def committed(path: str, revision: str = "HEAD") -> bytes:
    """
    Read a file as a commit has it.

    Raises:
        CallError: There is no git, no repository, no such commit, or the commit lacks the file.
    """
    if revision.startswith("-"):
        raise CallError(f"{revision} is no revision of git")
    place = Path(path)
    done = _git(place, "cat-file", "blob", f"{revision}:./{place.name}")
    if done.returncode == 0:
        return done.stdout
    asked = _git(place, "rev-parse", "--git-dir")
    if asked.returncode:
        why = asked.stderr.decode("utf-8", "replace").partition("\n")[0].removeprefix("fatal: ")
        is_none = why.startswith("not a git repository")
        raise CallError(f"{path} is in no repository of git" if is_none else f"{path}: git says: {why}")
    if _git(place, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").returncode:
        named = "there is no commit yet" if revision == "HEAD" else f"git knows no revision {revision!r}"
        raise CallError(f"{path}: {named}")
    raise CallError(f"{path} is not in {revision} of its repository")


def fetching(revision: str) -> Fetch:
    """Return what reads other files of the same commit, as `read_file` reads them from the disk."""

    def fetch(path: str, most: int) -> bytes:
        try:
            return committed(path, revision)[: most + 1]
        except CallError as error:
            raise StoreError(str(error)) from None

    return fetch


def revisions(path: str) -> Iterator[str]:
    """Give the commits that touched a file, the newest first; none where git has nothing to say."""
    place = Path(path)
    try:
        done = _git(place, "log", f"--max-count={_ENOUGH}", "--format=%H", "--", f"./{place.name}")
    except CallError:
        return
    if done.returncode == 0:
        yield from done.stdout.decode("ascii", "replace").split()


def short(revision: str) -> str:
    """A commit as people are shown it."""
    return revision[:12] if len(revision) == 40 else revision


def _git(place: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    folder = place.parent if place.parent.is_dir() else Path()
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        return subprocess.run(  # noqa: S603 - no shell, and a revision never begins with a dash
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - git is wherever its user has put it
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise CallError("git is not installed, so nothing older can be looked for: name the old version") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CallError(f"git does not answer: {type(error).__name__}") from None
