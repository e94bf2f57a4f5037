"""SendGrid: client, payload, responses, suppressions, probe."""
