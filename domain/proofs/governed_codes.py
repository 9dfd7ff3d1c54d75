"""Codes to any number that is typed: held back as domain/governor.py says."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain import governor
from domain.governor import Judged
from domain.proofs import captcha, one_time_codes
from domain.proofs.captcha import CaptchaAnswer
from domain.proofs.one_time_codes import Purpose
from domain.refusals import Code, Refused
from domain.scope import Scope
from domain.values.sms_steps import Step


async def send(
    scope: Scope, purpose: Purpose, phone: str, answer: CaptchaAnswer, field: str, *, call: bool = False
) -> Refused | None:
    """Send a code to `phone`, or tell why not: in `field` when to ask again, in "captcha" that a picture's is due.

    An unknown number that gets none is told the same as a known one. Part of the caller's transaction.
    """
    judged = await governor.judge(scope, phone)
    if judged.step is Step.OPEN:
        sent = True
        at = await one_time_codes.send(scope, purpose, phone, call=call)
    else:
        at = await _next_at(scope, purpose, phone, judged)
        if at > scope.now:
            return Refused(Code.RESEND_EARLY, field, at)
        if refused := await _judge_picture(scope, phone, answer, judged):
            return refused
        sent = judged.step is not Step.KNOWN or await governor.is_known(scope, phone)
        at = await one_time_codes.send(scope, purpose, phone, sent=sent, call=call)
    if at is not None:
        return Refused(Code.RESEND_EARLY, field, at)
    if judged.step is not Step.OPEN:
        await captcha.remember_use(scope, answer.token, answer.typed, about=phone)
    await governor.count_asked(scope, judged, sent=sent)
    return None


async def _next_at(scope: Scope, purpose: Purpose, phone: str, judged: Judged) -> datetime:
    """Nobody is asked for a picture's code who would get none after it."""
    at = await one_time_codes.next_at(scope, purpose, phone)
    if judged.step is Step.STOPPED:
        return max(at, scope.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1))
    return at


async def _judge_picture(scope: Scope, phone: str, answer: CaptchaAnswer, judged: Judged) -> Refused | None:
    if not answer.token:
        await governor.count_held(scope, judged)
    if not answer.typed:
        return Refused(Code.CAPTCHA_EMPTY, "captcha")
    outcome = await captcha.judge(scope, answer.token, answer.typed, about=phone)
    return outcome if isinstance(outcome, Refused) else None
