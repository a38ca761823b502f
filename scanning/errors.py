"""Errors of this package.

    ScanningError
    ├── ScannerUnavailable   no scanner answers; the evidence waits
    └── ScanError            a scanner answered, but not with a verdict: time limit, broken or unknown reply

Neither says anything about the evidence: it keeps its state and is scanned again later.
"""


class ScanningError(Exception):
    """Any failure to reach a verdict."""


class ScannerUnavailable(ScanningError):
    """No scanner answers at the moment."""


class ScanError(ScanningError):
    """A scanner was reached but gave no verdict."""
