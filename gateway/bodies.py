"""Small JSON bodies of requests, read and checked."""

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from gateway.expecting import ask_for_body
from gateway.problems import Problem

Body = TypeVar("Body", bound=BaseModel)


async def read_body(request: web.Request, kind: type[Body], *, most_bytes: int = 16 << 10) -> Body:
    """Read a body of a kind, of at most so many bytes. Raises `Problem` (400), which says what is wrong."""
    await ask_for_body(request)
    body = bytearray()
    while len(body) <= most_bytes and (piece := await request.content.read(most_bytes + 1 - len(body))):
        body += piece
    if len(body) > most_bytes:
        raise Problem("bad_request", {"problem": f"The body may have at most {most_bytes} bytes."})
    try:
        return kind.model_validate_json(bytes(body))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, found['loc'])) or 'the body'}: {found['msg']}" for found in error.errors()
        )
        raise Problem("bad_request", {"problem": f"The body is malformed: {wrong}."}) from error
