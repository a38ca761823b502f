import pytest

from tests.scanning import samples


@pytest.mark.parametrize(
    "content",
    [
        rb"{\rtf1 braces \{ and \} and \\}",
        rb"{\rtf1 {\pict\bin9 }}}}\\\{{{}}}",
        rb"{\rtf1 " + b"{}" * 200_000 + b"}",
        rb"{\rtf1 " + rb"\\" * 40_000 + rb"\{" * 70_000 + b"}",
        *(b"{\\rtf1 " + b"a" * (65_520 + shift) + rb"\{{\pict\bin5 }}}}}} words}" for shift in range(16)),
    ],
)
def test_the_brace_that_closes_the_text_is_its_end(examine, content):
    assert examine(content, "rtf")["flags"] == ()
    assert examine(content + b"\r\n\0", "rtf")["flags"] == ()
    assert examine(content[:-1], "rtf")["code"] == "damaged"
    assert examine(content + samples.program(), "rtf")["code"] == "held_suspicious"


def test_embedded_objects_are_flagged(examine):
    content = rb"{\rtf1 {\object\objemb{\*\objdata 0105000002000000}}}"
    assert examine(content, "rtf")["flags"] == ("attachments",)
