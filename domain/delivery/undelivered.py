"""What has to be done by hand once a message has ended unsent."""

from __future__ import annotations

import logging

from domain.delivery.messages import ConnectionRequestForStaff
from domain.portal import Portal

log = logging.getLogger("kabinet.delivery")


def log_undelivered_request(portal: Portal, message: str, sealed: str) -> None:
    """A line for the operator where the e-mail was all that brought its content to somebody's eyes.

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
