"""The tus 1.0.0 protocol, one module a verb or concern."""
