"""CloudFormation looks soon again whether a resource is there. A function is ready some milliseconds after it was made, and
LocalStack looks again after a second: for all functions of a stack, one after the other."""

#: Each look costs some milliseconds of the one core that all stacks share.
LOOK_AGAIN_SECONDS = 0.05


def use() -> None:
    import wrapt

    wrapt.register_post_import_hook(_look_again_soon, "localstack.services.cloudformation.resource_provider")


def _look_again_soon(provider) -> None:
    executor = provider.ResourceProviderExecutor
    deploy = executor.deploy_loop

    def deploy_loop(self, *args, **options):
        return deploy(self, *args, **{"sleep_time": LOOK_AGAIN_SECONDS, **options})

    executor.deploy_loop = deploy_loop
