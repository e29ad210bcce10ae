"""Files to plain sections: one loader per kind of file, found by its suffix."""

from collections.abc import Callable, Iterator
from pathlib import Path

from knowledge.markdown import sections as markdown_sections
from knowledge.passages import Section
from knowledge.sentences import split_sentences

Loader = Callable[[str, str], list[Section]]


def load_markdown(document: str, source: str) -> list[Section]:
    """Sections of a Markdown document by its headings."""
    return markdown_sections(document, source)


def load_text(document: str, source: str) -> list[Section]:
    """A plain text has one section, headed by the document's name."""
    heading = Path(document).stem.replace("_", " ").replace("-", " ").capitalize()
    sentences = tuple(
        sentence for block in source.split("\n\n") for sentence in split_sentences(block)
    )
    return [Section(document, heading, sentences)] if sentences else []


LOADERS: dict[str, Loader] = {".md": load_markdown, ".markdown": load_markdown, ".txt": load_text}


def documents(folder: Path) -> Iterator[Path]:
    """The files under ``folder`` that a loader exists for, in a stable order."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in LOADERS and path.is_file():
            yield path


def load(path: Path, folder: Path) -> list[Section]:
    """The sections of one file, named by its path inside ``folder``."""
    loader = LOADERS[path.suffix.lower()]
    return loader(path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8"))
