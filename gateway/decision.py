"""A person decides what becomes of held evidence: `POST /v1/evidence/{id}/decision`."""

from datetime import UTC, datetime
from enum import StrEnum

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from gateway.auth import require_board
from gateway.bodies import read_body
from gateway.evidence import find
from gateway.keys import PRINCIPAL, SERVICES
from gateway.showing import represented
from storage.evidence import Change, Evidence
from storage.records.principals import Role
from workers.judging import released, turned_down

#: Who decides: not whoever reviews the piece, but who answers for the review.
DECIDING = (Role.QA_OFFICER, Role.TEAM_LEADER)


class Verb(StrEnum):
    """What is decided."""

    RELEASE = "release"
    REJECT = "reject"


class Decision(BaseModel):
    """The request's body."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    decision: Verb
    #: In plain words, for the audit trail; of a rejection also for the centre.
    reason: str = Field(min_length=1, max_length=2000)


async def decide(request: web.Request) -> web.Response:
    """Release held evidence to go on, or reject it; answers with the evidence as it is then.

    Raises `NotFound`, `Problem` (403 without the role, 400 for a malformed body), and `NotHeld` and
    `NotProved` (409) when nothing is to be decided or the evidence was not wholly scanned.
    """
    require_board(request, DECIDING)
    evidence = await find(request)
    decision = await read_body(request, Decision)
    services, actor = request.app[SERVICES], request[PRINCIPAL].id

    def change(current: Evidence) -> Change:
        if decision.decision is Verb.REJECT:
            return turned_down(current, actor, decision.reason)
        return released(current, actor, decision.reason, datetime.now(UTC))

    changed = await services.evidence.change(evidence.id, change)
    if changed:
        await services.queue.follow_up(changed)
    (shown,) = await represented(services.queue, [await find(request)])
    return web.json_response(shown)
