"""Who is asking: bearers, roles, and what each may see."""

from collections.abc import Sequence
from functools import partial

from aiohttp import web

from gateway.grants import bearer_of, find_creator, find_parts_creator, is_grant
from gateway.keys import PRINCIPAL, SERVICES
from gateway.problems import Problem
from gateway.tokens import Tokens, invalid_token, is_token
from storage.evidence import Evidence
from storage.records.principals import Principal, Role
from storage.states import EvidenceState

#: Roles of the board's side that look at evidence.
REVIEWING = frozenset({Role.ASSESSMENT_SPECIALIST, Role.TEAM_LEADER, Role.QA_OFFICER})


async def authenticate(request: web.Request) -> Principal:
    """Return the principal of the request's bearer: a key, an issuer's token, or a grant.

    Raises `Problem`: 401, and 503 while tokens cannot be checked.
    """
    bearer, services = bearer_of(request), request.app[SERVICES]
    if services.tokens and is_token(bearer):
        return await _holder(request, services.tokens, bearer)
    find = partial(find_creator, request) if is_grant(bearer) else services.principals.find
    principal = await find(bearer)
    if principal is None:
        raise Problem("unauthorized")
    return principal


async def _holder(request: web.Request, tokens: Tokens, bearer: str) -> Principal:
    """Return a token's principal; an expired one is still a grant of what it created, and of its whole."""
    token = await tokens.read(bearer)
    if not token.expired:
        return token.principal
    principal = await find_creator(request, bearer) or await find_parts_creator(request, bearer)
    if principal is None:
        raise invalid_token("token_expired")
    return principal


def require_standing(principal: Principal) -> Principal:
    """Return the principal; raises `Problem` (403) for one of no centre and no role, who may do nothing."""
    if principal.centre_id is None and not principal.roles:
        raise Problem("no_role")
    return principal


def require_centre(principal: Principal) -> str:
    """Return the centre whose evidence the principal sends; raises `Problem` (403) for the board's side."""
    if principal.centre_id is None:
        raise Problem("forbidden", {"role": Role.CENTRE_USER})
    return principal.centre_id


def visible_centre(principal: Principal) -> str | None:
    """Return the only centre whose evidence the principal sees, `None` for every centre's.

    Raises `Problem` (403) for one of the board's side without a role for it.
    """
    if principal.centre_id is None and not principal.roles & (REVIEWING | {Role.OPS}):
        raise Problem("forbidden", {"role": Role.ASSESSMENT_SPECIALIST})
    return principal.centre_id


def require_role(request: web.Request, role: Role) -> None:
    """Raise `Problem` (403) unless the principal has the role."""
    if role not in request[PRINCIPAL].roles:
        raise Problem("forbidden", {"role": role})


def require_board(request: web.Request, roles: Sequence[Role]) -> None:
    """Raise `Problem` (403) unless the principal is of the board's side and has one of the roles."""
    principal = request[PRINCIPAL]
    if principal.centre_id is not None or principal.roles.isdisjoint(roles):
        raise Problem("forbidden", {"role": roles[0]})


def require_content(request: web.Request, evidence: Evidence) -> None:
    """Raise `Problem` unless this principal may read the evidence's bytes in its present state.

    Ready evidence: its own centre and reviewing roles. Held evidence: reviewing roles. Anything else: nobody
    (409 with the evidence's code).
    """
    principal = request[PRINCIPAL]
    reviewing = bool(principal.roles & REVIEWING)
    if principal.centre_id is None and not reviewing:
        raise Problem("forbidden", {"role": Role.ASSESSMENT_SPECIALIST})
    served = evidence.state is EvidenceState.READY or (reviewing and evidence.state is EvidenceState.HELD)
    if not served:
        raise not_available(evidence)


def not_available(evidence: Evidence) -> Problem:
    """Return the 409 that says, with the evidence's own code, why its bytes are not served."""
    return Problem(evidence.code or "not_available", {**evidence.detail, "state": evidence.state}, status=409)
