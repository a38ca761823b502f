"""Tests of settings, tables and of the stack on one machine."""
