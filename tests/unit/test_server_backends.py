"""Configured servers are used as they are; nothing embedded starts beside them."""

from pathlib import Path
from typing import Any

import pytest

from server import backends
from server.backends import open_backends
from server.commands.doctor import carrier
from server.settings import Settings


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return Settings(
        home=tmp_path / "home",
        database_url="postgresql://u:p@db/callsure",
        s3_bucket="calls",
        s3_access_key_id="key",
        s3_secret_access_key="secret",
    )


def test_nothing_embedded_starts_where_all_is_configured(
    configured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "start_embedded", None)

    with open_backends(configured) as opened:
        assert opened.database_dsn == "postgresql://u:p@db/callsure"
        assert (opened.objects.bucket, opened.objects.access_key) == ("calls", "key")
        assert not opened.embedded
        assert opened.home.is_dir()


@pytest.mark.parametrize(
    ("changes", "state", "word"),
    [
        ({}, "note", "CALLSURE_TWILIO_AUTH_TOKEN"),
        ({"twilio_auth_token": "t"}, "wrong", "CALLSURE_TWILIO_ACCOUNT_SID"),
        ({"twilio_auth_token": "t", "twilio_account_sid": "AC1"}, "wrong", "CALLSURE_PUBLIC_URL"),
        (
            {
                "twilio_auth_token": "t",
                "twilio_account_sid": "AC1",
                "public_url": "https://voice.example.com",
            },
            "ok",
            "https://voice.example.com/twilio/voice",
        ),
    ],
)
def test_the_doctor_says_what_the_carrier_still_needs(
    changes: dict[str, Any], state: str, word: str
) -> None:
    finding = carrier(Settings(_env_file=None, **changes))

    assert finding.state == state
    assert word in f"{finding.text} {finding.mend}"
