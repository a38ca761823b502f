"""Live progress: server-sent events (HTML standard, section 9.2) of one piece of evidence, or of many.

The records are the truth. Redis only signals that one changed, and a signal may be lost: so the records are
also read at intervals, and whoever reconnects is told what changed since the last event it has.
"""
