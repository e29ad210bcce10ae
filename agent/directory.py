"""The agents that a process holds in memory: who answers which number."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.definition import AgentDefinition
from core.errors import NotFoundError
from knowledge.retriever import Retriever


@dataclass(frozen=True, slots=True)
class KnownAgent:
    """One version of an agent, ready to answer; a call keeps the one that it started with."""

    definition: AgentDefinition
    version: int
    retriever: Retriever

    @property
    def id(self) -> str:
        """The agent's name in the database and in the event log."""
        return self.definition.id


class AgentDirectory:
    """Answers who answers without asking the database, so that calls survive its absence."""

    def __init__(self) -> None:
        self._agents: dict[str, KnownAgent] = {}
        self._numbers: dict[str, str] = {}

    def replace(self, agents: Iterable[KnownAgent], numbers: Mapping[str, str]) -> None:
        """Put these agents, and who answers each number, in the place of all former ones."""
        self._agents = {agent.id: agent for agent in agents}
        self._numbers = dict(numbers)

    def for_number(self, number: str) -> KnownAgent:
        """The agent of a dialled number; the only agent, where there is one, answers them all.

        Raises:
            NotFoundError: ``number_unknown``.
        """
        agent = self._agents.get(self._numbers.get(number, ""))
        if agent is None and len(self._agents) == 1:
            agent = next(iter(self._agents.values()))
        if agent is None:
            raise NotFoundError(
                "number_unknown",
                f"No agent answers {number}: name it under `numbers` in an agent.yaml and run "
                "`callsure agents apply`.",
            )
        return agent

    def get(self, agent_id: str) -> KnownAgent | None:
        """An agent by its name, if it is known."""
        return self._agents.get(agent_id)

    @property
    def all(self) -> tuple[KnownAgent, ...]:
        """Every agent, by name."""
        return tuple(self._agents[name] for name in sorted(self._agents))
