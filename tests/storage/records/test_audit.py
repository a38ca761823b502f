import asyncio
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage import tables
from storage.__main__ import main
from storage.blobs.local import LocalBlobStore
from storage.evidence import Evidence, Scan, original_key
from storage.records.audit import AuditTrail
from storage.records.canonical import format_json, plain
from storage.records.database import Database
from tests.services.databases import ONLY_SQLITE
from tests.storage.records.tampering import tamper
from tests.storage.records.values import NOW, received, scanned, store


@pytest.fixture
async def evidence(uploads, records) -> Evidence:
    """Evidence of four events, between two other pieces."""
    await store(uploads)
    evidence = await store(uploads)
    await store(uploads)
    await uploads.finish(f"upload-{evidence.id}", received, expires_at=NOW + timedelta(1))
    await records.change(evidence.id, scanned)
    changed = await records.change(evidence.id, scanned)
    return changed.after


async def problems(trail: AuditTrail) -> list[str]:
    return [finding.problem async for finding in trail.verify()]


async def test_events_say_who_changed_what_and_when(evidence: Evidence, trail: AuditTrail):
    events = await trail.events(evidence.id)
    assert [event.seq for event in events] == [1, 2, 3, 4]
    assert [event.kind for event in events] == ["created", "received", "stage_done", "stage_done"]
    assert [event.to_state for event in events] == ["receiving", "received", "scanned", "scanned"]
    assert [event.from_state for event in events] == [None, "receiving", "received", "scanned"]
    assert [event.previous_sha256 for event in events] == [None, *(event.sha256 for event in events[:-1])]
    assert (events[-1].at, events[-1].actor) == (evidence.updated_at, "worker:test")
    assert (events[-1].note, events[-1].original_sha256) == ({"windows": 3}, "a" * 64)


async def test_an_untouched_trail_has_no_findings(evidence: Evidence, trail: AuditTrail):
    assert await problems(trail) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor = 'nobody'",
        "DELETE FROM audit_event",
        """
        INSERT INTO audit_event SELECT * FROM audit_event WHERE true
        ON CONFLICT (evidence_id, seq) DO UPDATE SET actor = 'nobody'
        """,
    ],
)
async def test_the_database_refuses_to_change_events(
    evidence, database: Database, trail: AuditTrail, statement
):
    with pytest.raises(IntegrityError, match="never changed"):
        await database.execute(text(statement))
    assert await problems(trail) == []


@pytest.mark.parametrize(
    ("database_url", "statement"),
    [
        ("sqlite", "INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event"),
        ("postgresql", "TRUNCATE audit_event"),
        ("postgresql", "TRUNCATE evidence CASCADE"),
    ],
    indirect=["database_url"],
)
async def test_a_databases_own_ways_to_change_events_are_refused_too(
    evidence, database: Database, trail: AuditTrail, statement
):
    with pytest.raises(IntegrityError, match="never changed"):
        await database.execute(text(statement))
    assert await problems(trail) == []


OTHER_SCAN = format_json(plain(Scan("clean", "none", "ClamAV 1.4.6", NOW, "a" * 64, None, {"windows": 3})))

