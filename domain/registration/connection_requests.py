"""«Заявка на подключение» of a person who was not found at registration."""

from __future__ import annotations

from dataclasses import replace

from domain.journey import take_step
from domain.profile import connection_requests
from domain.profile.connection_requests import Request, moment
from domain.registration.by_account import NotNow
from domain.registration.progress import REGISTRATION, Registration, SentRequest
from domain.scope import Scope
from domain.sessions import Session


async def send(scope: Scope, request: Request) -> Session | NotNow:
    """Send the request. A session sends one: repeated, it gets the same number."""

    async def post(session: Session, progress: Registration) -> Session:
        if progress.request is not None:
            return session
        assert progress.phone is not None
        assert progress.bill is not None
        consent = progress.phone.consent
        given = [("Согласие на обработку данных", f"{moment(scope, consent.at)} (текст {consent.text.version})")]
        number = await connection_requests.post(scope, request, progress.number, progress.bill.bill, given, None)
        sent = SentRequest(number, request.last_name, request.first_name, request.patronymic, request.email)
        return await REGISTRATION.save(scope, session, replace(progress, request=sent))

    return await take_step(scope, REGISTRATION, "connection", post)
