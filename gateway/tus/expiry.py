"""An upload's expiry counts from its last byte: it moves while bytes arrive."""

from datetime import UTC, datetime, timedelta

import structlog

from storage.errors import StorageError
from storage.records.uploads import UploadRecords
from storage.upload import Upload

#: The expiry moves in steps of this many seconds, so that not every piece writes the record…
_STEP_SECONDS = 3600.0
#: …or of this part of a short lifetime.
_STEP_FRACTION = 1 / 8

_log = structlog.get_logger()


class Expiry:
    """The expiry of one upload that is receiving."""

    def __init__(self, records: UploadRecords, upload: Upload, lifetime_seconds: float) -> None:
        self._records = records
        self._upload_id = upload.id
        self._expires_at = upload.expires_at
        self._lifetime = timedelta(seconds=lifetime_seconds)
        self._step = timedelta(seconds=min(_STEP_SECONDS, lifetime_seconds * _STEP_FRACTION))

    async def move(self) -> None:
        """Count from now: a byte has arrived.

        A record that does not answer ends no sender: the next step asks it again.
        """
        expires_at = datetime.now(UTC) + self._lifetime
        if expires_at - self._expires_at < self._step:
            return
        self._expires_at = expires_at
        try:
            await self._records.touch(self._upload_id, expires_at)
        except StorageError as error:
            _log.warning("expiry_not_moved", upload_id=self._upload_id, error=repr(error))
