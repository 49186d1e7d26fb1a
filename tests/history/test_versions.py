import pytest

from objstore.errors import ConflictError, InvalidInputError, NotFoundError
from objstore.history.facts import (
    describe,
    remove_aliases,
    rename,
    set_aliases,
    set_default_ttl,
    set_metadata,
    set_tags,
    set_ttl,
)
from objstore.history.parts import add_part, find_pending, finish_parts, pending_id
from objstore.history.purging import purgeable
from objstore.history.records import GcRecord, RunRef, SegmentsRecord, Source
from objstore.history.state import State
from objstore.history.versions import delete_version, log_version, restore_version
from objstore.values.digest import plain

A, B, C = (plain(name) for name in (b"a", b"b", b"c"))
SEGMENT = "5" * 64


class Project:
    """A state that plans are made for and applied to."""

    def __init__(self):
        self.state = State()

    def do(self, plan, *args, **options):
        records = plan(self.state, *args, **options)
        if records:
            self.state.apply(self.state.position + 1, records)
        return records

    def log(self, root, name="ds", type_="dataset", **options):
        return self.do(log_version, name, type_, root=root, files=1, bytes=2, **options)

    def aliases(self, name="ds"):
        return self.state.collection(name).aliases


@pytest.fixture
def project():
    return Project()


def test_the_first_log_makes_the_collection_v0_and_latest(project):
    source, run = Source("e" * 32, B.hex()), RunRef("a" * 32, "r")
    project.log(
        A, description="d", metadata={"a": (1,)}, aliases=["prod", "latest"], tags=["x"], segments=[SEGMENT], source=source, run=run, ttl=60
    )
    version = project.state.version("ds")
    assert project.aliases() == {"latest": 0, "prod": 0}
    assert (version.root, version.description, version.metadata, version.tags) == (A, "d", {"a": [1]}, ("x",))
    assert (version.source, version.run, version.ttl) == (source, run, 60)
    assert project.state.segments == [SEGMENT]


def test_changed_content_is_the_next_version(project):
    project.log(A, aliases=["prod"])
    project.log(B)
    assert project.aliases() == {"latest": 1, "prod": 0}


def test_unchanged_content_is_no_new_version(project):
    project.log(A, metadata={"a": 1}, description="first")
    assert project.log(A, metadata={"a": 2}, description="second", ttl=5) == []
    version = project.state.version("ds")
    assert (version.metadata, version.description, version.ttl) == ({"a": 1}, "first", 0)


def test_content_of_any_live_version_moves_latest_and_the_given_aliases_there(project):
    project.log(A, tags=["x"])
    project.log(B, aliases=["prod"])
    project.log(A, aliases=["prod", "best"], tags=["x", "y"], segments=[SEGMENT])
    assert project.aliases() == {"latest": 0, "prod": 0, "best": 0}
    assert project.state.version("ds").tags == ("x", "y")
    assert project.state.segments == [SEGMENT]


def test_new_segments_are_named_even_if_nothing_else_is_new(project):
    project.log(A)
    (record,) = project.log(A, segments=[SEGMENT])
    assert isinstance(record, SegmentsRecord)


def test_content_of_a_deleted_version_is_a_new_version(project):
    project.log(A)
    project.do(delete_version, "ds", "v0", delete_aliases=True)
    project.log(A)
    assert project.state.version("ds").number == 1


def test_another_type_is_refused_and_changes_nothing(project):
    project.log(A)
    with pytest.raises(InvalidInputError, match="ds has type dataset, not model"):
        project.log(B, type_="model")
    assert project.state.position == 1


@pytest.mark.parametrize(
    "bad", [{"name": "a/b"}, {"type_": ""}, {"aliases": ["v3"]}, {"tags": [""]}, {"metadata": {"a": float("inf")}}, {"metadata": []}]
)
def test_what_is_against_the_rules_is_refused_and_changes_nothing(project, bad):
    with pytest.raises(InvalidInputError):
        project.log(A, **bad)
    assert project.state.position == 0


def test_a_version_with_aliases_is_only_deleted_with_them(project):
    project.log(A, aliases=["prod"])
    with pytest.raises(ConflictError, match="latest, prod"):
        project.do(delete_version, "ds", "v0")
    project.do(delete_version, "ds", "v0", delete_aliases=True)
    assert project.aliases() == {}
    with pytest.raises(NotFoundError, match="restore ds:v0"):
        project.do(delete_version, "ds", "v0")


def test_a_version_without_aliases_is_deleted_and_restored(project):
    project.log(A)
    project.log(B)
    project.do(delete_version, "ds", "v0")
    assert [version.number for version in project.state.collection("ds").live()] == [1]
    project.do(restore_version, "ds", "v0")
    assert project.state.version("ds", "v0").root == A
    with pytest.raises(ConflictError, match="isn't deleted"):
        project.do(restore_version, "ds", "v0")


def test_after_the_newest_is_deleted_there_is_no_latest_until_the_next(project):
    project.log(A)
    project.log(B)
    project.do(delete_version, "ds", "latest", delete_aliases=True)
    with pytest.raises(NotFoundError, match="no alias latest"):
        project.state.version("ds")
    project.log(C)
    assert project.state.version("ds").number == 2


def test_a_version_is_not_restored_beside_its_twin(project):
    project.log(A)
    project.do(delete_version, "ds", "v0", delete_aliases=True)
    project.log(A)
    with pytest.raises(ConflictError, match="ds:v0 has the content of v1, which is live"):
        project.do(restore_version, "ds", "v0")


