"""What becomes of a transcode that is cut into segments."""

from dataclasses import replace

import pytest

from storage.evidence import Change, Evidence
from storage.segment import Segment, SegmentWork
from storage.states import EvidenceState, StageName, StageState
from tests.workers.values import CLEAN, NOW, SEALED, just_received, rendition, run_of
from workers.decisions import Content, Ending, Limits, Run, attempt_failed, ended, rendered, scanned, verified
from workers.pipeline import SWEEP, is_due, job_of
from workers.segmenting import WHOLE, MadeSegment, doubted, encoded, joined, segmented

TRANSCODE, THUMBNAIL = StageName.TRANSCODE, StageName.THUMBNAIL
SEGMENTS = (
    Segment(0, SegmentWork.PICTURE, 0.5, end_tick=90_000, frames=30),
    Segment(1, SegmentWork.PICTURE, 0.4, first_tick=90_000, seek_us=1_000_000, frames=30),
    Segment(2, SegmentWork.SOUND, 0.05),
    Segment(3, SegmentWork.JOIN, 0.05),
)
JOIN = 3
FEW = Limits(max_attempts=3, max_backoff_seconds=60)


def a_film() -> Evidence:
    evidence = just_received()
    for change in (
        lambda now: scanned(now, run_of(now, StageName.SCAN), CLEAN),
        lambda now: verified(
            now, run_of(now, StageName.VERIFY), Content("mov", "video/quicktime", "video"), SEALED
        ),
    ):
        evidence = after(change(evidence))
    return evidence


def after(change: Change | None) -> Evidence:
    assert change
    return change.after


def cut_up() -> Change:
    film = a_film()
    change = segmented(film, run_of(film, TRANSCODE), SEGMENTS, "review-480p")
    assert change
    return change


def run_segment(evidence: Evidence, number: int, attempt: int = 1) -> Run:
    return Run(job_of(evidence, TRANSCODE, attempt, NOW, number), "worker:test", NOW, NOW)


def made(number: int) -> MadeSegment:
    return MadeSegment(f"1-{number}", "ab" * 32, 0, 30, "cd" * 32, ("ffmpeg",))


def with_made(evidence: Evidence, *numbers: int) -> Change:
    change = None
    for number in numbers:
        change = encoded(evidence, run_segment(evidence, number), made(number))
        evidence = after(change)
    assert change
    return change


def test_cutting_makes_all_but_the_join_due_and_settles_the_whole() -> None:
    change = cut_up()
    assert [job.segment for job in change.add_jobs] == [0, 1, 2]
    assert {job.queue for job in change.add_jobs} == {"video"}
    assert change.drop_jobs == (f"{change.after.id}:transcode:1",)
    assert len({job.id for job in change.add_jobs}) == 3
    assert not is_due(change.after, TRANSCODE, 1)
    assert [is_due(change.after, TRANSCODE, 1, number) for number in range(4)] == [True] * 3 + [False]
    assert change.after.stage(TRANSCODE).state is StageState.WAITING


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_only_the_last_segment_makes_the_join_due(order: tuple[int, ...]) -> None:
    before = with_made(cut_up().after, *order[:2])
    assert before.add_jobs == ()
    change = with_made(before.after, order[2])
    assert [job.segment for job in change.add_jobs] == [JOIN]
    assert is_due(change.after, TRANSCODE, 1, JOIN)


def test_a_segment_counts_once() -> None:
    evidence = with_made(cut_up().after, 0).after
    assert encoded(evidence, run_segment(evidence, 0), made(0)) is None
    assert not is_due(evidence, TRANSCODE, 1, 0)


def test_the_join_ends_the_stage_and_has_what_is_left_swept() -> None:
    evidence = with_made(cut_up().after, 0, 1, 2).after
    change = joined(evidence, run_segment(evidence, JOIN), (rendition("video"),), {})
    assert change
    assert change.after.stage(TRANSCODE).state is StageState.DONE
    assert change.after.segments == ()
    assert [job.segment for job in change.add_jobs] == [SWEEP]
    assert change.drop_jobs == (f"{evidence.id}:transcode:1:{JOIN}",)
    assert joined(change.after, run_segment(evidence, JOIN), (rendition("video"),), {}) is None


def test_the_film_is_ready_once_segments_are_joined_and_pictures_made() -> None:
    evidence = with_made(cut_up().after, 0, 1, 2).after
    evidence = after(joined(evidence, run_segment(evidence, JOIN), (rendition("video"),), {}))
    evidence = after(rendered(evidence, run_of(evidence, THUMBNAIL), (rendition("poster"),), {}))
    assert evidence.state is EvidenceState.READY


def test_what_does_not_add_up_is_encoded_whole_and_not_cut_again() -> None:
    evidence = with_made(cut_up().after, 0).after
    change = doubted(evidence, run_segment(evidence, 1), {WHOLE: "59 frames in place of 60"})
    assert change
    assert [(job.segment, job.attempt) for job in change.add_jobs] == [(SWEEP, 1), (None, 2)]
    assert is_due(change.after, TRANSCODE, 2)
    assert change.after.facts[WHOLE]
    assert encoded(change.after, run_segment(evidence, 2), made(2)) is None


def test_a_failed_segment_is_repeated_alone() -> None:
    evidence = cut_up().after
    change = attempt_failed(evidence, run_segment(evidence, 1), "stalled", FEW, died=False)
    assert change
    assert [(job.segment, job.attempt) for job in change.add_jobs] == [(1, 2)]
    assert change.drop_jobs == (f"{evidence.id}:transcode:1:1",)
    assert [is_due(change.after, TRANSCODE, 1, number) for number in (0, 1, 2)] == [True, False, True]
    assert is_due(change.after, TRANSCODE, 2, 1)
    again = attempt_failed(change.after, run_segment(evidence, 0), "stalled", FEW, died=False)
    assert after(again).stage(TRANSCODE).attempt == 3


def test_two_seen_deaths_end_all_segments() -> None:
    evidence = cut_up().after
    for number in (0, 1):
        change = attempt_failed(evidence, run_segment(evidence, number), "killed", FEW, died=True)
        evidence = after(change)
    assert change
    assert evidence.state is EvidenceState.FAILED
    assert evidence.segments == ()
    assert [job.segment for job in change.add_jobs] == [SWEEP]
    names = {f"{evidence.id}:transcode:{attempt}:{number}" for attempt, number in ((2, 0), (1, 1), (1, 2))}
    assert names <= set(change.drop_jobs)


def test_an_end_found_by_a_sibling_drops_every_segment() -> None:
    evidence = with_made(cut_up().after, 0).after
    ending = Ending(EvidenceState.HELD, "held_damaged", {"problem": "x"})
    change = ended(evidence, run_of(evidence, THUMBNAIL), ending)
    assert change
    assert [job.segment for job in change.add_jobs] == [SWEEP]
    assert {f"{evidence.id}:transcode:1:{number}" for number in (1, 2)} <= set(change.drop_jobs)
    assert encoded(change.after, run_segment(evidence, 1), made(1)) is None


def test_a_segment_of_an_earlier_cutting_is_stale() -> None:
    evidence = cut_up().after
    later = replace(evidence, segments=tuple(replace(each, attempt=4) for each in evidence.segments))
    assert encoded(later, run_segment(evidence, 0), made(0)) is None
