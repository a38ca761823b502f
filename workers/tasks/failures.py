"""What an error in a stage's work means: an outage of ours, a broken source, or a failed attempt."""

import errno

import structlog

from scanning.errors import ScanningError
from storage.errors import Damaged, NotFound, StorageError, StorageFull
from storage.states import EvidenceState
from transcode.errors import ChildDied, NoChild, NoSpace, SourceDamaged, SourceRefused
from workers.context import Context
from workers.decisions import Ending, Limits, attempt_failed, delayed, ended
from workers.tasks.finding import Finding, Outage

#: Pause before a part that was down is looked at again, in seconds.
OUTAGE_PAUSE_SECONDS = 3.0

#: Errors that are a part of ours being down, by the code evidence shows while it waits; first match wins.
OUTAGES: tuple[tuple[type[Exception], str], ...] = (
    (ScanningError, "scanner_unavailable"),
    (StorageFull, "storage_full"),
    (NoSpace, "storage_full"),
    (NoChild, "tools_unavailable"),
    (StorageError, "storage_unavailable"),
)

#: Errors that say something of the evidence itself, by the end they lead to.
ENDINGS: tuple[tuple[type[Exception], EvidenceState, str], ...] = (
    (SourceDamaged, EvidenceState.HELD, "held_damaged"),
    (SourceRefused, EvidenceState.HELD, "held_suspicious"),
)

_log = structlog.get_logger()


def explain(context: Context, error: Exception) -> Finding:
    """Return the finding an error stands for; an unforeseen one is a failed attempt."""
    cause = first_cause(error)
    if isinstance(cause, Outage):
        return wait(cause.code)
    for source, state, code in ENDINGS:
        if isinstance(cause, source):
            return end(Ending(state, code, {"problem": str(cause)}))
    if outage := _outage_of(cause):
        _log.warning("waiting", code=outage, error=repr(cause))
        return wait(outage)
    _log.warning("attempt_failed", error=repr(cause), exc_info=cause)
    limits = Limits(context.settings.max_attempts, context.settings.max_backoff_seconds)
    died = isinstance(cause, ChildDied)
    return Finding(
        lambda evidence, run: attempt_failed(evidence, run, repr(cause), limits, died=died), outcome="failed"
    )


def _outage_of(cause: Exception) -> str | None:
    if isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "storage_full"
    if isinstance(cause, Damaged | NotFound):
        return None  # the original itself is wrong or gone: that does not pass by waiting
    return next((code for outage, code in OUTAGES if isinstance(cause, outage)), None)


def end(ending: Ending) -> Finding:
    """Return the finding that the evidence cannot become ready."""
    return Finding(lambda evidence, run: ended(evidence, run, ending))


def wait(code: str) -> Finding:
    """Return the finding that the evidence waits for a part of ours."""
    return Finding(
        lambda evidence, run: delayed(evidence, run, code),
        again_seconds=OUTAGE_PAUSE_SECONDS,
        outcome="waiting",
    )


def first_cause(error: Exception) -> Exception:
    """Return the first error of a group, however deep: what a task group's first failure was."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
