"""The pages that are made from tables say what the tables say."""

import pytest

from config.documentation import format_settings, parse_comments
from config.settings import Settings
from workers.documentation import ROOT, documents

PAGES = documents(ROOT)


@pytest.mark.parametrize("path", PAGES)
def test_page_is_not_stale(path):
    kept = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).exists() else ""
    assert kept == PAGES[path], f"{path} is stale: run .venv/bin/python -m workers.documentation"


def test_every_setting_is_in_the_readme():
    readme = PAGES["README.md"]
    assert [name for name in Settings.model_fields if f"`INTAKE_{name.upper()}`" not in readme] == []


def test_a_default_that_is_derived_from_others_is_left_empty():
    rows = format_settings().splitlines()
    assert any(row.startswith("| `INTAKE_DATABASE_URL` |  | SQLAlchemy URL of PostgreSQL") for row in rows)


class Kind:
    #: Of one line.
    ONE = 1
    #: Of two
    #: lines.
    TWO = 2
    THREE = 3

    FOUR = 4


def test_a_comment_belongs_to_the_name_below_it():
    assert parse_comments(Kind) == {"ONE": "Of one line.", "TWO": "Of two lines.", "THREE": "", "FOUR": ""}


def test_a_shared_comment_holds_up_to_the_next_gap():
    assert parse_comments(Kind, shared=True)["THREE"] == "Of two lines."
    assert parse_comments(Kind, shared=True)["FOUR"] == ""
