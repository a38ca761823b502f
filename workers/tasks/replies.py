"""What sandboxed children reply, made into values that can be trusted in shape.

A child that a hostile file took over may say anything: names of files are checked by `ChildResult.file`,
types and words are looked up in our own tables, and what does not fit is a failed attempt, never a result.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, NonNegativeInt, PositiveInt

from config.formats import load_formats
from config.reasons import load_reasons
from workers.decisions import Content

#: What tools measured: plain values, lists and tables of them.
Plain = bool | int | FiniteFloat | str | None
Facts = dict[str, Plain | list[Plain] | dict[str, Plain]]


def _known_type(name: str) -> str:
    if name not in load_formats().types:
        raise ValueError("no type of the table")
    return name


def _known_code(code: str) -> str:
    if code not in load_reasons():
        raise ValueError("no code of the table")
    return code


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class Member(_Reply):
    """A file taken out of the evidence, to be scanned under its own type."""

    file: str
    name: Annotated[str, Field(max_length=120)]


class _Found(_Reply):
    #: Row of the table of types; `None` for content in no format that is known.
    type: Annotated[str, AfterValidator(_known_type)] | None
    flags: list[str]
    facts: Facts
    members: list[Member]
    #: Whether the members are all that is inside.
    whole: bool

    def content(self) -> Content | None:
        """Return what was found, its media type and kind by the table; `None` for what is unknown."""
        if self.type is None:
            return None
        row = load_formats().types[self.type]
        return Content(row.name, row.media_type, row.kind, self.flags, self.facts)


class Accepted(_Found):
    """The content is what the name says."""

    accepted: Literal[True]


class Refused(_Found):
    """The content cannot be taken, or a person must look."""

    accepted: Literal[False]
    state: Literal["rejected", "held"]
    code: Annotated[str, AfterValidator(_known_code)]
    detail: dict[str, str]
    members: list[Member]
    #: These are all that is inside.
    whole: bool


class Inspected(BaseModel):
    """The reply of `scanning.inspection:inspect`."""

    found: Accepted | Refused


class Picture(_Reply):
    """One picture that a child made."""

    file: str
    media_type: Literal["image/jpeg", "image/png"]
    width: PositiveInt
    height: PositiveInt


class Moving(_Reply):
    """An animation's review picture."""

    file: str
    width: PositiveInt
    height: PositiveInt

    @property
    def media_type(self) -> str:
        """Return the one type that animations are made in."""
        return "image/webp"


class Pictures(_Reply):
    """The reply of `transcode.image:render`; without pictures, its facts say why there are none."""

    width: NonNegativeInt
    height: NonNegativeInt
    pictures: dict[Literal["thumbnail", "image"], Picture]
    tools: dict[str, str]
    moving: Moving | None = None
    facts: Facts = Field(default_factory=dict)


class Zoom(_Reply):
    """The reply of `transcode.zoom:render`."""

    file: str
    width: PositiveInt
    height: PositiveInt
    tools: dict[str, str]

    @property
    def media_type(self) -> str:
        """Return what pyramids are packed in."""
        return "application/zip"


class Pages(_Reply):
    """The reply of `transcode.document:render`."""

    pages: PositiveInt
    pages_shown: PositiveInt
    pictures: dict[Literal["thumbnail", "image"], Picture]
    file: str
    tools: dict[str, str]


class Words(_Reply):
    """The reply of what writes plain text; without a file, its facts say why there is none."""

    file: str | None = None
    facts: Facts
    tools: dict[str, str] = Field(default_factory=dict)


class Preview(_Reply):
    """The reply of `transcode.quicklook:render`; without a file, there is no preview."""

    file: str | None
