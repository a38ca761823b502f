"""The routes of this protocol, as a table."""

from aiohttp import web

from gateway.expecting import ASK_LATER
from gateway.ietf.append import append
from gateway.ietf.cancel import cancel
from gateway.ietf.create import create
from gateway.ietf.options import options
from gateway.ietf.protocol import ROOT
from gateway.ietf.show import show

_ONE = f"{ROOT}/{{id}}"

RESUMABLE: tuple[web.AbstractRouteDef, ...] = (
    web.options(ROOT, options),
    web.post(ROOT, create, **ASK_LATER),
    web.options(_ONE, options),
    web.head(_ONE, show),
    web.get(_ONE, show, allow_head=False),
    web.patch(_ONE, append, **ASK_LATER),
    web.delete(_ONE, cancel),
)
