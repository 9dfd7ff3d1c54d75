"""«Реестр»: imports so far, a file that is sent and checked, and «Загрузить»."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain.refusals import Code, Refused, SessionExpired
from domain.registry.kinds import KINDS
from domain.registry.sent_files import Receiving
from domain.scope import Scope
from domain.staff import registry
from domain.staff.people import Role
from routes.forms import FilledForm, Form, MaxLength
from routes.notices import Notice
from routes.responses import reload_instead
from routes.row_ids import number_of, row_id
from routes.staff.desk import Desk, ThisDesk
from routes.uploads import STREAMED, Sent, receive

PATH, NAME = "/staff/registry", "staff.registry"
ONE = f"{PATH}/{{number:str}}"
_Done = Refused | SessionExpired | None


class LoadForm(Form):
    """`removing` is the number of rows that may go, where that has to be named."""

    removing: Annotated[str, MaxLength(100, Code.REMOVAL_NUMBER_WRONG)] = ""


@get(PATH, name=NAME)
async def show(desk: ThisDesk) -> Response[Any]:
    return desk.guard(Role.ADMIN) or await _list(desk, FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.submit", request_max_body_size=None, opt={STREAMED: True})
async def send(desk: ThisDesk) -> Response[Any]:
    """Nothing of the file is read for who may not send one."""
    if redirect := desk.guard(Role.ADMIN):
        return redirect
    begun: list[tuple[int, Receiving]] = []

    async def begin() -> Receiving:
        if isinstance(new := await registry.begin(desk.scope), SessionExpired):
            raise NotFoundException
        begun.append(new)
        return new[1]

    done: _Done = Refused(Code.FILE_UNREADABLE, "file")
    try:
        sent = await receive(desk.page.request, "file", desk.settings.registry_bytes, begin)
        done = await _complete(desk, sent, begun)
    finally:
        # Also where the connection was lost.
        if begun and done is not None:
            await registry.discard(begun[0][0])
    form: FilledForm[Any] = FilledForm(PATH, {"kind": sent.fields.get("kind", "")[:20]})
    match done:
        case None:
            return desk.redirect(f"{PATH}/{begun[0][0]}")
        case SessionExpired():
            return desk.to_sign_in()
        case _:
            return await _list(desk, form.refuse(done), 422)


async def _complete(desk: Desk, sent: Sent, begun: list[tuple[int, Receiving]]) -> _Done:
    if sent.refused is not None or not begun:
        return Refused(sent.refused or Code.FILE_EMPTY, "file")
    number, receiving = begun[0]
    kind, mode = sent.fields.get("kind", ""), sent.fields
    return await registry.complete(
        desk.scope, number, receiving,
        kind=kind, name=sent.name, replacing=bool(mode.get("replacing")), skip_bad=bool(mode.get("skip_bad")),
    )  # fmt: skip


@get(ONE, name=f"{NAME}.one")
async def show_one(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    return desk.guard(Role.ADMIN) or await _one(desk, row_id(number, bits=32), FilledForm(_path(number)), 200)


@get(f"{ONE}/progress", name=f"{NAME}.progress")
async def show_progress(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    """For the page that waits: how far it is; once it has ended, the order to load the page anew."""
    if redirect := desk.guard(Role.ADMIN):
        return reload_instead(desk.page.request, redirect)
    job = await registry.get(desk.scope, row_id(number, bits=32))
    if job is None or not job.under_way:
        return reload_instead(desk.page.request, desk.redirect(_path(number) if job else PATH))
    return desk.page.show_piece("partials/staff/registry-progress.html", {"job": job})


@post(f"{ONE}/load", name=f"{NAME}.load")
async def load(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    if redirect := desk.guard(Role.ADMIN):
        return redirect
    form = await desk.read(LoadForm)
    form.path = _path(number)
    if form.data is None:
        return await _one(desk, row_id(number, bits=32), form, 422)
    allowed = number_of(form.data.removing.strip()) if form.data.removing.strip() else 0
    wanted = row_id(number, bits=32)
    return await _answer(desk, wanted, form, await registry.load(desk.scope, wanted, allowed))


@post(f"{ONE}/again", name=f"{NAME}.again")
async def start_again(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    return await _act(desk, number, registry.start_again)


@post(f"{ONE}/removal", name=f"{NAME}.removal")
async def remove(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    return await _act(desk, number, registry.remove, Notice.FILE_REMOVED)


@get([f"{ONE}/{act}" for act in ("load", "again", "removal")], name=f"{NAME}.acts")
async def show_acts(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    """For an address that was typed, or left in the address bar by a refused form."""
    return desk.guard(Role.ADMIN) or desk.redirect(_path(number))


async def _act(
    desk: Desk, number: str, act: Callable[[Scope, int], Awaitable[_Done]], notice: Notice | None = None
) -> Response[Any]:
    if redirect := desk.guard(Role.ADMIN):
        return redirect
    wanted, form = row_id(number, bits=32), FilledForm[Any](_path(number))
    done = await act(desk.scope, wanted)
    if done is None and notice is not None:
        return desk.redirect(PATH, notice=notice)
    return await _answer(desk, wanted, form, done)


async def _answer(desk: Desk, number: int, form: FilledForm[Any], done: _Done) -> Response[Any]:
    match done:
        case None:
            return desk.redirect(_path(str(number)))
        case SessionExpired():
            return desk.to_sign_in()
        case _:
            return await _one(desk, number, form.refuse(done), 422)


async def _list(desk: Desk, form: FilledForm[Any], status: int) -> Response[Any]:
    jobs, imports = await registry.newest(desk.scope), await registry.history(desk.scope)
    answer: Response[Any] = desk.show(
        "registry", status=status, form=form, jobs=jobs, imports=imports, kinds=KINDS,
        megabytes=max(1, desk.settings.registry_bytes // 2**20),
    )  # fmt: skip
    return answer


async def _one(desk: Desk, number: int, form: FilledForm[Any], status: int) -> Response[Any]:
    job = await registry.get(desk.scope, number)
    if job is None:
        raise NotFoundException
    answer: Response[Any] = desk.show("registry-file", status=status, form=form, job=job)
    return answer


def _path(number: str) -> str:
    return f"{PATH}/{row_id(number, bits=32)}"


handlers = [show, send, show_one, show_progress, load, start_again, remove, show_acts]
