"""Accounts, bills and cards: from `staged` into their tables; and the plans of all kinds."""

from __future__ import annotations

from db.customers_plan import CUSTOMERS
from db.plan import NO_SUCH_ACCOUNT, Difference, Plan, Step, count, differ, not_in_file

# An account that a file no longer has is kept and marked as absent: the customers who have proved it have it again when
# it comes back. Its bills are kept too; queries leave out both meanwhile (db/registry.py).
# One whose owner is another now is nobody's any more: its attachments end, and only later bills prove it.
_OTHER_OWNER = "s.owner_key <> '' AND a.owner_key <> '' AND s.owner_key <> a.owner_key"
_NEW_OWNER = "s.owner_key <> '' AND s.owner_key <> a.owner_key"
# A file that says nothing of the owner takes nothing away.
_KEEP_OWNER = "owner_key = CASE WHEN d.owner_key = '' THEN accounts.owner_key ELSE d.owner_key END"
_OF_OTHER_OWNER = "reowned d JOIN accounts a ON a.id = d.account AND a.owner_key <> d.owner_key"
ACCOUNTS = Plan(
    staged={"number": "text", "address": "text", "owner_key": "text", "owner_since": "text"},
    key=("number",),
    compared=("address", "owner_key"),
    table="accounts",
    present="absent_since IS NULL",
    reads=("accounts", "customer_accounts", "bills"),
    differences=(
        Difference(
            "added",
            "SELECT s.number, s.address, s.owner_key FROM staged s"
            " WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.number = s.number) ORDER BY s.line",
        ),
        Difference(
            "returned",
            "SELECT a.id AS account, s.address, s.owner_key FROM staged s JOIN accounts a ON a.number = s.number"
            " WHERE a.absent_since IS NOT NULL",
        ),
        Difference(
            "changed",
            "SELECT a.id AS account, s.line, s.address, s.owner_key, a.address <> s.address AS readdressed"
            " FROM staged s JOIN accounts a ON a.number = s.number"
            f" WHERE a.absent_since IS NULL AND (a.address <> s.address OR ({_NEW_OWNER}))",
        ),
        Difference(
            "reowned",
            "SELECT a.id AS account, s.line, s.owner_key, s.owner_since"
            f" FROM staged s JOIN accounts a ON a.number = s.number WHERE {_OTHER_OWNER}",
        ),
        Difference(
            "removed",
            "SELECT a.id AS account FROM accounts a WHERE a.absent_since IS NULL"
            f" AND {not_in_file('s.number = a.number')}",
            replacing=True,
        ),
    ),
    counts={
        "added": "SELECT (SELECT COUNT(*) FROM added) + (SELECT COUNT(*) FROM returned) AS n",
        "changed": count("changed"),
        "removed": count("removed"),
        "bills": "SELECT COUNT(*) AS n FROM removed d JOIN bills b ON b.account = d.account",
        "attachments": "SELECT COUNT(*) AS n FROM removed d JOIN customer_accounts ca ON ca.account = d.account",
        "readdressed": "SELECT COUNT(*) AS n FROM changed WHERE readdressed",
        "reowned": count("reowned"),
        "ended": "SELECT COUNT(*) AS n FROM reowned d JOIN customer_accounts ca ON ca.account = d.account",
        # The same place under another number, as far as the file shows it.
        "renumbered": "SELECT COUNT(*) AS n FROM removed d JOIN accounts a ON a.id = d.account"
        " WHERE EXISTS (SELECT 1 FROM added n WHERE n.address = a.address)",
    },
    steps=(
        Step(
            "removed",
            (
                "INSERT INTO account_losses (attachment, lost_at) SELECT ca.id, $1 FROM removed d"
                " JOIN accounts a ON a.id = d.account AND a.absent_since IS NULL"
                " JOIN customer_accounts ca ON ca.account = a.id WHERE {portion}"
                " ON CONFLICT (attachment) DO NOTHING",
                "UPDATE accounts SET absent_since = $1 FROM removed d"
                " WHERE accounts.id = d.account AND accounts.absent_since IS NULL AND {portion}",
            ),
        ),
        Step(
            "reowned",
            (
                "INSERT INTO account_ends (customer, account, ended_at) SELECT ca.customer, ca.account, $1"
                f" FROM {_OF_OTHER_OWNER} JOIN customer_accounts ca ON ca.account = a.id WHERE {{portion}}",
                "DELETE FROM account_losses WHERE attachment IN (SELECT ca.id"
                f" FROM {_OF_OTHER_OWNER} JOIN customer_accounts ca ON ca.account = a.id WHERE {{portion}})",
                "DELETE FROM customer_accounts WHERE account IN"
                f" (SELECT a.id FROM {_OF_OTHER_OWNER} WHERE {{portion}})",
                "UPDATE accounts SET owner_key = d.owner_key, owner_since = d.owner_since FROM reowned d"
                " WHERE accounts.id = d.account AND accounts.owner_key <> d.owner_key AND {portion}",
            ),
        ),
        Step(
            "returned",
            (
                # A customer who has not been told of the loss yet is not told of the return either.
                "INSERT INTO journal (at, customer, event, ip, user_agent, details)"
                " SELECT $1, ca.customer, 'account-returned', '', '', '' FROM returned d"
                " JOIN accounts a ON a.id = d.account AND a.absent_since IS NOT NULL"
                " JOIN customer_accounts ca ON ca.account = a.id"
                " WHERE NOT EXISTS (SELECT 1 FROM account_losses l WHERE l.attachment = ca.id) AND {portion}",
                "DELETE FROM account_losses WHERE attachment IN (SELECT ca.id FROM returned d"
                " JOIN customer_accounts ca ON ca.account = d.account WHERE {portion})",
                f"UPDATE accounts SET absent_since = NULL, address = d.address, {_KEEP_OWNER} FROM returned d"
                " WHERE accounts.id = d.account AND {portion}",
            ),
        ),
        Step(
            "changed",
            (
                f"UPDATE accounts SET address = d.address, {_KEEP_OWNER} FROM changed d"
                " WHERE accounts.id = d.account AND {portion}",
            ),
        ),
        Step(
            "added",
            (
                "INSERT INTO accounts (number, address, owner_key) SELECT d.number, d.address, d.owner_key"
                " FROM added d WHERE {portion} ON CONFLICT (number) DO NOTHING",
            ),
        ),
    ),
)

