"""One file and one logo make the portal another company's: what a brand must say, and everywhere it is said."""

from __future__ import annotations

import logging
import re
import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app import create_app
from domain.delivery.messages import MESSAGES
from routes.assets import Assets
from routes.brand import BrandError, read_brand
from routes.brand_check import brand_slips, made_up, sms_room
from routes.catalogue import use_language
from routes.contrast import low_contrasts
from routes.design import BRAND, TEMPLATES, Design
from routes.dev.gallery import draw
from routes.dev.states import fragments, states_of
from routes.legal import consent_text
from routes.message_texts import MessageTexts
from routes.sources import Sources, sources
from routes.templates import Templates
from settings import Settings
from tests.browser import Browser
from tests.conftest import SECRET
from tests.languages import LANGUAGES

ROOT = TEMPLATES.parent
TEPLO = ROOT / "examples" / "teplo"
# What a brand says of ours, in either language: none of it may be seen with another brand.
OURS = re.compile("Расчетный центр|Billing Centre|8.800.000|круглосуточно|24.hours a|help@example.org|mark\\.|Kabinet")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A company's folder with the second brand."""
    return Path(shutil.copytree(TEPLO, tmp_path / "own"))


def templates_of(own: Path | None) -> Templates:
    files = sources(watch=False, own=own)
    return Templates(ZoneInfo("Europe/Moscow"), Assets(files), files)


def settings_of(**changed: object) -> Settings:
    return Settings(_env_file=None, secret=SECRET, **changed)  # type: ignore[call-arg, arg-type]


def slips_of(own: Path, **changed: object) -> list[str]:
    try:
        files = Sources(Design(own).folders, watch=False, design=Design(own))
        templates = Templates(ZoneInfo("Europe/Moscow"), Assets(files), files)
        return list(map(str, brand_slips(templates, MessageTexts(files), settings_of(**changed))))
    except BrandError as error:
        return list(map(str, error.slips))


def edit(own: Path, old: str, new: str) -> int:
    """The line of `brand.toml` that was changed."""
    source = (own / BRAND).read_text("utf-8")
    assert old in source
    (own / BRAND).write_text(source.replace(old, new, 1), "utf-8")
    return source[: source.index(old)].count("\n") + 1


@pytest.mark.parametrize("folder", [None, TEPLO], ids=["ours", "example"])
def test_both_brands_are_good(folder: Path | None) -> None:
    assert list(brand_slips(templates_of(folder), MessageTexts(sources(watch=False, own=folder)), settings_of())) == []


@pytest.mark.parametrize("hue", range(0, 360, 5))
def test_every_hue_can_be_read(hue: int) -> None:
    brand = read_brand(Design()).model_copy(update={"hue": float(hue)})
    assert list(low_contrasts(Design(), brand)) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('support = "support@example.com"\n', "", "support: is missing"),
        ("hue = 32", "hue = 32\nhues = 1", "hues: is no key of a brand"),
        ('"Теплосеть", en = "Teploset" }\nname', '"Теплосеть" }\nname', "title: is missing in: en"),
        ('en = "Teploset" }\nname', 'de = "Teploset" }\nname', "title: is missing in: en"),
        ("hue = 32", "hue = 400", "hue: Input should be less than 360"),
        ("hue = 32", 'hue = "red"', "hue: Input should be a valid number, unable to parse string as a number"),
        ("hue = 32", "hue = ", "Invalid value"),
        ('logo = "teplo.png"', 'logo = "teplo.svg"', "logo: there is no such file: static/teplo.svg"),
        ('icon = "teplo.png"', 'icon = "mark.svg"', "icon: String should match pattern"),
        ("+74950000000", "+74950000001", "phone_link: is another number than phone"),
        ('phone = "+7', 'phone = "<b>+7', "phone: is empty, or holds a line break or a mark of HTML"),
        ("hue = 32", 'hue = 32\n[colours]\nbrand = "reddish"', "colours.brand: reddish is no colour such as"),
        ("hue = 32", 'hue = 32\n[colours]\nbrandy = "#000"', "colours.brandy: there is no such colour"),
        (
            "hue = 32",
            'hue = 32\n[colours]\nbrand = "light-dark(#e8a33d, #ffd08a)"',
            "colours.brand: brand on page has a contrast of 1.9",
        ),
        (
            "hue = 32",
            'hue = 32\n[colours]\n"ink-soft" = "light-dark(#555, #555)"',
            "in the dark theme, less than 4.5",
        ),
        (
            "hue = 32",
            'hue = 32\n[email_colours]\nbrand = "#ff9900"',
            "email_colours.brand: brand on sheet has a contrast of 2.1",
        ),
        (
            'sms_name = { ru = "Теплосеть"',
            'sms_name = { ru = "Тепловые сети города Заречье"',
            "sms_name: the SMS registration-code takes",
        ),
    ],
)  # fmt: skip
def test_a_wrong_brand_is_told_by_file_and_key(own: Path, old: str, new: str, said: str) -> None:
    edit(own, old, new)
    slips = slips_of(own)
    assert any(said in slip for slip in slips), slips
    assert all(re.match(rf"own/{BRAND}(:\d+)?: ", slip) and "\n" not in slip for slip in slips)
    key = re.match(r"(?:\w+\.)?(\w+): ", said)
    lines = (own / BRAND).read_text("utf-8").splitlines()
    for found in (re.match(r"[^:]+:(\d+): (?:\w+\.)?([\w-]+): ", slip) for slip in slips if key):
        assert found is None or found[2].replace("_link", "") in lines[int(found[1]) - 1]


