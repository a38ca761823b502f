import struct

from tests.scanning import samples


def test_a_film_without_its_index_is_damaged(examine):
    content = samples.box(b"ftyp", b"isom", bytes(4)) + samples.box(b"mdat", bytes(100))
    assert "index" in examine(content, "mp4")["detail"]["problem"]


def test_a_film_with_large_sizes_is_walked(examine):
    large = struct.pack(">I4sQ", 1, b"mdat", 516) + bytes(500)
    start = samples.film(b"isom")[:-508]
    assert examine(start + large, "mp4")["accepted"]
    assert examine(start + large[:-1], "mp4")["code"] == "damaged"
    assert examine(start + struct.pack(">I4s", 0, b"mdat") + bytes(77), "mp4")["accepted"]
