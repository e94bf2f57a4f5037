"""Messages to the admins: alerts about conditions, reports of editions, and the formats of both."""
