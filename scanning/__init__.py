"""Is it safe, and is it what it says: clamd, verdicts, format identification, container safety."""
