"""`objstore gc --remote`, as people see it."""

from pathlib import Path

import pytest

from tests.cli.test_sharing import At, add, ann, bob, upstream

__all__ = ["ann", "bob", "upstream"]  # fixtures


@pytest.fixture
def with_garbage(ann: At, bob: At) -> At:
    """Ann's, after something was deleted."""
    add(ann, "large " * 30_000)
    ann("push")
    ann("rm", "images:v1", "--aliases")
    ann("push")
    return ann


def test_gc_in_the_upstream_says_what_it_would_do_and_does_it(with_garbage: At, bob: At) -> None:
    young = with_garbage("gc", "--remote", "--dry-run").lines
    assert young[0] == "images:v1  was deleted a short time ago, so it stays; --min-age says how short"
    planned = with_garbage("gc", "--remote", "--min-age", "0", "--dry-run").lines
    assert planned[0] == "images:v1  can't be restored afterwards"
    assert planned[1].startswith("would free ") and "deleted" in planned[1]
    assert planned[2].startswith("would write ") and planned[2].endswith(" requests")
    freed = with_garbage("gc", "--remote", "origin", "--min-age", "0").lines
    assert freed[0] == "images:v1  can't be restored any more"
    assert freed[1].startswith("freed ")
    bob("pull")
    assert "collected by gc" in bob("restore", "images:v1", code=4).err
    assert bob("fsck", "--remote").out.endswith("no problems\n")


def test_the_numbers_come_as_json(with_garbage: At) -> None:
    planned = with_garbage.json("gc", "--remote", "--min-age", "0s", "--dry-run")
    freed = with_garbage.json("gc", "--remote", "--min-age", "0s")
    assert planned["dry_run"] and not freed["dry_run"]
    assert planned["requests"] > 0
    same = ["deleted", "rewritten", "purged", "restorable", "finished"]
    assert [planned[name] for name in same] == [freed[name] for name in same]


@pytest.mark.parametrize("age", ["3", "-1h", "1y", "h", ""])
def test_an_age_that_is_none_is_refused(ann: At, age: str) -> None:
    assert "write 90m, 24h, 7d or 0" in ann("gc", "--remote", f"--min-age={age}", code=2).err


def test_what_makes_no_sense_is_refused(ann: At, bob: At) -> None:
    assert "--remote" in ann("gc", "--min-age", "1h", code=2).err
    assert "there is no remote 'nowhere'" in ann("gc", "--remote", "nowhere", code=3).err


def test_a_remote_with_nothing_in_it_is_told(ann: At) -> None:
    assert "there is no project" in ann("gc", "--remote", code=3).err
    assert "there is no project" in ann("fsck", "--remote", code=3).err


def test_a_hole_upstream_is_named_and_filled(ann: At, bob: At) -> None:
    for pack in (ann.folder / "upstream" / "packs").rglob("?" * 64):
        pack.unlink()
    assert "affects images:v0" in bob("fsck", "--remote", code=1).out
    assert "nothing is freed" in bob("gc", "--remote", code=5).err
    ann("push", "--verify")
    bob("fsck", "--remote")
    bob("gc", "--remote")
    assert bob("fsck", "--remote").out.endswith("no problems\n")


def test_a_chunk_that_rots_upstream_is_named_and_sent_again(ann: At, bob: At) -> None:
    for pack in (ann.folder / "upstream" / "packs").rglob("?" * 64):
        data = bytearray(pack.read_bytes())
        data[100] ^= 1
        pack.chmod(0o644)
        pack.write_bytes(data)
    assert "affects images:v0" in bob("fsck", "--remote", code=1).out
    assert ann("fsck", "--remote", "--repair").out.splitlines()[-1].endswith("problems")
    ann("gc", "--remote")
    assert bob("fsck", "--remote").out.endswith("no problems\n")


def test_what_is_not_here_either_is_told_and_nothing_says_that_all_is_well(ann: At, bob: At) -> None:
    bob("prune")
    for pack in (ann.folder / "upstream" / "packs").rglob("?" * 64):
        pack.unlink()
    told = bob("push", "--verify", code=1)
    assert told.out == ""
    assert "can't be had here; `objstore fsck --remote` names the versions hit" in told.err
    assert bob.json("push", "--verify", code=1)["verified"]["lost"]
    ann("push", "--verify")
    assert bob.json("push", "--verify")["verified"]["broken"] == []


def test_a_deletion_that_waits_to_be_pushed_is_told(ann: At, upstream: Path) -> None:
    ann("rm", "images:v0", "--aliases")
    assert "what was deleted here since the last push isn't deleted upstream yet" in ann("gc", "--remote", "--min-age", "0").out


def test_a_version_that_is_back_here_is_not_collected(ann: At) -> None:
    ann("rm", "images:v0", "--aliases")
    ann("push")
    ann("restore", "images:v0")
    assert "`objstore push` first" in ann("gc", "--remote", "--min-age", "0", code=4).err
