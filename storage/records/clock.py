"""The database's own clock: ages are told by one clock, whichever machine asks."""

from sqlalchemy import Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class now_seconds(FunctionElement[float]):  # noqa: N801 - named as it reads in a statement
    """Seconds since 1970 at this moment, to the millisecond or finer."""

    type = Float()
    inherit_cache = True


@compiles(now_seconds, "sqlite")
def _sqlite(_element: now_seconds, _compiler: SQLCompiler, **_: object) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now_seconds, "postgresql")
def _postgresql(_element: now_seconds, _compiler: SQLCompiler, **_: object) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"
