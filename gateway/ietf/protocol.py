"""Constants of Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload)."""

#: Path of the resource that uploads are sent to; each has its own below it.
ROOT = "/v1/resumable-uploads"

#: "describes a contiguous block from the representation data": the content type of what is appended.
PARTIAL_TYPE = "application/partial-upload"

#: Names the iteration of the draft that a client speaks; the final form has no such header.
INTEROP_VERSION = "Upload-Draft-Interop-Version"
