"""Sharing through an upstream, as people do it: remotes, push, fetch, pull, clone; and going on without the upstream."""

import shutil
import threading
import time
from pathlib import Path

import pytest

from tests.cli.conftest import CONTENT, Cli, Ended, ran
from tests.servers.bucket import Bucket
from tests.servers.process import free_ports


class At(Cli):
    """Commands in a folder that needn't be the current one."""

    def __call__(self, *words: str, code: int = 0, input: str | None = None) -> Ended:
        return super().__call__("-C", str(self.folder), *words, code=code, input=input)


@pytest.fixture
def ann(images: Cli) -> At:
    """A repository with `images:v0`, whose upstream is the folder `upstream` beside it."""
    ann = At(images.folder)
    ann("remote", "add", "origin", str(ann.folder / "upstream"))
    return ann


@pytest.fixture
def upstream(ann: At) -> Path:
    """Ann has pushed."""
    ann("push")
    return ann.folder / "upstream"


@pytest.fixture
def bob(upstream: Path, tmp_path: Path) -> At:
    """A clone."""
    At(tmp_path)("clone", str(upstream), "bob")
    return At(tmp_path / "bob")


def add(who: At, text: str, *words: str) -> Ended:
    """A version of `images` with another text in a file."""
    shutil.rmtree(who.folder / "images", ignore_errors=True)
    who.fill()
    who.write("images/text", text)
    return who("add", str(who.folder / "images"), *words)


# -- every day ---------------------------------------------------------------------------------------------------------


def test_what_one_pushes_the_other_pulls(ann: At, tmp_path: Path) -> None:
    pushed = ann("push").lines
    assert pushed[0] == "images:v0"
    assert pushed[1].startswith("sent 2 records and ") and pushed[1].endswith(" to upstream")
    cloned = At(tmp_path)("clone", str(ann.folder / "upstream"), "bob").out
    assert cloned.startswith(f"cloned upstream into {tmp_path / 'bob'}: 1 version, ")
    bob = At(tmp_path / "bob")
    assert bob("cat", "images", "cat.png").out == CONTENT["cat.png"]
    add(bob, "from bob", "-a", "best")
    assert bob("push").lines[0] == "images:v1"
    pulled = ann.json("pull")
    assert (pulled["entries"], pulled["renumbered"], pulled["conflicts"]) == (1, [], [])
    assert ann("cat", "images:best", "text").out == "from bob"
    assert ann.json("log", "images") == bob.json("log", "images")


def test_nothing_to_do_is_said(ann: At, bob: At, upstream: Path) -> None:
    assert bob("push").out == "upstream has everything already\n"
    assert bob("fetch").out == "upstream: nothing new\n"
    assert bob("pull").out == "upstream: nothing new, 0 B of data\n"
    add(ann, "more")
    ann("push")
    bob("fetch")
    assert bob("pull").out.endswith(" of data, of versions known already\n")


def test_other_numbers_are_told(ann: At, bob: At) -> None:
    add(ann, "from ann")
    add(bob, "from bob")
    ann("push")
    assert bob("fetch").lines[0] == "images: v1 → v2"
    assert bob("push").lines[0] == "images:v2"
    assert bob("cat", "images:v1", "text").out == "from ann"


def test_other_numbers_are_told_by_a_push_that_is_refused(ann: At, bob: At) -> None:
    add(ann, "from ann", "-a", "best")
    add(bob, "from bob", "-a", "best")
    ann("push")
    refused = ran(["push", "--json"], bob.folder)
    assert (refused.code, refused.out) == (4, "")
    assert refused.err.splitlines()[0] == "warning: images: v1 → v2"
    assert "images:best (yours: v2, upstream: v1)" in refused.err


