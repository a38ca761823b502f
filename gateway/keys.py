"""What the application and a request carry, under typed keys."""

from aiohttp import web

from gateway.services import Services
from gateway.tus.holding import Holders
from storage.records.principals import Principal

SERVICES = web.AppKey("services", Services)
HOLDERS = web.AppKey("holders", Holders)
PRINCIPAL = web.RequestKey("principal", Principal)
REQUEST_ID = web.RequestKey("request_id", str)
