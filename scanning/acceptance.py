"""Whether a file may be taken, from what its name promises and what it was found to be: pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from config.formats import Extension, Formats
from scanning.findings import Finding, Problem

#: Codes of `config/reasons.toml` by the state they end in, the gravest first.
_STATES = {
    "unsafe_content": "rejected",
    "encrypted": "rejected",
    "damaged": "rejected",
    "held_suspicious": "held",
    "held_damaged": "held",
}
_GRAVEST_FIRST = tuple(_STATES)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The content is what its name says."""

    type: str
    media_type: str
    #: Which renditions are made: `kind` of the type's row.
    kind: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The content cannot be taken, or a person must look."""

    #: `rejected` or `held`.
    state: str
    #: Row of `config/reasons.toml`, and the words for its placeholders.
    code: str
    detail: Mapping[str, str] = field(default_factory=dict)


def decide(
    formats: Formats, checked_types: frozenset[str], extension: str | None, finding: Finding | None
) -> Accepted | Refused:
    """Judge a file that is not empty; without an extension its content alone decides.

    `checked_types` are those that some detector can tell. `extension` must be an accepted one or `None`.
    """
    promise = formats.extensions[extension] if extension else None
    if finding is None:
        return _unknown(formats, checked_types, promise)
    held = promise.holds if promise else _all_types(formats)
    hidden = finding.may_be if finding.problems else frozenset[str]()
    if held.isdisjoint({finding.type} | hidden):
        return _mismatch(formats, promise, finding)
    if finding.problems:
        return _flawed(min(finding.problems, key=lambda problem: _GRAVEST_FIRST.index(problem.code)))
    row = formats.types[finding.type]
    return Accepted(row.name, row.media_type, row.kind, tuple(sorted(finding.checked.flags)))


def _all_types(formats: Formats) -> frozenset[str]:
    return frozenset().union(*(row.holds for row in formats.extensions.values()))


def _unknown(formats: Formats, checked_types: frozenset[str], promise: Extension | None) -> Refused:
    if promise and not promise.holds <= checked_types:
        return Refused("held", "held_unchecked_format", {"extension": promise.name})
    return Refused("rejected", "content_unknown", {"accepted": formats.names})


def _mismatch(formats: Formats, promise: Extension | None, finding: Finding) -> Refused:
    actual = formats.types[finding.type].label
    if promise:
        return Refused("rejected", "content_mismatch", {"extension": promise.name, "actual": actual})
    return Refused("rejected", "content_not_accepted", {"actual": actual, "accepted": formats.names})


def _flawed(problem: Problem) -> Refused:
    detail = {"problem": problem.problem} if problem.problem else {}
    return Refused(_STATES[problem.code], problem.code, detail)
