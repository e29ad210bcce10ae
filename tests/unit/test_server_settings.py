"""Settings: defaults, the environment, and errors that name the setting but not its value."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from core.errors import ConfigurationError
from server.env_example import env_example
from server.settings import Settings, load_settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CALLSURE_{name.upper()}", raising=False)


def test_the_default_is_all_embedded_and_on_loopback() -> None:
    settings = load_settings()

    assert settings.embeds_database
    assert settings.embeds_objects
    assert settings.base_url == "http://127.0.0.1:8080"


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("CALLSURE_PORT=1234\nCALLSURE_MAX_CALLS=3\n")
    monkeypatch.setenv("CALLSURE_PORT", "4321")

    settings = load_settings()

    assert (settings.port, settings.max_calls) == (4321, 3)


def test_the_public_address_is_what_carriers_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSURE_PUBLIC_URL", "https://voice.example.com/")

    assert load_settings().base_url == "https://voice.example.com"


def test_own_database_and_bucket_replace_the_embedded_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSURE_DATABASE_URL", "postgresql://u:p4ssword@db/callsure")
    monkeypatch.setenv("CALLSURE_S3_BUCKET", "calls")

    settings = load_settings()

    assert not settings.embeds_database
    assert not settings.embeds_objects
    assert "p4ssword" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("CALLSURE_PORT", "99999", "CALLSURE_PORT"),
        ("CALLSURE_LOG_LEVEL", "loud", "CALLSURE_LOG_LEVEL"),
        ("CALLSURE_PUBLIC_URL", "voice.example.com", "CALLSURE_PUBLIC_URL must be an address"),
        ("CALLSURE_PUBLIC_URL", "https://x.example/?a=b", "no query"),
        ("CALLSURE_DATABASE_URL", "mysql://u:p4ssword@h/d", "must begin with postgresql://"),
        ("CALLSURE_S3_ACCESS_KEY_ID", "AKIA", "belong together"),
        ("CALLSURE_S3_ENDPOINT_URL", "http://127.0.0.1:9000", "needs s3_bucket"),
    ],
)
def test_a_wrong_value_is_named_but_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError) as caught:
        load_settings()

    assert caught.value.code == "settings_invalid"
    assert complaint in caught.value.message
    assert "p4ssword" not in caught.value.message


def test_the_example_file_says_what_the_settings_say() -> None:
    assert EXAMPLE.read_text() == env_example(), (
        "write it anew: .venv/bin/callsure settings --example > .env.example"
    )


def test_the_example_file_changes_nothing() -> None:
    Path(".env").write_text(env_example())

    assert load_settings() == Settings(_env_file=None)


def test_no_secret_has_a_default() -> None:
    secrets = [f for f in Settings.model_fields.values() if f.annotation is SecretStr]

    assert secrets
    assert all(not field.default.get_secret_value() for field in secrets)
