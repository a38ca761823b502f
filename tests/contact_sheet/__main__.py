"""`python -m tests.contact_sheet --url URL --key KEY`: send real files, and show all that was made of them.

Writes `index.html` with the renditions beside it, and `index.png`, the page as a browser shows it.
"""

import argparse
import asyncio
import os
import subprocess
import sys
from pathlib import Path

import aiohttp

from config.formats import extension_of, load_formats
from tests.clients.browser import OPTIONS, find_browser
from tests.contact_sheet.page import Card, make_page, size_of_page
from tests.demo.client import Client
from tests.demo.expectation import rendition_path
from tests.demo.journey import travel
from tests.samples.folder import make_samples

#: As many files on their way at once.
AT_ONCE = 6
SCREENSHOT_SECONDS = 120


async def collect(url: str, key: str, files: list[Path], folder: Path) -> list[Card]:
    """Send the files and download what was made of them."""
    turn = asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession() as session:
        client = Client(session, url, key)

        async def follow(file: Path) -> Card:
            async with turn:
                trip = await travel(client, file, lambda *_: None, cut=False)
            made = trip.evidence["renditions"] if trip.evidence["state"] == "ready" else []
            paths = {
                row["kind"]: rendition_path(folder / file.name, row["kind"], row["media_type"])
                for row in made
            }
            for row in made:
                await client.download(row["url"], paths[row["kind"]])
            print(f"{file.name:24} {trip.evidence['state']:9} {' '.join(paths)}")
            return Card(trip.evidence, {kind: path.relative_to(folder) for kind, path in paths.items()})

        return await asyncio.gather(*(follow(file) for file in files))


def photograph(page: Path, target: Path, size: tuple[int, int]) -> None:
    """Take the page's picture."""
    width, height = size
    argv = [find_browser(), *OPTIONS, f"--window-size={width},{height}", "--hide-scrollbars",
            f"--screenshot={target}", page.as_uri()]  # fmt: skip
    subprocess.run(argv, check=True, capture_output=True, timeout=SCREENSHOT_SECONDS)


def main() -> int:
    """Parse the command line and run; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.contact_sheet", description=__doc__)
    parser.add_argument("--url", default=os.environ.get("INTAKE_URL"), help="of the gateway")
    parser.add_argument("--key", default=os.environ.get("INTAKE_KEY"), help="of a centre")
    parser.add_argument("--folder", type=Path, required=True, help="for the page and what it shows")
    parser.add_argument("--corpus", help="folder of files; without it, the demo's samples")
    told = parser.parse_args()
    folder = told.folder.absolute()
    accepted = load_formats().extensions
    given = Path(told.corpus).iterdir() if told.corpus else make_samples(folder / "samples").values()
    files = sorted(file for file in given if extension_of(file.name) in accepted)
    cards = asyncio.run(collect(told.url, told.key, files, folder))
    page = folder / "index.html"
    page.write_text(make_page(cards, folder))
    photograph(page, page.with_suffix(".png"), size_of_page(cards))
    print(f"The contact sheet is {page}, its picture {page.with_suffix('.png')}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
