"""Customers taken over from an older system: from `staged` into customers and their attached accounts.

Only a customer who came by an import and has never proved themselves is changed by an import, and
removed by `--replace`. For all others an import only attaches accounts.
"""

from __future__ import annotations

from db.plan import NO_SUCH_ACCOUNT, Difference, Plan, Step, count, differ, not_in_file

_PERSON = ("last_name", "first_name", "patronymic", "birth_date", "email_hash")
_SEALED = ("email_sealed",)
_STAGED = ("phone_hash", "phone_sealed", *_PERSON, *_SEALED)


def never_proved(customer: str) -> str:
    """SQL that is true of a customer who came by an import and has never proved themselves.

    The missing password alone says nothing: a card customer has none between the first sign-in by the password of the
    SMS and the choice of their own.
    """
    traces = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {table} t WHERE t.customer = {customer}.id)"
        for table in ("customer_holders", "consents", "sessions")
    )
    empty = " AND ".join(f"{customer}.{name} IS NULL" for name in ("password_hash", "password_until", "login_hash"))
    return f"({customer}.imported AND {customer}.credentials = 0 AND {empty} AND {traces})"


# Absent accounts stay attached to their customers.
_ATTACHED = "EXISTS (SELECT 1 FROM customer_accounts ca WHERE ca.customer = c.id AND ca.account = a.id)"

CUSTOMERS = Plan(
    staged={
        **{name: "date" if name == "birth_date" else "text" for name in _STAGED},
        "account_numbers": "text",
    },
    key=("phone_hash",),
    compared=(*_PERSON, "account_numbers"),
    table="customers",
    reads=("customers", "customer_accounts", "accounts", "customer_holders", "consents", "sessions"),
    lists="account_numbers",
    unknown="EXISTS (SELECT 1 FROM staged_parts p WHERE p.line = s.line AND " + NO_SUCH_ACCOUNT.format("p.part") + ")",
    unknown_column="account_numbers",
    differences=(
        Difference(
            "added",
            "SELECT s.line FROM staged s"
            " WHERE NOT EXISTS (SELECT 1 FROM customers c WHERE c.phone_hash = s.phone_hash) ORDER BY s.line",
        ),
        Difference(
            "changed",
            "SELECT c.id AS customer, s.line FROM staged s JOIN customers c ON c.phone_hash = s.phone_hash"
            f" WHERE {differ('c', {name: name for name in _PERSON})} AND {never_proved('c')}",
        ),
        Difference(
            "attached",
            # `customer` is null where the customer is yet to be added.
            "SELECT s.line, a.id AS account, c.id AS customer FROM staged_parts p"
            " JOIN accounts a ON a.number = p.part JOIN staged s ON s.line = p.line"
            f" LEFT JOIN customers c ON c.phone_hash = s.phone_hash WHERE NOT {_ATTACHED} ORDER BY s.line",
        ),
        Difference(
            "detached",
            "SELECT ca.id AS attachment, s.line FROM staged s JOIN customers c ON c.phone_hash = s.phone_hash"
            " JOIN customer_accounts ca ON ca.customer = c.id JOIN accounts a ON a.id = ca.account"
            f" WHERE {never_proved('c')}"
            " AND NOT EXISTS (SELECT 1 FROM staged_parts p WHERE p.line = s.line AND p.part = a.number)",
            replacing=True,
        ),
        Difference(
            "removed",
            f"SELECT c.id AS customer FROM customers c WHERE {never_proved('c')}"
            f" AND {not_in_file('s.phone_hash = c.phone_hash')}",
            replacing=True,
        ),
    ),
    counts={
        "added": count("added"),
        # A customer counts once, whatever of theirs changes.
        "changed": "SELECT COUNT(*) AS n FROM (SELECT line FROM changed"
        " UNION SELECT line FROM attached WHERE customer IS NOT NULL UNION SELECT line FROM detached) lines",
        "removed": count("removed"),
        "attachments": count("detached"),
        "attached": "SELECT COUNT(*) AS n FROM customer_accounts",
    },
    steps=(
        Step(
            "detached",
            ("DELETE FROM customer_accounts WHERE id IN (SELECT d.attachment FROM detached d WHERE {portion})",),
        ),
        Step(
            "removed",
            (
                "DELETE FROM customers WHERE id IN (SELECT d.customer FROM removed d WHERE {portion})"
                f" AND {never_proved('customers')}",
            ),
        ),
        Step(
            "changed",
            (
                # Another address has to be confirmed anew.
                "UPDATE customers SET email_confirmed_at ="
                " CASE WHEN customers.email_hash = s.email_hash THEN customers.email_confirmed_at END, "
                + ", ".join(f"{name} = s.{name}" for name in (*_PERSON, *_SEALED))
                + " FROM (SELECT s.*, d.customer FROM changed d JOIN staged s ON s.line = d.line WHERE {portion}) s"
                f" WHERE customers.id = s.customer AND {never_proved('customers')}",
            ),
        ),
        Step(
            "added",
            (
                f"INSERT INTO customers ({', '.join(_STAGED)}, registered_at, imported)"
                f" SELECT {', '.join(f's.{name}' for name in _STAGED)}, $1, true FROM added d"
                " JOIN staged s ON s.line = d.line WHERE {portion}"
                # Someone may register by this phone at the same moment.
                " ON CONFLICT (phone_hash) DO NOTHING",
            ),
        ),
        Step(
            "attached",
            (
                "INSERT INTO customer_accounts (customer, account, attached_at) SELECT c.id, d.account, $1"
                " FROM attached d JOIN staged s ON s.line = d.line JOIN customers c ON c.phone_hash = s.phone_hash"
                " WHERE {portion} ON CONFLICT (customer, account) DO NOTHING",
            ),
        ),
    ),
)
