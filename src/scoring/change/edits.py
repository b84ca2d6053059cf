"""
What was edited between two versions of a rubric, in words, with file and line.

Owns how two packs are laid side by side: things by id (never by place), so that what was only moved or renamed is told as that; and the way from a place in
a pack to a line of the file that it was written in. Every difference of two packs is in some edit, and an edit is about scoring exactly where it changes
the scoring digest. Must not know what an edit does to anybody: that is for a proof.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from scoring.rubric.exact import show_share
from scoring.rubric.reader import parse
from scoring.rubric.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Edit", "Source", "edits", "renamed_items", "renamed_options"]

Packed: TypeAlias = dict[str, Any]
Path: TypeAlias = "tuple[str | tuple[str, int], ...]"  # keys, and ids with their place in their list

_MAX_SHOWN = 60  # characters of a value; of a longer one it is only said that it differs
_MAX_NAMED = 10  # ids of an order
_AT = "@path"  # where a thing stands in its pack, once it was taken out of there to be compared


@attrs.frozen
class Edit:
    """
    One difference between two versions.

    Attributes:
        thing: What was edited, from the outside in: ``item outlier-age: key 141``; empty for the rubric itself.
        what: How: ``points 1 -> 2``.
        scoring: Whether scoring depends on it; else it is wording.
        file, line: Where it stands in the new version, or stood in the old one where the new one lacks it; None where that is a pack.
    """

    thing: str
    what: str
    scoring: bool
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        at = "" if self.file is None else f" ({self.file}{'' if self.line is None else f':{self.line}'})"
        return f"{self.thing + ': ' if self.thing else ''}{self.what}{at}"


def edits(old: Packed, new: Packed, before: Source | None = None, after: Source | None = None) -> tuple[Edit, ...]:
    """
    Tell two packs apart.

    Args:
        old: The older pack as parsed JSON.
        new: The newer one.
        before: The file that the older one was made from; None for a pack that comes without.
        after: The same of the newer one.

    Returns:
        The edits, those of scoring first. None where the packs are equal.
    """
    found = _Found(before, after)
    _apart(found, _flat(old), _flat(new), _Place())
    return tuple(sorted(found.edits, key=lambda edit: not edit.scoring))


def renamed_items(old: Packed, new: Packed) -> dict[str, str]:
    """
    Tell which items have another id and ask the same, in the same section; only their wording may differ.

    Args:
        old: The older pack as parsed JSON.
        new: The newer one.

    Returns:
        Old ids and the new ones.
    """
    return _renamed_in(*([_without(item, "about") for item in _flat(pack)["items"]] for pack in (old, new)))


def renamed_options(old: Packed, new: Packed) -> list[tuple[str, str, str]]:
    """
    Tell which options of items that kept their ids have another id and are the same otherwise.

    Args:
        old: The older pack as parsed JSON.
        new: The newer one.

    Returns:
        The item, the old id and the new one, of each.
    """
    then, now = ({item["id"]: item.get("options", []) for item in _flat(pack)["items"]} for pack in (old, new))
    return [(item, *names) for item in then if item in now for names in _renamed_in(then[item], now[item]).items()]


def _renamed_in(old: list[Packed], new: list[Packed]) -> dict[str, str]:
    """Old ids and the new ones of things in either list that are in no other under their ids."""
    gone, come = (
        [thing for thing in things if thing["id"] not in {other["id"] for other in others}]
        for things, others in ((old, new), (new, old))
    )
    return _renamed(gone, come)


# ---------------------------------------------------------------------- places


class Source:
    """The file that a pack was made from, to find lines in."""

    def __init__(self, data: bytes, file: str) -> None:
        self.file = file
        self._root, _ = parse(data, file)

    def line(self, path: Path) -> int | None:
        """The line of a place in the pack; of what holds it, where the file says it elsewhere or not at all."""
        node = self._root
        for step in path:
            node = _inner(node, step) or node if node is not None else None
            if isinstance(node, Mapping) and node is not self._root and isinstance(node.get("rubric"), Scalar):
                node = node.get("rubric")  # a stage that is another rubric, whose own lines are in another file
                break
        if node is None or node is self._root:
            return None
        return (node.key or node).line


# Where a key of a pack stands in a file, if not under its own name.
_WRITTEN: dict[str, tuple[str, ...]] = {
    "awaits": ("missing",), "number": ("is", "range"), "match": ("is", "contains_any", "contains_all", "like"),
    "texts": ("is", "contains_any", "contains_all", "like"), "allowed": ("never", "always", "never_above", "never_below"),
    "level_points": ("points",), "values": ("scale",), "replaces_why": ("replaces",), "may_move": ("replaces",), "default_profile": ("weights",),
    "profiles": ("weights",), "positive": ("indicators",), "negative": ("indicators",), "keys": ("key",),
}  # fmt: skip


def _inner(node: Node, step: str | tuple[str, int]) -> Node | None:
    """What a step leads to; None where it leads nowhere, and then what is sought may stand in *node* all the same."""
    name, place = step if isinstance(step, tuple) else (step, None)
    if isinstance(node, Sequence):
        entries = [entry for entry in node if isinstance(entry, Mapping)]
        called = next((entry for entry in entries if getattr(entry.get("id"), "text", None) == name), None)
        counted = place is not None and place < len(entries) and entries[place].get("id") is None
        return called or (entries[place] if counted and place is not None else None)
    if not isinstance(node, Mapping):
        return None
    if name in node.entries:
        return node.get(name)
    under = next((found for key in _WRITTEN.get(name, ()) if (found := node.get(key)) is not None), None)
    return under.get(name) or under if isinstance(under, Mapping) else under


@attrs.frozen
class _Place:
    """Where in both packs one is: in words, by path in either, and whether everything here is wording."""

    words: tuple[str, ...] = ()
    old: Path = ()
    new: Path = ()
    wording: bool = False

    def key(self, name: str) -> _Place:
        """The value under a key; one that has a name of its own is said before what is in it."""
        words = (*self.words, _SAID[name]) if name in _SAID else self.words
        wording = self.wording or name == "about" or (not self.new and name in _UNSCORED)
        return _Place(words, (*self.old, name), (*self.new, name), wording)

    def thing(self, word: str, old: Path | None, new: Path | None) -> _Place:
        """One thing with an id; it may be on one side only."""
        return _Place((*self.words, word), old or self.old, new or self.new, self.wording)


class _Found:
    """The edits so far."""

    def __init__(self, before: Source | None, after: Source | None) -> None:
        self.edits: list[Edit] = []
        self._before = before
        self._after = after

    def add(self, place: _Place, what: str, *, gone: bool = False) -> None:
        source, path = (self._before, place.old) if gone else (self._after, place.new)
        line = None if source is None else source.line(path)
        file = None if source is None else source.file
        self.edits.append(Edit(": ".join(place.words), what, not place.wording, file, line))


# ---------------------------------------------------------------------- what is compared with what

# What has ids of its own, and what one of it is called.
_THINGS = {
    "verdicts": "verdict", "profiles": "profile", "levels": "level", "variants": "variant", "competencies": "competency", "assumed": "assumption",
    "stages": "stage", "gate": "gate", "sections": "section", "items": "item", "overrides": "override", "options": "option", "keys": "key",
    "values": "value", "lines": "line", "guarantees": "guarantee", "positive": "positive indicator", "negative": "negative indicator",
    "criteria": "criterion", "deliverables": "deliverable", "evidence": "evidence", "ground_rules": "ground rule", "constraints": "constraint",
    "tensions": "tension", "conduct": "conduct",
}  # fmt: skip
_SAID = {
    "caps": "caps", "shares": "shares of sections", "raters": "raters", "needs": "needs", "expected": "expected", "level_points": "points by level",
}  # fmt: skip
_LABELS = {
    "awaits": "missing",
    "number": "is",
    "replaces_why": "reason of replaces",
    "default_profile": "default profile",
}
_UNSCORED = frozenset({"rubric", "version"})  # of the pack itself: they are in no scoring digest
_SHARES = frozenset({"from", "shares", "stages"})
_WAITS = ("zero", "", "await", "await, invalid answers too")


def _flat(pack: Packed) -> Packed:
    """A pack with its sections and items side by side, each saying what it stands in: so one that moved is still the same one."""
    flat: Packed = {**pack, "stages": [], "sections": [], "items": []}
    for n, stage in enumerate(pack["stages"]):
        path: Path = ("stages", (stage["id"], n))
        flat["stages"].append(_without(stage, "sections"))
        for m, section in enumerate(stage["sections"]):
            within: Path = (*path, "sections", (section["id"], m))
            flat["sections"].append({**_without(section, "items"), "stage": stage["id"], _AT: within})
            for k, item in enumerate(section["items"]):
                at: Path = (*within, "items", (item["id"], k))
                flat["items"].append({**_item(item), "section": section["id"], _AT: at})
    return flat


def _item(item: Packed) -> Packed:
    """An item with each key's ends as one number or interval; what was typed for them is told only where they are the same."""
    if item["kind"] != "number":
        return item
    keys = [
        {
            **_without(key, "low"),
            "number": key["low"] if key["low"] == key["high"] else f"{key['low']} to {key['high']}",
        }
        for key in item["keys"]
    ]
    return {**item, "keys": [_without(key, "high") for key in keys]}


