"""All tables. Times are UTC, money is integer kopecks, phones and e-mails are never stored in the clear.

`…_hash` is a keyed hash (domain/sealing.py), `…_sealed` is encrypted with a key derived from `KABINET_SECRET`.
Composite unique indexes stand in the migrations: Piccolo's constraints fail on SQLite.
"""

from __future__ import annotations

from piccolo.columns import (
    BigInt,
    BigSerial,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    Serial,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete
from piccolo.table import Table

# --- The company's registry, written by imports only ---


class Account(Table, tablename="accounts"):
    """A place the company serves. `number` as domain/values/account_numbers.py stores it.

    One that the company's file no longer has is absent: nobody sees it, and what customers have proved about it waits.
    """

    id = Serial(primary_key=True)
    number = Varchar(length=40, unique=True)
    address = Text()
    absent_since = Timestamptz(null=True, default=None)
    # What the company calls its owner by, empty where it has not said. Since an owner was followed by another one,
    # only bills from this month on ("2026-09") prove it.
    owner_key = Varchar(length=100)
    owner_since = Varchar(length=7)


class Bill(Table, tablename="bills"):
    """One bill; unique by (account, period)."""

    id = BigSerial(primary_key=True)
    # The number of an account; no foreign key, whose check would take half of the time of an import.
    account = Integer()
    # "2026-08": sorts as text.
    period = Varchar(length=7)
    amount_kopecks = BigInt()


class Card(Table, tablename="cards"):
    """A payment card of a holder; nothing of it can be listed but the last four digits."""

    id = Serial(primary_key=True)
    number_hash = Varchar(length=64, unique=True)
    last_four = Varchar(length=4)
    holder_id = Varchar(length=100, index=True)
    login = Varchar(length=100)
    email_hash = Varchar(length=64)
    phone_hash = Varchar(length=64, index=True)


class BillChange(Table, tablename="bill_changes"):
    """On SQLite: what an import under way does to a bill; null removes it. See db/import_state.py."""

    bill = BigInt(primary_key=True)
    amount_kopecks = BigInt(null=True, default=None)


class ImportState(Table, tablename="import_state"):
    """On SQLite: how far the import under way has come; one row at most. See db/import_state.py."""

    id = Integer(primary_key=True)
    kind = Varchar(length=20)
    decided = Boolean()
    last_bill = BigInt()
    changes = Varchar(length=255)
    at = Varchar(length=40)


class ImportedFile(Table, tablename="imports"):
    """A file that was imported, or refused: who, when, which, and what came of it."""

    id = BigSerial(primary_key=True)
    at = Timestamptz(index=True)
    kind = Varchar(length=20)
    # The user of the machine, not a customer.
    who = Varchar(length=100)
    file = Varchar(length=255)
    sha256 = Varchar(length=64)
    done = Boolean()
    added = Integer()
    changed = Integer()
    unchanged = Integer()
    removed = Integer()
    skipped = Integer()


# --- Customers ---


class Customer(Table, tablename="customers"):
    """A person who may sign in. Without `password_hash` they came by import and set one by «Я забыл пароль»."""

    id = Serial(primary_key=True)
    phone_hash = Varchar(length=64, unique=True)
    phone_sealed = Text()
    last_name = Varchar(length=100)
    first_name = Varchar(length=100)
    patronymic = Varchar(length=100)
    birth_date = Date(null=True, default=None)
    email_hash = Varchar(length=64)
    email_sealed = Text()
    email_confirmed_at = Timestamptz(null=True, default=None)
    password_hash = Text(null=True, default=None)
    # Set while the password is the one from an SMS, good for one sign-in until then.
    password_until = Timestamptz(null=True, default=None)
    # Of the card track: assigned by the company, found in any letter case by its hash; null for everyone else.
    login_hash = Varchar(length=64, null=True, default=None, unique=True)
    login = Varchar(length=100)
    registered_at = Timestamptz()
    # Raised by every change of password, phone or login: what was granted under another version is void.
    credentials = Integer(default=0)
    # Came by an import, not by a registration.
    imported = Boolean(default=False)


class CustomerAccount(Table, tablename="customer_accounts"):
    """An account that a customer has proved to be theirs; unique by (customer, account)."""

    id = Serial(primary_key=True)
    customer = ForeignKey(references=Customer, on_delete=OnDelete.cascade, null=False)
    # As in `bills`.
    account = Integer(index=True)
    attached_at = Timestamptz()


class AccountLoss(Table, tablename="account_losses"):
    """An attachment whose account has become absent, until its customer has been told."""

    attachment = ForeignKey(references=CustomerAccount, on_delete=OnDelete.cascade, primary_key=True)
    lost_at = Timestamptz()


class AccountEnd(Table, tablename="account_ends"):
    """An attachment that has ended because the account has another owner, until its customer has been told."""

    id = BigSerial(primary_key=True)
    customer = ForeignKey(references=Customer, on_delete=OnDelete.cascade, null=False, index=True)
    account = Integer()
    ended_at = Timestamptz()


class CustomerHolder(Table, tablename="customer_holders"):
    """A holder of cards who has turned out to be this customer; one person, one customer."""

    id = Serial(primary_key=True)
    customer = ForeignKey(references=Customer, on_delete=OnDelete.cascade, null=False, index=True)
    holder_id = Varchar(length=100, unique=True)
    attached_at = Timestamptz()


class Consent(Table, tablename="consents"):
    """A consent to the processing of personal data: which text, when and from where.

    It outlives its customer: the company has to be able to show it (152-FZ, article 9, part 3).
    """

    id = Serial(primary_key=True)
    customer = ForeignKey(references=Customer, on_delete=OnDelete.set_null, null=True, default=None, index=True)
    phone_hash = Varchar(length=64, index=True)
    text_version = Varchar(length=20)
    text_hash = Varchar(length=64)
    given_at = Timestamptz()
    ip = Varchar(length=45)


class LegalText(Table, tablename="legal_texts"):
    """A text that customers were shown: the consent, or the terms. A change of one letter is another row.

    `text` is what `sha256` was made of. A unique index on (kind, sha256) is made by its migration.
    """

    id = Serial(primary_key=True)
    kind = Varchar(length=20)
    version = Varchar(length=20)
    sha256 = Varchar(length=64)
    text = Text()
    first_shown_at = Timestamptz()


class ConsentWithdrawal(Table, tablename="consent_withdrawals"):
    """A consent that was withdrawn, with which the cabinet ended; `versions` are those of the texts consented to."""

    id = Serial(primary_key=True)
    phone_hash = Varchar(length=64, index=True)
    versions = Text()
    withdrawn_at = Timestamptz()


class EmailLink(Table, tablename="email_links"):
    """A link sent to an address to confirm it; the token itself stands only in the message.

    An address that is not the customer's own yet replaces it when it is confirmed.
    """

    id = Serial(primary_key=True)
    customer = ForeignKey(references=Customer, on_delete=OnDelete.cascade, null=False)
    token_hash = Varchar(length=64, unique=True)
    email_hash = Varchar(length=64)
    email_sealed = Text()
    created_at = Timestamptz()
    expires_at = Timestamptz()
    # The customer's version when it was sent.
    credentials = Integer(default=0)


class CardLink(Table, tablename="card_links"):
    """A link sent to the e-mail bound to a card: to step two of the registration, or to add it to `customer`."""

    id = Serial(primary_key=True)
    customer = ForeignKey(references=Customer, on_delete=OnDelete.cascade, null=True, default=None, index=True)
    token_hash = Varchar(length=64, unique=True)
    # The card itself may go with an import: it is looked up anew behind the link.
    number_hash = Varchar(length=64)
    holder_id = Varchar(length=100, index=True)
    email_sealed = Text()
    wrong_phones = Integer(default=0)
    created_at = Timestamptz()
    expires_at = Timestamptz(index=True)
    # The version of `customer` when it was sent.
    credentials = Integer(default=0)


class ConnectionRequest(Table, tablename="connection_requests"):
    """A «Заявка на подключение» for the staff; `sealed` holds everything that was typed."""

    id = Serial(primary_key=True)
    created_at = Timestamptz()
    sealed = Text()
    handled_at = Timestamptz(null=True, default=None)
    # new, work, done or refused; `version` grows with each act, so that the second of two clerks is told.
    state = Varchar(length=10, default="new")
    version = Integer(default=0)
    last_event = Varchar(length=50, default="")
    # Who works on it or has decided it, whose it is, and the account that was found. No foreign keys: what is deleted
    # takes no request away.
    staff = Integer(null=True, default=None)
    customer = Integer(null=True, default=None)
    account = Integer(null=True, default=None)
    # While the account waits for a registration by this phone.
    phone_hash = Varchar(length=64, default="")
    reason_sealed = Text(default="")
    talk_sealed = Text(default="")


# --- Sessions, codes, counters ---


class Session(Table, tablename="sessions"):
    """A browser that has proved something or signed in. `progress_sealed` is what its journeys know so far."""

    id = BigSerial(primary_key=True)
    token_hash = Varchar(length=64, unique=True)
    customer = ForeignKey(references=Customer, on_delete=OnDelete.cascade, null=True, default=None, index=True)
    progress_sealed = Text()
    created_at = Timestamptz()
    seen_at = Timestamptz()
    # Both ends of its life: the idle one moves with use, the absolute one never does.
    idle_until = Timestamptz()
    ends_at = Timestamptz(index=True)
    authenticated_at = Timestamptz(null=True, default=None)
    remembered = Boolean(default=False)
    ip = Varchar(length=45)
    user_agent = Varchar(length=300)
    # The customer's version under which the password was typed last.
    credentials = Integer(default=0)
    # The id before the last proof: for a short while the same proof, sent again, is led on by it.
    former_hash = Varchar(length=64, index=True)
    former_until = Timestamptz(null=True, default=None)
    # Signed in by a customer who has not consented to the present text yet: nothing else is open to them.
    consent_due = Boolean(default=False)


class OneTimeCode(Table, tablename="one_time_codes"):
    """A code sent by SMS; `wrong_tries` is carried on by the next code of the same phone and purpose."""

    id = BigSerial(primary_key=True)
    purpose = Varchar(length=30)
    phone_hash = Varchar(length=64, index=True)
    code_hash = Varchar(length=64)
    sent_at = Timestamptz()
    expires_at = Timestamptz(index=True)
    wrong_tries = Integer(default=0)
    # Whose request has used it (a hash of its cookie): only the same request, sent again, is led on by it.
    used_by = Varchar(length=64)
    # The number of the message that carries it; one that was not sent has left no row.
    message = BigInt(null=True, default=None)


class Captcha(Table, tablename="captchas"):
    """A picture with a code, good for one try. `outcome_hash` is what a try that led on was about."""

    id = Varchar(length=32, primary_key=True)
    code_hash = Varchar(length=64)
    expires_at = Timestamptz(index=True)
    spent_at = Timestamptz(null=True, default=None)
    outcome_hash = Varchar(length=64)


class Throttle(Table, tablename="throttles"):
    """Hits of one key in its current window, which ends at `ends_at`; see db/throttles.py for the others."""

    key = Varchar(length=120, primary_key=True)
    hits = Integer()
    most = Integer(default=0)
    ends_at = Timestamptz(index=True)
    full_until = Timestamptz(null=True, default=None)
    # The end of the pause after the last hit; null where no pause follows.
    free_at = Timestamptz(null=True, default=None)


# --- Messages and the journal ---


class OutboxMessage(Table, tablename="outbox"):
    """A message and what became of it. `sealed` is wiped when it is settled. See db/outbox.py for its states."""

    id = BigSerial(primary_key=True)
    kind = Varchar(length=10)  # "sms", "call" or "email"
    message = Varchar(length=50)  # the folder in templates/messages/
    # Whose it is, where that was known; no foreign key, as of requests.
    customer = Integer(null=True, default=None)
    sealed = Text()
    state = Varchar(length=20)
    # The least goes first.
    priority = Integer(default=1)
    attempts = Integer(default=0)
    # Which gateway has it, or was tried last; and those before it that may have it too, comma-separated.
    gateway = Varchar(length=60)
    past = Text()
    # Gateways by which the same was sent to this customer before and did not arrive, in this order, comma-separated.
    last_choice = Text()
    created_at = Timestamptz()
    next_at = Timestamptz()
    expires_at = Timestamptz()
    # Since when it is being sent.
    claimed_at = Timestamptz(null=True, default=None)
    settled_at = Timestamptz(null=True, default=None)
    # What the gateway has named it by, if it did; and when it said what became of it.
    gateway_id_hash = Varchar(length=64)
    receipt_at = Timestamptz(null=True, default=None)
    # What it cost, where the gateway has said so.
    cost_kopecks = Integer(null=True, default=None)
    # What the channel said last, without personal data.
    reason = Varchar(length=200)


class GatewayState(Table, tablename="gateways"):
    """What any process knows of a gateway, by its name; see db/gateways.py."""

    name = Varchar(length=60, primary_key=True)
    # Since when an operator wants nothing to be sent by it.
    held_at = Timestamptz(null=True, default=None)
    # When a process that sends had it last.
    seen_at = Timestamptz(null=True, default=None)
    # Since when it has been set aside, and until when that is still true unless somebody says it again; and why.
    set_aside_at = Timestamptz(null=True, default=None)
    set_aside_until = Timestamptz(null=True, default=None)
    reason = Varchar(length=200)
    balance_kopecks = BigInt(null=True, default=None)


class Alert(Table, tablename="alerts"):
    """What the staff has been told is wrong, and not yet that it is over; `seen_at` is when it was still wrong."""

    key = Varchar(length=120, primary_key=True)
    began_at = Timestamptz()
    seen_at = Timestamptz()


class GovernorCount(Table, tablename="governor_counts"):
    """Codes of one hour that count for `subject` (a hash): one row of several, where many strangers share it."""

    id = Varchar(length=100, primary_key=True)
    subject = Varchar(length=64)
    hour = Timestamptz(index=True)
    sent = Integer(default=0)
    typed = Integer(default=0)
    # Asked for and not sent, less those who went on to type the code of the picture: may be negative in an hour.
    held = Integer(default=0)


class GovernorStep(Table, tablename="governor_steps"):
    """How far the codes of `subject` are held back now, and the step that the staff knows of; `name` is for them."""

    subject = Varchar(length=64, primary_key=True)
    kind = Varchar(length=20)
    name = Varchar(length=60)
    step = Integer()
    told = Integer()
    since = Timestamptz()


class JournalEntry(Table, tablename="journal"):
    """A security-relevant event; rows are only ever added, but for repeats within an hour, which are summed."""

    id = BigSerial(primary_key=True)
    at = Timestamptz(index=True)
    customer = ForeignKey(references=Customer, on_delete=OnDelete.set_null, null=True, default=None)
    event = Varchar(length=50)
    ip = Varchar(length=45)
    user_agent = Varchar(length=300)
    details = Text()
    times = Integer(default=1)
    # What repeats are summed by; null for every other event.
    sum_key = Varchar(length=64, null=True, default=None, unique=True)


# --- The staff ---


class Staff(Table, tablename="staff"):
    """A person of the company who may sign in at /staff. The row of one who was removed stays: the journal names it."""

    id = Serial(primary_key=True)
    email_hash = Varchar(length=64, unique=True)
    email_sealed = Text()
    # "operator" or "admin" (domain/staff/people.py).
    role = Varchar(length=10)
    # Null until the link has been used.
    password_hash = Text(null=True, default=None)
    # The secret of the app that makes codes; and the last time step whose code was used (RFC 6238, 5.2).
    totp_sealed = Text(null=True, default=None)
    totp_step = BigInt(default=0)
    # Raised by every change of password or second factor: sessions begun under another one have ended.
    credentials = Integer(default=0)
    added_at = Timestamptz()
    removed_at = Timestamptz(null=True, default=None)


class StaffLink(Table, tablename="staff_links"):
    """The link by which a person sets password and second factor; one for each person, good for one use."""

    staff = ForeignKey(references=Staff, on_delete=OnDelete.cascade, primary_key=True)
    token_hash = Varchar(length=64, unique=True)
    expires_at = Timestamptz()


class StaffPasskey(Table, tablename="staff_passkeys"):
    """A passkey: what the authenticator calls it, and its public key (both base64url)."""

    id = Serial(primary_key=True)
    staff = ForeignKey(references=Staff, on_delete=OnDelete.cascade, null=False, index=True)
    credential_id = Text(unique=True)
    public_key = Text()
    sign_count = BigInt(default=0)
    added_at = Timestamptz()


class StaffRecoveryCode(Table, tablename="staff_recovery_codes"):
    """A code that replaces the second factor once; the row goes with its use."""

    code_hash = Varchar(length=64, primary_key=True)
    staff = ForeignKey(references=Staff, on_delete=OnDelete.cascade, null=False, index=True)


class StaffSession(Table, tablename="staff_sessions"):
    """A browser of the staff. It has no rights until `proved_at`, when the second factor was shown."""

    id = BigSerial(primary_key=True)
    staff = ForeignKey(references=Staff, on_delete=OnDelete.cascade, null=False, index=True)
    token_hash = Varchar(length=64, unique=True)
    # The id before the last proof, as of customers' sessions.
    former_hash = Varchar(length=64, index=True)
    former_until = Timestamptz(null=True, default=None)
    progress_sealed = Text()
    credentials = Integer(default=0)
    proved_at = Timestamptz(null=True, default=None)
    # When the second factor was shown again, before a change of who can get in.
    confirmed_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()
    seen_at = Timestamptz()
    idle_until = Timestamptz()
    ends_at = Timestamptz(index=True)
    ip = Varchar(length=45)
    user_agent = Varchar(length=300)


class StaffJournalEntry(Table, tablename="staff_journal"):
    """What the staff have looked at and done. Rows are only ever added: triggers refuse everything else.

    `hash` covers the row and `hash_before`, that of the entry before. No foreign keys: nothing that is deleted may
    change an entry. `staff` is null for a command, `customer` where it is about none.
    """

    number = BigInt(primary_key=True)
    at = Timestamptz()
    staff = Integer(null=True, default=None)
    customer = Integer(null=True, default=None)
    event = Varchar(length=50)
    # What it was about beside the customer: "request 17", "staff 3".
    subject = Varchar(length=60)
    reason_sealed = Text()
    ip = Varchar(length=45)
    hash_before = Varchar(length=64)
    hash = Varchar(length=64)


class StaffJournalEnd(Table, tablename="staff_journal_end"):
    """One row: number and hash of the newest entry. Who adds an entry locks it."""

    id = Integer(primary_key=True)
    number = BigInt()
    hash = Varchar(length=64)


class RegistryJob(Table, tablename="registry_jobs"):
    """A registry file that a person of the staff has sent; see db/registry_jobs.py for its states."""

    id = Serial(primary_key=True)
    staff = Integer()
    created_at = Timestamptz()
    kind = Varchar(length=20)
    file = Varchar(length=255)
    sha256 = Varchar(length=64)
    size = BigInt(default=0)
    replacing = Boolean(default=False)
    skip_bad = Boolean(default=False)
    allow_removing = Integer(default=0)
    state = Varchar(length=10)
    # How often a process has begun it in this state; which process has it, and until when that is believed.
    attempts = Integer(default=0)
    claim = Varchar(length=64)
    claimed_until = Timestamptz(null=True, default=None)
    done = BigInt(default=0)
    total = BigInt(default=0)
    # JSON, without the content of any cell.
    report = Text()
    error = Varchar(length=300)
    ended_at = Timestamptz(null=True, default=None)


class RegistryJobPart(Table, tablename="registry_job_parts"):
    """A piece of the file, in the order of `id`: compressed and sealed. They go with the end of the job."""

    id = Serial(primary_key=True)
    # The number of the job; no foreign key: both are removed together.
    job = Integer(index=True)
    sealed = Text()


# --- The installation itself ---


class UsageCount(Table, tablename="usage_counts"):
    """How often `what` happened to `name` in the hour; of a past day, once it is `rolled`, in all of it.

    Each process has rows of its own, so that none waits for another. Nothing here tells of a person.
    """

    id = Varchar(length=200, primary_key=True)
    what = Varchar(length=20)
    name = Varchar(length=100)
    hour = Timestamptz(index=True)
    rolled = Boolean(default=False)
    times = BigInt(default=0)


class Installation(Table, tablename="installation"):
    """One row. `secret_hash` tells whether a secret is this database's; `probes` is counted up to see it written."""

    id = Integer(primary_key=True)
    secret_hash = Varchar(length=64)
    # Of the secret that takes the place of the former one, until all rows are that one's: both are needed meanwhile.
    next_secret_hash = Varchar(length=64)
    probes = BigInt(default=0)
    # When the last backup was begun.
    backed_up_at = Timestamptz(null=True, default=None)


TABLES: tuple[type[Table], ...] = (
    Account,
    Bill,
    BillChange,
    ImportState,
    ImportedFile,
    Card,
    Customer,
    CustomerAccount,
    AccountLoss,
    AccountEnd,
    CustomerHolder,
    Consent,
    LegalText,
    ConsentWithdrawal,
    EmailLink,
    CardLink,
    ConnectionRequest,
    Session,
    OneTimeCode,
    Captcha,
    Throttle,
    OutboxMessage,
    GatewayState,
    Alert,
    GovernorCount,
    GovernorStep,
    JournalEntry,
    Staff,
    StaffLink,
    StaffPasskey,
    StaffRecoveryCode,
    StaffSession,
    StaffJournalEntry,
    StaffJournalEnd,
    RegistryJob,
    RegistryJobPart,
    UsageCount,
    Installation,
)
