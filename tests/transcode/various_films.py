"""Short films of every kind that is cut into segments."""

from pathlib import Path

from tests.transcode.samples import ffmpeg, film, phone_film, picture, sound

KEYS = ("-g", "30", "-pix_fmt", "yuv420p")


def irregular(path: Path) -> Path:
    """Frames at times of their own, later than the sound, in a container that counts milliseconds."""
    irregularly = ("-filter:v", "setpts='(N/30+0.013*mod(N,3))/TB'", "-fps_mode", "passthrough")
    shown = ("-itsoffset", "0.25", *picture(8))
    ffmpeg(
        *shown,
        *sound(8),
        "-map",
        "0:v",
        "-map",
        "1:a",
        *irregularly,
        *KEYS,
        "-bf",
        2,
        "-c:a",
        "libopus",
        path,
    )
    return path


def of_open_groups(path: Path) -> Path:
    return film(path, "-c:v", "libx264", *KEYS, "-bf", 3, "-x264-params", "open-gop=1", seconds=8)


def hevc(path: Path) -> Path:
    options = (
        "-c:v",
        "libx265",
        "-pix_fmt",
        "yuv420p10le",
        "-x265-params",
        "log-level=none:keyint=30:open-gop=1",
    )
    return film(path, *options, seconds=8)


def fast(path: Path) -> Path:
    return film(path, *KEYS, rate="60000/1001", seconds=8)


def mute(path: Path) -> Path:
    ffmpeg(*picture(8), *KEYS, path)
    return path


def motion_jpeg(path: Path) -> Path:
    return film(path, "-c:v", "mjpeg", "-c:a", "pcm_s16le", seconds=8)


def interlaced(path: Path) -> Path:
    fields = (
        "-c:v",
        "mpeg2video",
        "-flags",
        "+ildct+ilme",
        "-vf",
        "tinterlace=interleave_top,fieldorder=tff",
    )
    return film(path, *fields, "-g", 25, "-bf", 2, rate=50, seconds=8)


def high_dynamic_range(path: Path) -> Path:
    tags = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
    x265 = ("-c:v", "libx265", "-x265-params", "log-level=none:keyint=30", "-pix_fmt", "yuv420p10le")
    return film(path, *x265, *tags, seconds=8)


def accompanied(path: Path) -> Path:
    """Two sound tracks, captions in a language, and chapters."""
    said = path.with_suffix(".srt")
    said.write_text(
        "1\n00:00:01,000 --> 00:00:03,000\nGood morning\n\n2\n00:00:05,500 --> 00:00:07,000\nGood night\n"
    )
    parts = path.with_suffix(".txt")
    parts.write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=3\ntitle=One\n[CHAPTER]\nTIMEBASE=1/1\nSTART=3\nEND=8\ntitle=Two\n"
    )
    inputs = (*picture(8), *sound(8), *sound(8), "-i", said, "-i", parts)
    maps = ("-map", 0, "-map", 1, "-map", 2, "-map", 3, "-map_chapters", 4, "-metadata:s:s:0", "language=cym")
    ffmpeg(*inputs, *maps, *KEYS, "-c:a", "aac", "-c:s", "subrip", path)
    return path


def upright(path: Path) -> Path:
    return phone_film(path, seconds=26)
