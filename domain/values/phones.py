"""Mobile numbers in any form a person types, stored as E.164."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

_SEPARATORS = frozenset(" \u00a0\u2007\u2009\u202f\t()-.\u2010\u2011\u2012\u2013\u2014\u2212/")
_RUSSIAN_MOBILE = re.compile(r"\+79[0-9]{9}")
_LONGEST = 40
# Before full-width digits and kinds of spaces are normalised.
_LONGEST_TYPED = 100


def read_phone(text: str, countries: Sequence[str]) -> str | None:
    """E.164 of a mobile number of one of `countries` (ISO codes), or None.

    A national form is read as the first country's: `8 (912) 345-67-89` is +79123456789 for RU.
    """
    number = _parsed(text, countries)
    if number is None or phonenumbers.region_code_for_number(number) not in countries:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    mobile = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
    if phonenumbers.number_type(number) not in mobile:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_foreign(text: str, countries: Sequence[str]) -> bool:
    """Whether it is a number of a country that is none of `countries`, or begins as one."""
    number = _parsed(text, countries)
    if number is None:
        return False
    if number.country_code not in {phonenumbers.country_code_for_region(country) for country in countries}:
        return True
    region = phonenumbers.region_code_for_number(number)
    return region is not None and region not in countries


def _parsed(text: str, countries: Sequence[str]) -> phonenumbers.PhoneNumber | None:
    """The number, of whatever country, whether or not it exists."""
    if len(text) > _LONGEST_TYPED:
        return None
    text = unicodedata.normalize("NFKC", text).strip()
    if len(text) > _LONGEST:
        return None
    plus = text.startswith("+")
    digits = "".join(c for c in text.removeprefix("+") if c not in _SEPARATORS)
    if not digits.isascii() or not digits.isdigit():
        return None
    try:
        return phonenumbers.parse(("+" if plus else "") + digits, countries[0])
    except NumberParseException:
        return None


def show_phone(phone: str) -> str:
    """`+7 912 345-67-89`: as its country writes it (ITU-T E.123)."""
    if _RUSSIAN_MOBILE.fullmatch(phone):
        # Most of all numbers, on most pages: the library takes fifty times as long to write the same.
        return f"{phone[:2]} {phone[2:5]} {phone[5:8]}-{phone[8:10]}-{phone[10:]}"
    try:
        number = phonenumbers.parse(phone)
    except NumberParseException:
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def mask_phone(phone: str) -> str:
    """`+7 912 ···-··-89`: a customer recognises their own number, and nobody else can call it.

    Shown are the last two digits, and up to three of the first ones: at least five stay hidden.
    """
    code, _, national = show_phone(phone).partition(" ")
    total = sum(map(str.isdigit, national))
    first = max(0, min(3, total - 7))
    masked, place = "", 0
    for sign in national:
        place += sign.isdigit()
        hidden = sign.isdigit() and first < place <= total - 2
        masked += "·" if hidden else sign
    return f"{code} {masked}"
