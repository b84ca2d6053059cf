"""
From the bytes of a YAML file to a tree of nodes.

Owns the subset of YAML that is read: mappings, lists and texts, in block or flow style. Anchors, aliases, tags, directives, second documents, keys that
are no text, and a key twice are errors; no scalar is ever interpreted, so that `no` is `no` and `0.80` is exactly 4/5. Uses PyYAML's pure parser for
its events only: the C parser disagrees with it on tabs and escapes, and the loaders silently take the last of two equal keys.

Must not know what a rubric is: examples are read through it too.
"""

from __future__ import annotations

from scoring.errors import MissingExtraError, RubricError
from scoring.rubric import meant
from scoring.rubric.syntax import explain
from scoring.rubric.tree import NBSP, Enough, Findings, Hole, Mapping, Node, Scalar, Sequence, lines_of, oddity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Event = Any  # PyYAML's stubs leave every mark optional; the pure parser always sets them

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_NODES", "MAX_SCALAR", "parse", "read"]

# Bytes. A rubric of 500 items needs a third of it, GitHub's contents API stops at 1 MB, and the pure parser takes up to three seconds.
MAX_BYTES = 1024 * 1024
MAX_DEPTH = 21  # the deepest condition that a gate may hold needs all of them; go-yaml stops at 10,000, JSON parsers from 128 on
MAX_NODES = 100_000  # 1,000 items of 100 nodes each; a list of dashes of 1 MiB would be 500,000
MAX_SCALAR = 20_000  # characters, the most that a pack's notice may have; a case study of 3,000 words

_MARK = b"\xef\xbb\xbf"  # the byte order mark that some editors on Windows put before UTF-8
_LINE_ENDS = {"\x85": "U+0085", "\u2028": "U+2028", "\u2029": "U+2029"}
_BYTE_ORDER = {
    b"\xff\xfe": 'the file is UTF-16 ("Unicode" in some editors): save it as UTF-8',
    b"\xfe\xff": 'the file is UTF-16 ("Unicode" in some editors): save it as UTF-8',
}


def read(data: bytes, file: str) -> Node:
    """
    Read a YAML file.

    Args:
        data: Its bytes, UTF-8, at most 1 MiB.
        file: Its name, for messages.

    Raises:
        RubricError: With every problem found, each with line and column.
        MissingExtraError: PyYAML is not installed.
    """
    root, findings = parse(data, file)
    if root is None or findings.failed:
        raise RubricError(findings.sorted())
    return root


def parse(data: bytes, file: str) -> tuple[Node | None, Findings]:
    """Read a YAML file as far as it can be read; the tree is None where it cannot be read at all. Errors as `read`, but returned."""
    try:
        import yaml
    except ImportError:
        raise MissingExtraError("reading YAML", "cli") from None
    text, findings = _decode(data, file)
    if findings.failed:
        return None, findings
    builder = _Builder(findings, text)
    try:
        loader: Any = yaml.SafeLoader(text)
    except yaml.YAMLError as error:  # a character that YAML forbids
        findings.report_at(*explain(error, text))
        return None, findings
    try:
        while not builder.done and loader.check_event():
            builder.take(loader.get_event())
    except yaml.YAMLError as error:
        line, column, code, message = explain(error, text)
        if not {line, line - 1} & builder.cut:  # a text that was cut explains what came of it
            findings.report_at(line, column, code, message)
        return None, findings
    except (ValueError, OverflowError):  # from chr() or int() inside the parser
        findings.report_at(loader.line + 1, loader.column + 1, "syntax", "there is no character with this number")
        return None, findings
    except Enough:
        return None, findings
    finally:
        loader.dispose()
    if builder.root is None and not findings.failed:
        findings.report_at(1, 1, "empty-file", "the file holds nothing but comments and white space")
    return (None if builder.partial else builder.root), findings


def _decode(data: bytes, file: str) -> tuple[str, Findings]:
    """The file's text, or what keeps it from being text."""
    bare = Findings(file)
    data = data.removeprefix(_MARK)
    if len(data) > MAX_BYTES:
        bare.report_at(1, 1, "file-size", f"the file is larger than {MAX_BYTES:,} bytes")
    elif not data.strip():
        bare.report_at(1, 1, "empty-file", "the file is empty")
    for mark, message in _BYTE_ORDER.items():
        if data.startswith(mark):
            bare.report_at(1, 1, "encoding", message)
    if bare.failed:
        return "", bare
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line, column = _place(data[: error.start].decode(), None)
        message = f"byte 0x{data[error.start]:02x} is no UTF-8: save the file as UTF-8"
        findings = Findings(file, data.decode(errors="replace"))
        findings.report_at(line, column, "encoding", message)
        return "", findings
    findings = Findings(file, text)
    for end, name in _LINE_ENDS.items():
        at = text.find(end)
        if at >= 0:
            line, column = _place(text, at)
            message = (
                f"there is an invisible line end ({name}), often pasted from a web page: delete it and press Enter"
            )
            findings.report_at(line, column, "line-end", message)
    return text, findings


