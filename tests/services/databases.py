"""What tests say of the kind of database they run on.

Those of the records say nothing and run on each (`database_url`); those of a gateway or of tasks run on
SQLite, or as `--database` says, or on both.
"""

import pytest

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ONLY_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

ON_BOTH = pytest.mark.parametrize("chosen_database", ["sqlite", "postgresql"], indirect=True)
