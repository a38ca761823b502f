"""Reading copies beside HandBrake's: what they cost, how large they are, and how like the film."""

import asyncio
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.films import FILMS, make_film
from benchmarks.quality import Quality, compare
from benchmarks.table import Row
from config.profiles import load_profiles
from transcode.interlacing import look
from transcode.plan import make_plan
from transcode.probe import probe
from transcode.sandbox import SandboxKind
from transcode.video import transcode

RESULT_HEADINGS = ("size, MB", "CPU, s", "VMAF", "least VMAF", "SSIM")
HEADINGS = (
    "what", *RESULT_HEADINGS,
    "size beside HandBrake", "CPU beside HandBrake", "VMAF less HandBrake's", "target",
)  # fmt: skip
USUAL = "review-1080p"
#: Bubblewrap does not wait for what it runs, so that its CPU time would be lost.
COUNTED = SandboxKind.LIMITS
HANDBRAKE, OURS = "HandBrake, Fast 1080p30", "ours"
#: The film on which other encoders are tried too.
TRIAL = "bicycles, 1080p25"
#: Targets: of the means, and of any one film.
MOST_CPU, MOST_BYTES, LEAST_VMAF = 0.8, 0.9, 0.0
MOST_BYTES_OF_ONE, LEAST_VMAF_OF_ONE = 1.03, -0.3

Encode = Callable[[Path, Path], None]


@dataclass(frozen=True)
class Result:
    """One film made by one encoder."""

    size_bytes: int
    cpu_seconds: float
    quality: Quality

    def beside(self, other: "Result") -> tuple[float, float, float]:
        """Return size and CPU as multiples of the other's, and VMAF less the other's."""
        return (
            self.size_bytes / other.size_bytes,
            self.cpu_seconds / other.cpu_seconds,
            self.quality.vmaf - other.quality.vmaf,
        )


def measure_media(_runs: int) -> Iterator[Row]:
    """Yield the rows, film by film, then the means. Once: encoders give the same bytes again."""
    beside = []
    with tempfile.TemporaryDirectory(prefix="ei-") as folder:
        for name, recipe in FILMS.items():
            source = make_film(recipe, Path(folder) / "source.mp4")
            encoders = ENCODERS | (TRIALS if name == TRIAL else {})
            results = {encoder: measure_encoder(encode, source) for encoder, encode in encoders.items()}
            yield (name, *[""] * 9)
            yield from _rows(results)
            beside.append(results[OURS].beside(results[HANDBRAKE]))
            source.unlink()
    yield _mean(beside)


def measure_encoder(encode: Encode, source: Path) -> Result:
    """Return what it costs to make the film once, and how like its source that is."""
    target = source.with_name("made.mp4")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    encode(source, target)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Result(target.stat().st_size, used, compare(target, source))


def ours(name: str) -> Encode:
    """Return what makes the reading copy by that profile as a worker does, probes and proof included.

    It is never copied.
    """
    profile = load_profiles().video[name]
    never_copying = replace(profile, copy_bit_rate=0)

    async def make(source: Path) -> Path:
        found = await look(source, await probe(source, kind=COUNTED), kind=COUNTED)
        plan = make_plan(found, never_copying, size_bytes=found.size_bytes, reduce_to_bytes=0)
        folder = Path(tempfile.mkdtemp(dir=source.parent))
        made = await transcode(source, folder, found, plan, profile, lambda *_: None, kind=COUNTED)
        return made.path

    return lambda source, target: shutil.move(asyncio.run(make(source)), target)


def _handbrake(source: Path, target: Path) -> None:
    _run(["HandBrakeCLI", "-Z", "Fast 1080p30", "-i", str(source), "-o", str(target)])


def _ffmpeg(*options: str) -> Encode:
    def encode(source: Path, target: Path) -> None:
        _run(["ffmpeg", "-nostdin", "-y", "-i", str(source), *options, "-c:a", "copy", str(target)])

    return encode


def _run(argv: Sequence[str]) -> None:
    subprocess.run(argv, check=True, timeout=3600, stdin=subprocess.DEVNULL, capture_output=True)


#: Who makes each film, and who only the trial.
ENCODERS: Mapping[str, Encode] = {HANDBRAKE: _handbrake, OURS: ours(USUAL)}
TRIALS: Mapping[str, Encode] = {
    "HandBrake without crop and comb filters": lambda source, target: _run(
        [
            *("HandBrakeCLI", "-Z", "Fast 1080p30", "--crop", "0:0:0:0", "--no-comb-detect", "--no-decomb"),
            *("-i", str(source), "-o", str(target)),
        ]
    ),
    "x265, fast, CRF 26": _ffmpeg("-c:v", "libx265", "-preset", "fast", "-crf", "26", "-tag:v", "hvc1"),
    "SVT-AV1, preset 8, CRF 38": _ffmpeg("-c:v", "libsvtav1", "-preset", "8", "-crf", "38"),
}


def _rows(results: Mapping[str, Result]) -> Iterator[Row]:
    for encoder, result in results.items():
        beside = format_beside(result.beside(results[HANDBRAKE])) if encoder != HANDBRAKE else ("-",) * 3
        target = _judge_one(result.beside(results[HANDBRAKE])) if encoder == OURS else "-"
        yield (f"- {encoder}", *format_result(result), *beside, target)


def format_result(result: Result) -> tuple[str, ...]:
    """Return the columns of one result: as `RESULT_HEADINGS`."""
    quality = result.quality
    return (
        f"{result.size_bytes / 1e6:.2f}", f"{result.cpu_seconds:.1f}", f"{quality.vmaf:.2f}",
        f"{quality.vmaf_least:.1f}", f"{quality.ssim:.4f}",
    )  # fmt: skip


def format_beside(beside: tuple[float, float, float]) -> tuple[str, str, str]:
    """Return the columns of one result beside another's."""
    size, cpu, vmaf = beside
    return f"{size:.2f} x", f"{cpu:.2f} x", f"{vmaf:+.2f}"


def _mean(beside: Sequence[tuple[float, float, float]]) -> Row:
    size, cpu, vmaf = (sum(column) / len(beside) for column in zip(*beside, strict=True))
    met = size <= MOST_BYTES and cpu <= MOST_CPU and vmaf >= LEAST_VMAF
    target = f"{MOST_BYTES} x, {MOST_CPU} x, {LEAST_VMAF:+.1f}: {'met' if met else 'missed'}"
    return ("ours, mean of all films", *["-"] * 5, *format_beside((size, cpu, vmaf)), target)


def _judge_one(beside: tuple[float, float, float]) -> str:
    size, _, vmaf = beside
    met = size <= MOST_BYTES_OF_ONE and vmaf >= LEAST_VMAF_OF_ONE
    return f"{MOST_BYTES_OF_ONE} x, {LEAST_VMAF_OF_ONE:+.1f}: {'met' if met else 'missed'}"
