from pipelines.backchannels import SoundKind
from pipelines.turn_taking import (
    DecodeNow,
    EndTurn,
    Interrupt,
    PausePlayback,
    ResumePlayback,
    State,
    TurnTaking,
)


def test_a_complete_turn_ends_after_a_short_silence() -> None:
    taking = TurnTaking()
    assert taking.onset(10.0, agent_speaking=False) == []
    assert taking.pause(12.0, 12.1) == []
    assert taking.transcript("When do you open?", 0.95, 12.15, finalized=True) == []
    assert taking.verdict(complete=True, now=12.18) == []
    assert taking.deadline() == 12.0 + 0.192
    assert taking.tick(12.2) == [EndTurn("When do you open?", 0.95)]
    assert taking.state is State.IDLE
    assert taking.deadline() is None


def test_an_incomplete_turn_waits_for_more() -> None:
    taking = TurnTaking()
    taking.onset(10.0, agent_speaking=False)
    taking.pause(12.0, 12.1)
    taking.transcript("I would like to", 0.95, 12.15, finalized=True)
    taking.verdict(complete=False, now=12.2)
    assert taking.tick(12.5) == []
    assert taking.resumed() == []
    assert taking.deadline() is None
    taking.pause(14.0, 14.1)
    assert taking.verdict(complete=True, now=14.2) == []  # the transcript is still the old one
    decisions = taking.transcript("I would like to book.", 0.95, 14.3, finalized=True)
    assert decisions == [EndTurn("I would like to book.", 0.95)]


def test_an_incomplete_turn_ends_when_patience_does() -> None:
    taking = TurnTaking()
    taking.onset(10.0, agent_speaking=False)
    taking.pause(12.0, 12.1)
    taking.transcript("Well I", 0.95, 12.15, finalized=True)
    taking.verdict(complete=False, now=12.2)
    assert taking.tick(13.1) == []
    assert taking.tick(13.21) == [EndTurn("Well I", 0.95)]


def test_a_turn_that_nobody_transcribes_ends_without_words() -> None:
    taking = TurnTaking()
    taking.onset(10.0, agent_speaking=False)
    taking.pause(12.0, 12.1)
    taking.verdict(complete=True, now=12.2)
    assert taking.tick(13.5) == []
    assert taking.tick(15.01) == [EndTurn("", 0.0)]


def test_a_backchannel_pauses_and_resumes() -> None:
    taking = TurnTaking()
    assert taking.onset(10.0, agent_speaking=True) == [PausePlayback()]
    assert taking.pause(10.4, 10.5) == []
    decisions = taking.transcript("Mm-hmm.", 0.5, 10.6, finalized=True)
    assert decisions == [ResumePlayback(SoundKind.BACKCHANNEL, "Mm-hmm.")]
    assert taking.state is State.IDLE


def test_a_noise_resumes_at_the_deadline_even_without_a_transcript() -> None:
    taking = TurnTaking()
    taking.onset(10.0, agent_speaking=True)
    taking.pause(10.3, 10.4)
    assert taking.deadline() == 10.3 + 0.6
    assert taking.tick(10.91) == [ResumePlayback(SoundKind.NOISE, "")]


def test_words_over_the_agent_interrupt_and_become_a_turn() -> None:
    taking = TurnTaking()
    taking.onset(10.0, agent_speaking=True)
    assert taking.tick(10.3) == []
    assert taking.tick(10.61) == [DecodeNow()]
    decisions = taking.transcript("Actually do", 0.9, 10.7, finalized=False)
    assert decisions == [Interrupt()]
    assert taking.state is State.SPEAKING
    taking.pause(12.0, 12.1)
    taking.verdict(complete=True, now=12.15)
    decisions = taking.transcript("Actually, do you take it?", 0.9, 12.2, finalized=True)
    assert decisions == [EndTurn("Actually, do you take it?", 0.9)]


def test_a_short_word_over_the_agent_interrupts_and_ends_at_once() -> None:
    taking = TurnTaking()
    taking.onset(10.0, agent_speaking=True)
    taking.pause(10.3, 10.4)
    taking.verdict(complete=True, now=10.48)
    decisions = taking.transcript("Stop.", 0.9, 10.5, finalized=True)
    assert decisions == [Interrupt(), EndTurn("Stop.", 0.9)]


def test_a_long_noise_never_interrupts() -> None:
    taking = TurnTaking()
    taking.onset(10.0, agent_speaking=True)
    for at in (10.61, 11.22, 11.83):
        assert taking.tick(at) == [DecodeNow()]
        assert taking.transcript("You", 0.35, at + 0.1, finalized=False) == []
    assert taking.state is State.OVERLAP
    assert taking.tick(13.01) == [ResumePlayback(SoundKind.NOISE, "You")]


def test_a_second_onset_in_a_turn_is_the_same_turn() -> None:
    taking = TurnTaking()
    taking.onset(10.0, agent_speaking=False)
    taking.pause(11.0, 11.1)
    taking.verdict(complete=False, now=11.2)
    assert taking.onset(11.5, agent_speaking=True) == []
    assert taking.deadline() is None


def test_a_farewell_needs_no_verdict() -> None:
    taking = TurnTaking()
    taking.onset(10.0, agent_speaking=False)
    taking.pause(12.0, 12.1)
    taking.verdict(complete=False, now=12.2)
    decisions = taking.transcript("No, that's all. Bye.", 0.9, 12.25, finalized=True)
    assert decisions == [EndTurn("No, that's all. Bye.", 0.9)]
