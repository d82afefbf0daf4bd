"""The log of one function: a file that every environment of it appends to, whole lines only."""

import threading
from pathlib import Path


class FunctionLog:
    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(file, "ab", buffering=0)
        self._lock = threading.Lock()

    def write(self, data: bytes) -> None:
        with self._lock:
            self._file.write(data)


class FunctionLogs:
    """`<folder>/<function name>.log`, opened once each. A function name has no character that a file name can't."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._logs: dict[str, FunctionLog] = {}
        self._lock = threading.Lock()

    def of(self, function_name: str) -> FunctionLog:
        with self._lock:
            log = self._logs.get(function_name)
            if log is None:
                log = self._logs[function_name] = FunctionLog(self._folder / f"{function_name}.log")
            return log
