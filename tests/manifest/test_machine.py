"""A manifest against a dict, through any sequence of edits, queries and comparisons."""

from contextlib import ExitStack

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from objstore.manifest.compare import compare
from objstore.manifest.cursor import children, entries, get, totals
from objstore.manifest.edit import edit
from objstore.manifest.entry import UNKNOWN_SIZE, Entry
from objstore.manifest.verify import check_tree
from objstore.values.digest import Digest
from objstore.values.paths import is_below
from tests.manifest.stores import Nodes, by_the_book, maps, paths, small_nodes, values

Version = tuple[Digest, dict[bytes, Entry]]


def sums(entries: dict[bytes, Entry]) -> tuple[int, int]:
    return len(entries), sum(entry.size for entry in entries.values() if entry.size != UNKNOWN_SIZE)


class Manifest(RuleBasedStateMachine):
    versions = Bundle("versions")

    def __init__(self) -> None:
        super().__init__()
        self.store = Nodes()
        self.newest: Version | None = None
        self.small = ExitStack()
        self.small.enter_context(small_nodes())

    def teardown(self) -> None:
        self.small.close()

    @initialize(target=versions, start=maps)
    def build(self, start: dict[bytes, Entry]) -> Version:
        self.newest = edit(self.store, None, sorted(start.items())), start
        return self.newest

    @rule(target=versions, base=versions, changes=st.dictionaries(paths, st.none() | values, max_size=30))
    def change(self, base: Version, changes: dict[bytes, Entry | None]) -> Version:
        root, model = base
        after = {path: entry for path, entry in (model | changes).items() if entry is not None}
        self.newest = edit(self.store, root, sorted(changes.items())), after
        return self.newest

    @rule(target=versions, base=versions, folder=paths)
    def remove_all_below(self, base: Version, folder: bytes) -> Version:
        root, model = base
        after = {path: entry for path, entry in model.items() if not is_below(path, folder)}
        self.newest = edit(self.store, root, [(path, None) for path, _ in entries(self.store, root, folder)]), after
        return self.newest

    @rule(one=versions, other=versions)
    def compared(self, one: Version, other: Version) -> None:
        changes = list(compare(self.store, one[0], self.store, other[0]))
        old, new = one[1], other[1]
        differing = [path for path in sorted(old.keys() | new.keys()) if old.get(path) != new.get(path)]
        assert [(path, old.get(path), new.get(path)) for path in differing] == changes
        assert edit(self.store, one[0], [(change.path, change.new) for change in changes]) == other[0]

    @rule(version=versions, path=paths)
    def looked_up(self, version: Version, path: bytes) -> None:
        assert get(self.store, version[0], path) == version[1].get(path)

    @rule(version=versions, folder=paths | st.just(b""))
    def listed(self, version: Version, folder: bytes) -> None:
        root, model = version
        below = {path: entry for path, entry in model.items() if is_below(path, folder)}
        assert list(entries(self.store, root, folder)) == sorted(below.items())
        assert totals(self.store, root, folder) == sums(below)

        inside = {path[len(folder) + 1 if folder else 0 :]: entry for path, entry in below.items() if path != folder}
        files = {(name, False): {name: entry} for name, entry in inside.items() if b"/" not in name}
        folders = {
            (name, True): {rest: entry for rest, entry in inside.items() if rest.startswith(name + b"/")}
            for name in (rest.partition(b"/")[0] for rest in inside if b"/" in rest)
        }
        found = list(children(self.store, root, folder))
        assert {(child.name, child.is_folder): (child.files, child.bytes) for child in found} == {
            key: sums(held) for key, held in (files | folders).items()
        }
        assert all(child.entry == (None if child.is_folder else inside[child.name]) for child in found)
        order = [child.name + b"/" * child.is_folder for child in found]
        assert order == sorted(order)
        assert len(set(order)) == len(order)

    @invariant()
    def the_tree_has_its_one_shape(self) -> None:
        if self.newest is not None:
            root, model = self.newest
            assert root == by_the_book(model)
            # The paths are free to be both file and folder here, which a real manifest never has.
            assert [problem for problem in check_tree(self.store, root) if "lies below it" not in problem] == []


Manifest.TestCase.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
TestManifest = Manifest.TestCase
