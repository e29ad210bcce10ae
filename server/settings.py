"""The settings: what `.env` or the environment may say, each with its default and its reason."""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigurationError

PREFIX = "CALLSURE_"


class Settings(BaseSettings):
    """How this process runs. Names in the environment carry the prefix ``CALLSURE_``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    home: Path | None = Field(
        None,
        description="Folder for spools, recordings and the embedded servers. Default: the user's "
        "data folder, as root /var/lib/callsure.",
    )

    host: str = Field("127.0.0.1", description="Address that the server listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port that the server listens on.")
    public_url: str = Field(
        "",
        description="The address under which the carrier reaches this server, for example "
        "https://voice.example.com. Signatures are checked against it. Default: host and port.",
    )
    max_calls: int = Field(
        20, ge=1, description="Calls that this process takes at once; more hear a busy message."
    )

    memory_passages: int = Field(
        5000,
        ge=0,
        description="Passages of each agent held in memory; an agent with more is searched in the "
        "database, and by these while it is away.",
    )

    database_url: SecretStr = Field(
        SecretStr(""),
        description="postgresql://user:password@host:5432/name with the pgvector extension. "
        "Empty: the embedded PostgreSQL.",
    )
    s3_bucket: str = Field(
        "", description="Bucket for recordings. Empty: the embedded S3 server and its own bucket."
    )
    s3_endpoint_url: str = Field(
        "", description="Address of an S3-compatible server. Empty: Amazon S3."
    )
    s3_region: str = Field("us-east-1", description="Region of the bucket.")
    s3_access_key_id: str = Field(
        "", description="Access key. Empty: what the machine's own AWS configuration says."
    )
    s3_secret_access_key: SecretStr = Field(SecretStr(""), description="Its secret.")

    twilio_account_sid: str = Field(
        "", description="Account SID of the Twilio account whose numbers ring here."
    )
    twilio_auth_token: SecretStr = Field(
        SecretStr(""),
        description="Its auth token: proves that webhooks come from Twilio and hangs calls up. "
        "Empty: every webhook is refused.",
    )
    twilio_api_url: str = Field(
        "https://api.twilio.com", description="Address of Twilio's REST API."
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe line that is logged."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="How lines are written; auto: console on a terminal, else JSON."
    )

    @field_validator("public_url", "s3_endpoint_url", "twilio_api_url")
    @classmethod
    def _is_http_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("must be an address such as https://voice.example.com")
        if parts.query or parts.fragment:
            raise ValueError("must have no query and no fragment")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _is_postgresql_address(cls, value: SecretStr) -> SecretStr:
        scheme = urlsplit(value.get_secret_value()).scheme
        if value.get_secret_value() and scheme not in ("postgresql", "postgres"):
            raise ValueError("must begin with postgresql://")
        return value

    @model_validator(mode="after")
    def _pairs_are_complete(self) -> Self:
        if bool(self.s3_access_key_id) != bool(self.s3_secret_access_key.get_secret_value()):
            raise ValueError("s3_access_key_id and s3_secret_access_key belong together")
        if self.s3_endpoint_url and not self.s3_bucket:
            raise ValueError("s3_endpoint_url needs s3_bucket")
        return self

    @property
    def embeds_database(self) -> bool:
        """Whether the embedded PostgreSQL is to be started."""
        return not self.database_url.get_secret_value()

    @property
    def embeds_objects(self) -> bool:
        """Whether the embedded S3 server is to be started."""
        return not self.s3_bucket

    @property
    def base_url(self) -> str:
        """The address that carriers sign and connect to."""
        return self.public_url or f"http://{self.host}:{self.port}"


def load_settings() -> Settings:
    """Read the environment and ``.env``.

    Raises:
        ConfigurationError: A value is wrong; the message names the setting, never its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            _problem(str(e["loc"][0]) if e["loc"] else "", e["msg"]) for e in error.errors()
        )
        raise ConfigurationError("settings_invalid", f"Settings are wrong: {problems}") from None


def _problem(name: str, message: str) -> str:
    text = message.removeprefix("Value error, ")
    return f"{PREFIX}{name.upper()} {text}" if name else text
