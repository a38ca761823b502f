"""Evidence that a person must look at: held, seen by reviewers alone, then decided."""

import io
import zipfile
from pathlib import Path

import pytest

from tests.samples.photo import make_photo
from tests.services.api import Api, Json
from tests.services.intake import Intake


def photo_with_a_tail(folder: Path) -> bytes:
    tail = io.BytesIO()
    with zipfile.ZipFile(tail, "w") as archive:
        archive.writestr("notes.txt", "what the photo hides")
    return make_photo(folder / "photo.jpg", width=800, height=600).read_bytes() + tail.getvalue()


async def decide(board: Api, path: str, decision: str) -> Json:
    body = {"decision": decision, "reason": "Looked at it with care."}
    async with board.session.post(f"{path}/decision", json=body) as answer:
        assert answer.status == 200, await answer.text()
        decided: Json = await answer.json()
        return decided


@pytest.mark.parametrize(("decision", "end"), [("release", "ready"), ("reject", "rejected")])
async def test_a_photo_with_another_file_behind_it_is_held_until_somebody_decides(
    intake: Intake, api: Api, tmp_path: Path, decision: str, end: str
) -> None:
    data = photo_with_a_tail(tmp_path)
    path = await api.send(data, "photo.jpg")
    held = await api.wait(path)
    assert (held["state"], held["code"]) == ("held", "held_suspicious")
    assert (await api.download(f"{path}/original"))[0] == 409
    async with Api(intake.url, intake.make_key("--role", "team_leader")) as board:
        assert (await board.download(f"{path}/original"))[1] == data
        await decide(board, path, decision)
        ended = await api.wait(path, {"ready", "rejected"})
    assert ended["state"] == end
    assert ("released" in ended["flags"], bool(ended["renditions"])) == (end == "ready",) * 2
    assert (await api.download(f"{path}/original"))[0] == (200 if end == "ready" else 409)
