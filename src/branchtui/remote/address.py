"""Which addresses and certificates this program talks to (TLS-1 to 3)."""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import certifi

from branchtui.remote.errors import NotTrusted
from branchtui.remote.own_certificate import OwnCertificate, refusal_of

ADDRESS_LENGTH_MAX: Final = 2_000

# X509_V_ERR_* of OpenSSL.
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_WRONG_NAME: Final = frozenset({62, 64})
_UNKNOWN_ISSUER: Final = frozenset({2, 18, 19, 20, 21})
_REVOKED: Final = 23

# A handshake that was cut, or not answered yet, is the line's fault; any other complaint of TLS is lasting.
_OF_THE_LINE: Final = (
    ssl.SSLEOFError,
    ssl.SSLSyscallError,
    ssl.SSLWantReadError,
    ssl.SSLWantWriteError,
    ssl.SSLZeroReturnError,
)


def ledger_address(text: str) -> str:
    """The ledger's base address, checked, without a slash at its end.

    `https` anywhere, `http` to this machine alone (TLS-3).

    Raises:
        NotTrusted: with the sentence for the person.
    """
    address = text.strip()
    if len(address) > ADDRESS_LENGTH_MAX or not address.isascii() or not address.isprintable():
        raise NotTrusted("This is not an address. Give the ledger as https://ledger.example.org.")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise NotTrusted(
            f"{address} is not an address. Give the ledger as https://ledger.example.org."
        ) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise NotTrusted(f"{address} is not an address. Give the ledger as https://ledger.example.org.")
    if parts.username is not None or parts.query or parts.fragment:
        raise NotTrusted("The address of a ledger holds no user name, no ? and no #.")
    if parts.scheme == "http" and not is_this_machine(parts.hostname):
        raise NotTrusted(f"http:// is not private. Nothing was sent. Use https://{parts.netloc}")
    return address.rstrip("/")


def is_this_machine(host: str) -> bool:
    """Whether `host` is a loopback address, or the name that stands for it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def tls_context(ca_file: Path | None, own: OwnCertificate | None = None) -> ssl.SSLContext:
    """TLS 1.2 or newer, names checked, by the configured authority alone, or the public ones when none is.

    The environment has no say: neither in the authorities (`SSL_CERT_FILE`) nor in a key log. `own` is shown
    to a ledger that asks for a certificate.

    Raises:
        NotTrusted: the authority's file cannot be read or holds no certificate; or `own` cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else certifi.where())
    except (OSError, ssl.SSLError) as error:
        raise NotTrusted(
            f"The certificate authority in {ca_file} cannot be read: {_reason(error)}."
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Typed as text, but None is how it is switched off (SSLKEYLOGFILE would have set it, TLS-2).
    context.keylog_filename = None  # type: ignore[assignment]
    if own is not None:
        own.load_into(context)
    return context


def certificate_sentence(error: BaseException) -> str | None:
    """What a handshake failed for: the other side's certificate or ours; None when `error` is not about TLS.

    Looks through what caused `error`: a library wraps it.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _verification_sentence(cause)
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, _OF_THE_LINE):
            return refusal_of(cause) or (
                "The other side does not speak TLS as the ledger does. Nothing was sent. Check the address."
            )
        cause = cause.__cause__ or cause.__context__
    return None


def _verification_sentence(error: ssl.SSLCertVerificationError) -> str:
    code = error.verify_code
    if code == _NOT_YET_VALID:
        return "The ledger's certificate is not valid yet. Nothing was sent. Check this machine's clock."
    if code == _EXPIRED:
        return (
            "The ledger's certificate has expired. Nothing was sent. "
            "Check this machine's clock; if it is right, tell the ledger's operator."
        )
    if code in _WRONG_NAME:
        return "The certificate is another machine's, not the ledger's. Nothing was sent. Check the address."
    if code in _UNKNOWN_ISSUER:
        return (
            "The ledger's certificate is of an authority this terminal does not know. Nothing was sent. "
            "Check the address and the configured authority."
        )
    if code == _REVOKED:
        return "The ledger's certificate was revoked. Nothing was sent. Tell the ledger's operator."
    return "The ledger's certificate cannot be trusted. Nothing was sent. Tell the ledger's operator."


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or getattr(error, "reason", None)
    return str(text or "it holds no certificate")
