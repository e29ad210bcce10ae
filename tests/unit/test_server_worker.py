"""The listening socket: taken, or refused with the setting to change."""

import socket

import pytest

from core.errors import ConfigurationError
from server.worker import listen


def test_a_free_port_is_taken() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.getsockname()[1] > 0


def test_a_port_in_use_says_which_setting_to_change() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match="CALLSURE_PORT") as caught:
            listen("127.0.0.1", port)

    assert caught.value.code == "port_unavailable"
    assert "another program" in caught.value.message


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="CALLSURE_HOST"):
        listen("192.0.2.1", 0)
