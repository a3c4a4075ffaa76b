"""Gossip: a ledger that was rolled back or changed is noticed by a terminal, and an honest one never is (AUD-3)."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.ledger.conftest import ledger_template
from tests.ledger.running import PASSWORD, RunningLedger, copy_template
from tests.remote.doubles import StillTime
from tests.remote.test_journal import PENDING
from tests.screens.bad_line import BadLine, bad_line

from branchtui.contract.customers import NewCustomer
from branchtui.contract.sessions import Session
from branchtui.ledger.backup import back_up, new_epoch
from branchtui.ledger.check import violations
from branchtui.ledger.store.sqlite import connect
from branchtui.remote.client import Ledger
from branchtui.remote.errors import Blocked, OutcomeUnknown, SessionEnded
from branchtui.remote.head import Head
from branchtui.remote.heads import HEAD, SEEN, Alarm, Harm, Heads
from branchtui.remote.intents import IntentState
from branchtui.remote.journal import IntentJournal
from branchtui.remote.resolver import Phase

__all__ = ["ledger_template"]

AT_US = int(datetime(2026, 11, 29, tzinfo=UTC).timestamp()) * 1_000_000


# ── two histories of one ledger ─────────────────────────────────────────────────────────────────────────────────────


class Histories:
    """A ledger whose database can be copied as it stands, and served again later as if nothing had been since."""

    def __init__(self, template: Path, folder: Path) -> None:
        self.folder = folder
        self.database = copy_template(template, folder)
        self.copies = 0

    def copy(self, database: str | None = None) -> str:
        """A copy of the database while it is served."""
        self.copies += 1
        path = self.folder / f"copy-{self.copies}.db"
        back_up(database or self.database, path)
        return f"sqlite:///{path}"


@pytest.fixture
def histories(ledger_template: Path, tmp_path: Path) -> Histories:
    return Histories(ledger_template, tmp_path)


@contextmanager
def serves(line: BadLine, database: str) -> Iterator[RunningLedger]:
    """From now on the ledger at the end of `line` is this one."""
    with RunningLedger(database) as ledger:
        line.ledger_url = ledger.url
        yield ledger


async def add_customer(client: Ledger, name: str) -> None:
    """A change, and a row in the branch's chain."""
    assert client.user is not None
    await client.create_customer(
        NewCustomer(branch_id=client.user.branch_id, first_name=name, last_name="Otieno")
    )


async def sign_in(client: Ledger, username: str = "teller") -> Session:
    return await client.sign_in(username, PASSWORD)


async def test_a_ledger_rolled_back_under_a_session_is_noticed_by_the_next_reading(
    histories: Histories, tmp_path: Path
) -> None:
    """AUD-3: told once; changes are refused before they exist, looking up goes on, and the alarm stays."""
    async with bad_line("") as line:
        with serves(line, histories.database):
            client = line.client(tmp_path / "state")
            told: list[Alarm] = []
            client.heads.listen(told.append)
            await sign_in(client)
            await client.me()
            old = histories.copy()
            await add_customer(client, "Achieng")
            assert told == []
        with serves(line, old) as rolled_back:
            assert (await client.customers()).items == ()
            assert [one.harm for one in told] == [Harm.ROLLED_BACK]
            with pytest.raises(Blocked, match=r"The ledger was rolled back\. Nothing was sent"):
                await add_customer(client, "Baraka")
            await client.customers()
            assert len(told) == 1
            await client.close()
            assert rolled_back.query("SELECT count(*) FROM customers") == [(0,)]

            again = line.client(tmp_path / "state")
            await sign_in(again)
            await again.me()
            assert again.heads.alarm is not None, "the next start finds it again"
            await again.close()


