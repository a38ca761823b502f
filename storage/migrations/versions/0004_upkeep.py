"""Evidence is scanned again with new signatures, and quarantined bytes are deleted after a while."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of what is done with evidence after its end."""
    op.create_table(
        "signature_set",
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("effective_at", name="pk_signature_set"),
    )
    op.create_table(
        "upkeep",
        sa.Column("evidence_id", sa.String(), nullable=False),
        sa.Column("rescanned_at", sa.DateTime(timezone=True)),
        sa.Column("purged_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name="fk_upkeep_evidence_id_evidence"),
        sa.PrimaryKeyConstraint("evidence_id", name="pk_upkeep"),
    )
