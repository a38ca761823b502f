"""The objects of a PDF that run, start or carry something, also those that lie inside others."""

import re
from collections.abc import Iterator

import pikepdf

from scanning.findings import suspicious

_MOST_OBJECTS = 300_000
#: Names without which neither an object nor what lies in it is of interest; qpdf writes them plainly.
_NAMES = re.compile(
    rb"/(?:JS|JavaScript|Launch|ImportData|EF|EmbeddedFile|XFA|RichMediaContent)(?![^\s/<>()\[\]{}%])"
)


def objects_of(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Yield dictionaries and streams of interest; raises `Flawed` if there are more than a document has."""
    left = _MOST_OBJECTS
    for indirect in pdf.objects:
        waiting = [indirect] if _NAMES.search(_text(indirect)) else []
        while waiting:
            each = waiting.pop()
            left -= 1
            if left < 0:
                raise suspicious("it holds far more parts than a document has")
            if isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
                yield each
            waiting += _direct_parts(each)


def _text(each: object) -> bytes:
    """Return an object as it is written, without the data of a stream."""
    if isinstance(each, pikepdf.Stream):
        return each.stream_dict.unparse()
    # Numbers and the like come as Python's own.
    return each.unparse(resolved=True) if isinstance(each, pikepdf.Object) else b""


def _direct_parts(each: pikepdf.Object) -> list[pikepdf.Object]:
    if isinstance(each, pikepdf.Array):
        parts = list(each)
    elif isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
        parts = [value for _, value in each.items()]
    else:
        return []
    return [part for part in parts if isinstance(part, pikepdf.Object) and not part.is_indirect]
