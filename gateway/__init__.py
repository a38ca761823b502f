"""HTTP only: resumable uploads, evidence, queues, health and metrics."""
