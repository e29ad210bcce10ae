import pytest

from knowledge.statements import enumeration, from_item, from_row


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("Crown: $1,150", "A crown is $1,150."),
        ("Oil change (synthetic): $79", "A synthetic oil change is $79."),
        ("X-rays: $40", "X-rays are $40."),
        ("Parking – free", "Parking is free."),
        ("Brake inspection: Free", "A brake inspection is free."),
        ("Saturday: 9:00 am to 1:00 pm", "On Saturday, we're open from 9:00 am to 1:00 pm."),
        ("Mon–Fri: 8-5pm", "Mon to Fri, we're open from 8 to 5pm."),
        ("Sunday: closed", "We're closed on Sunday."),
        ("Cars: Parking is behind the inn", None),
        ("Delta Dental", None),
    ],
)
def test_a_labelled_price_or_time_is_said_as_a_sentence(item: str, expected: str | None) -> None:
    assert from_item(item) == expected


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        (["Treatment", "Price"], ["Root canal", "$800"], "A root canal is $800."),
        (["Room", "Rate per night"], ["Family suite", "$219"], "A family suite is $219 per night."),
        (["Day", "Hours"], ["Sunday", "Closed"], "We're closed on Sunday."),
        (["Size", "Price", "Wait"], ["Large", "$20", "2 days"], "Large: price $20, wait 2 days."),
        (["Plan", "Note"], ["Basic", "no pool"], "Basic: note no pool."),
    ],
)
def test_a_row_of_a_table_is_said_as_a_sentence(
    header: list[str], row: list[str], expected: str
) -> None:
    assert from_row(header, row) == expected


def test_short_items_are_named_in_one_breath() -> None:
    assert enumeration("We take:", ["Visa", "cash", "checks"]) == "We take: Visa, cash and checks."
    assert enumeration("We take:", ["cash."]) == "We take: cash."
