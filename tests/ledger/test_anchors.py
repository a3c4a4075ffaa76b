"""Anchors: a chain that was cut off, written anew or rolled back is found from outside the database (AUD-3, INV-8)."""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import shutil
import stat
import threading
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import astuple, dataclass, replace
from functools import partial
from pathlib import Path

import apsw
import pytest
from tests.ledger.running import RunningLedger, copy_template
from tests.ledger.served import Served, new_customer

from branchtui.cli import main
from branchtui.ledger import anchoring, anchors, audit
from branchtui.ledger.anchoring import Anchoring
from branchtui.ledger.anchors import Anchor, Stand
from branchtui.ledger.store.rows import AuditRow

pytestmark = pytest.mark.faults

KEY = anchors.private_key(b"k" * 32)
AT = "2026-11-29T08:00:00+00:00"


# ── forgers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Ended:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def told(*arguments: str, given: str = "") -> Ended:
    """`branchtui ledger ...` as a person runs it, in this process: many are run here."""
    said, wrong = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(wrong), pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(given))
        code = main(["ledger", *arguments])
    return Ended(code, said.getvalue(), wrong.getvalue())


@dataclass
class Books:
    """A ledger at rest whose chain of branch NKU holds nine rows, and what its operator keeps elsewhere."""

    path: Path
    place: Path
    private: Path
    public: Path

    @property
    def database(self) -> str:
        return f"sqlite:///{self.path}"

    def anchor(self, *more: str) -> Ended:
        """`branchtui ledger anchor` as a person runs it."""
        return self._run("anchor", "--database", self.database, "--to", str(self.place), *more)

    def check(self, *, with_anchors: bool = True) -> Ended:
        outside = ("--anchors", str(self.place), "--public-key", str(self.public)) if with_anchors else ()
        return self._run("check", "--database", self.database, *outside)

    def forge(self, edit: Callable[[list[AuditRow]], list[AuditRow]]) -> None:
        """Replace the longest chain by what `edit` makes of it, every hash and the head made right again."""
        connection = apsw.Connection(str(self.path))
        names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in names:
            connection.execute(f'DROP TRIGGER "{name}"')
        ((branch,),) = connection.execute("SELECT branch_id FROM chain_heads ORDER BY seq DESC LIMIT 1")
        columns = ", ".join(f'"{name}"' for name in AuditRow.__slots__)
        rows = connection.execute(f"SELECT {columns} FROM audit WHERE branch_id = ? ORDER BY seq", (branch,))
        forged = rehashed(edit([AuditRow(*values) for values in rows]))
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM audit WHERE branch_id = ?", (branch,))
        marks = ", ".join("?" * len(AuditRow.__slots__))
        connection.executemany(f"INSERT INTO audit ({columns}) VALUES ({marks})", map(astuple, forged))
        end = forged[-1]
        connection.execute(
            "UPDATE chain_heads SET seq = ?, at = ?, hash = ? WHERE branch_id = ?",
            (end.seq, end.at, end.hash, branch),
        )
        connection.close()

    def _run(self, *arguments: str) -> Ended:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(anchoring.KEY_VARIABLE, str(self.private))
            return told(*arguments)


def rehashed(rows: Sequence[AuditRow]) -> list[AuditRow]:
    """A chain as a forger leaves it: numbered, bound and hashed without a fault."""
    made: list[AuditRow] = []
    for seq, row in enumerate(rows, start=1):
        bound = replace(row, seq=seq, at=row.at, prev_hash=made[-1].hash if made else audit.GENESIS)
        made.append(replace(bound, hash=audit.row_hash(bound)))
    return made


