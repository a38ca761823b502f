from tests.scanning import samples


def test_one_changed_byte_of_a_png_is_damage(examine):
    content = bytearray(samples.GENUINE["png"])
    content[60] ^= 1
    assert examine(bytes(content), "png")["code"] == "damaged"
