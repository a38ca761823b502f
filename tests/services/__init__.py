"""Real servers for the tests: each starts on sockets of its own, and dies with the test process."""
