"""The matching rules by themselves: evidence and customers in, a decision or suggestions out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchtui.format.folding import fold
from branchtui.ledger.feeds.incoming import PhoneForm
from branchtui.ledger.phones import read_phone
from branchtui.ledger.store.rows import Customer
from branchtui.ledger.workflows.matching import (
    Decision,
    Evidence,
    Found,
    Learned,
    decide,
    mask_fits,
    short_name,
    suggest,
)
from branchtui.ledger.workflows.references import has_lost_sign, numbers_within, prefix_of


def customer(
    number: int, first: str, last: str, phone: str | None = None, status: str = "active"
) -> Customer:
    written = read_phone(phone, "KE") if phone else None
    name = f"{first} {last}"
    return Customer(
        id=f"c{number}",
        version=1,
        customer_no=f"{number:06d}",
        account_no=f"{100000 + number}",
        legal_form="person",
        name=name,
        first_name=first,
        middle_name=None,
        last_name=last,
        branch_id="b",
        status=status,
        mobile_no=written.e164 if written else None,
        phone_sha_international=written.sha_international if written else None,
        phone_sha_local=written.sha_local if written else None,
        email=None,
        date_of_birth=None,
        gender=None,
        external_id=None,
        submitted_on=None,
        activation_date=None,
        created_by="x",
        created_at=1,
        name_key=fold(name),
        reversed_name_key=fold(f"{last} {first}"),
        search_text=fold(name),
    )


WANJIKU = customer(1, "Wanjiku", "Kamau", "0711222333")
ACHIENG = customer(2, "Achieng", "O'Brien", "0722333444")
PLAIN = Evidence("100001", "+254711222333", PhoneForm.E164, "WANJIKU KAMAU")


def test_the_first_tier_that_hits_decides() -> None:
    """A reference that names one customer wins over the phone of another."""
    found = Found(by_reference=(ACHIENG,), by_phone=(WANJIKU,), is_ours=True)
    decision = decide(PLAIN, found)
    assert (decision.customer, decision.tier) == (ACHIENG, 1)


def test_a_customer_number_is_called_one() -> None:
    """The sentence says which of the customer's numbers was meant."""
    decision = decide(replace(PLAIN, reference="000-001"), Found(by_reference=(WANJIKU,)))
    assert decision.reasons == ("reference 000-001 is the customer number of W. Kamau",)


@given(
    st.lists(st.sampled_from([WANJIKU, ACHIENG]), unique=True),
    st.lists(st.sampled_from([WANJIKU, ACHIENG]), unique=True),
    st.booleans(),
    st.sampled_from(PhoneForm),
    st.sampled_from(["", "100001", "rent"]),
)
def test_nobody_is_given_anything_without_exactly_one_hit(
    by_reference: list[Customer], by_phone: list[Customer], ours: bool, form: PhoneForm, reference: str
) -> None:
    """Either there is one owner with tier and reasons, or a reason why it waits; never both, never neither."""
    found = Found(tuple(by_reference), tuple(by_phone), ours)
    decision = decide(Evidence(reference, "+254711222333", form, None), found)
    if decision.customer is None:
        assert decision == Decision(waits_because=decision.waits_because)
        assert decision.waits_because
        return
    assert decision.waits_because is None
    assert decision.reasons
    if decision.tier == 1:
        assert by_reference == [decision.customer]
    else:
        assert by_phone == [decision.customer]
        assert form in {PhoneForm.E164, PhoneForm.SHA256}
        assert not by_reference
        assert not (ours and reference)


def test_suggestions_alone_never_make_an_owner() -> None:
    """Tiers 4 and 5 have no way into `decide`: a mask and a name wait."""
    evidence = Evidence(None, "2547*****333", PhoneForm.MASKED, "WANJIKU KAMAU")
    assert decide(evidence, Found()).customer is None
    (best,) = suggest(evidence, Found(), masked=[WANJIKU], alike=[WANJIKU], learned=[Learned(WANJIKU, 3)])
    assert (best.customer, best.tier) == (WANJIKU, 4)
    assert best.reasons == (
        "phone ends 333 and first name fits",
        "the same payer was given to this customer before, 3 times",
        "the name is the same, and no other comes near",
    )


