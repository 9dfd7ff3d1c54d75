"""Registration by account up to the password: one function a step, one transaction each.

Every step may be sent twice, at the same time or later: the second request finds what the first has done and gets the
same answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypedDict

from db import consents, customers, registry
from db.engine import transaction
from db.registry import AccountRow
from domain import governor, journal, sessions
from domain.consents import ConsentText
from domain.delivery.messages import RegistrationCode
from domain.journey import take_step
from domain.proofs import bill_proof, governed_codes, one_time_codes
from domain.proofs.bill_proof import Bill, FurtherProof
from domain.proofs.captcha import NO_ANSWER, CaptchaAnswer
from domain.proofs.one_time_codes import Purpose, proof_of
from domain.refusals import Code, PasswordNeeded, Refused, SessionExpired, WrongStep
from domain.registration.progress import (
    REGISTRATION,
    BillSearch,
    ConfirmedAddress,
    ConfirmedPhone,
    Consent,
    GivenPhone,
    KnownPhone,
    Person,
    Registration,
    end_for_known_phone,
)
from domain.scope import Scope
from domain.sessions import Session

PURPOSE = Purpose("registration", RegistrationCode, "registration")
NotNow = SessionExpired | WrongStep | PasswordNeeded


async def give_phone(
    scope: Scope, phone: str, consent: ConsentText, answer: CaptchaAnswer = NO_ANSWER
) -> Session | Refused | NotNow:
    """Remember the phone and the consent, and send the code. Another phone than before undoes all later steps."""

    async def give(session: Session, progress: Registration) -> Session | Refused:
        sent = False
        if not (progress.number == phone and progress.code):
            refused = await governed_codes.send(scope, PURPOSE, phone, answer, "phone")
            if refused is not None and not await _is_under_way(scope, phone, refused):
                return refused
            sent = refused is None
        given = await _with_phone(scope, progress, phone, consent)
        return await REGISTRATION.save(scope, session, _with_code(given) if sent else given)

    return await take_step(scope, REGISTRATION, "phone", give)


async def _is_under_way(scope: Scope, phone: str, refused: Refused) -> bool:
    """Whether a code that is there already will do: pressed twice, or another tab."""
    return refused.code is Code.RESEND_EARLY and await one_time_codes.is_under_way(scope, PURPOSE, phone)


def _with_code(progress: Registration) -> Registration:
    """One code more was sent to the phone."""
    assert progress.phone is not None
    return replace(progress, phone=replace(progress.phone, codes=progress.phone.codes + 1))


async def _with_phone(scope: Scope, progress: Registration, phone: str, text: ConsentText) -> Registration:
    if progress.phone is None or progress.phone.number != phone:
        # Another phone may be another person's: nothing that was typed stays.
        ended = await sessions.ended(scope)
        former = ended.id if ended is not None else progress.former
        return Registration(phone=GivenPhone(phone, Consent(text, scope.now, scope.client.ip)), former=former)
    if progress.phone.consent.text == text:
        return progress
    given = replace(progress.phone, consent=Consent(text, scope.now, scope.client.ip))
    code = ConfirmedPhone(await record_consent(scope, given, None)) if progress.code else None
    return replace(progress, phone=given, code=code)


async def send_another_code(scope: Scope, *, call: bool = False) -> Session | Refused | NotNow:
    """«Отправить код еще раз», or have it dictated. Where a picture's code is due, it is asked for with the phone."""

    async def send(session: Session, progress: Registration) -> Session | Refused:
        refused = await governed_codes.send(scope, PURPOSE, progress.number, NO_ANSWER, "another", call=call)
        return refused or await REGISTRATION.save(scope, session, _with_code(progress))

    return await take_step(scope, REGISTRATION, "code", send)


async def confirm_code(scope: Scope, typed: str) -> Session | KnownPhone | list[Refused] | NotNow:
    """Judge the code; only the right one tells whether the number has a customer already."""
    async with transaction():
        session = await sessions.lock_for_proof(scope)
        if session is None:
            return SessionExpired()
        progress = REGISTRATION.progress(session)
        if not session.former and not REGISTRATION.may_take(progress, "code", scope.now):
            return KnownPhone(progress.known_phone, session) if progress.known_phone else WrongStep()
        # For a repeated request the number is in what the first one has saved.
        phone = progress.number or progress.known_phone or ""
        proved = await one_time_codes.prove(scope, session, PURPOSE, phone, typed)
        if isinstance(proved, Session):
            return _outcome_of_first_press(proved)
        if proved is not None:
            return proved
        return await _confirmed(scope, await sessions.renew(scope, session, proof_of(PURPOSE, phone, typed)), progress)


