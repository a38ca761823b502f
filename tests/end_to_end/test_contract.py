"""The public contract, sentence by sentence, on real processes."""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from tests.samples.film import make_phone_film
from tests.samples.paper import make_pdf
from tests.samples.photo import make_photo
from tests.samples.program import program_bytes
from tests.services.api import TUS, Api
from tests.services.clamd import EICAR
from tests.services.intake import Intake

STAGE_STATES = frozenset({"waiting", "running", "done", "skipped", "failed"})
PICTURES = frozenset(
    {"image", "thumbnail", "poster", "waveform", "storyboard", "storyboard_times", "deep_zoom"}
)
KINDS = frozenset({"video", "audio", "document"}) | PICTURES
FIELDS = [
    *("id", "state", "delayed", "code", "reason", "remedy", "filename", "media_type", "size_bytes", "sha256"),
    *(
        "created_at",
        "updated_at",
        "version",
        "scan",
        "flags",
        "pages",
        "no_preview",
        "stages",
        "renditions",
        "original",
    ),
]


@asynccontextmanager
async def another(intake: Intake, *options: str) -> AsyncIterator[Api]:
    async with Api(intake.url, intake.make_key(*options)) as client:
        yield client


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("samples")
    return make_phone_film(folder / "dance.mov", width=1280, height=720, seconds=2).read_bytes()


class TestPrincipals:
    async def test_open_without_a_key_are_options_anywhere_livez_and_readyz(self, intake: Intake) -> None:
        async with Api(intake.url, "") as nobody:
            for path in ("/v1/uploads", "/v1/uploads/any"):
                async with nobody.session.options(path) as answer:
                    assert answer.status == 200
            assert (await nobody.download("/livez"))[0] == 200
            assert (await nobody.download("/readyz"))[0] == 200

    @pytest.mark.parametrize("key", ["", "wrong", "ei_" + "x" * 43])
    async def test_no_or_a_bad_key_is_401(self, intake: Intake, key: str) -> None:
        async with Api(intake.url, key) as nobody:
            for path in ("/v1/evidence", "/v1/queues", "/metrics", "/v1/uploads/x", "/nowhere"):
                status, body, headers = await nobody.download(path)
                assert status == 401, path
                assert headers["WWW-Authenticate"] == "Bearer"
                assert b'"code": "unauthorized"' in body

    async def test_metrics_and_queues_need_the_ops_role(self, intake: Intake) -> None:
        async with another(intake, "--centre", "GB001") as teacher:
            assert (await teacher.download("/v1/queues"))[0] == 403
            assert (await teacher.download("/metrics"))[0] == 403

    async def test_an_object_of_another_centre_is_the_same_404_as_one_that_never_existed(
        self, intake: Intake, api: Api
    ) -> None:
        upload, evidence = await api.create(10, "essay.txt")
        unknown_evidence = "/v1/evidence/0199aaaa-0000-7000-8000-000000000000"
        async with another(intake, "--centre", "GB999") as stranger:
            for mine, never in (
                (evidence, unknown_evidence),
                (f"{evidence}/original", f"{unknown_evidence}/original"),
                (f"{evidence}/renditions/video", f"{unknown_evidence}/renditions/video"),
            ):
                assert same(await stranger.download(mine)) == same(await stranger.download(never))
                assert (await stranger.download(mine))[0] == 404
            for method in ("HEAD", "PATCH", "DELETE"):
                seen = []
                for path in (upload, "/v1/uploads/" + "x" * 32):
                    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
                    async with stranger.session.request(method, path, headers=headers) as answer:
                        seen.append(same((answer.status, await answer.read(), dict(answer.headers))))
                assert seen[0] == seen[1]
                assert seen[0][0] == 404
            async with stranger.session.get("/v1/evidence") as answer:
                assert (await answer.json())["items"] == []
        assert await api.offset(upload) == 0


