"""Stage: what the admins are told: alerts about conditions, reports of editions, and the formats of both."""
