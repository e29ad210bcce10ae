import os
import stat
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from storage.home import FOLDERS, prepare_home, resolve_home, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_setting_comes_first(tmp_path: Path) -> None:
    assert resolve_home({"CALLSURE_HOME": str(tmp_path)}) == tmp_path


def test_a_tilde_is_the_users_folder() -> None:
    assert resolve_home({"CALLSURE_HOME": "~/calls"}) == Path.home() / "calls"


def test_root_uses_a_folder_that_other_accounts_can_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert resolve_home({}) == Path("/var/lib/callsure")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"XDG_DATA_HOME": "/data/me"}, Path("/data/me/callsure")),
        ({}, Path.home() / ".local" / "share" / "callsure"),
    ],
)
def test_a_user_uses_the_users_data_folder(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert resolve_home(environment) == expected


@pytest.mark.parametrize(("user", "passable"), [(0, 0o711), (1000, 0o700)])
def test_nobody_else_reads_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, passable: int
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    home = prepare_home(tmp_path / "deep" / "home")
    assert {name: mode(home / name) for name in FOLDERS} == {
        "recordings": 0o700,
        "run": 0o700,
        "servers": passable,
        "spool": 0o700,
    }
    assert mode(home) == passable
    assert prepare_home(home) == home


def test_a_home_that_is_a_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(ConfigurationError, match="CALLSURE_HOME") as caught:
        prepare_home(tmp_path / "home")
    assert caught.value.code == "home_unusable"


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]
