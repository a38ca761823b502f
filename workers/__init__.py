"""The pipeline: queues, leases, and the tasks that move evidence from received to ready."""
