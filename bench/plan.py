"""How much is measured: the full benchmark, and a short one to try things with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes and lengths of the measurements; seconds unless named otherwise.

    Attributes:
        rounds: Trials of each side, interleaved; their medians count.
        levels: Numbers of calls at which processor time and memory are measured.
        window_s: Length of a measurement at a level; at one call ``single_s``.
        settle_s: What passes between the last call's start and a measurement.
        listen_s: How long a caller is silent between utterances; longer than an answer.
        barge_calls: Calls that barge in at the same time.
        barge_s: For how long they do.
        search_s: Length of a measurement in the search for the most calls that a core carries.
        search_within_s: How long the search may go on before it begins another level.
        most_calls: Where the search stops.
        latency_runs: Repetitions of the engines' short operations.
        most_clips: Clips of each collection that the recogniser hears.
    """

    rounds: int = 3
    levels: tuple[int, ...] = (1, 10, 20)
    window_s: float = 10.0
    single_s: float = 22.0
    settle_s: float = 4.0
    listen_s: float = 5.2
    barge_calls: int = 3
    barge_s: float = 12.0
    search_s: float = 7.0
    search_within_s: float = 45.0
    most_calls: int = 80
    latency_runs: int = 40
    most_clips: int = 1000


FULL = Plan()
QUICK = Plan(
    rounds=1,
    levels=(1, 10),
    window_s=6.0,
    single_s=12.0,
    settle_s=3.0,
    barge_s=8.0,
    search_s=5.0,
    search_within_s=20.0,
    latency_runs=10,
    most_clips=20,
)