def _outcome_of_first_press(session: Session) -> Session | KnownPhone:
    """The outcome that the first press of the same button had."""
    progress = REGISTRATION.progress(session)
    return KnownPhone(progress.known_phone, session) if progress.known_phone else session


async def _confirmed(scope: Scope, session: Session, progress: Registration) -> Session | KnownPhone:
    assert progress.phone is not None
    await governor.count_typed(scope, progress.number, progress.phone.consent.ip, max(1, progress.phone.codes))
    customer = await customers.by_phone(scope.phone_hashes(progress.number))
    consent = await record_consent(scope, progress.phone, customer["id"] if customer else None)
    if customer is not None:
        await journal.note(scope, "registration-of-known-phone", customer["id"])
        outcome = end_for_known_phone(session, progress.number)
        await sessions.save(scope, session)
        return outcome
    typed = await _typed_before_the_end(scope, progress)
    confirmed = replace(progress, code=ConfirmedPhone(consent), former=None, **typed)
    return await REGISTRATION.save(scope, session, confirmed)


class _Typed(TypedDict, total=False):
    bill: BillSearch
    typed_person: Person | None


async def _typed_before_the_end(scope: Scope, progress: Registration) -> _Typed:
    """What the owner of this number had typed when the session ended. It proves nothing: the bill is asked again."""
    ended = await sessions.ended(scope, progress.former) if progress.former is not None else None
    former = REGISTRATION.progress(ended)
    typed = _Typed()
    if former.code is not None and former.number == progress.number and former.password is None:
        if former.bill is not None:
            typed["bill"] = BillSearch(former.bill.bill)
        typed["typed_person"] = former.person or former.typed_person
    return typed


async def phone_of_ended(scope: Scope) -> str:
    """The number confirmed in the registration in which the session of this browser has ended; empty for none."""
    former = REGISTRATION.progress(await sessions.ended(scope))
    return former.number if former.code is not None and former.password is None else ""


async def record_consent(scope: Scope, phone: GivenPhone, customer: int | None) -> int:
    """Save the consent, given when the box was ticked, once its phone is confirmed: anyone can type any number.

    It is kept even if the registration is not finished: until then the phone was processed under this consent.
    """
    return await consents.add(
        {
            "customer": customer,
            "phone_hash": scope.phone_hash(phone.number),
            "text_version": phone.consent.text.version,
            "text_hash": phone.consent.text.sha256,
            "given_at": phone.consent.at,
            "ip": phone.consent.ip,
        }
    )


async def find_account(
    scope: Scope, bill: Bill, further: FurtherProof | None = None
) -> Session | list[Refused] | NotNow:
    """Look for the account that has this bill."""

    async def find(session: Session, progress: Registration) -> Session | list[Refused]:
        if progress.bill is not None and progress.bill.bill == bill and await account_found(progress) is not None:
            return session
        found = await bill_proof.find_account(scope, progress.number, bill, further)
        search = BillSearch(bill, not_found=True) if isinstance(found, list) else BillSearch(bill, found["id"])
        saved = await REGISTRATION.save(scope, session, REGISTRATION.redo(progress, "bill", search))
        return found if isinstance(found, list) else saved

    return await take_step(scope, REGISTRATION, "bill", find)


async def account_found(progress: Registration) -> AccountRow | None:
    """The account of the bill, for its address; None where an import has removed it or changed its owner meanwhile."""
    search = progress.bill
    return await registry.account(search.account, search.bill.period) if search and search.account else None


async def confirm_address(scope: Scope, *, mine: bool, shown: str | None = None) -> Session | NotNow:
    """«Да» confirms the address, «Нет» goes back to the bill and keeps what was typed there.

    `shown` is the number of the account whose address was answered about: where another bill has been found since, in
    another tab, nothing is confirmed.
    """

    async def confirm(session: Session, progress: Registration) -> Session:
        assert progress.bill is not None
        assert progress.bill.account is not None
        found = await account_found(progress)
        if shown is not None and (found is None or found["number"] != shown):
            return session
        if mine:
            address = ConfirmedAddress(progress.bill.account)
            return await REGISTRATION.save(scope, session, replace(progress, address=address))
        return await REGISTRATION.save(
            scope, session, REGISTRATION.redo(progress, "bill", BillSearch(progress.bill.bill))
        )

    return await take_step(scope, REGISTRATION, "address", confirm)


async def give_person(scope: Scope, person: Person) -> Session | NotNow:
    """Remember who the customer is: for the rules of the password and for the profile."""

    async def give(session: Session, progress: Registration) -> Session:
        return await REGISTRATION.save(scope, session, replace(progress, person=person))

    return await take_step(scope, REGISTRATION, "person", give)
