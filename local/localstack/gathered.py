"""What LocalStack sends to CloudWatch after each invocation, gathered for a moment and sent together. Each of the two
requests, one for the metric and one for the log, costs about as much as an invocation itself."""

import logging
import threading
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from queue import Empty

LOG = logging.getLogger("backlot.gathered")

#: Alarms look at periods of 10 s and more.
METRICS_SECONDS = 2.0
#: A log line is seen soon after its invocation; on AWS it takes seconds.
LOGS_SECONDS = 1.0
#: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html: 10,000 events, and 1 MB
#: with 26 bytes for each event.
MAX_BATCH_EVENTS = 10_000
MAX_BATCH_BYTES = 1_048_576
EVENT_OVERHEAD_BYTES = 26
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
MAX_BATCH_METRICS = 1_000


def use() -> None:
    from localstack.services.lambda_.invocation import version_manager
    from localstack.services.lambda_.invocation.logs import LogHandler

    metrics = Metrics()
    version_manager.record_cw_metric_invocation = lambda **function: metrics.count("Invocations", **function)
    version_manager.record_cw_metric_error = lambda **function: (
        metrics.count("Invocations", **function),
        metrics.count("Errors", **function),
    )
    LogHandler.run_log_loop = run_log_loop


class Metrics:
    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str, str]] = Counter()
        self._lock = threading.Lock()
        threading.Thread(target=self._run, name="lambda-metrics", daemon=True).start()

    def count(self, metric: str, *, function_name: str, account_id: str, region_name: str) -> None:
        with self._lock:
            self._counts[account_id, region_name, function_name, metric] += 1

    def _run(self) -> None:
        while True:
            time.sleep(METRICS_SECONDS)
            with self._lock:
                counts, self._counts = self._counts, Counter()
            try:
                self._send(counts)
            except Exception as error:
                LOG.warning("could not send metrics: %s", error)

    @staticmethod
    def _send(counts: Counter) -> None:
        from localstack.aws.connect import connect_to

        now, of_account = datetime.now(UTC), defaultdict(list)
        for (account, region, function, metric), count in counts.items():
            dimensions = [{"Name": "FunctionName", "Value": function}]
            datum = {"MetricName": metric, "Dimensions": dimensions, "Timestamp": now, "Values": [1.0], "Counts": [float(count)]}
            of_account[account, region].append(datum)
        for (account, region), data in of_account.items():
            client = connect_to(aws_access_key_id=account, region_name=region).cloudwatch
            for start in range(0, len(data), MAX_BATCH_METRICS):
                client.put_metric_data(Namespace="AWS/Lambda", MetricData=data[start : start + MAX_BATCH_METRICS])


def run_log_loop(self, *_args, **_kwargs) -> None:
    """Takes the place of `LogHandler.run_log_loop`: the thread of one function version."""
    from localstack.aws.connect import connect_to
    from localstack.services.lambda_.invocation.logs import QUEUE_SHUTDOWN
    from localstack.utils.aws.client_types import ServicePrincipal

    client = connect_to.with_assumed_role(
        region_name=self.region, role_arn=self.role_arn, service_principal=ServicePrincipal.lambda_
    ).logs
    while True:
        items = [self.log_queue.get()]
        time.sleep(LOGS_SECONDS)
        try:
            while True:
                items.append(self.log_queue.get_nowait())
        except Empty:
            pass
        streams = defaultdict(list)
        for item in items:
            if item is not QUEUE_SHUTDOWN:
                streams[item.log_group, item.log_stream] += events_of(item.logs)
        for (group, stream), events in streams.items():
            for batch in batches(events):
                try:
                    put(client, group, stream, batch)
                except Exception as error:
                    LOG.warning("could not save logs to group %s: %s", group, error)
        if QUEUE_SHUTDOWN in items:
            return


def events_of(text: str) -> list[dict]:
    """One event per line; CloudWatch refuses empty ones."""
    now = int(time.time() * 1000)
    return [{"timestamp": now, "message": f"{line}\n"} for line in text.split("\n") if line]


def batches(events: list[dict]) -> list[list[dict]]:
    result, size = [[]], 0
    for event in events:
        own = len(event["message"].encode()) + EVENT_OVERHEAD_BYTES
        if result[-1] and (size + own > MAX_BATCH_BYTES or len(result[-1]) == MAX_BATCH_EVENTS):
            result.append([])
            size = 0
        result[-1].append(event)
        size += own
    return [batch for batch in result if batch]


def put(client, group: str, stream: str, events: list[dict]) -> None:
    try:
        client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    except client.exceptions.ResourceNotFoundException:
        try:
            client.create_log_group(logGroupName=group)
        except client.exceptions.ResourceAlreadyExistsException:
            pass
        client.create_log_stream(logGroupName=group, logStreamName=stream)
        client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
