"""Windows Media, Flash and MPEG streams where they are unusual."""

from tests.scanning import samples, streams

SCRIPT, LOCK = "1EFB1A30-0B62-11D0-A39B-00A0C90348F6", "2211B3FB-BD23-11D2-B4B7-00A0C955FC6E"
FILM = "BC19EFC0-5B4D-11CF-A8FD-00805F5C442B"


def test_a_windows_film_with_commands_is_flagged(examine):
    assert examine(streams.asf(FILM, streams.asf_object(SCRIPT, bytes(40))), "wmv")["flags"] == ("launch",)


def test_a_windows_film_that_needs_a_licence_is_encrypted(examine):
    assert examine(streams.asf(FILM, streams.asf_object(LOCK, bytes(40))), "wmv")["code"] == "encrypted"


def test_a_windows_film_that_tells_a_greater_size_is_damaged(examine):
    content = streams.asf().replace(len(streams.asf()).to_bytes(8, "little"), (10**6).to_bytes(8, "little"))
    assert examine(content, "wmv")["code"] == "damaged"


def test_a_flash_film_without_pictures_and_sound_is_damaged(examine):
    assert (
        examine(streams.flv().replace(b"\x09\x00\x00\xc8", b"\x12\x00\x00\xc8"), "flv")["code"] == "damaged"
    )


def test_a_stream_cut_within_a_packet_is_flagged(examine):
    for extension in ("mts", "mpg", "flv", "aac", "amr"):
        assert examine(samples.GENUINE[extension][:-8], extension)["flags"] == ("cut_short",), extension


def test_packets_out_of_step_are_flagged(examine):
    content = bytearray(streams.transport_stream(400))
    content[188 * 200] = 0
    found = examine(bytes(content), "mts")
    assert (found["accepted"], found["flags"]) == (True, ("repaired",))


def test_a_transport_stream_that_begins_within_a_packet_is_accepted(examine):
    assert examine(bytes(100) + streams.transport_stream(), "mts")["accepted"]


def test_a_small_program_behind_a_stream_is_held(examine):
    for extension in ("mts", "mpg", "flv", "wmv"):
        found = examine(samples.GENUINE[extension] + samples.program(), extension)
        assert found["code"] == "held_suspicious", extension


def test_a_web_page_before_a_transport_stream_is_held(examine):
    page = b"<html><script>alert(1)</script>\0".ljust(100)
    assert examine(page + streams.transport_stream(), "mts")["code"] == "held_suspicious"


def test_a_transport_stream_without_its_table_is_damaged(examine):
    assert examine((b"G\x01\0\x10" + bytes(184)) * 50, "mts")["code"] == "damaged"


def test_pictures_alone_need_a_picture(examine):
    assert (
        examine(bytes.fromhex("000001b3160 0f014".replace(" ", "")) + bytes(500), "mpg")["code"]
        == "content_unknown"
    )
