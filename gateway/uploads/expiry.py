"""An upload's expiry counts from its last byte: it moves while bytes arrive, up to the greatest age."""

import time
from datetime import UTC, datetime, timedelta

import structlog

from config.settings import Settings
from gateway.problems import Problem
from storage.errors import StorageError
from storage.records.uploads import UploadRecords
from storage.upload import Upload

#: The expiry moves in steps of this many seconds, so that not every piece writes the record…
_STEP_SECONDS = 3600.0
#: …or of this part of a short lifetime.
_STEP_FRACTION = 1 / 8

#: The age is looked at this often at most while bytes arrive.
_LOOK_SECONDS = 1.0

_log = structlog.get_logger()


def expiry_after(settings: Settings, created_at: datetime, now: datetime) -> datetime:
    """Return when an upload is dropped to which no byte comes after `now`."""
    last = created_at + timedelta(seconds=settings.upload_max_age_seconds)
    return min(now + timedelta(seconds=settings.upload_lifetime_seconds), last)


class Expiry:
    """The expiry of one upload that is receiving."""

    def __init__(self, records: UploadRecords, upload: Upload, settings: Settings) -> None:
        self._records = records
        self._upload = upload
        self._settings = settings
        self._expires_at = upload.expires_at
        self._look_at = 0.0
        self._step = timedelta(seconds=min(_STEP_SECONDS, settings.upload_lifetime_seconds * _STEP_FRACTION))

    async def move(self) -> None:
        """Count from now: a byte has arrived. Raises `Problem` (410) for an upload that is too old.

        A record that does not answer ends no sender: the next step asks it again.
        """
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + _LOOK_SECONDS
        now = datetime.now(UTC)
        expires_at = expiry_after(self._settings, self._upload.created_at, now)
        if expires_at <= now:
            raise Problem("upload_gone")
        if expires_at - self._expires_at < self._step:
            return
        self._expires_at = expires_at
        try:
            await self._records.touch(self._upload.id, expires_at)
        except StorageError as error:
            _log.warning("expiry_not_moved", upload_id=self._upload.id, error=repr(error))
