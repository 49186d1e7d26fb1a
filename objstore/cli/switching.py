"""How a checkout of pinned paths is shown."""

import os

from objstore.cli.output import print_line
from objstore.cli.sizes import counted
from objstore.repository.switching import Switched


def print_switched(switched: Switched) -> None:
    outcome = switched.outcome
    done = [
        f"{counted(number, 'file')} {what}" for number, what in ((outcome.written, "written"), (len(outcome.removed), "removed")) if number
    ]
    modes = f", {counted(outcome.kept, 'mode')} changed" if outcome.kept else ""
    print_line(f"{os.path.relpath(switched.path)}  {switched.name}  {', '.join(done) or 'unchanged'}{modes}")
