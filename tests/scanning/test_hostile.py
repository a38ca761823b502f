"""No byte of a file, missing or wrong, makes a detector fail or dawdle."""

import random
import time

import pytest

from scanning.content import open_content
from scanning.identification import ENDLESS, identify
from tests.scanning import samples

FILES = {**samples.GENUINE, **samples.NEVER_ACCEPTED}
#: Types of which a cut at some places does not show: between two boxes, behind the end mark,
#: where only filling is lost.
FORGIVING = frozenset({"heic", "avif", "pdf", "elf", "ole"})
CHANGED = 100
LONGEST_SECONDS = 2.0


@pytest.fixture
def known(tmp_path):
    def known(content: bytes):
        (tmp_path / "f").write_bytes(content)
        started = time.process_time()
        with open_content(tmp_path / "f") as opened:
            found = identify(opened)
        assert time.process_time() - started < LONGEST_SECONDS
        return found[0] if found else None

    return known


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_anywhere_is_answered(known, name):
    content = FILES[name]
    whole = known(content)
    for size in range(0, len(content), max(1, len(content) // 200)):
        found = known(content[:size])
        taken = found is not None and found.type == whole.type and not found.problems
        assert not taken or whole.type in ENDLESS | FORGIVING, size


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_wrong_bytes_is_answered(known, name):
    chance = random.Random(name)
    for _ in range(CHANGED):
        content = bytearray(FILES[name])
        for _ in range(chance.choice([1, 2, 8, 64])):
            within = min(len(content), chance.choice([40, 400, len(content)]))
            content[chance.randrange(within)] = chance.choice([0, 1, 0x80, 0xFF, chance.randrange(256)])
        known(bytes(content))


@pytest.mark.parametrize("name", FILES)
def test_noise_behind_the_beginning_of_a_file_is_answered(known, name):
    chance = random.Random(name)
    for _ in range(30):
        known(FILES[name][: chance.randrange(1, 64)] + chance.randbytes(chance.choice([10, 500, 20_000])))


def test_noise_is_no_file(known):
    chance = random.Random(1)
    assert {known(chance.randbytes(3000)) for _ in range(300)} == {None}