def test_fetch_brings_no_data_and_reading_does(ann: At, bob: At, upstream: Path) -> None:
    add(ann, "new" * 1000)
    ann("push")
    bob("fetch")
    assert [line.split()[-1] for line in bob("ls", "images").lines] == ["cat.png", "dog.png", "labels/", "text"]
    hidden = upstream.rename(upstream.with_name("hidden"))
    assert "is the disk mounted?" in bob("cat", "images", "text", code=6).err
    assert bob("cat", "images:v0", "cat.png").out == CONTENT["cat.png"]
    hidden.rename(upstream)
    assert bob("cat", "images", "text").out == "new" * 1000
    bob("pull", "images", "--path", "text")
    upstream.rename(hidden)
    assert bob("cat", "images", "text").out == "new" * 1000


def test_one_version_or_a_part_of_it_is_pulled(ann: At, tmp_path: Path, upstream: Path) -> None:
    add(ann, "second")
    ann("push")
    At(tmp_path)("clone", str(upstream), "carl", "--no-data")
    carl = At(tmp_path / "carl")
    assert carl.json("pull", "images:v0", "--path", "labels")["objects"] == 1
    upstream.rename(upstream.with_name("hidden"))
    assert carl("cat", "images:v0", "labels/train.csv").out == CONTENT["labels/train.csv"]
    carl("cat", "images:v0", "cat.png", code=6)
    upstream.with_name("hidden").rename(upstream)
    assert "has no version v7" in carl("pull", "images:v7", code=3).err
    assert "images:v0 has no nothing; `objstore ls images:v0`" in carl("pull", "images:v0", "--path", "nothing", code=3).err
    carl("pull", "images", "images:v0", "--path", "x", code=2)
    carl("pull", "--ours", "--theirs", code=2)


def test_both_moving_an_alias_is_decided_by_the_user(ann: At, bob: At) -> None:
    add(ann, "1", "-a", "prod")
    ann("push")
    bob("alias", "images:v0", "prod")
    told = bob("pull").err
    assert "images:prod (yours: v0, upstream: v1)" in told and "--ours" in told
    assert "images:prod" in bob("push", code=4).err
    assert bob.json("pull", "--theirs")["conflicts"] == []
    assert bob("push").out == "upstream has everything already\n"
    bob("alias", "images:v0", "prod")
    ann("alias", "-d", "images:prod", "prod")
    ann("push")
    assert bob.json("pull", "--ours")["conflicts"] == []
    bob("push")
    ann("pull")
    assert {version["version"]: version["aliases"] for version in ann.json("log", "images")}["v0"] == ["prod"]


def test_a_collection_of_another_type_gets_another_name(ann: At, bob: At) -> None:
    ann("add", str(ann.fill("new")), "-t", "model")
    ann("push")
    bob("add", str(bob.fill("new")), "-t", "dataset")
    assert bob("push").lines[:3] == [
        "new:v0 → new-dataset:v0",
        "new is new-dataset now: the upstream has a new of another type",
        "new-dataset:v0",
    ]
    assert {item["name"] for item in bob.json("list")} == {"images", "new", "new-dataset"}


def test_changes_without_effect_are_told(ann: At, bob: At) -> None:
    add(ann, "1")
    ann("rm", "images:v0")
    ann("push")
    bob("alias", "images:v0", "prod", "latest")
    told = bob("push")
    assert "prod isn't put on images:v0: it was deleted upstream" in told.err


def test_what_was_removed_before_a_push_is_said_to_be_gone_with_it(ann: At, bob: At) -> None:
    assert bob("rm", "--aliases", "images:v0").out.endswith("brings it back until gc\n")
    bob("restore", "images:v0")
    add(bob, "from bob")
    assert "until a push, which leaves it out" in bob("rm", "--aliases", "images:v1").out
    bob("push")
    bob("restore", "images:v1", code=3)


def test_a_dry_run_only_says(ann: At, bob: At, upstream: Path) -> None:
    before = sorted(upstream.rglob("*"))
    add(bob, "new")
    said = bob("push", "--dry-run").lines
    assert said[0] == "images:v1"
    assert said[-1].startswith("would send 1 record and ")
    assert bob.json("push", "--dry-run")["dry_run"]
    assert sorted(upstream.rglob("*")) == before
    assert bob("push").lines[0] == "images:v1"


