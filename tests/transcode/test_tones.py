"""Colours come out as they were seen: from high dynamic range, other depths, and red, green and blue."""

from collections.abc import Sequence
from math import log, sqrt

import pytest

from tests.transcode.making import make, near, pixels, streams
from tests.transcode.samples import ffmpeg
from transcode.probe import probe

QUIET_HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")
#: Colours of a usual film: white, grey, shade, and the skin of three people.
PATCHES = [(255, 255, 255), (128, 128, 128), (64, 64, 64), (196, 153, 133), (102, 66, 51), (141, 99, 79)]
TO_BT2020 = ((0.6274, 0.3293, 0.0433), (0.0691, 0.9195, 0.0114), (0.0164, 0.0880, 0.8956))
#: Diffuse white (ITU-R BT.2408).
WHITE_NITS = 203.0


def perceptual_quantizer(light: Sequence[float]) -> list[float]:
    """SMPTE ST 2084: red, green and blue as shares of diffuse white, as signals."""
    powers = [(value * WHITE_NITS / 10_000) ** 0.1593017578125 for value in light]
    return [((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375 for power in powers]


def hybrid_log_gamma(light: Sequence[float]) -> list[float]:
    """ITU-R BT.2100, for a display of 1000 nits: red, green and blue as signals."""
    shown = [value * WHITE_NITS / 1000 for value in light]
    scene = [value * luminance(shown) ** (1 / 1.2 - 1) for value in shown]
    return [
        sqrt(3 * value) if value <= 1 / 12 else 0.17883277 * log(12 * value - 0.28466892) + 0.55991073
        for value in scene
    ]


def luminance(colour: Sequence[float]) -> float:
    red, green, blue = colour
    return 0.2627 * red + 0.6780 * green + 0.0593 * blue


def wide(colour: Sequence[int], curve) -> tuple[int, int, int]:
    """Return the 10-bit BT.2020 luma and colour differences of a BT.709 colour on a usual display."""
    linear = [(value / 255) ** 2.4 for value in colour]
    light = [sum(share * value for share, value in zip(row, linear, strict=True)) for row in TO_BT2020]
    red, green, blue = curve(light)
    luma = luminance((red, green, blue))
    return (
        round(64 + 876 * luma),
        round(512 + 896 * (blue - luma) / 1.8814),
        round(512 + 896 * (red - luma) / 1.4746),
    )


def high_dynamic_range(folder, transfer: str, curve):
    """Make a film of patches, 64 pixels wide each."""
    planes = [b"", b"", b""]
    colours = [wide(patch, curve) for patch in PATCHES]
    for plane, (edge, rows) in enumerate(((64, 64), (32, 32), (32, 32))):
        line = b"".join(colour[plane].to_bytes(2, "little") * edge for colour in colours)
        planes[plane] = line * rows
    (folder / "patches.yuv").write_bytes(b"".join(planes) * 10)
    tags = ("-color_primaries", "bt2020", "-color_trc", transfer, "-colorspace", "bt2020nc")
    raw = ("-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-s", f"{64 * len(PATCHES)}x64", "-r", 10)
    ffmpeg(*raw, "-i", folder / "patches.yuv", *QUIET_HEVC, "-crf", 5, *tags, folder / "hdr.mp4")
    return folder / "hdr.mp4"


@pytest.mark.parametrize(
    ("transfer", "curve", "most"),
    [("smpte2084", perceptual_quantizer, 8), ("arib-std-b67", hybrid_log_gamma, 16)],
)
async def test_high_dynamic_range_looks_as_it_did_and_says_what_it_is(tmp_path, transfer, curve, most):
    source = high_dynamic_range(tmp_path, transfer, curve)
    assert (await probe(source)).video.color_transfer == transfer
    made, _ = await make(source, tmp_path / "out")
    video = streams(made.path, "v")[0]
    tags = [video[f"color_{name}"] for name in ("space", "transfer", "primaries", "range")]
    assert (tags, video["pix_fmt"]) == (["bt709", "bt709", "bt709", "tv"], "yuv420p")
    white, *others = pixels(made.path, [(32 + 64 * number, 32) for number in range(len(PATCHES))])
    assert min(white) >= 215, white
    assert max(white) - min(white) <= 4, white
    for found, wanted in zip(others, PATCHES[1:], strict=True):
        assert near(found, wanted, most), (found, wanted)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("deep.mov", ("-c:v", "prores_ks", "-profile:v", "3", "-pix_fmt", "yuv422p10le")),
        ("deep.mp4", ("-c:v", "libx264", "-pix_fmt", "yuv422p10le")),
        (
            "full.mp4",
            ("-c:v", "libx264", "-pix_fmt", "yuvj420p", "-vf", "setsar=2,scale=in_range=tv:out_range=pc"),
        ),
        ("rgb.mov", ("-c:v", "qtrle", "-pix_fmt", "rgb24")),
        ("rgb.avi", ("-c:v", "rawvideo", "-pix_fmt", "bgr24")),
    ],
)
async def test_other_depths_and_orders_keep_their_colours(tmp_path, name, options):
    colour = "color=0xC49985:s=1280x720:r=10:d=0.5,format=rgb24,scale=out_color_matrix=bt709"
    tags = ("-color_primaries", "bt709", "-color_trc", "bt709")
    tags += () if name.startswith("rgb") else ("-colorspace", "bt709")
    ffmpeg("-f", "lavfi", "-i", colour, *tags, *options, tmp_path / name)
    made, plan = await make(tmp_path / name, tmp_path / "out")
    assert plan.reasons
    video = streams(made.path, "v")[0]
    assert (video["pix_fmt"], video.get("color_range", "tv")) == ("yuv420p", "tv")
    if name.startswith("rgb"):
        assert video["color_space"] == "bt709", "a browser must not guess"
    assert near(pixels(made.path, [(100, 100)])[0], (196, 153, 133), 4)
