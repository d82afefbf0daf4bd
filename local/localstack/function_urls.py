"""Function URLs get every request, as on AWS. LocalStack refuses requests whose Origin or Referer it does not know, to
keep web pages away from its own API; it exempts API Gateway's hosts but not function URLs, where that refuses every
visitor who follows a short link on some page."""

#: Part of every function URL's host name: `<id>.lambda-url.<region>.<LOCALSTACK_HOST>`.
HOST_PART = ".lambda-url."


def use() -> None:
    import wrapt

    def exempt(cors) -> None:
        enforce = cors.should_enforce_self_managed_service
        cors.should_enforce_self_managed_service = lambda context: (
            HOST_PART not in context.request.host and enforce(context)
        )

    wrapt.register_post_import_hook(exempt, "localstack.aws.handlers.cors")
