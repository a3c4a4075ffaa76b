"""Waiting for the end of work that goes on in the ledger, wherever the person is meanwhile."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from branchtui.contract.imports import JobState
from branchtui.screens.base import LedgerScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from branchtui.contract.imports import Job
    from branchtui.widgets.status_line import Level

JOB_WAIT_SECONDS: Final = 5
"""How long the ledger holds the answer about a job: its progress is seen at least so often."""


class JobWatch(LedgerScreen):
    """A screen that lives as long as what it waits for matters to the person."""

    SAID_AS: ClassVar[str]
    """How what it announces begins where the person is elsewhere."""

    def is_standing(self) -> bool:
        """False while the screen or the program ends: there is nothing left to show an answer on."""
        return self.is_attached and self.app.is_running

    def announce(self, text: str, level: Level) -> None:
        """Said here, and where the person is when that is elsewhere."""
        self.say(text, level)
        place = next((one for one in reversed(self.app.screen_stack) if isinstance(one, LedgerScreen)), None)
        if place is not None and place is not self:
            place.say(f"{self.SAID_AS}: {text}", level)

    async def end_of_job(
        self, job_id: str, progress: Callable[[Job], str], *, is_aside: bool = False
    ) -> Job | None:
        """The job once it has ended, how far it is said meanwhile; None when its end was not seen. Only in a worker."""
        job: Job | None = None
        while job is None or job.state not in {JobState.SUCCEEDED, JobState.FAILED}:
            job = await self.asked(partial(self.ledger.job, job_id, JOB_WAIT_SECONDS), is_aside=is_aside)
            if job is None or not self.is_standing():
                return None
            self.say(progress(job))
        return job