_BILL_OF_ROW = "b.account = a.id AND b.period = s.period"
_ACCOUNT_OF_ROW = "accounts a ON a.number = s.number AND a.absent_since IS NULL"
_INSERT_BILLS = (
    "INSERT INTO bills (account, period, amount_kopecks)"
    " SELECT d.account, d.period, d.amount FROM added d WHERE {portion}"
)
BILLS = Plan(
    staged={"number": "text", "period": "text", "amount": "bigint"},
    key=("number", "period"),
    compared=("amount",),
    table="bills",
    reads=("accounts", "bills"),
    unknown=NO_SUCH_ACCOUNT.format("s.number"),
    unknown_column="account_number",
    differences=(
        Difference(
            "added",
            f"SELECT a.id AS account, s.period, s.amount FROM staged s JOIN {_ACCOUNT_OF_ROW}"
            f" WHERE NOT EXISTS (SELECT 1 FROM bills b WHERE {_BILL_OF_ROW})"
            # In the order of the index, which then grows at its end.
            " ORDER BY a.id, s.period",
        ),
        Difference(
            "changed",
            f"SELECT b.id AS bill, s.amount FROM staged s JOIN {_ACCOUNT_OF_ROW} JOIN bills b ON {_BILL_OF_ROW}"
            " WHERE b.amount_kopecks <> s.amount",
        ),
        Difference(
            "removed",
            "SELECT b.id AS bill FROM bills b JOIN accounts a ON a.id = b.account"
            f" WHERE a.absent_since IS NULL AND {not_in_file('s.number = a.number AND s.period = b.period')}",
            replacing=True,
        ),
    ),
    counts={name: count(name) for name in ("added", "changed", "removed")},
    hidden=(
        Step("added", (_INSERT_BILLS,)),
        Step(
            "changed",
            ("INSERT INTO bill_changes (bill, amount_kopecks) SELECT d.bill, d.amount FROM changed d WHERE {portion}",),
        ),
        Step(
            "removed",
            ("INSERT INTO bill_changes (bill, amount_kopecks) SELECT d.bill, NULL FROM removed d WHERE {portion}",),
        ),
    ),
    steps=(
        Step("removed", ("DELETE FROM bills WHERE id IN (SELECT d.bill FROM removed d WHERE {portion})",)),
        Step(
            "changed",
            ("UPDATE bills SET amount_kopecks = d.amount FROM changed d WHERE bills.id = d.bill AND {portion}",),
        ),
        Step("added", (_INSERT_BILLS,)),
    ),
)

