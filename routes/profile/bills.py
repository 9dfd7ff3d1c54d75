"""The history of an account's bills: all that the registry has, by year, and the same as a file."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from domain.profile import bill_history
from domain.profile.bill_history import History
from routes.formatting import number_of
from routes.page import Page, ThisPage
from routes.profile import overview
from routes.row_ids import row_id
from routes.spreadsheet import spreadsheet

PATH, NAME, FRAGMENT = "/profile/accounts/{account:str}/bills", "profile.accounts.bills", "profile/bills"


@get(PATH, name=NAME)
async def show(page: ThisPage, account: FromPath[str]) -> Response[Any]:
    if page.customer is None:
        return await page.redirect_to_sign_in()
    history = await bill_history.of(page.scope, page.customer, row_id(account, bits=32))
    if history is None:
        return page.redirect(overview.PATH)
    return page.show(FRAGMENT, account=history.account, years=history.years)


@get(f"{PATH}.csv", name=f"{NAME}.file")
async def download(page: ThisPage, account: FromPath[str]) -> Response[Any]:
    # Not back to this address: htmx sends the form of the sign-in, and cannot show a file in its place.
    if page.customer is None:
        return await page.redirect_to_sign_in(PATH.replace("{account:str}", str(row_id(account, bits=32))))
    history = await bill_history.of(page.scope, page.customer, row_id(account, bits=32))
    if history is None:
        return page.redirect(overview.PATH)
    headers = {"Content-Disposition": 'attachment; filename="bills.csv"', "Cache-Control": "no-store"}
    return Response(_table(page, history), media_type="text/csv", headers=headers)


def _table(page: Page, history: History) -> bytes:
    columns = page.templates.render("partials/profile/bills-columns.txt", {}).splitlines()
    number, address = history.account["number"], history.account["address"]
    rows = [(number, address, period, number_of(kopecks)) for period, kopecks in history.bills]
    return spreadsheet([columns, *rows])


handlers = [show, download]
