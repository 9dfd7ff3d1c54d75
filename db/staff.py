"""The people of the company: their rows, the links that let them in, passkeys and recovery codes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypedDict

from db.engine import fetch, fetch_one, for_no_key_update, places, run
from db.tables import Staff, StaffLink, StaffPasskey, StaffRecoveryCode

_COLUMNS = "id, email_sealed, role, password_hash, totp_sealed, totp_step, credentials, added_at, removed_at"


class StaffRow(TypedDict):
    id: int
    email_sealed: str
    role: str
    password_hash: str | None
    totp_sealed: str | None
    totp_step: int
    credentials: int
    added_at: datetime
    removed_at: datetime | None


class PasskeyRow(TypedDict):
    id: int
    credential_id: str
    public_key: str
    sign_count: int
    added_at: datetime


class NewPasskey(TypedDict):
    staff: int
    credential_id: str
    public_key: str
    sign_count: int
    added_at: datetime


async def by_email(email_hashes: tuple[str, ...]) -> StaffRow | None:
    """Also one who was removed."""
    return await fetch_one(
        StaffRow, f"SELECT {_COLUMNS} FROM staff WHERE email_hash IN ({places(email_hashes)})", *email_hashes
    )


async def get(staff: int) -> StaffRow | None:
    return await fetch_one(StaffRow, f"SELECT {_COLUMNS} FROM staff WHERE id = {{}}", staff)


async def lock(staff: int) -> StaffRow | None:
    """The row, locked in a transaction before anything of the person's is changed."""
    return await fetch_one(StaffRow, f"SELECT {_COLUMNS} FROM staff WHERE id = {{}}" + for_no_key_update(), staff)


async def everybody() -> Sequence[StaffRow]:
    """Who may sign in, or has a link to begin with."""
    return await fetch(StaffRow, f"SELECT {_COLUMNS} FROM staff WHERE removed_at IS NULL ORDER BY id")


async def set_email_hash(staff: int, email_hash: str) -> None:
    """Of the same address: the former secret may have made the one before."""
    await Staff.update({Staff.email_hash: email_hash}).where(Staff.id == staff)


async def add(email_hash: str, email_sealed: str, role: str, now: datetime) -> int | None:
    """The new row's number; None where the address is somebody's who has not been removed.

    A person who was removed is taken back under the same number.
    """
    rows = await run(
        "INSERT INTO staff (email_hash, email_sealed, role, added_at) VALUES ({}, {}, {}, {})"
        " ON CONFLICT (email_hash) DO UPDATE SET role = excluded.role, added_at = excluded.added_at, removed_at = NULL"
        " WHERE staff.removed_at IS NOT NULL RETURNING id",
        email_hash, email_sealed, role, now,
    )  # fmt: skip
    return int(rows[0]["id"]) if rows else None


async def remove(staff: int, now: datetime) -> None:
    await Staff.update({Staff.removed_at: now}).where(Staff.id == staff)


async def set_credentials(staff: int, password_hash: str | None, totp_sealed: str | None, totp_step: int) -> None:
    """Password and app, for a person who begins with a link, or who loses both; what was begun before is void."""
    await run(
        "UPDATE staff SET password_hash = {}, totp_sealed = {}, totp_step = {}, credentials = credentials + 1"
        " WHERE id = {}",
        password_hash, totp_sealed, totp_step, staff,
    )  # fmt: skip


async def set_totp(staff: int, totp_sealed: str | None, totp_step: int) -> None:
    await Staff.update({Staff.totp_sealed: totp_sealed, Staff.totp_step: totp_step}).where(Staff.id == staff)


async def use_totp_step(staff: int, step: int) -> bool:
    """Whether no code of this step, or of a later one, has been used before."""
    rows = await run(
        "UPDATE staff SET totp_step = {} WHERE id = {} AND totp_step < {} RETURNING id", step, staff, step
    )  # fmt: skip
    return bool(rows)


# --- Links ---


async def put_link(staff: int, token_hash: str, expires_at: datetime) -> None:
    """The person's link; a former one is void."""
    await run(
        "INSERT INTO staff_links (staff, token_hash, expires_at) VALUES ({}, {}, {})"
        " ON CONFLICT (staff) DO UPDATE SET token_hash = excluded.token_hash, expires_at = excluded.expires_at",
        staff, token_hash, expires_at,
    )  # fmt: skip


async def staff_of_link(token_hash: str, now: datetime) -> int | None:
    """Whose link this is, if it has neither been used nor expired."""
    rows = await run("SELECT staff FROM staff_links WHERE token_hash = {} AND expires_at > {}", token_hash, now)
    return int(rows[0]["staff"]) if rows else None


async def forget_link(staff: int) -> None:
    await StaffLink.delete().where(StaffLink.staff == staff)


async def sweep(now: datetime) -> None:
    await StaffLink.delete().where(StaffLink.expires_at <= now)


# --- Passkeys ---


async def passkeys_of(staff: int) -> Sequence[PasskeyRow]:
    return await fetch(
        PasskeyRow,
        "SELECT id, credential_id, public_key, sign_count, added_at FROM staff_passkeys WHERE staff = {} ORDER BY id",
        staff,
    )


async def add_passkey(values: NewPasskey) -> bool:
    """False where the authenticator's key is somebody's already."""
    rows = await run(
        "INSERT INTO staff_passkeys (staff, credential_id, public_key, sign_count, added_at)"
        " VALUES ({}, {}, {}, {}, {}) ON CONFLICT (credential_id) DO NOTHING RETURNING id",
        values["staff"], values["credential_id"], values["public_key"], values["sign_count"], values["added_at"],
    )  # fmt: skip
    return bool(rows)


async def count_passkey(passkey: int, sign_count: int) -> None:
    await StaffPasskey.update({StaffPasskey.sign_count: sign_count}).where(StaffPasskey.id == passkey)


async def remove_passkey(staff: int, passkey: int) -> bool:
    rows = await run("DELETE FROM staff_passkeys WHERE staff = {} AND id = {} RETURNING id", staff, passkey)
    return bool(rows)


async def forget_passkeys(staff: int) -> None:
    await StaffPasskey.delete().where(StaffPasskey.staff == staff)


# --- Recovery codes ---


async def put_recovery_codes(staff: int, hashes: Collection[str]) -> None:
    """In place of those there were."""
    await StaffRecoveryCode.delete().where(StaffRecoveryCode.staff == staff)
    if hashes:
        await StaffRecoveryCode.insert(*(StaffRecoveryCode(code_hash=one, staff=staff) for one in hashes))


async def use_recovery_code(staff: int, code_hashes: tuple[str, ...]) -> bool:
    rows = await run(
        f"DELETE FROM staff_recovery_codes WHERE staff = {{}} AND code_hash IN ({places(code_hashes)})"
        " RETURNING code_hash",
        staff,
        *code_hashes,
    )
    return bool(rows)


async def recovery_codes_left(staff: int) -> int:
    rows = await run("SELECT count(*) AS n FROM staff_recovery_codes WHERE staff = {}", staff)
    return int(rows[0]["n"])
