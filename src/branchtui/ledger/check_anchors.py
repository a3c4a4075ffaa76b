"""`ledger check --anchors`: do the audit chains still hold what was anchored? (INV-8, AUD-3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from branchtui.ledger import anchors
from branchtui.ledger.backup import RESTORED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from branchtui.ledger.anchors import Anchor
    from branchtui.ledger.store.connection import Connection

_HASH: Final = "SELECT hash FROM audit WHERE branch_id = :branch_id AND seq = :seq"
_RESTORES: Final = "SELECT branch_id, seq, after FROM audit WHERE action = :action ORDER BY branch_id, seq"


def hash_at(connection: Connection, branch_id: str, seq: int) -> str | None:
    """The hash of a row of a chain in hexadecimal, or None where there is no such row."""
    found = connection.execute(_HASH, {"branch_id": branch_id, "seq": seq}).fetchone()
    return bytes(found[0]).hex() if found else None


def broken_anchors(
    connection: Connection, lines: Iterable[bytes], key: Ed25519PublicKey, note: list[str]
) -> Iterator[str]:
    """One sentence for each anchor that is not genuine, not in its sequence, or not borne out by the ledger.

    Rows that went with a restore which its chain tells of are no violation; `note` gets a sentence about them.
    """
    connection.begin_reading()
    try:
        kept: list[Anchor] = []
        for place, line in enumerate(lines, start=1):
            try:
                kept.append(anchors.read_line(line))
            except anchors.AnchorUnusable as error:
                yield f"INV-8: line {place} of the anchors: {error}"
                continue
            if not anchors.is_signed_by(kept[-1], key):
                yield f"INV-8: anchor {kept[-1].n} of the anchors is not signed with this key"
        if not kept:
            yield "INV-8: there is no anchor in the file of anchors"
        yield from _out_of_sequence(kept)
        yield from _not_borne_out(connection, kept, note)
    finally:
        connection.rollback()


def _out_of_sequence(kept: list[Anchor]) -> Iterator[str]:
    n, digest, epochs = 0, anchors.FIRST_PREVIOUS, [""]
    for anchor in kept:
        if anchor.n != n + 1 or anchor.previous != digest:
            yield f"INV-8: anchor {anchor.n} does not continue anchor {n}: one was removed, added or changed"
        if anchor.stand.epoch != epochs[-1]:
            if anchor.stand.epoch in epochs:
                yield f"INV-8: at anchor {anchor.n} the ledger is in an epoch again that had ended"
            epochs.append(anchor.stand.epoch)
        n, digest = anchor.n, anchor.digest


def _not_borne_out(connection: Connection, kept: list[Anchor], note: list[str]) -> Iterator[str]:
    (ledger_id, epoch) = connection.execute("SELECT ledger_id, epoch FROM institution").fetchone() or ("", "")
    restores: dict[str, list[tuple[int, str]]] = {}
    for branch, seq, after in connection.execute(_RESTORES, {"action": RESTORED}):
        restores.setdefault(branch, []).append((seq, json.loads(after).get("epoch", "")))
    # The epochs that were still to come at each anchor: those that follow in the file, and the one there is.
    to_come = {epoch}
    later: list[frozenset[str]] = []
    for anchor in reversed(kept):
        later.append(frozenset(to_come - {anchor.stand.epoch}))
        to_come.add(anchor.stand.epoch)
    lost = 0
    for anchor, coming in zip(kept, reversed(later), strict=True):
        if anchor.stand.ledger_id != ledger_id:
            yield f"INV-8: anchor {anchor.n} is of another ledger"
            continue
        for branch, seq in anchors.missing(anchor, lambda *at: hash_at(connection, *at)):
            if any(at <= seq and began in coming for at, began in restores.get(branch, ())):
                lost += 1
                continue
            yield (
                f"INV-8: row {seq} of the audit chain of branch {branch}, which anchor {anchor.n} "
                f"of {anchor.at} names, is not in the ledger or is another one"
            )
    if lost:
        note.append(
            f"{lost} anchored heads were given up by a restore that the audit chain tells of ({RESTORED})."
        )
