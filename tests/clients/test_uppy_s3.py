"""Uppy in a real browser sends 100 MB straight to an object store; the tab is closed in the middle."""

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.browser import browser
from tests.clients.site import site
from tests.services.api import Api
from tests.services.clamd import ClamdServer
from tests.services.intake import Intake, deployed
from tests.services.object_store import ObjectStore

FILE_BYTES = 100_000_000
PARTS = 20
BUCKET = "portal"


@pytest.fixture
def intake(object_store: ObjectStore, clamd_server: ClamdServer, portal_port: int) -> Iterator[Intake]:
    origin = f"http://127.0.0.1:{portal_port}"
    store = object_store.client()
    store.create_bucket(Bucket=BUCKET)
    rule = {
        "AllowedOrigins": [origin],
        "AllowedMethods": ["PUT"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag"],
    }
    store.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
    storage = object_store.url("uppy", bucket=BUCKET)
    with deployed(
        clamd_server, storage=storage, direct_uploads="true", cors_origins=json.dumps([origin])
    ) as intake:
        yield intake


async def visit(folder: Path, port: int, intake: Intake, **told: object) -> dict[str, Any]:
    """Show the page until it reports, then close it."""
    task = {"server": intake.url, "key": intake.key, "file": "essay.txt", **told}
    async with site("uppy_s3", folder, port, task) as portal:
        with browser(f"http://127.0.0.1:{port}/"):
            outcome = await portal.outcome()
    assert "error" not in outcome, f"{outcome['error']}\n{intake.logs()}"
    (upload,) = outcome["uploads"]
    return dict(upload)


async def test_a_tab_that_was_closed_goes_on_and_the_evidence_becomes_ready(
    intake: Intake, portal_port: int, tmp_path: Path
) -> None:
    data = random.Random(7).randbytes(FILE_BYTES // 2).hex().encode()
    (tmp_path / "essay.txt").write_bytes(data)
    first = await visit(tmp_path, portal_port, intake, until=8)
    second = await visit(tmp_path, portal_port, intake, kept=first["kept"])
    assert 0 < second["sent"] <= PARTS - 8
    async with Api(intake.url, intake.key) as api:
        evidence = await api.wait(f"/v1/evidence/{second['key']}")
        assert second["url"] == f"{intake.url}/v1/evidence/{second['key']}"
    assert (evidence["state"], evidence["filename"]) == ("ready", "essay.txt")
    assert evidence["sha256"] == hashlib.sha256(data).hexdigest()
