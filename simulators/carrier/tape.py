"""The carrier's tape: what the caller said and what really came out of the earpiece."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core import ulaw
from simulators.carrier.playback import Playback, Run

# Two pieces of the agent's audio that lie closer than this are one stretch.
_STRETCH_GAP = 2_400
# The code of a WebSocket that ended without a closing handshake.
_BROKEN_OFF = 1006


class HungUpBy(StrEnum):
    """Who ended the stream, and by which way."""

    CALLER = "caller"
    REST = "rest"
    SOCKET = "socket"
    PROTOCOL = "protocol"
    VANISHED = "vanished"


class Passed(NamedTuple):
    """One message and when it passed the carrier: a position on the tape."""

    at: int
    event: str
    sent: bool


@dataclass(frozen=True, slots=True)
class AgentStretch:
    """The agent's audio without a longer gap; ``cut`` where its rest was thrown away."""

    start_sample: int
    end_sample: int
    cut: bool


@dataclass(slots=True)
class Tape:
    """Two channels on one timeline of samples at 8 kHz; 0 is the caller's first frame.

    Attributes:
        call_sid: The carrier's name of the call.
        stream_sid: The carrier's name of the stream.
        began_at: The time of day at position 0.
        playback: What was played, with its clears, marks and underruns.
        sent_ulaw: What the caller said, lost frames included.
        messages: Every message in both directions, in order.
        send_late: For each frame of the caller, samples between its deadline and its sending.
        leads: For each audio message of the agent, samples by which it came before it was needed.
        ended_at: The position at which the stream ended.
        unplayed: Samples that were buffered at the end and never heard.
        hung_up_by: Who ended the stream.
        close_code: The code with which the socket closed, where the server closed it.
        close_reason: The reason given with it.
        violation: What the server did against the protocol, where that ended the call.
        said: What the carrier itself was asked to say, outside the stream.
    """

    call_sid: str = ""
    stream_sid: str = ""
    began_at: datetime | None = None
    playback: Playback = field(default_factory=Playback)
    sent_ulaw: bytearray = field(default_factory=bytearray)
    messages: list[Passed] = field(default_factory=list)
    send_late: list[int] = field(default_factory=list)
    leads: list[int] = field(default_factory=list)
    ended_at: int = 0
    unplayed: int = 0
    hung_up_by: HungUpBy | None = None
    close_code: int | None = None
    close_reason: str = ""
    violation: str = ""
    said: list[str] = field(default_factory=list)

    @property
    def server_closed(self) -> bool:
        """Whether the server closed the socket in due form, so that the call goes on without it."""
        return self.hung_up_by is HungUpBy.SOCKET and self.close_code not in {None, _BROKEN_OFF}

    @property
    def length(self) -> int:
        """Samples on the tape."""
        played = self.playback.runs[-1].end if self.playback.runs else 0
        return max(len(self.sent_ulaw), played)

    @property
    def sent(self) -> npt.NDArray[np.int16]:
        """What the caller said."""
        return _laid_out([Run(0, self.sent_ulaw)], self.length)

    @property
    def played(self) -> npt.NDArray[np.int16]:
        """What came out of the earpiece, silence where nothing was buffered."""
        return _laid_out(self.playback.runs, self.length)

    @property
    def stretches(self) -> tuple[AgentStretch, ...]:
        """The agent's audio in stretches; a cut always ends one."""
        found: list[AgentStretch] = []
        for run in self.playback.runs:
            last = found[-1] if found else None
            if last and not last.cut and run.start - last.end_sample <= _STRETCH_GAP:
                found[-1] = AgentStretch(last.start_sample, run.end, run.cut)
            else:
                found.append(AgentStretch(run.start, run.end, run.cut))
        return tuple(found)


def _laid_out(runs: list[Run], length: int) -> npt.NDArray[np.int16]:
    samples = np.zeros(length, dtype=np.int16)
    for run in runs:
        samples[run.start : run.end] = ulaw.decode(run.ulaw)
    return samples
