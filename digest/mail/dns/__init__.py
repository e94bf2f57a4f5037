"""The DNS records that receivers judge a sender by: rules that turn answers into findings, and a resolver."""
