"""Constants of tus 1.0.0 (https://tus.io/protocols/resumable-upload)."""

VERSION = "1.0.0"

#: Path of the creation resource; uploads lie below it.
ROOT = "/v1/uploads"

#: What is composed here, and only that, is announced.
EXTENSIONS = (
    "checksum",
    "creation",
    "creation-with-upload",
    "creation-defer-length",
    "concatenation",
    "concatenation-unfinished",
    "expiration",
    "termination",
)

#: Content type of every body that carries upload bytes.
OFFSET_TYPE = "application/offset+octet-stream"
