"""Which environment takes an invocation. LocalStack starts a new one whenever none is ready, without end; here their
number is bounded, and so are those that start at once; an environment that still works after its answer is left alone, and
environments are reused latest first, so that the others grow old and can be stopped. Everything else is LocalStack's
own lifecycle."""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from localstack import config
from localstack.aws.api.lambda_ import RequestTooLargeException, TooManyRequestsException
from localstack.services.lambda_.invocation.assignment import AssignmentService
from localstack.services.lambda_.invocation.execution_environment import (
    ExecutionEnvironment,
    InvalidStatusException,
    RuntimeStatus,
)
from localstack.services.lambda_.invocation.lambda_models import InitializationType

LOG = logging.getLogger("backlot.environments")

#: How long an invocation waits for an environment that works after its answer: about what a cold start takes.
AFTER_WORK_SECONDS = 0.15
#: How long it waits when all environments are taken, before it is throttled as by AWS's concurrency limit.
QUEUE_SECONDS = 10
#: How often idle environments are looked through for those past LAMBDA_KEEPALIVE_MS.
REAP_SECONDS = 30

#: Processes that start at once: more of them only share the processor. A crowd is served by the first that are there.
STARTS_AT_ONCE = 2 * (os.cpu_count() or 1)
#: Then it starts all the same: what runs may run for long.
START_PATIENCE_SECONDS = 2
#: How often somebody who waits looks again.
LOOK_SECONDS = 0.05

#: What an environment takes: 60 to 90 MB.
ENVIRONMENT_BYTES = 90 * 1024**2
#: Of the machine's memory, when all environments are in use. They are stopped when nobody needs them.
MEMORY_SHARE = 1 / 3
#: Below it, functions that call each other wait for each other's places.
LEAST = 32
#: Two or three for each function; more were never in use at once.
MOST = 128


def default_limit() -> int:
    """As many as the machine bears: with fewer than there are functions in use, each invocation stops one and starts another."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return LEAST
    return max(LEAST, min(MOST, int(memory * MEMORY_SHARE / ENVIRONMENT_BYTES)))


class Environments:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._changed = threading.Condition()
        self._starting = 0
        self._service: AssignmentService | None = None
        threading.Thread(target=self._reap, name="environment-reaper", daemon=True).start()

    def notify(self) -> None:
        """An environment may have become free."""
        with self._changed:
            self._changed.notify_all()

    @contextlib.contextmanager
    def environment(self, service, manager_id, function_version, provisioning_type) -> Iterator[ExecutionEnvironment]:
        """Takes the place of `AssignmentService.get_environment`."""
        self._service = service
        environment = self._take(manager_id, function_version)
        try:
            yield environment
        except Exception as error:
            LOG.error("Failed invocation %s: %s", type(error), error, exc_info=LOG.isEnabledFor(logging.DEBUG))
            service.stop_environment(environment)
            raise
        else:
            # It was stopped meanwhile when its function was updated or deleted; its answer counts all the same.
            with contextlib.suppress(InvalidStatusException):
                environment.release()
        finally:
            self.notify()

    def _take(self, manager_id: str, function_version) -> ExecutionEnvironment:
        asked = time.monotonic()
        with self._changed:
            while True:
                own = [e for e in self._all(manager_id) if e.status == RuntimeStatus.READY]
                if taken := self._reserve_free(own):
                    return taken
                waited = time.monotonic() - asked
                if own and waited < AFTER_WORK_SECONDS:
                    self._changed.wait(AFTER_WORK_SECONDS - waited)
                elif waited < START_PATIENCE_SECONDS and self._starts() >= STARTS_AT_ONCE:
                    self._changed.wait(LOOK_SECONDS)
                elif self._has_room():
                    self._starting += 1
                    break
                elif waited > QUEUE_SECONDS or not self._changed.wait(QUEUE_SECONDS - waited):
                    raise TooManyRequestsException(
                        f"expected one of {self._limit} Lambda environments to become free within {QUEUE_SECONDS} s",
                        Reason="ConcurrentInvocationLimitExceeded",
                    )
        return self._start(manager_id, function_version)

    @staticmethod
    def _reserve_free(candidates: list[ExecutionEnvironment]) -> ExecutionEnvironment | None:
        for environment in sorted(candidates, key=lambda e: e.last_returned, reverse=True):
            if environment.runtime_executor.is_free():
                with contextlib.suppress(InvalidStatusException):
                    environment.reserve()
                    return environment
        return None

    def _start(self, manager_id: str, function_version) -> ExecutionEnvironment:
        """Cheap: the process itself starts with the invocation."""
        try:
            environment = self._service.start_environment(manager_id, function_version)
        finally:
            with self._changed:
                self._starting -= 1
        environment.reserve()
        self._service.environments[manager_id][environment.id] = environment
        return environment

    def _starts(self) -> int:
        return self._starting + sum(e.runtime_executor.is_starting() for e in self._all())

    def _has_room(self) -> bool:
        everything = self._all()
        if len(everything) + self._starting < self._limit:
            return True
        idle = [e for e in everything if e.status == RuntimeStatus.READY and e.runtime_executor.is_free()]
        for environment in sorted(idle, key=lambda e: e.last_returned):
            if self._stop_idle(environment):
                return True
        return False

    @staticmethod
    def _stop_idle(environment: ExecutionEnvironment) -> bool:
        """LocalStack's own way to stop an environment that is not in use, with its check that it still isn't."""
        if environment.initialization_type != InitializationType.on_demand:
            return False
        environment.keepalive_passed()
        return environment.status == RuntimeStatus.STOPPED

    def _all(self, manager_id: str | None = None) -> list[ExecutionEnvironment]:
        if self._service is None:
            return []
        if manager_id is not None:
            return list(self._service.environments[manager_id].values())
        return [e for of_version in list(self._service.environments.values()) for e in list(of_version.values())]

    def _reap(self) -> None:
        """One thread instead of LocalStack's timer thread per invocation."""
        while True:
            time.sleep(REAP_SECONDS)
            latest = datetime.now() - timedelta(milliseconds=config.LAMBDA_KEEPALIVE_MS)
            for environment in self._all():
                if environment.status == RuntimeStatus.READY and environment.last_returned < latest:
                    self._stop_idle(environment)