@pytest.fixture(scope="module")
def kept(ledger_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("anchored")
    with RunningLedger(copy_template(ledger_template, folder)) as ledger:
        add_rows(ledger, 8)
    made = told("anchor-key", "--private", str(folder / "a.key"), "--public", str(folder / "a.pem"))
    assert (made.returncode, made.stderr) == (0, "")
    return folder


def add_rows(ledger: RunningLedger, count: int) -> None:
    """So many changes in NKU, each a row of its chain."""
    supervisor, branch_id = ledger.sign_in("supervisor", fresh=True), ledger.branch("NKU").id
    for number in range(count):
        assert supervisor.post("/v1/customers", new_customer(branch_id, number)).status_code == 201


@pytest.fixture
def books(kept: Path, tmp_path: Path) -> Books:
    database = copy_template(kept / "ledger.db", tmp_path)
    path = Path(database.removeprefix("sqlite:///"))
    return Books(path, tmp_path / "anchors.jsonl", kept / "a.key", kept / "a.pem")


def test_an_anchored_ledger_that_nobody_touched_is_well(books: Books) -> None:
    """INV-8: what was anchored is still there; the file is its owner's alone, and a line is one anchor."""
    printed = books.anchor("--print").stdout.splitlines()
    assert books.anchor().returncode == 0
    assert [one for one in printed if one.startswith("NKU  9;")]
    assert printed[-1].startswith("anchor 1  ")
    assert stat.S_IMODE(books.place.stat().st_mode) == 0o600
    assert stat.S_IMODE(books.private.stat().st_mode) == 0o600
    assert [json.loads(line)["n"] for line in books.place.read_text().splitlines()] == [1, 2]
    found = books.check()
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def cut(rows: list[AuditRow]) -> list[AuditRow]:
    return rows[:-2]


def rewritten(rows: list[AuditRow]) -> list[AuditRow]:
    return [replace(rows[0], actor="nobody"), *rows[1:]]


def swapped(rows: list[AuditRow]) -> list[AuditRow]:
    return [*rows[:2], replace(rows[3], at=rows[2].at), replace(rows[2], at=rows[3].at), *rows[4:]]


def without_one(rows: list[AuditRow]) -> list[AuditRow]:
    return [*rows[:4], *rows[5:]]


@pytest.mark.parametrize("edit", [cut, rewritten, swapped, without_one], ids=lambda edit: edit.__name__)
def test_a_history_made_anew_without_a_fault_is_found_by_its_anchor(
    books: Books, edit: Callable[[list[AuditRow]], list[AuditRow]]
) -> None:
    """AUD-3, T-12: cut off, or rewritten with every hash right, the chain verifies; the anchor does not agree."""
    books.anchor()
    books.forge(edit)
    assert "INV-8" not in books.check(with_anchors=False).stdout
    found = books.check()
    assert found.returncode == 1
    assert "which anchor 1 of " in found.stdout
    refused = books.anchor()
    assert refused.returncode == 1
    assert refused.stderr.startswith(
        "ALARM: the ledger was rolled back or its history was changed: branch NKU"
    )
    assert len(books.place.read_text().splitlines()) == 1


def test_a_database_that_was_rolled_back_and_went_on_is_found(books: Books, tmp_path: Path) -> None:
    """AUD-3, T-12: an older copy put in place, which has outgrown the anchored number since."""
    old = tmp_path / "old.db"
    shutil.copyfile(books.path, old)
    with RunningLedger(books.database) as ledger:
        add_rows(ledger, 1)
    books.anchor()
    shutil.copyfile(old, books.path)
    with RunningLedger(books.database) as ledger:
        add_rows(ledger, 3)
    assert books.check(with_anchors=False).stdout == ""
    assert "row 11 of the audit chain of branch" in books.check().stdout
    assert "ALARM" in books.anchor().stderr


def test_a_restore_that_was_announced_is_no_forgery_and_is_told(books: Books, tmp_path: Path) -> None:
    """T-31: what the backup does not hold is named, exit code 0; older rows are held to their anchors as before."""
    copy = tmp_path / "copy.db"
    assert told("backup", "--database", books.database, "--to", str(copy)).returncode == 0
    books.anchor()
    with RunningLedger(books.database) as ledger:
        add_rows(ledger, 2)
    books.anchor()
    for ending in ("", "-wal", "-shm"):
        books.path.with_name(books.path.name + ending).unlink(missing_ok=True)
    assert told("restore", "--database", books.database, "--from", str(copy)).returncode == 0
    assert books.anchor().returncode == 0
    found = books.check()
    assert (found.returncode, found.stdout) == (0, "")
    assert found.stderr == (
        "1 anchored heads were given up by a restore that the audit chain tells of (ledger.restore).\n"
    )
    books.forge(rewritten)
    assert "which anchor 1 of" in books.check().stdout


def test_the_anchors_themselves_are_held_together(books: Books) -> None:
    """AUD-3: one removed, one changed, one signed with another key, one repeated: each is named."""
    for _ in range(3):
        books.anchor()
    lines = books.place.read_text().splitlines(keepends=True)
    stranger = anchors.sign(
        anchors.read_line(lines[2].strip().encode()).stand,
        anchors.read_line(lines[1].strip().encode()),
        KEY,
        AT,
    )
    for forged, said in (
        ([lines[0], lines[2]], "anchor 3 does not continue anchor 1"),
        ([lines[1], lines[2]], "anchor 2 does not continue anchor 0"),
        ([lines[0], lines[1], lines[1], lines[2]], "anchor 2 does not continue anchor 2"),
        ([lines[0], lines[1].replace("[9,", "[8,"), lines[2]], "anchor 2 of the anchors is not signed with"),
        ([*lines[:2], stranger.line.decode() + "\n"], "anchor 3 of the anchors is not signed with this key"),
        ([lines[0], lines[1].replace(":", ": "), lines[2]], "line 2 of the anchors: it is not written as"),
        ([lines[0], "nothing\n"], "line 2 of the anchors: it is no anchor"),
        ([], "there is no anchor in the file of anchors"),
    ):
        books.place.write_text("".join(forged))
        found = books.check()
        assert (found.returncode, said in found.stdout) == (1, True), (said, found.stdout)


def test_the_heads_of_a_ledger_are_anchored_by_another_machine(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUD-3: the key never comes near the database; only heads go over."""
    heads = told("heads", "--database", books.database).stdout
    monkeypatch.setenv(anchoring.KEY_VARIABLE, str(books.private))
    for given, code in ((heads, 0), (heads.replace("[9, ", "[8, "), 1), ("[]", 1)):
        made = told("anchor", "--heads", "-", "--to", str(books.place), given=given)
        assert made.returncode == code, made.stderr
    assert books.check().returncode == 0


def test_what_cannot_be_is_refused_in_one_sentence(books: Books, tmp_path: Path) -> None:
    """Product, The command line: exit code 1 and why."""
    anchor = ("anchor", "--database", books.database)
    assert "Name the file with --to" in told(*anchor).stderr
    assert "Name its file with BRANCHTUI_LEDGER_ANCHOR_KEY_FILE" in told(*anchor, "--to", "x").stderr
    assert "together" in told("check", "--database", books.database, "--anchors", "x").stderr
    pair = ("--private", str(books.private), "--public", str(tmp_path / "b.pem"))
    assert "exists. Nothing was changed." in told("anchor-key", *pair).stderr
    books.place.touch(0o644)
    assert "chmod 600" in books.anchor().stderr


# ── ten thousand ────────────────────────────────────────────────────────────────────────────────────────────────────


def found_in(chain: dict[int, str], _: str, seq: int) -> str | None:
    """The hash of a row of the only chain."""
    return chain.get(seq)


def test_ten_thousand_perfect_forgeries_are_all_found_by_an_anchor() -> None:
    """T-12, AUD-3: cut, rewritten from anywhere on, a row taken out or put in, a roll-back that went on."""
    blank = AuditRow("b", 0, 0, "amina", "p", "teller", None, None, "x", None, None, None, None, "applied", None,
                     None, b"", b"")  # fmt: skip
    rows = rehashed([replace(blank, at=at, object=f"/v1/x/{at}") for at in range(1, 13)])
    made = anchors.sign(Stand("l", "e", {"b": (12, rows[-1].hash.hex())}), None, KEY, AT)
    seed = 20_261_129
    print(f"SEED={seed}")
    chance = random.Random(seed)
    for _ in range(10_000):
        at = chance.randrange(1, 12)
        kind = chance.randrange(4)
        forged = list(rows)
        if kind == 0:
            forged = forged[:at]
        elif kind == 1:
            forged[at] = replace(forged[at], actor="nobody")
        elif kind == 2:
            del forged[at - 1]
        else:
            forged[at:] = [replace(row, actor="later") for row in forged[at:]] * 2
        chain = {row.seq: row.hash.hex() for row in rehashed(forged)}
        assert anchors.missing(made, partial(found_in, chain)) == [("b", 12)]
    assert anchors.missing(made, lambda _, seq: rows[seq - 1].hash.hex()) == []


# ── a ledger that is served ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "anchor.key"
    path.touch(0o600)
    path.write_bytes(b"k" * 32)
    monkeypatch.setenv(anchoring.KEY_VARIABLE, str(path))


def look(ledger: RunningLedger, watch: Anchoring) -> bool:
    """What the ledger does every two seconds."""
    return asyncio.run_coroutine_threadsafe(watch.look(), ledger.loop).result(60)


def kept_in(place: Path) -> list[Anchor]:
    return [anchors.read_line(line) for line in anchors.lines_of(place)] if place.exists() else []


@pytest.mark.usefixtures("key_file")
@pytest.mark.both_stores
def test_an_anchor_is_made_hourly_and_after_many_rows_and_not_for_nothing(
    own_ledger: RunningLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUD-3: over the heads of all branches, signed, each continuing the one before."""
    place = tmp_path / "anchors.jsonl"
    watch = Anchoring(own_ledger.core, place)
    made: list[Anchor] = []

    def now_kept() -> int:
        assert look(own_ledger, watch)
        made[:] = kept_in(place)
        return len(made)

    add_rows(own_ledger, 1)
    assert now_kept() == 1
    add_rows(own_ledger, 1)
    assert now_kept() == 1
    own_ledger.clock.advance(seconds=3_601)
    assert now_kept() == 2
    own_ledger.clock.advance(seconds=3_601)
    assert now_kept() == 2
    monkeypatch.setattr(anchoring, "EVERY_ROWS", 3)
    add_rows(own_ledger, 3)
    assert now_kept() == 3
    stands = {b: (s, h) for b, s, h in own_ledger.query("SELECT branch_id, seq, hash FROM chain_heads")}
    assert made[-1].stand.heads == {b: (s, bytes(h).hex()) for b, (s, h) in stands.items()}
    assert all(anchors.is_signed_by(one, KEY.public_key()) for one in made)
    assert [one.previous for one in made[1:]] == [one.digest for one in made[:-1]]
    assert watch.alarms == 0


@pytest.mark.usefixtures("key_file")
@pytest.mark.both_stores
def test_two_ledgers_with_one_place_continue_one_sequence(own_ledger: RunningLedger, tmp_path: Path) -> None:
    """AUD-3: what the other one has just anchored is not anchored again, and nothing contradicts itself."""
    place = tmp_path / "anchors.jsonl"
    first, second = Anchoring(own_ledger.core, place), Anchoring(own_ledger.core, place)
    for _ in range(3):
        add_rows(own_ledger, 1)
        own_ledger.clock.advance(seconds=3_601)
        assert look(own_ledger, first)
        assert look(own_ledger, second)
    assert [one.n for one in kept_in(place)] == [1, 2, 3]
    assert first.alarms == second.alarms == 0


@pytest.mark.usefixtures("key_file")
def test_half_a_line_left_by_a_crash_is_taken_away(own_ledger: RunningLedger, tmp_path: Path) -> None:
    """AUD-3: the sequence goes on after the last whole anchor, wherever the writing stopped."""
    place = tmp_path / "anchors.jsonl"
    add_rows(own_ledger, 1)
    assert look(own_ledger, Anchoring(own_ledger.core, place))
    whole = place.read_bytes()
    for length in (1, len(whole) // 2, len(whole) - 1):
        place.write_bytes(whole + whole[:length])
        add_rows(own_ledger, 1)
        own_ledger.clock.advance(seconds=3_601)
        assert look(own_ledger, Anchoring(own_ledger.core, place))
        assert [one.n for one in kept_in(place)] == [1, 2]
        assert place.read_bytes().startswith(whole)


def no_folder(place: Path) -> None:
    shutil.rmtree(place.parent)


def a_link(place: Path) -> None:
    place.symlink_to(place.with_name("elsewhere"))


def a_folder(place: Path) -> None:
    place.mkdir()


def a_pipe(place: Path) -> None:
    os.mkfifo(place, 0o600)


def for_all(place: Path) -> None:
    place.touch(0o644)


@pytest.mark.parametrize(
    "spoil", [no_folder, a_link, a_folder, a_pipe, for_all], ids=lambda one: one.__name__
)
@pytest.mark.usefixtures("key_file")
def test_a_place_that_cannot_be_written_is_an_alarm_and_stops_no_money(
    own_ledger: RunningLedger, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    """AUD-3: said in the log each time; changes and readiness go on."""
    place = tmp_path / "second" / "anchors.jsonl"
    place.parent.mkdir()
    spoil(place)
    watch = Anchoring(own_ledger.core, place)
    add_rows(own_ledger, 1)
    assert not look(own_ledger, watch)
    assert not look(own_ledger, watch)
    assert watch.alarms == 2
    add_rows(own_ledger, 1)
    assert own_ledger.anonymous().get("/readyz").status_code == 200


@pytest.mark.usefixtures("key_file")
def test_a_place_that_hangs_is_an_alarm_and_holds_nobody_up(
    own_ledger: RunningLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUD-3: a mount that is gone answers nothing at all; when it comes back, what was due is made."""
    answers = threading.Event()
    read = anchors.last_in

    def waits(path: Path) -> Anchor | None:
        answers.wait()
        return read(path)

    monkeypatch.setattr(anchors, "last_in", waits)
    monkeypatch.setattr(anchoring, "_PLACE_SECONDS", 0.01)
    watch = Anchoring(own_ledger.core, tmp_path / "anchors.jsonl")
    add_rows(own_ledger, 1)
    looking = asyncio.run_coroutine_threadsafe(watch.look(), own_ledger.loop)
    while watch.alarms < 3:
        add_rows(own_ledger, 1)
        assert own_ledger.anonymous().get("/readyz").status_code == 200
    answers.set()
    assert looking.result(60)
    assert len(kept_in(tmp_path / "anchors.jsonl")) == 1


@pytest.mark.usefixtures("key_file")
def test_a_served_ledger_sees_that_it_was_rolled_back(own_ledger: RunningLedger, tmp_path: Path) -> None:
    """AUD-3: the anchor in the second place is ahead of the chain: an alarm, and no further anchor."""
    place = tmp_path / "anchors.jsonl"
    add_rows(own_ledger, 2)
    stand = asyncio.run_coroutine_threadsafe(
        Anchoring(own_ledger.core, place)._stand(), own_ledger.loop
    ).result(60)
    ahead = {branch: (seq + 1, "0" * 64) for branch, (seq, _) in stand.heads.items()}
    anchors.append(place, lambda _: anchors.sign(replace(stand, heads=ahead), None, KEY, AT))
    watch = Anchoring(own_ledger.core, place)
    assert not look(own_ledger, watch)
    assert not look(own_ledger, watch)
    assert len(kept_in(place)) == 1
    add_rows(own_ledger, 5)
    assert not look(own_ledger, watch), "it has outgrown the number, the row is another one"


@pytest.mark.usefixtures("key_file")
@pytest.mark.both_stores
def test_the_commands_work_wherever_the_ledger_lies_and_while_it_is_served(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """AUD-3: an anchor of one's own beside those that the ledger makes, and its proof."""
    place, public = str(tmp_path / "anchors.jsonl"), tmp_path / "anchor.pem"
    public.write_bytes(anchors.public_pem(KEY))
    for count in (1, 2):
        add_rows(own_ledger, count)
        made = told("anchor", "--database", own_ledger.database, "--to", place, "--print")
        assert made.returncode == 0, made.stderr
        heads = told("heads", "--database", own_ledger.database).stdout
        assert told("anchor", "--heads", "-", "--to", place, given=heads).returncode == 0
    check = ("check", "--database", own_ledger.database, "--anchors", place, "--public-key", str(public))
    found = told(*check)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    stand = anchors.read_line(list(anchors.lines_of(Path(place)))[-1])
    ahead = {branch: (seq + 9, found) for branch, (seq, found) in stand.stand.heads.items()}
    anchors.append(Path(place), lambda last: anchors.sign(replace(stand.stand, heads=ahead), last, KEY, AT))
    assert told(*check).stdout.count("is not in the ledger or is another one") == len(ahead)


@pytest.mark.e2e
def test_a_ledger_that_is_served_anchors_by_itself(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """AUD-3: the real command, told by its environment; the place is written before it was told to stop."""
    monkeypatch.setenv(anchoring.PLACE_VARIABLE, str(books.place))
    monkeypatch.setenv(anchoring.KEY_VARIABLE, str(books.private))
    served = Served.start(books.path)
    while not (books.place.exists() and books.place.read_bytes().endswith(b"\n")):
        assert served.client.get("/readyz").status_code == 200
    served.stop()
    found = books.check()
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
