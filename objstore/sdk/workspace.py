"""The projects below one root, as the SDK has them open."""

import threading

from objstore.errors import InvalidInputError, NotFoundError, ObjstoreError
from objstore.history.names import Name
from objstore.repository.project import Project
from objstore.repository.roots import Root
from objstore.sdk.session import Session


class Workspace:
    """Opens projects when they are needed, and keeps them open. Thread-safe."""

    def __init__(self, root: Root | None, home: Session) -> None:
        """`home`: the project that is meant when none is named. `root`: None where nothing is known beside it."""
        self.root = root
        self.home = home
        self.is_home_meant = True
        """False where several might be meant: then of the home only the entity is."""
        self._sessions = {home.project.name: home}
        self.make_lock()

    def make_lock(self) -> None:
        """Also in a process that was forked off, which has the parent's, held or not."""
        self._lock = threading.Lock()

    @classmethod
    def of(cls, session: Session) -> "Workspace":
        """That of a project; always the same one."""
        if session.workspace is None:
            session.workspace = cls(Root.of(session.project), session)
        found: Workspace = session.workspace
        return found

    def session(self, entity: str | None, project: str | None) -> Session:
        """The project that a name means; of the home's entity unless another is given.

        NotFoundError; InvalidInputError where none is named and several might be meant.
        """
        home = self.home
        if project is None and self.root is not None and not self.is_home_meant:
            known = ", ".join(self.root.names()[:10])
            raise InvalidInputError(f"{self.root.address} has several projects; name one, or give Api(overrides={{'project': …}}): {known}")
        name = f"{entity or home.entity}/{project or home.name}"
        if name == home.project.name:
            return home
        if self.root is None:
            raise NotFoundError(f"there is no project {name} beside {home.project.location}")
        with self._lock:
            if name not in self._sessions:
                self._sessions[name] = self._opened(self.root.open(name))
            return self._sessions[name]

    def of_name(self, name: Name) -> Session:
        """The project of a collection or version."""
        return self.session(name.entity, name.project)

    def all(self) -> list[Session]:
        """All projects that can be opened, home first."""
        others = []
        for name in self.root.names() if self.root else ():
            if name != self.home.project.name:
                try:
                    others.append(self.session(*name.split("/")))
                except ObjstoreError:  # damaged, or of a newer program: that is for whoever opens it
                    continue
        return [self.home, *others]

    def with_id(self, id_: str) -> Session | None:
        """The project that has this id; None if there is none here."""
        with self._lock:
            known = list(self._sessions.values())
        found = (session for session in known if session.project.settings.project == id_)
        return next(found, None) or next((session for session in self.all() if session.project.settings.project == id_), None)

    def _opened(self, project: Project) -> Session:
        session = Session(project)
        session.workspace = self
        return session
