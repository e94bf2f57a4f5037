"""SMTP: transport, pipelined connection, DKIM signing."""
