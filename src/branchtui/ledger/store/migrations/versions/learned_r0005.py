"""Learned payers as rows of their own, made of the associations of people; how habits are found and the queue is counted.

A ledger that the first revision of today made has these tables already: it makes all that there are.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex, CreateTable

from branchtui.ledger.store.tables import LEARNED, payments

revision = "learned_r0005"
down_revision = "imported_r0004"

_BY_PERSON = """
INSERT INTO learned_payers (id, version, branch_id, customer_id, payer_key, payer_phone, phone_form, payer_name,
  taught_by, taught_at, used_at, times, active, search_text)
SELECT id, 1, branch_id, customer_id, payer_key, payer_phone, phone_form, payer_name,
  associated_by, associated_at, used_at, times, 1, search_text
FROM (
  SELECT given.*,
    row_number() OVER (PARTITION BY payer_key, customer_id, branch_id ORDER BY associated_at, id) AS place,
    max(associated_at) OVER (PARTITION BY payer_key, customer_id, branch_id) AS used_at,
    count(*) OVER (PARTITION BY payer_key, customer_id, branch_id) AS times
  FROM (
    SELECT payments.*,
      CASE WHEN phone_form = 'masked' THEN payer_phone || ' ' || payer_name ELSE payer_phone END AS payer_key
    FROM payments
    WHERE state = 'associated' AND match_tier = 0 AND payer_phone IS NOT NULL
      AND (phone_form <> 'masked' OR payer_name IS NOT NULL)
  ) AS given
) AS taught
WHERE place = 1
"""


def upgrade() -> None:
    """Make what is missing, and remember what people decided so far."""
    for table in LEARNED:
        op.execute(CreateTable(table, if_not_exists=True))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            op.execute(CreateIndex(index, if_not_exists=True))
    for index in sorted(payments.indexes, key=lambda each: str(each.name)):
        if index.name == "payments_waiting":
            op.execute(CreateIndex(index, if_not_exists=True))
    op.execute(_BY_PERSON)
