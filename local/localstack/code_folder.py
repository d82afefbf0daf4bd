"""The code of a hot-reloaded function: has it changed since its process started? No watcher: asked before each
invocation, which costs some microseconds for the two files of a bundle."""

import os

#: Not code that one edits; walking it would take longer than the invocation.
SKIPPED = {"node_modules", ".git"}


def fingerprint(folder: str) -> frozenset:
    """Path, size and modification time of every file. An absent folder has the empty fingerprint."""
    found = set()
    pending = [folder]
    while pending:
        try:
            entries = os.scandir(pending.pop())
        except FileNotFoundError:
            continue
        with entries:
            for entry in entries:
                if entry.is_dir():
                    if entry.name not in SKIPPED:
                        pending.append(entry.path)
                else:
                    stat = entry.stat()
                    found.add((entry.path, stat.st_size, stat.st_mtime_ns, stat.st_ino))
    return frozenset(found)
