"""Metafiles: what libwmf is asked, and what its answers mean. A script stands in for it."""

from pathlib import Path

import pytest
from PIL import Image

from tests.transcode.pictures import corners
from transcode.errors import SourceDamaged
from transcode.metafile import PROGRAM, build_command, draw_metafile
from transcode.sandbox import SandboxKind
from transcode.undrawn import NoPicture, Undrawable


def program(folder: Path, script: str) -> str:
    """Make a program of libwmf's name; return the path to find it by."""
    place = folder / "bin"
    place.mkdir()
    (place / PROGRAM).write_text(f"#!/bin/sh\n{script}\n")
    (place / PROGRAM).chmod(0o755)
    return str(place)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "room").mkdir(mode=0o700)
    return tmp_path / "room"


async def test_without_the_program_there_is_no_picture_and_that_is_said(source, room) -> None:
    with pytest.raises(Undrawable, match="not installed") as caught:
        await draw_metafile(source, room, 100, path="/nowhere")
    assert caught.value.facts()["no_picture"] == "tool_missing"


async def test_what_the_program_draws_is_handed_on(tmp_path, room, kind) -> None:
    corners().save(tmp_path / "source", format="PNG")
    found = program(tmp_path, 'cat "$8" >"$7"')
    drawn = await draw_metafile(tmp_path / "source", room, 100, kind=kind, path=found)
    with Image.open(drawn) as image:
        assert image.size == (400, 200)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("ERROR: font.c (1339): wmf_ipa_font_map: failed to load *any* font!", NoPicture.TOOL),
        ("ERROR: meta.c (173): wmf_header_read: this isn't a wmf file", NoPicture.VARIANT),
        ("", NoPicture.VARIANT),
    ],
)
async def test_what_the_program_does_not_know_is_not_held_against_the_evidence(
    source, room, tmp_path, words, code
) -> None:
    found = program(tmp_path, f'echo "{words}" >&2; exit 1')
    with pytest.raises(Undrawable) as caught:
        await draw_metafile(source, room, 100, kind=SandboxKind.LIMITS, path=found)
    assert caught.value.code is code


async def test_a_metafile_cut_short_is_damaged(source, room, tmp_path) -> None:
    found = program(tmp_path, 'echo "ERROR: player.c (160): Unexpected EOF!" >&2; exit 1')
    with pytest.raises(SourceDamaged):
        await draw_metafile(source, room, 100, kind=SandboxKind.LIMITS, path=found)


async def test_a_program_that_draws_nothing_is_not_held_against_the_evidence(source, room, tmp_path) -> None:
    with pytest.raises(Undrawable):
        await draw_metafile(source, room, 100, kind=SandboxKind.LIMITS, path=program(tmp_path, "exit 0"))


def test_the_command_names_everything_itself() -> None:
    assert build_command("/usr/bin/wmf2gd", "/in", "/out/a.png", 2400) == [
        "/usr/bin/wmf2gd", "--maxpect", "--maxwidth=2400", "--maxheight=2400", "-t", "png",
        "-o", "/out/a.png", "/in",
    ]  # fmt: skip
