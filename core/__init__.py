"""What everything shares: errors, clock, identifiers, redaction and the host of the models."""

import os

# Official onnxruntime wheels report usage by default; a caller's machine reports nothing.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
