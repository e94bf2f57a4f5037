"""What `digest.yaml` may say about what is served over HTTP: where providers post events."""

from __future__ import annotations

from datetime import timedelta

from pydantic import model_validator

from digest.settings_values import Duration, Shape, VariableOrNone


class SendGridWebhook(Shape):
    """Where SendGrid's events come in: public keys (two while rotating) and, if wanted, a secret end of the path."""

    keys_env: VariableOrNone = ""
    secret_env: VariableOrNone = ""

    @model_validator(mode="after")
    def _signed(self) -> SendGridWebhook:
        if self.secret_env and not self.keys_env:
            raise ValueError("expected keys_env, as secret_env is given; without a signature nothing is believed")
        return self


class Webhooks(Shape):
    keep: Duration = timedelta(days=7)
    sendgrid: SendGridWebhook = SendGridWebhook()


class Web(Shape):
    webhooks: Webhooks = Webhooks()
