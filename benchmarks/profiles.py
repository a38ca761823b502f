"""Reading copies by every profile beside the usual one's: bytes, CPU time, and how like the film."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.films import FILMS, make_film
from benchmarks.media import RESULT_HEADINGS, USUAL, format_beside, format_result, measure_encoder, ours
from benchmarks.table import Row
from config.profiles import load_profiles

HEADINGS = ("what", *RESULT_HEADINGS, f"size beside {USUAL}", "CPU beside it", "VMAF less its")
CONTENTS = ("cartoon, 1080p25", "bicycles, 1080p25")


def measure_profiles(_runs: int) -> Iterator[Row]:
    """Yield the rows, film by film. Once: encoders give nearly the same bytes again."""
    with tempfile.TemporaryDirectory(prefix="ei-") as folder:
        for content in CONTENTS:
            source = make_film(FILMS[content], Path(folder) / "source.mp4")
            results = {name: measure_encoder(ours(name), source) for name in load_profiles().video}
            yield (content, *[""] * (len(HEADINGS) - 1))
            for name, result in results.items():
                beside = format_beside(result.beside(results[USUAL])) if name != USUAL else ("-",) * 3
                yield (f"- {name}", *format_result(result), *beside)
            source.unlink()