class TestUploads:
    async def test_creation_answers_201_absolute_location_and_evidence_location(self, api: Api) -> None:
        async with api.session.post("/v1/uploads", headers={**TUS, "Upload-Length": "3"}) as answer:
            assert answer.status == 201
            assert answer.headers["Location"].startswith(f"{api.url}/v1/uploads/")
            assert re.fullmatch(r"/v1/evidence/[0-9a-f-]{36}", answer.headers["Evidence-Location"])
            token = answer.headers["Location"].rpartition("/")[2]
            assert len(base64.urlsafe_b64decode(token + "==")) >= 16, "128 bits or more"
            assert answer.headers["Evidence-Location"][27] == "7", "UUID version 7"

    async def test_a_name_with_an_accepted_extension_binds_the_content(self, api: Api) -> None:
        found = await api.wait(await api.send(program_bytes(), "homework.docx"))
        assert (found["state"], found["code"]) == ("rejected", "content_mismatch")
        assert "Windows program" in found["reason"]
        assert (await api.download(found["original"]["url"]))[0] == 409

    async def test_without_a_name_or_extension_the_content_alone_decides(self, api: Api) -> None:
        for name in (None, "README"):
            found = await api.wait(await api.send(b"plain words\n", name))
            assert (found["state"], found["media_type"]) == ("ready", "text/plain")

    async def test_unknown_keys_and_empty_values_are_accepted(self, api: Api) -> None:
        upload, _ = await api.create(
            3, None, **{"Upload-Metadata": "filename,filetype ,relativePath bnVsbA=="}
        )
        assert await api.offset(upload) == 0

    async def test_the_upload_answers_head_after_completion_and_delete_never_touches_evidence(
        self, api: Api
    ) -> None:
        upload, evidence = await api.create(6, "essay.txt")
        await api.patch(upload, 0, b"essay\n")
        await api.wait(evidence)
        assert await api.offset(upload) == 6
        async with api.session.delete(upload, headers=TUS) as answer:
            assert answer.status == 204
        found = await api.evidence(evidence)
        assert found["state"] == "ready"
        assert (await api.download(found["original"]["url"]))[1] == b"essay\n"

    async def test_get_of_an_upload_is_405(self, api: Api) -> None:
        upload, _ = await api.create(3)
        assert (await api.download(upload))[0] == 405

    async def test_refusals_carry_problem_json_with_a_body_but_not_on_head(self, api: Api) -> None:
        async with api.session.post("/v1/uploads", headers=TUS) as answer:
            assert (answer.status, answer.content_type) == (400, "application/problem+json")
            assert {"type", "title", "status", "code", "detail", "remedy"} <= (await answer.json()).keys()
        async with api.session.head("/v1/uploads/unknown", headers=TUS) as answer:
            assert answer.status == 404
            assert await answer.read() == b""


