"""One module for each family of formats; each defines the `DETECTOR` that `scanning.identification` lists."""
