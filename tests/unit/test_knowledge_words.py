from knowledge.words import compounds, content, stems, words


def test_words_are_lower_case_and_parted_by_hyphens() -> None:
    assert words("Check-in at 3 PM, it’s Dr. Ruiz's!") == [
        "check", "in", "at", "3", "pm", "it's", "dr", "ruiz's",
    ]  # fmt: skip


def test_content_leaves_out_how_a_question_is_asked() -> None:
    assert content("How much do you charge for a root canal, please?") == [
        "charge", "root", "canal",
    ]  # fmt: skip
    assert content("Where are you?") == []


def test_stems_join_neighbours_and_drop_common_words() -> None:
    assert {"metlif", "crown"} <= stems("do you take met life for crowns")
    assert "do" not in stems("do you take met life")


def test_compounds_are_also_one_word() -> None:
    assert compounds("Free Wi-Fi and a check-in at 3-4") == {"wifi", "checkin"}
