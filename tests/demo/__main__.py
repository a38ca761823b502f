"""`python -m tests.demo --url URL --key KEY`: send the samples, watch them, and judge how they ended."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import aiohttp
from rich.console import Console

from tests.demo.board import make_progress, make_table, watch_on
from tests.demo.client import Client
from tests.demo.expectation import EXPECTATIONS, judge
from tests.demo.journey import Journey, travel
from tests.samples.folder import make_samples

SIGNATURES = "config/stack/signatures"
NOTICE = (
    "The virus scanner runs on a test signature set: it knows the harmless EICAR test file and no real "
    "virus. That evidence becomes ready on it is for this demonstration only."
)


async def show(url: str, key: str, folder: Path, console: Console) -> bool:
    """Run the demo; say whether every file ended as it should."""
    console.print(NOTICE, style="bold yellow")
    with console.status("making the sample files"):
        samples = await asyncio.to_thread(make_samples, folder / "samples")
    async with aiohttp.ClientSession() as session:
        client = Client(session, url, key)
        journeys = await _travel_all(client, list(samples.values()), console)
        renditions = folder / "renditions"
        wrong = {trip.name: await judge(client, trip, renditions / trip.name) for trip in journeys}
    console.print(make_table(journeys, wrong, renditions))
    well = not any(wrong.values())
    console.print("Every file ended as it should." if well else "Not every file ended as it should.")
    console.print(
        f"The renditions lie in {renditions}, the data in {folder}. To serve them again:", soft_wrap=True
    )
    console.print(
        f"  make run DATA={folder} SIGNATURES={SIGNATURES} ALLOW_DEMONSTRATION_SIGNATURES=1", soft_wrap=True
    )
    return well


async def _travel_all(client: Client, files: Sequence[Path], console: Console) -> list[Journey]:
    """Send all files at once, a live line for each."""
    with make_progress(console) as progress:

        async def follow(file: Path) -> Journey:
            line = progress.add_task(file.name, total=100, doing="")
            watch = watch_on(progress, line)
            journey = await travel(client, file, watch, cut=EXPECTATIONS[file.name].cut)
            watch(journey.evidence["state"], 1.0)
            return journey

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(follow(file)) for file in files]
    return [task.result() for task in tasks]


def main() -> int:
    """Parse the command line and run; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description=__doc__)
    parser.add_argument("--url", default=os.environ.get("INTAKE_URL"), help="of the gateway")
    parser.add_argument("--key", default=os.environ.get("INTAKE_KEY"), help="of a centre")
    parser.add_argument("--folder", type=Path, default=Path(".demo"), help="for samples and downloads")
    told = parser.parse_args()
    if not told.url or not told.key:
        parser.error("--url and --key are needed")
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    try:
        return 0 if asyncio.run(show(told.url, told.key, told.folder.absolute(), console)) else 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
