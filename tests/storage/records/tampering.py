"""Change rows as someone with the database in hands would, past the triggers that keep the audit trail."""

from sqlalchemy import create_engine, make_url, text

#: What puts the triggers aside.
ASIDE = {
    "sqlite": ("DROP TRIGGER audit_event_no_update", "DROP TRIGGER audit_event_no_delete"),
    "postgresql": ("SET LOCAL session_replication_role = replica",),
}


def tamper(database_url: str, *statements: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        for statement in (*ASIDE[make_url(database_url).get_backend_name()], *statements):
            connection.execute(text(statement.replace(":", r"\:")))
    engine.dispose()
