"""One Lambda execution environment: a Node process that runs runtime.mjs. Knows the pipe protocol, not LocalStack.

JSON lines go in on the process's stdin, messages come out on a pipe of their own (its number is in
BACKLOT_RESULT_FD), so that nothing that the handler prints can be taken for an answer:

    <- {"ready": true} | {"initError": {...}}         once, when the handler's module is loaded
    -> {"id", "arn", "trace", "deadline", "payload"}  an invocation; deadline in ms since the epoch, payload as text
    <- {"id", "payload"} | {"id", "error"}            its answer; "idle": true when nothing goes on after it
    <- {"id", "idle": true}                           later, when all extensions asked for their next event

The process ends itself when its stdin closes; the watchdog sees to those that can't. After-work that outlives the
function's timeout is killed with the process, as on AWS."""

import json
import os
import selectors
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from watchdog import Watchdog, kill_group

#: What is read from a pipe at once: its whole default size on Linux.
CHUNK_BYTES = 65_536


@dataclass(frozen=True)
class Command:
    node: str
    runtime: Path
    options: tuple[str, ...]


class NodeProcess:
    """Started at construction. `on_output` gets what it prints, `on_idle` is called when after-work has ended; both
    on the process's own reader thread."""

    def __init__(
        self,
        command: Command,
        environment: dict[str, str],
        folder: str,
        watchdog: Watchdog,
        on_output: Callable[[bytes], None],
        on_idle: Callable[[], None],
    ) -> None:
        self._watchdog, self._on_output, self._on_idle = watchdog, on_output, on_idle
        self._answers: SimpleQueue[dict | None] = SimpleQueue()
        self.idle = threading.Event()
        self.ended = threading.Event()
        #: When the running invocation must be over, its after-work included; in seconds since the epoch.
        self._deadline = 0.0
        self._works_after_answer = False
        read_end, write_end = os.pipe()
        try:
            self._process = watchdog.start(
                [command.node, *command.options, str(command.runtime)],
                env={**environment, "BACKLOT_RESULT_FD": str(write_end)},
                cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                pass_fds=(write_end,),
            )
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        threading.Thread(target=self._read, args=(read_end,), daemon=True).start()

    def next_message(self, timeout: float) -> dict | None:
        """The next message; None when the process ended instead.

        :raises queue.Empty: when there is neither within `timeout` seconds
        """
        return self._answers.get(timeout=timeout)

    def send(self, invocation: dict) -> None:
        """A process that just ended is found by `next_message`, not here."""
        self.idle.clear()
        self._deadline = invocation["deadline"] / 1000
        try:
            self._process.stdin.write(json.dumps(invocation).encode() + b"\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass

    def exit_reason(self) -> str:
        """In AWS's words."""
        code = self._process.returncode
        if code == 0:
            return "Runtime exited without providing a reason"
        if code is not None and code < 0:
            return f"Runtime exited with error: signal: {_SIGNALS.get(-code, -code)}"
        return f"Runtime exited with error: exit status {code}"

    def kill(self) -> None:
        """Returns when it is gone, with whatever it started itself."""
        kill_group(self._process.pid)
        self.ended.wait()

    def _read(self, results: int) -> None:
        """Output that was written before an answer is delivered before it: Node writes to pipes synchronously."""
        output = self._process.stdout.fileno()
        os.set_blocking(output, False)
        buffer = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            selector.register(results, selectors.EVENT_READ)
            while True:
                left = max(0.0, self._deadline - time.time()) if self._works_after_answer else None
                ready = {key.fd for key, _ in selector.select(left)}
                if not ready:
                    kill_group(self._process.pid)
                    self._works_after_answer = False
                if results in ready and not self._take_results(results, output, buffer):
                    break
                if output in ready and not self._drain(output):
                    selector.unregister(output)
        self._process.wait()
        kill_group(self._process.pid)
        self._drain(output)
        self._watchdog.ended(self._process)
        os.close(results)
        self._process.stdout.close()
        self.ended.set()
        self._answers.put(None)
        self._on_idle()

    def _take_results(self, results: int, output: int, buffer: bytearray) -> bool:
        chunk = os.read(results, CHUNK_BYTES)
        if not chunk:
            return False
        buffer += chunk
        if b"\n" in chunk:
            self._drain(output)
            *lines, rest = bytes(buffer).split(b"\n")
            buffer[:] = rest
            for line in lines:
                self._deliver(json.loads(line))
        return True

    def _deliver(self, message: dict) -> None:
        is_answer = "payload" in message or "error" in message
        if message.get("idle") or message.get("ready"):
            self.idle.set()
        self._works_after_answer = is_answer and not message.get("idle")
        if "idle" in message and not is_answer:
            self._on_idle()
        else:
            self._answers.put(message)

    def _drain(self, output: int) -> bool:
        """Whether there may be more to come."""
        while True:
            try:
                chunk = os.read(output, CHUNK_BYTES)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not chunk:
                return False
            self._on_output(chunk)


_SIGNALS = {6: "aborted", 9: "killed", 11: "segmentation fault", 15: "terminated"}

__all__ = ["Command", "Empty", "NodeProcess"]
