"""Tryton: one posted move of two lines by the model `account.move`. Run by its own interpreter: DATABASE COUNT."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

parts = urlsplit(sys.argv[1])
folder = Path(parts.path).parent
# It makes its database itself.
os.environ["DB_NAME"] = f"{Path(parts.path).stem}_tryton"
os.environ["TRYTOND_DATABASE_URI"] = (
    "sqlite://" if parts.scheme == "sqlite" else sys.argv[1].rpartition("/")[0]
)
os.environ["TRYTOND_DATABASE__PATH"] = str(folder)

from decimal import Decimal  # noqa: E402 - Tryton reads the environment when it is imported

from peer import count, measured  # noqa: E402
from proteus import Model  # noqa: E402
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts  # noqa: E402
from trytond.modules.company.tests.tools import create_company, get_company  # noqa: E402
from trytond.pool import Pool  # noqa: E402
from trytond.tests.tools import activate_modules  # noqa: E402
from trytond.transaction import Transaction, TransactionError  # noqa: E402

activate_modules("account")
create_company()
company = get_company()
year = create_fiscalyear(company)
year.click("create_period")
create_chart(company)
held = get_accounts(company)
journal = Model.get("account.journal").find([("code", "=", "CASH")])[0]
today = year.start_date
side_ids = (held["cash"].id, held["revenue"].id)
# Asked for here: the client that reads them opens a transaction of its own.
company_id, journal_id, period_id = company.id, journal.id, year.periods[0].id
context = {"company": company_id}


# What a transaction found to need beside it, tables to be locked first: learned once, which its own server does each time.
extras: dict[str, Any] = {}


def record() -> None:
    """One move, posted, in a transaction of its own."""
    done = False
    while not done:
        with Transaction().start(os.environ["DB_NAME"], 1, context=context, **extras) as transaction:
            try:
                _post()
                transaction.commit()
                done = True
            except TransactionError as error:
                transaction.rollback()
                error.fix(extras)


def _post() -> None:
    move_of, line_of = (Pool().get(name) for name in ("account.move", "account.move.line"))
    lines = [
        line_of(account=side_ids[0], debit=Decimal(10), credit=Decimal(0)),
        line_of(account=side_ids[1], debit=Decimal(0), credit=Decimal(10)),
    ]
    move = move_of(company=company_id, journal=journal_id, period=period_id, date=today, lines=lines)
    move_of.save([move])
    move_of.post([move])


measured(record, count())
