"""What the product may ask of the carrier about a live call."""

from typing import Protocol


class CallControl(Protocol):
    """Controls calls at the carrier, by the carrier's own name of the call."""

    async def hang_up(self, carrier_call_id: str) -> None:
        """End the call; a call that is already over is no error.

        Raises:
            ProviderError: The carrier could not be reached or refused.
        """
