"""Golden event sequences: what happened in a call, without when. See `check`."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from storage.events import Body, LatencyMeasured

_FOLDER = Path(__file__).parent / "snapshots"


def check(name: str, bodies: Iterable[Body]) -> None:
    """Compare with the snapshot of that name.

    With CALLSURE_UPDATE_SNAPSHOTS=1 the snapshot is written anew: look at the difference before
    you commit it.
    """
    file = _FOLDER / f"{name}.json"
    happened = [_told(body) for body in bodies]
    if os.environ.get("CALLSURE_UPDATE_SNAPSHOTS"):
        file.write_text(_json(happened), encoding="utf-8")
    expected = json.loads(file.read_text(encoding="utf-8"))
    assert json.loads(_json(happened)) == expected


def _told(body: Body) -> dict[str, Any]:
    fields = {} if isinstance(body, LatencyMeasured) else asdict(body)
    kept = {key: value for key, value in fields.items() if not key.endswith("_ms")}
    return {"event": type(body).__name__, **kept}


def _json(happened: list[dict[str, Any]]) -> str:
    lines = ",\n".join(f"  {json.dumps(told)}" for told in happened)
    return f"[\n{lines}\n]\n"
