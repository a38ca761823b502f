"""POST that names another method (tus 1.0.0, X-HTTP-Method-Override)."""

from tests.services.api import BYTES, TUS, Api


async def test_methods_may_be_overridden(api: Api) -> None:
    upload, _ = await api.create(5)
    headers = {**BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    async with api.session.post(upload, headers=headers, data=b"hel") as answer:
        assert (answer.status, answer.headers["Upload-Offset"]) == (204, "3")
    async with api.session.post(upload, headers={**TUS, "X-HTTP-Method-Override": "DELETE"}) as answer:
        assert answer.status == 204
    assert (await api.head(upload)).status == 404


async def test_the_method_that_a_post_names_is_answered_wherever_it_is_sent(api: Api) -> None:
    upload, _ = await api.create(5)
    named = {**TUS, "Upload-Length": "5", "X-HTTP-Method-Override": "OPTIONS"}
    for path in ("/v1/uploads", upload):
        async with api.session.post(path, headers=named) as answer:
            assert (answer.status, answer.headers["Tus-Version"]) == (200, "1.0.0")
            assert "Location" not in answer.headers
        async with api.session.post(path, headers={**named, "X-HTTP-Method-Override": "Put"}) as answer:
            assert (answer.status, (await answer.json())["detail"]) == (
                405,
                "This address does not answer PUT.",
            )
    async with api.session.post("/v1/uploads", headers={**named, "X-HTTP-Method-Override": "HEAD"}) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "OPTIONS, POST")
    async with api.session.post("/v1/uploads", headers={**named, "X-HTTP-Method-Override": "POST"}) as answer:
        assert answer.status == 201
