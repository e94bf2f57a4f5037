"""`python -m tests.alerts` provokes every kind of alert, in minutes. These tests check that it covers all."""

from __future__ import annotations

from digest.notify.alert import AlertKind
from tests.alerts.provocations import PROVOCATIONS


def test_every_kind_of_alert_is_provoked() -> None:
    assert sorted(each.kind for each in PROVOCATIONS) == sorted(AlertKind)
