"""Beside the queue: who the highlighted payment may belong to, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from branchtui.format.cells import cell_width, cut, pad
from branchtui.format.safe_text import safe_text
from branchtui.format.scripts import with_script_mark
from branchtui.screens.payment_rows import candidate_reasons, payer_line

if TYPE_CHECKING:
    from branchtui.contract.payments import Candidate, Payment

SOMEBODY_ELSE = "somebody else: [a] finds the customer"
_INDENT = "     "


class CandidatePanel(Widget):
    """Shows `payment` and its candidates, `>` before the chosen one. The last choice is somebody else."""

    def __init__(self, *, panel_id: str) -> None:
        super().__init__(id=panel_id)
        self.payment: Payment | None = None
        self.at = 0

    def show(self, payment: Payment | None) -> None:
        """Another payment, or the same one as it stands now; the best candidate is chosen."""
        former = self.payment
        if former is payment:
            return
        self.payment = payment
        if former is None or payment is None or former.id != payment.id:
            self.at = 0
        self.at = min(self.at, len(self.candidates))
        self.refresh()

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Best first; none for a payment that does not wait."""
        return (self.payment.candidates or ()) if self.payment is not None else ()

    @property
    def chosen(self) -> Candidate | None:
        """The candidate under the arrow; None is somebody else."""
        return self.candidates[self.at] if self.at < len(self.candidates) else None

    def step(self) -> None:
        """The next candidate, behind the last one somebody else, then the first again."""
        if self.candidates:
            self.at = (self.at + 1) % (len(self.candidates) + 1)
            self.refresh()

    def render(self) -> Content:
        """The chosen candidate is always among the lines, no other one without its reasons."""
        width, height = self.size.width, self.size.height
        lines = self._head(width)
        blocks = [self._block(at, width) for at in range(len(self.candidates) + 1)] if self._waits else []
        first, end = self._in_sight(blocks, height - len(lines))
        for block in blocks[first:end]:
            lines += block
        if end < len(blocks):
            lines = [*lines[: height - 1], Content(f"  {len(blocks) - end} more: [tab]")]
        return Content("\n").join(lines[:height]) if height else Content("")

    def _in_sight(self, blocks: list[list[Content]], room: int) -> tuple[int, int]:
        """From where to where, whole ones, the chosen one among them; a row tells of those that are below."""
        for first in range(self.at + 1):
            end = first
            used = 0
            for block in blocks[first:]:
                used += len(block)
                if used + int(end + 1 < len(blocks)) > room:
                    break
                end += 1
            if end > self.at:
                return first, end
        return self.at, min(self.at + 1, len(blocks))

    @property
    def _waits(self) -> bool:
        return self.payment is not None and (
            self.payment.candidates is not None or self.payment.allows("associate")
        )

    def _head(self, width: int) -> list[Content]:
        """What is known of the payment: in bold the line it is known by."""
        if self.payment is None:
            return []
        one = self.payment
        lines = [Content(line).stylize("bold") for line in wrapped(payer_line(one), width)]
        said = one.waits_because
        if one.customer is not None:
            reasons = " and ".join(one.match.reasons) if one.match else ""
            owner = f"{one.customer.account_no} {with_script_mark(one.customer.name)}"
            said = f"Associated with {owner}" + (f": {reasons}" if reasons else "")
        if said:
            lines += [Content(line) for line in wrapped(said, width)]
        return lines

    def _block(self, at: int, width: int) -> list[Content]:
        """A candidate in one line where it fits, its reasons indented below where not."""
        arrow = ">" if at == self.at else " "
        if at == len(self.candidates):
            return [Content(cut(f"{arrow} {SOMEBODY_ELSE}", width))]
        candidate = self.candidates[at]
        customer = candidate.customer
        who = safe_text(f"{arrow} {at + 1} {customer.account_no} {with_script_mark(customer.name)}")
        why = safe_text(candidate_reasons(candidate))
        if cell_width(who) + 2 + cell_width(why) <= width:
            whole = [f"{who}  {why}"]
        else:
            whole = [cut(who, width), *(_INDENT + line for line in wrapped(why, width - len(_INDENT)))]
        lines = [Content(line) for line in whole]
        return [line.stylize("bold") for line in lines] if at == self.at else lines


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken between words."""
    if width <= 0:
        return []
    lines: list[str] = []
    line = ""
    for word in safe_text(text).split(" "):
        longer = f"{line} {word}" if line else word
        if line and cell_width(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    lines.append(line)
    return [pad(cut(one, width), 0) if not one else cut(one, width) for one in lines]
