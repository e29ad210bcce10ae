"""The vectors of a passage's sentences, so that no start computes them again.

One float32 after the other, 384 a sentence. Passages of an earlier version have none.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE passages ADD COLUMN sentence_vectors bytea")


def downgrade() -> None:
    op.execute("ALTER TABLE passages DROP COLUMN sentence_vectors")
