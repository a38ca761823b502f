"""The streams of this process: who follows what, and how many there may be."""

from collections import Counter
from collections.abc import Collection, Iterator

from config.settings import Settings
from gateway.events.mailbox import Mailbox, Shown
from gateway.events.scope import Scope, scopes_of
from gateway.events.wording import format_data
from gateway.problems import Problem
from workers.signals import Reported

_RETRY_AFTER = {"Retry-After": "10"}


class Streams:
    """Every open stream's mailbox, by what it follows."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._scopes: dict[Scope, set[Mailbox]] = {}
        self._owners: dict[Mailbox, str] = {}
        #: Whether the server is stopping.
        self.closed = False

    def __len__(self) -> int:
        return len(self._owners)

    def add(self, scope: Scope, owner: str, mailbox: Mailbox) -> None:
        """Let a mailbox be filled; `owner` is whose streams are counted together.

        Raises `Problem`: 429 for an owner with too many streams, 503 when the process has too many or stops.
        """
        if self.closed:
            raise Problem("busy", headers={"Retry-After": "1", "Connection": "close"})
        self._admit(owner)
        self._scopes.setdefault(scope, set()).add(mailbox)
        self._owners[mailbox] = owner

    def remove(self, scope: Scope, mailbox: Mailbox) -> None:
        """Forget a mailbox, which may have been forgotten before."""
        self._owners.pop(mailbox, None)
        mailboxes = self._scopes.get(scope, set())
        mailboxes.discard(mailbox)
        if not mailboxes:
            self._scopes.pop(scope, None)

    def close(self) -> None:
        """End every stream, and begin none any more."""
        self.closed = True
        for mailbox in self._owners:
            mailbox.close()

    def centre_ids(self) -> Collection[str] | None:
        """Return the centres that somebody follows; `None`: all."""
        followed = {scope.centre_id for scope in self._scopes}
        return None if None in followed else {centre_id for centre_id in followed if centre_id is not None}

    def follow(self, centre_id: str, evidence_id: str) -> bool:
        """Tell whether anybody follows this piece of evidence."""
        return any(scope in self._scopes for scope in scopes_of(centre_id, evidence_id))

    def tell(self, centre_id: str, shown: Shown) -> None:
        """Put a version in the mailboxes of those who follow it."""
        for mailbox in self._following(centre_id, shown.id):
            mailbox.put(shown)

    def tell_progress(self, centre_id: str, evidence_id: str, reported: Reported) -> None:
        """Put how far a stage is in the mailboxes of those who follow it."""
        told = {
            "evidence_id": evidence_id,
            "stage": reported.stage,
            "progress": reported.progress,
            "eta_seconds": reported.eta_seconds,
        }
        data = format_data(told)
        for mailbox in self._following(centre_id, evidence_id):
            mailbox.put_progress(evidence_id, reported.stage, data)

    def _following(self, centre_id: str, evidence_id: str) -> Iterator[Mailbox]:
        for scope in scopes_of(centre_id, evidence_id):
            yield from self._scopes.get(scope, ())

    def _admit(self, owner: str) -> None:
        limit = self._settings.event_streams
        if len(self) >= limit or self._count(owner) >= self._settings.event_streams_per_centre:
            self._drop_the_gone()
        if self._count(owner) >= self._settings.event_streams_per_centre:
            raise Problem("too_many_streams", headers=_RETRY_AFTER)
        if len(self) >= limit:
            raise Problem("busy", headers=_RETRY_AFTER)

    def _count(self, owner: str) -> int:
        return Counter(self._owners.values())[owner]

    def _drop_the_gone(self) -> None:
        """Forget those whose readers went away; their handlers would notice at the next heartbeat."""
        for mailbox in [mailbox for mailbox in self._owners if mailbox.is_gone()]:
            mailbox.close()
            del self._owners[mailbox]
