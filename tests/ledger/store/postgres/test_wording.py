"""Statements that are written once for both engines, in PostgreSQL's words."""

from __future__ import annotations

import pytest

from branchtui.ledger.store.postgres.wording import match_condition, worded


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("SELECT a FROM t WHERE a = :a AND b = :b", "SELECT a FROM t WHERE a = %(a)s AND b = %(b)s"),
        ("INSERT INTO t VALUES (?, ?)", "INSERT INTO t VALUES (%s, %s)"),
        ("SELECT a || ':' || b FROM t WHERE a = :a", "SELECT a || ':' || b FROM t WHERE a = %(a)s"),
        ("SELECT a FROM t WHERE a LIKE '%x' AND b = :b", "SELECT a FROM t WHERE a LIKE '%%x' AND b = %(b)s"),
        ("WHERE a IN (SELECT value FROM json_each(:keys))", "WHERE a = ANY(%(keys)s::text[])"),
        ("FROM json_each(:keys) WHERE value = 1", "FROM unnest(%(keys)s::text[]) AS given(value) WHERE value = 1"),
        ("FROM json_each(:rows) AS g WHERE a = g.value ->> 0", "FROM json_array_elements(%(rows)s::json) AS g(value) WHERE a = g.value ->> 0"),
        ("FROM json_each(:keys) AS anon_1", "FROM unnest(%(keys)s::text[]) AS anon_1(value)"),
        ("FROM t INDEXED BY t_brief WHERE +t.a = :a", "FROM t WHERE t.a = %(a)s"),
        ("WHERE instr(a, 'b') = 0", "WHERE strpos(a, 'b') = 0"),
        ("substr(t.phone, -length(:end)) = :end", "right(t.phone, length(%(end)s)) = %(end)s"),
        ("sum(json_array_length(t.found))", "sum(json_array_length(t.found::json))"),
        (
            "SELECT a FROM (SELECT a FROM t WHERE b IN (1, 2) LIMIT 3) UNION ALL SELECT a FROM (SELECT a FROM u) AS x",
            "SELECT a FROM (SELECT a FROM t WHERE b IN (1, 2) LIMIT 3) AS part_0 UNION ALL SELECT a FROM (SELECT a FROM u) AS x",
        ),
    ],
)  # fmt: skip
def test_what_the_engines_say_differently_is_put_right(statement: str, text: str) -> None:
    """The same statement on both: only words change, and every value stays a parameter."""
    assert worded(statement).text == text


def test_a_percent_sign_is_doubled_only_for_a_driver_that_looks_for_parameters() -> None:
    """Decision 0014: remainders are asked for with parameters and without."""
    assert worded("SELECT a % 7 FROM t").bind(None) == ("SELECT a % 7 FROM t", None)
    assert worded("SELECT a % :b FROM t").bind({"b": 7}) == ("SELECT a %% %(b)s FROM t", {"b": 7})


def test_a_set_of_keys_travels_as_one_array() -> None:
    """The JSON array of the one engine is an array of the other."""
    _, values = worded("SELECT a FROM t WHERE a IN (SELECT value FROM json_each(:keys))").bind(
        {"keys": '["a", "b"]'}
    )
    assert values["keys"] == ["a", "b"]


@pytest.mark.parametrize(("state", "answer"), [(None, "TRUE"), ("open", "FALSE")])
def test_whether_a_parameter_is_null_is_answered_before_it_is_sent(state: str | None, answer: str) -> None:
    """A null has no type, and the server would guess one."""
    text, values = worded("SELECT a FROM t WHERE (:state IS NULL OR t.state = :state)").bind({"state": state})
    assert text == f"SELECT a FROM t WHERE ({answer} OR t.state = %(state)s)"
    assert values == {"state": state}


def test_the_text_index_becomes_conditions_on_the_searched_text() -> None:
    """0004: each part anywhere; signs that LIKE knows stand for themselves; marks of branches are left out."""
    statement = worded(
        "SELECT t.a FROM t_search CROSS JOIN t INDEXED BY t_brief"
        " WHERE t_search MATCH :match AND t.row_no = t_search.rowid AND t.b = :b ORDER BY t_search.rowid DESC"
    )
    text, values = statement.bind({"match": '("50%_\\" AND "o""b") AND ("\ue000" OR "\ue001")', "b": 1})
    assert text == (
        "SELECT t.a FROM t WHERE (( t.search_text LIKE %(match_0)s AND t.search_text LIKE %(match_1)s )"
        " AND ( TRUE OR TRUE )) AND t.b = %(b)s ORDER BY t.row_no DESC"
    )
    assert (values["match_0"], values["match_1"]) == ("%50\\%\\_\\\\%", '%o"b%')


def test_what_is_no_expression_is_refused() -> None:
    """Nothing of a query reaches the statement unless it is a part in quotes."""
    with pytest.raises(ValueError, match="no text-index expression"):
        match_condition('"a" OR 1=1', "t.search_text", "match")
