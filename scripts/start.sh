#!/usr/bin/env sh
# Set up if needed, then run the server in the foreground: for a supervisor to start and restart.
# Settings come from the environment or from .env beside the Makefile.
set -eu
cd "$(dirname "$0")/.."
"${PYTHON:-python3}" scripts/setup.py runtime
exec .venv/bin/callsure serve "$@"
