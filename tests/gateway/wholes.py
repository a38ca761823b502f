"""Parts and wholes as a client makes them."""

from typing import Any

from tests.services.api import BYTES, TUS, Api, metadata

PARTIAL = {"Upload-Concat": "partial"}


async def post(api: Api, data: bytes = b"", **headers: str) -> tuple[int, dict[str, str], Any]:
    """Create something; return status, headers, and the body of a refusal."""
    sent = {**(BYTES if data else TUS), **headers}
    async with api.session.post("/v1/uploads", headers=sent, data=data or None) as answer:
        return answer.status, dict(answer.headers), await answer.json() if answer.status >= 400 else None


async def new_part(api: Api, data: bytes, sent: int | None = None) -> str:
    """Begin a part of that length and send the first `sent` bytes of it (`None`: all); return its path."""
    status, headers, refusal = await post(api, **PARTIAL, **{"Upload-Length": str(len(data))})
    assert status == 201, refusal
    path = headers["Location"].removeprefix(api.url)
    if first := data[:sent]:
        assert (await api.patch(path, 0, first)).status == 204
    return path


async def new_whole(
    api: Api, parts: list[str], filename: str | None = None, **headers: str
) -> tuple[str, str]:
    """Make a whole of the parts; return the paths of upload and evidence."""
    named = {"Upload-Metadata": metadata(filename=filename)} if filename else {}
    final = {"Upload-Concat": f"final;{' '.join(parts)}"}
    status, answered, refusal = await post(api, **final, **named, **headers)
    assert status == 201, refusal
    return answered["Location"].removeprefix(api.url), answered["Evidence-Location"]


async def delete(api: Api, path: str) -> int:
    async with api.session.delete(path, headers=TUS) as answer:
        return answer.status
