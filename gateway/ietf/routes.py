"""The routes of this protocol, as a table."""

from aiohttp import web

from gateway.ietf.append import append
from gateway.ietf.cancel import cancel
from gateway.ietf.create import create
from gateway.ietf.options import options
from gateway.ietf.protocol import ROOT
from gateway.ietf.show import show

_ONE = f"{ROOT}/{{id}}"

RESUMABLE: tuple[web.RouteDef, ...] = (
    web.options(ROOT, options),
    web.post(ROOT, create),
    web.options(_ONE, options),
    web.head(_ONE, show),
    web.get(_ONE, show, allow_head=False),
    web.patch(_ONE, append),
    web.delete(_ONE, cancel),
)
