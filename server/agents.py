"""Agents between their three places: the owner's folder, the database, this process's memory."""

import hashlib
from collections.abc import Callable
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
from knowledge.embeddings import Embedder
from knowledge.index import MemoryIndex
from knowledge.passages import Chunk, Section
from knowledge.retriever import Retriever
from storage.agents import AgentRepository, AgentVersion
from storage.passages import NewPassage, PassageRepository, StoredPassage

Progress = Callable[[str, int, int], None]

# Part of each document's hash: raise it when the way documents are cut or embedded changes.
_INGESTION = b"1"

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
    ) -> None:
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
        stored = await self._passages.all(version.agent_id)
        index = await self._host.run("load", self._index, stored)
        agent = KnownAgent(definition, version.version, self._retriever(definition, index))
        self._loaded[version.agent_id] = (fingerprint, agent)
        return agent

    def _retriever(self, definition: AgentDefinition, index: MemoryIndex) -> Retriever:
        threshold = definition.knowledge.threshold
        return Retriever(self._embedder, index, self._clock, threshold=threshold)

    def _read(self, path: Path, folder: Path) -> list[NewPassage]:
        return [
            NewPassage(
                chunk.section.heading,
                " ".join(chunk.section.sentences),
                chunk.section.sentences,
                chunk.vector,
            )
            for chunk in chunks(loaders.load(path, folder), self._embedder.embed_now)
        ]

    def _index(self, stored: list[StoredPassage]) -> MemoryIndex:
        sentences = [sentence for passage in stored for sentence in passage.sentences]
        vectors = self._embedder.embed_now(sentences)
        found, at = [], 0
        for passage in stored:
            until = at + len(passage.sentences)
            section = Section(passage.document, passage.heading, passage.sentences)
            found.append(
                Chunk(
                    passage.passage_id, section, passage.position, passage.embedding,
                    vectors[at:until],
                )
            )  # fmt: skip
            at = until
        return MemoryIndex(found)


def _beside(definition: Path) -> Path:
    return definition if definition.is_dir() else definition.parent


def _documents(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise ConfigurationError("documents_missing", f"There is no folder {folder}.")
    return {path.relative_to(folder).as_posix(): path for path in loaders.documents(folder)}
