"""Values of cells as people are shown them."""

from objstore.cli.cells import cell, cells, named


def test_short_values_are_shown_whole() -> None:
    assert (cell(None), cell(""), cell(1.5), cell("x" * 32)) == ("null", "''", "1.5", "x" * 32)
    assert (named(""), named("price")) == ("''", "price")
    assert cells("a" * 31 + "x", "a" * 31 + "y") == ("a" * 31 + "x", "a" * 31 + "y")


def test_a_long_value_is_cut() -> None:
    assert cell("x" * 33) == "x" * 31 + "…" == named("x" * 33)


def test_of_long_values_is_shown_where_they_differ() -> None:
    old, new = "lorem ipsum " * 20 + "old end" + "z" * 50, "lorem ipsum " * 20 + "new"
    assert cells(old, new) == ("…lorem ipsum old end" + "z" * 11 + "…", "…lorem ipsum new")
    assert cells("x" * 40, "y" + "x" * 39) == ("x" * 31 + "…", "y" + "x" * 30 + "…")
    assert cells("x" * 40, "x" * 41) == ("…" + "x" * 12, "…" + "x" * 13)