def _without(thing: Packed, key: str) -> Packed:
    return {name: value for name, value in thing.items() if name != key}


def _apart(found: _Found, old: Packed, new: Packed, place: _Place) -> None:
    """Compare two objects key by key. Recursion is bounded by the depth of a pack."""
    for key in dict.fromkeys((*new, *old)):
        before, after = old.get(key), new.get(key)
        if key in ("id", _AT) or before == after:
            continue
        if key == "about" and old.get("number") != new.get("number"):
            before, after = _without(before or {}, "written"), _without(after or {}, "written")
        inside = place.key(key)
        if key in _THINGS and _are_things(before, after):
            _matched(found, key, before or [], after or [], inside)
        elif key != "when" and isinstance(before, dict) and isinstance(after, dict):
            _apart(found, before, after, inside)
        else:
            where = inside if key in new or key not in old else attrs.evolve(inside, new=place.new)
            found.add(where, _told(key, before, after, inside))


def _are_things(*lists: Any) -> bool:
    """Whether these are lists of things with ids; a role called `keys` in an object of shares is none."""
    members = [
        member
        for members in lists
        for member in (members if isinstance(members, list) else [members] * (members is not None))
    ]
    return bool(members) and all(isinstance(member, dict) and "id" in member for member in members)


def _matched(found: _Found, key: str, old: list[Packed], new: list[Packed], place: _Place) -> None:
    """Compare two lists of things by their ids."""
    before, after = {thing["id"]: thing for thing in old}, {thing["id"]: thing for thing in new}
    paths = [
        {thing["id"]: thing.get(_AT, (*path, (thing["id"], n))) for n, thing in enumerate(things)}
        for things, path in ((old, place.old), (new, place.new))
    ]
    word = _THINGS[key]
    names = _renamed(
        [before[name] for name in before if name not in after], [after[name] for name in after if name not in before]
    )
    was = {now: then for then, now in names.items()}
    for name, thing in after.items():
        here = place.thing(f"{word} {name}", paths[0].get(was.get(name, name)), paths[1][name])
        if name in was:
            found.add(place.thing(f"{word} {was[name]}", None, paths[1][name]), f"is now called {name}")
        if name in before or name in was:
            _apart(found, before[was.get(name, name)], thing, here)
        else:
            found.add(here, f"added{_in_brief(thing)}")
    for name, thing in before.items():
        if name not in after and name not in names:
            found.add(place.thing(f"{word} {name}", paths[0][name], None), f"removed{_in_brief(thing)}", gone=True)
    order = [names.get(name, name) for name in before if name in after or name in names]
    if order != [name for name in after if name in {*order}]:
        now = [name for name in after if name in {*order}]
        shown = f" {', '.join(order)} -> {', '.join(now)}" if len(order) <= _MAX_NAMED else " differs"
        found.add(place, f"order of {key}{shown}")


