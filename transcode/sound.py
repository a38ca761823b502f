"""Sound that is made anew: AAC of one or two channels, as loud as it was.

Several tracks become one in which each is heard, for a browser plays no other than the first.
"""

from collections.abc import Mapping
from typing import Any

import ffmpeg

from transcode.plan import Plan
from transcode.probe import AudioStream, Probe

#: More channels become two by the weights of ITU-R BS.775; what is then too loud for a moment is held down.
DOWNMIX: Mapping[str, Mapping[str, object]] = {
    "aformat": {"sample_fmts": "fltp", "channel_layouts": "stereo"},
    "alimiter": {"level": 0},
}
#: What gives a track usual channels, by how many it has and gets: one that is called "left" is no quieter.
CHANNELS: Mapping[tuple[int | None, int], Mapping[str, Mapping[str, object]]] = {
    (1, 1): {"channelmap": {"map": "0", "channel_layout": "mono"}},
    (1, 2): {"channelmap": {"map": "0|0", "channel_layout": "stereo"}},
    (2, 2): {"channelmap": {"map": "0|1", "channel_layout": "stereo"}},
}


def sound_options(plan: Plan) -> dict[str, Any]:
    """Return the encoder's settings."""
    return {"c:a": "aac", "b:a": plan.audio_bit_rate, "ac": plan.channels}


def mixed(opened: Any, found: Probe, plan: Plan) -> Any:  # noqa: ANN401 - ffmpeg-python has no types
    """Return all tracks of the opened file as one stream; raises `ValueError` without any."""
    if found.audio is None:
        raise ValueError("there is no sound")
    tracks = [_filtered(opened, track, plan.channels) for track in (found.audio, *found.further_audio)]
    if len(tracks) == 1:
        return tracks[0]
    mix = ffmpeg.filter(tracks, "amix", inputs=len(tracks), duration="longest", normalize=0)
    return mix.filter("volume", f"1/{len(tracks)}")


def _filtered(opened: Any, track: AudioStream, channels: int) -> Any:  # noqa: ANN401 - ffmpeg-python has no types
    """Return the track with gaps as silence, so that it stays with the picture, and with usual channels."""
    stream = opened[str(track.index)].filter("aresample", **{"async": 1})
    for name, values in CHANNELS.get((track.channels, channels), DOWNMIX).items():
        stream = stream.filter(name, **values)
    return stream
