"""The transcode of a long film is cut into segments, each a job of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create `segment`; a job may be for one."""
    op.create_table(
        "segment",
        sa.Column("evidence_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("work", sa.String(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("first_tick", sa.BigInteger(), nullable=False),
        sa.Column("end_tick", sa.BigInteger()),
        sa.Column("seek_us", sa.BigInteger(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("blob_id", sa.String()),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("complaints", sa.Integer(), nullable=False),
        sa.Column("parameters_sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name="fk_segment_evidence_id_evidence"),
        sa.PrimaryKeyConstraint("evidence_id", "number", name="pk_segment"),
    )
    op.add_column("outbox", sa.Column("segment", sa.Integer()))
