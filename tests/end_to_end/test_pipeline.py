"""Real evidence through real processes, from upload to its end."""

import hashlib

from tests.services.api import Api
from tests.services.clamd import EICAR


async def test_a_text_becomes_ready_and_is_served_unaltered(api: Api) -> None:
    data = b"What I did this summer.\n" * 100
    path = await api.send(data, "essay.txt")
    evidence = await api.wait(path)
    assert evidence["state"] == "ready", evidence
    assert evidence["sha256"] == hashlib.sha256(data).hexdigest()
    assert (await api.download(evidence["original"]["url"]))[1] == data


async def test_a_virus_is_never_ready_and_served_to_nobody(api: Api) -> None:
    path = await api.send(EICAR, "essay.txt")
    evidence = await api.wait(path)
    assert (evidence["state"], evidence["code"]) == ("infected", "infected")
    status, body, _ = await api.download(evidence["original"]["url"])
    assert status == 409
    assert EICAR not in body
