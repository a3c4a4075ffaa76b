"""Every kind of long work and what does it."""

from __future__ import annotations

from typing import Final

from branchtui.ledger.workflows import file_run, import_run, record_jobs
from branchtui.ledger.workflows.jobs import Kinds

JOB_KINDS: Final[Kinds] = {
    "import": import_run.run,
    file_run.JOB: file_run.run,
    record_jobs.POST_ALL: record_jobs.run,
    record_jobs.DELETE_ALL: record_jobs.run,
}
