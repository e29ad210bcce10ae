"""What the owner writes: one YAML file that says who answers, how it sounds and what it knows."""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from core.errors import ConfigurationError

Number = Annotated[str, StringConstraints(pattern=r"^\+[1-9]\d{6,14}$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class _Part(BaseModel):
    """A misspelt setting is an error, not a setting ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Voice(_Part):
    """How the agent sounds."""

    speed: float = Field(1.0, ge=0.5, le=2.0, description="Pace of speech; 1.0 is the voice's own.")
    volume_db: float = Field(6.0, ge=-20, le=20, description="Gain over the voice's own level.")


class TurnTaking(_Part):
    """Who speaks when. All values in milliseconds."""

    pause_ms: int = Field(200, ge=50, le=2000, description="Silence before the turn is judged.")
    max_pause_ms: int = Field(
        1500, ge=200, le=10000, description="Silence that ends a turn however unfinished it sounds."
    )
    barge_in_ms: int = Field(
        120, ge=30, le=2000, description="Voice over the agent's speech that pauses it."
    )
    backchannel_ms: int = Field(
        600, ge=100, le=3000, description="The longest sound that can pass for a mere 'mm-hm'."
    )


class Knowledge(_Part):
    """How the documents are searched."""

    passages: int = Field(6, ge=1, le=20, description="Passages looked at for each question.")
    threshold: float = Field(
        0.3, ge=0, le=1, description="Similarity under which a question counts as not covered."
    )


class Phrases(_Part):
    """Fixed sentences, in the owner's own words."""

    not_covered: Line = "I'm sorry, I don't have that information."
    offer_message: Line = "Can I take a message and have someone call you back?"
    anything_else: Line = "Is there anything else I can help you with?"
    goodbye: Line = "Thanks for calling. Goodbye!"
    repeat: Line = "Sorry, I didn't catch that. Could you say it again?"
    are_you_there: Line = "Are you still there?"


class Providers(_Part):
    """Which service does what; ``embedded`` needs no account and no network."""

    stt: Literal["embedded"] = "embedded"
    llm: Literal["embedded"] = "embedded"
    tts: Literal["embedded"] = "embedded"


class Limits(_Part):
    """Bounds on one call, in seconds."""

    max_call_seconds: int = Field(
        1800, ge=30, le=14400, description="The agent ends the call then."
    )
    silence_prompt_seconds: int = Field(
        10, ge=3, le=120, description="Silence after which the agent asks if the caller is there."
    )


class AgentDefinition(_Part):
    """One agent. Immutable: a call keeps the version that it started with."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    name: Line = Field(description="The business, as the agent says it.")
    greeting: Line
    numbers: tuple[Number, ...] = Field((), description="Dialled numbers that this agent answers.")
    language: Literal["en-US"] = "en-US"
    timezone: str = Field("UTC", description="Where the business is; decides what 'today' means.")
    documents: str = Field("documents", description="Folder of documents, beside the file.")
    recording: bool = True
    voice: Voice = Voice()
    turn_taking: TurnTaking = TurnTaking()
    knowledge: Knowledge = Knowledge()
    phrases: Phrases = Phrases()
    providers: Providers = Providers()
    limits: Limits = Limits()

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        """A machine without a time zone database cannot tell; it takes any name for UTC."""
        if name not in ("UTC", *available_timezones()) and available_timezones():
            raise ValueError(f"there is no time zone {name}")
        return name


def load_definition(path: Path) -> AgentDefinition:
    """Read an agent from ``path``: its YAML file, or the folder that holds ``agent.yaml``."""
    file = path / "agent.yaml" if path.is_dir() else path
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError("agent_missing", f"There is no file {file}.") from error
    except yaml.YAMLError as error:
        raise ConfigurationError("agent_invalid", f"{file} is not YAML: {error}") from error
    return parse_definition(data, str(file))


def parse_definition(data: object, source: str) -> AgentDefinition:
    """Check a definition that was read from YAML or from the database."""
    try:
        return AgentDefinition.model_validate(data)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise ConfigurationError("agent_invalid", f"{source}: {faults}") from error
