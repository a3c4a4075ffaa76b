"""django-ledger: one posted journal entry of two legs by `EntityModel.commit_txs`. Run by its own interpreter."""

from __future__ import annotations

from decimal import Decimal

import django
from django.conf import settings
from peer import count, django_database, measured

settings.configure(
    DATABASES={"default": django_database()},
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django_ledger",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
    SECRET_KEY="made up",
)
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils.timezone import localtime  # noqa: E402
from django_ledger.models import EntityModel  # noqa: E402

call_command("migrate", verbosity=0)
admin = get_user_model().objects.create_user("admin", password=None)
entity = EntityModel.create_entity(name="Bench", admin=admin, use_accrual_method=True, fy_start_month=1)
entity.create_chart_of_accounts(assign_as_default=True, commit=True, coa_name="Chart")
cash = entity.create_account("1010", "asset_ca_cash", "Cash", "debit", active=True)
income = entity.create_account("4010", "in_operational", "Income", "credit", active=True)
ledger = entity.create_ledger("Ledger", posted=True)


def record() -> None:
    """One entry, posted."""
    sides = ((cash, "debit"), (income, "credit"))
    legs = [
        {"account": account, "amount": Decimal(10), "tx_type": side, "description": "bench"}
        for account, side in sides
    ]
    entity.commit_txs(
        je_timestamp=localtime(), je_txs=legs, je_posted=True, je_ledger_model=ledger, je_desc="bench"
    )


measured(record, count())