def _renamed(gone: list[Packed], come: list[Packed]) -> dict[str, str]:
    """Old ids and the new ones of things that are otherwise alike, and like no other; bare ones, such as an option without words, are not told apart."""
    alike: dict[str, tuple[list[str], list[str]]] = {}
    for side, things in enumerate((gone, come)):
        for thing in things:
            bare = {name: value for name, value in thing.items() if name not in ("id", _AT)}
            if bare.get("about") or len(bare) > len(_BARE):
                alike.setdefault(repr(sorted(bare.items())), ([], []))[side].append(thing["id"])
    return {old[0]: new[0] for old, new in alike.values() if len(old) == len(new) == 1}


_BARE = ("about", "points", "flag")  # the most that a thing has which nothing tells from its like


# ---------------------------------------------------------------------- in words


def _told(key: str, old: Any, new: Any, place: _Place) -> str:
    label = _label(key, place)
    if place.wording and not (_is_short(old) and _is_short(new)):
        return f"{label} reworded" if old and new else f"{label} {'removed' if old else 'added'}"
    before, after = _show(key, old, place), _show(key, new, place)
    if len(before) + len(after) > 2 * _MAX_SHOWN:
        return f"{label} differs"
    return f"{label} {before} -> {after}"


def _label(key: str, place: _Place) -> str:
    if key == "from" and place.wording:
        return "rubric"  # of a stage: the other rubric that it is
    return key if place.words and place.words[-1] in _SAID.values() else _LABELS.get(key, key.rstrip("_"))


