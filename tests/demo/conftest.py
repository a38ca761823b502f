"""Fixtures of these tests."""

from tests.services.make import make_run

__all__ = ["make_run"]
