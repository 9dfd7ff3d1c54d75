"""Tells the operator of a message whose content has to be passed on by hand, because it was not sent."""

from __future__ import annotations

import logging

from domain.delivery.messages import ConnectionRequestForStaff
from domain.portal import Portal

log = logging.getLogger("kabinet.delivery")


def log_undelivered_request(portal: Portal, message: str, sealed: str) -> None:
    """Log a connection request whose e-mail to the staff was not sent: only a command shows it now.

    `message` is the name of its templates, `sealed` what it held before it was wiped.
    """
    if message != ConnectionRequestForStaff.name:
        return
    try:
        number = portal.sealing.unseal(sealed)["values"]["number"]
    except ValueError:
        log.error("a connection request may not have reached the staff: litestar requests")
    else:
        log.error("connection request %d may not have reached the staff: litestar requests show %d", number, number)
