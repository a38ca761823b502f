"""The ways in which tus-js-client sends, by the names of its own options, and where the network breaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

_MB = 1_000_000


@dataclass(frozen=True)
class Mode:
    options: Mapping[str, Any] = field(default_factory=dict)
    cut_after_bytes: tuple[int, ...] = ()
    path: str = "/v1/uploads"


MODES = {
    "one request": Mode(),
    "chunks": Mode({"chunkSize": 5 * _MB}),
    "one request, cut three times": Mode(cut_after_bytes=(7 * _MB, 21 * _MB, 40 * _MB)),
    "chunks, cut three times": Mode({"chunkSize": 5 * _MB}, (7 * _MB, 21 * _MB, 40 * _MB)),
    "bytes with the creation": Mode({"uploadDataDuringCreation": True}),
    "bytes with the creation, in chunks, cut": Mode(
        {"uploadDataDuringCreation": True, "chunkSize": 5 * _MB}, (13 * _MB,)
    ),
    "length told last": Mode({"uploadLengthDeferred": True, "chunkSize": 5 * _MB}),
    "length told last, cut": Mode({"uploadLengthDeferred": True, "chunkSize": 5 * _MB}, (13 * _MB,)),
    "four parts": Mode({"parallelUploads": 4}),
    "four parts, cut three times": Mode({"parallelUploads": 4}, (7 * _MB, 21 * _MB, 40 * _MB)),
}

#: Drafts of the IETF's protocol by the client's own names: their interop versions are 5 and 6.
_DRAFTS = ("ietf-draft-03", "ietf-draft-05")
_CUT = ("one request, cut three times", "chunks, cut three times")
_WAYS = ("one request", "chunks", *_CUT, "bytes with the creation", "bytes with the creation, in chunks, cut")


def _by(draft: str, way: str) -> Mode:
    options = {**MODES[way].options, "protocol": draft}
    return replace(MODES[way], options=options, path="/v1/resumable-uploads")


IETF_MODES = {f"{way}, {draft}": _by(draft, way) for draft in _DRAFTS for way in _WAYS}
IETF_CUT_MODES = {f"{way}, {draft}": _by(draft, way) for draft in _DRAFTS for way in _CUT}


def task(port: int, key: str, files: Sequence[str], mode: Mode) -> Mapping[str, Any]:
    """Return what a client is told: what to send, and how, through that port."""
    usual = {
        "endpoint": f"http://127.0.0.1:{port}{mode.path}",
        "headers": {"Authorization": f"Bearer {key}"},
        "retryDelays": [0, 200, 500, 1000, 2000],
    }
    return {"files": files, "options": {**usual, **mode.options}}
