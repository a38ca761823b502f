"""JSON Schemas of the types that are answered, under the names they have in the code."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter

from config.documentation import parse_comments
from config.reasons import load_reasons
from gateway import answers
from workers.queue import QueueDepth

Schema = dict[str, Any]

_WHERE = "#/components/schemas/"

#: Types whose `#:` lines describe their properties.
_COMMENTED = (answers.Problem, answers.Scan, answers.Stage, answers.Evidence, answers.EvidencePage,
              answers.Readiness, QueueDepth)  # fmt: skip


def schemas_of(types: Iterable[Any]) -> tuple[Mapping[Any, Schema], dict[str, Schema]]:
    """Return the schema of each type, and the named schemas that these refer to."""
    found, rest = TypeAdapter.json_schemas(
        [(kind, "serialization", TypeAdapter(kind)) for kind in dict.fromkeys(types)],
        ref_template=f"{_WHERE}{{model}}",
    )
    named: dict[str, Schema] = rest.get("$defs", {})
    _describe(named)
    return {kind: schema for (kind, _), schema in found.items()}, named


def _describe(named: dict[str, Schema]) -> None:
    """Add what the types' comments and the table of reasons say."""
    for schema in named.values():
        for part in schema.get("properties", {}).values():
            part.pop("title", None)
    for kind in _COMMENTED:
        for name, said in parse_comments(kind).items():
            if said and kind.__name__ in named:
                named[kind.__name__]["properties"][name]["description"] = said
    if "Code" in named:
        named["Code"] |= {"enum": sorted(load_reasons()), "description": "A row of the table of reasons."}


def problem_schema(codes: Iterable[str], status: int) -> Schema:
    """Return the schema of a refusal with one of these codes."""
    told = {"code": {"enum": sorted(codes)}, "status": {"const": status}}
    return {"allOf": [{"$ref": f"{_WHERE}{answers.Problem.__name__}"}, {"properties": told}]}
