"""The page on safety tells of every flag that the hostile files are let through with."""

import re
from pathlib import Path

from tests.scanning.hostile.test_cases import CASES

PAGE = Path(__file__).parents[3] / "docs" / "safety.md"


def test_every_flag_is_explained() -> None:
    rows = re.findall(r"^\| (`.*`) \|", PAGE.read_text(), re.MULTILINE)
    explained = {flag for row in rows for flag in re.findall(r"`(\w+)`", row)}
    assert explained >= {flag for case in CASES for flag in case.flags}
