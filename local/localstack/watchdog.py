"""No child is left behind, whatever happens to the launcher, SIGKILL included.

A small process of its own (this file run as a script) reads the ids of the launcher's children from a pipe. The pipe
closes when the launcher ends, in whatever way; then the watchdog kills what is still registered and ends itself.
Every child leads a process group of its own, so that what it started goes with it, and so that Ctrl-C at the terminal
reaches only the command, which stops everything in order."""

import os
import signal
import subprocess
import sys
import threading


def kill_group(pid: int) -> None:
    """Kills a process group that may be gone already."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        pass


class Watchdog:
    """The launcher's end. Starts children and registers them; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._children: set[int] = set()
        self._closed = False
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__], stdin=subprocess.PIPE, process_group=0
        )

    def start(self, command: list[str], **options) -> subprocess.Popen:
        """Like `subprocess.Popen`. The caller calls `ended` after it has waited for the child."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the cloud is stopping, it starts no more processes")
            process = subprocess.Popen(command, process_group=0, **options)
            self._children.add(process.pid)
            self._tell(f"+{process.pid}\n")
            return process

    def ended(self, process: subprocess.Popen) -> None:
        with self._lock:
            self._children.discard(process.pid)
            if not self._closed:
                self._tell(f"-{process.pid}\n")

    def kill_all(self) -> None:
        """Kills every child and starts no more. Final."""
        with self._lock:
            self._closed = True
            for pid in self._children:
                kill_group(pid)

    def _tell(self, message: str) -> None:
        self._process.stdin.write(message.encode())
        self._process.stdin.flush()


def watch() -> None:
    """The script: ends when its standard input does."""
    children: set[int] = set()
    for line in sys.stdin:
        pid = int(line[1:])
        if line[0] == "+":
            children.add(pid)
        else:
            children.discard(pid)
    for pid in children:
        kill_group(pid)


if __name__ == "__main__":
    watch()
