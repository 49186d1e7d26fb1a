"""Many writers on one log, with lost replies, against a plain model."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from objstore.errors import ConflictError, InvalidInputError, NotFoundError, RemoteError
from objstore.history.commit import commit, refresh
from objstore.history.facts import remove_aliases, rename, set_aliases, set_tags
from objstore.history.log import Log
from objstore.history.state import State
from objstore.history.versions import delete_version, log_version, restore_version
from objstore.values.digest import plain
from tests.history.stores import LossyBlobs

WRITERS = 3
NAMES = ("ds", "model")

writers = st.integers(0, WRITERS - 1)
names = st.sampled_from(NAMES)
contents = st.sampled_from([b"a", b"b", b"c"])
numbers = st.integers(0, 5)
aliases = st.sampled_from(["prod", "best", "latest"])
faults = st.sampled_from(["", "", "", "", "lost", "retried", "dropped", "other first"])

Model = dict[str, tuple[list[dict], dict[str, int]]]


class RefusedError(Exception):
    """What the model says to an order that can't be carried out."""


class ManyWriters(RuleBasedStateMachine):
    """The model: for each name a list of versions {content, deleted, tags} and a dict of aliases; orders happen one after the other."""

    def __init__(self):
        super().__init__()
        self.blobs = LossyBlobs()
        self.logs = [Log(self.blobs) for _ in range(WRITERS)]
        self.states = [State() for _ in range(WRITERS)]
        self.model: Model = {}

    def order(self, writer, fault, plan, on_model):
        """Gives one order, with one fault on the way of its first put, and does the same to the model."""

        def decide(state):
            records = plan(state)
            if fault == "other first" and records and not interrupted:
                interrupted.append(True)
                other = (writer + 1) % WRITERS
                commit(
                    self.logs[other],
                    self.states[other],
                    lambda state: log_version(state, "ds", self.type("ds"), root=plain(b"x"), files=1, bytes=1),
                )
                self.model_log("ds", b"x", [])
            return records

        interrupted: list[bool] = []
        self.blobs.faults = [fault] if fault in ("lost", "retried", "dropped") else []
        before = self.logged_entries()
        try:
            commit(self.logs[writer], self.states[writer], decide)
        except (ConflictError, InvalidInputError, NotFoundError):
            assert self.refuses(on_model)
        except RemoteError:
            assert fault == "dropped"
            assert self.logged_entries() == before
        else:
            assert not self.refuses(on_model)
        self.blobs.faults = []

    def logged_entries(self):
        return sum(1 for name, _ in self.blobs.list("log/main/") if "compact" not in name)

    def refuses(self, on_model):
        try:
            on_model()
        except RefusedError:
            return True
        return False

    def type(self, name):
        return "dataset"

    # -- orders --------------------------------------------------------------------------------------------------------

    @rule(writer=writers, fault=faults, name=names, content=contents, more=st.lists(aliases, max_size=2))
    def log(self, writer, fault, name, content, more):
        self.order(
            writer,
            fault,
            lambda state: log_version(state, name, self.type(name), root=plain(content), files=1, bytes=1, aliases=more),
            lambda: self.model_log(name, content, more),
        )

    def model_log(self, name, content, more):
        versions, aliases = self.model.setdefault(name, ([], {}))
        live = [n for n, version in enumerate(versions) if version["content"] == content and not version["deleted"]]
        if not live:
            versions.append({"content": content, "deleted": False, "tags": set()})
            live = [len(versions) - 1]
        for alias in ["latest", *more]:
            aliases[alias] = live[0]

    @rule(writer=writers, fault=faults, name=names, number=numbers, alias=aliases)
    def alias(self, writer, fault, name, number, alias):
        def on_model():
            self.model_live(name, number)
            self.model[name][1][alias] = number

        self.order(writer, fault, lambda state: set_aliases(state, name, f"v{number}", [alias]), on_model)

    @rule(writer=writers, fault=faults, name=names, alias=aliases)
    def unalias(self, writer, fault, name, alias):
        def on_model():
            if alias not in self.model.get(name, ([], {}))[1]:
                raise RefusedError
            del self.model[name][1][alias]

        self.order(writer, fault, lambda state: remove_aliases(state, name, [alias]), on_model)

    @rule(writer=writers, fault=faults, name=names, number=numbers, tag=st.sampled_from("xy"), present=st.booleans())
    def tag(self, writer, fault, name, number, tag, present):
        def on_model():
            tags = self.model_live(name, number)["tags"]
            tags.add(tag) if present else tags.discard(tag)

        change = {"add" if present else "remove": [tag]}
        self.order(writer, fault, lambda state: set_tags(state, name, f"v{number}", **change), on_model)

    @rule(writer=writers, fault=faults, name=names, number=numbers, with_aliases=st.booleans())
    def delete(self, writer, fault, name, number, with_aliases):
        def on_model():
            version = self.model_live(name, number)
            aliases = self.model[name][1]
            if number in aliases.values() and not with_aliases:
                raise RefusedError
            version["deleted"] = True
            for alias in [alias for alias, at in aliases.items() if at == number]:
                del aliases[alias]

        self.order(writer, fault, lambda state: delete_version(state, name, f"v{number}", delete_aliases=with_aliases), on_model)

    @rule(writer=writers, fault=faults, name=names, number=numbers)
    def restore(self, writer, fault, name, number):
        def on_model():
            versions = self.model.get(name, ([], {}))[0]
            if number >= len(versions) or not versions[number]["deleted"]:
                raise RefusedError
            if any(version["content"] == versions[number]["content"] for version in versions[number + 1 :]):
                raise RefusedError
            versions[number]["deleted"] = False

        self.order(writer, fault, lambda state: restore_version(state, name, f"v{number}"), on_model)

    @rule(writer=writers, fault=faults, old=names, new=names)
    def swap_name(self, writer, fault, old, new):
        def on_model():
            if old not in self.model or (new != old and new in self.model):
                raise RefusedError
            self.model[new] = self.model.pop(old)

        self.order(writer, fault, lambda state: rename(state, old, new), on_model)

    @rule(writer=writers)
    def restart(self, writer):
        self.states[writer] = State.decode(self.states[writer].encode())

    def model_live(self, name, number):
        versions = self.model.get(name, ([], {}))[0]
        if number >= len(versions) or versions[number]["deleted"]:
            raise RefusedError
        return versions[number]

    # -- what holds ----------------------------------------------------------------------------------------------------

    @invariant()
    def a_reader_sees_the_model(self):
        state = State()
        refresh(Log(self.blobs), state)
        found = {}
        for collection in state.collections.values():
            versions = [{"content": v.root, "deleted": v.deleted, "tags": set(v.tags)} for v in collection.versions]
            found[collection.name] = (versions, collection.aliases)
        expected = {
            name: ([{**version, "content": plain(version["content"])} for version in versions], aliases)
            for name, (versions, aliases) in self.model.items()
        }
        assert found == expected

    def teardown(self):
        assert list(Log(self.blobs).verify()) == []
        fresh = State()
        refresh(Log(self.blobs), fresh)
        for log, state in zip(self.logs, self.states, strict=True):
            refresh(log, state)
            assert state.encode() == fresh.encode()


TestManyWriters = ManyWriters.TestCase
TestManyWriters.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