#: What somebody does to the database past us, and what `verify` says of it.
TAMPERING = [
    ("UPDATE audit_event SET actor = 'nobody' WHERE seq = 2", "event 2 was changed"),
    ("UPDATE audit_event SET note = '{\"windows\": 4}' WHERE seq = 3", "event 3 was changed"),
    ("UPDATE audit_event SET at = (SELECT min(at) FROM audit_event) WHERE seq = 4", "event 4 was changed"),
    ("UPDATE audit_event SET sha256 = 'x' WHERE seq = 3", "event 4 does not follow the one before"),
    (
        "UPDATE audit_event SET previous_sha256 = 'x' WHERE seq = 3",
        "event 3 does not follow the one before",
    ),
    ("DELETE FROM audit_event WHERE seq = 2", "events before 3 are missing"),
    ("DELETE FROM audit_event WHERE seq = 1", "events before 2 are missing"),
    ("DELETE FROM audit_event WHERE seq = 4", "the record counts 4 events, the trail ends with event 3"),
    ("DELETE FROM audit_event", "the record counts 4 events, the trail ends with event 0"),
    ("UPDATE evidence SET audit_sha256 = 'x'", "event 4 is not the one that the record ends with"),
    ("UPDATE evidence SET version = 3", "the record counts 3 events, the trail ends with event 4"),
    (
        "UPDATE evidence SET state = 'ready'",
        "the record's state is not what event 4 left: ready, was scanned",
    ),
    (
        "UPDATE evidence SET size_bytes = 1",
        "the record's size is not what event 4 left: 1, was 53687091200",
    ),
    (f"UPDATE evidence SET sha256 = '{'c' * 64}'", "the record's sha256 is not what event 4 left"),
    (
        "UPDATE evidence SET filename = 'b' || substr(filename, 2)",
        "the record's content is not what event 4",
    ),
    (
        f"UPDATE evidence SET scan = '{OTHER_SCAN}'",
        "the record's content is not what event 4",
    ),
    ("UPDATE evidence SET centre_id = 'centre-2'", "the record's content is not what event 4"),
    ("UPDATE stage SET state = 'done' WHERE name = 'scan'", "the record's content is not what event 4"),
    ("DELETE FROM stage WHERE name = 'scan'", "the record's content is not what event 4"),
    (f"UPDATE rendition SET sha256 = '{'c' * 64}'", "the record's content is not what event 4"),
    ("UPDATE evidence SET state = 'fine'", "the record cannot be read"),
    ("UPDATE evidence SET scan = '[]'", "the record cannot be read"),
    ("UPDATE evidence SET flags = '3'", "the record cannot be read"),
    ("UPDATE stage SET name = 'x' WHERE name = 'scan'", "the record cannot be read"),
    ("DELETE FROM evidence", "the record is missing; its events are not"),
]

#: SQLite keeps whatever is put into a column.
UNTYPED = [
    ("UPDATE evidence SET facts = '{'", "the record cannot be read"),
    ("UPDATE evidence SET filename = CAST(x'ff' AS TEXT)", "the record cannot be read"),
    ("UPDATE audit_event SET seq = 'x' WHERE seq = 4", "events before x are missing"),
    ("UPDATE evidence SET created_at = 'today'", "the record cannot be read"),
    ("UPDATE audit_event SET note = 'x'", "the record cannot be read"),
]


@pytest.mark.parametrize(("statement", "problem"), TAMPERING)
async def test_a_tampered_row_is_found(
    evidence: Evidence, trail: AuditTrail, database_url: str, statement, problem
):
    await assert_found(evidence, trail, database_url, statement, problem)


@ONLY_SQLITE
@pytest.mark.parametrize(("statement", "problem"), UNTYPED)
async def test_a_value_of_another_type_is_found(
    evidence: Evidence, trail: AuditTrail, database_url: str, statement, problem
):
    await assert_found(evidence, trail, database_url, statement, problem)


async def assert_found(
    evidence: Evidence, trail: AuditTrail, database_url: str, statement: str, problem: str
) -> None:
    key = "id" if statement.startswith(("UPDATE evidence", "DELETE FROM evidence")) else "evidence_id"
    joint = "AND" if "WHERE" in statement else "WHERE"
    tamper(database_url, f"{statement} {joint} {key} = '{evidence.id}'")
    found = [finding async for finding in trail.verify()]
    assert {finding.evidence_id for finding in found} == {evidence.id}
    assert [finding for finding in found if finding.problem.startswith(problem)]


