"""dynoxide in the place of DynamoDB Local (which needs Java). LocalStack forwards DynamoDB and its streams to DynamoDB
Local; dynoxide speaks the same protocol, with another region in its ARNs. It keeps its tables in a SQLite file, which
gets the indexes that dynoxide forgot and then loses its name: what it holds is gone when dynoxide ends."""

import logging
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from watchdog import Watchdog

LOG = logging.getLogger("backlot.dynoxide")

#: It answers within a few milliseconds; a loaded machine may take longer to start it.
START_DEADLINE_SECONDS = 10
#: dynoxide can't tell which port it got for port 0, so a port is chosen for it, which another process may take first.
ATTEMPTS = 5
POLL_SECONDS = 0.005
#: Without these, each write to a table with a stream, and each look at a stream, reads all records of all streams there
#: have been: 12,000 writes were 30 ms each at the end, with them 1 ms. They are the WHERE of `next_stream_sequence_number`
#: and of `get_stream_records` in dynoxide's src/storage.rs.
STREAM_INDEXES = """
CREATE INDEX backlot_sequence ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
CREATE INDEX backlot_shard ON _stream_records (table_name, shard_id, CAST(sequence_number AS INTEGER));
"""
#: Memory in the form of files, on Linux: there is no disk to wait for. Containers may have little of it.
SHARED_MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 2 << 30


class Dynoxide:
    """Starts at once and in parallel to LocalStack's own start; `port` waits for it."""

    def __init__(self, binary: str, watchdog: Watchdog, on_exit: Callable[[int], None]) -> None:
        self._binary, self._watchdog, self._on_exit = binary, watchdog, on_exit
        self._ready = threading.Event()
        self._port: int | None = None
        threading.Thread(target=self._run, name="dynoxide", daemon=True).start()

    @property
    def port(self) -> int:
        if not self._ready.wait(START_DEADLINE_SECONDS) or self._port is None:
            raise RuntimeError(f"expected dynoxide to listen within {START_DEADLINE_SECONDS} s")
        return self._port

    def _run(self) -> None:
        process = self._start()
        if process is None:
            self._on_exit(-1)
            return
        self._ready.set()
        # Its tables are gone with it: no restart, the cloud as a whole ends.
        code = process.wait()
        self._watchdog.ended(process)
        self._on_exit(code)

    def _start(self) -> subprocess.Popen | None:
        for _ in range(ATTEMPTS):
            self._port = _free_port()
            # It has its files open by the time that they lose their names: nothing stays behind, however it ends.
            with tempfile.TemporaryDirectory(prefix="backlot-dynoxide-", dir=_folder_of_files()) as folder:
                tables = Path(folder, "tables.db")
                process = self._watchdog.start(
                    [self._binary, "--host", "127.0.0.1", "--port", str(self._port), "--db-path", str(tables)],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                )
                if _listens(self._port, process):
                    _add_indexes(tables)
                    return process
                process.kill()
                process.wait()
                self._watchdog.ended(process)
        return None


def _folder_of_files() -> Path | None:
    """None for the system's temporary folder."""
    has_room = SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free >= ENOUGH_BYTES
    return SHARED_MEMORY if has_room else None


def _add_indexes(tables: Path) -> None:
    with closing(sqlite3.connect(tables, timeout=START_DEADLINE_SECONDS)) as connection:
        connection.executescript(STREAM_INDEXES)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _listens(port: int, process: subprocess.Popen) -> bool:
    deadline = time.monotonic() + START_DEADLINE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return process.poll() is None
        except OSError:
            time.sleep(POLL_SECONDS)
    return False


def use(dynoxide: Dynoxide) -> None:
    """Patches the three places where LocalStack knows DynamoDB Local; each when it is imported, which is late."""
    import wrapt

    wrapt.register_post_import_hook(
        lambda module: _serve(module, dynoxide), "localstack.services.dynamodb.server"
    )
    wrapt.register_post_import_hook(_translate_arns, "localstack.services.dynamodb.utils")
    wrapt.register_post_import_hook(
        _translate_stream_arns, "localstack.services.dynamodbstreams.v2.provider"
    )


def _serve(server, dynoxide: Dynoxide) -> None:
    """The process runs already: LocalStack's server object only points to it."""

    class DynamodbServer(server.DynamodbServer):
        def __init__(self, port=None, host="127.0.0.1", db_path=None):
            super().__init__(port=dynoxide.port, host="127.0.0.1", db_path=None)
            self.db_path = None

        def start_dynamodb(self):
            return True

        def stop_dynamodb(self):
            pass

        def wait_for_dynamodb(self):
            pass

    original = server.DynamodbServer
    original.get = staticmethod(server.singleton_factory(lambda: DynamodbServer()))


def _translate_arns(utils) -> None:
    for name in ("_ddb_local_arn_pattern", "_ddb_local_exception_arn_pattern"):
        pattern = getattr(utils, name).pattern
        setattr(utils, name, re.compile(pattern.replace("ddblocal", "dynoxide")))


def _translate_stream_arns(streams) -> None:
    provider = streams.DynamoDBStreamsProvider
    to_local = provider.modify_stream_arn_for_ddb_local

    def modify(self, arn):
        # dynoxide's shard iterators are no ARNs and pass unchanged.
        return to_local(self, arn).replace(":ddblocal:", ":dynoxide:") if arn.startswith("arn:") else arn

    provider.modify_stream_arn_for_ddb_local = modify
