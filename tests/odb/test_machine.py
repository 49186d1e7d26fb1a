"""The object database does what a dict does, whatever happens to its cache."""

import shutil
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from objstore.blobs.local import LocalBlobs
from objstore.errors import NotFoundError
from objstore.odb import pack, pending, table
from objstore.odb.draft import Draft
from objstore.values.key import Key, Kind, kind_of
from tests.conftest import fast_folder
from tests.odb.stores import Store, chunk, node, noise
from tests.odb.test_cache import DAMAGES

contents = st.one_of(
    st.integers(0, 30).map(lambda n: b"%d" % n),
    st.integers(0, 5).map(lambda n: noise(n, 3000)),
    st.integers(1, 5).map(lambda n: b"z" * (n * 4000)),
)
objects = st.builds(lambda make, data: make(data), st.sampled_from([chunk, node]), contents)


class ObjectDatabase(RuleBasedStateMachine):
    drafts: Bundle[Any] = Bundle("drafts")

    @initialize()
    def begin(self) -> None:
        self.folder = fast_folder()
        self.old = pack.TARGET_SIZE, pending._IN_MEMORY
        pack.TARGET_SIZE, pending._IN_MEMORY = 8000, 20  # type: ignore[attr-defined]
        self.store = Store(self.folder, LocalBlobs(self.folder / "store"))
        self.model: dict[Key, bytes] = {}
        self.adoptable: set[Key] = set()
        self.open: dict[int, tuple[Draft, dict[Key, bytes]]] = {}
        self.count = 0

    @rule(target=drafts)
    def open_draft(self) -> int:
        self.count += 1
        self.open[self.count] = (self.store.draft(), {})
        return self.count

    @rule(number=drafts, items=st.lists(objects, max_size=12))
    def add(self, number: int, items: list[tuple[Key, bytes]]) -> None:
        if number not in self.open:
            return
        draft, added = self.open[number]
        for key, data in items:
            draft.add(key, data)
            added[key] = data
        seen = self.store.database.with_draft(draft)
        everything = {**self.model, **added}
        assert {key: bytes(data) for key, data in seen.read_many(list(everything))} == everything
        assert seen.missing([key for key, _ in items]) == []

    @rule(number=consumes(drafts))
    def log(self, number: int) -> None:
        if number not in self.open:
            return
        draft, added = self.open.pop(number)
        self.store.log(draft)
        self.model.update(added)

    @rule(number=consumes(drafts), published=st.booleans())
    def abandon(self, number: int, published: bool) -> None:
        if number not in self.open:
            return
        draft, added = self.open.pop(number)
        if published:
            draft.publish()
        draft.close()
        self.adoptable.update(key for key in added if kind_of(key) is Kind.CHUNK)

    @rule()
    def open_again(self) -> None:
        self._abandon_all()
        self.store.cache.close()
        self.store.open()

    @rule(damage=st.sampled_from(sorted(DAMAGES)))
    def damage_the_cache(self, damage: str) -> None:
        self._abandon_all()
        self.store.cache.close()
        DAMAGES[damage](self.folder / "cache")
        self.store.open()

    @rule()
    def rebuild(self) -> None:
        self.store.cache.clear_index()
        self.store.database.load(self.store.segments)

    @rule(key=objects.map(lambda item: item[0]))
    def look_up(self, key: Key) -> None:
        if key in self.adoptable and key not in self.model:
            return
        assert (key in self.store.database) == (key in self.model)
        if key not in self.model:
            try:
                self.store.database.read(key)
            except NotFoundError:
                return
            raise AssertionError("an object that was never logged can be read")

    @invariant()
    def everything_logged_is_there(self) -> None:
        keys = list(self.model)
        assert {key: bytes(data) for key, data in self.store.database.read_many(keys)} == self.model
        assert self.store.database.missing(keys) == []
        assert {key for key, _ in self.store.cache.locate_from(b"")} <= self.model.keys() | self.adoptable

    def _abandon_all(self) -> None:
        """A process that ends takes its drafts with it."""
        for draft, added in self.open.values():
            draft.close()
            self.adoptable.update(key for key in added if kind_of(key) is Kind.CHUNK)
        self.open.clear()

    def teardown(self) -> None:
        if not hasattr(self, "store"):
            return
        for draft, _ in self.open.values():
            draft.close()
        for path in list(table._open):
            if path.is_relative_to(self.folder.resolve()):
                table._open.pop(path).env.close()
        pack.TARGET_SIZE, pending._IN_MEMORY = self.old  # type: ignore[attr-defined]
        shutil.rmtree(self.folder)


TestObjectDatabase = ObjectDatabase.TestCase
TestObjectDatabase.settings = settings(max_examples=100, stateful_step_count=30)
