"""Customers taken over from an older system: from `staged` into customers and their attached accounts.

Who has set a password owns their data: an import attaches accounts to them and changes or removes nothing
else. The others are the company's to change, and with `--replace` to remove.
"""

from __future__ import annotations

from db.merge import NO_SUCH_ACCOUNT, Merge, Step, absent, differ

_PERSON = ("last_name", "first_name", "patronymic", "birth_date", "email_hash")
_SEALED = ("email_sealed",)
_STAGED = ("phone_hash", "phone_sealed", *_PERSON, *_SEALED)

_OTHER_PERSON = f"c.password_hash IS NULL AND {differ('c', {name: name for name in _PERSON})}"
_ATTACHED = "EXISTS (SELECT 1 FROM customer_accounts ca WHERE ca.customer = c.id AND ca.account = a.id)"
_NEW_ACCOUNT = (
    "EXISTS (SELECT 1 FROM staged_parts p JOIN accounts a ON a.number = p.part"
    f" WHERE p.line = s.line AND NOT {_ATTACHED})"
)
_CHANGED = f"(({_OTHER_PERSON}) OR {_NEW_ACCOUNT})"
# The accounts (as `ca`) of customers `c` without a password that their row `s` no longer has.
_LOST = (
    "customer_accounts ca JOIN customers c ON c.id = ca.customer AND c.password_hash IS NULL"
    " JOIN accounts a ON a.id = ca.account JOIN staged s ON s.phone_hash = c.phone_hash"
    " WHERE NOT EXISTS (SELECT 1 FROM staged_parts p WHERE p.line = s.line AND p.part = a.number)"
)

CUSTOMERS = Merge(
    staged={
        **{name: "date" if name == "birth_date" else "text" for name in _STAGED},
        "account_numbers": "text",
    },
    key=("phone_hash",),
    compared=(*_PERSON, "account_numbers"),
    lists="account_numbers",
    unknown="EXISTS (SELECT 1 FROM staged_parts p WHERE p.line = s.line AND " + NO_SUCH_ACCOUNT.format("p.part") + ")",
    unknown_column="account_numbers",
    steps=(
        # Counted before anything is written: a customer counts once, whatever of theirs changes.
        Step(
            "changed",
            f"SELECT COUNT(*) AS n FROM staged s JOIN customers c ON c.phone_hash = s.phone_hash WHERE {_CHANGED}",
        ),
        Step("changed", f"SELECT COUNT(DISTINCT c.id) AS n FROM {_LOST} AND NOT {_CHANGED}", replacing=True),
        Step("attachments", f"DELETE FROM customer_accounts WHERE id IN (SELECT ca.id FROM {_LOST})", replacing=True),
        Step(
            "removed",
            f"DELETE FROM customers WHERE password_hash IS NULL AND {absent('s.phone_hash = customers.phone_hash')}",
            replacing=True,
        ),
        Step(
            "",
            # Another address has to be confirmed anew.
            "UPDATE customers SET email_confirmed_at ="
            " CASE WHEN customers.email_hash = s.email_hash THEN customers.email_confirmed_at END, "
            + ", ".join(f"{name} = s.{name}" for name in (*_PERSON, *_SEALED))
            + " FROM staged s WHERE s.phone_hash = customers.phone_hash"
            f" AND customers.password_hash IS NULL AND {differ('customers', {name: name for name in _PERSON})}",
        ),
        Step(
            "added",
            f"INSERT INTO customers ({', '.join(_STAGED)}, registered_at)"
            f" SELECT {', '.join(f's.{name}' for name in _STAGED)}, $1 FROM staged s"
            " WHERE NOT EXISTS (SELECT 1 FROM customers c WHERE c.phone_hash = s.phone_hash) ORDER BY s.line"
            # Someone may register by this phone at the same moment.
            " ON CONFLICT (phone_hash) DO NOTHING",
        ),
        Step(
            "",
            "INSERT INTO customer_accounts (customer, account, attached_at) SELECT c.id, a.id, $1"
            " FROM staged_parts p JOIN accounts a ON a.number = p.part"
            " JOIN staged s ON s.line = p.line JOIN customers c ON c.phone_hash = s.phone_hash"
            f" WHERE NOT {_ATTACHED} ORDER BY p.line"
            " ON CONFLICT (customer, account) DO NOTHING",
        ),
    ),
)
