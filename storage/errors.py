"""Errors of this package.

StorageError
├── NotFound            no such record or blob (or not this centre's: the same)
├── KeyRevoked          whoever asked for it may no longer do so
├── UploadBusy          another writer holds the upload
├── WriterFenced        this writer lost its epoch and may not acknowledge anything
├── Unreadable          bytes of an unfinished upload that can be read only once it is finished
├── StorageFull         no room; nothing was written beyond what was acknowledged
├── StorageUnavailable  the database or the store does not answer, or not in time
│   ├── PartsDiffer     the store has other parts of an object than those that were named
│   └── Undecided       the store failed, and may have done it all the same, or be doing it
├── BadCursor           the place to go on from was not given out by this list
├── Damaged             stored bytes do not have the hash that is on record, or a record cannot be read
└── SchemaOutdated      the database is not at the version this code needs
"""


class StorageError(Exception):
    """Any failure of what is kept."""


class NotFound(StorageError):
    """No such record or blob, or not one this principal may know of."""


class KeyRevoked(StorageError):
    """The principal's key was revoked before the change was stored."""


class UploadBusy(StorageError):
    """Another writer holds the upload and is receiving."""


class WriterFenced(StorageError):
    """The writer lost its epoch: it may neither change the offset nor acknowledge bytes."""


class Unreadable(StorageError):
    """These bytes of an unfinished upload can be read only once it is finished."""


class StorageFull(StorageError):
    """The disk or the store has no room left."""


class StorageUnavailable(StorageError):
    """The database or the store does not answer, or not in time."""


class PartsDiffer(StorageUnavailable):
    """The store puts no object together of these parts: it has others, or wants all that it has named."""


class Undecided(StorageUnavailable):
    """The store failed on its side: it may have done what was asked, or be doing it for another one."""


class BadCursor(StorageError):
    """The place to go on from was not given out by this list."""


class Damaged(StorageError):
    """Stored bytes differ from the hash on record, or a record cannot be read."""


class SchemaOutdated(StorageError):
    """The database is not at the schema version this code needs; run `python -m storage migrate`."""
