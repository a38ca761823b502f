"""What the application and a request carry, under typed keys."""

from aiohttp import web

from gateway.services import Services
from storage.records.principals import Principal

SERVICES = web.AppKey("services", Services)
PRINCIPAL = web.RequestKey("principal", Principal)
