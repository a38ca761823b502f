"""Segments run through the edge, on a real record, disk and Redis; ffmpeg is real, too."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.evidence import Change, Evidence, rendition_key, segment_key
from storage.segment import Segment, SegmentWork
from storage.states import EvidenceState, StageName, StageState
from tests.transcode.making import streams
from tests.transcode.samples import film
from tests.workers.tasks.conftest import Workplace
from tests.workers.values import CLEAN, SEALED, run_of
from workers.context import Context
from workers.decisions import Content, scanned, verified
from workers.pipeline import SWEEP
from workers.segmenting import JOINED_BYTES, PROFILE, WHOLE
from workers.tasks.edge import stage_function
from workers.tasks.transcode import transcode

TRANSCODE = StageName.TRANSCODE


@pytest.fixture
def place(workplace: Workplace) -> Workplace:
    """Films of three seconds and more are long."""
    settings = workplace.context.settings.model_copy(update={"segment_seconds": 1.0})
    workplace.context = replace(workplace.context, settings=settings)
    return workplace


async def cut_film(place: Workplace, tmp_path: Path, *options: object) -> Evidence:
    """Receive a film of four seconds and cut it."""
    source = film(tmp_path / "a.mov", "-g", 30, "-pix_fmt", "yuv422p", *options, seconds=4)
    evidence = await place.receive(file=source)
    content = Content("mov", "video/quicktime", "video")
    for decide in (
        lambda now: scanned(now, run_of(now, StageName.SCAN), CLEAN),
        lambda now: verified(now, run_of(now, StageName.VERIFY), content, SEALED),
    ):
        assert await place.context.evidence.change(evidence.id, decide)
    await deliver(place.context, evidence, 1)
    return await place.look(evidence)


async def deliver(context: Context, evidence: Evidence, attempt: int, segment: int | None = None) -> None:
    """Deliver one job as a worker does."""
    args = (evidence.id, str(TRANSCODE), attempt, evidence.centre_id)
    run = stage_function(context, TRANSCODE, transcode)
    await run({"redelivered": False}, *(args if segment is None else (*args, segment)))


async def deliver_due(place: Workplace, evidence: Evidence) -> None:
    """Run the stage's jobs of the outbox until there are none."""
    while due := await jobs(place):
        for attempt, segment in due:
            await deliver(place.context, evidence, attempt, segment)


async def jobs(place: Workplace) -> list[tuple[int, int | None]]:
    due = await place.context.outbox.due(1000, datetime.now(UTC))
    return [(job.attempt, job.segment) for job in due if job.stage is TRANSCODE]


async def kept(place: Workplace, evidence: Evidence) -> list[str]:
    keys = await place.context.blobs.keys(evidence.id)
    return [key for key in keys if key.startswith(segment_key(evidence.id, ""))]


async def test_a_cut_film_is_joined_and_nothing_of_it_is_left(place: Workplace, tmp_path: Path) -> None:
    evidence = await cut_film(place, tmp_path)
    assert [segment.work for segment in evidence.segments] == [*["picture"] * 4, "sound", "join"]
    assert sum(segment.share for segment in evidence.segments) == pytest.approx(1)
    assert sum(segment.frames for segment in evidence.segments) == 120
    await deliver_due(place, evidence)
    found = await place.look(evidence)
    assert found.stage(TRANSCODE).state is StageState.DONE
    assert found.stage(TRANSCODE).attempt == 1
    assert [rendition.kind for rendition in found.renditions].count("video") == 1
    assert (found.segments, await kept(place, evidence)) == ((), [])


def altered(evidence: Evidence, segment: Segment, **values: object) -> Change:
    segments = tuple(replace(each, **values) if each == segment else each for each in evidence.segments)
    return Change(replace(evidence, segments=segments), "altered", "test")


async def test_a_frame_too_few_has_the_film_encoded_whole_and_accuses_nobody(
    place: Workplace, tmp_path: Path
) -> None:
    evidence = await cut_film(place, tmp_path)
    await deliver(place.context, evidence, 1, 0)
    second = evidence.segments[1]
    await place.context.evidence.change(
        evidence.id, lambda now: altered(now, second, frames=second.frames + 1)
    )
    await deliver(place.context, evidence, 1, 1)
    found = await place.look(evidence)
    assert found.facts[WHOLE] == "30 frames in place of 31"
    assert await jobs(place) == [(1, SWEEP), (2, None)]
    await deliver_due(place, evidence)
    found = await place.look(evidence)
    assert found.stage(TRANSCODE).state is StageState.DONE
    assert [rendition.kind for rendition in found.renditions].count("video") == 1
    assert await kept(place, evidence) == []


