"""Every column whose values come from `KABINET_SECRET`, and what becomes of it when the secret is replaced.

A new column stands in one of these lists: tests/db/test_secret_columns.py asks each column that is named like one, and
every value that the portal writes.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

# What is hashed, as domain/secret_rotation.py makes it.
Kind = Literal["phone", "email", "login"]


class Hashed(NamedTuple):
    """A hash of what another expression of the same row holds: a sealed value, or one in the clear."""

    table: str
    column: str
    kind: Kind
    source: str
    sealed: bool = True


# (table, column) of sealed values: sealed anew.
SEALED = (
    ("customers", "phone_sealed"),
    ("customers", "email_sealed"),
    ("connection_requests", "sealed"),
    ("connection_requests", "reason_sealed"),
    ("connection_requests", "talk_sealed"),
    ("email_links", "email_sealed"),
    ("card_links", "email_sealed"),
    ("sessions", "progress_sealed"),
    ("outbox", "sealed"),
    ("staff", "email_sealed"),
    ("staff", "totp_sealed"),
    ("staff_sessions", "progress_sealed"),
    ("registry_job_parts", "sealed"),
)

# Keyed hashes of a value that the portal still has: made anew from it.
HASHED = (
    Hashed("customers", "phone_hash", "phone", "phone_sealed"),
    Hashed("customers", "email_hash", "email", "email_sealed"),
    Hashed("customers", "login_hash", "login", "login", sealed=False),
    Hashed("email_links", "email_hash", "email", "email_sealed"),
    Hashed("staff", "email_hash", "email", "email_sealed"),
    # Of a customer who still has that phone. What was hashed of another one stays; nothing looks for it.
    Hashed(
        "consents", "phone_hash", "phone",
        "(SELECT phone_sealed FROM customers WHERE customers.id = consents.customer)",
    ),
)  # fmt: skip

# Keyed hashes of values that only the company's files have: they are to be imported again.
IMPORTED = (("cards", "number_hash"), ("cards", "email_hash"), ("cards", "phone_hash"))

HASHED_TABLES = frozenset([*(hashed.table for hashed in HASHED), *(table for table, _ in IMPORTED)])

# Keyed hashes of values that nobody has any more. They are looked for under both secrets, and go by themselves: links
# and codes within days, offers of a request within two months, counters when their window has ended, the others with
# their rows.
PASSING = (
    ("connection_requests", "phone_hash"),
    ("card_links", "number_hash"),
    ("one_time_codes", "phone_hash"),
    ("one_time_codes", "code_hash"),
    ("one_time_codes", "used_by"),
    ("captchas", "code_hash"),
    ("captchas", "outcome_hash"),
    ("throttles", "key"),
    ("governor_counts", "id"),
    ("governor_counts", "subject"),
    ("governor_steps", "subject"),
    ("outbox", "gateway_id_hash"),
    ("journal", "sum_key"),
    ("staff_recovery_codes", "code_hash"),
    ("installation", "secret_hash"),
    ("installation", "next_secret_hash"),
)

# Rows that are only ever added, of which nobody has the value any more or whose chain a change would break: to read, to
# verify and to find them the secret of their time is needed.
KEPT = (
    ("consent_withdrawals", "phone_hash"),
    ("staff_journal", "reason_sealed"),
    ("staff_journal", "hash"),
    ("staff_journal", "hash_before"),
    ("staff_journal_end", "hash"),
)

# Hashes without a key: of random tokens, of published texts, of passwords.
UNKEYED = (
    ("customers", "password_hash"),
    ("consents", "text_hash"),
    ("email_links", "token_hash"),
    ("card_links", "token_hash"),
    ("sessions", "token_hash"),
    ("sessions", "former_hash"),
    ("staff", "password_hash"),
    ("staff_links", "token_hash"),
    ("staff_sessions", "token_hash"),
    ("staff_sessions", "former_hash"),
)
