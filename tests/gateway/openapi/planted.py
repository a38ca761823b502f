"""A real deployment with evidence of two centres, of which one may see nothing of the other's."""

import asyncio
import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.samples.photo import make_photo
from tests.services.api import Api
from tests.services.clamd import ClamdServer
from tests.services.intake import Intake, deployed

#: The name of a file that only the other centre may ever read.
SECRET_NAME = "confidential-marker-7f3a.jpg"

#: Where the uploads that are half-way stand.
HALF_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Sent:
    """What one centre has: a ready photo and an upload half-way."""

    evidence_id: str
    upload_id: str
    half_id: str
    sha256: str
    name: str

    @property
    def traces(self) -> tuple[bytes, ...]:
        """What nobody else may ever be told, in any form."""
        told = base64.b64encode(self.name.encode()).decode()
        traces = (self.evidence_id, self.upload_id, self.half_id, self.sha256, self.name, told)
        return tuple(trace.encode() for trace in traces)


@dataclass(frozen=True, slots=True)
class Planted:
    """The deployment, and the keys of a centre, of the other one, and of the board's operators."""

    intake: Intake
    keys: Mapping[str, str]
    ours: Sent
    theirs: Sent

    @property
    def upload_ids(self) -> tuple[str, ...]:
        """Uploads of both centres."""
        return (self.ours.half_id, self.ours.upload_id, self.theirs.half_id, self.theirs.upload_id)

    @property
    def evidence_ids(self) -> tuple[str, ...]:
        """Evidence of both centres."""
        return (self.ours.evidence_id, self.theirs.evidence_id)


@contextmanager
def planted(clamd: ClamdServer) -> Iterator[Planted]:
    with deployed(clamd, open_uploads_per_centre=100_000, free_disk_reserve_bytes=0) as intake:
        keys = {
            "ours": intake.make_key("--centre", "GB001"),
            "theirs": intake.make_key("--centre", "GB002"),
            "operator": intake.make_key("--role", "ops"),
        }
        ours = asyncio.run(_send(intake.url, keys["ours"], intake.folder, "ours.jpg", 1))
        theirs = asyncio.run(_send(intake.url, keys["theirs"], intake.folder, SECRET_NAME, 2))
        yield Planted(intake, keys, ours, theirs)


async def _send(url: str, key: str, folder: Path, name: str, seed: int) -> Sent:
    photo = await asyncio.to_thread(make_photo, folder / name, width=400, height=300, seed=seed)
    data = photo.read_bytes()
    async with Api(url, key) as api:
        upload, evidence = await api.create(len(data), name)
        assert (await api.patch(upload, 0, data)).status == 204
        half, _ = await api.create(len(data), name)
        assert (await api.patch(half, 0, data[:HALF_BYTES])).status == 204
        assert (await api.wait(evidence))["state"] == "ready"
    evidence_id, upload_id, half_id = (path.rpartition("/")[2] for path in (evidence, upload, half))
    return Sent(evidence_id, upload_id, half_id, sha256(data).hexdigest(), name)
