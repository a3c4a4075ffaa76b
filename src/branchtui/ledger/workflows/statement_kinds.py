"""The kinds of imports that are statements, and the reader of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.contract.imports import ImportKind
from branchtui.ledger.feeds.bai2 import Bai2Reader
from branchtui.ledger.feeds.camt import CamtReader
from branchtui.ledger.feeds.mt940 import Mt940Reader
from branchtui.ledger.feeds.ofx import OfxReader
from branchtui.ledger.feeds.qif import QifReader
from branchtui.ledger.feeds.recognise import Format, recognise
from branchtui.ledger.feeds.statement import Damaged
from branchtui.ledger.feeds.statement_table import TableReader
from branchtui.ledger.feeds.table_setting import TableSetting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from branchtui.contract.statements import Columns
    from branchtui.ledger.feeds.statement import StatementReader
    from branchtui.ledger.workflows.import_rows import Asked

FORMATS: Final[dict[ImportKind, Format | None]] = {
    ImportKind.STATEMENT: None,
    ImportKind.STATEMENT_MT940: Format.MT940,
    ImportKind.STATEMENT_CAMT053: Format.CAMT,
    ImportKind.STATEMENT_OFX: Format.OFX,
    ImportKind.STATEMENT_BAI2: Format.BAI2,
    ImportKind.STATEMENT_QIF: Format.QIF,
    ImportKind.STATEMENT_CSV: Format.TABLE,
    ImportKind.STATEMENT_MPESA: Format.TABLE,
}
"""None: whichever the file is."""

_WORDS: Final = {
    Format.MT940: "MT940 or MT942",
    Format.CAMT: "XML",
    Format.OFX: "OFX",
    Format.BAI2: "BAI2",
    Format.QIF: "QIF",
    Format.TABLE: "a table (CSV)",
}


def is_statement(kind: ImportKind | str) -> bool:
    """Whether files of this kind are statements."""
    return kind in FORMATS


def open_reader(
    kind: ImportKind,
    chunks: Callable[[], Iterable[bytes]],
    asked: Asked,
    *,
    currency: str,
    zone: str,
    saved: tuple[tuple[str, Columns], ...] = (),
) -> tuple[Format, StatementReader]:
    """The reader for a file, after a look at how it begins.

    `currency` and `zone` are the branch's, `saved` the saved ways of reading tables.

    Raises:
        Damaged: it is another format than was said, or not even the beginning can be read.
    """
    is_like = recognise(chunks)
    wanted = FORMATS[kind]
    if wanted is not None and wanted is not is_like:
        if not any(chunks()):
            raise Damaged("empty-file", "The file is empty.")
        if Format.TABLE not in {wanted, is_like} or is_like is not Format.TABLE:
            said = f"This file is {_WORDS[is_like]}, not {_WORDS[wanted]}."
            raise Damaged("another-format", said)
    chosen = wanted or is_like
    currency = asked.currency or currency
    if chosen is Format.MT940:
        return chosen, Mt940Reader(chunks, asked.encoding)
    if chosen is Format.CAMT:
        return chosen, CamtReader(chunks)
    if chosen is Format.OFX:
        return chosen, OfxReader(chunks, asked.encoding)
    if chosen is Format.BAI2:
        return chosen, Bai2Reader(chunks, asked.encoding, currency=asked.currency or "")
    if chosen is Format.QIF:
        reader = QifReader(
            chunks,
            account=asked.account,
            currency=currency,
            zone=zone,
            order=asked.date_order,
            writing=asked.decimal,
            encoding=asked.encoding,
        )
        return chosen, reader
    setting = TableSetting(
        account=asked.account,
        currency=currency,
        zone=zone,
        columns=asked.columns,
        saved=saved,
        order=asked.date_order,
        writing=asked.decimal,
        delimiter=asked.delimiter,
        encoding=asked.encoding,
        above_zero=asked.above_zero,
    )
    table = TableReader(chunks, setting)
    if kind is ImportKind.STATEMENT_MPESA and not table.plan.is_portal:
        raise Damaged("another-format", "This is not the statement of the M-PESA organisation portal.")
    return chosen, table
