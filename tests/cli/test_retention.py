"""`objstore ttl, expire, prune-versions`, and what show, gc and restore say of it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from objstore.history.parts import add_part
from objstore.history.records import Record
from objstore.history.state import State
from objstore.host import clock
from objstore.repository.project import Project
from tests.cli.conftest import Cli
from tests.cli.test_sharing import At, ann, bob, upstream
from tests.servers.bucket import Bucket

__all__ = ["ann", "bob", "upstream"]  # fixtures

Later = Callable[[float], datetime]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Sets the clock forward by days."""

    def set_forward(days: float) -> datetime:
        time = clock.now() + timedelta(days=days)
        monkeypatch.setattr(clock, "now", lambda: time)
        return time

    return set_forward


def again(cli: Cli, content: str) -> None:
    cli.write("images/cat.png", content)
    cli("add", "images", "--no-pin", "-n", "images")


# -- ttl ---------------------------------------------------------------------------------------------------------------


def test_versions_live_for_ever_unless_told_otherwise(images: Cli) -> None:
    assert images("ttl").out == "default  never\n"
    assert images("ttl", "images:v0").out == "images:v0  never (the default)\n"
    assert "ttl" not in images("show", "images").out
    assert images.json("show", "images")["expires"] is None


def test_the_default_is_set_and_shown(images: Cli) -> None:
    assert images("ttl", "4w").out == "default  28d\n"
    assert images.json("ttl") == {"ttl": 28 * 86_400}
    created = datetime.fromisoformat(images.json("show", "images")["created"])
    until = clock.text_of(created + timedelta(days=28))
    assert images("ttl", "images:v0").out == f"images:v0  28d (the default), until {until}\n"
    assert f"ttl      28d (the default), until {until}" in images("show", "images").lines
    shown = images.json("show", "images")
    assert (shown["ttl"], shown["ttl_is_default"], shown["expires"]) == (28 * 86_400, True, until)
    assert images("ttl", "never").out == "default  never\n"


def test_a_version_has_its_own(images: Cli) -> None:
    images("ttl", "30d")
    assert images("ttl", "images:latest", "90m").out.startswith("images:v0  90m, until ")
    assert images("ttl", "images:v0", "never").out == "images:v0  never\n"
    assert images.json("ttl", "images:v0") == {"name": "images:v0", "ttl": None, "ttl_is_default": False, "expires": None}
    assert images("ttl", "images:v0", "default").out.startswith("images:v0  30d (the default), until ")


def test_a_default_that_makes_versions_expire_at_once_is_told(images: Cli, later: Later) -> None:
    later(10)
    said = images("ttl", "7d")
    assert said.out == "default  7d\n"
    assert "1 version is older than that" in said.err and "expire --dry-run" in said.err
    assert images("ttl", "8d").err == ""  # no news
    assert "the next `objstore expire` or gc deletes it" in images("ttl", "images:v0").out


@pytest.mark.parametrize("words", [["images"], ["7y"], ["0"], ["0s"], ["-1d"], ["default"], ["images:v0", "soon"], ["9" * 30 + "w"]])
def test_what_is_no_time_to_live_is_refused(images: Cli, words: list[str]) -> None:
    images("ttl", *words, code=2)
    assert images("ttl").out == "default  never\n"


def test_a_version_that_isn_t_there_is_not_found(images: Cli) -> None:
    images("ttl", "images:v7", "1d", code=3)


# -- expire ------------------------------------------------------------------------------------------------------------


def test_expire_names_what_it_deletes(images: Cli, later: Later) -> None:
    again(images, "meow")
    images("ttl", "images:v1", "7d")
    images("alias", "images:v1", "prod")
    assert images("expire").out == "nothing has expired\n"
    later(8)
    planned = images("expire", "--dry-run").out
    assert planned.startswith("images:v1  expired 20") and planned.endswith(", with latest, prod\n")
    assert images.json("expire", "--dry-run")["versions"][0]["aliases"] == ["latest", "prod"]
    assert images("expire").lines == [planned[:-1] + "; deleted", "each can be restored until gc"]
    assert [version["version"] for version in images.json("log", "images")] == ["v0"]
    assert images("restore", "images:v1").out == "images:v1  restored; it had expired, and never does again\n"
    assert images("expire").out == "nothing has expired\n"
    assert images("ttl", "images:v1").out == "images:v1  never\n"


