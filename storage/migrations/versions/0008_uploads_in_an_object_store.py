"""Bytes of unfinished uploads may lie in an object store: which of them where is on record."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create `upload_account` and `upload_extent`."""
    op.create_table(
        "upload_account",
        sa.Column("upload_id", sa.String(), nullable=False),
        sa.Column("key", sa.String()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sizes", sa.JSON(), nullable=False),
        sa.Column("holder", sa.String()),
        sa.Column("multipart_id", sa.String()),
        sa.Column("place", sa.String()),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.Column("settled_bytes", sa.BigInteger(), nullable=False),
        sa.Column("touched_at", sa.Float(), nullable=False),
        sa.Column("heard_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", name="pk_upload_account"),
    )
    op.create_index("ix_upload_account_holder", "upload_account", ["holder"])
    op.create_table(
        "upload_extent",
        sa.Column("upload_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload_account.upload_id"], name="fk_upload_extent_upload_id_upload_account"
        ),
        sa.PrimaryKeyConstraint("upload_id", "kind", "number", name="pk_upload_extent"),
    )
    op.create_index("ix_upload_extent_upload_id_settled", "upload_extent", ["upload_id", "settled"])