@pytest.mark.parametrize(
    ("mask", "fits"),
    [
        ("2547*****333", True),
        ("2547****333", True),
        ("07*****333", True),
        ("*****333", True),
        ("254711***333", True),
        ("2547*****334", False),
        ("2541*****333", False),
        ("08*****333", False),
        ("2547*****33", False),
        ("*****", False),
    ],
)
def test_the_visible_ends_of_a_mask_must_fit(mask: str, fits: bool) -> None:
    """Masks do not always have one sign a digit; fewer than three digits at the end say nothing."""
    assert mask_fits(Evidence(None, mask, PhoneForm.MASKED, "Wanjiku"), WANJIKU) is fits


def test_somebody_without_a_phone_fits_no_mask() -> None:
    """A mask is compared with a phone, not with its absence."""
    evidence = Evidence(None, "2547*****333", PhoneForm.MASKED, "Wanjiku")
    assert not mask_fits(evidence, customer(3, "Wanjiku", "Njeri"))


def test_two_like_names_are_no_suggestion() -> None:
    """Tier 5 asks for a lead over the second."""
    evidence = Evidence(None, None, PhoneForm.NONE, "OTIENNO AUMA")
    otieno, otieni = customer(4, "Otieno", "Auma"), customer(5, "Otieni", "Auma")
    assert [each.customer for each in suggest(evidence, Found(), alike=[otieno])] == [otieno]
    assert suggest(evidence, Found(), alike=[otieno, otieni]) == ()
    assert suggest(evidence, Found(), alike=[customer(6, "Peter", "Maina")]) == ()


def test_whoever_is_not_active_stands_last() -> None:
    """Proposed, with the warning among the reasons."""
    closed = customer(7, "Wanjiku", "Kamau", "0711222333", status="closed")
    best, last = suggest(replace(PLAIN, reference=None), Found(by_phone=(closed, ACHIENG)))
    assert (best.customer, last.customer) == (ACHIENG, closed)
    assert last.reasons[-1] == "but the customer is closed"


@pytest.mark.parametrize(
    ("folded", "prefix"),
    [("ln000123", "ln"), ("100245", None), ("rent", None), ("", None), ("house12", "house")],
)
def test_a_prefix_is_the_letters_before_a_digit(folded: str, prefix: str | None) -> None:
    """Whether it is one of ours, our own numbers say."""
    assert prefix_of(folded) == prefix


def test_names_are_short_in_sentences() -> None:
    """An initial and the last name; East Asian names and entities in full."""
    assert short_name(WANJIKU) == "W. Kamau"
    assert short_name(replace(WANJIKU, first_name="伟", last_name="王", name="王伟")) == "王伟"
    assert (
        short_name(replace(WANJIKU, first_name=None, last_name=None, name="Mama Mboga Ltd"))
        == "Mama Mboga Ltd"
    )


@pytest.mark.parametrize(
    ("reference", "numbers"),
    [
        (None, ()),
        ("school fees", ()),
        ("house 12", ()),
        ("100245", ()),
        ("ACC 100245", ("100245", "acc100245")),
        ("LN-000777 john", ("000777", "ln000777")),
        ("100-245 John", ("100245", "100", "245")),
        ("1OO245", ("245", "oo245", "100245")),
        ("a" * 30 + "9" * 30, ()),
        (
            " ".join(f"x{number}" for number in range(1000, 1020)),
            ("1000", "x1000", "1001", "x1001", "1002", "x1002"),
        ),
    ],
)
def test_numbers_within_a_reference_are_few_and_as_numbers_are_compared(
    reference: str | None, numbers: tuple[str, ...]
) -> None:
    """However long a text is, it costs a handful of look-ups."""
    assert numbers_within(reference) == numbers


@pytest.mark.parametrize(
    ("reference", "is_lost"),
    [("1002?45", True), ("?100245", True), ("who? me 7", False), ("100245", False), (None, False)],
)
def test_a_sign_is_lost_beside_a_digit_alone(reference: str | None, is_lost: bool) -> None:
    """A question among words is a question."""
    assert has_lost_sign(reference) is is_lost
