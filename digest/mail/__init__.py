"""Mail formats: messages, headers, MIME, bounce addresses, and the inspection of received mail.

Sending is in `deliver`.
"""
