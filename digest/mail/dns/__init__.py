"""The DNS records by which receivers judge a sender: checks that turn answers into findings, and a resolver."""
