from pathlib import Path

import pytest

from core.errors import ConfigurationError
from knowledge import loaders
from knowledge.ingest import load_folder
from knowledge.passages import Section
from tests.unit.words_as_vectors import embed


def test_only_files_with_a_loader_are_documents(tmp_path: Path) -> None:
    for name in ("b.md", "a.txt", "c.pdf", "sub/d.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")

    names = [path.relative_to(tmp_path).as_posix() for path in loaders.documents(tmp_path)]

    assert names == ["a.txt", "b.md", "sub/d.md"]


def test_a_plain_text_is_one_section_named_after_its_file(tmp_path: Path) -> None:
    path = tmp_path / "lost_and_found.txt"
    path.write_text("We keep things for a month.\nAsk at the desk.\n\nNo food")

    assert loaders.load(path, tmp_path) == [
        Section(
            "lost_and_found.txt",
            "Lost and found",
            ("We keep things for a month.", "Ask at the desk.", "No food"),
        )
    ]


def test_an_empty_text_has_no_sections(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n")

    assert loaders.load(tmp_path / "empty.txt", tmp_path) == []


def test_a_folder_is_loaded_with_its_progress(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\nOne.\n")
    (tmp_path / "b.txt").write_text("Two.")
    progress: list[tuple[str, int, int]] = []

    found = load_folder(tmp_path, embed, lambda *step: progress.append(step))

    assert [chunk.section.sentences for chunk in found] == [("One.",), ("Two.",)]
    assert progress == [("a.md", 1, 2), ("b.txt", 2, 2)]


def test_a_missing_folder_is_the_owners_to_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_folder(tmp_path / "nowhere", embed)

    assert caught.value.code == "documents_missing"
