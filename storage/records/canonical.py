"""Canonical JSON: equal values give equal bytes, before they were stored and after."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def plain(value: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Return a value as it will be read back from JSON: dicts, lists, text, numbers.

    Raises `TypeError` for what has no place in a record, `ValueError` for NaN.
    """
    return json.loads(json.dumps(value, default=_plain, allow_nan=False))


def format_json(value: object) -> str:
    """Return the shortest JSON of a plain value, keys sorted."""
    return json.dumps(value, allow_nan=False, sort_keys=True, separators=(",", ":"))


def digest(value: object) -> str:
    """Return the SHA-256 (hex) of a value's canonical JSON."""
    return sha256(format_json(plain(value)).encode()).hexdigest()


def plain_fields(record: "DataclassInstance") -> dict[str, Any]:
    """Return a record's fields that differ from their defaults.

    So a field that a later version adds does not change the digest of what was stored before.
    """
    values = ((field, getattr(record, field.name)) for field in fields(record))
    return {field.name: value for field, value in values if value != _default(field)}


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _plain(value: object) -> object:
    """Turn what JSON does not know, but records hold, into what it does."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "__dataclass_fields__"):
        return plain_fields(value)  # type: ignore[arg-type]
    raise TypeError(f"{type(value).__name__} has no place in a record")
