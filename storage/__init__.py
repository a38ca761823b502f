"""What is kept: evidence and upload records, blobs, unfinished uploads, principals and the audit trail."""
