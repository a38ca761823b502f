"""The schema's history: one file in `versions` a step, run by `storage.records.database.migrate`."""
