"""The way through the registration by account, one function a step, for tests that begin further on."""

from __future__ import annotations

from tests.journeys.visitor import Visitor

PASSWORD = "сиреневый туман 42"
CONSENT = "Я согласен на обработку персональных данных"


def give_phone(visitor: Visitor) -> None:
    visitor.open("/registration/account/phone")
    visitor.expect_step("phone")
    visitor.field("Номер мобильного телефона").fill(visitor.phone)
    visitor.field(CONSENT).check()
    visitor.press("Далее")
    visitor.expect_step("code")


def confirm_phone(visitor: Visitor) -> None:
    give_phone(visitor)
    visitor.field("Код из СМС").fill(visitor.code())
    visitor.press("Подтвердить номер")
    visitor.expect_step("bill")


def fill_bill(visitor: Visitor) -> None:
    visitor.field("Расчетный период").select_option(label=visitor.bill.period)
    visitor.fill({"Номер лицевого счета": visitor.bill.account_number, "Сумма к оплате": visitor.bill.amount})


def find_bill(visitor: Visitor) -> None:
    confirm_phone(visitor)
    fill_bill(visitor)
    visitor.press("Далее")
    visitor.expect_step("address")


def confirm_address(visitor: Visitor) -> None:
    find_bill(visitor)
    visitor.press("Да")
    visitor.expect_step("person")


def fill_person(visitor: Visitor) -> None:
    visitor.fill(
        {
            "Фамилия": "Щербакова-Иванова",
            "Имя": "Мария",
            "Отчество": "Сергеевна",
            "Дата рождения": "5 3 1984",
            "Электронная почта": visitor.email,
        }
    )


def give_person(visitor: Visitor) -> None:
    confirm_address(visitor)
    fill_person(visitor)
    visitor.press("Далее")
    visitor.expect_step("password")


def register(visitor: Visitor) -> None:
    give_person(visitor)
    visitor.field("Пароль").fill(PASSWORD)
    visitor.press("Зарегистрироваться")
    visitor.expect_screen("/profile", "profile-overview")


def miss_bill(visitor: Visitor) -> None:
    """As far as «данного абонента нет в системе»."""
    confirm_phone(visitor)
    visitor.fill({"Номер лицевого счета": visitor.bill.account_number, "Сумма к оплате": "1,00"})
    with visitor.refusal():
        visitor.press("Далее")
