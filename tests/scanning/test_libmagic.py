"""libmagic's opinion: it never decides, but where it names another family a person looks."""

import statistics
import time

import pytest

from config.formats import load_formats
from scanning.libmagic import BY_KIND, BY_TYPE, FAMILIES, contradiction, name_media_type
from tests.scanning import samples

TYPES = load_formats().types

CONTRADICTIONS = [
    ("jpeg", "application/x-dosexec"),
    ("jpeg", "text/html"),
    ("jpeg", "application/pdf"),
    ("text", "application/zip"),
    ("text", "application/x-executable"),
    ("html", "application/pdf"),
    ("mp4", "image/png"),
    ("pdf", "application/msword"),
    ("docx", "application/vnd.microsoft.portable-executable"),
    ("pe-exe", "application/zip"),
    ("mdb", "video/mp4"),
]
AGREEMENTS = [
    ("jpeg", "image/jpeg"),
    # Within a family libmagic may be as wrong as it likes: our own detectors know better.
    ("jpeg", "image/png"),
    ("docx", "application/zip"),
    ("dotx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("heic", "video/mp4"),
    ("text", "text/html"),
    # What it says without a strong magic number counts for nothing.
    ("text", "text/x-c"),
    ("text", "application/javascript"),
    ("mpegts", "application/octet-stream"),
    ("jpeg", "application/made-up"),
]


@pytest.mark.parametrize(("found", "opinion"), CONTRADICTIONS)
def test_another_family_is_for_a_person_to_look_at(found: str, opinion: str) -> None:
    problem = contradiction(TYPES[found], opinion)
    assert problem
    assert problem.code == "held_suspicious"
    assert TYPES[found].label in problem.problem


@pytest.mark.parametrize(("found", "opinion"), AGREEMENTS)
def test_anything_else_is_no_contradiction(found: str, opinion: str) -> None:
    assert contradiction(TYPES[found], opinion) is None


def test_the_table_knows_every_type_and_every_family_once() -> None:
    assert {row.kind for row in TYPES.values()} == BY_KIND.keys()
    assert TYPES.keys() >= BY_TYPE.keys()
    assert FAMILIES.keys() >= frozenset().union(*BY_KIND.values(), *BY_TYPE.values())
    names = [name for family in FAMILIES.values() for name in family]
    assert len(names) == len(set(names))


HEADS = {
    "an archive": b"Rar!\x1a\x07\x01\0" + bytes(40),
    "a program": b"MZ\x90\0" + bytes(60),
}


@pytest.mark.parametrize("family", HEADS)
def test_a_film_that_begins_as_something_else_is_held(examine, family: str) -> None:
    """Cameras leave a few bytes before the first packet, so our own detector lets them pass."""
    found = examine(HEADS[family] + samples.GENUINE["mts"], "mts")
    assert (found["state"], found["code"]) == ("held", "held_suspicious")
    assert family in found["detail"]["problem"]


def test_an_opinion_costs_less_than_two_milliseconds() -> None:
    spent = []
    for content in samples.GENUINE.values():
        started = time.perf_counter()
        name_media_type(content[:4096])
        spent.append(time.perf_counter() - started)
    assert statistics.median(spent) < 0.002
