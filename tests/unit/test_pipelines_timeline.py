from hypothesis import given
from hypothesis import strategies as st

from pipelines.timeline import Timeline


def test_before_any_audio_there_is_no_position() -> None:
    timeline = Timeline()
    assert not timeline.started
    assert timeline.ms_at(5.0) is None
    assert timeline.sample_at(5.0) == 0


def test_the_frame_that_travelled_fastest_defines_the_clock() -> None:
    timeline = Timeline()
    timeline.arrived(0, 10.050)
    timeline.arrived(160, 10.030)
    timeline.arrived(320, 10.090)
    assert timeline.sample_at(10.030) == 160
    assert timeline.time_of(160) == 10.030


def test_a_later_leg_begins_at_its_base() -> None:
    timeline = Timeline(base_ms=5000)
    timeline.arrived(0, 1.0)
    assert timeline.ms_at(2.0) == 6000
    assert timeline.ms_of(8000) == 6000


def test_a_drifting_clock_is_followed() -> None:
    timeline = Timeline()
    drift = 1.0005  # 30 ms a minute
    for frame in range(50 * 120):
        at = frame * 0.02
        timeline.arrived(frame * 160, at * drift)
    last = 50 * 120 - 1
    assert abs(timeline.sample_at(last * 0.02 * drift) - last * 160) <= 0.02 * 8000


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=200))
def test_delays_never_move_the_clock_by_more_than_the_smallest(delays: list[float]) -> None:
    timeline = Timeline()
    for frame, delay in enumerate(delays):
        timeline.arrived(frame * 160, frame * 0.02 + delay)
    late = timeline.time_of(0)
    assert abs(late - min(delays)) < 1e-6
