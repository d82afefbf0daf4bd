"""Lambda environments as child processes of the project's Node, in the place of LocalStack's containers.

LocalStack decides when an environment is made, reused and stopped (environments.py narrows that); this runs
invocations in it. The process starts with the first invocation, so that an error at init is that invocation's error,
with its log, as on AWS; it is replaced when it crashed, timed out or its hot-reloaded code changed."""

import json
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from code_folder import fingerprint
from function_log import FunctionLogs
from localstack import config
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor
from node_process import Command, Empty, NodeProcess
from watchdog import Watchdog

#: AWS gives up after 10 s and tries once more (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html);
#: here a single try has both, because many environments may start on few cores.
INIT_DEADLINE_SECONDS = 20
#: Most handlers answer sooner; one that does not is at work, not starting.
FIRST_ANSWER_SECONDS = 0.1
#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 6 MB each way, and 100 bytes more out.
MAX_ANSWER_BYTES = 6 * 1024 * 1024 + 100
#: What of an invocation's output goes to CloudWatch Logs, whose batches hold 1 MB. The function's file has all of it.
MAX_PUBLISHED_BYTES = 900_000


@dataclass(frozen=True)
class Machinery:
    """What all executors of this cloud share."""

    command: Command
    watchdog: Watchdog
    logs: FunctionLogs
    temporary: Path
    search_path: str
    on_idle: Callable[[], None]


