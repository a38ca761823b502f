"""Files attached to a PDF, taken out one by one: clamd does not see into compressed ones.

Every embedded file is found, whether a name tree, an annotation or nothing at all refers to it.
"""

import zlib
from collections.abc import Iterator

import pikepdf

from scanning.detectors.pdf_objects import objects_of
from scanning.findings import damage, suspicious
from scanning.members import Members

_PIECE_BYTES = 1 << 20
#: Compressed data that unpacks through more layers than this was made to hide something.
_MOST_LAYERS = 4


def extract(pdf: pikepdf.Pdf, members: Members) -> None:
    """Write out every attachment; raises `Flawed` if one cannot be unpacked."""
    names = _names(pdf)
    for each in pdf.objects:
        if isinstance(each, pikepdf.Stream) and (
            each.objgen in names or each.get("/Type") == "/EmbeddedFile"
        ):
            members.write(names.get(each.objgen, ""), _unpacked(each))


def _names(pdf: pikepdf.Pdf) -> dict[tuple[int, int], str]:
    """Return the streams that file specifications name, by object number."""
    names: dict[tuple[int, int], str] = {}
    for each in objects_of(pdf):
        if isinstance(each.get("/EF"), pikepdf.Dictionary):
            name = each.get("/UF", each.get("/F", ""))
            for stream in each["/EF"].as_dict().values():
                if isinstance(stream, pikepdf.Stream):
                    names[stream.objgen] = str(name)
    return names


def _unpacked(stream: pikepdf.Stream) -> Iterator[bytes]:
    """Yield a stream's content without ever holding it whole."""
    filters = stream.get("/Filter", pikepdf.Array())
    kinds = [str(kind) for kind in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    if "/DecodeParms" in stream or set(kinds) - {"/FlateDecode"} or len(kinds) > _MOST_LAYERS:
        raise suspicious("a file attached to it is stored in an unusual way")
    pieces: Iterator[bytes] = iter((stream.read_raw_bytes(),))
    for _ in kinds:
        pieces = _inflated(pieces)
    return pieces


def _inflated(packed: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj()
    try:
        for piece in packed:
            yield unpacker.decompress(piece, _PIECE_BYTES)
            while unpacker.unconsumed_tail:
                yield unpacker.decompress(unpacker.unconsumed_tail, _PIECE_BYTES)
        yield unpacker.flush()
    except zlib.error as error:
        raise damage("a file attached to it is broken") from error
