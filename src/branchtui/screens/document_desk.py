"""Documents of a customer: sent from the import folder, kept by their content, saved to it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual import work

from branchtui.contract.customer_parts import NewDocument
from branchtui.format.dates import show_date
from branchtui.remote.errors import FileProblem, LedgerError
from branchtui.screens.customer_desk import CustomerDesk
from branchtui.screens.import_files import free_names, read_inside
from branchtui.screens.keyed import made_of
from branchtui.widgets.fields import TextField

if TYPE_CHECKING:
    from branchtui.contract.customer_parts import Document
    from branchtui.contract.customers import Customer
    from branchtui.screens.dialogs.form_dialog import FormDialog

DOCUMENT_BYTES_MAX: Final = 10 * 1024 * 1024
"""The most that the ledger keeps as one document (contract, section 3)."""
_ENDINGS: Final = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "text/plain": ".txt",
}
"""By content: what somebody called the file is data."""


class DocumentDesk(CustomerDesk):
    """A screen from which documents are kept. It says who (`customer`) and which one is meant (`document`)."""

    @property
    def customer(self) -> Customer:
        """Who is shown."""
        raise NotImplementedError

    @property
    def document(self) -> Document | None:
        """The one that is highlighted."""
        return None

    def take_part(self, name: str, rows: Any) -> None:
        """Show what the ledger answered, in the place of what was there."""
        raise NotImplementedError

    def document_fields(self) -> list[Any]:
        """The file, and what it is called here."""
        return [
            TextField("file", "File", required=True, max_length=400, hint=f"in {self.desk.settings.imports}"),
            TextField("name", "Name", max_length=140, hint="the file's, where it stays empty"),
            TextField("description", "Description", max_length=140),
        ]

    @work(group="write")
    async def keep_document(self, dialog: FormDialog, values: dict[str, str]) -> None:
        """Send the file in pieces, from where an earlier try broke off; then keep it. Its name is data."""
        customer = self.customer
        try:
            path, data = read_inside(self.desk.settings.imports, values["file"], most=DOCUMENT_BYTES_MAX)
        except FileProblem as problem:
            dialog.refused({"file": problem.sentence})
            return
        if len(data) > DOCUMENT_BYTES_MAX or not data:
            said = "It is empty." if not data else "It has more than 10 MiB, the most that is kept."
            dialog.refused({"file": f"{path.name}: {said}"})
            return

        def progress(done: int, length: int) -> None:
            dialog.say(f"Sending {path.name}: {done * 100 // max(1, length)} %")

        upload = await self.asked(lambda: self.ledger.upload(data, progress))
        if upload is None:
            dialog.settled()
            dialog.say(f"{self.status.message} ctrl+s goes on where it stopped.", "warning")
            return
        saved = None
        new = made_of(
            dialog,
            lambda: NewDocument(
                upload_id=upload.id,
                name=values.get("name") or path.name[:140],
                file_name=path.name[:140],
                description=values.get("description"),
                sha256=upload.sha256,
            ),
        )
        if new is None:
            return
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            saved = await self.ledger.keep_document(customer.id, customer.customer_no, new)
            outcome.done("Kept.")
        if saved is None:
            dialog.settled()
            return
        dialog.saved("")
        self.take_part("documents", (saved, *(self.customer.documents or ())))
        self.say(f"Kept: {saved.name}.", "done")

    @work(group="save", exclusive=True)
    async def save_document(self) -> None:
        """`o`: into the folder that files are read from, never over another one, never under a name of its own making."""
        document, customer = self.document, self.customer
        if document is None:
            return
        folder = self.desk.settings.imports
        stem = f"document-{customer.customer_no}-{show_date(document.created_at.date())}"
        for path in free_names(folder, stem, _ENDINGS.get(document.media_type, ".bin")):
            try:
                await self.ledger.save_document(customer.id, document, path)
            except LedgerError as error:
                self.say(error.sentence, "error")
            else:
                self.say(f"Saved: {path}", "done")
            return
        self.say(f"There are too many files of this name in {folder}.", "error")