def test_everything_that_is_wrong_is_told_at_once(own: Path) -> None:
    edit(own, "hue = 32", "hue = -1")
    edit(own, "support@example.com", "nobody")
    assert [re.sub(r".*:\d+: (\w+): .*", r"\1", slip) for slip in slips_of(own)] == ["support", "hue"]


def test_the_number_of_digits_of_a_code_counts(own: Path) -> None:
    edit(own, 'sms_name = { ru = "Теплосеть"', 'sms_name = { ru = "Теплосеть МСК"')
    assert slips_of(own) == []
    assert "takes 71 of 70" in " ".join(slips_of(own, code_digits=9))


@pytest.mark.parametrize(
    ("text", "room"),
    [("Code 1", (6, 160)), ("[€]", (6, 160)), ("Код 1", (5, 70)), ("1 😀", (4, 70)), ("new·", (4, 70))],
)
def test_an_sms_is_measured_as_networks_do(text: str, room: tuple[int, int]) -> None:
    """3GPP TS 23.038: some signs of the alphabet of GSM take two places, any other sign makes it UCS-2."""
    assert sms_room(text) == room


def test_a_wrong_brand_stops_the_start_in_a_line(own: Path, tmp_path: Path) -> None:
    line = edit(own, "hue = 32", "hues = 32")
    with pytest.raises(SystemExit) as ended:
        create_app(settings_of(templates=own, database=f"sqlite:{tmp_path}/x.sqlite"))
    assert str(ended.value).splitlines() == [
        "own/brand.toml: hue: is missing",
        f"own/brand.toml:{line}: hues: is no key of a brand",
    ]


def test_what_is_left_of_the_fictitious_company_is_told(own: Path) -> None:
    assert [re.sub(r".*:\d+: (\w+): .*", r"\1", str(slip)) for slip in made_up(templates_of(None))] == [
        "phone", "support", "operator_registration", "operator_address"
    ]  # fmt: skip
    assert len(list(made_up(templates_of(own)))) == 4
    source = (own / BRAND).read_text("utf-8")
    for old, new in {
        "000-00-00": "123-45-67",
        "0000000": "1234567",
        "@example.com": "@teplo.ru",
        "00000": "10100",
    }.items():
        source = source.replace(old, new)
    (own / BRAND).write_text(source, "utf-8")
    files = Sources(Design(own).folders, watch=False, design=Design(own))
    assert list(made_up(Templates(ZoneInfo("Europe/Moscow"), Assets(files), files))) == []


