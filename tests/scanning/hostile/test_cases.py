"""Every hostile file ends as its row says, judged where the product judges it: in the sandboxed child."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from config.reasons import load_reasons
from tests.scanning.hostile import archives, fields, locked, macros, others, packed, pdfs, pictures
from tests.scanning.hostile.case import READY, Case
from transcode.children import ChildPool, open_children
from workers.tasks.replies import Inspected

INSPECT_TIMED = "tests.scanning.hostile.timed:inspect_timed"
CASES = tuple(
    case
    for module in (archives, macros, packed, fields, locked, pdfs, pictures, others)
    for case in module.CASES
)
#: Any file of up to 100 MB is answered within these; a picture that lies about its size, at once.
ANSWER_SECONDS, ANSWER_BYTES, LIE_SECONDS = 5.0, 512 << 20, 0.1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def children(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ChildPool]:
    scratch = tmp_path_factory.mktemp("scratch")
    async with open_children(("scanning.inspection", "tests.scanning.hostile.timed"), 2, scratch) as pool:
        yield pool


def test_there_are_at_least_sixty_cases_and_no_two_of_one_name() -> None:
    assert len(CASES) >= 60
    assert len({(case.name, case.extension) for case in CASES}) == len(CASES)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} ({case.extension})")
async def test_a_hostile_file_ends_as_its_row_says(case: Case, tmp_path: Path, children: ChildPool) -> None:
    (tmp_path / "file").write_bytes(case.build())
    async with children.call(
        INSPECT_TIMED, {"extension": case.extension}, input=tmp_path / "file", timeout_seconds=60
    ) as child:
        check(case, child.value["found"])
        assert child.value["seconds"] < (LIE_SECONDS if case.lies else ANSWER_SECONDS)
        assert child.value["memory_bytes"] < ANSWER_BYTES


def check(case: Case, found: dict[str, Any]) -> None:
    """The end, the flags, the words for the teacher, and a reply that the worker takes."""
    Inspected.model_validate({"found": found})
    assert (READY if found["accepted"] else found["code"]) == case.end, found
    if found["accepted"]:
        assert set(found["flags"]) == case.flags
        return
    reason, remedy = load_reasons()[found["code"]].told(found["detail"])
    assert "…" not in reason + remedy
    assert case.told in reason