def test_a_pin_to_what_has_expired_is_told(images: Cli, later: Later) -> None:
    images("ttl", "7d")
    later(8)
    assert "images is pinned to images:v0" in images("gc", "--dry-run").err
    assert images("expire").err == "warning: images is pinned to images:v0\n"


def test_a_clock_that_is_years_ahead_is_not_believed(images: Cli, later: Later) -> None:
    images("ttl", "7d")
    later(500)
    assert "--trust-clock" in images("expire", code=4).err
    planned = images("expire", "--dry-run")
    assert "images:v0" in planned.out and "nothing is deleted without --trust-clock" in planned.err
    told = images("gc")
    assert told.lines[0] == "images:v0  has expired, but stays" and "--trust-clock" in told.err
    assert images("expire", "--trust-clock").lines[0].endswith("; deleted")


def test_gc_says_what_has_expired(images: Cli, later: Later) -> None:
    again(images, "meow" * 100_000)
    images("ttl", "images:v0", "7d")
    later(8)
    assert images("gc", "--dry-run").lines[:2] == [
        "images:v0  has expired, and would be deleted",
        "images:v0  can't be restored afterwards",
    ]
    assert images.json("gc", "--dry-run")["expired"] == ["images:v0"]
    assert images("gc").lines[:2] == ["images:v0  has expired, and was deleted", "images:v0  can't be restored any more"]
    images("ls", "images:v0", code=3)
    assert images("ls", "images:v1").out


def test_gc_of_a_clone_leaves_what_has_expired_and_gc_of_the_upstream_does_not(ann: At, bob: At, later: Later) -> None:
    ann("ttl", "7d")
    ann("push")
    bob("pull")
    later(8)
    assert bob("gc").lines[:2] == [
        "images:v0  has expired, but stays",
        "gc in a clone deletes no version: `objstore gc --remote` does so upstream, `objstore expire` here",
    ]
    assert bob("expire").lines[-1] == "each can be restored until gc; one that was never pushed, until the next push"
    assert "images:v0" in ann("expire", "--dry-run").out
    bob("push")
    ann("pull")
    assert ann("expire", "--dry-run").out == "nothing has expired\n"


def test_what_expired_upstream_just_now_stays_for_a_while(ann: At, upstream: object, monkeypatch: pytest.MonkeyPatch) -> None:
    ann("push")
    ann("ttl", "1h")
    ann("push")
    there = (clock.now() + timedelta(days=1)).timestamp()
    monkeypatch.setattr("objstore.repository.collector.now_there", lambda _: there)
    said = ann("gc", "--remote").lines
    assert said[:2] == [
        "images:v0  has expired, and was deleted",
        "images:v0  was deleted a short time ago, so it stays; --min-age says how short",
    ]


# -- prune-versions ----------------------------------------------------------------------------------------------------


def test_prune_versions_keeps_the_last_few(images: Cli) -> None:
    for content in ("a", "b", "c"):
        again(images, content)
    assert images("prune-versions", "images", "--keep-last", "2", "--dry-run").lines == [
        "images:v1  would be deleted",
        "images:v0  stays: pinned here",
    ]
    assert images.json("prune-versions", "images", "--keep-last", "2", "--dry-run")["deleted"] == ["images:v1"]
    said = images("prune-versions", "images", "--keep-last", "2").lines
    assert said == ["images:v1  deleted", "images:v0  stays: pinned here", "each can be restored until gc"]
    assert images("prune-versions", "images", "--keep-last", "3").out == "nothing to delete\n"
    assert images("restore", "images:v1").out == "images:v1  restored\n"


