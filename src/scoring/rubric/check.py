"""
A rubric file, examined: every problem and every warning of it, and the pack if it has no errors.

Owns the order of the road: read, structure, refuse, pack, compile (the engine's own checks, as a last safety net), warn.
"""

from __future__ import annotations

import os
from contextlib import suppress

import attrs

from scoring import canonical
from scoring.engine.plan import MAX_PACK, compile_plan
from scoring.errors import Problem, RubricError
from scoring.rubric import pack, refuse
from scoring.rubric.load import read_file
from scoring.rubric.reader import MAX_BYTES, parse
from scoring.rubric.refuse_items import check_items
from scoring.rubric.refuse_overrides import check_overrides
from scoring.rubric.structure import structure
from scoring.rubric.study import Study
from scoring.rubric.tree import Enough, Findings, Mapping, Node, Scalar, Sequence
from scoring.rubric.warn import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scoring.rubric.model import Rubric

__all__ = ["Checked", "check", "examine"]


@attrs.frozen
class Checked:
    """
    What came out of examining a rubric file.

    Attributes:
        rubric, pack: The model and the pack's bytes; None where there is an error.
        problems: Errors and warnings, in the order of the file.
    """

    rubric: Rubric | None
    pack: bytes | None
    problems: tuple[Problem, ...]


def check(path: str | os.PathLike[str]) -> Checked:
    """
    Examine a rubric file.

    Raises:
        StoreError: The file cannot be read.
        MissingExtraError: PyYAML is not installed.
    """
    file = os.fspath(path)
    return examine(read_file(file, MAX_BYTES), file)


def examine(data: bytes, file: str) -> Checked:
    """Examine the bytes of a rubric file; *file* is its name, for messages."""
    root, findings = parse(data, file)
    if root is None:
        return Checked(None, None, findings.sorted())
    try:
        rubric = structure(root, findings)
        study = Study(rubric, findings)
        _refuse(study)
        if findings.failed:
            return Checked(None, None, findings.sorted())
        packed = canonical.dumps(pack.build(rubric))
        if not _compiles(packed, root, findings):
            return Checked(None, None, findings.sorted())
    except Enough:
        return Checked(None, None, findings.sorted())
    with suppress(Enough):  # as many warnings as anybody reads
        warn(study, packed)
    return Checked(rubric, packed, findings.sorted())


def _refuse(study: Study) -> None:
    for rule in refuse.CHECKS:
        rule(study)
    check_items(study)
    refuse.section_points(study)
    check_overrides(study)


def _compiles(packed: bytes, root: Node, findings: Findings) -> bool:
    """Whether the engine takes the pack; what it says is brought back to the lines of the file."""
    if len(packed) > MAX_PACK:
        findings.report(
            root, "pack-size", f"the pack would have {len(packed):,} bytes; at most {MAX_PACK:,} are possible"
        )
        return False
    try:
        compile_plan(packed)
    except RubricError as error:
        for problem in error.problems:
            findings.report(_node_at(root, problem.path), problem.code, f"{problem.path}: {problem.message}")
        return False
    return True


def _node_at(root: Node, path: str) -> Node:
    """The deepest node that a path of ids leads to; what the file does not have is passed over."""
    node = root
    for step in path.split("/"):
        inner = node.get(step) if isinstance(node, Mapping) else None
        if step == "profiles" and node is root and isinstance(root, Mapping):
            weights = root.get("weights")
            inner = weights.get(step) if isinstance(weights, Mapping) else None
        elif isinstance(node, Sequence):
            numbered = node.entries[int(step)] if step in map(str, range(len(node.entries))) else None
            inner = next((entry for entry in node if _is_called(entry, step)), numbered)
        node = inner or node
    return node


def _is_called(entry: Node, name: str) -> bool:
    own = entry.get("id") if isinstance(entry, Mapping) else None
    return isinstance(own, Scalar) and own.text == name
