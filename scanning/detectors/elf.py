"""Linux programs, named so that they can be refused by name."""

from scanning.detector import Detector
from scanning.findings import Checked

DETECTOR = Detector(
    tells=frozenset({"elf"}),
    looks_like=lambda head: head.startswith(b"\x7fELF"),
    type_of=lambda _: "elf",
    check=lambda *_: Checked(),
)
