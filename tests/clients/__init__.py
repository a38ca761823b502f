"""Stock upload clients, as portals use them, against a real gateway."""
