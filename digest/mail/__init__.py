"""What is mail apart from sending it: messages, headers, MIME, bounce addresses, inspection of a received mail."""
