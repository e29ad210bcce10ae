"""A folder of documents to chunks."""

from collections.abc import Callable
from pathlib import Path

from core.errors import ConfigurationError
from knowledge import loaders
from knowledge.chunking import Embed, chunks
from knowledge.passages import Chunk

Progress = Callable[[str, int, int], None]


def load_folder(folder: Path, embed: Embed, progress: Progress | None = None) -> list[Chunk]:
    """Load, cut and embed every document under ``folder`` (blocking).

    Args:
        folder: Where the documents lie; subfolders count.
        embed: Texts to vectors, for example ``Embedder.embed_now``.
        progress: Called with a document's name, its number and the number of all.
    """
    if not folder.is_dir():
        raise ConfigurationError("documents_missing", f"There is no folder {folder}.")
    paths = list(loaders.documents(folder))
    found: list[Chunk] = []
    for number, path in enumerate(paths, start=1):
        found += chunks(loaders.load(path, folder), embed)
        if progress:
            progress(path.name, number, len(paths))
    return found
