"""Nothing of what the other tests share; a test's outcome, for its fleet to show its logs."""

from tests.end_to_end.conftest import pytest_runtest_makereport

__all__ = ["pytest_runtest_makereport"]
