"""What differs between two artifacts or folders, for scripts."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from objstore.comparison.facts import Facts, FactsDiff, compare_facts
from objstore.comparison.files.diff import Altered, FileDiff, Present, Renamed, Total
from objstore.errors import InvalidTypeError
from objstore.history.names import parse_name
from objstore.host.progress import Silent
from objstore.repository.comparing import Comparison, OfVersion, compare
from objstore.repository.project import Project
from objstore.sdk.arguments import StrPath, listed
from objstore.sdk.choosing import session_for_names
from objstore.sdk.holding import Holding
from objstore.sdk.session import Session
from objstore.values.paths import canonical

if TYPE_CHECKING:  # what compares contents is loaded when it is used
    from objstore.comparison.files.folders import FolderTotal
    from objstore.comparison.files.newbytes import FileBytes
    from objstore.comparison.files.transfer import Transfer
    from objstore.comparison.rows.diff import RowDiff
    from objstore.comparison.tensors.diff import TensorDiff
    from objstore.comparison.text.diff import TextDiff

Compared = Holding | StrPath


class Diff:
    """What differs from an old side to a new one. False when no file does.

    Which files differ is known at once; what differs inside one is looked at when it is asked for, and read then: a folder's files as they
    are by then. Holds on to both sides. One thread at a time, and only in the process that made it.
    """

    def __init__(self, comparison: Comparison, facts: FactsDiff | None, held: Sequence[object]) -> None:
        """`held`: what has to live as long as this does."""
        self._comparison = comparison
        self._held = held
        self.facts = facts
        """What is said otherwise of the new side: description, metadata, tags, aliases; None when one side is a folder."""

    # -- files ---------------------------------------------------------------------------------------------------------

    @property
    def files(self) -> FileDiff:
        """All lists, and how they were made."""
        return self._comparison.files

    @property
    def added(self) -> list[Present]:
        return self.files.added

    @property
    def removed(self) -> list[Present]:
        return self.files.removed

    @property
    def modified(self) -> list[Altered]:
        """Other content."""
        return self.files.modified

    @property
    def renamed(self) -> list[Renamed]:
        """Renamed or moved, with the same content or a similar one."""
        return self.files.renamed

    @property
    def mode_changed(self) -> list[Altered]:
        """The executable bit alone."""
        return self.files.mode_changed

    @property
    def type_changed(self) -> list[Altered]:
        """A reference instead of a file, or the reverse."""
        return self.files.type_changed

    @property
    def totals(self) -> dict[str, Total]:
        """By the name of the list: its files, and their bytes on the new side (those of `removed`: on the old)."""
        return self.files.totals

    def __bool__(self) -> bool:
        return bool(self.files)

    # -- bytes ---------------------------------------------------------------------------------------------------------

    def file_bytes(self) -> "list[FileBytes]":
        """Of each file that both sides have, with other content, how many bytes are new: in chunks that the old content hasn't got.

        Costs reading the recipes of these files, no data.
        """
        return self._comparison.file_bytes()

    def folders(self) -> "list[FolderTotal]":
        """What differs folder by folder, and how many bytes are new. Costs reading the recipes of what differs, no data."""
        from objstore.comparison.files.folders import per_folder

        new = {file.path: file.new_bytes for file in self.file_bytes()}
        return per_folder(self.files, lambda item: new[item.path])

    def transfer(self) -> "Transfer | None":
        """What a pull of the new side moves at most for somebody who has the old one; None unless both are versions."""
        return self._comparison.transfer()

    # -- inside a file -------------------------------------------------------------------------------------------------

    def text(self, path: str) -> "TextDiff":
        """The unified diff of one file. KeyError when neither side has it, ValueError when only one has."""
        from objstore.comparison.text.diff import compare_text

        return compare_text(*self._comparison.both(canonical(path)))

    def rows(self, path: str, key: Iterable[str] | str = ()) -> "RowDiff":
        """What differs in one table (CSV, TSV, JSON Lines, Parquet), by the columns `key`; without, a key is looked for.

        KeyError when neither side has the file, ValueError when only one has, UnreadableFileError (a ValueError) when it can't be read as a
        table, or the key is none.
        """
        from objstore.comparison.inside import compare_rows_of

        return compare_rows_of(*self._comparison.both(canonical(path)), listed(key), self._comparison.scratch)

    def tensors(self, path: str) -> "TensorDiff":
        """What differs in one file of tensors (safetensors, npy, npz), tensor by tensor. Errors as of `rows`."""
        from objstore.comparison.inside import compare_tensors_of

        return compare_tensors_of(*self._comparison.both(canonical(path)))

    # -- showing -------------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """For JSON (spec/diff.md): the lists of files, `totals`, and `facts`, null when one side is a folder."""
        return {**self.files.to_dict(), "facts": None if self.facts is None else self.facts.to_dict()}

    def _repr_html_(self) -> str:
        return self.files._repr_html_() + (self.facts._repr_html_() if self.facts else "")

    def __repr__(self) -> str:
        counts = ", ".join(f"{total.files:,} {name.replace('_', ' ')}" for name, total in self.totals.items() if total.files)
        return f"<Diff: {counts or 'no differences'}>"


def diff(a: Compared, b: Compared) -> Diff:
    """What differs from `a` to `b`: each an Artifact, the name of a version (`str`), or a folder on the disk (`Path`).

    Names mean those of the project that the newest run of this process logs to, else of the repository that is open, else of the nearest
    one; `NAME::PLACE` is one in the repository or project at that folder, URL or remote.
    """
    session = next((side._session_of() for side in (a, b) if isinstance(side, Holding) and side._session_of()), None)
    return diff_in(session or session_for_names(), a, b)


def diff_in(session: Session, a: Compared, b: Compared) -> Diff:
    """The same; names are those of one project."""
    held: list[object] = [session]
    (old, before), (new, after) = (_side(session, side, held) for side in (a, b))
    with session.state():
        project = session.project
    found = compare(project, old, new, Silent())
    return Diff(found, None if before is None or after is None else compare_facts(before, after), held)


def _side(session: Session, side: Compared, held: list[object]) -> tuple[OfVersion | Path, Facts | None]:
    if isinstance(side, Holding):
        held.append(side)
        return side._compared()
    if isinstance(side, str):
        return _named(session, side, held)
    if isinstance(side, os.PathLike):
        return Path(side), None
    raise InvalidTypeError(f"a diff compares artifacts, names of versions and folders (Path), not a {type(side).__name__}")


def _named(session: Session, text: str, held: list[object]) -> tuple[OfVersion | Path, Facts | None]:
    from objstore.repository.sides import named_side

    def keep(project: Project) -> Project:
        held.append(Session(project))  # closes it when it goes
        return project

    if "::" not in text and "/" not in text:
        parse_name(text)  # text is a name here: a folder in the current one is given as a Path
    with session.state():
        found = named_side(session.project, text, keep)
    return (found, None) if isinstance(found, Path) else (found.held, found.facts)
