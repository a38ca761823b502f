"""Reading copies play to their end in a real browser: upright, in their colours, at their length."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from config.formats import extension_of, load_formats
from tests.clients.browser import browser
from tests.clients.site import site
from tests.transcode.making import PROFILES, make, near
from tests.transcode.samples import ffmpeg, film, picture, sound
from tests.transcode.test_timing import IRREGULAR
from tests.transcode.test_tones import high_dynamic_range, perceptual_quantizer
from tests.transcode.test_upright import BLUE, GREEN, RED, WHITE, corners, turned
from transcode.errors import SourceDamaged, SourceRefused
from transcode.made import Made

CORPUS = os.environ.get("CORPUS")
#: Seconds by which a browser's idea of a length may differ: a frame, or a packet of sound.
SLACK = 0.15
TURNED = {
    0: [RED, GREEN, BLUE, WHITE],
    90: [BLUE, RED, WHITE, GREEN],
    180: [WHITE, BLUE, GREEN, RED],
    270: [GREEN, WHITE, RED, BLUE],
}


async def shown(
    folder: Path, portal_port: int, copies: Mapping[str, Made]
) -> Mapping[str, Mapping[str, Any]]:
    """Have a browser play them all; return by name what it says of each."""
    files = [{"name": name, "kind": copy.kind} for name, copy in copies.items()]
    async with site("play", folder, portal_port, {"files": files}) as portal:
        with browser(f"http://127.0.0.1:{portal_port}/"):
            outcome = await portal.outcome()
    assert "error" not in outcome, outcome
    return {played["name"]: played for played in outcome["uploads"]}


async def copied(folder: Path, sources: Sequence[Path]) -> dict[str, Made]:
    """Make the reading copies of what can be read, side by side in one folder."""
    copies = {}
    for number, source in enumerate(sources):
        try:
            made, _ = await make(source, folder / f"made-{number}")
        except (SourceDamaged, SourceRefused):
            continue
        name = f"{source.name}{made.path.suffix}"
        shutil.copyfile(made.path, folder / name)
        copies[name] = made
    return copies


async def by_every_profile(folder: Path) -> dict[str, Made]:
    """Make one film by each profile."""
    source = film(folder / "of-every-profile.mov", "-pix_fmt", "yuv422p", size="1280x720", seconds=1)
    copies = {}
    for name, profile in PROFILES.items():
        made, _ = await make(source, folder / f"by-{name}", profile=profile)
        shutil.copyfile(made.path, folder / f"{name}.mp4")
        copies[f"{name}.mp4"] = made
    return copies


def check(copies: Mapping[str, Made], played: Mapping[str, Mapping[str, Any]]) -> None:
    for name, made in copies.items():
        seen = played[name]
        assert seen["fate"] == "ended", seen
        assert seen["seconds"] == pytest.approx(made.duration_seconds, abs=SLACK), seen
        assert (seen["width"], seen["height"]) == (made.width or 0, made.height or 0), seen


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


@pytest.mark.timeout(300)
async def test_films_of_every_trouble_play_to_their_end(tmp_path: Path, portal_port: int) -> None:
    for degrees in TURNED:
        turned(corners(tmp_path / f"turned-{degrees}.mp4"), degrees)
    vary = ("-filter:v", IRREGULAR, "-fps_mode", "passthrough", "-enc_time_base", "1:90000")
    film(tmp_path / "irregular.mp4", *vary, "-pix_fmt", "yuv420p")
    film(tmp_path / "blink.avi", seconds=0.2)
    film(tmp_path / "upright.mov", "-pix_fmt", "yuv422p10le", size="360x640", seconds=1)
    film(tmp_path / "odd.mkv", "-pix_fmt", "yuv444p", size="321x241", seconds=1)
    film(
        tmp_path / "fields.ts",
        "-c:v",
        "mpeg2video",
        "-flags",
        "+ildct+ilme",
        "-vf",
        "setfield=tff",
        seconds=1,
    )
    high_dynamic_range(tmp_path, "smpte2084", perceptual_quantizer)
    ffmpeg(*picture(1), "-c:v", "mpeg4", tmp_path / "mute.avi")
    ffmpeg(
        *picture(1), *sound(1), "-af", "pan=5.1|c2=c0", "-c:v", "mpeg4", "-c:a", "ac3", tmp_path / "six.mkv"
    )
    ffmpeg(*sound(1), tmp_path / "sound.wav")
    ffmpeg(*sound(1), tmp_path / "sound.mp3")
    sources = [path for path in files_of(tmp_path) if path.suffix != ".yuv"]
    copies = await copied(tmp_path, sources)
    assert len(copies) == len(sources)
    copies |= await by_every_profile(tmp_path)
    played = await shown(tmp_path, portal_port, copies)
    check(copies, played)
    for degrees, wanted in TURNED.items():
        found = played[f"turned-{degrees}.mp4.mp4"]["corners"]
        assert all(near(a, b, 24) for a, b in zip(found, wanted, strict=True)), (degrees, found)


@pytest.mark.skipif(not CORPUS, reason="CORPUS names no folder of real files")
@pytest.mark.timeout(300)
async def test_every_real_film_and_recording_that_can_be_read_plays_to_its_end(
    tmp_path: Path, portal_port: int
) -> None:
    accepted = load_formats().extensions
    moving = [
        file
        for file in files_of(Path(CORPUS or ""))
        if (name := extension_of(file.name)) in accepted and {"video", "audio"} & set(accepted[name].groups)
    ]
    copies = await copied(tmp_path, moving)
    assert len(copies) >= 0.9 * len(moving), [
        file.name for file in moving if not any(file.name in n for n in copies)
    ]
    check(copies, await shown(tmp_path, portal_port, copies))
