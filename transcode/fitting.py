"""What is made is made again when it came out too large: by two passes at a size computed beforehand."""

from dataclasses import replace

from config.profiles import VideoProfile
from transcode.plan import FIT_SHARE, LEAST_BIT_RATE, Plan, Treatment, sound_bit_rate
from transcode.probe import Probe

#: Reasons to make a picture anew for which its copy would do as well.
BETTER_COPIED = frozenset({"bit_rate", "audio"})
#: A picture has fewer pixels, not fewer bits for each, below so many bits a pixel and frame.
LEAST_BITS_A_PIXEL = 0.02
SMALLEST_EDGE = 64
USUAL_FRAME_RATE = 30


def tighten(found: Probe, plan: Plan, profile: VideoProfile, made_bytes: int) -> Plan | None:
    """Return the plan to try next; `None`: what was made fits, or a film of so few bits may be larger.

    Only a film over the limit of its format must fit whatever the cost; others are merely not to grow.
    """
    if plan.most_bytes is None or made_bytes <= plan.most_bytes:
        return None
    if set(plan.reasons) <= BETTER_COPIED:
        return replace(plan, video=Treatment.COPY, frame_rate=None, most_bytes=None)
    must_fit = "oversize" in plan.reasons
    rate = _mean_bit_rate(found, plan, made_bytes)
    if rate < LEAST_BIT_RATE and not must_fit:
        return None
    size = _size(found, plan, rate) if must_fit else plan.size
    if plan.mean_bit_rate and (not must_fit or (rate, size) == (plan.mean_bit_rate, plan.size)):
        return None
    return replace(plan, mean_bit_rate=rate, bit_rate=profile.peak_bit_rate, size=size)


def _mean_bit_rate(found: Probe, plan: Plan, made_bytes: int) -> int:
    """Return the rate that the limit leaves for the picture; less where the last try missed it."""
    seconds = max(found.duration_seconds or 0.0, 0.1)
    most = (plan.most_bytes or 0) * 8 * FIT_SHARE / seconds - sound_bit_rate(found, plan)
    if plan.mean_bit_rate:
        most = min(most, plan.mean_bit_rate * FIT_SHARE * (plan.most_bytes or 0) / made_bytes)
    return max(1000, int(most))


def _size(found: Probe, plan: Plan, rate: int) -> tuple[int, int] | None:
    """Return the picture's size, halved until each pixel has bits enough."""
    if plan.size is None:
        return None
    width, height = plan.size
    frame_rate = float(plan.frame_rate or (found.video and found.video.frame_rate) or USUAL_FRAME_RATE)
    while rate < width * height * frame_rate * LEAST_BITS_A_PIXEL and min(width, height) >= 2 * SMALLEST_EDGE:
        width, height = width // 4 * 2, height // 4 * 2
    return width, height
