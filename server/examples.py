"""Where the example businesses lie."""

from pathlib import Path

# Answers the first call on a machine that has no agent yet, and the demo's.
FRONT_DESK = Path(__file__).parent.parent / "examples" / "front_desk"
