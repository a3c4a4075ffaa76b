"""Anchors: signed statements of where every audit chain stands, kept in a second place (AUD-3).

A chain alone cannot show that its end was cut off or that all of it was written anew. An anchor names the head
of every branch's chain, is signed with a key that is not in the database, and continues the anchor before it
in its file, so that one that was removed is missed as well.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import json
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

VERSION: Final = 1
FIRST_PREVIOUS: Final = "0" * 64
_MEMBERS: Final = frozenset({"v", "n", "at", "ledger_id", "epoch", "heads", "previous", "key", "signature"})
_TAIL_BYTES: Final = 64 * 1024
_LINE_BYTES_MAX: Final = 64 * 1024 * 1024

Heads = dict[str, tuple[int, str]]
"""Branch id to the number and the hash (hexadecimal) of its chain's last row."""


class AnchorUnusable(ValueError):
    """A file, a line or a key of anchors cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where all chains of a ledger stand at one moment."""

    ledger_id: str
    epoch: str
    heads: Heads


@dataclass(frozen=True, slots=True)
class Anchor:
    """One line of a file of anchors. `at` is RFC 3339 in UTC, `previous` the SHA-256 of the line before."""

    n: int
    at: str
    stand: Stand
    previous: str
    key: str
    signature: str
    line: bytes

    @property
    def digest(self) -> str:
        """What the next anchor names as the one before it."""
        return hashlib.sha256(self.line).hexdigest()


# ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def private_key(seed: bytes) -> Ed25519PrivateKey:
    """The signing key of 32 bytes that lie in a file of their own."""
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """The public half, as OpenSSL and others read it."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def read_public_key(pem: bytes) -> Ed25519PublicKey:
    """The key in a PEM file.

    Raises:
        AnchorUnusable: it holds none, or one of another kind.
    """
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise AnchorUnusable("The public key file holds no public key.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise AnchorUnusable("The public key is not an Ed25519 key.")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """A short name of a key, for people to compare."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


# ── lines ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def sign(stand: Stand, before: Anchor | None, key: Ed25519PrivateKey, at: str) -> Anchor:
    """The anchor of `stand` that continues `before`."""
    members: dict[str, Any] = {
        "v": VERSION,
        "n": before.n + 1 if before else 1,
        "at": at,
        "ledger_id": stand.ledger_id,
        "epoch": stand.epoch,
        "heads": {branch: list(head) for branch, head in stand.heads.items()},
        "previous": before.digest if before else FIRST_PREVIOUS,
        "key": fingerprint(key.public_key()),
    }
    signature = base64.b64encode(key.sign(_canonical(members))).decode()
    return read_line(_canonical({**members, "signature": signature}))


def read_line(line: bytes) -> Anchor:
    """The anchor in a line. Nothing is said about its signature: see `is_signed_by`.

    Raises:
        AnchorUnusable: it is none, or is written otherwise than an anchor is.
    """
    try:
        members = json.loads(line)
        heads = {str(branch): (int(seq), str(found)) for branch, (seq, found) in members["heads"].items()}
        anchor = Anchor(
            n=int(members["n"]),
            at=str(members["at"]),
            stand=Stand(str(members["ledger_id"]), str(members["epoch"]), heads),
            previous=str(members["previous"]),
            key=str(members["key"]),
            signature=str(members["signature"]),
            line=line,
        )
        # One way to write it: what is signed is what stands there, and its digest is one.
        is_right = members.keys() == _MEMBERS and members["v"] == VERSION and _canonical(members) == line
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AnchorUnusable("it is no anchor") from error
    if not is_right:
        raise AnchorUnusable("it is not written as an anchor is")
    return anchor


def is_signed_by(anchor: Anchor, key: Ed25519PublicKey) -> bool:
    """Whether the holder of the key stated exactly this."""
    members = json.loads(anchor.line)
    del members["signature"]
    try:
        key.verify(base64.b64decode(anchor.signature, validate=True), _canonical(members))
    except (InvalidSignature, binascii.Error):
        return False
    return True


def missing(anchor: Anchor, hash_at: Callable[[str, int], str | None]) -> list[tuple[str, int]]:
    """The branches, and the rows in their chains, that the anchor names and the ledger does not hold so.

    `hash_at` gives the hash of a row of a branch's chain in hexadecimal, or None where there is none.
    """
    return [
        (branch, seq)
        for branch, (seq, found) in anchor.stand.heads.items()
        if seq and hash_at(branch, seq) != found
    ]


def short_form(anchor: Anchor, names: dict[str, str]) -> Iterator[str]:
    """An anchor for paper: a line a branch with number and hash, as in `Ledger-Head`, then what is signed."""
    for branch, (seq, found) in sorted(anchor.stand.heads.items(), key=lambda one: names.get(one[0], one[0])):
        yield f"{names.get(branch, branch)}  {seq};{found[:8]}"
    sign_mark = hashlib.sha256(anchor.signature.encode()).hexdigest()[:16]
    yield f"anchor {anchor.n}  {anchor.at}  signature {sign_mark}  key {anchor.key}"


# ── the place ───────────────────────────────────────────────────────────────────────────────────────────────────────


def append(path: Path, make: Callable[[Anchor | None], Anchor | None]) -> Anchor | None:
    """Add what `make` gives for the last anchor in `path` as a line, on disk when this returns; None: nothing.

    The file is made when there is none, for its owner alone. Others who write to it wait outside, so that two
    ledger processes with one place continue one sequence.

    Raises:
        OSError: it cannot be written, or somebody else is writing to it just now.
        AnchorUnusable: its last line is no anchor, or it is no file that only its owner may read.
    """
    with _opened(path) as descriptor:
        before = _last(descriptor)
        anchor = make(before)
        if anchor is not None:
            _write(descriptor, anchor.line + b"\n")
            os.fsync(descriptor)
        return anchor


def last_in(path: Path) -> Anchor | None:
    """The last anchor in a file; None where there is no file, or nothing in it."""
    if not path.exists():
        return None
    with _opened(path) as descriptor:
        return _last(descriptor)


def lines_of(path: Path) -> Iterable[bytes]:
    """The lines of a file of anchors, for who verifies them."""
    with path.open("rb") as file:
        for line in file:
            yield line.rstrip(b"\n")


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or stat.S_IMODE(found.st_mode) & 0o077:
            raise AnchorUnusable(f"{path} is no file that only its owner may use: chmod 600.")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if found.st_size == 0:
            _sync_folder(path)
        yield descriptor
    finally:
        os.close(descriptor)


def _last(descriptor: int) -> Anchor | None:
    """The last whole line; half a line, left by a crash while it was written, is taken away."""
    size = os.fstat(descriptor).st_size
    wanted = _TAIL_BYTES
    while True:
        begin = max(0, size - wanted)
        tail = os.pread(descriptor, size - begin, begin)
        whole, end, torn = tail.rpartition(b"\n")
        if begin == 0 or b"\n" in whole:
            break
        if wanted > _LINE_BYTES_MAX:
            raise AnchorUnusable("The file of anchors ends with a line that is no anchor.")
        wanted *= 2
    if torn:
        os.ftruncate(descriptor, size - len(torn))
    if not end:
        return None
    try:
        return read_line(whole.rpartition(b"\n")[2])
    except AnchorUnusable as error:
        raise AnchorUnusable(f"The last line of the file of anchors cannot be continued: {error}.") from error


def _write(descriptor: int, line: bytes) -> None:
    left = memoryview(line)
    while left:
        left = left[os.write(descriptor, left) :]


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _canonical(members: dict[str, Any]) -> bytes:
    return json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
