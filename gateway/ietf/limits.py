"""`Upload-Limit`: what an upload may be, as far as its client must know."""

from datetime import UTC, datetime

from config.settings import Settings
from gateway.ietf.dialects import Dialect
from gateway.uploads.admission import accepted_bytes, promised_extension
from gateway.uploads.lengths import largest_bytes
from gateway.uploads.metadata import filename_of, parse_metadata
from storage.upload import Upload


def limits_of(dialect: Dialect, settings: Settings, upload: Upload) -> dict[str, str]:
    """Return the header for one upload: nothing in a dialect that has none."""
    left = (upload.expires_at - datetime.now(UTC)).total_seconds()
    return _limits(dialect, settings, largest_bytes(upload), left)


def limits_of_new(dialect: Dialect, settings: Settings, metadata: str) -> dict[str, str]:
    """Return the header for an upload that would begin with this metadata. Raises `Problem` (400, 415)."""
    largest = accepted_bytes(promised_extension(filename_of(parse_metadata(metadata)), 0))
    return _limits(dialect, settings, largest, settings.upload_lifetime_seconds)


def _limits(dialect: Dialect, settings: Settings, max_bytes: int, left_seconds: float) -> dict[str, str]:
    """Return the header for uploads of at most so many bytes that have so long."""
    if dialect.lifetime is None:
        return {}
    members = {
        "max-size": max_bytes,
        "min-size": 0,
        "max-append-size": settings.proxy_body_bytes,
        dialect.lifetime: max(0, int(left_seconds)),
    }
    told = ", ".join(f"{key}={value}" for key, value in members.items() if value is not None)
    return {"Upload-Limit": told}
