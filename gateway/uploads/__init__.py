"""Uploads whatever protocol brings them: what may begin, who sends, what is kept, how it ends."""
