"""Sending mail: where the operator's mail server is, and what became of one message (HOOK-3: never from data)."""

from __future__ import annotations

import asyncio
import os
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import aiosmtplib

from branchtui.ledger.texts import is_unsafe

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVER_VARIABLE: Final = "BRANCHTUI_LEDGER_SMTP"
SENDER_VARIABLE: Final = "BRANCHTUI_LEDGER_SMTP_FROM"
PASSWORD_VARIABLE: Final = "BRANCHTUI_LEDGER_SMTP_PASSWORD_FILE"  # noqa: S105 - names a file
AUTHORITY_VARIABLE: Final = "BRANCHTUI_LEDGER_SMTP_CA_FILE"
STEP_SECONDS: Final = 20.0
"""How long one answer of the server is waited for."""

WHOLE_SECONDS: Final = 60.0
"""How long one message may take, however the server drips."""

_PORTS: Final = {"smtp": 587, "smtps": 465}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_REPLY_LENGTH: Final = 200


class MailUnusable(ValueError):
    """The settings name no mail server that can be used; the text is for the operator."""


class MailFailed(Exception):
    """The message was not taken, as far as is known; the text is what the server, or the line, said.

    `is_final`: the server said that it never will (a reply of 5xx).
    """

    def __init__(self, said: str, *, is_final: bool = False) -> None:
        super().__init__(said)
        self.is_final = is_final


@dataclass(frozen=True, slots=True, repr=False)
class MailServer:
    """Where mail goes; `sender` is whom it is from. TLS is always, but to the machine itself."""

    host: str
    port: int
    implicit_tls: bool
    sender: str
    username: str | None = None
    password: str | None = None
    authority: str | None = None
    step_seconds: float = STEP_SECONDS
    whole_seconds: float = WHOLE_SECONDS

    @property
    def is_local(self) -> bool:
        """Whether nobody else hears what is said to it."""
        return self.host in _LOOPBACK

    async def send(self, message: EmailMessage) -> None:
        """Hand one message over.

        Raises:
            MailFailed: it was refused, or the server did not answer in time.
        """
        try:
            async with asyncio.timeout(self.whole_seconds):
                await aiosmtplib.send(
                    message,
                    hostname=self.host,
                    port=self.port,
                    username=self.username,
                    password=self.password,
                    use_tls=self.implicit_tls,
                    start_tls=not (self.implicit_tls or self.is_local),
                    tls_context=None if self.is_local and not self.implicit_tls else self._tls(),
                    timeout=self.step_seconds,
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0]
            raise MailFailed(_said(first.code, first.message), is_final=first.code >= 500) from error
        except aiosmtplib.SMTPResponseException as error:
            raise MailFailed(_said(error.code, error.message), is_final=error.code >= 500) from error
        except (TimeoutError, aiosmtplib.SMTPException, OSError) as error:
            raise MailFailed(_trouble(error)) from error

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.authority)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def mail_server(environment: Mapping[str, str] = os.environ) -> MailServer | None:
    """The server that the environment names, or None.

    Raises:
        MailUnusable: what it names cannot be used.
    """
    address = environment.get(SERVER_VARIABLE)
    if not address:
        return None
    parts = urlsplit(address)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise MailUnusable(f"{SERVER_VARIABLE} is written smtp://USER@HOST:PORT or smtps://USER@HOST:PORT.")
    if parts.password is not None:
        raise MailUnusable(f"The password of the mail server belongs into the file of {PASSWORD_VARIABLE}.")
    sender = environment.get(SENDER_VARIABLE, "")
    if "@" not in parseaddr(sender)[1] or is_unsafe(sender):
        raise MailUnusable(f"{SENDER_VARIABLE} says whom statements come from: accounts@example.org.")
    try:
        port = parts.port or _PORTS[parts.scheme]
        named = environment.get(PASSWORD_VARIABLE)
        password = Path(named).read_text("utf-8").strip() if named else None
        authority = environment.get(AUTHORITY_VARIABLE) or None
        if authority is not None:
            ssl.create_default_context(cafile=authority)
    except (ValueError, OSError) as error:
        raise MailUnusable(f"The settings of the mail server cannot be used: {error}.") from error
    return MailServer(
        host=parts.hostname,
        port=port,
        implicit_tls=parts.scheme == "smtps",
        sender=sender,
        username=unquote(parts.username) if parts.username else None,
        password=password,
        authority=authority,
    )


def message_of(
    server: MailServer, *, to: str, subject: str, text: str, name: str, pdf: bytes, mark: str, at: float
) -> EmailMessage:
    """A message with the statement as text and as PDF; `mark` names it, so that a second copy is known as one.

    Raises:
        ValueError: an address or a subject cannot stand in a head.
    """
    message = EmailMessage()
    message["From"] = server.sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = formatdate(at)
    message["Message-ID"] = f"<{mark}@{parseaddr(server.sender)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_attachment(pdf, maintype="application", subtype="pdf", filename=name)
    return message


def _said(code: int, text: str) -> str:
    return cleaned(f"The mail server said {code} {text}".strip())


def _trouble(error: Exception) -> str:
    if isinstance(error, TimeoutError | aiosmtplib.SMTPTimeoutError):
        return "The mail server did not answer in time."
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "The mail server's certificate is not one that is trusted here."
    if isinstance(error, aiosmtplib.SMTPConnectError | OSError):
        return "The mail server cannot be reached."
    if isinstance(error, aiosmtplib.SMTPServerDisconnected):
        return "The mail server hung up."
    return cleaned(f"The mail could not be handed over: {error}")


def cleaned(text: str) -> str:
    """What a server said, on one line, without what a terminal could obey (VAL-3)."""
    words = " ".join(text.split())[:_REPLY_LENGTH]
    return "".join("\N{REPLACEMENT CHARACTER}" if is_unsafe(sign) else sign for sign in words)
