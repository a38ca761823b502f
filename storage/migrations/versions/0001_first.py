"""The first schema: evidence with its stages, renditions and audit trail; uploads, outbox and keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

REFUSAL = "audit events are never changed"

#: What keeps audit events as they were written, by dialect.
TRIGGERS = {
    "sqlite": tuple(
        f"CREATE TRIGGER audit_event_no_{verb} BEFORE {verb} ON audit_event "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for verb in ("update", "delete")
    ),
    "postgresql": (
        f"""
        CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$
        """,
        """
        CREATE TRIGGER audit_event_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
        FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse()
        """,
    ),
}


def upgrade() -> None:
    """Create every table, then the triggers."""
    _create_api_key()
    _create_evidence()
    _create_audit_event()
    _create_outbox()
    _create_rendition()
    _create_stage()
    _create_upload()
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def _create_api_key() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("centre_id", sa.String()),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("key_sha256", name="uq_api_key_key_sha256"),
    )


def _create_evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("centre_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("delayed", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String()),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("filename", sa.String()),
        sa.Column("extension", sa.String()),
        sa.Column("format", sa.String()),
        sa.Column("media_type", sa.String()),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("sha256", sa.String(length=64)),
        sa.Column("scan", sa.JSON()),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("audit_sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
    )
    op.create_index("ix_evidence_centre_id_id", "evidence", ["centre_id", "id"])
    op.create_index("ix_evidence_state_id", "evidence", ["state", "id"])


def _create_audit_event() -> None:
    op.create_table(
        "audit_event",
        sa.Column("evidence_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("from_state", sa.String()),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("code", sa.String()),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("original_sha256", sa.String(length=64)),
        sa.Column("record_sha256", sa.String(length=64), nullable=False),
        sa.Column("note", sa.JSON(), nullable=False),
        sa.Column("previous_sha256", sa.String(length=64)),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name="fk_audit_event_evidence_id_evidence"),
        sa.PrimaryKeyConstraint("evidence_id", "seq", name="pk_audit_event"),
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("evidence_id", sa.String(), nullable=False),
        sa.Column("centre_id", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name="fk_outbox_evidence_id_evidence"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_due_at_id", "outbox", ["due_at", "id"])
    op.create_index("ix_outbox_evidence_id", "outbox", ["evidence_id"])


def _create_rendition() -> None:
    op.create_table(
        "rendition",
        sa.Column("evidence_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("command", sa.JSON(), nullable=False),
        sa.Column("tools", sa.JSON(), nullable=False),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("duration_seconds", sa.Float()),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name="fk_rendition_evidence_id_evidence"),
        sa.PrimaryKeyConstraint("evidence_id", "id", name="pk_rendition"),
    )


def _create_stage() -> None:
    op.create_table(
        "stage",
        sa.Column("evidence_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name="fk_stage_evidence_id_evidence"),
        sa.PrimaryKeyConstraint("evidence_id", "name", name="pk_stage"),
    )


def _create_upload() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("evidence_id", sa.String(), nullable=False),
        sa.Column("centre_id", sa.String(), nullable=False),
        sa.Column("principal_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("length_bytes", sa.BigInteger()),
        sa.Column("metadata", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("frozen", sa.JSON(), nullable=False),
        sa.Column("idempotency_key", sa.String()),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name="fk_upload_evidence_id_evidence"),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
        sa.UniqueConstraint("centre_id", "idempotency_key", name="uq_upload_centre_id_idempotency_key"),
    )
    op.create_index("ix_upload_centre_id_state", "upload", ["centre_id", "state"])
    op.create_index("ix_upload_state_expires_at", "upload", ["state", "expires_at"])
