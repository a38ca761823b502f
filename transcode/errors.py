"""Errors of this package.

ToolError
├── ToolFailed       the tool ended with an error of its own
├── ChildDied        the child was killed by a signal: an observed death
├── ToolTimeout      the time limit passed and the child was killed
├── ToolStalled      nothing moved on for too long and the child was killed
├── OutputTooLarge   the tool said or wrote more than was agreed
├── NoChild          no sandboxed child could be started in time
├── NoSpace          the disk under the private folder is full
├── SourceDamaged    the source is cut off or broken; `str()` says how, in plain words
├── SourceRefused    the source is nothing that these tools will open
└── DoesNotAddUp     a film cut into segments is not what it was: it must be encoded whole
    └── TooLarge     it is all there, and more bytes than it may have
"""


class ToolError(Exception):
    """Any failure of a media tool."""


class ToolFailed(ToolError):
    """The tool ended with an error of its own."""

    def __init__(self, returncode: int, stderr_tail: str) -> None:
        super().__init__(f"exit status {returncode}: {stderr_tail.strip()[-500:]}")
        self.returncode = returncode
        self.stderr_tail = stderr_tail


class ChildDied(ToolError):
    """The child was killed by a signal: a crash, or a limit on memory or processor time."""

    def __init__(self, signal: int, stderr_tail: str = "") -> None:
        super().__init__(f"killed by signal {signal}: {stderr_tail.strip()[-500:]}")
        self.signal = signal
        self.stderr_tail = stderr_tail


class ToolTimeout(ToolError):
    """The time limit passed and the child was killed."""


class ToolStalled(ToolError):
    """Nothing moved on for too long and the child was killed."""


class OutputTooLarge(ToolError):
    """The tool said or wrote more than was agreed."""


class NoChild(ToolError):
    """No sandboxed child could be started in time: nothing is known of the source."""


class NoSpace(ToolError):
    """The disk under the private folder is full: nothing is known of the source."""


class SourceDamaged(ToolError):
    """The source is cut off or broken; the message says how, in plain words."""


class SourceRefused(ToolError):
    """The source is nothing that these tools will open; the message says why, in plain words."""


class DoesNotAddUp(ToolError):
    """A film cut into segments does not come out as it must; whole, it may, or is found damaged."""


class TooLarge(DoesNotAddUp):
    """All segments together have more bytes than they may: the film is made anew by another plan."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"{size_bytes} bytes are too many")
        self.size_bytes = size_bytes
