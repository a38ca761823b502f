"""The states of evidence and of its stages, and which follow which: data, published in `docs/states.md`."""

from enum import StrEnum


class EvidenceState(StrEnum):
    """Where a piece of evidence is. A state says what is true, not what happens next."""

    #: Its upload has begun; not all bytes are here.
    RECEIVING = "receiving"
    #: Every byte is stored durably.
    RECEIVED = "received"
    #: The raw bytes were scanned for viruses and hashed.
    SCANNED = "scanned"
    #: The content is what its name says, and every member of it was scanned.
    VERIFIED = "verified"
    #: Fit for a specialist's review: scanned, verified, its renditions made.
    READY = "ready"
    #: A virus was found; quarantined.
    INFECTED = "infected"
    #: It cannot be accepted: wrong or broken format, too large, encrypted, empty.
    REJECTED = "rejected"
    #: A person must look before anything else happens.
    HELD = "held"
    #: Our tools could not finish it; operators can run it again.
    FAILED = "failed"
    #: Its upload was not finished in time.
    EXPIRED = "expired"
    #: Taken back by its centre, or its upload was cancelled.
    WITHDRAWN = "withdrawn"


_S = EvidenceState

#: Which state may follow which.
TRANSITIONS: dict[EvidenceState, frozenset[EvidenceState]] = {
    _S.RECEIVING: frozenset({_S.RECEIVED, _S.REJECTED, _S.EXPIRED, _S.WITHDRAWN}),
    _S.RECEIVED: frozenset({_S.SCANNED, _S.INFECTED, _S.REJECTED, _S.HELD, _S.FAILED, _S.WITHDRAWN}),
    # Straight to ready when nothing is to be made of it: plain text, say.
    _S.SCANNED: frozenset(
        {_S.VERIFIED, _S.READY, _S.INFECTED, _S.REJECTED, _S.HELD, _S.FAILED, _S.WITHDRAWN}
    ),
    _S.VERIFIED: frozenset({_S.READY, _S.INFECTED, _S.REJECTED, _S.HELD, _S.FAILED, _S.WITHDRAWN}),
    _S.READY: frozenset({_S.INFECTED, _S.WITHDRAWN}),
    _S.HELD: frozenset({_S.VERIFIED, _S.INFECTED, _S.REJECTED, _S.WITHDRAWN}),
    _S.FAILED: frozenset({_S.RECEIVED, _S.SCANNED, _S.VERIFIED, _S.INFECTED, _S.WITHDRAWN}),
    _S.INFECTED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.WITHDRAWN: frozenset(),
}

#: Evidence in these states is on its way; everything else has reached an end.
ON_ITS_WAY = frozenset({_S.RECEIVED, _S.SCANNED, _S.VERIFIED})


class StageName(StrEnum):
    """One kind of work on a piece of evidence, in the order they are shown."""

    SCAN = "scan"
    VERIFY = "verify"
    TRANSCODE = "transcode"
    THUMBNAIL = "thumbnail"


class StageState(StrEnum):
    """How far one stage of one piece of evidence is, as the record knows it."""

    #: Not begun, or begun and not finished: only the queue knows which.
    WAITING = "waiting"
    #: Under way; shown while a worker reports progress, never stored.
    RUNNING = "running"
    DONE = "done"
    #: Not needed for this kind of evidence.
    SKIPPED = "skipped"
    FAILED = "failed"


#: A stage in one of these does not hold evidence back from ready.
SETTLED = frozenset({StageState.DONE, StageState.SKIPPED})


class IllegalTransition(Exception):
    """A change asked for a state that may not follow the present one."""

    def __init__(self, before: EvidenceState, after: EvidenceState) -> None:
        super().__init__(f"{after} may not follow {before}")


def check_transition(before: EvidenceState, after: EvidenceState) -> None:
    """Raise `IllegalTransition` unless `after` may follow `before`; staying is always allowed."""
    if after != before and after not in TRANSITIONS[before]:
        raise IllegalTransition(before, after)
