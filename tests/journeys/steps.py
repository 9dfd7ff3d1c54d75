"""The way through the registration by account, one function a step, for tests that begin further on."""

from __future__ import annotations

from tests.journeys.server import Bill
from tests.journeys.visitor import Visitor

PASSWORD = "сиреневый туман 42"
CONSENT = "Я согласен на обработку персональных данных"


def give_phone(visitor: Visitor) -> None:
    visitor.open("/registration/account/phone")
    visitor.step("phone")
    visitor.field("Номер мобильного телефона").fill(visitor.phone)
    visitor.field(CONSENT).check()
    visitor.press("Далее")
    visitor.step("code")


def confirm_phone(visitor: Visitor) -> None:
    give_phone(visitor)
    visitor.field("Код из СМС").fill(visitor.code())
    visitor.press("Подтвердить номер")
    visitor.step("bill")


def fill_bill(visitor: Visitor, bill: Bill) -> None:
    visitor.field("Расчетный период").select_option(label=bill.period)
    visitor.field("Номер лицевого счета").fill(bill.account_number)
    visitor.field("Сумма к оплате").fill(bill.amount)


def find_bill(visitor: Visitor) -> None:
    confirm_phone(visitor)
    fill_bill(visitor, visitor.server.bill())
    visitor.press("Далее")
    visitor.step("address")


def confirm_address(visitor: Visitor) -> None:
    find_bill(visitor)
    visitor.press("Да")
    visitor.step("person")


def fill_person(visitor: Visitor) -> None:
    visitor.field("Фамилия").fill("Щербакова-Иванова")
    visitor.field("Имя").fill("Мария")
    visitor.field("Отчество").fill("Сергеевна")
    visitor.field("Дата рождения").fill("5 3 1984")
    visitor.field("Электронная почта").fill(visitor.email)


def give_person(visitor: Visitor) -> None:
    confirm_address(visitor)
    fill_person(visitor)
    visitor.press("Далее")
    visitor.step("password")


def register(visitor: Visitor) -> None:
    give_person(visitor)
    visitor.field("Пароль").fill(PASSWORD)
    visitor.press("Зарегистрироваться")
    visitor.arrive("/profile", "profile")


def miss_bill(visitor: Visitor) -> None:
    """As far as «данного абонента нет в системе»."""
    confirm_phone(visitor)
    bill = visitor.server.bill()
    visitor.field("Номер лицевого счета").fill(bill.account_number)
    visitor.field("Сумма к оплате").fill("1,00")
    with visitor.refusal():
        visitor.press("Далее")
