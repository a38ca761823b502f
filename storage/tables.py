"""The tables of the durable record, in types that SQLite and PostgreSQL both have.

A change here comes with a migration in `storage/migrations/versions`; a test compares the two.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as UTC to the microsecond."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - fixed by SQLAlchemy
        """Convert to UTC; a time without a zone is refused with `ValueError`."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - fixed by SQLAlchemy
        """Return the time as aware UTC; SQLite gives it back without its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


#: Sorted by its bytes, as Python does it; PostgreSQL would ask its locale.
_ID = String().with_variant(String(collation="C"), "postgresql")


def _json() -> JSON:
    return JSON(none_as_null=True)


def _evidence_id(*, primary_key: bool = False) -> Column[str]:
    return Column("evidence_id", ForeignKey("evidence.id"), nullable=False, primary_key=primary_key)


api_key = Table(
    "api_key",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("key_sha256", String(64), nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("roles", _json(), nullable=False),
    Column("centre_id", String),
    Column("label", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("centre_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    # Counts changes, and so audit events: the last event's `seq`.
    Column("version", Integer, nullable=False),
    Column("delayed", Boolean, nullable=False),
    Column("code", String),
    Column("detail", _json(), nullable=False),
    Column("filename", String),
    Column("extension", String),
    Column("format", String),
    Column("media_type", String),
    Column("size_bytes", BigInteger),
    Column("sha256", String(64)),
    Column("scan", _json()),
    Column("flags", _json(), nullable=False),
    Column("facts", _json(), nullable=False),
    # Hash of the last audit event, so that a chain cut short is seen.
    Column("audit_sha256", String(64), nullable=False),
    Index(None, "centre_id", "id"),
    Index(None, "state", "id"),
    # Who follows changes asks for the latest, of one centre or of all.
    Index(None, "centre_id", "updated_at", "id"),
    Index(None, "updated_at", "id"),
)

stage = Table(
    "stage",
    metadata,
    _evidence_id(primary_key=True),
    Column("name", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("deaths", Integer, nullable=False),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
)

rendition = Table(
    "rendition",
    metadata,
    _evidence_id(primary_key=True),
    Column("id", _ID, primary_key=True),
    Column("kind", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("source_sha256", String(64), nullable=False),
    Column("command", _json(), nullable=False),
    Column("tools", _json(), nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("duration_seconds", Float),
)

#: Into which the transcode of a long film is cut, while it is under way.
segment = Table(
    "segment",
    metadata,
    _evidence_id(primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("work", String, nullable=False),
    Column("share", Float, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("first_tick", BigInteger, nullable=False),
    Column("end_tick", BigInteger),
    Column("seek_us", BigInteger, nullable=False),
    Column("frames", Integer, nullable=False),
    Column("blob_id", String),
    Column("sha256", String(64), nullable=False),
    Column("complaints", Integer, nullable=False),
    Column("parameters_sha256", String, nullable=False),
)

#: One row a change; triggers refuse UPDATE and DELETE.
audit_event = Table(
    "audit_event",
    metadata,
    _evidence_id(primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("from_state", String),
    Column("to_state", String, nullable=False),
    Column("code", String),
    Column("size_bytes", BigInteger),
    Column("original_sha256", String(64)),
    # Hash of the whole evidence record as this change left it.
    Column("record_sha256", String(64), nullable=False),
    Column("note", _json(), nullable=False),
    Column("previous_sha256", String(64)),
    Column("sha256", String(64), nullable=False),
)

#: Stages that are due and not settled; queues are only an index of it.
outbox = Table(
    "outbox",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("queue", String, nullable=False),
    _evidence_id(),
    Column("centre_id", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("segment", Integer),
    Index(None, "due_at", "id"),
    Index(None, "evidence_id"),
)

upload = Table(
    "upload",
    metadata,
    Column("id", _ID, primary_key=True),
    # None for a part: only the whole is evidence.
    Column("evidence_id", ForeignKey("evidence.id")),
    Column("centre_id", String, nullable=False),
    Column("principal_id", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("state", String, nullable=False),
    Column("length_bytes", BigInteger),
    Column("metadata", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("frozen", _json(), nullable=False),
    Column("concat", String),
    Column("parts", _json(), nullable=False),
    Column("grants", _json(), nullable=False),
    Column("idempotency_key", String),
    Column("finished_at", UtcTime),
    # What the sender says of the whole, and whether it wants to be told.
    Column("sha256", String(64)),
    Column("wants_digest", Boolean, nullable=False),
    Index(None, "state", "expires_at"),
    Index(None, "centre_id", "state"),
    # A grant of an upload is good for its evidence, too.
    Index(None, "evidence_id"),
    UniqueConstraint("centre_id", "idempotency_key"),
)

#: What is on record of an unfinished upload's bytes in an object store (`storage.uploads.s3.account`).
upload_account = Table(
    "upload_account",
    metadata,
    Column("upload_id", String, primary_key=True),
    Column("key", String),
    Column("state", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("sizes", _json(), nullable=False),
    Column("holder", String),
    Column("multipart_id", String),
    Column("place", String),
    Column("next_number", Integer, nullable=False),
    Column("settled_bytes", BigInteger, nullable=False),
    # By the database's own clock, in seconds since 1970.
    Column("touched_at", Float, nullable=False),
    Column("heard_at", Float, nullable=False),
    Index(None, "holder"),
)

upload_extent = Table(
    "upload_extent",
    metadata,
    Column("upload_id", ForeignKey("upload_account.upload_id"), nullable=False, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("settled", Boolean, nullable=False),
    Index(None, "upload_id", "settled"),
)

#: When signatures came into force that tell more than those before; the last row's are the present ones.
signature_set = Table(
    "signature_set",
    metadata,
    Column("effective_at", UtcTime, primary_key=True),
    Column("identity", String, nullable=False),
)

#: What was done with evidence after its end and is no change of it, so no event of its audit trail.
upkeep = Table(
    "upkeep",
    metadata,
    _evidence_id(primary_key=True),
    # Begin of the last scan with later signatures.
    Column("rescanned_at", UtcTime),
    Column("purged_at", UtcTime),
)
