"""What a stream sends before it sends news, and how it names what it sends: the two kinds of streams."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Protocol

from gateway.events.cursor import OVERLAP, format_cursor
from gateway.events.mailbox import Shown
from gateway.events.reader import show_all
from gateway.events.scope import Scope
from gateway.services import Services

_AT_ONCE = 50


class Following(Protocol):
    """One client's way through what changes."""

    @property
    def scope(self) -> Scope:
        """Return what is followed."""

    def opening_id(self) -> str | None:
        """Return the id that a client resumes with which was told nothing yet."""

    def past(self) -> AsyncGenerator[list[Shown], None]:
        """Yield what the client does not know, as the records have it now. Raises `StorageError`."""

    def event_id(self, shown: Shown, complete_until: datetime) -> str:
        """Return the id from which a client resumes that has everything up to this event.

        `complete_until`: every change until then was sent before, or is sent after with a later time.
        """

    def is_last(self, shown: Shown) -> bool:
        """Tell whether nothing follows this event."""


class OfEvidence:
    """One piece of evidence: an event's id is its version; it ends with the evidence's way."""

    def __init__(self, services: Services, scope: Scope, evidence_id: str, seen: int | None) -> None:
        self.scope = scope
        self._services = services
        self._evidence_id = evidence_id
        #: The version that the client has.
        self._seen = seen

    def opening_id(self) -> None:
        """Return none: what it is now is sent at once."""

    async def past(self) -> AsyncGenerator[list[Shown], None]:
        """Yield what the evidence is now, unless the client knows."""
        evidence = await self._services.evidence.load(self._evidence_id, None)
        if evidence.version != self._seen:
            yield await show_all(self._services.queue, [evidence])

    def event_id(self, shown: Shown, complete_until: datetime) -> str:  # noqa: ARG002 - the protocol's
        """Return the version."""
        return str(shown.version)

    def is_last(self, shown: Shown) -> bool:
        """Tell whether the evidence has reached an end."""
        return shown.ended


class OfCentre:
    """Every piece of evidence of a centre, or of all: an event's id is a moment; it never ends by itself.

    A client that resumes is told the latest of everything that changed since, not every step of it.
    """

    def __init__(self, services: Services, scope: Scope, since: datetime | None) -> None:
        self.scope = scope
        self._services = services
        self._since = since

    def opening_id(self) -> str:
        """Return where the client resumed, or now."""
        return format_cursor(self._since or datetime.now(UTC))

    async def past(self) -> AsyncGenerator[list[Shown], None]:
        """Yield what changed since the client's last event, in the order of the changes."""
        if self._since is None:
            return
        moment, evidence_id = self._since - OVERLAP, ""
        while found := await self._services.evidence.changed_after(
            self.scope.centre_id, moment, evidence_id, _AT_ONCE
        ):
            yield await show_all(self._services.queue, found)
            moment, evidence_id = found[-1].updated_at, found[-1].id

    def event_id(self, shown: Shown, complete_until: datetime) -> str:
        """Return the event's own moment, or an earlier one up to which everything is known to be sent."""
        return format_cursor(min(shown.updated_at, complete_until))

    def is_last(self, shown: Shown) -> bool:  # noqa: ARG002 - the protocol's
        """Tell that there is always more."""
        return False