@pytest.mark.parametrize("mode", ["development", "production"])
async def test_customers_are_not_shown_the_fictitious_company_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    real: dict[str, object] = {
        "sms": ("http+kannel://u:p@127.0.0.1:1/",),
        "mail": "smtp://127.0.0.1:1?tls=none",
        "mail_from": "portal@x.example",
        "staff_email": "staff@x.example",
        "public_url": "https://x.example",
    }
    app = create_app(
        settings_of(mode=mode, database=f"sqlite:{tmp_path}/x.sqlite", **(real if mode == "production" else {}))
    )
    # The app has set up logging anew.
    logging.getLogger("kabinet.start").addHandler(caplog.handler)
    async with app.lifespan():
        pass
    told = [record.getMessage() for record in caplog.records if record.name == "kabinet.start"]
    assert len(told) == (4 if mode == "production" else 0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_the_other_companys(language: str) -> None:
    templates = templates_of(TEPLO)
    title = {"ru": "Теплосеть", "en": "Teploset"}[language]
    with use_language(language):
        for fragment in (one for one in fragments() if not one.startswith("dev/")):
            for state in states_of(fragment):
                page = draw(templates, state)
                assert f"— {title}</title>" in page
                assert 'type="image/png"' in page
                assert not OURS.search(page), f"{fragment}: {OURS.findall(page)}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)
def test_every_message_is_the_other_companys(message: type, language: str) -> None:
    texts = MessageTexts(sources(watch=False, own=TEPLO), "https://teplo.example.com")
    made = texts(message.name, message.example, language)  # type: ignore[attr-defined]
    for part in (made.text, made.subject or "", made.html or ""):
        assert not OURS.search(part)
    if made.html:
        assert re.search(r"url\('https://teplo\.example\.com/static/teplo\.[0-9a-f]{12}\.png'\)", made.html)
        assert "support@example.com" in made.text
        # No element is without its style, and what the dark theme changes stays where mail programs look for it.
        assert not re.search(r"<(?:p|h1|a|body)(?![^>]*style=)[^>]*>", made.html)
        assert "@media (prefers-color-scheme: dark)" in made.html


def test_the_stylesheet_is_in_the_colours_of_the_brand(own: Path) -> None:
    edit(own, "hue = 32", 'hue = 32\n[colours]\nbrand = "light-dark(#8a2f10, #ffb59b)"')
    files = sources(watch=False, own=own)
    assets = Assets(files)
    (sheet,) = (known.content.decode() for name, known in assets._known.items() if name == "portal.css")
    assert "--hue:32;" in sheet
    assert "--brand:light-dark(#8a2f10,#ffb59b);" in sheet
    made = MessageTexts(files)("email-confirmation", {"first_name": "А", "link": "https://x.example", "good_for": 60})
    assert made.html
    assert "background: #8a2f10" in made.html


def test_the_consent_names_the_operator_and_its_hash_is_that_of_the_brand() -> None:
    ours, theirs = (consent_text(templates_of(folder)) for folder in (None, TEPLO))
    assert (ours.version, len(ours.sha256)) == (theirs.version, 64)
    assert ours.sha256 != theirs.sha256
    with use_language("ru"):
        shown = templates_of(TEPLO).render("partials/legal/personal-data-text.html", {})
    for text in ("АО «Теплосеть Заречья»", "000001, г. Заречье, пр. Мира, д. 5", "ОГРН", "support@example.com"):
        assert text in shown.replace("\u00a0", " ")


def test_a_file_of_the_company_lies_over_ours(own: Path) -> None:
    (own / "partials" / "legal").mkdir(parents=True)
    (own / "partials" / "legal" / "terms.html").write_text(
        '{# Ours. #}{% extends layout %}{% block title %}{{ _("Свои условия") }}{% endblock %}'
        '{% block step %}<h1>{{ _("Свои условия") }}</h1>{% endblock %}'
    )
    texts = own / "locale" / "en" / "LC_MESSAGES" / "kabinet.po"
    texts.parent.mkdir(parents=True)
    texts.write_text('msgid "Свои условия"\nmsgstr "Terms of our own"\n')
    (own / "static" / "portal.js").write_text("// ours")
    files = sources(watch=False, own=own)
    assets = Assets(files)
    templates = Templates(ZoneInfo("Europe/Moscow"), assets, files)
    (state,) = states_of("legal/terms", files.design)
    with use_language("en"):
        assert "<h1>Terms of our own</h1>" in draw(templates, state)
        assert "How your data" not in draw(templates, state)
        assert "Password" in draw(templates, states_of("sign_in/login", files.design)[0])
    assert assets._known["portal.js"].content == b"// ours"
    assert assets._known["htmx-4.0.1.min.js"].content == (ROOT / "static" / "htmx-4.0.1.min.js").read_bytes()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_manifest_is_the_companys_and_only_customers_pages_name_it(client: Browser) -> None:
    named = '<link rel="manifest" href="/manifest.webmanifest">'
    assert named not in (await client.get("/")).text
    await client.register()
    await client.sign_in()
    page = await client.get("/profile")
    assert named in page.text
    assert "manifest-src 'self'" in page.headers["content-security-policy"]
    # Where the policy does not let a browser load it, nothing names it.
    assert named not in (await client.get("/terms")).text
    answer = await client.get("/manifest.webmanifest", headers={"Accept-Language": "ru"})
    assert answer.headers["content-type"] == "application/manifest+json"
    manifest = answer.json()
    assert (manifest["short_name"], manifest["lang"]) == ("Расчетный центр", "ru")
    assert re.fullmatch("#[0-9a-f]{6}", manifest["theme_color"])
    for icon in manifest["icons"]:
        found = await client.get(icon["src"])
        assert found.headers["content-type"].startswith(icon["type"])
