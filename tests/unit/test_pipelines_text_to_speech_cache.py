from pipelines.text_to_speech.cache import Speech, SpeechCache


def speech(size: int) -> Speech:
    return Speech(bytes(size), (1,))


def test_what_was_kept_is_found_under_its_key_only() -> None:
    cache = SpeechCache()
    kept = speech(10)
    cache.put(("Hello.", 1.0), kept)
    assert cache.get(("Hello.", 1.0)) is kept
    assert cache.get(("Hello.", 1.1)) is None


def test_the_least_recently_used_goes_first() -> None:
    cache = SpeechCache(max_bytes=30)
    for name in "abc":
        cache.put((name,), speech(10))
    cache.get(("a",))
    cache.put(("d",), speech(10))
    assert [name for name in "abcd" if cache.get((name,))] == ["a", "c", "d"]


def test_one_that_takes_much_room_drives_out_several() -> None:
    cache = SpeechCache(max_bytes=30)
    for name in "abc":
        cache.put((name,), speech(10))
    cache.put(("d",), speech(20))
    assert [name for name in "abcd" if cache.get((name,))] == ["c", "d"]


def test_keeping_again_counts_once() -> None:
    cache = SpeechCache(max_bytes=30)
    for _ in range(10):
        cache.put(("a",), speech(10))
    cache.put(("b",), speech(20))
    assert cache.get(("a",)) is not None


def test_what_is_larger_than_the_room_is_kept_until_the_next() -> None:
    cache = SpeechCache(max_bytes=30)
    cache.put(("a",), speech(50))
    assert cache.get(("a",)) is not None
    cache.put(("b",), speech(10))
    assert cache.get(("a",)) is None
    assert cache.get(("b",)) is not None