def set_to(place: Workplace, profile: str) -> None:
    settings = place.context.settings.model_copy(update={"video_profile": profile})
    place.context = replace(place.context, settings=settings)


async def test_a_film_is_made_whole_by_the_profile_that_cut_it_whatever_workers_are_set_to(
    place: Workplace, tmp_path: Path
) -> None:
    set_to(place, "review-1080p-av1")
    evidence = await cut_film(place, tmp_path)
    set_to(place, "review-480p")
    await deliver(place.context, evidence, 1, 0)
    set_to(place, "review-1080p")
    await deliver_due(place, evidence)
    found = await place.look(evidence)
    assert WHOLE not in found.facts
    assert (found.facts[PROFILE], found.facts["treatment"][PROFILE]) == ("review-1080p-av1",) * 2
    (copy,) = [rendition for rendition in found.renditions if rendition.kind == "video"]
    async with place.context.blobs.open_local(rendition_key(evidence.id, copy.id), copy.sha256) as path:
        assert [stream["codec_name"] for stream in streams(path, "v")] == ["av1"]


async def test_a_film_cut_by_a_profile_that_is_not_known_here_is_made_whole_by_the_own(
    place: Workplace, tmp_path: Path
) -> None:
    evidence = await cut_film(place, tmp_path)
    facts = {**evidence.facts, PROFILE: "review-8k"}
    await place.context.evidence.change(
        evidence.id, lambda now: Change(replace(now, facts=facts), "altered", "test")
    )
    await deliver_due(place, evidence)
    found = await place.look(evidence)
    assert "review-8k, which is not known here" in found.facts[WHOLE]
    assert found.facts["treatment"][PROFILE] == "review-1080p"
    assert found.stage(TRANSCODE).state is StageState.DONE


async def test_segments_encoded_in_different_ways_are_not_joined(place: Workplace, tmp_path: Path) -> None:
    evidence = await cut_film(place, tmp_path)
    for number in range(5):
        await deliver(place.context, evidence, 1, number)
    first = (await place.look(evidence)).segments[0]
    await place.context.evidence.change(
        evidence.id, lambda now: altered(now, first, parameters_sha256="SHA256:other")
    )
    await deliver(place.context, evidence, 1, 5)
    assert "different ways" in (await place.look(evidence)).facts[WHOLE]
    await deliver_due(place, evidence)
    assert (await place.look(evidence)).stage(TRANSCODE).state is StageState.DONE


async def test_a_result_that_is_too_large_is_made_by_the_plan_for_that(
    place: Workplace, tmp_path: Path
) -> None:
    evidence = await cut_film(place, tmp_path, "-crf", 51)
    await deliver_due(place, evidence)
    found = await place.look(evidence)
    assert found.facts[JOINED_BYTES] > (evidence.size_bytes or 0)
    assert found.stage(TRANSCODE).state is StageState.DONE
    assert (found.segments, await kept(place, evidence)) == ((), [])


async def test_a_segment_that_nothing_waits_for_is_swept_with_what_a_killed_worker_left(
    place: Workplace, tmp_path: Path
) -> None:
    evidence = await cut_film(place, tmp_path)
    await place.context.blobs.write_bytes(segment_key(evidence.id, "1-orphan"), b"half")
    await deliver(place.context, evidence, 7, 0)
    assert len(await kept(place, evidence)) == 1, "while segments are under way nothing is swept"
    withdrawn = replace(await place.look(evidence), state=EvidenceState.WITHDRAWN, segments=())
    await place.context.evidence.change(evidence.id, lambda _: Change(withdrawn, "withdrawn", "test"))
    await deliver(place.context, evidence, 1, 0)
    assert await kept(place, evidence) == []


async def test_the_sweep_of_an_earlier_cutting_spares_the_present_one(
    place: Workplace, tmp_path: Path
) -> None:
    evidence = await cut_film(place, tmp_path)
    for name in ("1-old", "2-new"):
        await place.context.blobs.write_bytes(segment_key(evidence.id, name), b"made")
    await deliver(place.context, evidence, 1, SWEEP)
    assert await kept(place, evidence) == [segment_key(evidence.id, "2-new")]
    assert {segment.work for segment in evidence.segments} == set(SegmentWork)
