"""`python -m benchmarks [NAME...]`: measure, print, and write the page when all (or what is apart) was."""

import argparse
import sys
from pathlib import Path

from benchmarks.busy import measure_busy
from benchmarks.images import measure_images
from benchmarks.latency import measure_latency
from benchmarks.media import measure_media
from benchmarks.object_store import measure_object_store
from benchmarks.profiles import measure_profiles
from benchmarks.report import format_section, update_page
from benchmarks.scanning import measure_scanning
from benchmarks.segments import measure_segments
from benchmarks.side_by_side import measure_side_by_side
from benchmarks.uploads import measure_uploads

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
#: What can be measured, and how often it is unless told otherwise.
MEASURES = {
    "uploads": (measure_uploads, 3),
    "side-by-side": (measure_side_by_side, 1),
    "s3": (measure_object_store, 1),
    "latency": (measure_latency, 10),
    "busy": (measure_busy, 1),
    "scanning": (measure_scanning, 3),
    "segments": (measure_segments, 2),
    "media": (measure_media, 1),
    "profiles": (measure_profiles, 1),
    "images": (measure_images, 3),
}
#: Measured only when named: films take a quarter of an hour, and HandBrake.
APART = {"media", "profiles", "images"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help=f"{' or '.join(MEASURES)}; without any: all but {', '.join(APART)}"
    )
    parser.add_argument("--runs", type=int, help="how often each is measured")
    told = parser.parse_args()
    if unknown := set(told.names) - set(MEASURES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    sections: dict[str, str] = {}
    for name in told.names or (name for name in MEASURES if name not in APART):
        measure, runs = MEASURES[name]
        sections[name] = format_section(name, list(measure(told.runs or runs)))
        print(sections[name], flush=True)
    if set(told.names) <= APART:
        PAGE.write_text(update_page(PAGE.read_text(), sections, anew=not told.names))
        print(f"Written to {PAGE}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