class TestEvidence:
    async def test_a_film_looks_as_the_contract_shows(self, api: Api, film: bytes) -> None:
        path = await api.send(film, "dance.mov")
        found = await api.wait(path)
        assert list(found) == FIELDS
        assert found["state"] == "ready"
        assert (found["delayed"], found["code"], found["reason"], found["remedy"]) == (
            False,
            None,
            None,
            None,
        )
        assert found["size_bytes"] == len(film)
        assert found["sha256"] == hashlib.sha256(film).hexdigest()
        for moment in (found["created_at"], found["updated_at"]):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)
        assert found["scan"]["verdict"] == "clean"
        assert found["scan"]["coverage"] == "full"
        assert re.fullmatch(r"ClamAV \d.*", found["scan"]["engine"])
        assert "signatures_at" in found["scan"]
        stages = {stage["name"]: stage for stage in found["stages"]}
        assert list(stages) == ["scan", "verify", "transcode", "thumbnail"]
        for stage in stages.values():
            assert (stage["state"], stage["progress"], stage["attempts"]) == ("done", 1.0, 1)
            assert datetime.fromisoformat(stage["started_at"]) <= datetime.fromisoformat(stage["ended_at"])
        kinds = {rendition["kind"]: rendition for rendition in found["renditions"]}
        assert kinds.keys() <= KINDS
        video = kinds["video"]
        assert (video["media_type"], video["width"], video["height"]) == ("video/mp4", 720, 1280)
        assert video["duration_seconds"] == pytest.approx(2, abs=0.1)
        assert video["url"] == f"{path}/renditions/video"
        assert len((await api.download(video["url"]))[1]) == video["size_bytes"]
        assert (await api.download(found["original"]["url"]))[1] == film

    async def test_a_running_stage_shows_progress_that_only_grows(self, api: Api, film: bytes) -> None:
        path = await api.send(film, "dance.mov")
        seen: list[float] = []
        while (found := await api.evidence(path))["state"] not in {"ready", "failed", "held", "rejected"}:
            stage = found["stages"][2]
            assert stage["state"] in STAGE_STATES
            if stage["state"] == "running":
                assert stage["started_at"]
                assert stage["ended_at"] is None
                assert "eta_seconds" in stage
                seen.append(stage["progress"])
            await asyncio.sleep(0.05)
        assert found["state"] == "ready"
        assert seen == sorted(seen)
        assert len(set(seen)) > 1, (seen, found)
        assert all(0 <= progress <= 1 for progress in seen)

    async def test_originals_are_served_only_when_ready(self, api: Api) -> None:
        infected = await api.wait(await api.send(EICAR, "essay.txt"))
        status, body, _ = await api.download(infected["original"]["url"])
        assert status == 409
        assert b'"code": "infected"' in body
        _, evidence = await api.create(5, "essay.txt")
        assert (await api.download(f"{evidence}/original"))[0] == 409

    async def test_listing_pages_newest_first_and_filters_by_state(self, intake: Intake) -> None:
        async with another(intake, "--centre", "GB777") as api:
            sent = [await api.send(f"essay {number}\n".encode(), "essay.txt") for number in range(5)]
            for path in sent:
                await api.wait(path)
            await api.create(5, "unfinished.txt")
            seen, cursor = [], ""
            while cursor is not None:
                async with api.session.get(f"/v1/evidence?state=ready&limit=2&cursor={cursor}") as answer:
                    page = await answer.json()
                assert list(page) == ["items", "next_cursor"]
                assert len(page["items"]) <= 2
                seen += [f"/v1/evidence/{item['id']}" for item in page["items"]]
                cursor = page["next_cursor"]
            assert seen == sent[::-1]

    @pytest.mark.parametrize("query", ["state=nonsense", "limit=0", "limit=x", "limit=100000", "cursor=!!"])
    async def test_a_malformed_query_is_a_clear_400(self, api: Api, query: str) -> None:
        status, body, _ = await api.download(f"/v1/evidence?{query}")
        assert status == 400
        assert b"remedy" in body

    async def test_ranges_and_tags_of_a_ready_file(self, api: Api) -> None:
        found = await api.wait(await api.send(b"0123456789", "digits.txt"))
        url = found["original"]["url"]
        status, body, headers = await api.download(url, Range="bytes=2-5")
        assert (status, body, headers["Content-Range"]) == (206, b"2345", "bytes 2-5/10")
        assert (await api.download(url, Range="bytes=99-"))[0] == 416
        assert (await api.download(url, **{"If-None-Match": headers["ETag"]}))[0] == 304
        stale = {"Range": "bytes=2-5", "If-Range": '"other"'}
        assert (await api.download(url, **stale))[:2] == (200, b"0123456789")
        assert headers["Content-Disposition"].startswith("attachment")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in headers["Content-Security-Policy"]

    async def test_photo_and_document_get_their_pictures(
        self, api: Api, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        folder = tmp_path_factory.mktemp("pictures")
        photo = make_photo(folder / "photo.jpg", width=1600, height=1200).read_bytes()
        paper = make_pdf(folder / "portfolio.pdf").read_bytes()
        for data, name, kinds in (
            (photo, "photo.jpg", {"thumbnail", "image"}),
            (paper, "a.pdf", {"thumbnail", "image", "document"}),
        ):
            found = await api.wait(await api.send(data, name))
            assert found["state"] == "ready", found
            assert {rendition["kind"] for rendition in found["renditions"]} == kinds
            skipped = {stage["name"] for stage in found["stages"] if stage["state"] == "skipped"}
            assert skipped == {"transcode"}


class TestQueues:
    async def test_queues_look_as_the_contract_shows(self, api: Api) -> None:
        async with api.session.get("/v1/queues") as answer:
            assert answer.status == 200
            items = (await answer.json())["items"]
        assert [item["name"] for item in items] == ["scan", "verify", "video", "image"]
        fields = ["name", "ready", "delayed", "leased", "dead", "oldest_age_seconds", "workers", "slots"]
        for item in items:
            assert list(item) == fields
        assert all(item["workers"] >= 1 and item["slots"] >= 1 for item in items)

    async def test_metrics_say_the_same(self, api: Api) -> None:
        status, body, headers = await api.download("/metrics")
        assert status == 200
        assert headers["Content-Type"].startswith("text/plain")
        text = body.decode()
        for queue in ("scan", "verify", "video", "image"):
            for state in ("ready", "delayed", "leased", "dead"):
                assert f'queue_depth{{queue="{queue}",state="{state}"}}' in text
            assert f'queue_oldest_age_seconds{{queue="{queue}"}}' in text


def same(answer: tuple[int, bytes, Mapping[str, str]]) -> tuple[int, bytes, Mapping[str, str]]:
    """The answer without what differs between any two: the time and the request's own id."""
    status, body, headers = answer
    return (
        status,
        body,
        {name: value for name, value in headers.items() if name not in {"Date", "X-Request-ID"}},
    )
