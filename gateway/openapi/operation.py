"""One operation as a row: a method and a path, what may be sent, and what is answered."""

from dataclasses import dataclass
from typing import Any

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that is no refusal."""

    status: int
    says: str
    #: Type of a JSON body, one of `gateway.answers`.
    body: Any = None
    #: Media types of a body that is no JSON.
    media_types: tuple[str, ...] = ()
    #: Headers (rows of `gateway.openapi.headers`) that it always carries, and those that it may carry.
    headers: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """One parameter of the query; its schema is a JSON Schema, or a type that has one."""

    name: str
    says: str
    schema: Any


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method does at one path."""

    method: str
    path: str
    summary: str
    answers: tuple[Answer, ...]
    #: Codes of `config/reasons.toml` it refuses with, besides those that every operation knows.
    refusals: tuple[str, ...] = ()
    #: Headers that any refusal may carry, besides those of its status.
    refused_with: tuple[str, ...] = ()
    #: Also refuses with 409 and the code of the evidence, whatever that is.
    tells_evidence: bool = False
    queries: tuple[Query, ...] = ()
    #: Request headers (rows of `gateway.openapi.headers`).
    requires: tuple[str, ...] = ()
    accepts: tuple[str, ...] = ()
    #: Media type of the request's body…
    takes: str | None = None
    #: …or its type, when it is JSON.
    body: Any = None
