import pytest

from tests.scanning import samples

GENUINE = {
    "Access 97": ("mdb", samples.database(version=0, page_bytes=2048)),
    "Access 2003": ("mdb", samples.database(version=1)),
    "Access 2010": ("accdb", samples.database(b"ACE", 3)),
}


@pytest.mark.parametrize("version", GENUINE)
def test_a_database_is_whole_pages(examine, version):
    extension, content = GENUINE[version]
    assert examine(content, extension)["accepted"]
    assert examine(content[:-1], extension)["code"] == "damaged"


def test_a_scrambled_database_is_encrypted(examine):
    content = bytearray(samples.GENUINE["accdb"])
    content[8192:8194] = b"\x9c\x51"
    assert examine(bytes(content), "accdb")["code"] == "encrypted"
