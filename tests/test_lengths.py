"""The length check fails where it must."""

from tests.lengths import too_long


def function_of(lines: int, head: str = "def long():") -> str:
    return "\n".join([head, *["    pass"] * (lines - 1)]) + "\n"


def test_function_of_50_lines_passes() -> None:
    assert list(too_long(function_of(50), "x.py")) == []


def test_function_of_51_lines_fails() -> None:
    assert list(too_long(function_of(51), "x.py")) == ["x.py:1: long has 51 lines, more than 50"]


def test_async_method_of_51_lines_fails() -> None:
    source = "class A:\n" + "".join(
        f"    {line}\n" for line in function_of(51, "async def long():").splitlines()
    )
    assert len(list(too_long(source, "x.py"))) == 1


def test_decorator_counts() -> None:
    assert len(list(too_long("@decorated\n" + function_of(50), "x.py"))) == 1


def test_module_of_301_lines_fails() -> None:
    assert list(too_long("pass\n" * 301, "x.py")) == ["x.py: the module has 301 lines, more than 300"]
