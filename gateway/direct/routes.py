"""The routes of direct uploads."""

from aiohttp import web

from gateway.direct import ROOT
from gateway.direct.handlers import abort, create, finish, parts, sign

DIRECT: tuple[web.RouteDef, ...] = (
    web.post(ROOT, create),
    web.get(f"{ROOT}/{{id}}", parts),
    web.delete(f"{ROOT}/{{id}}", abort),
    web.post(f"{ROOT}/{{id}}/complete", finish),
    web.get(f"{ROOT}/{{id}}/{{part}}", sign),
)
