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
from branchtui.ledger.workflows import credit_rules, customers, membership
from branchtui.ledger.workflows.approval_rules import principal_of_user
from branchtui.ledger.workflows.credit_accounts import Terms, open_account
from branchtui.ledger.workflows.credit_frequency import Frequency
from branchtui.ledger.workflows.credit_rules import CreditAction
from branchtui.ledger.workflows.import_rows import Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.phones import Phone
    from branchtui.ledger.store.rows import Import
    from branchtui.ledger.store.unit import BulkTx


def foreign_books(branch_name: str, currency: str, ours: str) -> Finding:
    """A customer of an office below that keeps its books in another currency: the file's amounts are not in that."""
    said = f"{branch_name} keeps its books in {currency}; the amounts of this file are in {ours}."
    return error("currency", said, "customer_no")


def refuse_beyond(who: Principal, terms: Terms, currency: str) -> Refusal | None:
    """Why `who` may not open an account on these terms alone, or None: as where one is opened by hand."""
    exposure = credit_rules.exposure_minor(terms.max_credit_minor, restrict=terms.restrict)
    refusal = credit_rules.refuse_terms(who, 0, exposure, currency, is_new=True)
    if refusal is None and terms.opening_credit_minor:
        refusal = credit_rules.refuse_amount(CreditAction.ADJUST, who, terms.opening_credit_minor, currency)
    return refusal


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
        refused = {
            row_no: found
            for row_no, each in said
            if (found := self._changed_since(each, principal)) is not None
        }
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

    def _changed_since(self, each: dict[str, Any], who: Principal) -> Finding | None:
        """What keeps the row out by now: its customer, its number, the day, and what `who` starts it may allow."""
        branch = self.core.tree[self.import_.branch_id]
        if "customer_id" in each:
            customer = self.tx.get(Customer, each["customer_id"])
            if customer is None or customer.branch_id not in self.core.tree.below(branch.id):
                return error(
                    "customer-unknown", "The customer is not in this branch any more.", "customer_no"
                )
            currency, branch = branch.currency, self.core.tree[customer.branch_id]
            if branch.currency != currency:
                return foreign_books(branch.name, branch.currency, currency)
            if customer.status != CustomerStatus.ACTIVE:
                return error("customer-not-active", "The customer is not active any more.", "customer_no")
        else:
            try:
                self._phone_of(NewCustomer.model_validate_json(json.dumps(each["customer"])))
            except Refusal as refusal:
                return error("customer", refusal.detail, "last_name")
        number = each["account_no"]
        if number and import_store.accounts_by_number(self.tx.connection, [number]):
            return error("reference-taken", f"Account number {number} is taken.", "account_no", number)
        today = self.core.today(branch).isoformat()
        if each["amount_minor"] and self.tx.get(ClosedDay, day_key(branch.id, today)) is not None:
            return error("day-closed", "Today is closed: no opening credit can be booked.", "opening_credit")
        beyond = refuse_beyond(who, self._terms(each, 0), branch.currency)
        return None if beyond is None else error(beyond.code, beyond.detail, "max_credit")

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
