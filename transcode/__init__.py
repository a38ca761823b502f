"""Media tools in sandboxed children: local paths in, local paths out."""
