"""Slim: an SVG of matplotlib's without what nobody sees: names that nothing refers to, turns by nothing, blanks."""

import re
from collections.abc import Iterator
from itertools import count
from xml.etree import ElementTree as ET

_REFERENCE = re.compile(r"#([\w.:-]+)")  # in url(#name) and in an href; a colour names nothing that is there
_REFERRING = ("href", "clip-path", "style")
_NO_TURN = re.compile(r"rotate\(-?0(?:\.0*)? [^)]*\)")
_AROUND_A_COMMAND = re.compile(r"\s*([A-Za-z])\s*")


def slim(root: ET.Element, name: str) -> None:
    """Make it small and no different; ids that are left are `name` and a number."""
    _rename(root, name)
    for element in root.iter():
        if _kind(element) != "text":
            element.text = _unless_blank(element.text)
        element.tail = _unless_blank(element.tail)
        if _NO_TURN.fullmatch(element.get("transform", "")):
            del element.attrib["transform"]
        if "d" in element.attrib:
            element.set("d", _AROUND_A_COMMAND.sub(r"\1", element.attrib["d"]).strip())
    _drop_empty(root)


def _rename(root: ET.Element, name: str) -> None:
    referred = {target for _, text in _references(root) for target in _REFERENCE.findall(text)}
    numbers = count(1)
    short: dict[str, str] = {}
    for element in root.iter():
        identity = element.attrib.pop("id", "")
        if identity in referred:
            short.setdefault(identity, f"{name}-{next(numbers)}")
            element.set("id", short[identity])
    for (element, attribute), text in [*_references(root)]:
        shorter = _REFERENCE.sub(lambda match: f"#{short.get(match[1], match[1])}", text)
        element.set(attribute, shorter)


def _references(root: ET.Element) -> Iterator[tuple[tuple[ET.Element, str], str]]:
    """Each attribute that may refer to an element, with its text."""
    for element in root.iter():
        for attribute in _REFERRING:
            if attribute in element.attrib:
                yield (element, attribute), element.attrib[attribute]


def _drop_empty(element: ET.Element) -> None:
    """Without groups in which nothing is, from the innermost on."""
    for child in list(element):
        _drop_empty(child)
        if _kind(child) == "g" and not len(child):
            element.remove(child)


def _kind(element: ET.Element) -> str:
    """What the element is, without its namespace."""
    return element.tag.rpartition("}")[2]


def _unless_blank(text: str | None) -> str | None:
    return text if text and not text.isspace() else None
