"""The form that proves an account, with the further fields that `KABINET_BILL_PROOF` asks for."""

from __future__ import annotations

from typing import Any

from domain.proofs import bill_proof
from domain.proofs.bill_proof import Bill, FurtherProof
from routes.forms import Amount, BillForm, BirthDate, FilledForm, Period
from routes.page import Page


class TwoBillsForm(BillForm):
    second_period: Period = ""
    second_amount: Amount = 0


class BirthDateForm(BillForm):
    birth_date: BirthDate = ""


class EveryFieldForm(TwoBillsForm, BirthDateForm):
    """For the check of a single field; errors of the others are ignored there."""


CHECKED = ("account_number", "amount", "second_amount", "birth_date")
_FORMS: dict[str, type[BillForm]] = {"amount": BillForm, "two-amounts": TwoBillsForm, "birth-date": BirthDateForm}


async def read(page: Page) -> FilledForm[BillForm]:
    return await page.read(_FORMS[page.settings.bill_proof])


def bill_of(data: BillForm) -> Bill:
    return Bill(data.period, data.account_number, data.amount)


def further_of(data: BillForm) -> FurtherProof:
    match data:
        case TwoBillsForm():
            return FurtherProof(data.second_period, data.second_amount)
        case BirthDateForm():
            return FurtherProof(birth_date=data.birth_date)
        case _:
            return FurtherProof()


async def shown(page: Page, form: FilledForm[Any]) -> dict[str, Any]:
    """What the fields need: the periods offered, and which proof is asked for."""
    periods = await bill_proof.offered_periods(page.scope)
    if len(periods) > 1:
        # The second select is preset to another period than the first.
        form.typed.setdefault("second_period", periods[1])
    return {"periods": periods, "proof": page.settings.bill_proof}
