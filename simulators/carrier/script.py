"""What a scripted caller says and when, and what is expected of the agent: ``script.yaml``."""

from enum import StrEnum
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import ConfigurationError


class After(StrEnum):
    """What a line waits for: that the agent has finished."""

    GREETING = "greeting"
    ANSWER = "answer"


class While(StrEnum):
    """What a line falls into."""

    SPEAKING = "speaking"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expectation(_Strict):
    """What the agent must do about a line. Texts are compared without regard to case."""

    answer_contains_all: tuple[str, ...] = ()
    answer_contains_any: tuple[str, ...] = ()
    not_contains: tuple[str, ...] = ()
    resumes: bool = False
    interrupts: bool = False
    not_covered: bool = False
    hangs_up: bool = False


class Step(_Strict):
    """One line of the caller.

    Attributes:
        say: The recording, beside the script.
        text: What the recording says.
        after: The line waits until the agent has spoken and then been silent.
        during: The line falls into the agent's speech (``while`` in the file).
        after_ms: How long the agent's turn has lasted by then.
        settle_ms: How long the agent must have been silent.
        hang_up: The caller hangs up after the line.
    """

    say: str
    text: str
    after: After | None = None
    during: While | None = Field(default=None, alias="while")
    after_ms: int = Field(default=0, ge=0)
    settle_ms: int = Field(default=700, gt=0)
    hang_up: bool = False
    expect: Expectation = Expectation()

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        if self.after and self.during:
            raise ValueError("a step has `after` or `while`, not both")
        if self.after_ms and not self.during:
            raise ValueError("`after_ms` belongs to `while: speaking`")
        return self


class Script(_Strict):
    """A whole call from the caller's side."""

    caller: str = "+15550100001"
    called: str = "+15550100100"
    steps: tuple[Step, ...] = Field(min_length=1)


def load(folder: Path) -> Script:
    """Read ``script.yaml`` of a folder.

    Raises:
        ConfigurationError: It is missing, is no YAML or says something else than a script.
    """
    path = folder / "script.yaml"
    try:
        return Script.model_validate(yaml.safe_load(path.read_text()))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise ConfigurationError("bad_script", f"{path}: {error}") from error
