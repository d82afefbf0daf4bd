"""Requests for the items of tables go from the gateway's socket straight to dynoxide and back, as bytes. LocalStack reads,
checks, writes anew and sends each from a thread of its own: 2.5 ms of Python for a GetItem, here 0.5 ms. Everything else
about tables, and their streams, stays LocalStack's."""

import functools
import json
import logging
from collections.abc import Callable

from event_sources import Writes, written_tables

LOG = logging.getLogger("backlot.items")

PREFIX = "DynamoDB_20120810."
OPERATIONS = frozenset((
    "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan",
    "BatchGetItem", "BatchWriteItem", "TransactGetItems", "TransactWriteItems",
))  # fmt: skip
REQUEST_HEADERS = ("x-amz-target", "x-amz-date", "authorization", "content-type")
ANSWER_HEADERS = ("content-type", "x-amzn-requestid", "x-amz-crc32")
#: As many as there may be functions that ask at once, and some clients.
KEPT_CONNECTIONS = 192
#: The SDKs try again.
FAILED = json.dumps({
    "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError",
    "message": "expected dynoxide, the database, to answer",
}).encode()  # fmt: skip


def operation_of(target: str | None) -> str | None:
    """The operation on items that a request's `X-Amz-Target` names.

    >>> operation_of("DynamoDB_20120810.GetItem")
    'GetItem'
    >>> operation_of("DynamoDB_20120810.CreateTable")
    """
    operation = (target or "").removeprefix(PREFIX)
    return operation if operation in OPERATIONS else None


def first(original, port: Callable[[], int], writes: Writes):
    """A resource of Twisted's that answers requests for items, and leaves all others to the original one.

    :param port: dynoxide's, on 127.0.0.1
    """
    # It chooses its reactor when it is imported, and LocalStack has a say in that.
    from twisted.python.components import proxyForInterface
    from twisted.web.resource import IResource
    from twisted.web.server import NOT_DONE_YET

    agent = functools.cache(lambda: _agent(port()))

    class ItemsFirst(proxyForInterface(IResource)):
        isLeaf = True

        def render(self, request):
            operation = operation_of(request.getHeader("x-amz-target"))
            if operation is None:
                return self.original.render(request)
            _pass_on(agent(), request, lambda body: writes.note(written_tables(operation, json.loads(body))))
            return NOT_DONE_YET

    return ItemsFirst(original)


def _agent(port: int):
    from twisted.internet import reactor
    from twisted.internet.endpoints import TCP4ClientEndpoint
    from twisted.web.client import Agent, HTTPConnectionPool

    class Dynoxide:
        """Twisted would look the host up for each request."""

        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)

        def endpointForURI(self, uri):
            return self.endpoint

    pool = HTTPConnectionPool(reactor)
    pool.maxPersistentPerHost = KEPT_CONNECTIONS
    return Agent.usingEndpointFactory(reactor, Dynoxide(), pool)


def _pass_on(agent, request, accepted: Callable[[bytes], None]) -> None:
    """Calls `accepted` with the request's body before it is answered, when dynoxide took it."""
    from twisted.internet.defer import inlineCallbacks
    from twisted.web.client import FileBodyProducer, readBody
    from twisted.web.http_headers import Headers

    gone = []
    request.notifyFinish().addErrback(gone.append)
    asked = {name: request.requestHeaders.getRawHeaders(name, ()) for name in REQUEST_HEADERS}
    body = request.content.read()
    request.content.seek(0)

    @inlineCallbacks
    def answer():
        response = yield agent.request(b"POST", b"http://dynoxide/", Headers(asked), FileBodyProducer(request.content))
        content = yield readBody(response)
        if response.code == 200:
            accepted(body)
        answered = {name: response.headers.getRawHeaders(name, ()) for name in ANSWER_HEADERS}
        write(response.code, answered, content)

    def fail(failure):
        LOG.error("expected dynoxide to answer: %s", failure)
        write(500, {"content-type": ["application/x-amz-json-1.0"]}, FAILED)

    def write(code, headers, content):
        if gone:
            return
        request.setResponseCode(code)
        for name, values in headers.items():
            request.responseHeaders.setRawHeaders(name, values)
        request.setHeader("content-length", str(len(content)))
        request.write(content)
        request.finish()

    answer().addErrback(fail)
