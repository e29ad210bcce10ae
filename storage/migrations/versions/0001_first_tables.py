"""Accounts, agents, knowledge, calls and their events.

PostgreSQL 16 or later with pgvector. Identifiers are made by the application, so that nothing but
pgvector has to be installed. Every table carries ``account_id``.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ACCOUNTS = """
CREATE TABLE accounts (
    account_id  text PRIMARY KEY,
    name        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
INSERT INTO accounts (account_id, name) VALUES ('default', 'Default account');
"""

AGENTS = """
CREATE TABLE agents (
    account_id       text NOT NULL REFERENCES accounts,
    agent_id         text NOT NULL,
    current_version  integer NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, agent_id)
);
CREATE TABLE agent_versions (
    account_id  text NOT NULL,
    agent_id    text NOT NULL,
    version     integer NOT NULL,
    definition  jsonb NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, agent_id, version),
    FOREIGN KEY (account_id, agent_id) REFERENCES agents
);
CREATE TABLE numbers (
    number      text PRIMARY KEY,
    account_id  text NOT NULL,
    agent_id    text NOT NULL,
    FOREIGN KEY (account_id, agent_id) REFERENCES agents
);
CREATE INDEX numbers_by_agent ON numbers (account_id, agent_id);
"""

KNOWLEDGE = """
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE documents (
    account_id    text NOT NULL REFERENCES accounts,
    agent_id      text NOT NULL,
    document      text NOT NULL,
    content_hash  text NOT NULL,
    ingested_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, agent_id, document)
);
CREATE TABLE passages (
    account_id  text NOT NULL,
    agent_id    text NOT NULL,
    document    text NOT NULL,
    position    integer NOT NULL,
    passage_id  text NOT NULL,
    heading     text NOT NULL,
    text        text NOT NULL,
    sentences   jsonb NOT NULL,
    embedding   vector(384) NOT NULL,
    PRIMARY KEY (account_id, agent_id, document, position),
    FOREIGN KEY (account_id, agent_id, document) REFERENCES documents ON DELETE CASCADE
);
CREATE INDEX passages_by_embedding ON passages USING hnsw (embedding vector_cosine_ops);
"""

# A call's row may be written by its end alone while its beginning still waits in a spool.
CALLS = """
CREATE TABLE calls (
    call_id          text PRIMARY KEY,
    account_id       text NOT NULL REFERENCES accounts,
    agent_id         text,
    agent_version    integer,
    direction        text,
    caller           text,
    called           text,
    carrier          text,
    carrier_call_id  text,
    started_at       timestamptz,
    ended_at         timestamptz,
    ended_by         text,
    end_reason       text,
    recording_uri    text,
    recording_path   text,
    recording_ms     bigint
);
CREATE INDEX calls_by_start ON calls (account_id, started_at DESC NULLS FIRST, call_id DESC);
CREATE INDEX calls_by_carrier ON calls (carrier, carrier_call_id);
CREATE TABLE events (
    account_id  text NOT NULL REFERENCES accounts,
    call_id     text NOT NULL,
    leg         integer NOT NULL,
    seq         integer NOT NULL,
    type        text NOT NULL,
    version     integer NOT NULL,
    at          timestamptz NOT NULL,
    offset_ms   bigint,
    body        jsonb NOT NULL,
    PRIMARY KEY (call_id, leg, seq)
);
CREATE TABLE leases (
    call_id     text PRIMARY KEY,
    account_id  text NOT NULL REFERENCES accounts,
    leg         integer NOT NULL,
    owner       text NOT NULL,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX leases_by_expiry ON leases (expires_at);
"""


def upgrade() -> None:
    for script in (ACCOUNTS, AGENTS, KNOWLEDGE, CALLS):
        for statement in filter(str.strip, script.split(";")):
            op.execute(statement)


def downgrade() -> None:
    for table in ("leases", "events", "calls", "passages", "documents", "numbers"):
        op.execute(f"DROP TABLE {table}")
    for table in ("agent_versions", "agents", "accounts"):
        op.execute(f"DROP TABLE {table}")
