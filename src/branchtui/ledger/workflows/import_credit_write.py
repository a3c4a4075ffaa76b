"""Writing the rows of an import as credit accounts, after a last look at what changed since the check."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from branchtui.contract.customers import CustomerStatus, NewCustomer
from branchtui.ledger.days import day_key
from branchtui.ledger.feeds.finding import Finding, error
from branchtui.ledger.operations import Command
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store import import_store
from branchtui.ledger.store.rows import ClosedDay, Customer, User
from branchtui.ledger.workflows import customers, membership
from branchtui.ledger.workflows.approval_rules import principal_of_user
from branchtui.ledger.workflows.credit_accounts import Terms, open_account
from branchtui.ledger.workflows.credit_frequency import Frequency
from branchtui.ledger.workflows.import_rows import Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.core import Core
    from branchtui.ledger.phones import Phone
    from branchtui.ledger.store.rows import Import
    from branchtui.ledger.store.unit import BulkTx


@dataclass(frozen=True, slots=True)
class Taking:
    """Rows that were good at the check become accounts, in one transaction."""

    core: Core
    tx: BulkTx
    import_: Import
    at_us: int

    def take(self, rows: Sequence[tuple[int, str]]) -> Taken:
        """Look again at everything first: what was opened can be refused no more."""
        said = [(row_no, json.loads(parsed)) for row_no, parsed in rows]
        user = self.tx.find_one(User, username=self.import_.created_by)
        assert user is not None, "users are never deleted"
        principal = principal_of_user(self.core, user)
        command = Command(self.import_.operation_key, b"", principal, "import.rows", self.at_us)
        refused = {row_no: found for row_no, each in said if (found := self._changed_since(each)) is not None}
        digest, total, count = hashlib.sha256(), 0, 0
        for row_no, each in said:
            if row_no in refused:
                continue
            at = open_account(
                self.core,
                self.tx,
                command,
                self._owner(each),
                self._terms(each, row_no),
                row_no=row_no,
            )
            digest.update(f"{at.credit.id}:1\n".encode())
            total += each["amount_minor"]
            count += 1
        return Taken(count, total, digest.hexdigest(), refused)

    def _changed_since(self, each: dict[str, Any]) -> Finding | None:
        if "customer_id" in each:
            customer = self.tx.get(Customer, each["customer_id"])
            if customer is None or customer.status != CustomerStatus.ACTIVE:
                return error("customer-not-active", "The customer is not active any more.", "customer_no")
        else:
            try:
                self._phone_of(NewCustomer.model_validate_json(json.dumps(each["customer"])))
            except Refusal as refusal:
                return error("customer", refusal.detail, "last_name")
        number = each["account_no"]
        if number and import_store.accounts_by_number(self.tx.connection, [number]):
            return error("reference-taken", f"Account number {number} is taken.", "account_no", number)
        branch = self.core.tree[self.import_.branch_id]
        today = self.core.today(branch).isoformat()
        if each["amount_minor"] and self.tx.get(ClosedDay, day_key(branch.id, today)) is not None:
            return error("day-closed", "Today is closed: no opening credit can be booked.", "opening_credit")
        return None

    def _owner(self, each: dict[str, Any]) -> Customer:
        if "customer_id" in each:
            found = self.tx.get(Customer, each["customer_id"])
            assert found is not None, "looked at before"
            return found
        person = NewCustomer.model_validate_json(json.dumps(each["customer"]))
        return customers.add_customer(
            self.core,
            self.tx,
            person,
            phone=self._phone_of(person),
            created_by=self.import_.created_by,
            at_us=self.at_us,
        )

    def _phone_of(self, person: NewCustomer) -> Phone | None:
        branch = self.core.tree[person.branch_id]
        return customers.phone_of(person, self.core.today(branch), branch, membership.rules(self.tx))

    def _terms(self, each: dict[str, Any], row_no: int) -> Terms:
        return Terms(
            max_credit_minor=each["max_credit_minor"],
            restrict=each["restrict"],
            opening_credit_minor=each["opening_credit_minor"],
            frequency=Frequency.loaded(each["frequency"]) if each["frequency"] else None,
            statement_email=each["statement_email"],
            account_no=each["account_no"],
            import_id=self.import_.id,
            import_row_no=row_no,
        )
