"""Whether the ffmpeg of this machine can do what a profile wants: found out before any film depends on it."""

import ffmpeg

from config.profiles import VideoProfile
from transcode.arguments import tool_limits
from transcode.encoders import QUIET, Wish, encoder_options
from transcode.process import run
from transcode.sandbox import Room, SandboxKind, detect, wrap
from transcode.video import compile_command

TIMEOUT_SECONDS = 60.0
_EDGE = 64
_FRAMES = 1


async def try_encoder(profile: VideoProfile, *, kind: SandboxKind | None = None) -> None:
    """Encode one black frame.

    Raises `ToolFailed` where the encoder or one of its options is missing, or another `ToolError`.
    """
    wish = Wish((_EDGE, _EDGE), profile.peak_bit_rate, None, most_frames=_FRAMES, least_frames=_FRAMES)
    black = ffmpeg.input(f"color=black:s={_EDGE}x{_EDGE}", f="lavfi")
    output = ffmpeg.output(black, "-", **encoder_options(profile, wish), **{"frames:v": _FRAMES, "f": "null"})
    command = wrap(compile_command(output), Room(kind or detect()), tool_limits(TIMEOUT_SECONDS), QUIET)
    await run(command, timeout_seconds=TIMEOUT_SECONDS)
