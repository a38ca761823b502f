"""Films and recordings made playable: one rendition, upright, without metadata, checked to be whole."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ffmpeg

from config.profiles import VideoProfile
from transcode.arguments import SAFE_INPUT, file_name, tool_limits
from transcode.diagnosis import diagnose
from transcode.encoders import QUIET, Wish, encoder_options
from transcode.errors import SourceDamaged, ToolFailed
from transcode.filters import picture_filters
from transcode.fitting import tighten
from transcode.honesty import find_damage
from transcode.made import Made
from transcode.plan import Container, Plan, Treatment
from transcode.probe import Probe, VideoStream, probe
from transcode.process import Finished, run
from transcode.progress import OnProgress, Progress
from transcode.sandbox import Room, SandboxKind, detect, wrap
from transcode.scratch import check_regular
from transcode.sound import mixed, sound_options

#: A film may take this many times its length, and a start; without progress it is killed much earlier.
TIMEOUT_FACTOR = 60.0
TIMEOUT_START_SECONDS = 1800.0
#: Nothing moves while the index is brought to the front: as long as a slow disk needs for the bytes.
STALL_SECONDS = 120.0
STALL_BYTES_PER_SECOND = 20_000_000
#: Films take minutes, pictures and checks less than a second: those are served first.
NICENESS = 19
#: Ticks of a second in what is made, whatever the source counts in.
TICKS = 90_000
#: Frames keep their times; on a clock of the frame rate two of a phone's would fall together.
OWN_TIMES: Mapping[str, str] = {"fps_mode:v": "vfr", "enc_time_base:v": f"1:{TICKS}"}
#: What the first of two passes tells the second, in the private folder.
STATISTICS = "statistics"
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

    Every frame is decoded once, also of what is copied; again only if the result came out too large. Raises
    `SourceDamaged` when the source is cut off or broken (a partial result may be in the folder),
    `SourceRefused`, or another `ToolError`.
    """
    room = Room(kind or detect(), source, folder)
    progress, tighter = Progress(found.duration_seconds, on_progress), plan
    while True:
        made = await _make(room, found, tighter, profile, progress)
        if (again := tighten(found, tighter, profile, made.size_bytes)) is None:
            on_progress(1.0, 0.0)
            return made
        tighter = again


async def _make(room: Room, found: Probe, plan: Plan, profile: VideoProfile, progress: Progress) -> Made:
    source, folder = file_name(room.source_inside), file_name(room.folder_inside)
    target = f"{plan.kind}.{plan.container}"
    if plan.mean_bit_rate:
        await run_ffmpeg(build_first_pass(source, folder, found, plan, profile), room, found, progress)
    argv = build_command(source, f"{folder}/{target}", found, plan, profile)
    finished = await run_ffmpeg(argv, room, found, progress)
    if room.folder is None:
        raise ValueError("there is no folder to make it in")
    check_regular(room.folder)
    path = room.folder / target
    made = await probe(path, kind=room.kind)
    damage = find_damage(found, made, plan, finished.stderr_lines)
    if damage:
        raise SourceDamaged(damage)
    return describe(path, argv, made, plan, finished.stderr_lines)


async def run_ffmpeg(argv: Sequence[str], room: Room, found: Probe, progress: Progress) -> Finished:
    """Run ffmpeg on the source that `found` describes.

    Raises what the tool's complaint means (`transcode.diagnosis`), or another `ToolError`.
    """
    timeout_seconds = TIMEOUT_START_SECONDS + TIMEOUT_FACTOR * (found.duration_seconds or 0.0)
    try:
        return await run(
            wrap(argv, room, replace(tool_limits(timeout_seconds), niceness=NICENESS), QUIET),
            timeout_seconds=timeout_seconds,
            on_line=progress.start().on_line,
            stall_seconds=STALL_SECONDS + found.size_bytes / STALL_BYTES_PER_SECOND,
        )
    except ToolFailed as error:
        raise diagnose(error) from error


