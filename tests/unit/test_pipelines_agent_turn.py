import pytest

from pipelines.agent_turn import AgentTurn, Utterance, duration_ms

NINE = Utterance("We open at nine.", 1000, 1000 + 4 * 2400, (300, 600, 900, 1200))
FIVE = Utterance("Every day.", NINE.end, NINE.end + 2 * 2400, (300, 600))


@pytest.mark.parametrize(
    ("played", "heard"),
    [
        (0, ""),
        (1000, ""),
        (1000 + 1199, ""),
        (1000 + 1200, "We"),
        (1000 + 2 * 2400, "We open"),
        (NINE.end - 1, "We open at nine."),
        (NINE.end, "We open at nine."),
        (NINE.end + 2400, "We open at nine. Every"),
        (FIVE.end, "We open at nine. Every day."),
        (FIVE.end + 99, "We open at nine. Every day."),
    ],
)
def test_what_was_heard_when_playback_had_come_so_far(played: int, heard: str) -> None:
    assert AgentTurn(1, [NINE, FIVE]).heard(played) == heard


def test_a_sentence_without_times_is_spread_evenly() -> None:
    sentence = Utterance("one two three four", 0, 4 * 2400)
    assert AgentTurn(1, [sentence]).heard(2 * 2400) == "one two"


def test_a_sentence_that_could_not_be_synthesised_was_not_heard() -> None:
    silent = Utterance("Nobody said this.", NINE.end, NINE.end)
    assert AgentTurn(1, [NINE, silent]).heard(NINE.end + 9999) == "We open at nine."


def test_its_place_on_the_timeline_is_from_its_first_sample_to_its_last() -> None:
    turn = AgentTurn(1)
    turn.placed(800, 1600)
    turn.placed(4000, 4800)  # behind a pause
    assert (turn.first_sample, turn.last_sample) == (800, 4800)


def test_it_ends_with_its_last_utterance() -> None:
    assert AgentTurn(1).end == 0
    assert AgentTurn(1, [NINE, FIVE]).end == FIVE.end
    assert duration_ms(NINE) == 1200
