"""What is said of a file that can't be looked into."""

from objstore.repository.insides import Inside


def test_the_file_is_named_once() -> None:
    assert Inside("t.csv", "t.csv", None, "t.csv can't be compared: it is empty").told("data/") == "t.csv can't be compared: it is empty"
    assert Inside("t", "t", None, "the old table has no column 'id'").told("data/") == "data/t: the old table has no column 'id'"
