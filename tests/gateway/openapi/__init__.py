"""The served description, and whether the gateway keeps it."""
