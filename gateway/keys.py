"""What the application and a request carry, under typed keys."""

from aiohttp import web

from gateway.events.feed import Feed
from gateway.openapi.edition import Edition
from gateway.revocation import Senders
from gateway.services import Services
from gateway.uploads.holding import Holders
from storage.records.principals import Principal

SERVICES = web.AppKey("services", Services)
HOLDERS = web.AppKey("holders", Holders)
FEED = web.AppKey("feed", Feed)
SENDERS = web.AppKey("senders", Senders)
OPENAPI = web.AppKey("openapi", Edition)
PRINCIPAL = web.RequestKey("principal", Principal)
REQUEST_ID = web.RequestKey("request_id", str)
