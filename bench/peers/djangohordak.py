"""django-hordak: one entry of two legs by `Account.transfer_to`. Run by its own interpreter: DATABASE COUNT."""

from __future__ import annotations

import django
from django.conf import settings
from peer import count, django_database, measured

settings.configure(
    DATABASES={"default": django_database()},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
    SECRET_KEY="made up",
)
django.setup()

from django.core.management import call_command  # noqa: E402 - Django is set up first
from hordak.models import Account, AccountType  # noqa: E402
from moneyed import Money  # noqa: E402

call_command("migrate", verbosity=0)
bank = Account.objects.create(name="Bank", code="1", type=AccountType.asset, currencies=["EUR"])
income = Account.objects.create(name="Income", code="2", type=AccountType.income, currencies=["EUR"])
measured(lambda: income.transfer_to(bank, Money(10, "EUR")), count())