# -- remotes -----------------------------------------------------------------------------------------------------------


def test_remotes_are_added_listed_and_removed(cli: Cli, tmp_path: Path) -> None:
    assert cli("remote", "list").out == ""
    assert "objstore remote add origin" in cli("push", code=3).err
    cli("remote", "add", "origin", str(tmp_path / "a"))
    cli("remote", "add", "backup", str(tmp_path / "b"))
    assert cli("remote", "list").lines == ["backup  ../b", "origin  ../a"]
    assert cli.json("remote", "list")[1] == {"name": "origin", "url": str(tmp_path / "a"), "options": []}
    assert "already" in cli("remote", "add", "origin", str(tmp_path / "c"), code=4).err
    cli("remote", "add", "origin", str(tmp_path / "a"))
    cli("remote", "remove", "backup")
    assert "there is origin" in cli("remote", "remove", "backup", code=3).err
    assert cli("remote", "check").out.endswith("ready for a first push\n")
    assert [path for path in tmp_path.glob("a/**/*") if path.is_file()] == []
    assert cli("push", "--dry-run").out == "../a gets nothing yet, since nothing was added here\n"


@pytest.mark.parametrize("url", ["", "s3://", "s3:/bucket/x", "nothing://x", "s3://key:secret@bucket/x", "file://relative"])
def test_an_address_that_can_t_be_one_is_refused(cli: Cli, url: str) -> None:
    assert "secret" not in cli("remote", "add", "origin", url, code=2).err
    assert cli("remote", "list").out == ""