_CARD = ("last_four", "holder_id", "login", "email_hash", "phone_hash")
_FIRST_HOLDER = "SELECT f.holder_id FROM staged f WHERE f.login_key = s.login_key ORDER BY f.line LIMIT 1"
CARDS = Plan(
    # `login_key` is the login as sign-ins compare it; it is staged only.
    staged=dict.fromkeys(
        ("number_hash", "last_four", "holder_id", "login", "login_key", "email_hash", "phone_hash"), "text"
    ),
    # First the few logins that have two holders, found in one pass; then the first holder of each.
    contested=(
        "s.login_key IN (SELECT login_key FROM staged GROUP BY login_key HAVING MIN(holder_id) <> MAX(holder_id))"
        f" AND s.holder_id <> ({_FIRST_HOLDER})"
    ),
    indexed="login_key, line",
    key=("number_hash",),
    compared=_CARD,
    table="cards",
    reads=("cards",),
    differences=(
        Difference(
            "added",
            f"SELECT s.number_hash, {', '.join(f's.{name}' for name in _CARD)} FROM staged s"
            " WHERE NOT EXISTS (SELECT 1 FROM cards c WHERE c.number_hash = s.number_hash) ORDER BY s.line",
        ),
        Difference(
            "changed",
            f"SELECT c.id AS card, {', '.join(f's.{name}' for name in _CARD)}"
            " FROM staged s JOIN cards c ON c.number_hash = s.number_hash"
            f" WHERE {differ('c', {name: name for name in _CARD})}",
        ),
        Difference(
            "removed",
            f"SELECT c.id AS card FROM cards c WHERE {not_in_file('s.number_hash = c.number_hash')}",
            replacing=True,
        ),
    ),
    counts={name: count(name) for name in ("added", "changed", "removed")},
    steps=(
        Step("removed", ("DELETE FROM cards WHERE id IN (SELECT d.card FROM removed d WHERE {portion})",)),
        Step(
            "changed",
            (
                f"UPDATE cards SET {', '.join(f'{name} = d.{name}' for name in _CARD)} FROM changed d"
                " WHERE cards.id = d.card AND {portion}",
            ),
        ),
        Step(
            "added",
            (
                f"INSERT INTO cards (number_hash, {', '.join(_CARD)})"
                f" SELECT d.number_hash, {', '.join(f'd.{name}' for name in _CARD)} FROM added d WHERE {{portion}}"
                " ON CONFLICT (number_hash) DO NOTHING",
            ),
        ),
    ),
)

# The plan of every kind (domain/registry/kinds.py).
PLANS = {"accounts": ACCOUNTS, "bills": BILLS, "cards": CARDS, "customers": CUSTOMERS}
