from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import ManualClock
from core.errors import OverloadedError, ProtocolError
from core.ids import SequentialIds, SystemIds
from telephony.twilio.tokens import StreamTokens

KEY = b"a key of this deployment"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def tokens(clock: ManualClock) -> StreamTokens:
    return StreamTokens(KEY, clock, SystemIds(clock), ttl=timedelta(seconds=30))


def refusal(tokens: StreamTokens, token: str, carrier_call_id: str = "CA1") -> str:
    with pytest.raises(ProtocolError) as caught:
        tokens.spend(token, carrier_call_id)
    return caught.value.code


def test_a_token_admits_to_its_call(tokens: StreamTokens) -> None:
    assert tokens.spend(tokens.issue("call_1", "CA1"), "CA1") == "call_1"


def test_a_token_is_used_once(tokens: StreamTokens) -> None:
    token = tokens.issue("call_1", "CA1")
    tokens.spend(token, "CA1")

    assert refusal(tokens, token) == "used_token"


def test_two_tokens_of_one_call_are_two(tokens: StreamTokens) -> None:
    first, second = tokens.issue("call_1", "CA1"), tokens.issue("call_1", "CA1")

    assert tokens.spend(first, "CA1") == tokens.spend(second, "CA1") == "call_1"


def test_a_token_fits_only_the_carriers_call(tokens: StreamTokens) -> None:
    assert refusal(tokens, tokens.issue("call_1", "CA1"), "CA2") == "unknown_token"


async def test_a_token_expires(tokens: StreamTokens, clock: ManualClock) -> None:
    early, late = tokens.issue("call_1", "CA1"), tokens.issue("call_2", "CA1")

    await clock.advance(29.5)
    assert tokens.spend(early, "CA1") == "call_1"
    await clock.advance(0.5)
    assert refusal(tokens, late) == "expired_token"
    assert refusal(tokens, early) == "expired_token"


def test_another_worker_with_the_same_key_accepts_it(
    tokens: StreamTokens, clock: ManualClock
) -> None:
    token = tokens.issue("call_1", "CA1")
    same = StreamTokens(KEY, clock, SystemIds(clock))
    other = StreamTokens(b"another key", clock, SystemIds(clock))

    assert same.spend(token, "CA1") == "call_1"
    assert refusal(other, token) == "unknown_token"


@pytest.mark.parametrize(
    "token", ["", ".", "v1.9.n.c.", "v1.99999999999999.n.call_1.sig", "ü", "a" * 5000]
)
def test_a_made_up_token(token: str, tokens: StreamTokens) -> None:
    assert refusal(tokens, token) == "unknown_token"


@given(st.integers(min_value=0), st.characters(codec="utf-8"))
def test_no_letter_of_a_token_can_be_changed(place: int, letter: str) -> None:
    clock = ManualClock()
    tokens = StreamTokens(KEY, clock, SequentialIds())
    token = tokens.issue("call_1", "CA1")
    place %= len(token)
    forged = token[:place] + letter + token[place + 1 :]

    if forged == token:
        assert tokens.spend(forged, "CA1") == "call_1"
    else:
        assert refusal(tokens, forged) == "unknown_token"


async def test_used_tokens_are_forgotten_when_they_would_expire(clock: ManualClock) -> None:
    tokens = StreamTokens(KEY, clock, SystemIds(clock), ttl=timedelta(seconds=30), most_used=2)
    for _ in range(2):
        tokens.spend(tokens.issue("call_1", "CA1"), "CA1")

    with pytest.raises(OverloadedError):
        tokens.spend(tokens.issue("call_1", "CA1"), "CA1")

    await clock.advance(30)
    assert tokens.spend(tokens.issue("call_2", "CA1"), "CA1") == "call_2"
