"""What everything shares: errors, clock, identifiers, redaction and the host of the models."""

import os

# Official onnxruntime wheels report usage by default; a caller's machine reports nothing.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
# One thread a matrix product: a query's are small, and a spinning helper thread starves the calls.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
