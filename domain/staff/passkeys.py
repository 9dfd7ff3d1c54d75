"""Passkeys (WebAuthn, level 3): a key that stays in a person's authenticator and answers this origin alone.

A challenge is made for one answer of one session: it is kept sealed in the session's row and goes with the first
answer, right or wrong. The library is imported when the first passkey is asked for: customers need nothing of it.
"""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit

from db import staff
from db.engine import transaction
from db.staff import NewPasskey
from domain.scope import Scope
from domain.staff import sessions
from domain.staff.sessions import StaffSession

# Where the session keeps the challenge.
_CHALLENGE = "challenge"
# What the library raises for an answer that no authenticator has made.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, struct.error)


@dataclass(frozen=True)
class Passkey:
    """A key that was used or made: the authenticator's name for it, its public key, and how often it was used."""

    credential_id: str
    public_key: str
    sign_count: int

    def of(self, scope: Scope, person: int) -> NewPasskey:
        return {
            "staff": person,
            "credential_id": self.credential_id,
            "public_key": self.public_key,
            "sign_count": self.sign_count,
            "added_at": scope.now,
        }


async def options_for_proof(scope: Scope) -> str | None:
    """What the browser needs to ask for a passkey of this session's person, as JSON; None without a session."""
    from webauthn import base64url_to_bytes, generate_authentication_options, options_to_json
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    async with transaction():
        session = await sessions.lock(scope)
        if session is None:
            return None
        challenge = await _new_challenge(scope, session)
        known = [base64url_to_bytes(row["credential_id"]) for row in await staff.passkeys_of(session.staff)]
    options = generate_authentication_options(
        rp_id=_host(scope), challenge=challenge, allow_credentials=[PublicKeyCredentialDescriptor(one) for one in known]
    )
    return options_to_json(options)


async def options_for_new(scope: Scope, company: str) -> str | None:
    """The same to make a passkey; `company` is the name under which authenticators keep it."""
    from webauthn import base64url_to_bytes, generate_registration_options, options_to_json
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    async with transaction():
        session = await sessions.lock(scope)
        if session is None:
            return None
        challenge = await _new_challenge(scope, session)
        known = [base64url_to_bytes(row["credential_id"]) for row in await staff.passkeys_of(session.staff)]
    options = generate_registration_options(
        rp_id=_host(scope),
        rp_name=company,
        user_name=session.email,
        # Authenticators show it to nobody; it says no more than that two passkeys are the same person's.
        user_id=bytes.fromhex(scope.keyed_hash("passkey user", str(session.staff))),
        challenge=challenge,
        exclude_credentials=[PublicKeyCredentialDescriptor(one) for one in known],
    )
    return options_to_json(options)


async def take_challenge(scope: Scope, session: StaffSession) -> str:
    """The session's challenge, which is good for no further answer; empty where there is none."""
    challenge = str(session.progress.pop(_CHALLENGE, ""))
    await sessions.save(scope, session)
    return challenge


async def judge(scope: Scope, session: StaffSession, answer: str) -> bool:
    """Whether `answer` (JSON of the browser) is a passkey of the session's person, made for the last challenge."""
    from webauthn import base64url_to_bytes, verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException
    from webauthn.helpers.parse_authentication_credential_json import parse_authentication_credential_json

    challenge = await take_challenge(scope, session)
    try:
        credential = parse_authentication_credential_json(answer)
        known = {row["credential_id"]: row for row in await staff.passkeys_of(session.staff)}.get(credential.id)
        if known is None or not challenge:
            return False
        used = verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=_host(scope),
            expected_origin=scope.settings.origin,
            credential_public_key=base64url_to_bytes(known["public_key"]),
            credential_current_sign_count=known["sign_count"],
        )
    except (WebAuthnException, *_MALFORMED):
        return False
    await staff.count_passkey(known["id"], used.new_sign_count)
    return True


async def made(scope: Scope, session: StaffSession, answer: str) -> Passkey | None:
    """The new passkey in `answer`, made for the last challenge; None where it is none."""
    from webauthn import base64url_to_bytes, verify_registration_response
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    challenge = await take_challenge(scope, session)
    try:
        new = verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=_host(scope),
            expected_origin=scope.settings.origin,
        )
    except (WebAuthnException, *_MALFORMED):
        return None
    if not challenge:
        return None
    return Passkey(bytes_to_base64url(new.credential_id), bytes_to_base64url(new.credential_public_key), new.sign_count)


async def _new_challenge(scope: Scope, session: StaffSession) -> bytes:
    from webauthn.helpers import bytes_to_base64url

    challenge = secrets.token_bytes(32)
    session.progress[_CHALLENGE] = bytes_to_base64url(challenge)
    await sessions.save(scope, session)
    return challenge


def _host(scope: Scope) -> str:
    """The relying party's id: the host alone."""
    return urlsplit(scope.settings.public_url).hostname or ""
