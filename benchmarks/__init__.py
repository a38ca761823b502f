"""Speed and memory, measured on the real processes; `python -m benchmarks` runs everything."""
