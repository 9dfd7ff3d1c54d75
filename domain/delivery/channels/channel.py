"""What a channel is: it sends a message, or raises `DeliveryFailed`.

A new channel is one file beside this one and one line in `domain/delivery/channels/__init__.py`: a class that is a
`ConfiguredChannel`. Its file alone knows what its address in KABINET_SMS or KABINET_MAIL may say.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Protocol, runtime_checkable
from urllib.parse import SplitResult

from domain.delivery.channels.dkim_signature import Signer

Kind = Literal["sms", "email"]
# Awaited by a channel right before the first byte after which the message may arrive. It raises where the message must
# not be sent any more: let it through.
Begin = Callable[[], Awaitable[None]]
Follows = Literal["refused", "later", "away", "unknown"]
Outcome = Literal["delivered", "undelivered", "expired", "rejected"]


@dataclass(frozen=True)
class Rendered:
    """The text of a message: an SMS has `text` alone, an e-mail all three. Not in `repr`, so not in logs."""

    text: str = field(repr=False)
    subject: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Outgoing:
    """A message ready to be sent. `number` is its row's; that, `reference` and `written_at` are always the same.

    `minutes` is how long it is worth delivering, and `name` that of its kind of message. The text of a call
    (`is_call`) is said by telephone.
    """

    number: int
    reference: str
    written_at: datetime
    to: str = field(repr=False)
    content: Rendered = field(repr=False)
    language: str = "ru"
    minutes: int = 24 * 60
    name: str = ""
    is_call: bool = False


@dataclass(frozen=True)
class Taken:
    """What the other side has said as it took a message upon itself.

    `receipt` is whether it will tell what becomes of the message, and `id` what it will call it then, where that is not
    our `reference`.
    """

    receipt: bool = False
    id: str = ""
    cost_kopecks: int | None = None


@dataclass(frozen=True)
class Receipt:
    """What has become of a message that a gateway had taken, named by our `reference` or by the gateway's `id`."""

    outcome: Outcome
    reference: str = ""
    id: str = ""


@dataclass(frozen=True)
class Receipts:
    """Where a gateway's receipts go: it calls `address`, or its channel gets them and calls `take`."""

    address: str
    take: Callable[[Receipt], Awaitable[None]]


class Channel(Protocol):
    """`window` is how many messages it takes at once."""

    window: int

    async def send(self, outgoing: Outgoing, begin: Begin) -> Taken:
        """Hand the message over, or raise `DeliveryFailed`.

        Any other exception means that the other side is away where it comes before `begin`, and `unknown` after it.
        """

    async def close(self) -> None: ...


@runtime_checkable
class Signs(Protocol):
    """A channel that signs what it sends, once it has been given something to sign with."""

    signer: Signer | None


@runtime_checkable
class HasBalance(Protocol):
    """A channel whose gateway says what money is left there."""

    balance_kopecks: int | None

    async def look_at_balance(self) -> int | None:
        """Raises `DeliveryFailed`."""


class ConfiguredChannel(Channel, Protocol):
    """A channel as the settings name it, by an address with one of its `schemes`.

    `kind` is what it carries. `setup` tells the operator, in a few lines, how to write the address and what the other
    side needs; `litestar delivery channels` prints it. Without `receipts` it asks the other side for none.

    A channel whose gateway can also dictate a text by telephone says so by `can_call = True`: it gets messages that are
    calls too. One whose gateway calls an address with its receipts also has a static method `read_receipt`, a
    `ReadReceipt`.
    """

    kind: ClassVar[Kind]
    schemes: ClassVar[tuple[str, ...]]
    setup: ClassVar[str]

    def __init__(self, dsn: str, sender: str, receipts: Receipts | None = None) -> None: ...

    @staticmethod
    def check(address: SplitResult, *, production: bool) -> None:
        """Raise ValueError, one line, for an address that names no such channel or that production must not use.

        The caller has checked that it can be parsed and has a host.
        """

    async def look(self) -> str:
        """Connect and sign in as a message would, and send nothing; what was found, in a few words.

        Raises `DeliveryFailed`.
        """


# From the fields of a gateway's call; None where it says nothing final. Raises ValueError where it is no receipt.
ReadReceipt = Callable[[Mapping[str, str]], Receipt | None]


class DeliveryFailed(Exception):  # noqa: N818 - an outcome, not an error
    """Why a message was not handed over, in words without personal data, and what follows from it.

    - `refused`: the gateway will never take this message. It is the recipient's or the message's fault.
    - `later`: the gateway surely has not taken this message now, and may take others.
    - `away`: it surely has not taken this message, and takes none now.
    - `unknown`: the message was handed over and the answer never came, or made no sense.

    `operator` says that the fault is the sender's: it stays until the operator corrects something here or there.
    `rest` is for how many seconds the gateway has asked to be left alone.
    """

    def __init__(self, follows: Follows, reason: str, *, operator: bool = False, rest: float = 0) -> None:
        super().__init__(reason)
        self.follows = follows
        self.reason = reason
        self.operator = operator
        self.rest = rest

    @property
    def gateways_fault(self) -> bool:
        """Whether it speaks against the gateway, and not only against this message."""
        return self.operator or self.follows in {"away", "unknown"}
