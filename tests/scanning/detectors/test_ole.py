import pytest

from tests.scanning import samples


def test_an_old_word_file_that_lost_part_of_its_last_sector_is_held(examine):
    assert examine(samples.GENUINE["doc"][:-10], "doc")["code"] == "held_damaged"


LOCKED = {
    "doc": samples.word(flags=0x0100),
    "xls": samples.excel((0x002F, bytes(6))),
    "ppt": samples.powerpoint(0xF3D1C4DF),
    "docx": samples.compound({"EncryptionInfo": b"x", "EncryptedPackage": b"y"}),
}


@pytest.mark.parametrize("extension", LOCKED)
def test_a_file_with_a_password_is_refused_as_encrypted(examine, extension):
    assert examine(LOCKED[extension], extension)["code"] == "encrypted"


@pytest.mark.parametrize("shift", [0, 8, 11, 30, 255])
def test_a_file_that_claims_absurd_sectors_is_damaged(examine, shift):
    content = bytearray(samples.GENUINE["doc"])
    content[30] = shift
    assert examine(bytes(content), "doc")["code"] == "damaged"


def test_macros_are_flagged(examine):
    content = samples.compound({"WordDocument": b"\xec\xa5" + bytes(20), "VBA": b"macro"})
    assert examine(content, "doc")["flags"] == ("macros",)
