from knowledge.markdown import sections
from knowledge.passages import Section


def test_each_heading_makes_a_section_that_names_its_parents() -> None:
    source = "# Hours\n\n## Holidays\n\nWe close at noon. Call us.\n\n### Easter\n\nClosed.\n"

    assert sections("hours.md", source) == [
        Section("hours.md", "Hours / Holidays", ("We close at noon.", "Call us.")),
        Section("hours.md", "Hours / Holidays / Easter", ("Closed.",)),
    ]


def test_markup_is_not_spoken() -> None:
    (section,) = sections("a.md", "# A\n\nSee **our** [site](https://x.example) and `code`.\n")

    assert section.sentences == ("See our site and code.",)


def test_a_list_is_named_after_its_lead_in() -> None:
    (section,) = sections("a.md", "# Plans\n\nWe take these plans:\n\n- Delta\n- Cigna\n")

    assert section.sentences == ("We take these plans: Delta and Cigna.",)


def test_a_list_without_a_lead_in_is_named_after_its_heading() -> None:
    (section,) = sections("a.md", "# Services\n\n- Brakes\n- Tires\n")

    assert section.sentences == ("Services: Brakes and Tires.",)


def test_long_items_stand_alone_after_their_lead_in() -> None:
    source = "# Rules\n\nPlease note:\n\n- Dogs have to be on a leash at all times.\n- Be quiet.\n"

    (section,) = sections("a.md", source)

    assert section.sentences == (
        "Please note:",
        "Dogs have to be on a leash at all times.",
        "Be quiet.",
    )


def test_tables_are_read_row_by_row() -> None:
    source = (
        "# Prices\n\n| What | Price |\n|---|---|\n| Crown | $9 |\n| Soap | $1 |\n\nTax is extra.\n"
    )

    (section,) = sections("a.md", source)

    assert section.sentences == ("A crown is $9.", "A soap is $1.", "Tax is extra.")


def test_a_document_of_headings_alone_has_no_sections() -> None:
    assert sections("a.md", "# A\n\n## B\n") == []
