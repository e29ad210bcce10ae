"""What calls are made of: composed once by the server, used by every call."""

from dataclasses import dataclass

from agent.directory import AgentDirectory
from core.clock import Clock
from core.ids import Ids
from pipelines.speech import SpeechServices
from storage.call_log import CallLogs
from storage.lease_keeper import LeaseKeeper
from storage.recordings import RecordingStore
from telephony.control import CallControl
from telephony.twilio.tokens import StreamTokens


@dataclass(frozen=True, slots=True)
class CallServices:
    """The parts of the house that a call needs."""

    account_id: str
    agents: AgentDirectory
    logs: CallLogs
    leases: LeaseKeeper
    recordings: RecordingStore
    speech: SpeechServices
    control: CallControl
    tokens: StreamTokens
    stream_url: str
    clock: Clock
    ids: Ids
    max_calls: int