@pytest.mark.faults
async def test_a_ledger_that_was_rolled_back_and_has_outgrown_the_number_is_noticed_at_sign_in(
    histories: Histories, tmp_path: Path
) -> None:
    """AUD-3: the number alone would say nothing; the first question of a session asks for the row."""
    async with bad_line("") as line:
        with serves(line, histories.database):
            client = line.client(tmp_path / "state")
            await sign_in(client)
            old = histories.copy()
            await add_customer(client, "Achieng")
            await client.me()
            await client.close()
        with serves(line, old):
            other = line.client(tmp_path / "another terminal")
            await sign_in(other)
            for name in ("Baraka", "Chebet", "Doreen"):
                await add_customer(other, name)
            assert other.heads.alarm is None
            await other.close()
            client = line.client(tmp_path / "state")
            await sign_in(client)
            await client.me()
            assert client.heads.alarm is not None
            assert client.heads.alarm.harm is Harm.CHANGED
            await client.close()


@pytest.mark.faults
async def test_the_right_database_put_back_ends_the_alarm(histories: Histories, tmp_path: Path) -> None:
    """AUD-3: the ledger holds the row again, and says so at the next sign-in."""
    async with bad_line("") as line:
        client = line.client(tmp_path / "state")
        with serves(line, histories.database):
            await sign_in(client)
            old = histories.copy()
            await add_customer(client, "Achieng")
        with serves(line, old):
            await client.me()
            assert client.heads.alarm is not None
        with serves(line, histories.database):
            await sign_in(client)
            await client.me()
            assert client.heads.alarm is None
            await add_customer(client, "Baraka")
        await client.close()


async def test_another_branch_has_another_chain(histories: Histories, tmp_path: Path) -> None:
    """AUD-3: whoever signs in from elsewhere at the same terminal sees smaller numbers, and no alarm."""
    async with bad_line("") as line:
        with serves(line, histories.database):
            client = line.client(tmp_path / "state")
            for username in ("teller", "teller2", "teller"):
                await sign_in(client, username)
                for name in ("Achieng", "Baraka"):
                    if username == "teller":
                        await add_customer(client, name)
                await client.me()
                assert client.heads.alarm is None
            await client.close()


async def test_a_doubt_is_not_settled_against_a_ledger_that_lost_its_history(
    histories: Histories, tmp_path: Path
) -> None:
    """AUD-3, OUT-6: "NOT recorded, you can enter it again" would be a lie there; it waits, also after a restart."""
    async with bad_line("") as line:
        client = line.client(tmp_path / "state")
        with serves(line, histories.database):
            await sign_in(client)
            old = histories.copy()
            await add_customer(client, "Achieng")
            line.loses_answers = True
            with pytest.raises(OutcomeUnknown):
                await add_customer(client, "Baraka")
            await client.close()
            line.mend()
        with serves(line, old) as rolled_back:
            client = line.client(tmp_path / "state")
            told: list[Alarm] = []
            client.heads.listen(told.append)
            checks: list[Phase] = []
            client.resolver.listen(lambda progress: checks.append(progress.phase))
            await sign_in(client)
            while checks.count(Phase.CHECKING) < 3 and Phase.SETTLED not in checks:
                await client.me()
            assert told
            assert len(client.resolver.unresolved) == 1
            assert rolled_back.query("SELECT count(*) FROM operations WHERE state = 'cancelled'") == [(0,)]
            await client.close()


async def test_after_an_announced_restore_each_person_learns_what_is_gone(
    histories: Histories, tmp_path: Path
) -> None:
    """T-31: no alarm; of the own recorded changes those the restored ledger does not know, once, by reference."""
    async with bad_line("") as line:
        client = line.client(tmp_path / "state")
        with serves(line, histories.database):
            await sign_in(client)
            await add_customer(client, "Achieng")
            old = histories.copy()
            await add_customer(client, "Baraka")
            await add_customer(client, "Chebet")
        new_epoch(old, AT_US)
        with serves(line, old) as restored:
            with pytest.raises(SessionEnded):
                await client.me()
            told: list[int] = []
            client.listen_restored(lambda one: told.append(len(one.lost)))
            await sign_in(client)
            while not told:
                await client.me()
            assert client.heads.alarm is None
            assert client.restored is not None
            assert client.restored.remembered == 3
            references = {one.reference for one in client.restored.lost}
            assert len(references) == 2
            await sign_in(client)
            while len(told) < 2:
                await client.me()
            assert told == [2, 2], "until it was read it is told at each sign-in"
            await sign_in(client, "supervisor")
            assert client.restored is None, "it is nobody else's to read"
            client.acknowledge_restore()
            await sign_in(client)
            while len(told) < 3:
                await client.me()
            client.acknowledge_restore()
            await sign_in(client)
            for _ in range(3):
                await client.me()
            assert told == [2, 2, 2]
            await client.close()
            connection = connect(restored.path, read_only=True)
            assert list(violations(connection)) == []
            connection.close()


