"""What LocalStack makes again and again though it stays the same, made once; it was more than a third of a start's work."""

import functools
import types

#: Tables of botocore that are only read. Models of services are patched after loading: each session has its own.
TABLES = ("/endpoints", "/partitions")


def use() -> None:
    """Before botocore is imported."""
    import wrapt

    wrapt.register_post_import_hook(_share_tables, "botocore.loaders")
    wrapt.register_post_import_hook(_share_client, "localstack.services.lambda_.invocation.lambda_models")
    wrapt.register_post_import_hook(_share_content_types, "twisted.web.http")


def _share_tables(loaders) -> None:
    """Each session of botocore parses its table of endpoints, a megabyte of JSON, for itself, and LocalStack makes a session
    to learn the regions of each service."""
    load = loaders.JSONFileLoader.load_file
    load_once = functools.cache(lambda path: load(loaders.JSONFileLoader(), path))

    def load_file(self, file_path):
        return load_once(file_path) if file_path.endswith(TABLES) else load(self, file_path)

    loaders.JSONFileLoader.load_file = load_file


def _share_client(lambda_models) -> None:
    """To sign the address of a function's code, which every look at a function does, this module makes a client."""
    make = lambda_models.boto3.client

    @functools.cache
    def client(*arguments, **named):
        return make(*arguments, **named)

    lambda_models.boto3 = types.SimpleNamespace(client=client)


def _share_content_types(http) -> None:
    """Twisted makes a mail of each request's content type to parse it, a tenth of what a request costs."""
    http._parseContentType = functools.lru_cache(maxsize=256)(http._parseContentType)
