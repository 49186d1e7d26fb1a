"""What a notebook shows, whatever the values are."""

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from objstore.values import html

HOSTILE = ["<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "a\x1b[31mb\x00\nc", "\udcff", "&amp;", "</td></table>"]


class Seen(HTMLParser):
    """The tags there are, with their attributes, and the text between them."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.said: list[str] = []
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.open.append(tag)
        self.attributes.update(attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)


@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_that_is_shown_is_taken_for_markup(value: str) -> None:
    run = html.run(value, value, [(value, value)], {value: value}, {value: value})
    for made in (html.table([value], [[value]], value, value), html.facts(value, [(value, value)]), run):
        seen = Seen(made)
        assert seen.open == []
        assert seen.tags <= {"p", "b", "table", "thead", "tbody", "tr", "th", "td"}
        assert seen.attributes <= {("style", "text-align:left")}
        assert not any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in made)
        made.encode()


def test_text_is_shown_as_it_is_and_control_characters_by_their_numbers() -> None:
    assert Seen(html.table(["a"], [["<b> é ö & \x1b"]], "note")).said == ["a", "<b> é ö & \\x1b", "note"]


def test_no_more_rows_are_asked_for_than_are_shown() -> None:
    asked = []

    def rows() -> Iterator[list[int]]:
        for number in range(1_000_000):
            asked.append(number)
            yield [number]

    assert html.table(["n"], rows(), "many").count("<tr>") == html.SHOWN_ROWS + 1
    assert len(asked) == html.SHOWN_ROWS


def test_long_values_are_cut_and_many_left_out() -> None:
    assert len(html.facts("x" * 10_000, [("y" * 10_000, "z" * 10_000)])) < 1500
    shown = html.run("p", "n", [], {str(number): number for number in range(1000)}, {})
    assert len(shown) < 5000
    assert "980 more values" in shown


def test_what_is_not_known_is_left_out() -> None:
    assert Seen(html.facts("title", [("a", None), ("b", ""), ("c", 0)])).said == ["title", "c", "0"]
