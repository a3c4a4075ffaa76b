"""What `ledger check` asks about customers: their life, their place in the lists, transfers, loans, documents.

Each is an invariant, a sentence, and a statement that finds what breaks it; `check.py` runs them after its own.
"""

from __future__ import annotations

from typing import Final

PARTIES: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "INV-11",
        "customer {0} is {1}, and {2} transfers of the customer are under way",
        """
        SELECT customer_no, customers.status, COUNT(transfers.id) FROM customers
        LEFT JOIN transfers ON transfers.customer_id = customers.id AND transfers.state = 'proposed'
        WHERE customers.status = 'transfer_in_progress'
            OR customers.id IN (SELECT customer_id FROM transfers WHERE state = 'proposed')
        GROUP BY customers.row_no, customer_no, customers.status
        HAVING COUNT(transfers.id) <> CASE customers.status WHEN 'transfer_in_progress' THEN 1 ELSE 0 END
        """,
    ),
    (
        "INV-11",
        "customer {0} is being transferred from branch {1}, and belongs to branch {2}",
        """
        SELECT customer_no, transfers.from_branch_id, customers.branch_id FROM transfers
        JOIN customers ON customers.id = transfers.customer_id
        WHERE transfers.state = 'proposed' AND transfers.from_branch_id <> customers.branch_id
        """,
    ),
    (
        "INV-11",
        "account {0} belongs to branch {1}, its customer to branch {2}",
        """
        SELECT accounts.account_no, accounts.branch_id, customers.branch_id FROM accounts
        JOIN customers ON customers.id = accounts.customer_id
        WHERE accounts.branch_id <> customers.branch_id
        """,
    ),
    (
        "INV-12",
        "customer {0} has {1} marks and stands in {2} lists",
        """
        SELECT customer_no, length(facets) / 3, COALESCE(filed, 0) FROM customers
        LEFT JOIN (SELECT customer_id, COUNT(*) AS filed FROM customer_facets GROUP BY customer_id) AS counted
            ON counted.customer_id = customers.id
        WHERE length(facets) / 3 <> COALESCE(filed, 0)
        """,
    ),
    (
        "INV-12",
        "customer {0} stands in a list under another name, or with other marks, than his own",
        """
        SELECT customer_no FROM customer_facets JOIN customers ON customers.id = customer_facets.customer_id
        WHERE customer_facets.name_key <> customers.name_key
            OR instr(customers.facets, customer_facets.facet) = 0
            OR substr(customer_facets.marks, 1, length(customers.facets)) <> customers.facets
        """,
    ),
    (
        "INV-13",
        "the schedule of account {0} has {1} instalments, its terms say {2}",
        """
        SELECT account_id, (
                SELECT COUNT(*) FROM loan_instalments WHERE loan_instalments.account_id = loan_terms.account_id
            ), instalments FROM loan_terms
        WHERE instalments <> (
            SELECT COUNT(*) FROM loan_instalments WHERE loan_instalments.account_id = loan_terms.account_id
        )
        """,
    ),
    (
        "INV-13",
        "the instalments of account {0} add up to {1} minor units of principal, its terms say {2}",
        """
        SELECT loan_terms.account_id, SUM(loan_instalments.principal_minor), loan_terms.principal_minor
        FROM loan_terms JOIN loan_instalments ON loan_instalments.account_id = loan_terms.account_id
        GROUP BY loan_terms.account_id, loan_terms.principal_minor, loan_terms.interest_minor
        HAVING SUM(loan_instalments.principal_minor) <> loan_terms.principal_minor
            OR SUM(loan_instalments.interest_minor) <> loan_terms.interest_minor
        """,
    ),
    (
        "INV-13",
        "the bytes of document {0} are not there, or not as many as it has",
        """
        SELECT documents.id FROM documents LEFT JOIN uploads ON uploads.id = documents.upload_id
        WHERE uploads.id IS NULL OR uploads.received <> documents.length
        """,
    ),
    (
        "INV-9",
        "operation {0} ({1}) succeeded and moved no money",
        """
        SELECT key, action FROM operations
        WHERE state = 'succeeded' AND action IN ('account.payout', 'account.offset') AND key IN (
            SELECT key FROM operations EXCEPT SELECT operation_key FROM journal_entries ORDER BY 1
        )
        """,
    ),
    (
        "INV-9",
        "payment {0} waits for a transfer of customer {1} that is not under way",
        """
        SELECT payments.payment_no, customers.customer_no FROM payment_waits
        JOIN payments ON payments.id = payment_waits.payment_id
        JOIN customers ON customers.id = payment_waits.customer_id
        WHERE customers.status <> 'transfer_in_progress'
        """,
    ),
)