def test_a_version_that_gc_has_collected_is_not_restored(project):
    project.log(A)
    project.do(delete_version, "ds", "v0", delete_aliases=True)
    (purged,) = purgeable(project.state)
    project.state.apply(3, [GcRecord(condemned=("ab" * 32,), purged=(purged.source,))])
    with pytest.raises(ConflictError, match="collected by gc"):
        project.do(restore_version, "ds", "v0")


def test_aliases_are_set_moved_and_removed(project):
    project.log(A)
    project.log(B)
    project.do(set_aliases, "ds", "v0", ["prod", "best", "prod"])
    assert project.do(set_aliases, "ds", "v0", ["prod"]) == []
    project.do(set_aliases, "ds", "prod", ["latest"])
    assert project.aliases() == {"latest": 0, "prod": 0, "best": 0}
    project.do(remove_aliases, "ds", ["prod", "latest"])
    assert project.aliases() == {"best": 0}
    with pytest.raises(NotFoundError, match="no alias 'prod'; it has best"):
        project.do(remove_aliases, "ds", ["prod"])
    with pytest.raises(InvalidInputError):
        project.do(set_aliases, "ds", "v0", ["v1"])


def test_tags_are_added_and_removed(project):
    project.log(A, tags=["x"])
    project.do(set_tags, "ds", "v0", add=["y", "x"], remove=["never"])
    assert project.state.version("ds").tags == ("x", "y")
    project.do(set_tags, "ds", "v0", remove=["x"])
    assert project.state.version("ds").tags == ("y",)
    with pytest.raises(InvalidInputError, match="both"):
        project.do(set_tags, "ds", "v0", add=["z"], remove=["z"])


def test_descriptions_metadata_and_ttl_are_replaced_and_saving_the_same_appends_nothing(project):
    project.log(A, metadata={"a": 1, "b": 2})
    for plan, args in [
        (describe, ("ds", None, "all of it")),
        (describe, ("ds", "v0", "the first")),
        (set_metadata, ("ds", "v0", {"a": 1.0})),
        (set_metadata, ("ds", "v0", {"a": True})),
        (set_ttl, ("ds", "v0", 9)),
        (set_default_ttl, (9,)),
    ]:
        assert len(project.do(plan, *args)) == 1
        assert project.do(plan, *args) == []
    version = project.state.version("ds")
    assert (version.description, version.metadata, version.ttl) == ("the first", {"a": True}, 9)
    assert project.state.collection("ds").description == "all of it"


def test_a_ttl_is_positive(project):
    project.log(A)
    for plan, args in [(set_ttl, ("ds", "v0", -1)), (set_default_ttl, (-1,)), (set_default_ttl, (0,)), (log_ttl, ())]:
        with pytest.raises(InvalidInputError):
            project.do(plan, *args)


def log_ttl(state):
    return log_version(state, "ds", "dataset", root=B, files=0, bytes=0, ttl=-5)


def test_a_collection_is_renamed_unless_the_name_is_in_use(project):
    project.log(A)
    project.log(B, name="model", type_="model")
    assert project.do(rename, "ds", "ds") == []
    with pytest.raises(ConflictError, match="of type model"):
        project.do(rename, "ds", "model")
    with pytest.raises(InvalidInputError):
        project.do(rename, "ds", "a/b")
    project.do(rename, "ds", "images")
    assert project.state.version("images").root == A
    with pytest.raises(NotFoundError):
        project.state.collection("ds")


@pytest.mark.parametrize(
    "plan",
    [
        lambda state: set_aliases(state, "ds", "v0", ["a"]),
        lambda state: remove_aliases(state, "ds", ["a"]),
        lambda state: set_tags(state, "ds", "v0", add=["a"]),
        lambda state: describe(state, "ds", None, "x"),
        lambda state: set_metadata(state, "ds", "v0", {}),
        lambda state: set_ttl(state, "ds", "v0", 1),
        lambda state: rename(state, "ds", "x"),
        lambda state: delete_version(state, "ds", "v0"),
        lambda state: restore_version(state, "ds", "v0"),
        lambda state: finish_parts(state, "p", A, []),
    ],
)
def test_nothing_is_planned_about_what_is_not_there(plan):
    with pytest.raises(NotFoundError):
        plan(State())


def test_parts_of_many_writers_are_finished_in_the_entry_of_their_version(project):
    id_ = pending_id("ds", "group-1")
    for writer, root in (("w0", A), ("w1", B)):
        project.do(add_part, id_, "ds", "dataset", writer=writer, root=root, files=1, bytes=2, segments=[SEGMENT])
    assert {part.root for part in find_pending(project.state, id_).parts.values()} == {A, B}
    project.do(lambda state: finish_parts(state, id_, C, log_version(state, "ds", "dataset", root=C, files=2, bytes=4)))
    assert project.state.version("ds").root == C
    assert project.state.pendings == {}
    project.do(add_part, id_, "ds", "dataset", writer="w0", root=A, files=1, bytes=2)
    project.do(lambda state: finish_parts(state, id_, C, log_version(state, "ds", "dataset", root=C, files=2, bytes=4)))
    assert project.state.pendings == {}


def test_parts_of_one_pending_version_agree_on_collection_and_type(project):
    project.log(A, name="model", type_="model")
    project.do(add_part, "p", "ds", "dataset", writer="w0", root=A, files=1, bytes=2)
    for name, type_ in (("ds", "model"), ("other", "dataset")):
        with pytest.raises(ConflictError):
            project.do(add_part, "p", name, type_, writer="w1", root=B, files=1, bytes=2)
    with pytest.raises(InvalidInputError, match="model has type model"):
        project.do(add_part, "q", "model", "dataset", writer="w0", root=A, files=1, bytes=2)
