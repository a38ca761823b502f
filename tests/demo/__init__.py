"""The demo: real files go from upload to their end through the public API, before your eyes."""
