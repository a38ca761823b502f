"""Latency: from a photo's last byte to ready for review, on an idle stack, and where the time goes."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.table import Row, format_span, judged, median
from benchmarks.trail import Trail, open_trail
from benchmarks.tus import TusClient
from tests.samples.photo import make_photo
from tests.services.clamd import ClamdServer
from tests.services.intake import Intake
from tests.services.process import short_folder

#: Width, height, and the target for the whole span in milliseconds; phones take the larger one.
_PHOTOS = ((2504, 1880, 500.0), (4000, 3000, None))
HEADINGS = ("what", "median, ms", "smallest - largest", "target, ms")
WHOLE = "last byte acknowledged -> ready"
#: What a deployment has unless it says otherwise; tests set these lower.
_DEFAULTS = {"lease_seconds": 15, "reconcile_seconds": 2, "max_backoff_seconds": 60}
#: The stages a photo goes through, and the event each ends with.
_STAGES = (("scan", "scanned"), ("verify", "verified"), ("thumbnail", "rendered"))
#: Lets the stack fall idle again: used children are replaced meanwhile.
_REST_SECONDS = 2.0


def measure_latency(runs: int) -> Iterator[Row]:
    """Yield the span of each photo, each followed by its parts in their order."""
    with short_folder() as folder, open_stack(folder) as intake, open_trail(folder / "intake.db") as trail:
        client = TusClient(intake.port, intake.key)
        for width, height, target_ms in _PHOTOS:
            photo = make_photo(folder / f"{width}.jpg", width=width, height=height).read_bytes()
            send_photo(client, trail, photo)
            spans = [send_photo(client, trail, photo) for _ in range(runs)]
            name = f"{width * height / 1e6:.0f} megapixels, {len(photo) / 1e6:.1f} MB"
            yield from _rows(name, spans, target_ms)


def _rows(name: str, spans: Sequence[Mapping[str, float]], target_ms: float | None) -> Iterator[Row]:
    for what in spans[0]:
        values = [span[what] for span in spans]
        whole = what == WHOLE
        told = judged(median(values), target_ms) if whole and target_ms else "-"
        title = f"{name}: {what}" if whole else f"- {what}"
        yield (title, f"{median(values):.0f}", format_span(values, 0), told)


@contextmanager
def open_stack(folder: Path, *, workers: bool = True, **settings: object) -> Iterator[Intake]:
    """Start everything, with demonstration signatures; without `workers`, all but them."""
    clamd = ClamdServer(folder)
    intake = Intake(folder, clamd, **_DEFAULTS, **settings)
    if not workers:
        intake.worker_places = []
    try:
        clamd.start()
        intake.start()
        yield intake
    finally:
        intake.stop()
        clamd.stop()


def send_photo(client: TusClient, trail: Trail, photo: bytes) -> Mapping[str, float]:
    """Send the photo to the idle stack; return milliseconds by what they were spent on."""
    time.sleep(_REST_SECONDS)
    begun_at = datetime.now(UTC)
    upload, evidence = client.create(len(photo), "photo.jpg")
    client.append(upload, 0, photo, len(photo))
    acknowledged_at = datetime.now(UTC)
    evidence_id = evidence.rpartition("/")[2]
    ready_at = trail.wait_for_end(evidence_id)
    state = json.loads(client.get(evidence))["state"]
    if state != "ready":
        raise RuntimeError(f"the photo ended {state}")
    whole = {
        WHOLE: (acknowledged_at, ready_at),
        "creation -> last byte acknowledged": (begun_at, acknowledged_at),
    }
    spans = {**whole, **_parts(trail, evidence_id, ready_at)}
    return {what: (until - since).total_seconds() * 1000 for what, (since, until) in spans.items()}


def _parts(trail: Trail, evidence_id: str, ready_at: datetime) -> dict[str, tuple[datetime, datetime]]:
    """Return the way from the last byte to ready without gaps.

    An event's time is taken just before its commit, so a commit counts to the wait that follows it.
    """
    events, stages = trail.events(evidence_id), trail.stages(evidence_id)
    parts: dict[str, tuple[datetime, datetime]] = {}
    since = events["received"]
    for stage, event in _STAGES:
        started_at, ended_at = stages[stage]
        parts |= {
            f"{stage}: commit before, push, claim, load": (since, started_at),
            f"{stage}: the work": (started_at, ended_at),
            f"{stage}: its transaction until the event": (ended_at, events[event]),
        }
        since = events[event]
    return {**parts, "last commit, until seen": (since, ready_at)}