def use(environments: Environments) -> None:
    """Patches LocalStack's lifecycle where it meets ours."""
    own = AssignmentService.get_environment

    def get_environment(self, version_manager_id, function_version, provisioning_type):
        if provisioning_type != InitializationType.on_demand:
            return own(self, version_manager_id, function_version, provisioning_type)
        return environments.environment(self, version_manager_id, function_version, provisioning_type)

    def release(self):
        with self.status_lock:
            if self.status != RuntimeStatus.INVOKING:
                raise InvalidStatusException(f"environment {self.id}: expected INVOKING, got {self.status}")
            self.last_returned = datetime.now()
            self.status = RuntimeStatus.READY

    AssignmentService.get_environment = get_environment
    ExecutionEnvironment.release = release
    _publish_late_output()
    _limit_requests()


def _publish_late_output() -> None:
    """What a function prints after its answer goes to the same log stream."""
    from localstack.services.lambda_.invocation.logs import LogItem
    from localstack.services.lambda_.invocation.version_manager import LambdaVersionManager

    own = LambdaVersionManager.store_logs

    def store_logs(self, invocation_result, execution_env):
        group, stream = execution_env.get_log_group_name(), execution_env.get_log_stream_name()
        execution_env.runtime_executor.publish = lambda text: self.log_handler.add_logs(LogItem(group, stream, text))
        own(self, invocation_result, execution_env)

    LambdaVersionManager.store_logs = store_logs


#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: synchronous 6 MB, asynchronous 1 MB.
MAX_REQUEST_BYTES = {"RequestResponse": 6 * 1024 * 1024, "Event": 1024 * 1024}


def _limit_requests() -> None:
    from localstack.services.lambda_.invocation.lambda_service import LambdaService

    own = LambdaService.invoke

    def invoke(self, *args, payload=None, invocation_type=None, **kwargs):
        limit = MAX_REQUEST_BYTES.get(invocation_type or "RequestResponse")
        if payload is not None and limit is not None and len(payload) > limit:
            raise RequestTooLargeException(f"Request must be smaller than {limit} bytes for the InvokeFunction operation")
        return own(self, *args, payload=payload, invocation_type=invocation_type, **kwargs)

    LambdaService.invoke = invoke
