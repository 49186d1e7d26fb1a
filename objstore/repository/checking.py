"""Checking a whole project, and rebuilding what can be rebuilt. Trusts nothing that this machine remembers."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from objstore.blobs.local import LocalBlobs
from objstore.blobs.protocol import BlobStore
from objstore.errors import ConflictError, InvalidInputError, NotFoundError, ObjstoreError, StorageError
from objstore.graph.gaps import gaps
from objstore.history.clone import CloneLogbook
from objstore.history.commit import refresh
from objstore.history.integrity import Damage, damage_of
from objstore.history.log import Log
from objstore.history.logbook import is_clone
from objstore.history.state import State
from objstore.history.unpushed import Unpushed
from objstore.host.locks import locked_exclusive, locked_shared
from objstore.host.progress import Progress
from objstore.odb import lost
from objstore.odb.cache import Cache, discard
from objstore.odb.database import Database
from objstore.odb.keyset import KeySet
from objstore.odb.pack import pack_name
from objstore.odb.pending import PendingRows
from objstore.odb.remotedatabase import RemoteDatabase
from objstore.odb.segment import segment_name
from objstore.odb.verify import check_pack, check_segment
from objstore.repository import remotes
from objstore.repository.connection import Connection
from objstore.repository.project import LOST
from objstore.repository.rebuilding import rebuild_index
from objstore.repository.settings import NAME, Settings
from objstore.values.key import Key, describe, node_key

_MISSING = "is missing"
_TIMES = 3
"""How often a place is checked in which others are at work."""


@dataclass
class Problem:
    """Something that isn't as it was written."""

    where: str
    what: str
    affected: list[str] = field(default_factory=list)
    """Versions and paths that can't be read whole any more, like `my-dataset:v3 images/cat.png`."""
    repaired: bool = False


@dataclass
class Report:
    """What a check looked at and found."""

    problems: list[Problem] = field(default_factory=list)
    packs: int = 0
    objects: int = 0
    versions: int = 0

    @property
    def damaged_packs(self) -> set[str]:
        """Those that aren't as they were written, and of which something is needed."""
        return {
            problem.where.rpartition("/")[2] for problem in self.problems if problem.where.startswith("packs/") and not problem.repaired
        }

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong, or nothing any more."""
        return all(problem.repaired for problem in self.problems)


def check(folder: Path, progress: Progress, *, repair: bool = False, blobs: BlobStore | None = None) -> Report:
    """Reads everything in a project's folder: settings, log, segments, every record of every pack, every manifest and recipe.

    Reports each problem with the versions and paths it affects. `repair` rebuilds the cache and the index segments, and remembers
    what is lost, so that adding it again from its source stores it anew and makes the versions whole. Waits for gc, and with
    `repair` for all who write. `blobs`: where the project is, if not in the folder; there nothing can be repaired.
    """
    if repair and blobs is not None:
        raise InvalidInputError(
            f"{blobs.location} can't be repaired in its bucket; `objstore push --verify` from a clone brings what it has"
        )
    with contextlib.ExitStack() as held, tempfile.TemporaryDirectory(prefix="objstore-fsck-") as scratch:
        with contextlib.suppress(StorageError):  # a store that can't be written needs no lock
            held.enter_context((locked_exclusive if repair else locked_shared)(folder / "local" / "lock"))
        for number in range(_TIMES):
            checker = _Checker(folder, blobs or LocalBlobs(folder), Path(scratch) / str(number), progress, repair)
            try:
                if _is_final(checker, alone=repair):
                    return checker.report
            finally:
                checker.close()
    raise ConflictError(f"gc is at work all the time in {blobs.location if blobs else folder}; try again later")


def _is_final(checker: "_Checker", *, alone: bool) -> bool:
    """Checks; False when what was found may be due to a gc that came in between: in a folder, too, a clone's may."""
    try:
        checker.run()
    except NotFoundError:
        if alone or not checker.has_gone_on:
            raise
        return False
    return alone or checker.report.is_sound or not checker.has_gone_on


def _upstream(folder: Path, mirror: Callable[[], State]) -> Connection | None:
    """The upstream of a clone, for what it is known to have. `mirror`: its history as far as it is known here."""
    with contextlib.suppress(ObjstoreError):
        known = remotes.read(folder / remotes.FILE)
        if remotes.UPSTREAM in known:
            id_ = Settings.decode(LocalBlobs(folder).read(NAME)).project
            return Connection(known[remotes.UPSTREAM], folder / "local" / "remotes" / remotes.UPSTREAM, id_, mirror)
    return None


