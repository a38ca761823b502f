"""Which programs a machine lacks is seen where they are looked for when they are needed."""

from pathlib import Path

from transcode.optional import PROGRAMS, lacking
from transcode.sandbox import SandboxKind


def test_a_machine_without_any_lacks_them_all() -> None:
    assert lacking(SandboxKind.LIMITS, "/nowhere") == ("bubblewrap", "libreoffice", "libwmf", "mdbtools")


def test_what_is_installed_is_not_lacking_and_half_of_a_tool_is_none(tmp_path: Path) -> None:
    for program in (program for programs in PROGRAMS.values() for program in programs):
        (tmp_path / program).touch(mode=0o755)
    assert lacking(SandboxKind.BWRAP, str(tmp_path)) == ()
    (tmp_path / "mdb-count").unlink()
    assert lacking(SandboxKind.BWRAP, str(tmp_path)) == ("mdbtools",)