async def test_a_reading_that_a_newer_answer_overtook_is_asked_again(
    histories: Histories, tmp_path: Path
) -> None:
    """RTY-7: an older list never comes after what is newer; one more question, and no alarm."""
    async with bad_line("") as line:
        with serves(line, histories.database) as ledger:
            client = line.client(tmp_path / "state")
            await sign_in(client)
            await add_customer(client, "Achieng")
            noted = client.heads.noted
            assert noted is not None
            asked = line.passed.count("GET /v1/customers")
            # As if an answer to something else, sent and received meanwhile, had brought a later row.
            real = client._exchange
            overtaking = [replace(noted, seq=noted.seq + 1)]

            async def exchange(*given: object, **named: object) -> object:
                reply = await real(*given, **named)  # type: ignore[arg-type]
                while overtaking:
                    client.heads._noted[noted.branch_id] = overtaking.pop()
                    ledger.sign_in("supervisor").post(
                        "/v1/customers",
                        {"branch_id": noted.branch_id, "first_name": "Newer", "last_name": "Otieno"},
                    )
                return reply

            client._exchange = exchange  # type: ignore[method-assign, assignment]
            names = [one.name for one in (await client.customers()).items]
            assert "Newer Otieno" in names
            assert line.passed.count("GET /v1/customers") == asked + 2
            assert client.heads.alarm is None
            await client.close()


async def test_the_ledger_says_it_in_its_own_log(
    histories: Histories, capsys: pytest.CaptureFixture[str]
) -> None:
    """AUD-3: a terminal that saw more is an operator's alarm too; of another branch nothing is said."""
    with RunningLedger(histories.database) as ledger:
        teller = ledger.sign_in("teller")
        branch_id, other_id = ledger.branch("NKU").id, ledger.branch("KSM").id
        branch, seq, hash8 = teller.get("/v1/me").headers[HEAD].split(";")
        assert branch == branch_id
        for sent, said in (
            (f"{branch_id};{seq};{hash8}", "known"),
            (f"{branch_id};{int(seq) + 1};{hash8}", "unknown"),
            (f"{branch_id};{seq};00000000", "unknown"),
            (f"{other_id};{seq};{hash8}", None),
            ("nonsense", None),
            (f"{branch_id};99999999999999999999;{hash8}", None),
        ):
            answer = teller.send("GET", "/v1/me", headers={SEEN: sent})
            assert answer.headers.get(SEEN) == said, sent
        refused = teller.send("GET", "/v1/customers/nobody", headers={SEEN: f"{branch_id};{seq};{hash8}"})
        assert (refused.status_code, refused.headers[SEEN]) == (404, "known")
        assert HEAD in refused.headers
    logged = capsys.readouterr()
    assert (logged.out + logged.err).count("a terminal saw a row that the audit chain does not hold") == 2


# ── what comes in any order ─────────────────────────────────────────────────────────────────────────────────────────


def heads_at(folder: Path) -> tuple[Heads, IntentJournal]:
    time = StillTime()
    journal = IntentJournal.open(folder, now=time.now())
    return Heads(journal, time), journal


