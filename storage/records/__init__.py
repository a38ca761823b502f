"""The durable record: evidence, uploads, pending jobs, principals and the audit trail, in a database."""
