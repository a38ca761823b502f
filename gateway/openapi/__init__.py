"""`GET /openapi.json`: the API described by its own tables and types (OpenAPI 3.1).

A route is described by one row in `uploads`, `evidence` or `service`; a header by one row in `headers`;
a body by a type in `gateway.answers`. What no row describes is not in the document, and a test fails.
"""
