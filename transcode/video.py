"""Films and recordings made playable: one rendition, upright, without metadata, checked to be whole."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ffmpeg

from config.profiles import VideoProfile
from transcode.arguments import SAFE_INPUT, file_name, tool_limits
from transcode.diagnosis import diagnose
from transcode.errors import SourceDamaged, ToolFailed
from transcode.filters import picture_filters
from transcode.honesty import find_damage
from transcode.made import Made
from transcode.plan import Container, Plan, Treatment
from transcode.probe import Probe, VideoStream, probe
from transcode.process import run
from transcode.progress import OnProgress, Progress
from transcode.sandbox import Room, SandboxKind, detect, wrap
from transcode.scratch import check_regular

#: A film may take this many times its length, and a start; without progress it is killed much earlier.
TIMEOUT_FACTOR = 60.0
TIMEOUT_START_SECONDS = 1800.0
#: Nothing moves while the index is brought to the front: as long as a slow disk needs for the bytes.
STALL_SECONDS = 120.0
STALL_BYTES_PER_SECOND = 20_000_000
TIME_BASE = "1:90000"
#: ffmpeg's muxer and the media type, by container.
MUXERS: Mapping[Container, tuple[str, str]] = {
    Container.MP4: ("mp4", "video/mp4"),
    Container.M4A: ("ipod", "audio/mp4"),
    Container.MP3: ("mp3", "audio/mpeg"),
}


async def transcode(
    source: Path,
    folder: Path,
    found: Probe,
    plan: Plan,
    profile: VideoProfile,
    on_progress: OnProgress,
    *,
    kind: SandboxKind | None = None,
) -> Made:
    """Make the planned rendition of `source` in the private `folder` and prove that it holds all of it.

    Every frame is decoded once, also of what is copied. Raises `SourceDamaged` when the source is cut off or
    broken (a partial result may be in the folder), `SourceRefused`, or another `ToolError`.
    """
    room = Room(kind or detect(), source, folder)
    name = f"{plan.kind}.{plan.container}"
    argv = build_command(
        file_name(room.source_inside), f"{file_name(room.folder_inside)}/{name}", found, plan, profile
    )
    seconds = found.duration_seconds or 0.0
    timeout_seconds = TIMEOUT_START_SECONDS + TIMEOUT_FACTOR * seconds
    try:
        finished = await run(
            wrap(argv, room, tool_limits(timeout_seconds)),
            timeout_seconds=timeout_seconds,
            on_line=Progress(found.duration_seconds, on_progress).on_line,
            stall_seconds=STALL_SECONDS + found.size_bytes / STALL_BYTES_PER_SECOND,
        )
    except ToolFailed as error:
        raise diagnose(error) from error
    check_regular(folder)
    made = await probe(folder / name, kind=room.kind)
    damage = find_damage(found, made, plan, finished.stderr_lines)
    if damage:
        raise SourceDamaged(damage)
    on_progress(1.0, 0.0)
    return _made(folder / name, argv, made, plan)


def build_command(source: str, target: str, found: Probe, plan: Plan, profile: VideoProfile) -> list[str]:
    """Return ffmpeg's arguments for the plan; `source` and `target` are ffmpeg's own names (`file:/…`)."""
    opened = ffmpeg.input(source, **SAFE_INPUT)
    streams, copied = [], []
    for stream, treatment in ((found.video, plan.video), (found.audio, plan.audio)):
        if stream and treatment is not Treatment.NONE:
            streams.append(opened[str(stream.index)])
        if stream and treatment is Treatment.COPY:
            copied.append(opened[str(stream.index)])
    outputs = [ffmpeg.output(*streams, target, **_options(found, plan, profile))]
    if copied:
        outputs.append(ffmpeg.output(*copied, "-", f="null"))
    output = ffmpeg.merge_outputs(*outputs).global_args(
        "-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-progress", "pipe:1"
    )
    return list(ffmpeg.compile(output, overwrite_output=True))


def _options(found: Probe, plan: Plan, profile: VideoProfile) -> dict[str, Any]:
    options: dict[str, Any] = {"f": MUXERS[plan.container][0], "map_metadata": -1, "map_chapters": -1}
    if plan.container is not Container.MP3:
        options["movflags"] = "+faststart"
    if plan.video is Treatment.COPY:
        options["c:v"] = "copy"
    if plan.video is Treatment.TRANSCODE and found.video:
        options |= _picture(found.video, plan, profile)
    if plan.audio is Treatment.COPY:
        options["c:a"] = "copy"
    if plan.audio is Treatment.TRANSCODE:
        options |= _sound(profile)
    return options


def _picture(video: VideoStream, plan: Plan, profile: VideoProfile) -> dict[str, Any]:
    """Return x264's settings; frames keep their own time stamps, GOPs are closed."""
    rate = math.ceil(plan.frame_rate or video.frame_rate or profile.frame_rate)
    bit_rate = plan.bit_rate or profile.peak_bit_rate
    return {
        "filter:v": picture_filters(video, plan.size or video.display_size, plan.frame_rate),
        "c:v": "libx264",
        "preset": profile.preset,
        "profile:v": profile.h264_profile,
        "level": profile.level,
        "crf": profile.crf,
        "maxrate": bit_rate,
        "bufsize": bit_rate,
        "pix_fmt": "yuv420p",
        "x264-params": f"keyint={rate * profile.keyframe_seconds}:min-keyint={rate}:open-gop=0",
        "fps_mode:v": "vfr",
        "enc_time_base:v": TIME_BASE,
    }


def _sound(profile: VideoProfile) -> dict[str, Any]:
    """Return AAC's settings; gaps become silence, so that sound and picture stay together."""
    return {
        "c:a": "aac",
        "b:a": profile.audio_bit_rate,
        "ac": profile.audio_channels,
        "filter:a": "aresample=async=1",
    }


def _made(path: Path, argv: list[str], made: Probe, plan: Plan) -> Made:
    width, height = made.video.display_size if made.video else (None, None)
    return Made(
        path=path,
        kind=plan.kind,
        media_type=MUXERS[plan.container][1],
        size_bytes=path.stat().st_size,
        command=tuple(argv),
        tools={"ffmpeg": made.version},
        width=width,
        height=height,
        duration_seconds=made.duration_seconds,
    )
