"""How fast files are scanned, told apart and refused, as shares of what the scanner alone takes."""

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

from benchmarks.table import Row, format_span, judged, median
from scanning.clamd import Clamd
from scanning.content import open_content
from scanning.identification import identify
from scanning.pool import ClamdPool
from scanning.windows import MIB, WindowPolicy
from tests.scanning import samples
from tests.scanning.hostile.case import Case
from tests.scanning.hostile.test_cases import CASES, INSPECT_TIMED
from tests.services.clamd import ClamdServer
from tests.services.process import short_folder
from transcode.children import open_children

HEADINGS = ("What", "Median", "Span", "Target")
SIZE_BYTES = 500_000_000
#: Smaller than the file, so that it goes in windows of the size that larger files go in.
_WINDOWS = WindowPolicy(whole_bytes=256 * MIB)
_RAW = "FILDES and nothing else"
_LEAST_SHARES = {"a whole file": 0.9, "in windows": 0.75, "in windows, hashed": 0.75}
_MOST_MILLISECONDS, _MOST_SECONDS, _MOST_MEMORY_MIB = 5, 5, 512

_Scan = Callable[[Path], Awaitable[object]]


def measure_scanning(runs: int) -> Iterator[Row]:
    """Yield the rows: throughput, then telling types apart, then the worst of the hostile files."""
    with short_folder() as folder:
        clamd = ClamdServer(folder)
        clamd.start()
        try:
            yield from asyncio.run(_throughput(clamd, folder, runs))
        finally:
            clamd.stop()
        yield _identification(folder)
    yield from asyncio.run(_hostile())


async def _throughput(clamd: ClamdServer, folder: Path, runs: int) -> list[Row]:
    file, signatures = folder / "noise", folder / "hashes"
    signatures.mkdir()
    (signatures / "any.hsb").write_text(f"{'0' * 64}:*:Test.Any:73\n")
    _fill(file)
    sockets = [clamd.socket]
    ways: Mapping[str, _Scan] = {
        _RAW: lambda path: _raw(clamd.socket, path),
        "a whole file": ClamdPool(sockets).scan_file,
        "in windows": ClamdPool(sockets, windows=_WINDOWS).scan_file,
        "in windows, hashed": ClamdPool(sockets, windows=_WINDOWS, signatures=signatures).scan_file,
    }
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(runs):
        for way, scan in ways.items():
            rates[way].append(await _rate(scan, file))
    return [_throughput_row(way, rates) for way in ways]


def _throughput_row(way: str, rates: Mapping[str, list[float]]) -> Row:
    share = median(rates[way]) / median(rates[_RAW])
    target = "" if way == _RAW else _at_least(share, _LEAST_SHARES[way])
    return (f"MB/s, {way}", f"{median(rates[way]):.0f}", format_span(rates[way], 0), target)


def _at_least(share: float, least: float) -> str:
    return f"{share:.2f} of FILDES, at least {least:g}: {'met' if share >= least else 'missed'}"


async def _raw(socket: Path, path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        await Clamd(socket).scan(descriptor)
    finally:
        os.close(descriptor)


async def _rate(scan: _Scan, file: Path) -> float:
    """Return megabytes a second, of bytes that clamd has not seen: it remembers what it found clean."""
    with file.open("r+b") as target:
        for offset in range(0, SIZE_BYTES, 16 * MIB):
            target.seek(offset)
            target.write(os.urandom(16))
    started = time.perf_counter()
    await scan(file)
    return SIZE_BYTES / 1e6 / (time.perf_counter() - started)


def _fill(file: Path) -> None:
    with file.open("wb") as target:
        for _ in range(0, SIZE_BYTES, 1_000_000):
            target.write(os.urandom(1_000_000))


def _identification(folder: Path) -> Row:
    """Tell apart the files of `CORPUS`, or else those that the tests make, each once warm."""
    corpus = os.environ.get("CORPUS")
    files = sorted(Path(corpus).iterdir()) if corpus else _written(folder)
    milliseconds = []
    for path in files:
        for _ in range(2):
            started = time.perf_counter()
            with open_content(path) as content:
                identify(content)
            spent = time.perf_counter() - started
        milliseconds.append(spent * 1000)
    value = median(milliseconds)
    what = f"ms, telling one of {len(files)} files apart"
    return (what, f"{value:.2f}", format_span(milliseconds, 2), judged(value, _MOST_MILLISECONDS))


def _written(folder: Path) -> list[Path]:
    for name, content in samples.GENUINE.items():
        (folder / f"genuine.{name}").write_bytes(content)
    return sorted(folder.glob("genuine.*"))


async def _hostile() -> list[Row]:
    """Inspect every hostile file of the tests in a sandboxed child of its own."""
    spent = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with open_children(("scanning.inspection", "tests.scanning.hostile.timed"), 2, folder) as pool:
            for case in CASES:
                file = folder / "file"
                await asyncio.to_thread(_write, file, case)
                async with pool.call(
                    INSPECT_TIMED, {"extension": case.extension}, input=file, timeout_seconds=60
                ) as child:
                    spent.append((child.value["seconds"], child.value["memory_bytes"] / MIB))
                file.unlink()
    seconds, memory = ([each[index] for each in spent] for index in (0, 1))
    return [
        _worst(f"s, the worst of {len(CASES)} hostile files", seconds, 2, _MOST_SECONDS),
        _worst("MiB, the worst of them", memory, 0, _MOST_MEMORY_MIB),
    ]


def _worst(what: str, values: list[float], digits: int, limit: float) -> Row:
    return (what, f"{max(values):.{digits}f}", format_span(values, digits), judged(max(values), limit))


def _write(file: Path, case: Case) -> None:
    file.write_bytes(case.build())
