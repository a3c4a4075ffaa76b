"""The `branchtui ledger ...` commands about anchors; each returns its exit code (AUD-3)."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from branchtui.exits import DONE
from branchtui.ledger import anchors
from branchtui.ledger.anchoring import PLACE_VARIABLE, contradiction, signing_key, time_of
from branchtui.ledger.anchors import Anchor, Stand
from branchtui.ledger.check_anchors import hash_at
from branchtui.ledger.clock import SystemClock
from branchtui.ledger.commands import telling
from branchtui.ledger.seal_key import KeyUnusable, read_key
from branchtui.ledger.store.engine import store_at

if TYPE_CHECKING:
    import argparse


class Heads(BaseModel):
    """What `ledger heads` prints: where each branch's chain stands (number and hash), and the branches' codes."""

    ledger_id: str
    epoch: str
    heads: dict[str, tuple[int, str]]
    branches: dict[str, str]


@telling
def anchor_key(arguments: argparse.Namespace) -> int:
    """Make a pair of keys: the private half for who signs, the public half for who verifies."""
    private, public = Path(arguments.private), Path(arguments.public)
    if private.exists() or public.exists():
        raise FileExistsError(f"{private if private.exists() else public} exists. Nothing was changed.")
    for folder in (private.parent, public.parent):
        if not folder.is_dir():  # before one half is made without the other
            raise FileNotFoundError(f"There is no folder {folder}. Nothing was made.")
    try:
        key = anchors.private_key(read_key(private))
    except KeyUnusable as error:
        raise ValueError(str(error)) from error
    with public.open("xb") as file:
        file.write(anchors.public_pem(key))
    sys.stdout.write(f"key {anchors.fingerprint(key.public_key())}\n")
    return DONE


@telling
def heads(arguments: argparse.Namespace) -> int:
    """Print where every chain stands, for an anchor that another machine makes."""
    members = _read_heads(arguments.database)
    sys.stdout.write(json.dumps(members, sort_keys=True) + "\n")
    return DONE


@telling
def anchor(arguments: argparse.Namespace) -> int:
    """Add an anchor to a file, of a database at hand or of the heads that another machine printed."""
    place = arguments.to or os.environ.get(PLACE_VARIABLE)
    if not place:
        raise ValueError(f"Where do the anchors lie? Name the file with --to or {PLACE_VARIABLE}.")
    key = signing_key()
    names: dict[str, str] = {}

    def make(before: Anchor | None) -> Anchor:
        # Read while nobody else writes to the file: never older than the anchor before.
        members = _read_heads(arguments.database) if arguments.database else _given_heads(arguments.heads)
        stand = Stand(
            str(members["ledger_id"]),
            str(members["epoch"]),
            {str(branch): (int(seq), str(found)) for branch, (seq, found) in members["heads"].items()},
        )
        names.update(members["branches"])
        if before is not None and before.stand.ledger_id != stand.ledger_id:
            raise ValueError(f"{place} holds the anchors of another ledger. Nothing was written.")
        gone = contradiction(before, stand) or (
            _missing(arguments.database, before) if before and before.stand.epoch == stand.epoch else None
        )
        if before is not None and gone is not None:
            raise ValueError(
                f"ALARM: the ledger was rolled back or its history was changed: branch {names.get(gone, gone)} "
                f"no longer stands where anchor {before.n} of {before.at} saw it. Nothing was written."
            )
        return anchors.sign(stand, before, key, time_of(SystemClock().now_us()))

    made = anchors.append(Path(place), make)
    assert made is not None, "an anchor that is asked for is made"
    if arguments.print:
        sys.stdout.writelines(f"{line}\n" for line in anchors.short_form(made, names))
    return DONE


def _missing(database: str | None, before: Anchor) -> str | None:
    """The first branch whose chain at hand does not hold what was anchored."""
    if database is None:
        return None
    connection = store_at(database).connect(read_only=True)
    try:
        gone = anchors.missing(before, lambda *row: hash_at(connection, *row))
    finally:
        connection.close()
    return gone[0][0] if gone else None


def _given_heads(source: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        return Heads.model_validate_json(text).model_dump()
    except ValueError as error:
        raise ValueError("These are no heads, as branchtui ledger heads prints them.") from error


def _read_heads(database: str) -> dict[str, Any]:
    connection = store_at(database).connect(read_only=True)
    try:
        connection.begin_reading()
        found = connection.execute("SELECT ledger_id, epoch FROM institution").fetchone()
        if found is None:
            raise ValueError("This database holds no ledger yet.")
        stands = connection.execute("SELECT branch_id, seq, hash FROM chain_heads ORDER BY branch_id")
        chains = {branch: [seq, bytes(hashed).hex()] for branch, seq, hashed in stands}
        names = dict(tuple(row) for row in connection.execute("SELECT id, code FROM branches"))
        connection.rollback()
    finally:
        connection.close()
    return {"ledger_id": found[0], "epoch": found[1], "heads": chains, "branches": names}
