"""
The forms that a file of examples is made of: keys, lists, texts, words out of a few.

Owns how a wrong form is told. Must not know what examples or rubrics are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scoring.errors import did_you_mean
from scoring.rubric.tree import Findings, Hole, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["Forms"]


class Forms:
    """Reads nodes as the forms that are expected, and reports those that are not."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def keys(self, node: Node | None, what: str, known: Iterable[str], required: Iterable[str]) -> dict[str, Node]:
        """The values under the known keys of a mapping."""
        if node is None:
            return {}
        known = tuple(known)
        if not isinstance(node, Mapping):
            self.wrong_form(node, f"{what} with its keys {', '.join(known)}")
            return {}
        for key, _ in node:
            if key.text not in known:
                hint = did_you_mean(key.text, known) or f"; it has {', '.join(known)}"
                self.findings.report(key, "unknown-key", f'{what} has no key "{key.text[:48]}"{hint}')
        for name in required:
            if node.get(name) is None:
                self.findings.report(node, "missing-key", f'{what} needs the key "{name}"')
        return {key.text: value for key, value in node if key.text in known}

    def by_name(self, node: Node | None) -> dict[str, Any]:
        """Read a mapping as a submission holds it."""
        if isinstance(node, Mapping):
            return {key.text: self.plain(value) for key, value in node}
        if node is not None:
            self.wrong_form(node, "keys with values")
        return {}

    def plain(self, node: Node | None) -> Any:
        """A node as a submission holds it: texts, lists and objects."""
        if isinstance(node, Mapping):
            return self.by_name(node)
        if isinstance(node, Sequence):
            return [self.plain(entry) for entry in node]
        if isinstance(node, Scalar) and node.empty:
            self.findings.report(node.key or node, "no-value", 'there is no value here: write "" for a blank answer')
        return node.text if isinstance(node, Scalar) else None

    def entries(self, node: Node | None, what: str) -> list[Node]:
        """The entries of a list."""
        if node is not None and not isinstance(node, Sequence):
            self.wrong_form(node, what)
        return node.entries if isinstance(node, Sequence) else []

    def text(self, node: Node | None) -> str | None:
        """A text that is not empty."""
        if isinstance(node, Scalar) and node.text.strip():
            return node.text
        if isinstance(node, Scalar):
            self.findings.report(node.key or node, "no-value", "expected a text, found nothing")
        elif node is not None:
            self.wrong_form(node, "a text")
        return None

    def word(self, node: Node | None, known: Collection[str], what: str = "") -> str | None:
        """One of a few words."""
        text = self.text(node)
        if node is None or text is None or text in known:
            return text
        expected = what or f"one of {', '.join(known)}"
        hint = did_you_mean(text, [*known])
        self.findings.report(node, "unknown-word", f'expected {expected}; found "{text[:48]}"{hint}')
        return None

    def words_of(self, node: Node | None, known: Collection[str], what: str = "") -> tuple[str, ...]:
        """Read a list of such words."""
        entries = self.entries(node, "a list, as in [A, B]")
        return tuple(word for entry in entries if (word := self.word(entry, known, what)) is not None)

    def wrong_form(self, node: Node, expected: str) -> None:
        """Report a list where keys belong, or the other way round."""
        if not isinstance(node, Hole):
            found = "nothing" if isinstance(node, Scalar) and node.empty else node.kind
            self.findings.report(node, "wrong-form", f"expected {expected}; found {found}")
