"""Every act that ends in a notice: how it is done, and the screen on which it is told."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
from pyotp import TOTP

from db import governor as counts
from db import registry_jobs
from db.engine import run
from domain import governor
from domain.portal import make_portal
from domain.staff.people import Role
from routes.notices import Notice
from settings import Settings
from tests import holder, staff
from tests.authenticator import Authenticator
from tests.browser import ANOTHER, BASE, BILL, CALL, COOKIE, PASSWORD, PHONE, REQUEST, Browser, location, path_of
from tests.conftest import Clock, scope_of
from tests.holder import Outbox

SECURITY = "/profile/security"
NEW, NEW_PHONE = "осенний берег у моря", "8 900 111-22-33"


@dataclass(frozen=True)
class Scene:
    """A browser at the welcome screen, and what else an act needs."""

    browser: Browser
    another: Callable[..., Browser]
    clock: Clock
    posted: Outbox
    settings: Settings


Do = Callable[[Scene], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Act:
    """`do` returns the answer that carries the notice; `tracks` where only one of them tells it on this screen."""

    notice: Notice
    screen: str
    do: Do
    tracks: str = "account,card"

    def __str__(self) -> str:
        return f"{self.do.__name__}-{self.screen}"


ACTS: list[Act] = []


def act(notice: Notice, screen: str, **more: str) -> Callable[[Do], Do]:
    def add(do: Do) -> Do:
        ACTS.append(Act(notice, screen, do, **more))
        return do

    return add


async def _with_dead_cookie(scene: Scene) -> Browser:
    scene.browser.http.cookies.set(COOKIE, "invented")
    return scene.browser


async def _registered(scene: Scene) -> Browser:
    await scene.browser.register()
    await holder.clear_throttles()
    return scene.browser


# --- What leads to a sign-in, or to the beginning of a registration ---


@act(Notice.SESSION_EXPIRED, "sign-in-phone")
@act(Notice.SESSION_EXPIRED, "sign-in-login", tracks="card")
async def a_page_of_the_profile(scene: Scene) -> httpx.Response:
    return await (await _with_dead_cookie(scene)).get(SECURITY)


@act(Notice.SESSION_EXPIRED, "sign-in-phone")
async def go_on(scene: Scene) -> httpx.Response:
    return await (await _with_dead_cookie(scene)).post("/session")


@act(Notice.SESSION_EXPIRED, "sign-in-phone")
async def a_password_without_its_number(scene: Scene) -> httpx.Response:
    return await (await _with_dead_cookie(scene)).post("/sign-in/password", {"password": PASSWORD})


@act(Notice.SESSION_EXPIRED, "sign-in-phone")
async def a_step_of_the_recovery(scene: Scene) -> httpx.Response:
    return await (await _with_dead_cookie(scene)).get("/recovery/password")


@act(Notice.SESSION_EXPIRED, "sign-in-phone")
async def a_sent_step_of_the_recovery(scene: Scene) -> httpx.Response:
    return await (await _with_dead_cookie(scene)).post("/recovery/code", {"code": "000000"})


@act(Notice.SESSION_EXPIRED, "registration-account-phone")
async def a_step_of_the_registration(scene: Scene) -> httpx.Response:
    return await (await _with_dead_cookie(scene)).get(path_of("person"))


@act(Notice.SESSION_EXPIRED, "registration-account-phone")
async def a_sent_step_of_the_registration(scene: Scene) -> httpx.Response:
    return await (await _with_dead_cookie(scene)).post(path_of("code"), {"code": "000000"})


@act(Notice.REGISTERED, "sign-in-phone")
async def a_step_after_the_last_whose_answer_was_lost(scene: Scene) -> httpx.Response:
    await scene.browser.reach("password")
    before = str(scene.browser.cookie)
    await scene.browser.submit("password")
    scene.browser.http.cookies.clear()
    scene.browser.http.cookies.set(COOKIE, before, domain="127.0.0.1")
    return await scene.browser.get(path_of("password"))


@act(Notice.PHONE_KNOWN, "sign-in-password")
async def the_code_of_a_known_phone(scene: Scene) -> httpx.Response:
    await scene.another().register()
    await holder.clear_throttles()
    await scene.browser.submit("phone")
    return await scene.browser.submit("code")


@act(Notice.PHONE_KNOWN, "sign-in-password")
async def a_registration_that_another_one_was_faster_than(scene: Scene) -> httpx.Response:
    await scene.browser.reach("password")
    await holder.clear_throttles()
    await scene.another().register()
    return await scene.browser.submit("password")


@act(Notice.PASSWORD_RECOVERED, "sign-in-password")
async def a_recovery(scene: Scene) -> httpx.Response:
    await scene.another().register()
    await holder.clear_throttles()
    await scene.browser.post("/sign-in/phone", {"phone": PHONE})
    await scene.browser.post("/recovery")
    await scene.browser.post("/recovery/code", {"code": await scene.browser.read_code(PHONE)})
    return await scene.browser.post("/recovery/password", {"password": NEW})


@act(Notice.PASSWORD_RECOVERED, "sign-in-password")
async def a_step_of_a_recovery_that_is_over(scene: Scene) -> httpx.Response:
    await a_recovery(scene)
    return await scene.browser.get("/recovery/code")


@act(Notice.PASSWORD_RECOVERED, "sign-in-login")
async def a_recovery_by_login(scene: Scene) -> httpx.Response:
    await _sign_in_as_holder(scene, scene.another())
    await holder.clear_throttles()
    await scene.browser.post("/recovery/login", {"login": holder.LOGIN})
    await scene.browser.post("/recovery/phone", {"phone": holder.PHONE})
    await scene.browser.post("/recovery/code", {"code": await scene.browser.read_code(holder.PHONE)})
    return await scene.browser.post("/recovery/password", {"password": "тихий сад за домом"})


async def _sign_in_as_holder(scene: Scene, browser: Browser) -> httpx.Response:
    await holder.import_card(scene.settings, scene.clock)
    await holder.sign_in(browser, await holder.get_sms_password(browser, scene.posted))
    return await browser.post("/registration/card/password", {"password": NEW})


@act(Notice.CABINET_DELETED, "sign-in-phone")
async def a_deletion(scene: Scene) -> httpx.Response:
    return await (await _registered(scene)).post("/profile/deletion", {"password": PASSWORD})


@act(Notice.CABINET_DELETED, "sign-in-login", tracks="card")
async def a_deletion_by_a_holder(scene: Scene) -> httpx.Response:
    await _sign_in_as_holder(scene, scene.browser)
    return await scene.browser.post("/profile/deletion", {"password": NEW})


@act(Notice.CONSENT_WITHDRAWN, "sign-in-phone")
async def a_withdrawal(scene: Scene) -> httpx.Response:
    return await (await _registered(scene)).post("/profile/withdrawal", {"password": PASSWORD})


@act(Notice.CONSENT_WITHDRAWN, "sign-in-login", tracks="card")
async def a_withdrawal_by_a_holder(scene: Scene) -> httpx.Response:
    await _sign_in_as_holder(scene, scene.browser)
    return await scene.browser.post("/profile/withdrawal", {"password": NEW})


# --- Codes ---


@act(Notice.CODE_SENT_AGAIN, "registration-account-code")
async def another_code_of_a_registration(scene: Scene) -> httpx.Response:
    await scene.browser.reach("code")
    await holder.clear_throttles()
    return await scene.browser.post(path_of("code"), ANOTHER)


@act(Notice.PICTURE_NEEDED, "registration-account-phone")
async def another_code_while_codes_are_held_back(scene: Scene) -> httpx.Response:
    await scene.browser.reach("code")
    key = governor.Subject("strangers").key(scope_of(make_portal(scene.settings)))
    await counts.count([counts.Addition("robots", key, scene.clock().replace(minute=0), sent=30)])
    scene.clock.forward(minutes=2)
    return await scene.browser.post(path_of("code"), ANOTHER)


@act(Notice.CODE_SENT_AGAIN, "recovery-code")
async def another_code_of_a_recovery(scene: Scene) -> httpx.Response:
    await scene.browser.post("/sign-in/phone", {"phone": PHONE})
    await scene.browser.post("/recovery")
    await holder.clear_throttles()
    return await scene.browser.post("/recovery/code", ANOTHER)


@act(Notice.CODE_SENT_AGAIN, "profile-security-phone-code")
async def another_code_of_a_change_of_phone(scene: Scene) -> httpx.Response:
    await (await _registered(scene)).post(f"{SECURITY}/phone", {"phone": NEW_PHONE})
    await holder.clear_throttles()
    return await scene.browser.post(f"{SECURITY}/phone/code", ANOTHER)


async def _call(browser: Browser, path: str) -> httpx.Response:
    """The button that comes after the second SMS."""
    await holder.clear_throttles()
    await browser.post(path, ANOTHER)
    await holder.clear_throttles()
    return await browser.post(path, CALL)


@act(Notice.CODE_CALLED, "registration-account-code")
async def a_call_of_a_registration(scene: Scene) -> httpx.Response:
    await scene.browser.reach("code")
    return await _call(scene.browser, path_of("code"))


@act(Notice.CODE_CALLED, "recovery-code")
async def a_call_of_a_recovery(scene: Scene) -> httpx.Response:
    await scene.browser.post("/sign-in/phone", {"phone": PHONE})
    await scene.browser.post("/recovery")
    return await _call(scene.browser, "/recovery/code")


@act(Notice.CODE_CALLED, "profile-security-phone-code")
async def a_call_of_a_change_of_phone(scene: Scene) -> httpx.Response:
    await (await _registered(scene)).post(f"{SECURITY}/phone", {"phone": NEW_PHONE})
    return await _call(scene.browser, f"{SECURITY}/phone/code")


# --- The profile ---


@act(Notice.WELCOME, "profile-overview")
async def a_registration(scene: Scene) -> httpx.Response:
    return await scene.browser.register()


@act(Notice.WELCOME, "profile-overview")
async def a_registration_by_card(scene: Scene) -> httpx.Response:
    return await _sign_in_as_holder(scene, scene.browser)


@act(Notice.ACCOUNT_ADDED, "profile-overview")
async def an_account_added(scene: Scene) -> httpx.Response:
    form = {**BILL, "account_number": "7000000118"}
    return await (await _registered(scene)).post("/profile/accounts/new", form)


@act(Notice.ACCOUNT_REMOVED, "profile-overview")
async def an_account_removed(scene: Scene) -> httpx.Response:
    return await (await _registered(scene)).post("/profile/accounts/1/removal")


@act(Notice.CARD_LINK_SENT, "profile-overview")
async def a_card_asked_for(scene: Scene) -> httpx.Response:
    await holder.import_card(scene.settings, scene.clock)
    return await (await _registered(scene)).post("/profile/cards/new", holder.CARD)


@act(Notice.CARD_ADDED, "profile-overview")
async def a_card_added(scene: Scene) -> httpx.Response:
    await a_card_asked_for(scene)
    return await scene.browser.post(await holder.newest_link(scene.posted, "card-addition"))


@act(Notice.EMAIL_SENT_AGAIN, "profile-overview")
async def another_email(scene: Scene) -> httpx.Response:
    return await (await _registered(scene)).post("/profile", ANOTHER)


@act(Notice.EMAIL_SENT_AGAIN, "profile-person")
async def another_email_from_its_own_page(scene: Scene) -> httpx.Response:
    return await (await _registered(scene)).post("/profile/person", ANOTHER)


@act(Notice.NAME_SAVED, "profile-person")
async def another_name(scene: Scene) -> httpx.Response:
    form = {"last_name": "Смирнова", "first_name": "Анна", "patronymic": ""}
    return await (await _registered(scene)).post("/profile/person/name", form)


# --- The security page ---


@act(Notice.PASSWORD_SAVED, "profile-security-overview")
async def a_change_of_password(scene: Scene) -> httpx.Response:
    form = {"current_password": PASSWORD, "password": NEW}
    return await (await _registered(scene)).post(f"{SECURITY}/password", form)


@act(Notice.PHONE_SAVED, "profile-security-overview")
async def a_change_of_phone(scene: Scene) -> httpx.Response:
    await (await _registered(scene)).post(f"{SECURITY}/phone", {"phone": NEW_PHONE})
    return await scene.browser.post(f"{SECURITY}/phone/code", {"code": await scene.browser.read_code(NEW_PHONE)})


@act(Notice.EMAIL_LINK_SENT, "profile-security-overview")
async def a_change_of_email(scene: Scene) -> httpx.Response:
    return await (await _registered(scene)).post(f"{SECURITY}/email", {"email": "new@example.org"})


@act(Notice.SESSIONS_ENDED, "profile-security-overview")
async def the_end_of_another_session(scene: Scene) -> httpx.Response:
    await _registered(scene)
    assert location(await scene.another().sign_in()) == "/profile"
    ended = re.search(r'action="([^"]+/end)"', (await scene.browser.get(SECURITY)).text)
    assert ended
    return await scene.browser.post(ended[1])


@act(Notice.SESSIONS_ENDED, "profile-security-overview")
async def the_end_of_all_others(scene: Scene) -> httpx.Response:
    return await (await _registered(scene)).post(f"{SECURITY}/devices/end-others")


# --- The staff ---


async def _admin(scene: Scene) -> staff.Colleague:
    portal = make_portal(scene.settings)
    colleague = await staff.begin(scene.browser, portal, scene.clock, "admin@example.org", Role.ADMIN)
    await colleague.confirm()
    return colleague


@act(Notice.SESSION_EXPIRED, "staff-sign-in")
async def a_session_of_the_staff_that_has_ended(scene: Scene) -> httpx.Response:
    scene.browser.http.cookies.set("kabinet-staff", "invented")
    return await scene.browser.post("/staff/session")


@act(Notice.STAFF_INVITED, "staff-people")
async def a_new_colleague(scene: Scene) -> httpx.Response:
    await _admin(scene)
    return await scene.browser.post("/staff/people/new", {"email": staff.EMAIL, "role": "operator"})


@act(Notice.STAFF_INVITED, "staff-people")
async def a_new_link_for_a_colleague(scene: Scene) -> httpx.Response:
    await a_new_colleague(scene)
    return await scene.browser.post("/staff/people/2/reset")


@act(Notice.STAFF_REMOVED, "staff-people")
async def a_colleague_who_leaves(scene: Scene) -> httpx.Response:
    await a_new_colleague(scene)
    return await scene.browser.post("/staff/people/2/removal")


@act(Notice.FACTOR_ADDED, "staff-security")
async def another_app(scene: Scene) -> httpx.Response:
    await _admin(scene)
    await scene.browser.post("/staff/security/app")
    app = TOTP(staff.secret_on((await scene.browser.get("/staff/new-factor")).text))
    return await scene.browser.post("/staff/new-factor", {"code": app.at(scene.clock())})


@act(Notice.FACTOR_REMOVED, "staff-security")
async def a_passkey_removed(scene: Scene) -> httpx.Response:
    await _admin(scene)
    asked = (await scene.browser.post("/staff/new-factor/options")).json()
    key = Authenticator(origin=BASE, host="127.0.0.1")
    made = await scene.browser.post("/staff/new-factor", {"credential": key.create(asked)})
    assert location(made) == "/staff/security"
    return await scene.browser.post("/staff/security/passkeys/1/removal")


# --- Connection requests ---


async def _taken(scene: Scene) -> int:
    applicant = scene.another("203.0.113.9")
    await applicant.reach("bill")
    await applicant.post(path_of("bill"), {**BILL, "amount": "1,00"})
    await applicant.post(path_of("connection"), REQUEST)
    await _admin(scene)
    await scene.browser.post("/staff/requests/1/work", {"version": "0"})
    return 1


@act(Notice.REQUEST_TAKEN, "staff-request")
async def a_request_taken(scene: Scene) -> httpx.Response:
    await _taken(scene)
    return await scene.browser.post("/staff/requests/1/work", {"version": "1"})


@act(Notice.REQUEST_ASKED, "staff-request")
async def a_question_about_a_request(scene: Scene) -> httpx.Response:
    await _taken(scene)
    return await scene.browser.post("/staff/requests/1/question", {"version": "1", "question": "Какая квартира?"})


@act(Notice.REQUEST_REFUSED, "staff-request")
async def a_request_refused(scene: Scene) -> httpx.Response:
    await _taken(scene)
    return await scene.browser.post("/staff/requests/1/refusal", {"version": "1", "reason": "not-served"})


@act(Notice.REQUEST_CONNECTED, "staff-request")
async def a_request_connected(scene: Scene) -> httpx.Response:
    await _taken(scene)
    typed = {"version": "1", "account_number": BILL["account_number"]}
    return await scene.browser.post("/staff/requests/1/connection", typed)


@act(Notice.CUSTOMER_NOT_OPEN, "staff-customers")
async def a_customer_who_was_not_searched_for(scene: Scene) -> httpx.Response:
    await _admin(scene)
    return await scene.browser.get("/staff/customers/1")


async def _customer_found(scene: Scene) -> Browser:
    customer = scene.another("203.0.113.9")
    await customer.register()
    await _admin(scene)
    await scene.browser.post("/staff/customers", {"search": customer.phone, "purpose": "звонок"})
    return customer


@act(Notice.CUSTOMER_UNLOCKED, "staff-customer")
async def a_lock_lifted(scene: Scene) -> httpx.Response:
    await _customer_found(scene)
    return await scene.browser.post("/staff/customers/1/lock", {"lock": "sign-in"})


@act(Notice.CUSTOMER_SIGNED_OUT, "staff-customer")
async def sessions_ended_by_the_staff(scene: Scene) -> httpx.Response:
    await _customer_found(scene)
    return await scene.browser.post("/staff/customers/1/sessions")


@act(Notice.CUSTOMER_MESSAGED, "staff-customer")
async def a_link_sent_again_by_the_staff(scene: Scene) -> httpx.Response:
    await _customer_found(scene)
    scene.clock.forward(minutes=10)
    return await scene.browser.post("/staff/customers/1/message")


@act(Notice.CUSTOMER_DETACHED, "staff-customer")
async def an_account_detached_by_the_staff(scene: Scene) -> httpx.Response:
    await _customer_found(scene)
    return await scene.browser.post("/staff/customers/1/accounts/1", {"purpose": "квартира продана"})


@act(Notice.CUSTOMER_DELETED, "staff-customers")
async def a_customer_deleted_by_the_staff(scene: Scene) -> httpx.Response:
    await _customer_found(scene)
    return await scene.browser.post("/staff/customers/1/deletion", {"purpose": "отзыв согласия"})


@act(Notice.FILE_REMOVED, "staff-registry")
async def a_registry_file_removed(scene: Scene) -> httpx.Response:
    await _admin(scene)
    job = await registry_jobs.begin(1, scene.clock())
    await run("UPDATE registry_jobs SET state = 'failed', ended_at = {} WHERE id = {}", scene.clock(), job)
    return await scene.browser.post(f"/staff/registry/{job}/removal")


@act(Notice.GATEWAY_HELD, "staff-delivery")
async def a_gateway_held(scene: Scene) -> httpx.Response:
    await _admin(scene)
    return await scene.browser.post("/staff/delivery/hold", {"gateway": "first", "why": "меняем договор"})


@act(Notice.GATEWAY_RELEASED, "staff-delivery")
async def a_gateway_released(scene: Scene) -> httpx.Response:
    await scene.browser.follow(await a_gateway_held(scene))
    return await scene.browser.post("/staff/delivery/release", {"gateway": "first", "why": "подписали"})


@act(Notice.ANSWER_SENT, "request-shown")
async def an_answer_to_a_question(scene: Scene) -> httpx.Response:
    await a_question_about_a_request(scene)
    asked = (await scene.posted())[-1]
    await scene.browser.get(str(asked.values["link"]).partition("8000")[2])
    return await scene.browser.post("/requests/answer", {"answer_text": "Квартира 12"})


def settings_of(one: Act) -> dict[str, Any]:
    if one.screen == "staff-delivery":
        return {"sms": "smpp://kabinet:secret@127.0.0.1:2775#first", "delivery": "separate"}
    return {"captcha_code": holder.PICTURE, "tracks": one.tracks, "sms_governor": "on", "sms_call": "on"}
