"""On PostgreSQL, ids are sorted by their bytes whatever its locale, and a changed event is a refused row."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

REFUSAL = "audit events are never changed"

#: Pages of ids are put together from several tables, and locales sort letters in other ways than Python.
IDS = (
    ("evidence", "id"),
    ("stage", "evidence_id"),
    ("rendition", "evidence_id"),
    ("rendition", "id"),
    ("segment", "evidence_id"),
    ("audit_event", "evidence_id"),
    ("outbox", "id"),
    ("outbox", "evidence_id"),
    ("upload", "id"),
    ("upload", "evidence_id"),
    ("upkeep", "evidence_id"),
    ("api_key", "id"),
)


def upgrade() -> None:
    """Change what PostgreSQL has of its own; SQLite does both already."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, column in IDS:
        op.alter_column(table, column, type_=sa.String(collation="C"))
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$
        """
    )
