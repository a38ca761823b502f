"""Streams over HTTP: `GET /v1/evidence/{id}/events` and `GET /v1/events`."""

from aiohttp import web

from gateway.auth import visible_centre
from gateway.events.cursor import parse_cursor, parse_version
from gateway.events.following import OfCentre, OfEvidence
from gateway.events.reader import has_ended
from gateway.events.scope import Scope
from gateway.events.writing import Writer
from gateway.evidence import find
from gateway.keys import FEED, PRINCIPAL, SERVICES
from gateway.problems import Problem

_LONGEST_CENTRE = 128


async def of_evidence(request: web.Request) -> web.StreamResponse:
    """`GET /v1/evidence/{id}/events`: what it is now, then every change, until it has reached an end.

    A client that knows the end is answered 204: "Clients will reconnect if the connection is closed; a client
    can be told to stop reconnecting using the HTTP 204 No Content response code." (HTML, section 9.2.1)
    """
    evidence = await find(request)
    seen = _last_event_id(request)
    version = parse_version(seen) if seen else None
    if version == evidence.version and has_ended(evidence):
        return web.Response(status=204, headers={"Cache-Control": "no-store"})
    scope = Scope(evidence.centre_id, evidence.id)
    following = OfEvidence(request.app[SERVICES], scope, evidence.id, version)
    return await Writer(request, following).run(request.app[FEED])


async def of_centre(request: web.Request) -> web.StreamResponse:
    """`GET /v1/events?centre=`: what changes from now on, or changed since `Last-Event-ID`."""
    seen = _last_event_id(request)
    since = parse_cursor(seen) if seen else None
    following = OfCentre(request.app[SERVICES], Scope(_centre(request)), since)
    return await Writer(request, following).run(request.app[FEED])


def _last_event_id(request: web.Request) -> str | None:
    return request.headers.get("Last-Event-ID") or None


def _centre(request: web.Request) -> str | None:
    """Return the centre to follow, `None` for all. Raises `Problem` (404) for a foreign one."""
    own = visible_centre(request[PRINCIPAL])
    wanted = request.query.get("centre") or own
    if wanted is None:
        return None
    if own not in {None, wanted}:
        raise Problem("not_found")
    if not wanted.isprintable() or len(wanted) > _LONGEST_CENTRE:
        raise Problem("bad_request", {"problem": "centre must be a centre's number"})
    return wanted
