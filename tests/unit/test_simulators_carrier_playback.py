from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.carrier.playback import LONGEST_UNDERRUN, Clear, Mark, Playback, Underrun


def test_audio_plays_from_where_it_arrived_and_then_without_a_gap() -> None:
    playback = Playback()

    leads = [playback.feed(100, b"a" * 160), playback.feed(120, b"b" * 160)]

    assert leads == [-100, 140]
    assert [(run.start, bytes(run.ulaw)) for run in playback.runs] == [
        (100, b"a" * 160 + b"b" * 160)
    ]
    assert playback.end == 420
    assert playback.buffered(300) == 120


def test_a_mark_with_nothing_buffered_returns_at_once() -> None:
    playback = Playback()

    assert playback.mark(50, "now") == 50
    assert playback.reached(50) == ["now"]


def test_a_mark_returns_when_playback_reaches_it_and_only_once() -> None:
    playback = Playback()
    playback.feed(0, b"x" * 100)

    assert playback.mark(10, "end") == 100
    assert playback.reached(99) == []
    assert playback.reached(100) == ["end"]
    assert playback.reached(200) == []
    assert playback.marks == [Mark("end", queued_at=10, due=100, cleared=False)]


def test_marks_with_one_due_position_return_in_order() -> None:
    playback = Playback()
    playback.feed(0, b"x" * 100)
    playback.mark(0, "first")
    playback.mark(1, "second")

    assert playback.reached(100) == ["first", "second"]


def test_clear_empties_the_buffer_and_returns_all_marks_in_order() -> None:
    playback = Playback()
    playback.feed(0, b"a" * 100)
    playback.mark(0, "a")
    playback.feed(0, b"b" * 100)
    playback.mark(0, "b")

    assert playback.clear(30) == ["a", "b"]
    assert playback.clears == [Clear(30, dropped=170, marks=("a", "b"))]
    assert [(run.start, run.end, run.cut) for run in playback.runs] == [(0, 30, True)]
    assert playback.reached(500) == []


def test_clear_of_an_empty_buffer_cuts_nothing() -> None:
    playback = Playback()
    playback.feed(0, b"x" * 100)

    assert playback.clear(150) == []
    assert playback.clears == [Clear(150, dropped=0, marks=())]
    assert not playback.runs[0].cut


def test_audio_cleared_before_its_first_sample_leaves_no_run() -> None:
    playback = Playback()
    playback.feed(40, b"x" * 100)

    playback.clear(40)

    assert playback.runs == []
    assert playback.end == 40


def test_audio_after_a_clear_plays_at_once() -> None:
    playback = Playback()
    playback.feed(0, b"a" * 1000)
    playback.clear(100)

    playback.feed(100, b"b" * 10)

    assert [(run.start, run.end, run.cut) for run in playback.runs] == [
        (0, 100, True),
        (100, 110, False),
    ]


@pytest.mark.parametrize(
    ("gap", "stutters"),
    [
        pytest.param(0, [], id="exactly in time"),
        pytest.param(1, [Underrun(160, 1)], id="one sample late"),
        pytest.param(LONGEST_UNDERRUN, [Underrun(160, LONGEST_UNDERRUN)], id="300 ms late"),
        pytest.param(LONGEST_UNDERRUN + 1, [], id="a new utterance"),
    ],
)
def test_a_short_gap_is_an_underrun(gap: int, stutters: list[Underrun]) -> None:
    playback = Playback()
    playback.feed(0, b"x" * 160)

    playback.feed(160 + gap, b"x" * 160)

    assert playback.underruns == stutters


def test_what_follows_a_clear_is_no_underrun() -> None:
    playback = Playback()
    playback.feed(0, b"x" * 160)
    playback.clear(200)

    playback.feed(300, b"x" * 160)

    assert playback.underruns == []


def test_the_end_of_the_call_loses_what_is_buffered() -> None:
    playback = Playback()
    playback.feed(0, b"x" * 160)
    playback.mark(0, "never")

    assert playback.stop(100) == 60
    assert playback.runs[0].end == 100
    assert playback.runs[0].cut
    assert playback.clears == []
    assert playback.reached(1000) == []


def test_a_position_that_goes_back_counts_as_the_latest() -> None:
    playback = Playback()
    playback.feed(100, b"x" * 10)

    playback.feed(50, b"y" * 10)

    assert playback.runs[0].start == 100
    assert playback.end == 120


@dataclass
class TickingBuffer:
    """The same buffer played sample by sample: slow, and plainly right."""

    queue: deque[int | str] = field(default_factory=deque)
    played: dict[int, int] = field(default_factory=dict)
    returned: list[tuple[str, int]] = field(default_factory=list)
    now: int = 0

    def _take_marks(self) -> None:
        while self.queue and isinstance(self.queue[0], str):
            self.returned.append((str(self.queue.popleft()), self.now))

    def advance(self, to: int) -> None:
        while self.now < to:
            self._take_marks()
            if self.queue:
                self.played[self.now] = int(self.queue.popleft())
            self.now += 1
        self._take_marks()

    def clear(self) -> None:
        self.returned += [(item, self.now) for item in self.queue if isinstance(item, str)]
        self.queue.clear()


Operation = tuple[int, str, int]
operations = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from(["feed", "feed", "feed", "mark", "clear"]),
        st.integers(1, 50),
    ),
    max_size=60,
)


@given(operations)
def test_it_plays_what_a_ticking_buffer_plays(steps: list[Operation]) -> None:
    playback, reference = Playback(), TickingBuffer()
    at = 0
    returned: list[str] = []
    for number, (pause, kind, size) in enumerate(steps):
        at += pause
        reference.advance(at)
        returned += playback.reached(at)
        if kind == "feed":
            audio = bytes((number + offset) % 255 for offset in range(size))
            playback.feed(at, audio)
            reference.queue.extend(audio)
        elif kind == "mark":
            playback.mark(at, str(number))
            reference.queue.append(str(number))
        else:
            returned += playback.clear(at)
            reference.clear()
    at += 60 * 50 + 60
    reference.advance(at)
    returned += playback.reached(at)

    played = {
        run.start + offset: sample
        for run in playback.runs
        for offset, sample in enumerate(run.ulaw)
    }
    assert played == reference.played
    assert [(mark.name, mark.due) for mark in playback.marks] == reference.returned
    assert returned == [name for name, _ in reference.returned]


@given(operations)
def test_no_sample_is_both_played_and_dropped(steps: list[Operation]) -> None:
    playback = Playback()
    at = fed = 0
    for number, (pause, kind, size) in enumerate(steps):
        at += pause
        if kind == "feed":
            playback.feed(at, b"x" * size)
            fed += size
        elif kind == "mark":
            playback.mark(at, str(number))
        else:
            playback.clear(at)
    lost = playback.stop(at)

    played = sum(len(run.ulaw) for run in playback.runs)
    assert played + sum(clear.dropped for clear in playback.clears) + lost == fed
    ends = [0, *(run.end for run in playback.runs)]
    assert all(end <= run.start for end, run in zip(ends, playback.runs, strict=False))
    assert playback.end <= max(at, max(ends))
