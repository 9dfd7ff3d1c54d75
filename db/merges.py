"""Accounts, bills and cards: from `staged` into their tables."""

from __future__ import annotations

from db.merge import NO_SUCH_ACCOUNT, Merge, Step, absent, differ

_NOT_THERE = NO_SUCH_ACCOUNT.format("s.number")

_GONE = f"SELECT a.id FROM accounts a WHERE {absent('s.number = a.number')}"
ACCOUNTS = Merge(
    staged={"number": "text", "address": "text"},
    key=("number",),
    compared=("address",),
    steps=(
        # Bills and customers' attachments go with their account by cascade; only a count beforehand knows how many.
        Step("bills", f"SELECT COUNT(*) AS n FROM bills WHERE account IN ({_GONE})", replacing=True),
        Step("attachments", f"SELECT COUNT(*) AS n FROM customer_accounts WHERE account IN ({_GONE})", replacing=True),
        Step("removed", f"DELETE FROM accounts WHERE id IN ({_GONE})", replacing=True),
        Step(
            "changed",
            "UPDATE accounts SET address = s.address FROM staged s"
            " WHERE s.number = accounts.number AND s.address <> accounts.address",
        ),
        Step(
            "added",
            "INSERT INTO accounts (number, address) SELECT s.number, s.address FROM staged s"
            f" WHERE {_NOT_THERE} ORDER BY s.line",
        ),
    ),
)

_BILL = "SELECT 1 FROM bills b WHERE b.account = a.id AND b.period = s.period"
BILLS = Merge(
    staged={"number": "text", "period": "text", "amount": "bigint"},
    key=("number", "period"),
    compared=("amount",),
    unknown=_NOT_THERE,
    unknown_column="account_number",
    steps=(
        Step(
            "removed",
            "DELETE FROM bills WHERE EXISTS (SELECT 1 FROM accounts a WHERE a.id = bills.account AND "
            + absent("s.number = a.number AND s.period = bills.period")
            + ")",
            replacing=True,
        ),
        Step(
            "changed",
            "UPDATE bills SET amount_kopecks = s.amount FROM staged s JOIN accounts a ON a.number = s.number"
            " WHERE bills.account = a.id AND bills.period = s.period AND bills.amount_kopecks <> s.amount",
        ),
        Step(
            "added",
            "INSERT INTO bills (account, period, amount_kopecks) SELECT a.id, s.period, s.amount"
            f" FROM staged s JOIN accounts a ON a.number = s.number WHERE NOT EXISTS ({_BILL})"
            # In the order of the index, which then grows at its end.
            " ORDER BY a.id, s.period",
        ),
    ),
)

_CARD = ("last_four", "holder_id", "login", "email_hash", "phone_hash")
_FIRST_HOLDER = "SELECT f.holder_id FROM staged f WHERE f.login_key = s.login_key ORDER BY f.line LIMIT 1"
CARDS = Merge(
    # `login_key` is the login as sign-ins compare it; it is staged only.
    staged=dict.fromkeys(
        ("number_hash", "last_four", "holder_id", "login", "login_key", "email_hash", "phone_hash"), "text"
    ),
    # First the few logins that have two holders, found in one pass, then whose each of them is.
    contested=(
        "s.login_key IN (SELECT login_key FROM staged GROUP BY login_key HAVING MIN(holder_id) <> MAX(holder_id))"
        f" AND s.holder_id <> ({_FIRST_HOLDER})"
    ),
    key=("number_hash",),
    compared=_CARD,
    steps=(
        Step("removed", f"DELETE FROM cards WHERE {absent('s.number_hash = cards.number_hash')}", replacing=True),
        Step(
            "changed",
            f"UPDATE cards SET {', '.join(f'{name} = s.{name}' for name in _CARD)} FROM staged s"
            f" WHERE s.number_hash = cards.number_hash AND {differ('cards', {name: name for name in _CARD})}",
        ),
        Step(
            "added",
            f"INSERT INTO cards (number_hash, {', '.join(_CARD)})"
            f" SELECT s.number_hash, {', '.join(f's.{name}' for name in _CARD)} FROM staged s"
            " WHERE NOT EXISTS (SELECT 1 FROM cards c WHERE c.number_hash = s.number_hash) ORDER BY s.line",
        ),
    ),
)
