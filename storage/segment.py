"""A segment of a long film's transcode as a value: work that one worker does by itself. No I/O."""

from dataclasses import dataclass
from enum import StrEnum


class SegmentWork(StrEnum):
    """What one segment does."""

    #: Encodes a stretch of the picture.
    PICTURE = "picture"
    #: Encodes or copies the whole sound.
    SOUND = "sound"
    #: Puts everything together, once all others are done.
    JOIN = "join"


@dataclass(frozen=True, slots=True)
class Segment:
    """One of the jobs into which the transcode of a long film is cut; kept until the stage has settled."""

    number: int
    work: SegmentWork
    #: Share of the whole stage's work, above 0; all together are 1.
    share: float
    #: The attempt that is under way or was the last, by the stage's count; 0 until it is due.
    attempt: int = 0
    #: Stretch of the rendition in 1/90000 s, the end exclusive; `None`: to the film's end.
    first_tick: int = 0
    end_tick: int | None = None
    #: Where the source is opened for it, in microseconds after the source's own start.
    seek_us: int = 0
    #: Frames that it must have.
    frames: int = 0
    #: Name of the blob that holds what was made; `None` until then.
    blob_id: str | None = None
    sha256: str = ""
    #: Lines of complaint of the tool that made it.
    complaints: int = 0
    #: Hash of the codec's parameter sets: only equal ones can be joined.
    parameters_sha256: str = ""
