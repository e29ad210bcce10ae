"""The waterfall of an answer as a bar: how the time since the caller's last word was spent."""

from rich.text import Text

from storage.events import LatencyMeasured

# Stage, the field with its time since the end of speech, and its colour; in order of time.
STAGES = (
    ("turn end", "end_of_turn_ms", "blue"),
    ("transcript", "transcript_ms", "cyan"),
    ("passages", "passages_ms", "green"),
    ("text", "first_text_ms", "yellow"),
    ("audio", "first_audio_ms", "magenta"),
)
_COLUMNS = 20
_SCALE_MS = 800  # a full bar; slower answers squeeze it


def times(measured: LatencyMeasured) -> dict[str, int]:
    """Milliseconds from the end of speech to each stage, by the stage's name."""
    return {name: int(getattr(measured, field)) for name, field, _ in STAGES}


def bar(measured: LatencyMeasured) -> Text:
    """The bar, and after it each stage's own share."""
    reached = times(measured)
    total = reached["audio"]
    scale = max(_SCALE_MS, total)
    text, shares, before, drawn = Text(), Text(), 0, 0
    for name, _, colour in STAGES:
        until = round(reached[name] * _COLUMNS / scale)
        text.append("█" * (until - drawn), colour)
        drawn = until
        share = reached[name] - before
        if share:
            shares.append(f" {name} ", "dim").append(str(share), colour)
        before = reached[name]
    return Text.assemble(text, (f" {total} ms", "bold"), (" =", "dim"), shares)
