"""Loads what a deployment is about to ask for. LocalStack loads a service, its model and its clients with the first
request, up to 0.7 s each; while the templates are still being built, all that can happen."""

import logging
import threading

LOG = logging.getLogger("backlot.ahead")

#: A request without effect for each service that every stack is made of, in the order of a deployment.
REQUESTS = {
    "sts": "get_caller_identity",
    "s3": "list_buckets",
    "cloudformation": "list_stacks",
    "iam": "list_roles",
    "lambda_": "list_functions",
    "apigateway": "get_rest_apis",
    "dynamodb": "list_tables",
    "dynamodbstreams": "list_streams",
    "sqs": "list_queues",
    "events": "list_event_buses",
    "logs": "describe_log_groups",
    "secretsmanager": "list_secrets",
    "sns": "list_topics",
    "cloudwatch": "describe_alarms",
}


def load(ready: threading.Event) -> None:
    """Waits for the runtime, then loads one service after the other. A thread of its own runs it."""
    from localstack.aws.connect import connect_to
    from localstack.constants import AWS_REGION_US_EAST_1

    ready.wait()
    clients = connect_to(region_name=AWS_REGION_US_EAST_1)
    for service, request in REQUESTS.items():
        try:
            getattr(getattr(clients, service), request)()
        except Exception as error:  # it will show when somebody needs the service
            LOG.warning("could not load %s ahead: %s", service, error)
