"""Who is asking: bearer keys, roles, and what each may see."""

from aiohttp import hdrs, web

from gateway.keys import PRINCIPAL, SERVICES
from gateway.problems import Problem
from storage.evidence import Evidence
from storage.records.principals import Principal
from storage.states import EvidenceState

#: Roles of the board's side that look at evidence.
REVIEWING = frozenset({"assessment_specialist", "team_leader", "qa_officer"})

#: Role that sees queues and metrics.
OPS = "ops"


async def authenticate(request: web.Request) -> Principal:
    """Return the principal of the request's bearer key; raises `Problem` (401)."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    principal = (
        await request.app[SERVICES].principals.find(token.strip()) if scheme.lower() == "bearer" else None
    )
    if principal is None:
        raise Problem("unauthorized", headers={"WWW-Authenticate": "Bearer"})
    return principal


def require_role(request: web.Request, role: str) -> None:
    """Raise `Problem` (403) unless the principal has the role."""
    if role not in request[PRINCIPAL].roles:
        raise Problem("forbidden", {"role": role})


def require_content(request: web.Request, evidence: Evidence) -> None:
    """Raise `Problem` unless this principal may read the evidence's bytes in its present state.

    Ready evidence: its own centre and reviewing roles. Held evidence: reviewing roles. Anything else: nobody
    (409 with the evidence's code).
    """
    principal = request[PRINCIPAL]
    reviewing = bool(principal.roles & REVIEWING)
    if principal.centre_id is None and not reviewing:
        raise Problem("forbidden", {"role": "assessment_specialist"})
    served = evidence.state is EvidenceState.READY or (reviewing and evidence.state is EvidenceState.HELD)
    if not served:
        raise not_available(evidence)


def not_available(evidence: Evidence) -> Problem:
    """Return the 409 that says, with the evidence's own code, why its bytes are not served."""
    return Problem(evidence.code or "not_available", {**evidence.detail, "state": evidence.state}, status=409)