async def test_an_inserted_event_is_found(evidence: Evidence, trail: AuditTrail, database_url: str):
    tamper(
        database_url,
        f"UPDATE audit_event SET seq = 5 WHERE evidence_id = '{evidence.id}' AND seq = 4",
        "INSERT INTO audit_event SELECT evidence_id, 4, at, actor, kind, from_state, to_state, code,"
        " size_bytes, original_sha256, record_sha256, note, previous_sha256, sha256 FROM audit_event"
        f" WHERE evidence_id = '{evidence.id}' AND seq = 3",
    )
    found = await problems(trail)
    assert "event 4 does not follow the one before" in found
    assert "the record counts 4 events, the trail ends with event 5" in found


async def test_evidence_that_was_slipped_in_is_found(
    evidence: Evidence, trail: AuditTrail, database_url: str
):
    names = tables.evidence.columns.keys()
    values = ", ".join("'zz'" if name == "id" else name for name in names)
    tamper(database_url, f"INSERT INTO evidence SELECT {values} FROM evidence WHERE id = '{evidence.id}'")
    found = [finding async for finding in trail.verify()]
    assert {finding.evidence_id for finding in found} == {"zz"}


async def test_verify_reads_on_beyond_one_page(uploads, trail: AuditTrail, database_url: str, monkeypatch):
    monkeypatch.setattr("storage.records.audit._PAGE", 3)
    for _ in range(10):
        last = await store(uploads)
    tamper(database_url, "UPDATE audit_event SET actor = 'nobody'")
    found = [finding async for finding in trail.verify()]
    assert len(found) == 10
    assert found[-1].evidence_id == last.id


@pytest.fixture
async def original(uploads, records, tmp_path: Path) -> tuple[Evidence, Path]:
    """Evidence whose original is `hello`, and the settings' data folder."""
    blobs = LocalBlobStore(tmp_path / "store" / "blobs")
    evidence = await store(uploads)
    await blobs.write_bytes(original_key(evidence.id), b"hello")
    await uploads.finish(f"upload-{evidence.id}", received, expires_at=NOW)
    digest = sha256(b"hello").hexdigest()
    changed = await records.change(
        evidence.id, lambda now: replace(scanned(now), after=replace(now, sha256=digest))
    )
    return changed.after, tmp_path


def blob_file(folder: Path) -> Path:
    (file,) = (path for path in folder.rglob("*") if path.is_file() and path.read_bytes() == b"hello")
    return file


async def test_originals_that_are_as_they_were_have_no_findings(original, trail: AuditTrail):
    blobs = LocalBlobStore(original[1] / "store" / "blobs")
    assert [finding async for finding in trail.verify(blobs)] == []


async def test_a_changed_or_missing_original_is_found(original, trail: AuditTrail):
    evidence, folder = original
    blobs = LocalBlobStore(folder / "store" / "blobs")
    file = blob_file(folder / "store")
    file.chmod(0o600)
    file.write_bytes(b"hellp")
    (finding,) = [finding async for finding in trail.verify(blobs)]
    assert finding.evidence_id == evidence.id
    assert finding.problem.startswith("the original's 5 bytes have the SHA-256")
    file.unlink()
    (finding,) = [finding async for finding in trail.verify(blobs)]
    assert finding.problem == "the original is missing"


async def test_the_command_prints_findings_and_exits_1(
    original, database_url, monkeypatch, capsys: pytest.CaptureFixture[str]
):
    evidence, folder = original
    monkeypatch.setenv("INTAKE_DATA", str(folder))
    monkeypatch.setenv("INTAKE_DATABASE_URL", database_url)
    assert await asyncio.to_thread(main, ["verify", "--bytes"]) == 0
    assert capsys.readouterr().out == "0 findings\n"
    blob_file(folder / "store").unlink()
    assert await asyncio.to_thread(main, ["verify"]) == 0
    assert await asyncio.to_thread(main, ["verify", "--bytes"]) == 1
    assert f"{evidence.id}: the original is missing\n1 findings\n" in capsys.readouterr().out
