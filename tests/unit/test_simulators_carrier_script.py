from pathlib import Path

import pytest

from core.errors import ConfigurationError
from simulators.carrier.script import After, Expectation, While, load

SCRIPT = """
caller: "+15550100001"
called: "+15550100100"
steps:
  - say: hours.wav
    text: "What time do you open on Saturday?"
    after: greeting
    expect: {answer_contains_all: ["nine"], not_contains: ["ten"]}
  - say: mm_hm.wav
    text: "Mm-hm."
    while: speaking
    after_ms: 1200
    expect: {resumes: true}
  - say: goodbye.wav
    text: "Goodbye."
    settle_ms: 900
    expect: {hangs_up: true}
"""


def written(folder: Path, text: str) -> Path:
    (folder / "script.yaml").write_text(text)
    return folder


def test_a_script_is_read(tmp_path: Path) -> None:
    script = load(written(tmp_path, SCRIPT))

    hours, mm_hm, goodbye = script.steps
    assert (script.caller, script.called) == ("+15550100001", "+15550100100")
    assert (hours.say, hours.after, hours.during) == ("hours.wav", After.GREETING, None)
    assert hours.expect == Expectation(answer_contains_all=("nine",), not_contains=("ten",))
    assert (mm_hm.during, mm_hm.after_ms, mm_hm.expect.resumes) == (While.SPEAKING, 1200, True)
    assert (goodbye.after, goodbye.settle_ms, goodbye.expect.hangs_up) == (None, 900, True)
    assert not any(step.hang_up for step in script.steps)


@pytest.mark.parametrize(
    "text",
    [
        "steps: []",
        "steps: [{say: a.wav}]",
        "steps: [{say: a.wav, text: A., when: now}]",
        "steps: [{say: a.wav, text: A., after: greeting, while: speaking}]",
        "steps: [{say: a.wav, text: A., after_ms: 100}]",
        "steps: [{say: a.wav, text: A., expect: {dances: true}}]",
        "steps: [{say: a.wav, text: A., settle_ms: 0}]",
        "steps: [",
        "- just a list",
    ],
)
def test_anything_else_is_refused_with_the_files_name(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"script\.yaml") as caught:
        load(written(tmp_path, text))

    assert caught.value.code == "bad_script"


def test_a_missing_script(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"script\.yaml"):
        load(tmp_path)
