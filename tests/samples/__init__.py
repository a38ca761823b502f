"""Makers of sample files, small and the same every time: what schools send, and what they should not."""
