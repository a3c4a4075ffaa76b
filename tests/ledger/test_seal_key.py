"""Where the key of one-time codes lies, and what is said where it does not (AUTH-4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from branchtui.ledger.seal_key import KEY_BYTES, VARIABLE, KeyUnusable, key_path, read_key


def test_a_ledger_in_a_file_has_its_key_beside_it_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUTH-4: made once, for its owner alone; the variable wins."""
    monkeypatch.delenv(VARIABLE, raising=False)
    path = key_path(tmp_path / "ledger.db")
    assert path == tmp_path / "ledger.db.key"
    key = read_key(path)
    assert (len(key), read_key(path), path.stat().st_mode & 0o777) == (KEY_BYTES, key, 0o600)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "named"))
    assert key_path(tmp_path / "ledger.db") == tmp_path / "named"


def test_a_ledger_in_a_server_has_a_key_only_where_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """AUTH-4: there is no file to lie beside, and the sentence names what is to be set."""
    monkeypatch.delenv(VARIABLE, raising=False)
    assert key_path(None) is None
    with pytest.raises(KeyUnusable, match=VARIABLE):
        read_key(None)


def test_the_key_of_a_shared_ledger_is_never_made_by_one_of_its_processes(tmp_path: Path) -> None:
    """AUTH-4: every machine would make its own, and the codes of one would be wrong at the other."""
    path = tmp_path / "key"
    with pytest.raises(KeyUnusable, match="cannot be read"):
        read_key(path, make=False)
    assert not path.exists()
    path.write_bytes(bytes(KEY_BYTES))
    path.chmod(0o600)
    assert read_key(path, make=False) == bytes(KEY_BYTES)
