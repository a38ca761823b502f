"""Server-sent events as text (HTML standard, section 9.2.5, "Parsing an event stream"). Pure."""

import json
from collections.abc import Mapping
from typing import Any

CONTENT_TYPE = "text/event-stream"

#: A comment, which keeps proxies from taking silence for an end.
HEARTBEAT = b": still here\n\n"

#: How long a client should wait before it connects again, in milliseconds.
_RETRY_MS = 2000


def format_data(value: Mapping[str, Any]) -> bytes:
    """Return a value as the data of an event: JSON in one line."""
    return json.dumps(value).encode()


def format_event(event: str, data: bytes, event_id: str | None = None) -> bytes:
    """Return one event. One without an id leaves the client's last event id as it is."""
    named = f"id: {event_id}\n" if event_id is not None else ""
    return f"event: {event}\n{named}data: ".encode() + data + b"\n\n"


def format_opening(event_id: str | None) -> bytes:
    """Return what a stream begins with: when to connect again, and the id to do it with.

    A block without data is no event, but its id counts: so a client that was told nothing can resume.
    """
    named = f"id: {event_id}\n" if event_id is not None else ""
    return f"retry: {_RETRY_MS}\n{named}\n".encode()
