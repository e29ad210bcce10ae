"""Agents between their three places: the owner's folder, the database, this process's memory."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from agent.definition import AgentDefinition, load_definition, parse_definition
from agent.directory import AgentDirectory, KnownAgent
from core.clock import Clock
from core.errors import CallsureError, ConfigurationError
from core.model_host import ModelHost
from knowledge import loaders
from knowledge.chunking import chunks
from knowledge.embeddings import Embedder, Vectors
from knowledge.index import MemoryIndex
from knowledge.passages import Chunk, Section
from knowledge.retriever import Retriever
from storage.agents import AgentRepository, AgentVersion
from storage.passages import NewPassage, PassageRepository, StoredPassage

Progress = Callable[[str, int, int], None]

# Part of each document's hash: raise it when the way documents are cut or embedded changes.
_INGESTION = b"2"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying an agent came to."""

    agent_id: str
    version: int
    documents: int
    ingested: int
    removed: tuple[str, ...]


class AgentStore:
    """Puts agents into the database and brings them from there into memory."""

    def __init__(
        self,
        agents: AgentRepository,
        passages: PassageRepository,
        host: ModelHost,
        embedder: Embedder,
        clock: Clock,
        memory_passages: int = 5000,
    ) -> None:
        self._memory_passages = memory_passages
        self._agents = agents
        self._passages = passages
        self._host = host
        self._embedder = embedder
        self._clock = clock
        self._loaded: dict[str, tuple[object, KnownAgent]] = {}

    async def is_empty(self) -> bool:
        """Whether the database holds no agent at all."""
        return not await self._agents.all_current()

    async def apply(self, folder: Path, progress: Progress | None = None) -> Applied:
        """Make a folder's agent, its numbers and its documents the current ones."""
        definition = load_definition(folder)
        agent_id = definition.id
        version = await self._agents.apply(agent_id, definition.model_dump(mode="json"))
        for number in definition.numbers:
            await self._agents.assign(number, agent_id)
        ingested, documents, removed = await self.ingest(
            agent_id, _beside(folder) / definition.documents, progress
        )
        return Applied(agent_id, version, documents, ingested, removed)

    async def ingest(
        self, agent_id: str, folder: Path, progress: Progress | None = None
    ) -> tuple[int, int, tuple[str, ...]]:
        """Bring an agent's passages up to date with a folder of documents.

        Returns:
            How many documents were new or changed, how many there are, and which were removed.
        """
        paths = _documents(folder)
        await self._agents.get(agent_id)
        known = await self._passages.documents(agent_id)
        changed = 0
        for number, (name, path) in enumerate(paths.items(), start=1):
            content_hash = hashlib.sha256(_INGESTION + path.read_bytes()).hexdigest()
            if known.get(name) != content_hash:
                found = await self._host.run("load", self._read, path, folder)
                await self._passages.replace(agent_id, name, content_hash, found)
                changed += 1
            if progress:
                progress(name, number, len(paths))
        removed = await self._passages.keep_only(agent_id, list(paths))
        return changed, len(paths), tuple(removed)

    async def load(self, directory: AgentDirectory) -> None:
        """Bring the directory up to date with the database; what did not change stays."""
        current = await self._agents.all_current()
        agents = []
        for version in current:
            try:
                agents.append(await self._known(version))
            except CallsureError as error:
                if error.retryable:
                    raise
                # A definition of a newer program: the other agents still answer.
                _log.error("agent_unusable", agent=version.agent_id, reason=error.message)
        directory.replace(agents, await self._agents.numbers())

    async def _known(self, version: AgentVersion) -> KnownAgent:
        documents = await self._passages.documents(version.agent_id)
        fingerprint = (version.version, documents)
        before = self._loaded.get(version.agent_id)
        if before is not None and before[0] == fingerprint:
            return before[1]
        definition = parse_definition(version.definition, f"agent {version.agent_id}")
        stored = await self._passages.all(version.agent_id, self._memory_passages + 1)
        whole = len(stored) <= self._memory_passages
        found = await self._host.run("load", self._chunks, stored[: self._memory_passages])
        index = MemoryIndex(found)
        retriever = self._retriever(definition, index, None if whole else version.agent_id)
        agent = KnownAgent(definition, version.version, retriever)
        self._loaded[version.agent_id] = (fingerprint, agent)
        return agent

    def _retriever(
        self, definition: AgentDefinition, index: MemoryIndex, searched: str | None
    ) -> Retriever:
        """A retriever over memory; with an agent ``searched`` in the database, over both."""

        async def beyond(vector: Vectors, k: int) -> list[Chunk]:
            nearest = await self._passages.search(searched or "", vector, k)
            stored = [passage for passage, _ in nearest]
            return await self._host.run("load", self._chunks, stored)

        return Retriever(
            self._embedder,
            index,
            self._clock,
            threshold=definition.knowledge.threshold,
            beyond=beyond if searched else None,
        )

    def _read(self, path: Path, folder: Path) -> list[NewPassage]:
        return [
            NewPassage(
                chunk.section.heading,
                " ".join(chunk.section.sentences),
                chunk.section.sentences,
                chunk.vector,
                chunk.sentence_vectors,
            )
            for chunk in chunks(loaders.load(path, folder), self._embedder.embed_now)
        ]

    def _chunks(self, stored: Sequence[StoredPassage]) -> list[Chunk]:
        return [
            Chunk(
                id=passage.passage_id,
                section=Section(passage.document, passage.heading, passage.sentences),
                position=passage.position,
                vector=passage.embedding,
                sentence_vectors=self._sentence_vectors(passage),
            )
            for passage in stored
        ]

    def _sentence_vectors(self, passage: StoredPassage) -> Vectors:
        known = passage.sentence_vectors
        if known is not None and len(known) == len(passage.sentences):
            return known
        return self._embedder.embed_now(list(passage.sentences))


def _beside(definition: Path) -> Path:
    return definition if definition.is_dir() else definition.parent


def _documents(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise ConfigurationError("documents_missing", f"There is no folder {folder}.")
    return {path.relative_to(folder).as_posix(): path for path in loaders.documents(folder)}
