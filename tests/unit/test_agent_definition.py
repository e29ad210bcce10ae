from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from agent.definition import AgentDefinition, load_definition, parse_definition
from core.errors import ConfigurationError
from tests.businesses import EXAMPLES

LEAST = {"id": "shop", "name": "The Shop", "greeting": "Hello."}


def test_three_settings_are_enough() -> None:
    definition = parse_definition(LEAST, "test")

    assert definition.providers.stt == definition.providers.tts == "embedded"
    assert (definition.numbers, definition.recording, definition.timezone) == ((), True, "UTC")


def test_what_is_stored_is_read_back_the_same() -> None:
    definition = load_definition(EXAMPLES / "front_desk")

    assert parse_definition(definition.model_dump(mode="json"), "database") == definition


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": "The Shop"}, "id"),
        ({"greeting": " "}, "greeting"),
        ({"numbers": ["555-0100"]}, "numbers.0"),
        ({"voice": {"speed": 9}}, "voice.speed"),
        ({"voice": {"sped": 1}}, "voice.sped"),
        ({"knowledge": {"threshold": 2}}, "knowledge.threshold"),
        ({"limits": {"max_call_seconds": 0}}, "limits.max_call_seconds"),
        ({"providers": {"stt": "parrot"}}, "providers.stt"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_setting_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_definition(LEAST | change, "agent.yaml")

    assert caught.value.code == "agent_invalid"
    assert f"{field}:" in caught.value.message


@pytest.mark.parametrize(("source", "code"), [(None, "agent_missing"), ("a: [", "agent_invalid")])
def test_a_missing_or_broken_file_is_the_owners_to_mend(
    tmp_path: Path, source: str | None, code: str
) -> None:
    if source is not None:
        (tmp_path / "agent.yaml").write_text(source)

    with pytest.raises(ConfigurationError) as caught:
        load_definition(tmp_path)

    assert caught.value.code == code


def test_the_front_desk_shows_every_setting_with_a_comment() -> None:
    file = EXAMPLES / "front_desk" / "agent.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()

    assert _shown(yaml.safe_load("\n".join(lines))) == _settings(AgentDefinition)
    settings = [
        i for i, line in enumerate(lines) if ": " in line and not line.lstrip().startswith("#")
    ]
    commented = [i for i in settings if lines[i - 1].lstrip().startswith("#")]
    uncommented = {lines[i].strip().split(":")[0] for i in settings if i not in commented}
    # Those share the comment of their group or of the setting before them.
    assert uncommented <= {"offer_message", "stt", "llm", "tts"}


def _settings(model: type[BaseModel], prefix: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        part = field.annotation
        if isinstance(part, type) and issubclass(part, BaseModel):
            found |= _settings(part, f"{prefix}{name}.")
        else:
            found.add(f"{prefix}{name}")
    return found


def _shown(data: dict[str, object], prefix: str = "") -> set[str]:
    found = set()
    for name, value in data.items():
        found |= (
            _shown(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}"}
        )
    return found
