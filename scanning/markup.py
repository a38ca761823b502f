"""Which markup a text begins with: pure. After the rules by which browsers take bytes for a web page.

Source: WHATWG MIME Sniffing, "Identifying a resource with an unknown MIME type".
"""

import re

_SKIPPED = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s+|<!--.*?-->|-->|<\?xml[^>]*\?>|<!DOCTYPE\s+svg[^>]*>)*",
    re.IGNORECASE | re.DOTALL,
)
_TAGS = (
    (re.compile(rb"<svg[\s>]", re.IGNORECASE), "svg"),
    (re.compile(rb"<!DOCTYPE\s+html[\s>]", re.IGNORECASE), "html"),
    (
        re.compile(
            rb"<(?:html|head|body|script|iframe|title|meta|link|style|table|div|span|font|center|h[1-6]|"
            rb"p|br|hr|a|b|i|ul|ol|img|form|frameset|object|embed|base|pre)[\s/>]",
            re.IGNORECASE,
        ),
        "html",
    ),
    (re.compile(rb"\{\\rtf"), "rtf"),
)


def markup_of(head: bytes) -> str | None:
    """Return `html`, `svg` or `rtf` if the text that begins with `head` is one."""
    skipped = _SKIPPED.match(head)
    start = skipped.end() if skipped else 0
    for tag, name in _TAGS:
        if tag.match(head, start):
            return name
    return None
