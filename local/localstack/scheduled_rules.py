"""A disabled rule with a schedule does nothing. LocalStack notes that it is disabled and goes on sending its events
(https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DisableRule.html)."""

DISABLED = "DISABLED"


def use() -> None:
    """When the provider is imported, which is late."""
    import wrapt

    wrapt.register_post_import_hook(_heed_state, "localstack.services.events.provider")


def _heed_state(provider) -> None:
    make = provider.EventsProvider._get_scheduled_rule_job_function

    def _get_scheduled_rule_job_function(self, account_id, region, rule):
        send = make(self, account_id, region, rule)

        def send_if_enabled(*arguments, **named):
            if rule.state != DISABLED:
                send(*arguments, **named)

        return send_if_enabled

    provider.EventsProvider._get_scheduled_rule_job_function = _get_scheduled_rule_job_function
