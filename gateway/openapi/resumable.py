"""The operations of IETF resumable uploads, in the words of the final form."""

from gateway.ietf.protocol import PARTIAL_TYPE, ROOT
from gateway.openapi.operation import Answer, Operation

_ONE = f"{ROOT}/{{id}}"

#: `Upload-Incomplete` in the first version; versions before 6 know no limits.
_SAID = ("Upload-Complete", "Upload-Incomplete", "Upload-Limit")
_REFUSED_WITH = (*_SAID, "Upload-Offset")
_OF_RECORD = ("Evidence-Location", "Upload-Expires", *_SAID)

#: What any request for an upload may meet.
_LOOKING = ("forbidden", "not_found", "upload_gone", "upload_busy", "storage_full")
#: What any request that brings bytes may meet besides.
_BRINGING = ("media_type", "content_encoding", "invalid_header", "offset_mismatch", "upload_complete",
             "body_too_long", "silent", "too_slow", "busy", "key_revoked", "digest_algorithm",
             "digest_mismatch", "content_digest_mismatch", "length_changed", "length_below_offset",
             "file_too_large")  # fmt: skip
_BYTES = ("Upload-Draft-Interop-Version", "Upload-Complete", "Upload-Incomplete", "Upload-Length",
          "Content-Digest")  # fmt: skip

_STANDING = Answer(
    204,
    "Where the upload stands: the next append is accepted at this offset.",
    headers=("Upload-Offset",),
    maybe=(*_OF_RECORD, "Upload-Length"),
)
_COMPLETE = Answer(
    201,
    "Every byte is stored, and the evidence received.",
    headers=("Upload-Offset",),
    maybe=(*_OF_RECORD, "Repr-Digest", "Location", "Upload-Grant"),
)
_OPTIONS = (
    Answer(200, "The limits of uploads.", headers=("Accept-Patch",), maybe=("Upload-Limit",)),
    Answer(204, "To a browser that asks for one of the portals' pages (CORS)."),
)

RESUMABLE = (
    Operation("OPTIONS", ROOT, "Ask for the limits of IETF resumable uploads", _OPTIONS),
    Operation(
        "POST",
        ROOT,
        "Begin an IETF resumable upload, or send a whole file at once",
        (_COMPLETE,),
        refusals=(*_LOOKING, *_BRINGING, "extension_not_accepted", "too_many_uploads", "too_many_bytes",
                  "idempotency_key_reused"),
        refused_with=(*_REFUSED_WITH, "Location"),
        accepts=(*_BYTES, "Content-Disposition", "Repr-Digest", "Want-Repr-Digest", "Upload-Metadata",
                 "Idempotency-Key"),
        takes="application/octet-stream",
    ),
    Operation("OPTIONS", _ONE, "Ask for the limits of IETF resumable uploads", _OPTIONS),
    Operation("HEAD", _ONE, "Ask where an IETF resumable upload stands", (_STANDING,), refusals=_LOOKING,
              refused_with=_REFUSED_WITH),
    Operation("GET", _ONE, "As HEAD", (_STANDING,), refusals=_LOOKING, refused_with=_REFUSED_WITH),
    Operation(
        "PATCH",
        _ONE,
        "Append bytes to an IETF resumable upload",
        (Answer(204, "The bytes are stored durably up to this offset.", headers=("Upload-Offset",),
                maybe=_OF_RECORD), _COMPLETE),
        refusals=(*_LOOKING, *_BRINGING),
        refused_with=_REFUSED_WITH,
        requires=("Upload-Offset",),
        accepts=_BYTES,
        takes=PARTIAL_TYPE,
    ),
    Operation(
        "DELETE",
        _ONE,
        "Cancel an IETF resumable upload; of a complete one only its address goes",
        (Answer(204, "It is gone."),),
        refusals=_LOOKING,
        refused_with=_REFUSED_WITH,
    ),
)  # fmt: skip
