from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.line import SAMPLE_RATE
from pipelines.playback import LEAD_S, Playback
from tests.unit.carrier_model import CarrierModel


def _speech(samples: int, seed: int = 0) -> bytes:
    return bytes((seed + i * 7) % 251 for i in range(samples))


def test_everything_sent_is_played_and_placed_once_and_in_order() -> None:
    model = CarrierModel(Playback(), delay=0.05)
    audio = _speech(3 * SAMPLE_RATE)
    model.playback.enqueue(audio)
    model.run(4)
    assert model.playback.idle
    assert b"".join(p.ulaw for p in model.placed) == audio == model.heard()


def test_audio_is_sent_no_further_ahead_than_the_lead() -> None:
    playback = Playback()
    playback.enqueue(_speech(SAMPLE_RATE))
    sent = 0
    while (message := playback.take(10.0)) is not None:
        sent += len(message[0])
    assert LEAD_S * SAMPLE_RATE <= sent <= LEAD_S * SAMPLE_RATE + 800


def test_a_pause_stops_where_the_carrier_stopped() -> None:
    model = CarrierModel(Playback(), delay=0.06)
    model.playback.enqueue(_speech(2 * SAMPLE_RATE))
    model.run(0.75)
    model.pause()
    model.run(0.5)
    assert model.playback.settled
    assert abs(model.playback.played - len(model.heard())) <= 80  # 10 ms


def test_resuming_goes_on_from_the_first_unplayed_sample() -> None:
    model = CarrierModel(Playback(), delay=0.04)
    audio = _speech(2 * SAMPLE_RATE)
    model.playback.enqueue(audio)
    model.run(0.9)
    model.pause()
    model.run(0.4)
    stopped = len(model.heard())
    model.playback.resume()
    model.run(3)
    heard = model.heard()
    assert model.playback.idle
    assert abs(len(heard) - len(audio)) <= 80
    assert heard[:stopped] == audio[:stopped]
    assert heard[-4000:] == audio[-4000:]


def test_nothing_is_due_while_paused_and_dropped_audio_is_never_sent() -> None:
    playback = Playback()
    playback.enqueue(_speech(SAMPLE_RATE))
    playback.take(1.0)
    assert playback.pause(1.1) is not None
    assert playback.next_due() is None
    playback.settle(1.2)
    playback.drop()
    assert playback.idle
    assert playback.next_due() is None
    fresh = _speech(160, seed=9)
    playback.enqueue(fresh)
    playback_message = playback.take(2.0)
    assert playback_message is not None
    assert playback_message[0] == fresh


def test_a_pause_before_any_audio_holds_what_is_queued_later() -> None:
    playback = Playback()
    assert playback.pause(1.0) is None
    playback.enqueue(_speech(160))
    assert playback.next_due() is None
    playback.resume()
    assert playback.take(2.0) is not None


def test_marks_thrown_back_by_clear_do_not_count_as_played() -> None:
    playback = Playback()
    playback.enqueue(_speech(SAMPLE_RATE))
    names = []
    while (message := playback.take(1.0)) is not None:
        names.append(message[1])
    playback.mark_returned(names[0], 1.30)
    assert playback.take(1.31) is not None
    after = playback.pause(1.33)
    for name in names[1:]:
        playback.mark_returned(name, 1.332)
    assert after is not None
    playback.mark_returned(after, 1.333)
    assert 2400 <= playback.played <= 2400 + 0.04 * SAMPLE_RATE


def test_an_unknown_mark_is_ignored() -> None:
    playback = Playback()
    playback.enqueue(_speech(160))
    playback.take(1.0)
    assert playback.mark_returned("somebody's", 1.1) == []
    assert playback.played == 0


@settings(max_examples=60, deadline=None)
@given(
    delay=st.floats(0, 0.15),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["speak", "pause", "resume", "drop"]),
            st.integers(100, 12_000),
            st.floats(0.02, 1.5),
        ),
        max_size=12,
    ),
)
def test_the_account_agrees_with_the_carrier(
    delay: float, steps: list[tuple[str, int, float]]
) -> None:
    model = CarrierModel(Playback(), delay=delay)
    playback = model.playback
    for index, (step, samples, seconds) in enumerate(steps):
        if step == "speak":
            playback.enqueue(_speech(samples, index))
        elif step == "pause":
            model.pause()
        elif step == "resume" and playback.paused and playback.settled:
            playback.resume()
        elif step == "drop" and playback.paused and playback.settled:
            playback.drop()
        model.run(seconds)
    if playback.paused:
        model.run(1)
        playback.resume()
    model.run(30)
    assert playback.idle
    placed = sum(len(p.ulaw) for p in model.placed)
    stops = sum(1 for step, *_ in steps if step == "pause") + 1
    assert abs(placed - len(model.heard())) <= 160 * stops
    ends = [0, *(p.end for p in model.placed)]
    assert all(p.start >= end for p, end in zip(model.placed, ends, strict=False))


@settings(max_examples=40, deadline=None)
@given(delay=st.floats(0, 0.12), pauses=st.lists(st.floats(0.1, 0.8), max_size=3))
def test_what_was_played_is_placed_within_20_ms_of_the_truth(
    delay: float, pauses: list[float]
) -> None:
    model = CarrierModel(Playback(), delay=delay)
    model.playback.enqueue(_speech(4 * SAMPLE_RATE))
    for pause in pauses:
        model.run(pause)
        model.pause()
        model.run(0.3)
        model.playback.resume()
    model.run(6)
    index = 0
    for piece in model.placed:
        if index < len(model.heard()):
            # Our own clock sees what the carrier does one delay later.
            assert abs(piece.time - (model.truth_at(index) + delay)) <= 0.02
        index += len(piece.ulaw)
