"""Films, recordings and pictures made for tests."""

import subprocess
from pathlib import Path


def ffmpeg(*arguments: object) -> None:
    """Run ffmpeg quietly; fail the test if it fails."""
    subprocess.run(
        ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *map(str, arguments)], check=True, timeout=60
    )


def picture(seconds: float = 3, size: str = "320x240", rate: object = 30) -> tuple[object, ...]:
    return ("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}")


def sound(seconds: float = 3) -> tuple[object, ...]:
    return ("-f", "lavfi", "-i", f"sine=d={seconds}")


def film(path: Path, *options: object, seconds: float = 3, size: str = "320x240", rate: object = 30) -> Path:
    """Make a film with sound; `options` are ffmpeg's for the output."""
    ffmpeg(*picture(seconds, size, rate), *sound(seconds), "-preset", "ultrafast", *options, path)
    return path


def phone_film(path: Path, seconds: float = 3) -> Path:
    """Make a film like a phone's: stored on its side, turned when shown, with sound and a place."""
    flat = film(path.with_suffix(".flat.mp4"), "-pix_fmt", "yuv420p", seconds=seconds, size="640x360")
    place = ("-metadata", "location=+51.5-000.1/")
    ffmpeg("-i", flat, "-c", "copy", "-metadata:s:v", "rotate=90", *place, path)
    flat.unlink()
    return path


def cut(path: Path, share: float = 0.5) -> Path:
    """Make a copy that ends early."""
    short = path.with_name(f"cut-{path.name}")
    content = path.read_bytes()
    short.write_bytes(content[: int(len(content) * share)])
    return short