def session() -> Session:
    return Session.model_validate_json(
        json.dumps(
            {
                "access_token": "a",
                "refresh_token": "b",
                "expires_in": 60,
                "user": {
                    "id": "u",
                    "username": "amina",
                    "role": "teller",
                    "roles": ["teller"],
                    "branch_id": "nku",
                    "branches": [],
                    "limits": {},
                },
                "ledger": {"ledger_id": "l", "epoch": "1", "institution": "I"},
            }
        )
    )


def test_however_answers_overtake_each_other_an_honest_ledger_raises_no_alarm(tmp_path: Path) -> None:
    """AUD-3: a thousand histories of four requests at once, the chain growing between and during them."""
    seed = 20_261_130
    print(f"SEED={seed}")
    chance = random.Random(seed)
    heads, journal = heads_at(tmp_path / "journal")
    for _ in range(1_000):
        heads.session_began(session())
        seq = heads.noted.seq if heads.noted is not None else 1
        under_way: list[tuple[Head | None, Head | None, Head | None, bool]] = []
        for _ in range(20):
            step = chance.randrange(3)
            if step == 0:
                seq += chance.randrange(3)
            elif step == 1 and len(under_way) < 4:
                under_way.append((heads.question, heads.noted, None, False))
            elif under_way:
                place = chance.randrange(len(under_way))
                asked, noted, answered, _ = under_way.pop(place)
                if answered is None and chance.random() < 0.5:
                    # The ledger answers; the answer is still on its way.
                    under_way.append((asked, noted, Head("nku", seq, f"{seq:08x}"), True))
                    continue
                head = answered or Head("nku", seq, f"{seq:08x}")
                said = {HEAD: str(head)} | ({SEEN: "known"} if asked is not None else {})
                heads.is_older(said, asked, noted)
                assert heads.alarm is None
    journal.close()


def test_the_highest_head_is_kept_without_a_sync_for_each_answer(tmp_path: Path) -> None:
    """AUD-3: it goes to disk with the next intent or at the end; the next process of the profile takes it over."""
    first = IntentJournal.open(tmp_path / "j", now=PENDING.created_at)
    second = IntentJournal.open(tmp_path / "j", now=PENDING.created_at)
    second.note_head("l", "1", Head("nku", 7, "00000007"))
    first.note_head("l", "1", Head("nku", 5, "00000005"))
    assert first.heads("l", "1") == ()
    first.prepare(replace(PENDING, ledger_id="l"))
    assert first.heads("l", "1") == (Head("nku", 5, "00000005"),)
    first.close()
    second.close()
    third = IntentJournal.open(tmp_path / "j", now=PENDING.created_at)
    assert third.heads("l", "1") == (Head("nku", 7, "00000007"),)
    assert third.heads("l", "2") == ()
    third.close()


def test_a_journal_of_the_first_format_is_carried_over(tmp_path: Path) -> None:
    """OUT-4: what was recorded and not yet seen counts as recorded; nothing is lost on the way."""
    journal = IntentJournal.open(tmp_path / "j", now=PENDING.created_at)
    journal.prepare(PENDING)
    journal.sent(PENDING.key)
    journal.move(PENDING.key, IntentState.SUCCEEDED)
    journal._db.execute("ALTER TABLE intent DROP COLUMN was_recorded")
    journal._db.execute("DROP TABLE head")
    journal._db.execute("PRAGMA user_version = 1")
    journal.close()
    again = IntentJournal.open(tmp_path / "j", now=PENDING.created_at)
    (found,) = again.recorded_before(PENDING.ledger_id, PENDING.user, "2")
    assert found.key == PENDING.key
    assert again.recorded_before(PENDING.ledger_id, PENDING.user, PENDING.epoch) == ()
    again.close()


def test_the_head_in_a_header_is_read_strictly() -> None:
    """AUD-3: what makes no sense is no head."""
    assert Head.read("nku;12;0000000a") == Head("nku", 12, "0000000a")
    for text in (
        None,
        "",
        "nku",
        "nku;12",
        "nku;-1;0000000a",
        "nku;12;0000000A",
        "n ku;1;0000000a",
        ";1;00000000",
    ):
        assert Head.read(text) is None
