"""Whoever holds an upload's grant may ask for its evidence: the upload is found by it."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index `upload` by its evidence."""
    op.create_index("ix_upload_evidence_id", "upload", ["evidence_id"])
