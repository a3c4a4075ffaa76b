"""The certificate by which a terminal shows itself to the ledger, where the ledger asks for one (TLS-1)."""

from __future__ import annotations

import os
import ssl
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from branchtui.remote.errors import NotTrusted

_OTHERS: Final = 0o077

# What the other side says of our certificate. OpenSSL names its alerts so; a TLS 1.3 server says it after the
# handshake, in the place of its first answer.
_NOT_GIVEN: Final = frozenset({"TLSV13_ALERT_CERTIFICATE_REQUIRED"})
_EXPIRED: Final = frozenset({"SSLV3_ALERT_CERTIFICATE_EXPIRED"})
_REVOKED: Final = frozenset({"SSLV3_ALERT_CERTIFICATE_REVOKED"})
_NOT_TAKEN: Final = frozenset(
    {
        "TLSV1_ALERT_UNKNOWN_CA",
        "TLSV1_ALERT_ACCESS_DENIED",
        "TLSV1_ALERT_DECRYPT_ERROR",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    }
)

NOT_TAKEN_BY_PROXY: Final = (
    "The ledger's proxy asks for a certificate of this terminal, and got none that it takes. "
    "Look at client_cert_file and client_key_file, or ask the ledger's operator."
)


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """Two PEM files: the certificate, with those between it and its authority after it, and its key.

    Without `key_file` the key stands in the certificate's file.
    """

    cert_file: Path
    key_file: Path | None = None

    def load_into(self, context: ssl.SSLContext) -> None:
        """Have `context` show the certificate to whoever asks for one.

        Raises:
            NotTrusted: a file cannot be read, does not fit the other, or the key is not this user's alone.
        """
        key_file = self.key_file or self.cert_file
        _refuse_shared(key_file)

        def no_passphrase() -> str:
            # Without an answer of ours OpenSSL would ask for one on the terminal that is being painted.
            raise NotTrusted(
                f"The key in {key_file} asks for a passphrase. Keep it without one, readable by this user alone."
            )

        try:
            context.load_cert_chain(self.cert_file, self.key_file, no_passphrase)
        except ssl.SSLError as error:
            why = (
                "do not belong together"
                if error.reason == "KEY_VALUES_MISMATCH"
                else "are not both PEM files"
            )
            raise NotTrusted(
                f"The certificate in {self.cert_file} and the key in {key_file} {why}."
            ) from error
        except OSError as error:
            raise NotTrusted(
                f"The certificate in {self.cert_file} cannot be read: {error.strerror}."
            ) from error


def own_certificate(cert_file: Path | None, key_file: Path | None) -> OwnCertificate | None:
    """What two settings mean together.

    Raises:
        NotTrusted: a key without its certificate.
    """
    if cert_file is not None:
        return OwnCertificate(cert_file, key_file)
    if key_file is not None:
        raise NotTrusted(
            f"client_key_file names {key_file}, and client_cert_file names no certificate for it."
        )
    return None


def refusal_of(error: ssl.SSLError) -> str | None:
    """What the other side has against this terminal's certificate; None: it said nothing about it."""
    reason = error.reason or ""
    if reason in _NOT_GIVEN:
        return (
            "The ledger asks for a certificate of this terminal, and none is set. "
            "Name it with client_cert_file and client_key_file."
        )
    if reason in _EXPIRED:
        return "This terminal's certificate has expired. Have the ledger's operator make a new one."
    if reason in _REVOKED:
        return "This terminal's certificate was revoked. Ask the ledger's operator."
    if reason in _NOT_TAKEN:
        return (
            "The ledger does not take this terminal's certificate. "
            "Ask the ledger's operator for one of the authority that it trusts."
        )
    return None


def _refuse_shared(key_file: Path) -> None:
    """A key that somebody else can read is no proof of who uses it."""
    try:
        found = key_file.stat()
    except OSError as error:
        raise NotTrusted(f"The key in {key_file} cannot be read: {error.strerror}.") from error
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        raise NotTrusted(f"The key {key_file} is not a file of this user. Nothing was sent.")
    if found.st_mode & _OTHERS:
        raise NotTrusted(f"Others can use this terminal's key: chmod 600 {key_file}. Nothing was sent.")
