"""Measurements of Callsure, side by side with a plain Pipecat pipeline; see `bench.__main__`."""

import core  # noqa: F401  (says how many threads numerical libraries use, before they are imported)
