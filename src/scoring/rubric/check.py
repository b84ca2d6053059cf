"""
A rubric file, examined: every problem and every warning of it, and the pack if it has no errors.

Owns the order of the road: read, structure, read the rubrics that are stages of it, refuse, pack, compile (the engine's own checks, as a last safety net),
warn.
"""

from __future__ import annotations

import os
from contextlib import suppress

import attrs

from scoring import canonical
from scoring.engine.plan import MAX_PACK, compile_plan
from scoring.errors import Problem, RubricError, StoreError
from scoring.rubric import pack, refuse, refuse_people, refuse_stages, refuse_weights
from scoring.rubric.load import AUTHORED, read_file
from scoring.rubric.reader import MAX_BYTES, parse
from scoring.rubric.refuse_guarantees import check_guarantees
from scoring.rubric.refuse_items import check_items
from scoring.rubric.refuse_overrides import check_overrides
from scoring.rubric.refuse_stages import OtherError
from scoring.rubric.structure import structure
from scoring.rubric.study import Study
from scoring.rubric.tree import Enough, Findings, Mapping, Node, Scalar, Sequence
from scoring.rubric.warn import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from scoring.rubric.model import Rubric
    from scoring.rubric.refuse_stages import Other

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


def examine(data: bytes, file: str, fetch: Callable[[str, int], bytes] = read_file) -> Checked:
    """
    Examine the bytes of a rubric file.

    Args:
        data: The bytes.
        file: Its name, for messages, and what the paths of other rubrics begin at.
        fetch: Reads those: given a path, and how many bytes at most, as `read_file`.
    """
    return _examine(data, file, lambda path: _other(path, file, fetch), warns=True)


def _examine(data: bytes, file: str, read: Callable[[str], Other], *, warns: bool) -> Checked:
    root, findings = parse(data, file)
    if root is None:
        return Checked(None, None, findings.sorted())
    try:
        rubric = structure(root, findings)
        inner = refuse_stages.read_others(rubric, findings, read)
        study = Study(rubric, findings, inner)
        _refuse(study)
        if findings.failed:
            return Checked(None, None, findings.sorted())
        packed = canonical.dumps(pack.build(rubric, inner))
        if not _compiles(packed, study.levels, root, findings):
            return Checked(None, None, findings.sorted())
    except Enough:
        return Checked(None, None, findings.sorted())
    if warns:
        with suppress(Enough):  # as many warnings as anybody reads
            warn(study, packed)
    return Checked(rubric, packed, findings.sorted())


def _other(path: str, file: str, fetch: Callable[[str, int], bytes]) -> Other:
    """The pack of another rubric that is a stage of the one in *file*."""
    full = os.path.join(os.path.dirname(file), path)  # noqa: PTH118, PTH120 - names as they were given, for messages
    try:
        if path.lower().endswith(AUTHORED):
            checked = _examine(fetch(full, MAX_BYTES), full, _no_further, warns=False)
            errors = [problem for problem in checked.problems if problem.severity == "error"]
            if checked.pack is None:
                raise OtherError(f"{path} has errors, the first of them: {errors[0]}")
            data = checked.pack
        else:
            data = fetch(full, MAX_PACK)
            compile_plan(data)
    except StoreError as error:
        raise OtherError(str(error)) from None
    except RubricError as error:
        if error.problems[0].code == "level":
            raise OtherError(f"{path} has levels, and a stage has none: write its sections here instead") from None
        raise OtherError(f"{path} is no pack that scores: {error.problems[0]}") from None
    loaded: Any = canonical.loads(data)
    return loaded, data


def _no_further(path: str) -> Other:
    raise OtherError(f"{path} would be a stage of a stage: write its sections out")


def _refuse(study: Study) -> None:
    for rule in (*refuse.CHECKS, *refuse_people.CHECKS, *refuse_stages.CHECKS, *refuse_weights.CHECKS):
        rule(study)
    check_items(study)
    refuse_weights.section_points(study)
    check_overrides(study)
    check_guarantees(study)


def _compiles(packed: bytes, levels: list[str | None], root: Node, findings: Findings) -> bool:
    """Whether the engine takes the pack; what it says is brought back to the lines of the file."""
    if len(packed) > MAX_PACK:
        findings.report(
            root, "pack-size", f"the pack would have {len(packed):,} bytes; at most {MAX_PACK:,} are possible"
        )
        return False
    try:
        for level in levels:
            compile_plan(packed, level=level)
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
