"""XML parts of office files: their elements in a row, read without ever following what they refer to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from xml.parsers import expat

from scanning.findings import damage, unsafe

_MOST_ELEMENTS = 100_000


@dataclass(frozen=True, slots=True)
class Element:
    """One element, in the order of the text."""

    #: Without its namespace.
    name: str
    attributes: Mapping[str, str]


def parse_elements(data: bytes, *, document_type: bool = False) -> tuple[Element, ...]:
    """Return all elements; attribute names lose their namespaces.

    Raises `Flawed` on broken XML, on entities, and on a document type unless one may be there.
    """
    elements: list[Element] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(elements) >= _MOST_ELEMENTS:
            raise unsafe("a part of it is far larger than it may be")
        elements.append(Element(_local(name), {_local(key): value for key, value in attributes.items()}))

    def refuse(*_: object) -> NoReturn:
        raise unsafe("a part of it declares a document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EntityDeclHandler = refuse
    if not document_type:
        parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise damage("a part of it is broken") from error
    return tuple(elements)


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