def build_command(source: str, target: str, found: Probe, plan: Plan, profile: VideoProfile) -> list[str]:
    """Return ffmpeg's arguments for the plan; `source` and `target` are ffmpeg's own names (`file:/…`)."""
    opened = ffmpeg.input(source, **SAFE_INPUT)
    streams, copied = [], []
    if found.video and plan.video is not Treatment.NONE:
        streams.append(opened[str(found.video.index)])
    if found.audio and plan.audio is not Treatment.NONE:
        anew = plan.audio is Treatment.TRANSCODE
        streams.append(mixed(opened, found, plan) if anew else opened[str(found.audio.index)])
    for stream, treatment in ((found.video, plan.video), (found.audio, plan.audio)):
        if stream and treatment is Treatment.COPY:
            copied.append(opened[str(stream.index)])
    if plan.container is Container.MP4:
        streams += [opened[str(caption.index)] for caption in found.captions]
    options = _options(found, plan, profile)
    if plan.mean_bit_rate:
        options |= _passing(2, target.rpartition("/")[0])
    outputs = [ffmpeg.output(*streams, target, **options)]
    if copied:
        outputs.append(ffmpeg.output(*copied, "-", f="null", **OWN_TIMES))
    return compile_command(ffmpeg.merge_outputs(*outputs))


def build_first_pass(source: str, folder: str, found: Probe, plan: Plan, profile: VideoProfile) -> list[str]:
    """Return ffmpeg's arguments for the first of two passes, which only leaves its statistics in `folder`."""
    if found.video is None:
        raise ValueError("there is no picture")
    options = picture_options(found.video, plan, profile) | _passing(1, folder)
    picture = ffmpeg.input(source, **SAFE_INPUT)[str(found.video.index)]
    return compile_command(ffmpeg.output(picture, "-", f="null", **options))


def _passing(number: int, folder: str) -> dict[str, Any]:
    """Return the options of one of two passes; x264 opens its statistics itself, by a plain name."""
    return {"pass": number, "passlogfile": f"{folder.removeprefix('file:')}/{STATISTICS}"}


def compile_command(output: Any, *more: str) -> list[str]:  # noqa: ANN401 - ffmpeg-python has no types
    """Return ffmpeg's arguments for an output, quiet but for progress and complaints."""
    quiet = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-progress", "pipe:1")
    return list(ffmpeg.compile(output.global_args(*quiet, *more), overwrite_output=True))


def _options(found: Probe, plan: Plan, profile: VideoProfile) -> dict[str, Any]:
    """Return the output's options: chapters and captions stay; who, where, when and with what does not."""
    options: dict[str, Any] = {"f": MUXERS[plan.container][0], "map_metadata:g": -1, "map_metadata:s": -1}
    if plan.container is not Container.MP3:
        options["movflags"] = "+faststart"
    if plan.video is Treatment.COPY:
        options["c:v"] = "copy"
    if plan.video is Treatment.TRANSCODE and found.video:
        options |= picture_options(found.video, plan, profile)
    if plan.audio is Treatment.COPY:
        options["c:a"] = "copy"
    if plan.audio is Treatment.TRANSCODE:
        options |= sound_options(plan)
    if found.captions and plan.container is Container.MP4:
        options |= _caption_options(found)
    return options


def _caption_options(found: Probe) -> dict[str, Any]:
    languages = (
        (number, caption.language) for number, caption in enumerate(found.captions) if caption.language
    )
    return {"c:s": "mov_text"} | {f"metadata:s:s:{number}": f"language={name}" for number, name in languages}


def picture_options(video: VideoStream, plan: Plan, profile: VideoProfile) -> dict[str, Any]:
    """Return how the picture is made: frames keep their own time stamps, groups of pictures are closed."""
    rate = math.ceil(plan.frame_rate or video.frame_rate or profile.frame_rate)
    wish = Wish(
        size=plan.size or video.display_size,
        even=(plan.frame_rate or video.frame_rate) is not None,
        peak_rate=plan.bit_rate or profile.peak_bit_rate,
        mean_rate=plan.mean_bit_rate,
        most_frames=rate * profile.keyframe_seconds,
        least_frames=rate,
    )
    filters = picture_filters(video, wish.size, plan.frame_rate)
    return {"filter:v": filters, **encoder_options(profile, wish), **OWN_TIMES}


def describe(path: Path, argv: Sequence[str], made: Probe, plan: Plan, complaint_lines: int) -> Made:
    """Return what the finished file is, by what a probe of it found."""
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
        complaint_lines=complaint_lines,
    )
