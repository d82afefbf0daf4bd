"""Event source mappings ask their queue or stream when there may be something in it. LocalStack asks an empty stream
again and again without a pause, which costs half a core for six of them, and an empty queue once in a second, which is how
long its messages then wait. Both happen in this very process, so whoever polls can be told instead."""

import functools
import threading
from collections import defaultdict
from collections.abc import Callable

#: How long a poller waits untold, then asks all the same: for what comes without a request, as expired items do, and to
#: see that its mapping was disabled or deleted.
PATIENCE_SECONDS = 1

POLLERS = "localstack.services.lambda_.event_source_mapping.pollers"


class Writes:
    """Counts the writes to each table, so that none is missed between a look and a wait."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._counts: defaultdict[str, int] = defaultdict(int)

    def note(self, tables: set[str]) -> None:
        with self._changed:
            for table in tables:
                self._counts[table] += 1
            self._changed.notify_all()

    def count(self, table: str) -> int:
        with self._changed:
            return self._counts[table]

    def wait(self, table: str, seen: int) -> None:
        """Until there are other than `seen` writes to the table, or patience ends."""
        with self._changed:
            self._changed.wait_for(lambda: self._counts[table] != seen, PATIENCE_SECONDS)


def written_tables(operation: str, request: dict) -> set[str]:
    """The tables that a request to DynamoDB may have changed; by name or ARN, whichever the request has.

    >>> written_tables("PutItem", {"TableName": "backlot-links"})
    {'backlot-links'}
    """
    match operation:
        case "PutItem" | "UpdateItem" | "DeleteItem":
            tables = {request["TableName"]}
        case "BatchWriteItem":
            tables = set(request["RequestItems"])
        case "TransactWriteItems":
            tables = {action["TableName"] for item in request["TransactItems"] for action in item.values()}
        case _:
            tables = set()
    return {table.rpartition("/")[2] for table in tables}


def use(writes: Writes, database_port: Callable[[], int]) -> None:
    """Each when it is imported, which is late."""
    import wrapt

    wrapt.register_post_import_hook(lambda module: _note_writes(module, writes), "localstack.services.dynamodb.v2.provider")
    wrapt.register_post_import_hook(
        lambda module: _await_writes(module, writes, functools.cache(lambda: _client(database_port()))),
        f"{POLLERS}.dynamodb_poller",
    )
    wrapt.register_post_import_hook(_await_messages, f"{POLLERS}.sqs_poller")


def _note_writes(provider, writes: Writes) -> None:
    forward = provider.DynamoDBProvider.forward_request

    def forward_request(self, context, service_request=None):
        answer = forward(self, context, service_request)
        if tables := written_tables(context.operation.name, service_request or context.service_request):
            writes.note(tables)
        return answer

    provider.DynamoDBProvider.forward_request = forward_request


def _client(port: int):
    """Of dynoxide itself: LocalStack would pass on both ways what it neither reads nor changes."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "dynamodbstreams", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1",
        aws_access_key_id="local", aws_secret_access_key="local", config=Config(max_pool_connections=64),
    )  # fmt: skip


class _Straight:
    """LocalStack's client, but for the records."""

    def __init__(self, client, records) -> None:
        self._client, self.get_records = client, records.get_records

    def __getattr__(self, name: str):
        return getattr(self._client, name)


def _await_writes(dynamodb_poller, writes: Writes, client: Callable[[], object]) -> None:
    """A batching window needs LocalStack's own pace, and so do several shards, of which it asks one after the other."""
    poller = dynamodb_poller.DynamoDBPoller
    ask = poller.get_records

    def get_records(self, shard_iterator):
        if not isinstance(self.source_client, _Straight):
            self.source_client = _Straight(self.source_client, client())
        # arn:aws:dynamodb:<region>:<account>:table/<name>/stream/<label>
        table = self.source_arn.split("/")[1]
        seen = writes.count(table)
        answer = ask(self, shard_iterator)
        in_turn = len(self.shards) > 1 or self.stream_parameters.get("MaximumBatchingWindowInSeconds")
        if not answer.get("Records") and not in_turn:
            writes.wait(table, seen)
        return answer

    poller.get_records = get_records


def _await_messages(sqs_poller) -> None:
    """Waits for a visible message in the queue itself, then receives by LocalStack's own way. Delayed messages and those
    whose visibility timeout is over become visible by LocalStack's clock, which ticks each second."""
    from localstack.services.sqs.models import FifoQueue, sqs_stores
    from localstack.utils.aws.arns import parse_arn

    poller = sqs_poller.SqsPoller
    receive = poller.poll_events

    def poll_events(self) -> None:
        arn = parse_arn(self.source_arn)
        # A queue that is gone has no messages to wait for: receiving says so.
        if queue := sqs_stores[arn["account"]][arn["region"]].queues.get(arn["resource"]):
            visible = queue.message_group_queue if isinstance(queue, FifoQueue) else queue.visible
            with visible.not_empty:
                if not visible.not_empty.wait_for(visible._qsize, PATIENCE_SECONDS):
                    return
        try:
            receive(self)
        except sqs_poller.EmptyPollResultsException:
            # Somebody else was faster. LocalStack would now pause, as long as a message may wait.
            return

    poller.poll_events = poll_events