def test_a_place_of_another_project_is_refused(ann: At, upstream: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = At(tmp_path / "other")
    other("init")
    assert "another project" in other("remote", "add", "origin", str(upstream), code=4).err
    other("remote", "add", "origin", str(upstream), "--no-check")
    for words in (["push"], ["fetch"], ["pull"], ["remote", "check"]):
        assert "another project" in other(*words, code=4).err


def test_a_folder_with_other_things_in_it_is_refused(ann: At, tmp_path: Path) -> None:
    for number, name in enumerate((".objstore/config.toml", "table.csv", "packs.csv")):
        place = tmp_path / f"place{number}"
        (place / name).parent.mkdir(parents=True)
        (place / name).touch()
        assert "other things" in ann("remote", "add", "mirror", str(place), code=4).err
        ann("remote", "add", "origin", str(place), "--no-check", code=4)
        ann("remote", "remove", "origin")
        ann("remote", "add", "origin", str(place), "--no-check")
        assert "other things" in ann("push", "--dry-run", code=4).err
        assert "other things" in ann("push", code=4).err
        assert not (place / "objstore.json").exists()
    (tmp_path / "file").touch()
    assert "is a file" in ann("remote", "add", "mirror", str(tmp_path / "file"), code=2).err
    (tmp_path / "disk/lost+found").mkdir(parents=True)
    ann("remote", "remove", "origin")
    ann("remote", "add", "origin", str(tmp_path / "disk"))
    ann("push")


def test_a_check_of_an_upstream_that_has_gone_fails_and_makes_nothing(ann: At, upstream: Path) -> None:
    assert ann("remote", "check").out.endswith("ready\n")
    shutil.rmtree(upstream)
    assert "there is no project at" in ann("remote", "check", code=6).err
    assert not upstream.exists()


def test_an_upstream_is_moved_by_way_of_a_mirror(ann: At, bob: At, tmp_path: Path) -> None:
    bob("remote", "remove", "origin")
    bob("remote", "add", "origin", str(tmp_path / "elsewhere"))
    assert "`objstore remote --help`" in bob("push", code=6).err
    assert "how" not in bob("remote", "remove", "origin").err
    bob("remote", "add", "new", str(tmp_path / "elsewhere"))
    assert "the upstream" in bob("push", "--remote", "new", code=3).err  # what is here isn't packed as its log says
    assert not (tmp_path / "elsewhere" / "objstore.json").exists()
    ann("remote", "add", "new", str(tmp_path / "elsewhere"))
    assert ann.json("push", "--remote", "new", "--dry-run")["dry_run"]
    assert not (tmp_path / "elsewhere" / "objstore.json").exists()
    ann("push", "--remote", "new")
    bob("remote", "add", "origin", str(tmp_path / "elsewhere"))
    add(bob, "from bob")
    assert bob("push").lines[0] == "images:v1"


def test_a_mirror_of_an_upstream_with_holes_is_told_of(ann: At, upstream: Path, tmp_path: Path) -> None:
    shutil.rmtree(upstream / "packs")
    ann("remote", "add", "mirror", str(tmp_path / "mirror"))
    assert "its log isn't copied; `objstore push --verify`" in ann("push", "--remote", "mirror", code=5).err
    ann("push", "--verify")
    assert ann("push", "--remote", "mirror").err == ""
    assert "no problems" in At(tmp_path / "mirror")("fsck").out


def test_a_url_is_no_folder(cli: Cli) -> None:
    for words in (["init"], ["clone", "x"], ["get", "images"]):
        assert "is a URL" in cli(*words, "s3://bucket/x", code=2).err
    assert not (cli.folder / "s3:").exists()


def test_a_remote_that_is_a_clone_is_refused(bob: At, tmp_path: Path) -> None:
    place = next((bob.folder / ".objstore").glob("*/*/objstore.json")).parent
    carl = At(tmp_path)
    assert "clone itself" in carl("clone", str(place), "carl", code=4).err
    assert not (tmp_path / "carl").exists()


def test_options_are_kept_from_others_and_never_shown(cli: Cli, s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    options = [word for key, value in s3.options.items() for word in ("-o", f"{key}={value}")]
    cli("remote", "add", "origin", s3.place(), *options)
    secret = str(s3.options["secret"])
    said = cli("remote", "list").out + cli("remote", "list", "--json").out + cli("remote", "check").out
    assert secret not in said and "secret" in said
    (file,) = (cli.folder / ".objstore").rglob("remotes.toml")
    assert secret in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


WRONG = {
    "secret": "wrong or missing credentials for s3://bucket/",
    "bucket": "the bucket of s3://nowhere/vision doesn't exist",
    "network": "connection refused",
    "rights": "may not write ",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_with_an_upstream_is_told_in_one_line_soon(images: Cli, s3: Bucket, tmp_path: Path, wrong: str) -> None:
    url, options = s3.place(), {**s3.options}
    if wrong == "secret":
        options["secret"] = "hushhush"
    elif wrong == "bucket":
        url = "s3://nowhere/vision"
    elif wrong == "network":
        options["endpoint_url"] = f"http://127.0.0.1:{free_ports(1)[0]}"
    else:
        options = {**s3.readonly}
    who = At(images.folder)
    given = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    who("remote", "add", "origin", url, "--no-check", *given)
    writing, reading = [["push"], ["remote", "check"]], [["pull"], ["clone", url, str(tmp_path / "new"), *given]]
    for command in writing + (reading if wrong != "rights" else []):
        began = time.monotonic()
        said = who(*command, code=6)
        assert WRONG[wrong] in said.err and "hushhush" not in said.err + said.out
        assert time.monotonic() - began < 20
    assert not (tmp_path / "new").exists()


def test_a_secret_that_was_given_without_its_name_is_not_shown(cli: Cli) -> None:
    said = cli("remote", "add", "origin", "s3://bucket/place", "-o", "key=K", "-o", "hushhush", code=2)
    assert "hush" not in said.err and "option 2" in said.err


# -- clone -------------------------------------------------------------------------------------------------------------


def test_a_clone_that_can_t_be_made_leaves_nothing(ann: At, upstream: Path, tmp_path: Path) -> None:
    who = At(tmp_path)
    who("clone", str(tmp_path / "nothing"), "new", code=3)
    assert not (tmp_path / "new").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    who("clone", str(upstream), "full", code=4)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["file"]
    who("clone", str(upstream), "full/file", code=2)


def test_a_clone_is_called_as_its_upstream_unless_told(ann: At, upstream: Path, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    At(tmp_path / "here")("clone", str(upstream))
    assert At(tmp_path / "here/upstream")("list").out
    (tmp_path / "empty").mkdir()
    At(tmp_path)("clone", str(upstream), "empty")
    assert At(tmp_path / "empty")("list").out


def test_two_pushes_in_one_clone_at_once_wait_for_each_other(ann: At, bob: At) -> None:
    add(bob, "new")
    ended: list[Ended] = []
    threads = [threading.Thread(target=lambda: ended.append(ran(["push"], bob.folder))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [item.code for item in ended] == [0, 0]
    assert sorted(item.out.splitlines()[0].startswith("images:v1") for item in ended) == [False, True]
    assert len(ann.json("pull")["renumbered"]) == 0
    assert len(ann.json("log", "images")) == 2


# -- without the upstream ----------------------------------------------------------------------------------------------


@pytest.fixture(params=["folder", "bucket"])
def offline(request: pytest.FixtureRequest, images: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> At:
    """A clone without data, whose upstream has gone."""
    ann = At(images.folder)
    if request.param == "folder":
        url, options = str(tmp_path / "upstream"), []
    else:
        bucket: Bucket = request.getfixturevalue("s3")
        url, options = bucket.place(), [word for key, value in bucket.options.items() for word in ("-o", f"{key}={value}")]
    ann("remote", "add", "origin", url, *options)
    ann("tag", "images:v0", "good")
    ann("push")
    At(tmp_path)("clone", url, "bob", "--no-data", *options)
    bob = At(tmp_path / "bob")
    if request.param == "folder":
        (tmp_path / "upstream").rename(tmp_path / "hidden")
    else:
        (file,) = (bob.folder / ".objstore").rglob("remotes.toml")
        file.write_text(file.read_text().replace(bucket.endpoint, "http://127.0.0.1:9"))
    return bob


def test_all_that_needs_no_data_works(offline: At) -> None:
    assert offline("list").out.startswith("images")
    assert offline("log", "images").out.startswith("v0")
    assert "good" in offline("show", "images").out
    assert [line.split()[-1] for line in offline("ls", "images:v0").lines] == ["cat.png", "dog.png", "labels/"]
    added = add(offline, "mine", "-a", "mine")
    assert added.out.startswith("images:v1")
    assert "text" in offline("diff", "images:v0", "images:v1", code=1).out
    for words in (
        ["alias", "images:v0", "old"],
        ["tag", "images:v0", "tagged"],
        ["describe", "images:v0", "described"],
        ["rename", "images", "pictures"],
        ["rename", "pictures", "images"],
        ["rm", "images:v0", "--aliases"],
        ["restore", "images:v0"],
        ["gc", "--dry-run"],
        ["gc"],
        ["fsck"],
        ["du"],
        ["status"],
    ):
        offline(*words)
    assert offline("cat", "images:mine", "text").out == "mine"
    assert offline("get", "images:mine", str(offline.folder / "out")).code == 0
    assert (offline.folder / "out/cat.png").read_text() == CONTENT["cat.png"]


def test_what_needs_it_says_so(offline: At) -> None:
    for words in (["push"], ["pull"], ["cat", "images:v0", "cat.png"], ["get", "images:v0", str(offline.folder / "out")]):
        said = offline(*words, code=6).err
        assert "is the disk mounted?" in said or "can't reach s3://" in said, said
    assert [path for path in (offline.folder / "out").rglob("*") if path.is_file()] == []
