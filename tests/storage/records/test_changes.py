"""Finding what changed lately."""

from datetime import UTC, datetime, timedelta

import pytest

from storage.records.evidence import EvidenceRecords, Latest
from storage.records.uploads import UploadRecords
from storage.states import EvidenceState
from tests.storage.records.values import NOW, new_evidence, store, to

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


async def test_the_latest_version_of_what_changed_since_is_found(
    records: EvidenceRecords, uploads: UploadRecords
) -> None:
    old, new = await store(uploads), await store(uploads)
    changed = await records.change(new.id, to(EvidenceState.RECEIVED))
    assert changed
    since = changed.after.updated_at
    assert await records.latest_since(since, None) == (Latest(new.id, "centre-1", 2),)
    assert await records.latest_since(since + timedelta(microseconds=1), None) == ()
    everything = {Latest(old.id, "centre-1", 1), Latest(new.id, "centre-1", 2)}
    assert set(await records.latest_since(BEGINNING, {"centre-1", "centre-2"})) == everything


@pytest.mark.parametrize("centres", [set(), {"centre-2"}])
async def test_what_changed_elsewhere_is_not_found(
    records: EvidenceRecords, uploads: UploadRecords, centres: set[str]
) -> None:
    await store(uploads)
    assert await records.latest_since(BEGINNING, centres) == ()


async def test_several_are_loaded_as_each_alone_and_unknown_ones_are_left_out(
    records: EvidenceRecords, uploads: UploadRecords
) -> None:
    stored = [await store(uploads) for _ in range(3)]
    found = await records.load_all([*(evidence.id for evidence in stored), "unknown"])
    assert sorted(found, key=lambda evidence: evidence.id) == [
        await records.load(evidence.id, None) for evidence in sorted(stored, key=lambda evidence: evidence.id)
    ]
    assert await records.load_all([]) == ()


async def test_pages_of_changes_are_in_their_order_and_each_comes_once(
    records: EvidenceRecords, uploads: UploadRecords
) -> None:
    stored = [await store(uploads) for _ in range(7)]  # all of one moment: ids decide
    await store(uploads, new_evidence("centre-2"))
    await records.change(stored[2].id, to(EvidenceState.RECEIVED))
    wanted = [*(evidence.id for evidence in stored if evidence is not stored[2]), stored[2].id]
    for size in (1, 3, 7, 100):
        moment, last, found = BEGINNING, "", []
        while page := await records.changed_after("centre-1", moment, last, size):
            assert len(page) <= size
            found += [evidence.id for evidence in page]
            moment, last = page[-1].updated_at, page[-1].id
        assert found == wanted
    assert len(await records.changed_after(None, NOW, "", 100)) == 8
    assert await records.changed_after(None, datetime(2286, 1, 1, tzinfo=UTC), "", 100) == ()
