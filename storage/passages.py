"""Passages of an agent's documents with their embeddings, searched by pgvector."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import asyncpg
import numpy as np
import numpy.typing as npt

from storage.database import Database

DIMENSIONS = 384

Embedding = npt.NDArray[np.float32]

_COLUMNS = "passage_id, document, position, heading, text, sentences, embedding, sentence_vectors"


@dataclass(frozen=True, slots=True, eq=False)
class NewPassage:
    """A passage as the ingestion made it; ``sentence_vectors`` holds a row a sentence."""

    heading: str
    text: str
    sentences: tuple[str, ...]
    embedding: Embedding
    sentence_vectors: Embedding | None = None


@dataclass(frozen=True, slots=True, eq=False)
class StoredPassage:
    """A passage with its stable identifier; ``position`` counts from 0 within the document.

    ``sentence_vectors`` is None for what an earlier version ingested.
    """

    passage_id: str
    document: str
    position: int
    heading: str
    text: str
    sentences: tuple[str, ...]
    embedding: Embedding
    sentence_vectors: Embedding | None = None


class PassageRepository:
    """Documents and passages of one account's agents."""

    def __init__(self, database: Database, account_id: str = "default") -> None:
        self._database = database
        self._account = account_id

    async def documents(self, agent_id: str) -> dict[str, str]:
        """The content hash of each ingested document."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                "SELECT document, content_hash FROM documents"
                " WHERE account_id = $1 AND agent_id = $2 ORDER BY document",
                self._account,
                agent_id,
            )
        return {row["document"]: row["content_hash"] for row in rows}

    async def replace(
        self, agent_id: str, document: str, content_hash: str, passages: Sequence[NewPassage]
    ) -> None:
        """Put a document's passages in the place of its former ones, all or none."""
        key = (self._account, agent_id, document)
        async with self._database.acquire() as connection, connection.transaction():
            await connection.execute(
                """
                INSERT INTO documents (account_id, agent_id, document, content_hash)
                VALUES ($1, $2, $3, $4)
                    ON CONFLICT (account_id, agent_id, document) DO UPDATE
                   SET content_hash = excluded.content_hash, ingested_at = now()
                """,
                *key,
                content_hash,
            )
            await connection.execute(
                "DELETE FROM passages WHERE (account_id, agent_id, document) = ($1, $2, $3)", *key
            )
            await connection.executemany(
                """
                INSERT INTO passages (account_id, agent_id, document, position, passage_id,
                                      heading, text, sentences, embedding, sentence_vectors)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                """,
                [
                    (
                        *key,
                        position,
                        _passage_id(*key, position, content_hash),
                        passage.heading,
                        passage.text,
                        list(passage.sentences),
                        passage.embedding,
                        _to_bytes(passage.sentence_vectors),
                    )
                    for position, passage in enumerate(passages)
                ],
            )

    async def keep_only(self, agent_id: str, documents: Collection[str]) -> list[str]:
        """Remove every document that is not among ``documents``; return the names removed."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                "DELETE FROM documents WHERE account_id = $1 AND agent_id = $2"
                " AND NOT document = ANY($3::text[]) RETURNING document",
                self._account,
                agent_id,
                list(documents),
            )
        return sorted(row["document"] for row in rows)

    async def count(self, agent_id: str) -> int:
        """How many passages the agent has."""
        async with self._database.acquire() as connection:
            number: int = await connection.fetchval(
                "SELECT count(*) FROM passages WHERE account_id = $1 AND agent_id = $2",
                self._account,
                agent_id,
            )
        return number

    async def all(self, agent_id: str, limit: int | None = None) -> list[StoredPassage]:
        """The agent's passages by document and position, ``limit`` of them at the most."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                f"SELECT {_COLUMNS} FROM passages"  # noqa: S608 - the columns are ours
                " WHERE account_id = $1 AND agent_id = $2 ORDER BY document, position LIMIT $3",
                self._account,
                agent_id,
                limit,
            )
        return [_passage(row) for row in rows]

    async def search(
        self, agent_id: str, embedding: Embedding, k: int
    ) -> list[tuple[StoredPassage, float]]:
        """The ``k`` nearest passages with their cosine similarity, best first."""
        async with self._database.acquire() as connection, connection.transaction(readonly=True):
            # The index knows no agents: let it go on until k of this agent's are found.
            await connection.execute("SET LOCAL hnsw.iterative_scan = strict_order")
            rows = await connection.fetch(
                f"SELECT {_COLUMNS}, 1 - (embedding <=> $3) AS score"  # noqa: S608 - as above
                " FROM passages WHERE account_id = $1 AND agent_id = $2"
                " ORDER BY embedding <=> $3 LIMIT $4",
                self._account,
                agent_id,
                embedding,
                k,
            )
        return [(_passage(row), float(row["score"])) for row in rows]


def _passage_id(account: str, agent: str, document: str, position: int, content_hash: str) -> str:
    """The same for the same content, so that an event's reference outlives a new ingestion."""
    name = "\0".join((account, agent, document, str(position), content_hash))
    return f"psg_{hashlib.sha256(name.encode()).hexdigest()[:26]}"


def _passage(row: asyncpg.Record) -> StoredPassage:
    return StoredPassage(
        passage_id=row["passage_id"],
        document=row["document"],
        position=row["position"],
        heading=row["heading"],
        text=row["text"],
        sentences=tuple(row["sentences"]),
        embedding=np.asarray(row["embedding"].to_numpy(), dtype=np.float32),
        sentence_vectors=_from_bytes(row["sentence_vectors"]),
    )


def _to_bytes(vectors: Embedding | None) -> bytes | None:
    return None if vectors is None else vectors.astype("<f4").tobytes()


def _from_bytes(data: bytes | None) -> Embedding | None:
    if data is None:
        return None
    return np.frombuffer(data, "<f4").reshape(-1, DIMENSIONS).astype(np.float32)
