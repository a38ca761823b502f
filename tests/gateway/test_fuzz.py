"""Requests made from the served description, right and wrong ones, against a real deployment.

Whatever is sent: no 5xx, an answer within seconds that the description knows, and no trace of another centre.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation, BaseSchema

from tests.gateway.openapi.contract import Contract
from tests.gateway.openapi.planted import HALF_BYTES, Planted, planted
from tests.services.clamd import ClamdServer

Strategy = st.SearchStrategy[Case]

ANSWERED_SECONDS = 20.0
NO_ROOM = 507
UPLOAD_BYTES = ("application/offset+octet-stream", "application/partial-upload", "application/octet-stream")
#: Streams never end; `test_hostile.py` asks for them.
STREAMS = "/events$"
#: Given to some requests, so that they get past the first checks: the second is where the uploads stand.
GREETINGS = [
    None,
    {"Tus-Resumable": "1.0.0"},
    {"Tus-Resumable": "1.0.0", "Upload-Offset": str(HALF_BYTES)},
    {"Upload-Complete": "?0", "Upload-Offset": str(HALF_BYTES)},
    {"Upload-Incomplete": "?1", "Upload-Draft-Interop-Version": "3", "Upload-Offset": str(HALF_BYTES)},
]
#: Every request has a key: without one there is only one answer.
CONFIG = {"generation": {"with-security-parameters": False}}

for media_type in UPLOAD_BYTES:
    schemathesis.openapi.media_type(media_type, st.binary(max_size=2000))


@pytest.fixture(scope="module")
def deployment(_clamd_process: ClamdServer) -> Iterator[Planted]:
    with planted(_clamd_process) as found:
        yield found


@pytest.fixture(scope="module")
def document(deployment: Planted) -> dict[str, Any]:
    return json.loads(requests.get(f"{deployment.intake.url}/openapi.json", timeout=ANSWERED_SECONDS).content)


@pytest.fixture(scope="module")
def schema(document: dict[str, Any]) -> BaseSchema:
    config = schemathesis.Config.from_dict(CONFIG)
    return schemathesis.openapi.from_dict(document, config=config).exclude(path_regex=STREAMS)


def _cases(operation: APIOperation, deployment: Planted) -> Strategy:
    """Cases that keep to the description and cases that do not, for ids that exist and any others."""

    def of(mode: GenerationMode, found: str | None, headers: dict[str, str] | None) -> Strategy:
        parameters = {"id": found} if found and "{id}" in operation.path else None
        return operation.as_strategy(generation_mode=mode, path_parameters=parameters, headers=headers)

    uploads = "uploads" in operation.path
    modes = st.sampled_from(list(GenerationMode))
    ids = st.sampled_from(deployment.upload_ids if uploads else deployment.evidence_ids)
    greetings = st.sampled_from(GREETINGS) if uploads else st.none()
    return st.tuples(modes, st.none() | ids, greetings).flatmap(lambda chosen: of(*chosen))


def _fuzz(deployment: Planted, schema: BaseSchema, document: dict[str, Any], who: str, examples: int) -> None:
    contract = Contract(document)
    forbidden = deployment.theirs.traces if who == "ours" else ()
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {deployment.keys[who]}"
        # This client takes 104 for the answer; nothing that has come through a proxy is sent one.
        session.headers["Via"] = "1.1 test"
        for result in schema.get_all_operations():
            operation = result.ok()
            check = _checking(session, deployment, contract, forbidden)
            wrapped = given(_cases(operation, deployment))(check)
            settings(
                max_examples=examples,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            )(wrapped)()


def _checking(
    session: requests.Session, deployment: Planted, contract: Contract, forbidden: tuple[bytes, ...]
) -> Callable[[Case], None]:
    def check(case: Case) -> None:
        began = time.monotonic()
        answer = case.call(deployment.intake.url, session, timeout=ANSWERED_SECONDS)
        assert time.monotonic() - began < ANSWERED_SECONDS
        # No machine has room for every length that is allowed.
        assert answer.status_code < 500 or answer.status_code == NO_ROOM, (answer.status_code, answer.content)
        method, path, headers = case.operation.method.upper(), case.operation.path, _headers(answer)
        assert not list(_broken(contract, method, path, answer.status_code, headers, answer.content))
        told = answer.content + b"\n".join(f"{name}: {value}".encode() for name, value in headers.items())
        sent = unquote_to_bytes(answer.request.url or "") + repr(answer.request.headers).encode()
        for trace in forbidden:
            assert trace not in told or trace in sent, (trace, told)

    return check


def _broken(
    contract: Contract, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes
) -> Iterator[str]:
    """Yield what breaks the description; what reached another route or none is only to be a problem."""
    if status in {404, 405}:
        if method != "HEAD":
            yield from contract.misfits({"$ref": "#/components/schemas/Problem"}, json.loads(body))
        return
    yield from contract.complaints(method, path, status, headers, body)


def _headers(answer: schemathesis.Response) -> Mapping[str, str]:
    return CIMultiDict((name, value) for name, values in answer.headers.items() for value in values)


@pytest.mark.timeout(300)
def test_a_centre_gets_described_answers_and_learns_nothing_of_another(
    deployment: Planted, schema: BaseSchema, document: dict[str, Any]
) -> None:
    _fuzz(deployment, schema, document, "ours", 40)


@pytest.mark.timeout(300)
def test_operators_get_described_answers(
    deployment: Planted, schema: BaseSchema, document: dict[str, Any]
) -> None:
    _fuzz(deployment, schema, document, "operator", 15)


@pytest.mark.soak
@pytest.mark.parametrize("who", ["ours", "theirs", "operator"])
def test_long(deployment: Planted, schema: BaseSchema, document: dict[str, Any], who: str) -> None:
    _fuzz(deployment, schema, document, who, 1000)
