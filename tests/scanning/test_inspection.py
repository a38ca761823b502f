import pytest

from config.formats import load_formats
from scanning.identification import CHECKED_TYPES, DETECTORS
from tests.scanning import samples
from tests.scanning.families import same_family

FORMATS = load_formats()
CHECKED_EXTENSIONS = sorted(name for name, row in FORMATS.extensions.items() if row.holds <= CHECKED_TYPES)


def test_every_type_that_can_be_told_has_a_row():
    assert FORMATS.types.keys() >= CHECKED_TYPES


def test_what_may_hide_in_a_damaged_container_has_a_row():
    assert all(FORMATS.types.keys() >= detector.may_hide for detector in DETECTORS)


def test_every_checked_extension_has_a_sample():
    assert set(CHECKED_EXTENSIONS) == samples.GENUINE.keys() | {"jpeg", "jfif"}


@pytest.mark.parametrize("extension", samples.GENUINE)
def test_a_genuine_file_is_accepted_under_its_name_and_under_none(examine, extension):
    under_its_name = examine(samples.GENUINE[extension], extension)
    assert under_its_name["accepted"], under_its_name
    assert under_its_name["type"] in FORMATS.extensions[extension].holds
    assert examine(samples.GENUINE[extension], None)["type"] == under_its_name["type"]


@pytest.mark.parametrize("extension", samples.GENUINE)
def test_a_genuine_file_under_another_name_is_never_accepted(examine, extension):
    for other in FORMATS.extensions:
        if not same_family(extension, other):
            found = examine(samples.GENUINE[extension], other)
            assert (found["accepted"], found["code"]) == (False, "content_mismatch"), other
            assert found["detail"]["actual"] == FORMATS.types[found["type"]].label


@pytest.mark.parametrize("name", samples.NEVER_ACCEPTED)
def test_what_nobody_accepts_is_named_and_refused_under_every_name(examine, name):
    content = samples.NEVER_ACCEPTED[name]
    assert examine(content, None)["code"] == "content_not_accepted"
    for extension in FORMATS.extensions:
        found = examine(content, extension)
        assert (found["state"], found["code"], found["type"]) == ("rejected", "content_mismatch", name)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("extension", sorted(samples.GENUINE.keys() - samples.ENDLESS))
def test_a_file_that_was_cut_is_damaged(examine, extension, share):
    content = samples.GENUINE[extension]
    found = examine(content[: int(len(content) * share)], extension)
    # Of an old Office file, a cut within the last sector may have cost nothing.
    held = {"held_damaged"} if extension in {"doc", "xls", "ppt"} and share > 0.9 else set()
    assert not found["accepted"]
    assert found["code"] in {"damaged"} | held, found


def test_an_empty_file_is_refused_as_empty(examine):
    for extension in ("txt", "mp4", None):
        assert examine(b"", extension)["code"] == "empty_file"


@pytest.mark.parametrize("size", [1, 2, 3, 4, 8, 30])
def test_the_first_bytes_of_any_file_are_answered_and_not_accepted(examine, size):
    for extension in samples.GENUINE.keys() - samples.ENDLESS:
        assert not examine(samples.GENUINE[extension][:size], extension)["accepted"], extension


def test_every_accepted_extension_has_a_detector():
    assert FORMATS.extensions.keys() == set(CHECKED_EXTENSIONS)


def test_unknown_content_is_refused_under_a_checked_name(examine):
    for extension in [*CHECKED_EXTENSIONS, None]:
        assert examine(b"\x01\x02unknown\x00", extension)["code"] == "content_unknown"
