"""Small genuine recordings and films that are rows of frames, tags, objects or packets, made from nothing."""

import io
import struct
import wave
from uuid import UUID


def form(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        struct.pack(">4sI", kind, len(data)) + data + bytes(len(data) % 2) for kind, data in chunks
    )
    return struct.pack(">4sI4s", b"FORM", 4 + len(body), b"AIFF") + body


def tag_of_id3(length: int) -> bytes:
    return b"ID3\x04\0\0" + bytes((0, 0, length >> 7, length & 127)) + bytes(length)


def mp3_frame(content: bytes = b"") -> bytes:
    # MPEG-1, layer III, 128 kbit/s, 44.1 kHz.
    return b"\xff\xfb\x90\x00" + content.ljust(413, b"\x55")


def mp3(frames: int = 12) -> bytes:
    return tag_of_id3(300) + mp3_frame() * frames + b"TAG".ljust(128, b"\0")


def aac(frames: int = 12) -> bytes:
    return (bytes.fromhex("fff150800c9ffc") + bytes(93)) * frames


def amr(frames: int = 20) -> bytes:
    return b"#!AMR\n" + (b"\x3c" + bytes(31)) * frames


def flv() -> bytes:
    tag = b"\x09" + (200).to_bytes(3, "big") + bytes(7) + bytes(200)
    return b"FLV\x01\x01\0\0\0\x09\0\0\0\0" + (tag + (211).to_bytes(4, "big")) * 10


def asf_object(kind: str, content: bytes) -> bytes:
    return UUID(kind).bytes_le + struct.pack("<Q", 24 + len(content)) + content


def asf(stream: str = "BC19EFC0-5B4D-11CF-A8FD-00805F5C442B", *extra: bytes) -> bytes:
    data = asf_object("75B22636-668E-11CF-A6D9-00AA0062CE6C", bytes(500))
    streams = asf_object("B7DC0791-A9B7-11CF-8EE6-00C00C205365", UUID(stream).bytes_le + bytes(38))
    size_bytes = 30 + 104 + len(streams) + sum(map(len, extra)) + len(data)
    about = bytes(16) + struct.pack("<Q", size_bytes) + bytes(56)
    parts = [asf_object("8CABDCA1-A947-11CF-8EE4-00C00C205365", about), streams, *extra]
    count = struct.pack("<IBB", len(parts), 1, 2)
    return asf_object("75B22630-668E-11CF-A6D9-00AA0062CE6C", count + b"".join(parts)) + data


def transport_stream(packets: int = 40, time: bytes = b"") -> bytes:
    table, film = b"G\x40\x00\x10" + bytes(184), b"G\x01\x00\x10" + bytes(184)
    return (time + table) + (time + film) * (packets - 1)


def program_stream(packs: int = 12) -> bytes:
    pack = bytes.fromhex("000001ba44000400040103043bf8")
    return (pack + b"\0\0\x01\xe0" + struct.pack(">H", 300) + bytes(300)) * packs + b"\0\0\x01\xb9"


def wav() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2000))
    return buffer.getvalue()
