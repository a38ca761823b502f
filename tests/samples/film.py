"""Films as phones make them: stored landscape, shown upright by the display matrix, with sound."""

import struct
import subprocess
from pathlib import Path

#: Shown turned a quarter clockwise (ISO/IEC 14496-12, 8.3.2): what is stored at the left is shown on top.
_QUARTER = (0, 0x0001_0000, 0, 0xFFFF_0000, 0, 0)
#: From the type field of a version 0 track header to its matrix.
_MATRIX_OFFSET = 44


def make_phone_film(
    path: Path, *, width: int = 3840, height: int = 2160, seconds: float = 3, rate: int = 30
) -> Path:
    """Write an H.264/AAC film; its left edge is red, so the upright picture has a red top.

    The index stands in front, so that half the file is still half a film.
    """
    picture = f"testsrc2=size={width}x{height}:rate={rate}:duration={seconds}"
    edge = f"drawbox=x=0:y=0:w={width // 8}:h=ih:color=red:t=fill,format=yuv420p"
    sound = f"sine=frequency=440:sample_rate=48000:duration={seconds}"
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", picture,
            "-f", "lavfi", "-i", sound, "-vf", edge,
            "-c:v", "libx264", "-preset", "ultrafast", "-crf", "14", "-threads", "2",
            "-g", str(rate), "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-movflags", "+faststart",
            "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", str(path)]  # fmt: skip
    subprocess.run(argv, check=True, timeout=120)
    path.write_bytes(turned(path.read_bytes(), height))
    return path


def turned(film: bytes, height: int) -> bytes:
    """Return the film with a quarter turn in its first track's header."""
    at = film.index(b"tkhd") + _MATRIX_OFFSET
    matrix = struct.pack(">9I", *_QUARTER, height << 16, 0, 0x4000_0000)
    return film[:at] + matrix + film[at + len(matrix) :]


def make_truncated(source: Path, path: Path, share: float = 0.6) -> Path:
    """Write the first `share` of a file, as a transfer that broke off leaves it."""
    whole = source.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    return path
