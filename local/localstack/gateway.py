"""LocalStack's gateway on the loopback interface only. Its own server ignores the host of GATEWAY_LISTEN and binds
0.0.0.0, and where the port is taken it goes on without one."""

import socket

#: Connections that wait until LocalStack serves: they are accepted from the first moment on.
BACKLOG = 512


def listen(port: int) -> socket.socket:
    """Takes the port at once, before the long imports, so that a taken port fails at once.

    :raises OSError: when the port is taken
    """
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen(BACKLOG)
    server.setblocking(False)
    return server


def serve_on(server: socket.socket, decorate) -> None:
    """Makes LocalStack's runtime server use this socket, and `decorate(resource)` answer what comes."""
    from localstack.aws.serving.twisted import TLSMultiplexerFactory
    from localstack.runtime.server.twisted import TwistedRuntimeServer
    from rolo.serving.twisted import TwistedGateway
    from twisted.internet import reactor, ssl

    def register(self, gateway, listen, ssl_creds=None):
        factory = TwistedGateway(gateway)
        factory.resource = decorate(factory.resource)
        if ssl_creds:
            certificate, key = ssl_creds
            context = ssl.DefaultOpenSSLContextFactory(key, certificate)
            context.getContext().use_certificate_chain_file(certificate)
            factory = TLSMultiplexerFactory(context, False, factory)
        reactor.adoptStreamPort(server.fileno(), socket.AF_INET, factory)

    TwistedRuntimeServer.register = register