class ProcessExecutor(RuntimeExecutor):
    #: Set once by `launch.py`, before LocalStack makes the first one.
    machinery: Machinery

    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        self._log = self.machinery.logs.of(function_version.id.function_name)
        self._lock = threading.Lock()
        self._process: NodeProcess | None = None
        self._code_fingerprint: frozenset | None = None
        self._output = bytearray()
        self._output_lock = threading.Lock()
        self._invoking = False
        self._stopped = False
        #: Until its first answer, or a moment after its handler was loaded.
        self._start_over_at: float | None = None
        self._has_answered = False
        #: Sends late output to CloudWatch Logs; known from the first invocation on (environments.py).
        self.publish: Callable[[str], None] = lambda text: None

    # What LocalStack calls

    def start(self, env_vars: dict[str, str]) -> None:
        self._variables = {name: str(value) for name, value in env_vars.items()}
        if self._variables.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "provisioned-concurrency":
            self._running_process()

    def stop(self) -> None:
        """An invocation that runs is completed first, as on AWS: its function may have been updated meanwhile."""
        with self._lock:
            self._stopped = True
            if not self._invoking:
                self._end_process()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        request_id, started = payload["invoke-id"], time.perf_counter()
        self._publish_late_output()
        with self._lock:
            self._invoking = True
        self._print(f"START RequestId: {request_id} Version: {self.function_version.id.qualifier}\n")
        try:
            answer = self._answer(payload)
        finally:
            with self._lock:
                self._invoking = False
                self._has_answered = True
                if self._stopped:
                    self._end_process()
        milliseconds = (time.perf_counter() - started) * 1000
        self._print(f"END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\n")
        failed = "error" in answer
        text = answer["error"] if failed else answer["payload"]
        return InvocationResult(request_id, text.encode(), failed, self._take_output())

    def get_logs(self) -> str:
        with self._output_lock:
            return self._output.decode(errors="replace")

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}"

    @classmethod
    def prepare_version(cls, function_version) -> None:
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()
        for layer in function_version.config.layers or []:
            layer.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version) -> None:
        pass

    # What the pool asks

    def is_starting(self) -> bool:
        """Whether its process takes the processor to start: from the beginning until its first answer, and no longer than a
        moment after its handler was loaded, for the handler may take its time."""
        if self._stopped or self._has_answered:
            return False
        return self._start_over_at is None or time.monotonic() < self._start_over_at

    def is_free(self) -> bool:
        """Whether an invocation can begin at once: nothing goes on after the last answer."""
        process = self._process
        return process is None or process.idle.is_set() or process.ended.is_set()

    # One invocation

    def _answer(self, payload: dict[str, str]) -> dict:
        request_id, timeout = payload["invoke-id"], self.function_version.config.timeout
        try:
            process = self._running_process()
        except InitError as error:
            return {"error": json.dumps(error.named(request_id))}
        process.send(
            {
                "id": request_id,
                "arn": payload["invoked-function-arn"],
                "trace": payload.get("trace-id"),
                "deadline": round((time.time() + timeout) * 1000),
                "payload": payload["payload"],
            }
        )
        try:
            answer = process.next_message(timeout)
        except Empty:
            self._end_process()
            return _failure(request_id, "Sandbox.Timedout", f"Task timed out after {timeout}.00 seconds")
        if answer is None:
            return _failure(request_id, "Runtime.ExitError", process.exit_reason())
        if len(answer.get("payload", "").encode()) > MAX_ANSWER_BYTES:
            return {"error": json.dumps(TOO_LARGE)}
        return answer

    def _running_process(self) -> NodeProcess:
        """:raises InitError: when the handler can't be loaded"""
        code = self.function_version.config.code
        current = fingerprint(str(code.get_unzipped_code_location())) if code.is_hot_reloading() else None
        process = self._process
        usable = process and process.idle.is_set() and not process.ended.is_set()
        if usable and current == self._code_fingerprint:
            return process
        self._end_process()
        self._code_fingerprint = current
        process = self._process = self._spawn(str(code.get_unzipped_code_location()))
        try:
            message = process.next_message(INIT_DEADLINE_SECONDS)
        except Empty:
            self._end_process()
            raise InitError(
                {"errorType": "Sandbox.Timedout", "errorMessage": f"Task timed out after {INIT_DEADLINE_SECONDS}.00 seconds"}
            ) from None
        if message is None:
            raise InitError({"errorType": "Runtime.ExitError", "errorMessage": process.exit_reason()})
        if "initError" in message:
            self._end_process()
            raise InitError(message["initError"])
        self._start_over_at = time.monotonic() + FIRST_ANSWER_SECONDS
        return process

    def _spawn(self, folder: str) -> NodeProcess:
        machinery = self.machinery
        private = machinery.temporary / self.id
        private.mkdir(parents=True, exist_ok=True)
        layers = [str(layer.code.get_unzipped_code_location()) for layer in self.function_version.config.layers or []]
        layers.reverse()  # a later layer covers an earlier one
        environment = {
            "PATH": ":".join([*(f"{layer}/bin" for layer in layers), machinery.search_path]),
            "LANG": "en_US.UTF-8",
            "HOME": str(private),
            "TMPDIR": str(private),
            "NODE_PATH": ":".join(
                f"{layer}/nodejs/{modules}" for layer in layers for modules in ("node24/node_modules", "node_modules")
            ),
            "LD_LIBRARY_PATH": ":".join(f"{layer}/lib" for layer in layers),
            **self._variables,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.function_version.config.runtime}",
            "LAMBDA_TASK_ROOT": folder,
        }
        environment = {name: value for name, value in environment.items() if value or name in self._variables}
        return NodeProcess(
            machinery.command, environment, folder, machinery.watchdog, self._keep_output, self._on_idle
        )

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            shutil.rmtree(self.machinery.temporary / self.id, ignore_errors=True)

    # Output

    def _print(self, text: str) -> None:
        self._keep_output(text.encode())

    def _keep_output(self, data: bytes) -> None:
        self._log.write(data)
        with self._output_lock:
            if len(self._output) < MAX_PUBLISHED_BYTES:
                self._output += data[: MAX_PUBLISHED_BYTES - len(self._output)]

    def _take_output(self) -> str:
        with self._output_lock:
            text = self._output.decode(errors="replace")
            self._output.clear()
            return text

    def _on_idle(self) -> None:
        """After-work has ended: what it printed is published, and the environment may serve again."""
        self._publish_late_output()
        self.machinery.on_idle()

    def _publish_late_output(self) -> None:
        if not self._invoking and (text := self._take_output()):
            self.publish(text)


class InitError(Exception):
    def __init__(self, error: dict) -> None:
        super().__init__(error["errorMessage"])
        self._error = error

    def named(self, request_id: str) -> dict:
        """Errors of the platform carry the request's id in their message; those of the handler's code don't."""
        if self._error["errorType"] in ("Runtime.ExitError", "Sandbox.Timedout"):
            return {**self._error, "errorMessage": f"RequestId: {request_id} Error: {self._error['errorMessage']}"}
        return self._error


TOO_LARGE = {
    "errorType": "Function.ResponseSizeTooLarge",
    "errorMessage": f"Response payload size exceeded maximum allowed payload size ({MAX_ANSWER_BYTES} bytes).",
}


def _failure(request_id: str, error_type: str, message: str) -> dict:
    return {"error": json.dumps({"errorType": error_type, "errorMessage": f"RequestId: {request_id} Error: {message}"})}