def _place(text: str, index: int | None) -> tuple[int, int]:
    """Line and column, from 1, of a character, or of the end."""
    before = text[:index].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - before.rfind("\n")


class _Frame:
    """
    A collection that is being read.

    Attributes:
        node, flow: The collection; whether it stands in ``{ }`` or ``[ ]``.
        key, key_end, wants_value: In a mapping, the key whose value comes next, None for one that was refused; where it ends in the text.
        last, pieces: In a mapping, the value that came last, and the keys without a value right behind it, pieces of a text with commas.
    """

    __slots__ = ("flow", "key", "key_end", "last", "node", "pieces", "wants_value")

    def __init__(self, node: Mapping | Sequence, *, flow: bool) -> None:
        self.node = node
        self.flow = flow
        self.key: Scalar | None = None
        self.key_end = 0
        self.wants_value = False
        self.last: Node | None = None
        self.pieces: list[Scalar] = []


class _Builder:
    """Puts events together into a tree, with an explicit stack, and reports what the subset leaves out."""

    def __init__(self, findings: Findings, text: str) -> None:
        self.findings = findings
        self.text = text
        self.root: Node | None = None
        self.done = self.partial = False
        self.stack: list[_Frame] = []
        self.documents = 0
        self.joined: set[int] = set()
        self.cut: set[int] = set()
        self.nodes = 0

    def take(self, event: Event) -> None:
        """Take the parser's next event."""
        handler = getattr(self, "_" + type(event).__name__, None)
        if handler is not None:
            handler(event)

    def stop(self, event: Event, code: str, message: str) -> None:
        """Report something after which reading on makes no sense."""
        self.report(event, code, message)
        self.done = self.partial = True

    def report(self, event: Event, code: str, message: str) -> None:
        """Report something that can be read over."""
        self.findings.report_at(event.start_mark.line + 1, event.start_mark.column + 1, code, message)

    def _DocumentStartEvent(self, event: Event) -> None:  # noqa: N802 - named as the event
        self.documents += 1
        if self.documents > 1:
            self.report(event, "second-document", "a file holds one document: everything from this --- on has to go")
            self.done = True
        elif event.version or event.tags:
            self.report(event, "directive", "lines that begin with % are not read: delete this line")

    def _AliasEvent(self, event: Event) -> None:  # noqa: N802
        self.report(
            event,
            "alias",
            f"*{event.anchor} refers to another place, which is not read: text that begins with * needs quotes",
        )
        self._place(event, Hole(event.start_mark.line + 1, event.start_mark.column + 1))

    def _ScalarEvent(self, event: Event) -> None:  # noqa: N802
        self._refuse_properties(event)
        mark = event.start_mark
        node = Scalar(mark.line + 1, mark.column + 1, event.value, plain=event.style is None)
        if len(event.value) > MAX_SCALAR:
            self.stop(event, "text-length", f"a text of more than {MAX_SCALAR:,} characters")
        if any("\ud800" <= c <= "\udfff" or (c < " " and c not in "\n\t") for c in event.value):
            self.report(
                event,
                "character",
                "the text holds a control character or half a character, written with a backslash: delete it",
            )
        self._place(event, node)
        if node.plain:
            self._refuse_cut(event, node)

    def _refuse_cut(self, event: Event, node: Scalar) -> None:
        """Report a text without quotes that goes on behind a #, as in ``Letter #1``; a comment has a space behind its #."""
        end = event.end_mark
        at = end.index
        while self.text[at : at + 1] == " ":
            at += 1
        if at == end.index or self.text[at : at + 1] != "#" or not self.text[at + 1 : at + 2].isalnum():
            return
        rest = lines_of(self.text)[end.line][end.column :]
        in_flow = bool(self.stack) and self.stack[-1].flow
        message = meant.cut(node.key.text[:80] if node.key else "", node.text, rest, flow=in_flow)
        self.findings.blame(node)
        self.cut.add(end.line + 1)
        self.findings.report_at(end.line + 1, end.column + 1 + at - end.index, "comment", message)

    def _SequenceStartEvent(self, event: Event) -> None:  # noqa: N802
        self._open(event, Sequence(event.start_mark.line + 1, event.start_mark.column + 1))

    def _MappingStartEvent(self, event: Event) -> None:  # noqa: N802
        self._open(event, Mapping(event.start_mark.line + 1, event.start_mark.column + 1))

    def _SequenceEndEvent(self, _event: Event) -> None:  # noqa: N802
        self._flush(self.stack.pop())

    _MappingEndEvent = _SequenceEndEvent

    def _open(self, event: Event, node: Mapping | Sequence) -> None:
        self._refuse_properties(event)
        if len(self.stack) == MAX_DEPTH:
            self.stop(event, "depth", f"nested deeper than {MAX_DEPTH} levels")
        self._place(event, node)
        self.stack.append(_Frame(node, flow=bool(event.flow_style)))

    def _refuse_properties(self, event: Event) -> None:
        if event.anchor is not None:
            self.report(
                event,
                "anchor",
                f"&{event.anchor} names this place, which is not read: text that begins with & needs quotes",
            )
        if event.tag is not None:
            self.report(event, "tag", "text that begins with ! needs quotes (YAML reads it as a tag, which is refused)")

    def _place(self, event: Event, node: Node) -> None:
        """Put a node where it belongs."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.stop(event, "file-size", f"more than {MAX_NODES:,} keys and values")
        if not self.stack:
            self.root = node
            return
        frame = self.stack[-1]
        if isinstance(frame.node, Sequence):
            node.parent = frame.node
            frame.node.entries.append(node)
        elif not frame.wants_value:
            self._take_key(event, frame, node)
        else:
            self._take_value(event, frame, frame.node, node)

    def _take_key(self, event: Event, frame: _Frame, node: Node) -> None:
        frame.wants_value = True
        frame.key = None
        node.parent = frame.node
        frame.key_end = event.end_mark.index
        if not isinstance(node, Scalar):
            if not isinstance(node, Hole):
                self.report(
                    event, "key-form", f"{node.kind} cannot be a key: text that begins with {{ or [ needs quotes"
                )
        elif node.empty:
            self.findings.report(node, "key-form", "there is no key before the colon")
        elif node.plain and node.text.startswith(NBSP):
            self.findings.report(node, "key-form", oddity(node.text).removeprefix("; "))
        elif isinstance(frame.node, Mapping) and node.text in frame.node.entries:
            self._report_twice(node, frame.node)
        else:
            frame.key = node

    def _report_twice(self, key: Scalar, mapping: Mapping) -> None:
        """Report a key that stands twice; where a dash was forgotten, all keys of an entry do, and the first of them says it."""
        if id(mapping) in self.joined:
            return
        message = (
            f'the key "{key.text[:80]}" stands twice; the first one is in line {mapping.entries[key.text][0].line}'
        )
        if isinstance(mapping.parent, Sequence) and key.text == next(iter(mapping.entries)):
            self.joined.add(id(mapping))
            self.findings.lost = True
            message += '; if a new entry of the list begins here, it needs a "- "'
        self.findings.report(key, "key-twice", message)

    def _take_value(self, event: Event, frame: _Frame, mapping: Mapping, node: Node) -> None:
        key, frame.key, frame.wants_value = frame.key, None, False
        node.parent = mapping
        if key is None:
            self.findings.lost |= not isinstance(node, Scalar)
            return
        empty = isinstance(node, Scalar) and node.empty
        if empty and frame.flow and ":" not in self.text[frame.key_end : event.start_mark.index]:
            frame.pieces.append(key)
            return
        self._flush(frame)
        mapping.add(key, node)
        frame.last = node

    def _flush(self, frame: _Frame) -> None:
        """Report the pieces of a text with commas, such as ``{why: rushed, low-quality work}``, as one problem."""
        if not frame.pieces:
            return
        first, before = frame.pieces[0], frame.last
        key, colon, value = first.text.partition(":")
        if colon and value:
            message = f'a space is missing behind the colon; did you mean "{key}: {value}"?'
            self.findings.report(first, "flow-comma", message)
            frame.pieces = []
            return
        message = f'"{first.text[:80]}" is a key without a value here: '
        if isinstance(before, Scalar) and before.key is not None and isinstance(frame.node, Mapping):
            message += meant.behind_comma(
                before.key.text,
                [before.text, *(piece.text for piece in frame.pieces)],
                under=frame.node.key.text if frame.node.key else "",
                beside=[*frame.node.entries],
                plain=before.plain,
            )
            self.findings.blame(before)
        else:
            message += "text with a comma inside { } needs quotes"
        self.findings.report(first, "flow-comma", message)
        frame.pieces = []
