"""The upload protocol's operations."""

from dataclasses import replace

from gateway.openapi.operation import Answer, Operation
from gateway.tus.protocol import OFFSET_TYPE, ROOT

_ONE = f"{ROOT}/{{id}}"
_VERSION = ("Tus-Resumable",)
_STANDING = ("Upload-Offset",)
#: A part of a whole is no evidence, and its expiry counts until it is dropped.
_OF_RECORD = ("Evidence-Location", "Upload-Expires")

#: What any request for an upload may meet.
_LOOKING = ("tus_version", "forbidden", "not_found", "upload_gone", "upload_busy", "storage_full")
#: What any request that brings bytes may meet besides.
_BRINGING = ("media_type", "content_encoding", "invalid_header", "offset_mismatch", "upload_complete",
             "body_too_long", "silent", "too_slow", "busy", "key_revoked", "checksum_algorithm",
             "checksum_mismatch")  # fmt: skip
#: What the length of an upload, announced later, may meet.
_LENGTH = (
    "whole_takes_no_bytes",
    "length_changed",
    "length_below_offset",
    "file_too_large",
    "too_many_bytes",
)

_HEAD = Answer(
    200,
    "Where the upload stands: the next PATCH is accepted at this offset.",
    headers=_STANDING,
    maybe=(*_OF_RECORD, "Upload-Length", "Upload-Defer-Length", "Upload-Concat", "Upload-Metadata"),
)
_APPENDED = Answer(
    204,
    "The bytes are stored durably up to this offset.",
    headers=_STANDING,
    maybe=(*_OF_RECORD, "Repr-Digest"),
)
_OFFER = ("Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm")
_OPTIONS = (
    Answer(200, "What this server can do.", headers=_OFFER),
    Answer(204, "To a browser that asks for one of the portals' pages (CORS)."),
)

UPLOADS = (
    Operation("OPTIONS", ROOT, "Ask what the upload protocol offers", _OPTIONS),
    Operation(
        "POST",
        ROOT,
        "Begin an upload, with or without its first bytes",
        (
            Answer(
                201,
                "The upload, and the evidence it becomes.",
                headers=("Location",),
                maybe=(*_OF_RECORD, "Upload-Offset", "Upload-Grant", "Repr-Digest"),
            ),
            Answer(200, "What this server can do, if OPTIONS is named instead.", headers=_OFFER),
        ),
        refusals=(*_LOOKING, *_BRINGING, "parts_not_found", "bad_request", "extension_not_accepted",
                  "file_too_large",
                  "too_many_uploads", "too_many_bytes", "idempotency_key_reused", "method_not_allowed"),
        requires=_VERSION,
        accepts=("Upload-Length", "Upload-Defer-Length", "Upload-Concat", "Upload-Metadata",
                 "Idempotency-Key", "Upload-Checksum", "X-HTTP-Method-Override"),
        takes=OFFSET_TYPE,
    ),
    Operation("OPTIONS", _ONE, "Ask what the upload protocol offers", _OPTIONS),
    Operation("HEAD", _ONE, "Ask where an upload stands", (_HEAD,), refusals=_LOOKING, requires=_VERSION),
    Operation(
        "PATCH",
        _ONE,
        "Append bytes to an upload",
        (_APPENDED,),
        refusals=(*_LOOKING, *_BRINGING, *_LENGTH),
        requires=(*_VERSION, "Upload-Offset"),
        accepts=("Upload-Length", "Upload-Checksum"),
        takes=OFFSET_TYPE,
    ),
    Operation(
        "DELETE",
        _ONE,
        "Cancel an upload; of a finished one only its address goes",
        (Answer(204, "It is gone."),),
        refusals=_LOOKING,
        requires=_VERSION,
    ),
    Operation(
        "POST",
        _ONE,
        "PATCH, DELETE, HEAD or OPTIONS, for clients that cannot send them",
        (
            replace(_HEAD, headers=(), maybe=(*_HEAD.headers, *_HEAD.maybe, *_OFFER)),
            Answer(204, "As the method's own.", maybe=(*_STANDING, *_OF_RECORD, "Repr-Digest")),
        ),
        refusals=(*_LOOKING, *_BRINGING, *_LENGTH, "method_not_allowed"),
        requires=(*_VERSION, "X-HTTP-Method-Override"),
        accepts=("Upload-Offset", "Upload-Length", "Upload-Checksum"),
        takes=OFFSET_TYPE,
    ),
)  # fmt: skip
