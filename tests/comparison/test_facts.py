"""What is said of two versions."""

import json

from objstore.comparison.facts import Facts, compare_facts


def test_equal_facts_don_t_differ() -> None:
    facts = Facts("text", {"a": {"b": [1, 2]}}, ("x",), ("latest",))
    assert not compare_facts(facts, facts)
    assert compare_facts(facts, facts).rows() == []


def test_another_description_is_told() -> None:
    found = compare_facts(Facts("one"), Facts("two"))
    assert found.description == ("one", "two")
    assert found


def test_metadata_is_compared_value_by_value() -> None:
    old = Facts(metadata={"epochs": 3, "loss": {"train": 0.5, "val": 0.7}, "gone": None})
    new = Facts(metadata={"epochs": 5, "loss": {"train": 0.5, "val": 0.6, "test": 0.9}})
    assert compare_facts(old, new).to_dict()["metadata"] == [
        {"keys": ["epochs"], "old": 3, "new": 5},
        {"keys": ["gone"], "old": None},
        {"keys": ["loss", "test"], "new": 0.9},
        {"keys": ["loss", "val"], "old": 0.7, "new": 0.6},
    ]


def test_lists_are_compared_as_a_whole() -> None:
    (item,) = compare_facts(Facts(metadata={"sizes": [1, 2]}), Facts(metadata={"sizes": [2, 1]})).metadata
    assert (item.old, item.new) == ([1, 2], [2, 1])


def test_an_object_in_place_of_a_value_is_one_difference() -> None:
    (item,) = compare_facts(Facts(metadata={"a": 1}), Facts(metadata={"a": {"b": 1}})).metadata
    assert (item.keys, item.old, item.new) == (("a",), 1, {"b": 1})


def test_true_isn_t_one() -> None:
    assert compare_facts(Facts(metadata={"a": 1}), Facts(metadata={"a": True}))


def test_tags_and_aliases_are_sets() -> None:
    found = compare_facts(Facts(tags=("a", "b"), aliases=("prod",)), Facts(tags=("c", "b"), aliases=("latest", "best")))
    assert (found.tags.added, found.tags.removed) == (["c"], ["a"])
    assert (found.aliases.added, found.aliases.removed) == (["best", "latest"], ["prod"])


def test_the_dict_is_json_and_the_rows_are_for_people() -> None:
    found = compare_facts(Facts("", {"a": 1}, ("x",)), Facts("new", {"b": "t"}, (), ("prod",)))
    assert json.loads(json.dumps(found.to_dict())) == {
        "description": {"old": "", "new": "new"},
        "metadata": [{"keys": ["a"], "old": 1}, {"keys": ["b"], "new": "t"}],
        "tags": {"added": [], "removed": ["x"]},
        "aliases": {"added": ["prod"], "removed": []},
    }
    assert found.rows() == [
        ("description", "''", "'new'"),
        ("a", "1", ""),
        ("b", "", "'t'"),
        ("tags", "x", ""),
        ("aliases", "", "prod"),
    ]
    assert "&#x27;new&#x27;" in found._repr_html_()