class _Checker:
    def __init__(self, folder: Path, blobs: BlobStore, scratch: Path, progress: Progress, repair: bool) -> None:
        self._folder = folder
        self._scratch = scratch
        self._progress = progress
        self._repair = repair
        self._blobs = blobs
        self._database = (Database if blobs.root else RemoteDatabase)(blobs, Cache(scratch / "cache", "fsck"))
        self._holdings_log = Log(self._blobs, "holdings" if is_clone(self._blobs) else "main")
        self._holdings = State()
        self._state = self._holdings
        """The history; in a clone it is another log's."""
        self._mirror = State()
        """Of a clone: its upstream's history."""
        self._upstream = _upstream(folder, lambda: self._mirror.copy())
        if self._upstream is not None:
            known = self._upstream.database
            self._database.follow(lambda: known)
        self._damage = Damage()
        self._damaged: dict[str, set[Key]] = {}
        self._log_is_sound = True
        self._is_rebuilt = False
        """Whether the index lists what packs hold, and no more what segments said."""
        self.report = Report()

    def run(self) -> None:
        self._settings()
        self._log()
        self._packs()
        self._segments()
        self._references()
        self._copies()
        self._spared()
        self._versions()
        if self._repair:
            self._remember_lost()
            self._forget_cache()

    @property
    def has_gone_on(self) -> bool:
        """Whether a gc has begun or ended since the log was read: it may have taken what was looked for."""
        if not self._log_is_sound:
            return False
        now = self._holdings.copy()
        refresh(self._holdings_log, now)
        return now.gc_stage != self._holdings.gc_stage

    def close(self) -> None:
        if self._upstream:
            self._upstream.close()
        self._database.cache.close()
        self._blobs.close()

    def _settings(self) -> None:
        with self._reporting(NAME):
            Settings.decode(self._blobs.read(NAME))

    def _log(self) -> None:
        self._progress.start("checking the log")
        for log in (Log(self._blobs, "main"), Log(self._blobs, "runs"), Log(self._blobs, "holdings")):
            with self._reporting(f"log/{log.name}"):
                for problem in log.verify():
                    self._add(f"log/{log.name}", problem)
        try:
            refresh(self._holdings_log, self._holdings)
        except ObjstoreError:  # reported above; what comes before the damage is used
            self._log_is_sound = False
            where = f"log/{self._holdings_log.name}"
            self.report.problems[-1].affected.append(f"all that was logged after entry {self._holdings.position} of {where}")
        if self._holdings_log.name == "holdings":
            self._history_of_clone()
        for kind in self._state.unknown:
            self._add("log/main", f"has records of kind {kind}, which this objstore doesn't know: upgrade it")

    def _history_of_clone(self) -> None:
        logbook = CloneLogbook(self._blobs, self._database.cache, self._scratch / "lock")
        with self._reporting("pending"):
            logbook.refresh()
        runs = Unpushed(self._blobs, "runs")
        for name in runs.names():
            with self._reporting(f"pending/runs/{name}"):
                runs.read(name)
        self._mirror = logbook.mirror
        if self._upstream is not None:
            with self._reporting(f"remote {remotes.UPSTREAM}"):
                self._upstream.reflect(logbook.mirror)
        self._state = logbook.state

    @property
    def _keeps_deleted(self) -> bool:
        """Whether what deleted versions reach must be there as long as they can be restored. In a clone gc frees it, and tells nobody."""
        return self._holdings is self._state

    def _packs(self) -> None:
        sizes = {name.rpartition("/")[2]: size for name, size in self._blobs.list("packs/")}
        self._progress.start("checking packs", bytes_=sum(sizes.values()))
        for pack in sorted(sizes):
            health = check_pack(self._database, self._blobs, pack, lambda size: self._progress.advance(bytes_=size))
            self.report.packs += 1
            self.report.objects += health.objects
            if health.lost:
                self._damaged[pack] = set(health.lost)
            if health.problems and not health.lost and not health.objects:
                self._damage.packs.add(pack)
            for problem in health.problems:
                self._add(pack_name(pack), problem)

    def _segments(self) -> None:
        self._progress.start("checking the index")
        damaged = []
        if not self._log_is_sound:  # nobody knows which segments count, so the packs speak for themselves
            self._rebuild_index(self._holdings.segments)
            return
        for name in self._holdings.segments:
            try:
                self._database.cache.add_segment(name, self._database.read_segment(name), self._holdings.dead_packs)
                rows = PendingRows(self._scratch)
                for problem in check_segment(self._database, rows, name):
                    damaged.append(name)
                    self._add(segment_name(name), problem)
                rows.close()
            except ObjstoreError as error:
                damaged.append(name)
                self._add(segment_name(name), str(error))
        for pack in self._database.cache.pack_ids():
            if not self._blobs.has(pack_name(pack)):
                self._damage.packs.add(pack)
                self._add(pack_name(pack), _MISSING)
        if damaged:
            self._rebuild_index(sorted(set(damaged)))

    def _references(self) -> None:
        """Whether all that is named is there. If not, repairing makes the index anew: maybe packs hold it, or nothing of use names it."""
        self._progress.start("checking references")
        found = {dangling: self._add(*dangling) for dangling in dict.fromkeys(self._dangling())}
        if found and self._repair and self._log_is_sound:
            self._rebuild_index(self._holdings.segments, sound=self._holdings.segments)
            left = set(self._dangling())
            for dangling, problem in found.items():
                problem.repaired = dangling not in left

    def _dangling(self) -> Iterator[tuple[str, str]]:
        for key in self._database.missing([node_key(root) for root in self._state.roots(deleted=self._keeps_deleted)]):
            yield "log/main", f"names a version of which {describe(key)} is not in this store"
        if not self._keeps_deleted:
            return  # it has the metadata of what was freed upstream, which is of no use and no harm
        for gap in gaps(self._database, self._scratch):
            yield "index", f"lists {describe(gap.key)}, but {gap.missing}"

    def _copies(self) -> None:
        """If the index names a damaged copy of what another pack has whole, repairing has it name that one: else gc would take it away."""
        wanted = lost.still_lost(self._database.cache, self._damaged)
        if wanted and self._repair and self._log_is_sound and any(wanted & keys for keys in self._whole()):
            self._rebuild_index(self._holdings.segments, sound=self._holdings.segments)

    def _whole(self) -> Iterator[set[Key]]:
        """What each pack holds that can be read, dead ones aside."""
        for name, _ in self._blobs.list("packs/"):
            pack = name.rpartition("/")[2]
            if pack not in self._holdings.dead_packs:
                with contextlib.suppress(ObjstoreError):  # reported with the pack
                    yield {row.key for row in self._database.read_trailer(pack).rows} - self._damaged.get(pack, set())

    def _spared(self) -> None:
        """Tells what is lost from what has been stored anew since, and is only waiting for gc."""
        self._damage.lost = lost.still_lost(self._database.cache, self._damaged)
        for pack, keys in self._damaged.items():
            for problem in self.report.problems:
                if problem.where == pack_name(pack) and not keys & self._damage.lost:
                    problem.what += ", but there is a whole copy elsewhere; gc removes this one"
                    problem.repaired = True
        if not self._is_rebuilt:
            needed = {place.pack for _, place in self._database.cache.locate_from(b"")}
            for problem in self.report.problems:
                if problem.what == _MISSING and problem.where in {pack_name(pack) for pack in self._damage.packs - needed}:
                    problem.what += ", but all that was in it is elsewhere; gc forgets it"
                    problem.repaired = True

    def _rebuild_index(self, replaced: list[str], sound: Sequence[str] = ()) -> None:
        """In the scratch cache, so that the rest of the check sees the objects; in the store only when asked to repair."""
        self._is_rebuilt = True
        with self._reporting("index"):
            rebuilt = LocalBlobs(self._scratch / "rebuilt")
            publish = self._repair and self._log_is_sound
            names = rebuild_index(
                self._holdings_log,
                rebuilt,
                self._database,
                self._holdings,
                list(self._state.roots(deleted=self._keeps_deleted)),
                replaced,
                sound=sound,
                lost=self._damaged,
                publish=publish,
            )
            if publish:
                for problem in self.report.problems:
                    problem.repaired = problem.repaired or any(problem.where == segment_name(name) for name in replaced)
                refresh(self._holdings_log, self._holdings)
                self._database.load(names, self._holdings.dead_packs)

    def _versions(self) -> None:
        self._progress.start("checking versions")
        with KeySet(self._scratch) as sound:
            for collection in self._state.collections.values():
                for version in reversed(collection.versions):
                    if version.purged or (version.deleted and not self._keeps_deleted):
                        continue
                    self.report.versions += 1
                    name = f"{collection.name}:{version.name}"
                    for loss in damage_of(self._database, version.root, self._damage, sound):
                        self._affected(name, loss.path, loss.cause)

    def _remember_lost(self) -> None:
        """So that adding the same content again stores it anew, wherever the index says that it is."""
        cache = self._database.cache
        found = dict(self._damaged)
        if self._damage.packs:
            for key, place in cache.locate_from(b""):
                if place.pack in self._damage.packs:
                    found.setdefault(place.pack, set()).add(key)
        lost.remember(self._folder / LOST, found)

    def _affected(self, version: str, path: str, cause: str) -> None:
        for problem in self.report.problems:
            if cause and (cause in problem.what or cause in problem.where):
                problem.affected.append(f"{version} {path}".rstrip())
                return
        self._add(version, f"{path or 'its manifest'} can't be read: {cause or 'content is missing'}").affected.append(
            f"{version} {path}".rstrip()
        )

    def _forget_cache(self) -> None:
        discard(self._folder / "local" / "cache")

    @contextlib.contextmanager
    def _reporting(self, where: str) -> Iterator[None]:
        try:
            yield
        except ObjstoreError as error:
            self._add(where, str(error))

    def _add(self, where: str, what: str) -> Problem:
        problem = Problem(where, what.partition("; run `objstore fsck")[0].replace(f"{self._folder}/", ""))
        self.report.problems.append(problem)
        return problem
