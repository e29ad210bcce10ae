"""How a voice speaks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VoiceStyle:
    """``speed`` 1.0 is the voice's natural pace; ``gain_db`` raises its level."""

    speed: float = 1.0
    gain_db: float = 6.0
