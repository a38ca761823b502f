"""What clients say: the bodies of requests."""

import base64
from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from gateway.uploads.metadata import KEY
from storage.s3 import MOST_PARTS


class Creation(BaseModel):
    """What is to be uploaded."""

    model_config = ConfigDict(frozen=True)

    filename: str = Field(default="", max_length=4096)
    type: str = Field(default="", max_length=256)
    #: What the page knows of the file. `size`, in bytes, lets it be refused before it is sent.
    metadata: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    def length_bytes(self) -> int | None:
        """The file's size, if the page said it."""
        size = self.metadata.get("size")
        text = str(size) if isinstance(size, int | str) and not isinstance(size, bool) else ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

    @property
    def header(self) -> str:
        """The same as `Upload-Metadata` (tus 1.0.0, Creation)."""
        return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in self._pairs())

    def _pairs(self) -> Iterator[tuple[str, str]]:
        own = {"filename": self.filename, "filetype": self.type}
        yield from ((key, value) for key, value in own.items() if value)
        for key, value in self.metadata.items():
            if key not in own and isinstance(value, str) and KEY.fullmatch(key):
                yield key, value


class NamedPart(BaseModel):
    """A part as the client knows it."""

    model_config = ConfigDict(frozen=True)

    PartNumber: int = Field(ge=1, le=MOST_PARTS)
    ETag: str = Field(max_length=256)


class Completion(BaseModel):
    """All parts, by their numbers."""

    model_config = ConfigDict(frozen=True)

    parts: Annotated[tuple[NamedPart, ...], Field(min_length=1, max_length=MOST_PARTS)]
