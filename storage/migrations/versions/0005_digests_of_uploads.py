"""The sender of an upload may say the SHA-256 of all of it, or ask for it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen `upload`."""
    with op.batch_alter_table("upload") as upload:
        upload.add_column(sa.Column("sha256", sa.String(64)))
        upload.add_column(sa.Column("wants_digest", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("upload") as upload:
        upload.alter_column("wants_digest", server_default=None)
