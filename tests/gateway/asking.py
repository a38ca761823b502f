"""One question with a bearer, and what it is answered."""

from tests.services.api import Api


async def asked_with(url: str, token: str, path: str = "/v1/evidence") -> tuple[int, str, str]:
    """Status, code and challenge of an answer."""
    async with Api(url, token) as api, api.session.get(path) as answer:
        code = (await answer.json())["code"] if answer.status >= 400 else ""
        return answer.status, code, answer.headers.get("WWW-Authenticate", "")
