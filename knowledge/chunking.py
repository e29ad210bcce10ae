"""Sections to chunks: a long one is cut between sentences and keeps its heading in each part."""

import hashlib
from collections.abc import Callable

import numpy as np

from knowledge.embeddings import Vectors
from knowledge.passages import Chunk, Section

Embed = Callable[[list[str]], Vectors]

# The encoder reads 256 tokens; a smaller chunk is about fewer things, so it is found more surely.
_CHUNK_WORDS = 120


def split(section: Section) -> list[Section]:
    """Cut a section at sentence ends into parts of at most about 120 words."""
    # Imported here: it costs two seconds, and a start with unchanged documents cuts none.
    from llama_index.core.node_parser import SentenceSplitter

    splitter = SentenceSplitter(
        chunk_size=_CHUNK_WORDS,
        chunk_overlap=0,
        tokenizer=str.split,
        chunking_tokenizer_fn=lambda text: text.splitlines(keepends=True),
        paragraph_separator="\n\n",
    )
    parts = splitter.split_text("\n".join(section.sentences))
    return [
        Section(section.document, section.heading, tuple(part.splitlines()))
        for part in parts
        if part.strip()
    ]


def chunks(sections: list[Section], embed: Embed) -> list[Chunk]:
    """Cut and embed ``sections``; ids depend on the content alone, so that a rerun changes none."""
    parts = [part for section in sections for part in split(section)]
    if not parts:
        return []
    texts = [f"{part.heading}. {' '.join(part.sentences)}" for part in parts]
    sentences = [sentence for part in parts for sentence in part.sentences]
    vectors = embed(texts + sentences)
    bounds = np.cumsum([len(parts), *(len(part.sentences) for part in parts)])
    return [
        Chunk(
            id=_identity(part, position),
            section=part,
            position=position,
            vector=vectors[position],
            sentence_vectors=vectors[bounds[position] : bounds[position + 1]],
        )
        for position, part in enumerate(parts)
    ]


def _identity(part: Section, position: int) -> str:
    content = "\n".join((part.document, part.heading, str(position), *part.sentences))
    return hashlib.sha256(content.encode()).hexdigest()[:24]
