"""Git's hooks, and its view of pins: putting ours beside those that are there, and taking them away."""

import os
import shlex
from pathlib import Path

from objstore.errors import ConflictError, InvalidInputError
from objstore.host.git import Git
from objstore.host.lines import add_line, remove_line, replace_text
from objstore.host.publish import translated
from objstore.worktree.pinfiles import SUFFIX

HOOKS = ("post-checkout", "post-merge", "post-rewrite", "post-commit", "pre-push")
_MARK = "# objstore's hook."
_KEPT = ".before-objstore"
_SECTION = "diff.objstore"
_ATTRIBUTE = f"*{SUFFIX} diff=objstore"

_SCRIPT = """\
#!/bin/sh
{mark} One that was here before is now {name}{kept}, and runs first.
before="$(dirname "$0")/{name}{kept}"
status=0
{chain}
if [ -x {python} ]; then
    {python} -P -m objstore git-hooks run {name} "$@" || status=$?
elif command -v objstore >/dev/null 2>&1; then
    objstore git-hooks run {name} "$@" || status=$?
else
    echo "objstore isn't installed here any more, so pinned paths are left as they are" >&2
fi
exit $status
"""
_CHAIN = 'if [ -x "$before" ]; then "$before" "$@" || status=$?; fi'
# The end of a merge that had conflicts, and each step of a cherry-pick or revert, is a commit; most commits move no pin.
_CHAIN_COMMIT = f"{_CHAIN}\ngit diff-tree -r -m --root --no-commit-id --name-only HEAD | grep -q '\\{SUFFIX}\"\\{{0,1\\}}$' || exit $status"
# What is pushed comes on the standard input, which ours doesn't read; and a hook that fails stops the push.
_CHAIN_PUSH = 'if [ -x "$before" ]; then "$before" "$@" || exit $?; fi'
# Where objstore isn't any more, the pin itself is shown: `git diff` fails altogether when this does.
_TEXTCONV = 'f() {{ {python} -P -m objstore git-hooks textconv "$1" 2>/dev/null || cat "$1"; }}; f'


def install(git: Git, python: str) -> list[Path]:
    """Makes Git run us; the hooks that were kept. Doing it again changes nothing.

    `python`: the interpreter that has objstore. ConflictError where hooks belong to more than this repository.
    """
    folder = _folder(git)
    for name in HOOKS:
        if _is_foreign(folder / name) and not _can_be_kept(folder / name):
            raise ConflictError(f"there are both {folder / name} and {name + _KEPT}, neither of them objstore's; remove or rename one")
    for name in HOOKS:
        _install(folder / name, python)
    git.configure(_SECTION, "textconv", _TEXTCONV.format(python=shlex.quote(python)))
    add_line(git.own_path("info/attributes"), _ATTRIBUTE)
    return [kept for name in HOOKS if (kept := folder / (name + _KEPT)).exists()]


def remove(git: Git) -> list[Path]:
    """Undoes `install`; the hooks that are back in their place."""
    folder = _folder(git)
    restored = []
    for name in HOOKS:
        if not _is_ours(folder / name):
            continue
        with translated(folder):
            kept = folder / (name + _KEPT)
            if os.path.lexists(kept):
                kept.replace(folder / name)
                restored.append(folder / name)
            else:
                (folder / name).unlink()
    git.forget_section(_SECTION)
    remove_line(git.own_path("info/attributes"), _ATTRIBUTE)
    return restored


def _folder(git: Git) -> Path:
    folder = Path(os.path.realpath(git.own_path("hooks")))
    if not any(folder.is_relative_to(os.path.realpath(own)) for own in (git.common_folder, git.top)):
        raise ConflictError(
            f"Git's hooks are in {folder} (core.hooksPath), which isn't this repository's own; "
            'have the hooks there run: objstore git-hooks run NAME "$@"'
        )
    return folder


def _install(hook: Path, python: str) -> None:
    with translated(hook):
        if _is_foreign(hook):
            _keep(hook)
        chain = {"pre-push": _CHAIN_PUSH, "post-commit": _CHAIN_COMMIT}.get(hook.name, _CHAIN)
        replace_text(hook, _SCRIPT.format(mark=_MARK, name=hook.name, kept=_KEPT, chain=chain, python=shlex.quote(python)))
        hook.chmod(hook.stat().st_mode | 0o111)


def _keep(hook: Path) -> None:
    """Gives a hook its other name beside its own, so that it never is without effect, whatever happens next."""
    kept = hook.with_name(hook.name + _KEPT)
    kept.unlink(missing_ok=True)  # the same file, see _can_be_kept
    try:
        os.link(hook, kept, follow_symlinks=False)
    except OSError:  # not every file system has hard links
        hook.rename(kept)


def _can_be_kept(hook: Path) -> bool:
    """Whether nothing else has the name that a hook is kept under; it has itself when `install` was interrupted."""
    kept = hook.with_name(hook.name + _KEPT)
    return not os.path.lexists(kept) or os.path.samestat(os.lstat(kept), os.lstat(hook))


def _is_foreign(hook: Path) -> bool:
    return os.path.lexists(hook) and not _is_ours(hook)


def _is_ours(hook: Path) -> bool:
    try:
        return _MARK.encode() in hook.read_bytes()
    except OSError:
        return False


def repository_of(folder: Path) -> Git:
    """The Git repository that a folder is in. InvalidInputError when it is in none."""
    git = Git.of(folder)
    if git is None:
        raise InvalidInputError(f"{folder} isn't in a Git repository; `git init` makes one")
    return git
