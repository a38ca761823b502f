"""Several machines on one, each in a network of its own: run by `tests/end_to_end/test_machines.py`."""
