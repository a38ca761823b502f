"""The picture's way from source to rendition, as ffmpeg filters. Nothing is cropped, nothing blended."""

from collections.abc import Mapping
from fractions import Fraction

from transcode.probe import VideoStream

_TO_LINEAR = "zscale=tin={transfer}:pin=bt2020:min=bt2020nc:rin=tv:t=linear:npl=203,format=gbrpf32le"
_TO_SDR = "zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:p=bt709:r=tv,format=yuv420p"
#: Transfer functions of high dynamic range and the filters that bring it to BT.709: 203 nits is diffuse white
#: (ITU-R BT.2408).
HIGH_DYNAMIC_RANGE: Mapping[str, str] = {
    transfer: f"{_TO_LINEAR.format(transfer=transfer)},{_TO_SDR}"
    for transfer in ("smpte2084", "arib-std-b67")
}


def picture_filters(video: VideoStream, size: tuple[int, int], frame_rate: Fraction | None) -> str:
    """Return the filter chain to an upright picture of square pixels; ffmpeg itself turns it first."""
    width, height = size
    chain = ["bwdif=mode=send_frame:deint=interlaced"] if video.interlaced else []
    if frame_rate:
        chain.append(f"fps={frame_rate.numerator}/{frame_rate.denominator}")
    chain.append(f"scale={width}:{height}:out_range=tv,setsar=1")
    if video.color_transfer and video.color_transfer in HIGH_DYNAMIC_RANGE:
        chain.append(HIGH_DYNAMIC_RANGE[video.color_transfer])
    return ",".join(chain)
