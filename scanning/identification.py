"""What a file really is: the table of detectors, and the one loop over it.

A format is added by one module in `scanning/detectors`, one row here, and its type in `config/formats.toml`.
"""

from dataclasses import replace

from config.formats import load_formats
from scanning.content import Content
from scanning.detector import Detector
from scanning.detectors import (
    access,
    aiff,
    amr,
    asf,
    bmp,
    elf,
    flv,
    gif,
    isobmff,
    jpeg,
    matroska,
    mpegaudio,
    mpegps,
    mpegts,
    ole,
    pcx,
    pdf,
    pe,
    png,
    psd,
    riff,
    rtf,
    text,
    tiff,
    wmf,
    zipped,
)
from scanning.findings import Checked, Finding, Flawed, Problem
from scanning.libmagic import contradiction, name_media_type
from scanning.memory import sparing
from scanning.tails import check_tail

#: In the order they are asked; those with the plainest magic numbers first, text last.
DETECTORS: tuple[Detector, ...] = (
    pe.DETECTOR,
    elf.DETECTOR,
    zipped.DETECTOR,
    ole.DETECTOR,
    jpeg.DETECTOR,
    png.DETECTOR,
    gif.DETECTOR,
    riff.DETECTOR,
    matroska.DETECTOR,
    isobmff.DETECTOR,
    tiff.DETECTOR,
    psd.DETECTOR,
    aiff.DETECTOR,
    amr.DETECTOR,
    flv.DETECTOR,
    asf.DETECTOR,
    access.DETECTOR,
    rtf.DETECTOR,
    pdf.DETECTOR,
    wmf.DETECTOR,
    bmp.DETECTOR,
    pcx.DETECTOR,
    mpegps.DETECTOR,
    mpegts.DETECTOR,
    mpegaudio.DETECTOR,
    text.DETECTOR,
)

#: Types of which nothing says where they end, so that a file cut short looks whole. (Of MP3, some say.)
ENDLESS: frozenset[str] = frozenset(
    {"text", "html", "svg", "aac", "amr", "mp3", "flv", "mpegts", "mpegps", "mpeges"}
)

#: Types whose files are checked by machine; an extension that holds others has to wait for its detector.
CHECKED_TYPES: frozenset[str] = frozenset().union(*(detector.tells for detector in DETECTORS))


def identify(content: Content) -> tuple[Finding, Detector] | None:
    """Say what the file is and which detector knew it; `None`: it is nothing that any of them knows."""
    for detector in DETECTORS:
        if detector.looks_like(content.head):
            finding = ask(detector, content)
            if finding is not None:
                return _cross_checked(content, finding), detector
    return None


def _cross_checked(content: Content, finding: Finding) -> Finding:
    problem = contradiction(load_formats().types[finding.type], name_media_type(content.head))
    return with_problem(finding, problem) if problem else finding


def ask(detector: Detector, content: Content) -> Finding | None:
    """Say what one detector knows of the file; `None`: it is nothing of its."""
    try:
        name = sparing(detector.type_of, content)
    except Flawed as flaw:
        if detector.container is None:
            return None
        return Finding(detector.container, Checked(problems=(flaw.problem,)), detector.may_hide)
    if name is None:
        return None
    may_be = detector.may_hide if name == detector.container else frozenset()
    try:
        checked = check_tail(content, sparing(detector.check, content, name))
    except Flawed as flaw:
        return Finding(name, Checked(problems=(flaw.problem,)), may_be)
    return Finding(name, checked)


def with_problem(finding: Finding, problem: Problem) -> Finding:
    """Return the finding with one more problem."""
    return replace(finding, checked=replace(finding.checked, problems=(*finding.problems, problem)))
