"""The one exception tree.

CallsureError
├── ConfigurationError     the owner has to change something
├── NotFoundError          what was asked for does not exist
├── RefusedError           the request is not allowed (signature, token, key)
├── ProtocolError          a peer broke the protocol it speaks
├── StorageError           the database or the object store is away or wrong
├── ProviderError          a speech or language service failed
└── OverloadedError        there is no room for another call
"""


class CallsureError(Exception):
    """An error with a stable code, known to the API, the logs and the event log.

    Args:
        code: Stable name in snake case, for example ``stt_unavailable``.
        message: What happened and what to do about it, for a person.
        retryable: Whether the same request can succeed later, unchanged.
        spoken: What the caller hears, or None where the caller hears nothing.
    """

    def __init__(
        self, code: str, message: str, *, retryable: bool = False, spoken: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable
        self.spoken = spoken

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class ConfigurationError(CallsureError):
    """A setting, an agent's definition or an installation is wrong or incomplete."""


class NotFoundError(CallsureError):
    """The call, agent, number or document does not exist."""


class RefusedError(CallsureError):
    """The request carries no valid proof that it may be made."""


class ProtocolError(CallsureError):
    """A peer sent what its protocol does not allow."""


class StorageError(CallsureError):
    """The database or the object store is away, full or inconsistent."""


class ProviderError(CallsureError):
    """A speech or language service refused, stalled or answered nonsense."""


class OverloadedError(CallsureError):
    """There is no room for another call at its promised pace."""
