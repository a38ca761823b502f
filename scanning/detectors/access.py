"""Access databases: pages of one size, the first of which names the engine.

Sources: the documents of the MDB Tools project ("HACKING"), and the sources of Jackcess (JetFormat), for
want of a public one by the maker.
"""

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage, encrypted

#: What the first page begins with to the type.
_ENGINES = {b"\0\1\0\0Standard Jet DB\0": "mdb", b"\0\1\0\0Standard ACE DB\0": "accdb"}
_VERSION_PLACE = 20
#: Pages of Access 97 and before are half as long.
_OLD_VERSION, _OLD_PAGE_BYTES, _PAGE_BYTES = 0, 2048, 4096
_LEAST_PAGES = 3
#: The third page describes the table of all tables; scrambled, it begins with something else.
_CATALOGUE_PAGE, _CATALOGUE = 2, b"\2\1"


def _check(content: Content, _name: str) -> Checked:
    version = content.exactly(_VERSION_PLACE, 1)[0]
    size = _OLD_PAGE_BYTES if version == _OLD_VERSION else _PAGE_BYTES
    if content.size_bytes % size or content.size_bytes < _LEAST_PAGES * size:
        raise damage("its end is missing")
    if content.exactly(_CATALOGUE_PAGE * size, 2) != _CATALOGUE:
        raise encrypted()
    return Checked(facts={"pages": content.size_bytes // size}, end=content.size_bytes)


DETECTOR = Detector(
    tells=frozenset(_ENGINES.values()),
    looks_like=lambda head: head.startswith(tuple(_ENGINES)),
    type_of=lambda content: next(name for magic, name in _ENGINES.items() if content.head.startswith(magic)),
    check=_check,
)
