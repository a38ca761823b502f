"""The operations of uploads straight into the object store."""

from gateway import answers
from gateway.direct import ROOT
from gateway.direct.wording import Completion, Creation
from gateway.openapi.operation import Answer, Operation

_ONE = f"{ROOT}/{{id}}"
_LOOKING = ("direct_uploads_off", "forbidden", "not_found", "upload_gone", "upload_busy", "storage_full")
_OPEN = (*_LOOKING, "upload_complete")

DIRECT = (
    Operation(
        "POST",
        ROOT,
        "Begin an upload whose parts go straight to the object store (as Uppy's companion)",
        (
            Answer(
                200,
                "The upload; its key is the evidence's id.",
                answers.DirectUpload,
                headers=("Evidence-Location",),
                maybe=("Upload-Expires", "Upload-Grant"),
            ),
        ),
        refusals=(*_LOOKING, "extension_not_accepted", "file_too_large", "too_many_uploads", "too_many_bytes",
                  "idempotency_key_reused", "busy", "invalid_header"),
        accepts=("Idempotency-Key",),
        body=Creation,
    ),
    Operation(
        "GET",
        _ONE,
        "The parts that are in the store",
        (Answer(200, "The parts.", list[answers.StoredPart]),),
        refusals=_OPEN,
    ),
    Operation(
        "GET",
        f"{_ONE}/{{part}}",
        "Where one part is to be sent by PUT",
        (Answer(200, "A signed address.", answers.SignedPart),),
        refusals=_OPEN,
    ),
    Operation(
        "POST",
        f"{_ONE}/complete",
        "Make the parts the evidence's original",
        (Answer(200, "Where the evidence is.", answers.DirectCompletion, headers=("Evidence-Location",)),),
        refusals=(*_LOOKING, "parts_differ", "file_too_large", "body_too_long", "too_many_bytes",
                  "key_revoked", "length_changed", "busy"),
        body=Completion,
    ),
    Operation(
        "DELETE",
        _ONE,
        "Cancel an upload; of a finished one only its address goes",
        (Answer(200, "It is gone.", answers.Nothing),),
        refusals=_LOOKING,
    ),
)  # fmt: skip
