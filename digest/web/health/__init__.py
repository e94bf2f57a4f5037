"""`/healthz`, `/readyz` and `/metrics`, on the pages' server or on one of their own."""
