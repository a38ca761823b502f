"""Every object of a PDF, also those that lie inside others."""

from collections.abc import Iterator

import pikepdf

from scanning.findings import suspicious

_MOST_OBJECTS = 5_000_000


def objects_of(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Yield every dictionary and stream once; raises `Flawed` if there are more than a document has."""
    left = _MOST_OBJECTS
    for indirect in pdf.objects:
        waiting = [indirect]
        while waiting:
            each = waiting.pop()
            left -= 1
            if left < 0:
                raise suspicious("it holds far more parts than a document has")
            if isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
                yield each
            waiting += _direct_parts(each)


def _direct_parts(each: pikepdf.Object) -> list[pikepdf.Object]:
    if isinstance(each, pikepdf.Array):
        parts = list(each)
    elif isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
        parts = [value for _, value in each.items()]
    else:
        return []
    return [part for part in parts if isinstance(part, pikepdf.Object) and not part.is_indirect]
