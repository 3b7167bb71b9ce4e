"""A small XML tree for package files, which expands no entity and fetches nothing.

The parser is expat with every entity declaration refused, so neither "billion laughs" nor an external entity can do
anything; nesting is bounded. Names lose their namespace prefix, which is all that package files need.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_DEPTH = 200
MAX_NODES = 1_000_000


class XmlError(ValueError):
    """Not well-formed, too deep, or with entity declarations."""


@dataclass(slots=True)
class Node:
    """An element.

    Attributes:
        tag: local name.
        attributes: by local name; the last of a name wins.
        children: child elements in order.
        parts: the pieces of text directly inside.
    """

    tag: str
    attributes: dict[str, str]
    children: list[Node] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text directly inside, with white space collapsed."""
        return " ".join("".join(self.parts).split())

    def iterate(self, tag: str | None = None) -> Iterator[Node]:
        """This element and all below it in document order, those with a tag if one is given."""
        stack = [self]
        while stack:
            node = stack.pop()
            if tag is None or node.tag == tag:
                yield node
            stack.extend(reversed(node.children))

    def all_text(self) -> str:
        """All text inside, in document order, with white space collapsed."""
        return " ".join(" ".join("".join(node.parts) for node in self.iterate()).split())


def parse_xml(data: bytes) -> Node:
    """Parses a document.

    Raises:
        XmlError: it cannot or must not be parsed.

    >>> parse_xml(b'<a xmlns:d="u"><d:b id="1">x <i/> y</d:b></a>').children[0].text
    'x y'
    >>> parse_xml(b'<!DOCTYPE a [<!ENTITY e "boom">]><a>&e;</a>')  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    gristmill.pipelines.sources.reading.safe_xml.XmlError: the document declares the entity 'e'
    """
    root = Node("", {})
    stack = [root]
    count = 0

    def local(name: str) -> str:
        return name.rpartition(":")[2]

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(stack) > MAX_DEPTH or count > MAX_NODES:
            message = f"more than {MAX_DEPTH} levels or {MAX_NODES} elements"
            raise XmlError(message)
        node = Node(local(name), {local(key): value for key, value in attributes.items()})
        stack[-1].children.append(node)
        stack.append(node)

    def end(_name: str) -> None:
        stack.pop()

    def characters(text: str) -> None:
        stack[-1].parts.append(text)

    def entity(name: str, *_: object) -> None:
        message = f"the document declares the entity {name!r}"
        raise XmlError(message)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.EntityDeclHandler = entity
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError) as error:
        raise XmlError(str(error)) from error
    return root.children[0]
