"""One line over time as a picture (SVG), small enough to keep beside the text."""

from collections.abc import Sequence

_WIDTH, _HEIGHT, _MARGIN = 640, 160, 24


def draw(title: str, values: Sequence[float], top: float, *, unit: str) -> str:
    """Return the picture of values taken at even distances, on a scale from 0 to `top`."""
    step = (_WIDTH - 2 * _MARGIN) / max(len(values) - 1, 1)
    scale = (_HEIGHT - 2 * _MARGIN) / top
    points = " ".join(
        f"{_MARGIN + number * step:.1f},{_HEIGHT - _MARGIN - value * scale:.1f}"
        for number, value in enumerate(values)
    )
    base = _HEIGHT - _MARGIN
    words = f"{title}; scale 0 to {top:g} {unit}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" fill="none">\n'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>\n'
        f'<path d="M{_MARGIN} {_MARGIN}V{base}H{_WIDTH - _MARGIN}" stroke="gray"/>\n'
        f'<text x="{_MARGIN}" y="{_MARGIN - 8}" fill="black" font-size="12">{words}</text>\n'
        f'<polyline points="{points}" stroke="black"/>\n'
        "</svg>\n"
    )
