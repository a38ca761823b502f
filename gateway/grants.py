"""Grants: bearers that are good for one upload and for following its evidence, and for nothing else.

An upload outlives the sign-in it began with. So every creation gives out a secret of its own in
`Upload-Grant`; and the very token (JWT) that created an upload stays good for it once it has expired, for
clients that go on sending what they began with. A grant acts in the name of whoever created the upload: it
ends with the upload, and with its creator's key.
"""

import re
import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web

from gateway import direct
from gateway.ietf import protocol as ietf
from gateway.keys import PRINCIPAL, SERVICES
from gateway.services import Services
from gateway.tus.concatenation import parse_concat
from gateway.tus.protocol import ROOT
from storage.errors import NotFound
from storage.records.principals import Principal, hash_secret
from storage.upload import Upload

_FORM = re.compile(r"eig_[0-9A-Za-z_-]{43}")

#: Grants one upload keeps: repeated creations add to them, and the oldest go.
_MOST = 16


def new_grant() -> str:
    """Return a new grant: 256 random bits."""
    return f"eig_{secrets.token_urlsafe(32)}"


def is_grant(text: str) -> bool:
    """Tell whether a bearer's text has a grant's form."""
    return _FORM.fullmatch(text) is not None


def bearer_of(request: web.Request) -> str:
    """Return the text of the request's bearer (RFC 6750, section 2.1), or nothing."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def kept_of(request: web.Request, grant: str) -> tuple[str, ...]:
    """Return the hashes that an upload created by this request keeps: of the grant, and of a token.

    A key needs no grant: it is good for as long as it is not revoked.
    """
    if request[PRINCIPAL].kind == "service":
        return (hash_secret(grant),)
    return hash_secret(bearer_of(request)), hash_secret(grant)


async def grant_again(request: web.Request, upload: Upload, kept: tuple[str, ...]) -> bool:
    """Let an upload whose creation is repeated accept new grants, and tell whether it does.

    Only for its creator: in the name of another one nobody acts, who may go on with a key of his own.
    """
    if upload.principal_id != request[PRINCIPAL].id:
        return False
    await request.app[SERVICES].uploads.add_grants(upload.id, kept, _MOST)
    return True


async def find_creator(request: web.Request, text: str) -> Principal | None:
    """Return whom the bearer's text stands for, if it is a grant of what the request names; else `None`."""
    find = _GRANTED.get(_resource(request))
    if find is None:
        return None
    services = request.app[SERVICES]
    return await _creator(services, await find(services, request.match_info["id"]), text)


async def find_parts_creator(request: web.Request, text: str) -> Principal | None:
    """Return whom the text stands for, if it is a grant of every part that a new whole names; else `None`.

    Raises `Problem` (400) for a malformed `Upload-Concat`.
    """
    creator = None
    if request.method == "POST" and _resource(request) == ROOT:
        services = request.app[SERVICES]
        for part_id in set(parse_concat(request)[1]):
            creator = await _creator(services, await _upload(services, part_id), text)
            if creator is None:
                break
    return creator


def _resource(request: web.Request) -> str:
    """Return the pattern of the path that the request asks for, or nothing."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""


async def _creator(services: Services, upload: Upload | None, text: str) -> Principal | None:
    """Return the upload's creator if the text is a grant of it and the creator's key still good."""
    if upload is None or hash_secret(text) not in upload.grants:
        return None
    if await services.principals.revoked([upload.principal_id]):
        return None
    return Principal(upload.principal_id, "grant", frozenset(), upload.centre_id)


async def _upload(services: Services, upload_id: str) -> Upload | None:
    try:
        return await services.uploads.load(upload_id, None)
    except NotFound:
        return None


async def _upload_of_evidence(services: Services, evidence_id: str) -> Upload | None:
    return await services.uploads.of_evidence(evidence_id)


#: What grants are good for: resources, and how the upload is found that one names.
_GRANTED: dict[str, Callable[[Services, str], Awaitable[Upload | None]]] = {
    f"{ROOT}/{{id}}": _upload,
    f"{ietf.ROOT}/{{id}}": _upload,
    f"{direct.ROOT}/{{id}}": _upload,
    f"{direct.ROOT}/{{id}}/{{part}}": _upload,
    f"{direct.ROOT}/{{id}}/complete": _upload,
    "/v1/evidence/{id}": _upload_of_evidence,
    "/v1/evidence/{id}/events": _upload_of_evidence,
}
