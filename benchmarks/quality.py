"""How like its source a film is: VMAF and SSIM, frame beside frame, at the source's size."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.films import TOOLS

#: Of so many frames one is compared.
EVERY = 3
_PAIRED = "settb=1/1000,setpts=N"


@dataclass(frozen=True)
class Quality:
    """Means over the frames, and the least of one."""

    vmaf: float
    vmaf_least: float
    ssim: float


def compare(film: Path, source: Path) -> Quality:
    """Compare a film with its source; raises `ValueError` when their frames are not as many."""
    shown, original = _picture(film), _picture(source)
    if shown["nb_frames"] != original["nb_frames"]:
        raise ValueError(f"{shown['nb_frames']} frames of {original['nb_frames']}")
    size, log = f"{original['width']}:{original['height']}", film.with_suffix(".json")
    graph = (
        f"[0:v]{_PAIRED},scale={size}:flags=bicubic,format=yuv420p[a];[1:v]{_PAIRED},format=yuv420p[b];"
        f"[a][b]libvmaf=n_subsample={EVERY}:feature=name=float_ssim:log_fmt=json:log_path={log}"
    )
    argv = [_measuring_ffmpeg(), "-nostdin", "-loglevel", "error", "-i", film, "-i", source]
    argv += ["-filter_complex", graph, "-f", "null", "-"]
    subprocess.run(list(map(str, argv)), check=True, timeout=1800, stderr=subprocess.DEVNULL)
    found = json.loads(log.read_text())["pooled_metrics"]
    return Quality(found["vmaf"]["mean"], found["vmaf"]["min"], found["float_ssim"]["mean"])


def _measuring_ffmpeg() -> Path:
    (program,) = (TOOLS / "imageio_ffmpeg" / "binaries").glob("ffmpeg-*")
    program.chmod(0o755)
    return program


def _picture(film: Path) -> Mapping[str, Any]:
    argv = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_streams", "-of", "json", str(film)]
    return json.loads(subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout)["streams"][0]