def _is_short(value: Any) -> bool:
    texts = value if isinstance(value, list) else [value]
    return value is None or (all(isinstance(text, str) for text in texts) and sum(map(len, texts)) <= _MAX_SHOWN // 2)


def _show(key: str, value: Any, place: _Place) -> str:
    """A value as people write it."""
    if key == "awaits":
        return _WAITS[len(value or ())]
    if key == "when":
        return "everybody" if value is None else _condition(value)
    if isinstance(value, str) and (
        _SHARES & {key, *place.new[-2:-1]} or (key, *place.new[-3:-2]) == ("floor", "sections")
    ):
        return _share(value)
    if isinstance(value, list):
        return f"[{', '.join(entry if isinstance(entry, str) else '...' for entry in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_show(name, inner, place)}' for name, inner in value.items())}}}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    return f'"{value}"' if place.wording and key not in _UNSCORED else str(value)


def _share(text: str) -> str:
    return show_share(Fraction(text))


def _condition(when: Packed) -> str:
    """A condition in words. Recursion is bounded by what a pack takes."""
    if "flag" in when:
        return f"{when['flag']} {'once' if when['at_least'] == 1 else str(when['at_least']) + ' times'} or more"
    if "below" in when:
        kind = "section" if "section" in when else "stage"
        return f"{kind} {when[kind]} below {_share(when['below'])}"
    if "item" in when:
        return f"{when['item']} is {_names(when['is'])}"
    if "every" in when:
        return f"every item is {_names(when['every'])}"
    word, inner = next(iter(when.items()))
    return f"{word} of ({'; '.join(map(_condition, inner))})"


def _names(names: Collection[str]) -> str:
    shown = [*names][:_MAX_NAMED]
    return " or ".join(shown) + (f" or {len(names) - len(shown)} more" if len(names) > len(shown) else "")


def _in_brief(thing: Packed) -> str:
    """What a thing that came or went does, as far as that is said in a few words."""
    said = []
    if "section" in thing:
        said.append(f"{thing['kind']} in section {thing['section']}")
    if isinstance(thing.get("points"), str):
        said.append(f"points {thing['points']}")
    if thing.get("flag"):
        said.append(f"flag {thing['flag']}")
    if "cap" in thing:
        said.append(f"{_condition(thing['when'])}: at best {thing['cap']}")
    if "allowed" in thing:
        said.append(
            f"{'everybody' if thing['when'] is None else _condition(thing['when'])}: {_names(thing['allowed'])}"
        )
    if thing.get("from"):
        said.append(f"from {_share(thing['from'])}")
    return f" ({', '.join(said)})" if said else ""
