"""Measurements of Callsure, side by side with a plain Pipecat pipeline; see `bench.__main__`."""
