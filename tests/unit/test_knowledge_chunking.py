from hypothesis import given
from hypothesis import strategies as st

from knowledge.chunking import chunks, split
from knowledge.passages import Section
from tests.unit.words_as_vectors import embed

SENTENCES = st.lists(
    st.integers(1, 60).map(lambda count: " ".join(["word"] * count) + "."), min_size=1, max_size=20
)


@given(SENTENCES)
def test_parts_keep_every_sentence_whole_and_in_order(sentences: list[str]) -> None:
    parts = split(Section("a.md", "A", tuple(sentences)))

    assert [sentence for part in parts for sentence in part.sentences] == sentences
    assert all((part.document, part.heading) == ("a.md", "A") for part in parts)
    assert all(
        len(part.sentences) == 1 or sum(len(s.split()) for s in part.sentences) <= 120
        for part in parts
    )


def test_a_chunk_has_a_vector_for_itself_and_for_each_sentence() -> None:
    one, two = chunks(
        [Section("a.md", "A", ("Red.", "Blue.")), Section("a.md", "B", ("C.",))], embed
    )

    assert one.sentence_vectors.shape == (2, 384)
    assert (one.sentence_vectors[1] == embed(["Blue."])[0]).all()
    assert (one.vector == embed(["A. Red. Blue."])[0]).all()
    assert (two.position, two.sentence_vectors.shape) == (1, (1, 384))


def test_the_same_content_has_the_same_id_and_other_content_another() -> None:
    first = chunks([Section("a.md", "A", ("Red.",))], embed)[0].id

    assert chunks([Section("a.md", "A", ("Red.",))], embed)[0].id == first
    assert chunks([Section("a.md", "A", ("Blue.",))], embed)[0].id != first
    assert chunks([], embed) == []
