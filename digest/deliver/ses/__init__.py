"""Amazon SES: client, payload, responses, account."""
