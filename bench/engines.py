"""The embedded engines by themselves, on one core: how well and how fast they do their part."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.figures import percentile
from bench.plan import Plan
from bench.speech import Clip, SpeechMissingError, prompts, sentences
from bench.words import Errors, total, word_errors
from core.model_host import ModelHost
from knowledge.embeddings import Embedder
from pipelines.end_of_turn import EndOfTurn
from pipelines.speech_to_text.moonshine import Moonshine, load_moonshine
from pipelines.text_to_speech.hibari import load_voice
from pipelines.text_to_speech.style import VoiceStyle

PROMPTS = "telephone prompts"
SENTENCES = "read sentences"
PUBLISHED_RATE = 0.027
"""What was measured on such prompts when the recogniser was chosen."""
MARGIN = 0.02

_QUESTION = "Do you have any appointments free on Saturday after {}?"
_SENTENCE = "We open at nine on weekdays, visit number {} of today."


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds that an operation takes."""

    p50: float
    p95: float
    count: int


@dataclass(slots=True)
class EngineFigures:
    """What the engines showed; ``skipped`` says what could not be measured, and why."""

    errors: dict[str, Errors] = field(default_factory=dict)
    latencies: dict[str, Latency] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


def measure_engines(plan: Plan, cache: Path, shared: Path) -> EngineFigures:
    """Measure every engine (blocking).

    Args:
        plan: How much is measured.
        cache: Where Debian's prompts are kept once they were fetched.
        shared: A folder of recordings with a manifest, which may be absent.
    """
    figures = EngineFigures()
    host = ModelHost()
    recogniser = load_moonshine(host)
    took: list[float] = []
    for name, load in ((PROMPTS, lambda: prompts(cache)), (SENTENCES, lambda: sentences(shared))):
        try:
            clips = load()[: plan.most_clips]
        except SpeechMissingError as error:
            figures.skipped[f"recogniser on {name}"] = str(error)
            continue
        figures.errors[name] = total(_heard(recogniser, clip, took) for clip in clips)
    if took:
        figures.latencies["recogniser, per utterance"] = _latency(took)
    figures.latencies["voice, first audio of a sentence"] = _voice(host, plan.latency_runs)
    figures.latencies["embedding, per query"] = _embedding(host, plan.latency_runs)
    figures.latencies["end of turn, per decision"] = _end_of_turn(host, plan.latency_runs)
    host.close()
    return figures


def _heard(recogniser: Moonshine, clip: Clip, took: list[float]) -> Errors:
    start = time.perf_counter()
    transcript = recogniser.transcribe(clip.pcm)
    took.append(time.perf_counter() - start)
    return word_errors(clip.text, transcript.text)


def _voice(host: ModelHost, runs: int) -> Latency:
    voice = load_voice(host)
    voice.speak("Warm up.", VoiceStyle())
    # Each text is new: fixed phrases would come from memory.
    texts = [_SENTENCE.format(number) for number in range(runs)]
    return _timed([partial(voice.speak, text, VoiceStyle()) for text in texts])


def _embedding(host: ModelHost, runs: int) -> Latency:
    embedder = Embedder(host)
    embedder.embed_now([_QUESTION.format("noon")])
    texts = [_QUESTION.format(hour) for hour in range(runs)]
    return _timed([partial(embedder.embed_now, [text]) for text in texts])


def _end_of_turn(host: ModelHost, runs: int) -> Latency:
    model = EndOfTurn(host)
    model.warm()
    return _timed([model.warm] * runs)


def _timed(operations: Sequence[Callable[[], object]]) -> Latency:
    took = []
    for operation in operations:
        start = time.perf_counter()
        operation()
        took.append(time.perf_counter() - start)
    return _latency(took)


def _latency(seconds: Sequence[float]) -> Latency:
    millis = [value * 1000 for value in seconds]
    return Latency(percentile(millis, 50), percentile(millis, 95), len(millis))
