"""What every ffmpeg and ffprobe call carries, so that a file can only be what it is accepted as.

Demuxers that follow names into other files (concat, hls, dash…) and decoders nobody needs stay closed.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from transcode.sandbox import Limits

FORMATS = (
    "mov", "matroska", "avi", "flv", "asf", "mpegts", "mpeg", "mpegvideo", "m4v", "h264", "mp3", "aac",
    "amr", "amrnb", "amrwb", "aiff", "wav", "w64", "ogg", "flac", "caf",
)  # fmt: skip
VIDEO_CODECS = (
    "h264", "hevc", "av1", "libdav1d", "vp8", "vp9", "vp6", "vp6a", "vp6f", "flv", "h263", "h263p",
    "h261", "mpeg1video", "mpeg2video", "mpegvideo", "mpeg4", "msmpeg4", "msmpeg4v1", "msmpeg4v2", "wmv1",
    "wmv2", "wmv3", "wmv3image", "vc1", "vc1image", "mjpeg", "mjpegb", "prores", "dnxhd", "dvvideo",
    "theora", "svq1", "svq3", "cinepak", "qtrle", "rpza", "smc", "msrle", "msvideo1", "rawvideo",
    "flashsv", "flashsv2",
)  # fmt: skip
AUDIO_CODECS = (
    "aac", "aac_latm", "mp3", "mp3float", "mp2", "mp2float", "mp1", "mp1float", "ac3", "eac3", "dca",
    "alac", "flac", "opus", "libopus", "vorbis", "libvorbis", "amrnb", "amrwb", "wmav1", "wmav2",
    "wmapro", "wmalossless", "wmavoice", "qcelp", "evrc", "qdm2", "mace3", "mace6", "gsm", "gsm_ms",
    "nellymoser", "speex", "libspeex", "adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_swf",
    "adpcm_yamaha", "adpcm_g726", "truespeech", "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_u16le",
    "pcm_u16be", "pcm_s24le", "pcm_s24be", "pcm_u24le", "pcm_u24be", "pcm_s32le", "pcm_s32be",
    "pcm_u32le", "pcm_u32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be", "pcm_alaw", "pcm_mulaw",
    "pcm_bluray", "pcm_dvd",
)  # fmt: skip
#: Cover art and subtitles are never used, but ffprobe gives up on a file in which it may not open them.
COMPANION_CODECS = (
    "png", "bmp", "gif", "tiff", "webp", "mov_text", "text", "subrip", "srt", "ass", "ssa", "webvtt",
    "pgssub", "dvdsub", "dvbsub", "libzvbi_teletextdec", "cc_dec", "xsub",
)  # fmt: skip
#: Options of every input. A frame of more than `max_pixels` is not decoded.
SAFE_INPUT: Mapping[str, str] = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(FORMATS),
    "codec_whitelist": ",".join((*VIDEO_CODECS, *AUDIO_CODECS, *COMPANION_CODECS)),
    "max_pixels": str(100_000_000),
}
#: A film that is copied may be as large as what is accepted.
OUTPUT_BYTES = 64 << 30


def tool_limits(timeout_seconds: float) -> Limits:
    """Return the limits of an ffmpeg or ffprobe child that may run so long; each core's threads take room."""
    cores = os.cpu_count() or 1
    return Limits(
        address_space_bytes=(4 << 30) + cores * (256 << 20),
        cpu_seconds=int(timeout_seconds * cores) + 1,
        file_size_bytes=OUTPUT_BYTES,
    )


def file_name(path: Path | None) -> str:
    """Return a path as ffmpeg takes it: never an option, never another protocol."""
    return f"file:{path}"
