"""`.env.example`, written from the settings so that it never says what they do not."""

import textwrap

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from server.settings import PREFIX, Settings

_HEAD = """\
# Every setting of Callsure with its default. Copy to .env and change what you need;
# an empty value means the default. Written by `callsure settings --example`.
"""


def env_example() -> str:
    """The text of `.env.example`: each setting commented, then named with its default."""
    entries = [_HEAD]
    for name, field in Settings.model_fields.items():
        comment = textwrap.fill(
            field.description or "", 96, initial_indent="# ", subsequent_indent="# "
        )
        entries.append(f"{comment}\n{PREFIX}{name.upper()}={_written(field.default)}\n")
    return "\n".join(entries)


def _written(default: object) -> str:
    if default is None or default is PydanticUndefined:
        return ""
    return default.get_secret_value() if isinstance(default, SecretStr) else str(default)


def in_force(settings: Settings) -> str:
    """The settings that this process would run with, secrets masked."""
    lines = [f"{PREFIX}{name.upper()}={value}" for name, value in settings]
    return "\n".join(lines) + "\n"
