from knowledge.chunking import chunks
from knowledge.index import MemoryIndex
from knowledge.passages import Section
from tests.unit.words_as_vectors import embed

INDEX = MemoryIndex(
    chunks(
        [
            Section("hours.md", "Hours", ("We open at nine.", "Sunday we rest.")),
            Section("dogs.md", "Dogs", ("Dogs may come in.",)),
            Section("plans.md", "Plans", ("We take MetLife among others.",)),
        ],
        embed,
    )
)


def search(query: str, k: int = 1) -> list[str]:
    return [p.document for p in INDEX.search(query, embed([query])[0], k)]


def test_the_nearest_passage_comes_first_with_its_sentences_scored() -> None:
    query = "dogs may come in?"

    best, *_ = INDEX.search(query, embed([query])[0], 2)

    assert (best.document, best.heading, best.text) == ("dogs.md", "Dogs", "Dogs may come in.")
    assert best.score == best.sentences[0].score
    assert best.score > 0.99


def test_one_near_sentence_is_enough() -> None:
    assert search("on sunday we rest") == ["hours.md"]


def test_a_telling_word_brings_its_passage_though_the_vector_is_far() -> None:
    assert search("metlife open at nine") == ["hours.md", "plans.md"]


def test_a_word_that_was_heard_as_two_is_found() -> None:
    assert "plans.md" in search("open met life at nine")


def test_an_empty_index_finds_nothing() -> None:
    assert MemoryIndex([]).search("dogs", embed(["dogs"])[0], 3) == ()
    assert len(MemoryIndex([])) == 0
