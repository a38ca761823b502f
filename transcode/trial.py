"""Whether the ffmpeg of this machine can do what a profile wants: found out before any film depends on it."""

import ffmpeg

from config.profiles import VideoProfile
from transcode.arguments import tool_limits
from transcode.encoders import QUIET, Wish, encoder_options
from transcode.process import run
from transcode.sandbox import Room, SandboxKind, detect, wrap
from transcode.video import compile_command

TIMEOUT_SECONDS = 60.0
_FRAMES = 1


async def try_encoder(profile: VideoProfile, *, kind: SandboxKind | None = None) -> None:
    """Encode one black frame of the largest size: memory may be short, too.

    Raises `ToolFailed` where the encoder or one of its options is missing, or another `ToolError`.
    """
    size = profile.long_edge, profile.short_edge
    wish = Wish(size, True, profile.peak_bit_rate, None, most_frames=_FRAMES, least_frames=_FRAMES)
    black = ffmpeg.input(f"color=black:s={size[0]}x{size[1]}", f="lavfi")
    output = ffmpeg.output(black, "-", **encoder_options(profile, wish), **{"frames:v": _FRAMES, "f": "null"})
    command = wrap(compile_command(output), Room(kind or detect()), tool_limits(TIMEOUT_SECONDS), QUIET)
    await run(command, timeout_seconds=TIMEOUT_SECONDS)
