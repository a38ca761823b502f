"""What a media tool's complaint says about the source."""

from transcode.errors import NoSpace, SourceDamaged, SourceRefused, ToolError, ToolFailed

#: What is found in the tool's last words: the error it means, in plain words. The first that fits counts.
SAYINGS: tuple[tuple[str, type[ToolError], str], ...] = (
    ("No space left on device", NoSpace, "the disk for scratch files is full"),
    ("not on whitelist", SourceRefused, "its content is of a kind that is not opened here"),
    ("not in whitelist", SourceRefused, "its content is of a kind that is not opened here"),
    ("moov atom not found", SourceDamaged, "it was cut off before it was complete: its index is missing"),
    ("Invalid data found", SourceDamaged, "its content cannot be read"),
    ("End of file", SourceDamaged, "it ends too early"),
    ("could not find codec parameters", SourceDamaged, "its content cannot be read"),
    ("could not open codec", SourceDamaged, "its content cannot be read"),
    ("does not contain any stream", SourceDamaged, "there is neither picture nor sound in it"),
)


def diagnose(error: ToolFailed) -> ToolError:
    """Return the error that the complaint means, or the same one when it says nothing about the source."""
    for text, meaning, words in SAYINGS:
        if text.lower() in error.stderr_tail.lower():
            return meaning(words)
    return error
