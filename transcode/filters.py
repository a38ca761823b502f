"""The picture's way from source to rendition, as ffmpeg filters. Nothing is cropped, nothing blended."""

from collections.abc import Mapping
from fractions import Fraction

from transcode.probe import VideoStream

_TO_LINEAR = "zscale=tin={transfer}:pin=bt2020:min=bt2020nc:rin=tv:t=linear:npl=203,format=gbrpf32le"
_TO_SDR = "zscale=p=bt709,tonemap=mobius:param=0.5:desat=0,zscale=t=bt709:m=bt709:p=bt709:r=tv,format=yuv420p"
#: Transfer functions of high dynamic range and the filters that bring it to BT.709: 203 nits is diffuse white
#: (ITU-R BT.2408). Half of that, skin and paper in shade among it, stays as it was; brighter things give way.
HIGH_DYNAMIC_RANGE: Mapping[str, str] = {
    transfer: f"{_TO_LINEAR.format(transfer=transfer)},{_TO_SDR}"
    for transfer in ("smpte2084", "arib-std-b67")
}

#: Pixel formats of red, green and blue, and of palettes of them, begin so.
RGB = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8")


def picture_filters(video: VideoStream, size: tuple[int, int], frame_rate: Fraction | None) -> str:
    """Return the filter chain to an upright picture of square pixels; ffmpeg itself turns it first."""
    width, height = size
    chain = _single_moments(video)
    if frame_rate:
        chain.append(f"fps={frame_rate.numerator}/{frame_rate.denominator}")
    chain.append(f"scale={width}:{height}:out_range=tv{_matrix(video)},setsar=1")
    if video.color_transfer and video.color_transfer in HIGH_DYNAMIC_RANGE:
        chain.append(HIGH_DYNAMIC_RANGE[video.color_transfer])
    return ",".join(chain)


def _single_moments(video: VideoStream) -> list[str]:
    """Return what makes one moment of each frame: of marked ones only, unless the picture itself told."""
    if video.fields == "auto":
        return ["bwdif=mode=send_frame:deint=interlaced"]
    if video.fields:
        return [f"bwdif=mode=send_frame:deint=all:parity={video.fields}"]
    return ["setfield=prog"] if video.marked_interlaced else []


def _matrix(video: VideoStream) -> str:
    """Return the way from red, green and blue, which have no matrix of their own, to BT.709, said aloud."""
    if not (video.pixel_format or "").startswith(RGB):
        return ""
    return ":out_color_matrix=bt709,setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709"
