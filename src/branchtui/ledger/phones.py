"""Phone numbers: one form inside, whatever people and providers write (contract, section 5)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import phonenumbers
from babel.core import get_global

if TYPE_CHECKING:
    from collections.abc import Callable

_GAPS: Final = str.maketrans("", "", " -.()")

_TELLING: Final = 6
"""So many digits of a number tell few people from all others."""

MAX_WRITTEN: int = 32
"""A written number is at most this long."""

_OTHER: Final = re.compile(r"[^\W\d_]|[;#*=]|^\s*\+?[0-9]+\.0\s*$")
"""What stands in no number as people write it: letters (`2.547E11`, `ext 5`), and the decimal of a spreadsheet (`711222333.0`).

The library would read digits of the letters of a keypad, and let go what stands behind a number.
"""

_ABROAD: Final = re.compile(r"00 ?[1-9]")
"""How most of the world writes the plus; no number at home begins so."""


class PhoneUnreadable(ValueError):
    """What was written is no phone number."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164 (`+254711222333`) and in the form people dial at home (`0711222333`)."""

    e164: str
    local: str

    @property
    def international(self) -> str:
        """As providers write it: digits without the plus (`254711222333`)."""
        return self.e164.removeprefix("+")

    @property
    def sha_international(self) -> str:
        """SHA-256 in hexadecimal of the international digits, as a provider may send it."""
        return hashlib.sha256(self.international.encode()).hexdigest()

    @property
    def sha_local(self) -> str:
        """SHA-256 in hexadecimal of the form dialled at home."""
        return hashlib.sha256(self.local.encode()).hexdigest()


@cache
def region_of(currency: str, timezone: str) -> str:
    """The region whose numbers are written without a country code: KE for Africa/Nairobi.

    By the time zone; one without a country (UTC) leaves it to the currency, whose code begins with its
    country's (ISO 4217). `ZZ` means none: then only numbers with a country code can be read.
    """
    by_zone = get_global("zone_territories").get(timezone)
    for region in (by_zone, currency[:2]):
        if region in phonenumbers.SUPPORTED_REGIONS:
            return str(region)
    return "ZZ"


def read_phone(written: str, region: str) -> Phone:
    """The number that `written` means in `region`.

    Raises:
        PhoneUnreadable: it is none, or has a length that no number there has.
    """
    if len(written) > MAX_WRITTEN or _OTHER.search(written):
        raise PhoneUnreadable(written)
    if _ABROAD.match(written):
        written = "+" + written[2:].lstrip()
    try:
        number = phonenumbers.parse(written, None if region == "ZZ" else region)
    except phonenumbers.NumberParseException as error:
        if not (written.isascii() and written.isdigit()):
            raise PhoneUnreadable(written) from error
        # Providers write a country code without its plus.
        return read_phone("+" + written, region)
    if not phonenumbers.is_possible_number(number):
        raise PhoneUnreadable(written)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    local = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return Phone(e164, "".join(c for c in local if c.isdigit()))


@dataclass(frozen=True, slots=True)
class _Home:
    """How mobile numbers of a region are written at home and abroad, where that is plain: a prefix, and digits of this form."""

    country: str
    trunk: str
    mobile: re.Pattern[str]


@cache
def _home_of(region: str) -> _Home | None:
    """The plain writing of a region; None where its numbers need the whole library."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.national_prefix is None or metadata.national_prefix_transform_rule:
        return None
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    mobile = metadata.mobile.national_number_pattern if metadata.mobile else None
    if metadata.leading_digits or example is None or mobile is None:
        return None
    national = str(example.national_number)
    home = _Home(str(metadata.country_code), metadata.national_prefix, re.compile(mobile))
    written = f"{home.trunk}{national}"
    plain = _plainly(written, home)
    return home if plain is not None and plain == read_phone(written, region) else None


def _plainly(digits: str, home: _Home) -> Phone | None:
    """A number that is written with its trunk or its country code and nothing odd; None for all others."""
    if digits.startswith("+"):
        digits = digits[1:]
        if not digits.startswith(home.country):
            return None
        national = digits[len(home.country) :]
    elif digits.startswith(home.trunk):
        national = digits[len(home.trunk) :]
    else:
        return None
    if not national.isdigit() or home.mobile.fullmatch(national) is None or national[0] == home.trunk[0]:
        return None
    return Phone(f"+{home.country}{national}", f"{home.trunk}{national}")


def shared_digits(digits: str, region: str) -> str:
    """What all writings have in common of a number, or of its beginning, that may be a phone of `region`.

    `0711222` and `254711222` are `711222`: where nearly everybody's number begins alike, a text index looks long for
    the beginning. Digits that are too few for a phone without it are left as they are.
    """
    home = _home_of(region)
    for prefix in () if home is None else (home.country, home.trunk):
        if digits.startswith(prefix) and len(digits) - len(prefix) >= _TELLING:
            return digits[len(prefix) :]
    return digits


def read_phones(region: str) -> Callable[[str], Phone]:
    """`read_phone` for many numbers of one region: what is written plainly is read without the library.

    The function raises PhoneUnreadable as `read_phone` does.
    """
    home = _home_of(region)

    def read(written: str) -> Phone:
        if home is not None and written.isascii():
            found = _plainly(written.translate(_GAPS), home)
            if found is not None:
                return found
        return read_phone(written, region)

    return read


def beginnings(digits: str, region: str) -> tuple[str, ...]:
    """The E.164 numbers that a person may mean who wrote these first digits: abroad, at home, without a zero."""
    forms = {"+" + digits, "+" + digits.removeprefix("00")}
    country = phonenumbers.country_code_for_region(region)
    if country:
        trunk = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) or ""
        forms.add(f"+{country}{digits.removeprefix(trunk)}")
        # "+254 (0)711": the zero of home written behind the code of the country.
        forms.add("+" + digits.replace(f"{country}{trunk}", str(country), 1))
    return tuple(sorted(forms))


def masked(e164: str) -> str:
    """A number as those may see it who need not know it: `+2547*****333`."""
    return e164[:5] + "*" * max(len(e164) - 8, 0) + e164[-3:]
