"""Uploads may be parts of a whole and carry grants; changes of evidence are found in their order."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen `upload` and index `evidence` by its latest change."""
    with op.batch_alter_table("upload") as upload:
        upload.alter_column("evidence_id", existing_type=sa.String(), nullable=True)
        upload.add_column(sa.Column("concat", sa.String()))
        upload.add_column(sa.Column("parts", sa.JSON(), nullable=False, server_default="[]"))
        upload.add_column(sa.Column("grants", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("upload") as upload:
        upload.alter_column("parts", server_default=None)
        upload.alter_column("grants", server_default=None)
    op.create_index("ix_evidence_centre_id_updated_at_id", "evidence", ["centre_id", "updated_at", "id"])
    op.create_index("ix_evidence_updated_at_id", "evidence", ["updated_at", "id"])
