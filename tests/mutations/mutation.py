"""Ways in which the verdict on evidence could be wrong, and the tests that would say so: data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """One deliberate mistake: in `file`, `right` becomes `wrong`."""

    name: str
    file: str
    right: str
    wrong: str
    #: What must fail then, as pytest takes it.
    tests: tuple[str, ...]


_REPLIES = ("tests/scanning/test_replies.py",)
_BORDERS = ("tests/scanning/test_markers.py", "-k", "border")
_POOL = ("tests/scanning/test_pool.py", "-k", "windows")
_WINDOWS = ("tests/scanning/test_windows.py", "tests/scanning/test_markers.py", "-k", "window or border")
_FRESHNESS = ("tests/scanning/test_freshness.py",)
_PROOF = ("tests/workers/test_proof.py",)
_VERIFY = ("tests/workers/tasks/test_verify.py", "-k", "not test_file_of_clamav")

MUTATIONS = (
    Mutation(
        "a scanner that ends without a word is clean",
        "scanning/replies.py",
        'raise ScanError(f"clamd sent no verdict but {reply[:80]!r} ({len(reply)} bytes)")',
        "return Clean()",
        _REPLIES,
    ),
    Mutation(
        "a scanner's limit is clean",
        "scanning/replies.py",
        "return Unscanned(name)",
        "return Clean(name)",
        _REPLIES,
    ),
    Mutation(
        "half a reply is enough",
        "scanning/replies.py",
        "if _OK.fullmatch(reply):",
        'if b"OK" in reply:',
        _REPLIES,
    ),
    Mutation(
        "a virus in a later piece is overlooked",
        "scanning/outcome.py",
        "for reply in replies:",
        "for reply in replies[:1]:",
        _BORDERS,
    ),
    Mutation(
        "a file that is too large is scanned whole",
        "scanning/pool.py",
        "if size_bytes <= self._windows.whole_bytes:",
        "if size_bytes:",
        _POOL,
    ),
    Mutation(
        "the last window is left out",
        "scanning/windows.py",
        "in range(last + 1)",
        "in range(max(1, last))",
        _WINDOWS,
    ),
    Mutation(
        "windows do not overlap",
        "scanning/windows.py",
        "step = policy.window_bytes - policy.overlap_bytes",
        "step = policy.window_bytes",
        _WINDOWS,
    ),
    Mutation(
        "hashes of the whole are not looked up",
        "scanning/windowed.py",
        "if name := index.find(hashing.digests(), size_bytes):",
        "if name := index.find((), size_bytes):",
        ("tests/scanning/test_whole_hashes.py", "-k", "hashes_in_official"),
    ),
    Mutation(
        "old signatures pass",
        "scanning/freshness.py",
        "if age > max_age:",
        "if age < max_age * 0:",
        _FRESHNESS,
    ),
    Mutation(
        "signatures of unknown age pass",
        "scanning/freshness.py",
        "return Freshness() if allow_unknown else",
        "return Freshness() if True else",
        _FRESHNESS,
    ),
    Mutation(
        "members are not scanned",
        "workers/tasks/verify.py",
        "for member in members:",
        "for member in members[:0]:",
        _VERIFY,
    ),
    Mutation(
        "members scanned in windows are called clean",
        "workers/tasks/scan.py",
        "if scan.verdict == Verdict.CLEAN and not windowed:",
        "if scan.verdict == Verdict.CLEAN:",
        _VERIFY,
    ),
    Mutation(
        "what could not be taken out counts as scanned",
        "workers/tasks/verify.py",
        "return found.whole and found.type is not None and not rejected",
        "return True",
        _VERIFY,
    ),
    Mutation(
        "files inside files are not taken out",
        "scanning/nesting.py",
        "            sparing(detector.extract, inner, members)",
        "            detector.tells",
        _VERIFY,
    ),
    Mutation(
        "the coverage is not compared",
        "workers/pipeline.py",
        'and (scan.verdict, scan.coverage) in {("clean", "full"), ("clean_windowed", "windows")}',
        "and bool(scan.coverage)",
        _PROOF,
    ),
    Mutation(
        "the verdict may be on other bytes",
        "workers/pipeline.py",
        "and scan.sha256 == evidence.sha256",
        "and bool(scan.sha256)",
        _PROOF,
    ),
    Mutation(
        "any content passes under any name",
        "scanning/acceptance.py",
        "if held.isdisjoint({finding.type} | hidden):",
        "if not held:",
        ("tests/scanning/test_acceptance.py",),
    ),
    Mutation(
        "the gravest problem does not decide",
        "scanning/acceptance.py",
        "min(finding.problems, key",
        "max(finding.problems, key",
        ("tests/scanning/test_acceptance.py",),
    ),
    Mutation(
        "libmagic's contradiction does not count",
        "scanning/libmagic.py",
        "if family is None or family in",
        "if family or family in",
        ("tests/scanning/test_libmagic.py",),
    ),
    Mutation(
        "a broken scanner is no reason to wait",
        "workers/tasks/failures.py",
        '(ScanningError, "scanner_unavailable"),',
        "",
        ("tests/workers/tasks/test_broken_scanners.py",),
    ),
    Mutation(
        "a decoder's complaints are not told",
        "workers/decisions.py",
        "*({DECODER_NOISE} & facts.keys())",
        "*({DECODER_NOISE} - facts.keys() - {DECODER_NOISE})",
        ("tests/workers/tasks/test_corrupted.py", "-k", "overwritten"),
    ),
)