def test_prune_versions_refuses_what_has_an_alias_unless_that_may_stay(images: Cli) -> None:
    again(images, "a")
    again(images, "b")
    images("alias", "images:v1", "prod")
    assert "images:v1: keep such versions with --keep-aliased" in images("prune-versions", "images", "--keep-last", "1", code=4).err
    said = images("prune-versions", "images", "--keep-last", "1", "--keep-aliased").lines
    assert said == ["images:v0  stays: pinned here", "images:v1  stays: prod", "nothing to delete"]


@pytest.mark.parametrize("words", [[], ["--keep-last", "0"], ["--keep-last", "x"]])
def test_prune_versions_must_be_told_how_many_stay(images: Cli, words: list[str]) -> None:
    images("prune-versions", "images", *words, code=2)


def test_prune_versions_is_of_a_collection(images: Cli) -> None:
    images("prune-versions", "images:v0", "--keep-last", "1", code=2)
    images("prune-versions", "cats", "--keep-last", "1", code=3)


# -- in a bucket -------------------------------------------------------------------------------------------------------


def test_all_of_it_works_in_a_bucket(images: Cli, s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, option in {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}.items():
        monkeypatch.setenv(name, str(s3.options[option]))
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
    again(images, "a")
    again(images, "b")
    url = s3.place()
    images("remote", "add", "origin", url)
    images("push")
    there = ("-C", url)
    said = images(*there, "prune-versions", "images", "--keep-last", "2").lines
    assert said == ["images:v0  deleted", "each can be restored until gc"]
    assert images(*there, "ttl", "images:v1", "7d").out.startswith("images:v1  7d, until ")
    assert images(*there, "ttl", "1h").out == "default  1h\n"
    monkeypatch.setattr("objstore.repository.gcplan.clock", lambda _: (clock.now() + timedelta(days=2)).timestamp())
    assert images(*there, "expire").lines[0].startswith("images:v2  expired ")
    assert [version["version"] for version in images.json(*there, "log", "images")] == ["v1"]


# -- parts of a version that nobody has finished -----------------------------------------------------------------------


def part(cli: Cli, name: str, writer: str) -> None:
    with Project.find(cli.folder) as project:
        version = project.state.version("images")

        def decide(state: State) -> list[Record]:
            sizes = {"files": version.files, "bytes": version.bytes}
            return add_part(state, f"{name}/run-7", name, "dataset", writer=writer, root=version.root, **sizes)

        with project.writing():
            project.commit(decide)


def test_parts_are_listed_and_given_up_after_a_week(images: Cli, later: Later) -> None:
    for writer in ("ann", "bob"):
        part(images, "images", writer)
    part(images, "new", "ann")
    collection, *parts = images("list").lines
    assert collection.split()[:4] == ["images", "dataset", "1", "version"]
    assert [" ".join(line.split()[:4]) for line in parts] == ["images dataset parts (2", "new dataset parts (1"]
    assert parts[0].endswith("images/run-7") and parts[1].endswith("new/run-7")
    assert images("list", "-t", "model").out == ""
    assert images.json("list")[0]["parts"] == {"images/run-7": ["ann", "bob"]}
    later(6)
    assert images("expire").out == "nothing has expired\n"
    later(8)
    said = ["images/run-7 (2 writers)", "new/run-7 (1 writer)"]
    assert images("expire", "--dry-run").lines == [f"parts of {name}  none was added for 7 days" for name in said]
    assert images.json("gc", "--dry-run")["given_up"] == said
    assert images("gc", "--dry-run").lines[:2] == [f"parts of {name}  would be given up: none was added for 7 days" for name in said]
    assert images("gc").lines[:2] == [f"parts of {name}  were given up: none was added for 7 days" for name in said]
    assert len(images("list").lines) == 1
    assert images.json("list")[0]["parts"] == {}
