"""The settings that LocalStack 4.14.0 runs with as a plain process. LocalStack reads them from the environment when
it is imported, so `apply` comes first. docs/local-cloud.md tells the story of each."""

import os
import tempfile
from pathlib import Path


def apply(port: int, state: Path) -> None:
    """Sets every variable. `state` is the only folder that LocalStack writes to; it belongs to this process alone."""
    temporary = state / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        {
            # Where it listens, and the name that its queue URLs and function URLs carry.
            "GATEWAY_LISTEN": f"127.0.0.1:{port}",
            "LOCALSTACK_HOST": f"localhost:{port}",
            # Two clouds never share a folder: the defaults are beside site-packages and in /tmp.
            "FILESYSTEM_ROOT": str(state),
            # On a CI machine that is itself a container it would otherwise take itself for its own image.
            "OVERRIDE_IN_DOCKER": "0",
            # Streams come from the database itself; the older provider needs Kinesis (Java).
            "PROVIDER_OVERRIDE_DYNAMODB": "v2",
            "PROVIDER_OVERRIDE_DYNAMODBSTREAMS": "v2",
            # Nothing leaves the machine: no usage events, no certificate download, no DNS server.
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DNS_ADDRESS": "0",
            # Queue URLs that resolve without DNS.
            "SQS_ENDPOINT_STRATEGY": "path",
            # Asynchronous invocations are retried after 1 s and 2 s; AWS waits 1 and 2 minutes.
            "LAMBDA_RETRY_BASE_DELAY": "1",
            # A queue or stream that had something is asked again at once (the default, 1 s, allows ten messages a second);
            # empty ones after 1 s, where the default grows to 10 s.
            "LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC": "0.01",
            "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC": "1",
            # A request to CloudWatch for each figure of each message, more than a quarter of all requests; nobody looks.
            "SQS_DISABLE_CLOUDWATCH_METRICS": "1",
            "DYNAMODB_REMOVE_EXPIRED_ITEMS": "1",
            # No looking five times without a pause; cloudformation.py makes the pause short.
            "CFN_NO_WAIT_ITERATIONS": "0",
        }
    )
    os.environ.setdefault("LS_LOG", "warning")
    # Not TMPDIR, which LocalStack takes for a deprecated setting of its own.
    tempfile.tempdir = str(temporary)
