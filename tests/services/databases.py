"""What tests say of the kind of database they run on: nothing, and they run on each (`database_url`)."""

import pytest

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ONLY_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
