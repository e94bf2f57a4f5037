"""Check the DNS records by which receivers judge a sender. Each check turns DNS answers into findings."""
