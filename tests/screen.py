"""What a customer sees of an answer: read from its HTML, so that a class or an order may change."""

from __future__ import annotations

import html
import re

import httpx


def words(answer: httpx.Response) -> str:
    """All words on the screen, single spaces between them."""
    text = re.sub(r"<(script|style|template|title)\b.*?</\1>", " ", answer.text, flags=re.DOTALL)
    text = re.sub(r"</?(?:a|b|span|strong|time)\b[^>]*>", "", text)  # these part no words
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def errors(answer: httpx.Response) -> list[str]:
    """The texts beside the fields, in their order."""
    found = re.findall(r'<p class="error"[^>]*>(.*?)</p>', answer.text, flags=re.DOTALL)
    return [" ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split()) for text in found]


def tries(answer: httpx.Response) -> list[str]:
    """How many tries are left, as the screen says it."""
    found = re.findall(r'<p class="tries"[^>]*>(.*?)</p>', answer.text, flags=re.DOTALL)
    return [html.unescape(text).replace("\u00a0", " ") for text in found]


def main_buttons(answer: httpx.Response) -> list[str]:
    """The filled buttons of the step, and the links that look like one."""
    step = answer.text.partition('id="step"')[2].partition("</main>")[0]
    found = re.findall(r"<(?:button(?! class| type)|a class=\"button\")[^>]*>(.*?)</(?:button|a)>", step, re.DOTALL)
    return [" ".join(html.unescape(re.sub(r"<[^>]*>", "", text)).split()) for text in found]


def title(answer: httpx.Response) -> str:
    found = re.search(r"<title>(.*?)</title>", answer.text, flags=re.DOTALL)
    return html.unescape(found[1]) if found else ""


def is_page(answer: httpx.Response) -> bool:
    """A whole page, as against a fragment."""
    return "<html" in answer.text and 'id="step"' in answer.text


def fragment_of(answer: httpx.Response) -> str:
    """The id of the fragment that stands in the step."""
    shown = answer.text.partition('id="step"')[2] or answer.text
    found = re.search(r'<(?:section|div)\b[^>]*\bid="([^"]+)"', shown)
    return found[1] if found else ""


def value_of(answer: httpx.Response, field: str) -> str | None:
    """What stands in the input `field`; None where there is none."""
    tag = re.search(rf'<input\b[^>]*\bname="{field}"[^>]*>', answer.text)
    if tag is None:
        return None
    value = re.search(r'\bvalue="([^"]*)"', tag[0])
    return html.unescape(value[1]) if value else ""
