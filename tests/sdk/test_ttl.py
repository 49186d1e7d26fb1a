"""How long versions live, from scripts."""

from collections.abc import Callable
from datetime import timedelta

import pytest

import objstore
from objstore import Artifact, ArtifactTTL, ConflictError, InvalidInputError, InvalidTypeError, Repository
from objstore.host import clock

DAY = timedelta(days=1)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock forward by days."""

    def set_forward(days: float) -> None:
        time = clock.now() + timedelta(days=days)
        monkeypatch.setattr(clock, "now", lambda: time)

    return set_forward


def draft(content: str = "meow", name: str = "pets") -> Artifact:
    artifact = Artifact(name, type="dataset")
    with artifact.new_file("cat.txt") as file:
        file.write(content)
    return artifact


def test_the_ttl_of_a_draft_is_logged_with_it(repo: Repository) -> None:
    artifact = draft()
    artifact.ttl = 7 * DAY
    assert artifact.ttl == 7 * DAY
    repo.log(artifact)
    assert artifact.ttl == repo.artifact("pets").ttl == 7 * DAY


def test_never_is_logged_too_whatever_the_default(repo: Repository) -> None:
    repo.default_ttl = DAY
    artifact = draft()
    artifact.ttl = None
    repo.log(artifact)
    assert repo.artifact("pets").ttl is None


def test_a_version_without_one_has_the_default_as_it_is_now(repo: Repository) -> None:
    artifact = repo.log(draft())
    assert repo.default_ttl is None and artifact.ttl is None
    repo.default_ttl = 30 * DAY
    assert repo.default_ttl == 30 * DAY and artifact.ttl == 30 * DAY
    repo.default_ttl = None
    assert artifact.ttl is None


def test_a_draft_that_inherits_has_none_of_its_own_yet(repo: Repository) -> None:
    artifact = draft()
    artifact.ttl = DAY
    artifact.ttl = ArtifactTTL.INHERIT
    with pytest.raises(objstore.ArtifactNotLoggedError):
        _ = artifact.ttl
    repo.default_ttl = 3 * DAY
    assert repo.log(artifact).ttl == 3 * DAY


def test_a_ttl_is_set_later_by_save(repo: Repository) -> None:
    artifact = repo.log(draft())
    artifact.ttl = 2 * DAY
    assert repo.artifact("pets").ttl is None
    artifact.save()
    assert repo.artifact("pets").ttl == 2 * DAY
    artifact.ttl = ArtifactTTL.INHERIT
    artifact.save()
    assert repo.artifact("pets").ttl is None


@pytest.mark.parametrize("wrong", [7, "7d", True])
def test_a_ttl_is_a_timedelta(repo: Repository, wrong: object) -> None:
    with pytest.raises(InvalidTypeError):
        draft().ttl = wrong  # type: ignore[assignment]
    with pytest.raises(InvalidTypeError):
        repo.default_ttl = wrong  # type: ignore[assignment]


@pytest.mark.parametrize("wrong", [timedelta(), -DAY])
def test_a_ttl_is_longer_than_nothing(repo: Repository, wrong: timedelta) -> None:
    with pytest.raises(InvalidInputError):
        draft().ttl = wrong
    with pytest.raises(InvalidInputError):
        repo.default_ttl = wrong
    with pytest.raises(InvalidInputError):
        repo.default_ttl = ArtifactTTL.INHERIT  # type: ignore[assignment]


def test_the_longest_timedelta_is_a_ttl(repo: Repository) -> None:
    artifact = draft()
    artifact.ttl = timedelta.max
    assert repo.log(artifact).ttl == timedelta.max
    assert repo.expire().versions == ()


def test_expire_deletes_what_has_passed_its_ttl(repo: Repository, later: Callable[[float], None]) -> None:
    artifact = draft()
    artifact.ttl = DAY
    repo.log(artifact, aliases=["prod"])
    repo.log(draft("woof"))
    later(2)
    planned = repo.expire(dry_run=True)
    assert [(version.name, version.aliases) for version in planned.versions] == [("pets:v0", ("prod",))]
    assert planned.dry_run and len(repo.artifacts("pets")) == 2
    done = repo.expire()
    assert done.versions == planned.versions and not done.dry_run
    assert [version.name for version in repo.artifacts("pets")] == ["pets:v1"]
    artifact.restore()
    assert artifact.ttl is None
    assert repo.expire().versions == ()


def test_gc_expires_first(repo: Repository, later: Callable[[float], None]) -> None:
    repo.default_ttl = DAY
    repo.log(draft())
    later(2)
    assert repo.gc(dry_run=True).expired == ["pets:v0"]
    assert repo.gc().expired == ["pets:v0"]
    assert repo.artifacts("pets") == []


def test_a_clock_that_is_years_ahead_has_to_be_vouched_for(repo: Repository, later: Callable[[float], None]) -> None:
    repo.default_ttl = DAY
    repo.log(draft())
    later(1000)
    with pytest.raises(ConflictError, match="nothing was deleted"):
        repo.expire()
    assert len(repo.expire(trust_clock=True).versions) == 1


def test_logging_what_has_expired_again_keeps_it(repo: Repository, later: Callable[[float], None]) -> None:
    repo.default_ttl = DAY
    repo.log(draft())
    later(2)
    assert repo.log(draft()).version == "v0"
    assert repo.expire().versions == ()


def test_prune_versions_keeps_the_last_few(repo: Repository) -> None:
    for content in "abcd":
        repo.log(draft(content), aliases=["first"] if content == "a" else [])
    with pytest.raises(ConflictError, match="pets:v0"):
        repo.prune_versions("pets", keep_last=2)
    planned = repo.prune_versions("pets", keep_last=2, keep_aliased=True, dry_run=True)
    done = repo.prune_versions("pets", keep_last=2, keep_aliased=True)
    assert done.deleted == planned.deleted == ("pets:v1",)
    assert [(spared.name, spared.why) for spared in done.spared] == [("pets:v0", "first")]
    assert [version.version for version in repo.artifacts("pets")] == ["v3", "v2", "v0"]
    with pytest.raises(InvalidInputError):
        repo.prune_versions("pets:v0", keep_last=2)
    with pytest.raises(objstore.NotFoundError):
        repo.prune_versions("cats", keep_last=2)
