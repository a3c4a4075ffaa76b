"""Bank statements in MT940 and CAMT.053: read alone, by processor time, and imported whole over HTTP.

A whole import is everything from the first byte sent to done: upload, check, payments in the books and with their
owners where the reference names one, in files of several sizes, so that growth shows.
`python -m bench.statements 600 20000` takes files of so many entries.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterable
from random import Random
from typing import Final

from bench.callbacks import sums
from bench.imports import finished, send
from bench.ledgers import BRANCH, BenchLedger, Served, figure
from bench.postings_load import cpu_seconds
from branchtui.ledger import setup
from branchtui.ledger.feeds.camt import CamtReader
from branchtui.ledger.feeds.mt940 import Mt940Reader
from branchtui.ledger.feeds.statement import StatementReader
from branchtui.ledger.store.rows import Branch, Customer
from branchtui.ledger.store.unit import BulkTx

SIZES: Final = (5_000, 50_000)
CUSTOMERS: Final = 5_000
CHUNK_BYTES: Final = 64 * 1024
TURNS: Final = 3
MT940_A_SECOND: Final = 10_000
CAMT_A_SECOND: Final = 5_000

_CAMT_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>BENCH</MsgId><CreDtTm>2026-10-01T06:00:00</CreDtTm></GrpHdr>
<Stmt><Id>BENCH-1</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>2026-10-01T06:00:00</CreDtTm>
<Acct><Id><Othr><Id>0012345678</Id></Othr></Id><Ccy>KES</Ccy></Acct>
"""
_CAMT_BALANCE: Final = (
    "<Bal><Tp><CdOrPrtry><Cd>{}</Cd></CdOrPrtry></Tp>"
    '<Amt Ccy="KES">{}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-09-30</Dt></Dt></Bal>\n'
)
_CAMT_ENTRY: Final = (
    '<Ntry><Amt Ccy="KES">{0}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>'
    "<BookgDt><Dt>2026-09-30</Dt></BookgDt><ValDt><Dt>2026-09-30</Dt></ValDt><AcctSvcrRef>{1}</AcctSvcrRef>"
    "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
    "<NtryDtls><TxDtls><Refs><EndToEndId>{2}</EndToEndId></Refs>"
    "<RltdPties><Dbtr><Nm>WANJIKU KAMAU</Nm></Dbtr></RltdPties>"
    "<RmtInf><Ustrd>{2}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
)

Moved = list[tuple[str, int, str]]
"""Reference, minor units and account number of each entry."""


def main() -> None:
    """Measure, and print one line a figure."""
    sizes = [int(each) for each in sys.argv[1:]] or list(SIZES)
    ledger = BenchLedger.make(customers=CUSTOMERS)
    try:
        people = ready(ledger)
        files = {
            "MT940": (mt940, "statement-mt940", Mt940Reader, MT940_A_SECOND),
            "CAMT.053": (camt, "statement-camt053", CamtReader, CAMT_A_SECOND),
        }
        for name, (write, kind, reader, target) in files.items():
            for turn, count in enumerate(sizes):
                moved = movements(people, count, f"{name[0]}{turn}")
                data = write(moved)
                rate = count / min(spent_reading(reader, data, count) for _ in range(TURNS))
                beside = f"target {target:,}; a second of processor time"
                figure(f"{name}: {count:,} entries read", f"{rate:,.0f}", "a second", beside)
                whole(ledger, name, kind, data, moved, target)
        ledger.command("check")
    finally:
        shutil.rmtree(ledger.folder)


def spent_reading(
    reader: Callable[[Callable[[], Iterable[bytes]]], StatementReader], data: bytes, count: int
) -> float:
    """Seconds of processor time for all entries of a file."""
    began = time.process_time()
    chunks = [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)]
    entries = list(reader(lambda: chunks).entries())
    spent = time.process_time() - began
    if len(entries) != count or any(each.findings for each in entries):
        raise SystemExit(f"{len(entries):,} entries of {count:,} were read, or not read well")
    return spent


def whole(ledger: BenchLedger, name: str, kind: str, data: bytes, moved: Moved, target: int) -> None:
    """Import the file into the served ledger; every entry is a payment once, for the sum that was stated."""
    before = sums(ledger)
    with ledger.serve() as served:
        token = served.sign_in("supervisor")
        upload_id = send(served, token, data)
        spent = cpu_seconds(served.process.pid)
        began = time.perf_counter()
        done = run(served, token, upload_id, kind)
        seconds = time.perf_counter() - began
        spent = cpu_seconds(served.process.pid) - spent
    came = abs(sums(ledger).float_minor - before.float_minor)
    if done["imported"] != len(moved) or came != sum(minor for _, minor, _ in moved):
        raise SystemExit(f"{done['imported']:,} of {len(moved):,} entries were taken in, for {came:,}")
    beside = f"target {target:,}; {len(moved) / spent:,.0f} a second of the ledger's processor time"
    figure(
        f"{name}: {len(moved):,} entries imported whole", f"{len(moved) / seconds:,.0f}", "a second", beside
    )


def run(served: Served, token: str, upload_id: str, kind: str) -> dict[str, int]:
    """Import an uploaded statement and wait for its job; its result."""
    asked = {"upload_id": upload_id, "kind": kind, "mode": "all_or_nothing"}
    return finished(
        served, token, served.ask("/v1/imports", token=token, body=asked, key=f"bench-{upload_id}")
    )


def ready(ledger: BenchLedger) -> list[str]:
    """A bank account for the branch; the account numbers of its customers that are active."""

    def prepare(tx: BulkTx) -> list[str]:
        branch = tx.find_one(Branch, code=BRANCH)
        assert branch is not None
        setup.add_payee(tx, provider="equity", number="0012345678", branch_id=branch.id)
        people = [each for each in tx.find(Customer, branch_id=branch.id) if each.status == "active"]
        return [each.account_no for each in people]

    return setup.change(ledger.database, prepare)


def movements(accounts: list[str], count: int, mark: str) -> Moved:
    """What the statement tells: the same each time."""
    draw = Random(11)
    return [
        (f"B{mark}{number:08d}", draw.randrange(1_000, 500_000), draw.choice(accounts))
        for number in range(count)
    ]


def mt940(moved: Moved) -> bytes:
    """The movements as one MT940 statement whose balances agree."""
    total = sum(minor for _, minor, _ in moved)
    lines = [":20:BENCH", ":25:0012345678", ":28C:1/1", ":60F:C260930KES0,00"]
    for reference, minor, account in moved:
        amount = f"{minor // 100},{minor % 100:02d}"
        lines += [f":61:2609300930C{amount}NTRFNONREF//{reference}", f":86:{account}"]
    lines += [f":62F:C260930KES{total // 100},{total % 100:02d}", "-", ""]
    return "\n".join(lines).encode()


def camt(moved: Moved) -> bytes:
    """The movements as one CAMT.053 statement whose balances agree."""
    total = sum(minor for _, minor, _ in moved)
    entries = "".join(
        _CAMT_ENTRY.format(f"{minor // 100}.{minor % 100:02d}", reference, account)
        for reference, minor, account in moved
    )
    balances = _CAMT_BALANCE.format("OPBD", "0.00") + _CAMT_BALANCE.format(
        "CLBD", f"{total // 100}.{total % 100:02d}"
    )
    return f"{_CAMT_HEAD}{balances}{entries}</Stmt></BkToCstmrStmt></Document>\n".encode()


if __name__ == "__main__":
    main()
