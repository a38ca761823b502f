"""The audit chain of one piece of evidence: each event holds the hash of the one before. Pure.

The newest event's hash and number stand on the evidence row, and each event holds the hash of the
whole record as its change left it: so a changed, missing or inserted row is seen on either side.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from storage.evidence import Evidence
from storage.records.canonical import digest, plain


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Who changed what, when: one for every version of a piece of evidence."""

    evidence_id: str
    #: Counted from 1; equal to the evidence's version after the change.
    seq: int
    at: datetime
    actor: str
    kind: str
    to_state: str
    #: Hash of the whole evidence record as the change left it.
    record_sha256: str
    from_state: str | None = None
    code: str | None = None
    size_bytes: int | None = None
    #: Hash of the original's bytes, once known.
    original_sha256: str | None = None
    note: Mapping[str, Any] = field(default_factory=dict)
    previous_sha256: str | None = None
    #: Hash of everything above.
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """A piece of evidence with the head of its audit chain."""

    evidence: Evidence
    audit_sha256: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was left."""

    evidence_id: str
    problem: str


def next_event(
    before: Stored | None, after: Evidence, *, kind: str, actor: str, note: Mapping[str, Any]
) -> AuditEvent:
    """Return the event of the change from `before` (`None`: creation) to `after`, as stored."""
    event = AuditEvent(
        evidence_id=after.id,
        seq=after.version,
        at=after.updated_at,
        actor=actor,
        kind=kind,
        to_state=after.state.value,
        record_sha256=digest(after),
        from_state=before.evidence.state.value if before else None,
        code=after.code,
        size_bytes=after.size_bytes,
        original_sha256=after.sha256,
        note=plain(note),
        previous_sha256=before.audit_sha256 if before else None,
    )
    return replace(event, sha256=digest(event))


def check_chain(stored: Stored, events: Sequence[AuditEvent]) -> Iterator[Finding]:
    """Yield what is wrong with a record and its events, which come in the order of `seq`."""
    evidence = stored.evidence
    problems = [*_broken_links(events), *_end_problems(stored, events), *_disagreements(evidence, events)]
    yield from (Finding(evidence.id, problem) for problem in problems)


def _broken_links(events: Sequence[AuditEvent]) -> Iterator[str]:
    previous: AuditEvent | None = None
    for event in events:
        if event.seq != (previous.seq if previous else 0) + 1:
            yield f"events before {event.seq} are missing"
        elif event.previous_sha256 != (previous.sha256 if previous else None):
            yield f"event {event.seq} does not follow the one before"
        if digest(replace(event, sha256="")) != event.sha256:
            yield f"event {event.seq} was changed"
        previous = event


def _end_problems(stored: Stored, events: Sequence[AuditEvent]) -> Iterator[str]:
    last, version = (events[-1].seq if events else 0), stored.evidence.version
    if last != version:
        yield f"the record counts {version} events, the trail ends with event {last}"
    elif events[-1].sha256 != stored.audit_sha256:
        yield f"event {last} is not the one that the record ends with"


def _disagreements(evidence: Evidence, events: Sequence[AuditEvent]) -> Iterator[str]:
    if not events:
        return
    last = events[-1]
    told = {
        "state": (evidence.state.value, last.to_state),
        "size": (evidence.size_bytes, last.size_bytes),
        "sha256": (evidence.sha256, last.original_sha256),
        "content": (digest(evidence), last.record_sha256),
    }
    for name, (on_record, in_event) in told.items():
        if on_record != in_event:
            yield f"the record's {name} is not what event {last.seq} left: {on_record}, was {in_event}"
