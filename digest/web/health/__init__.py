"""`/healthz`, `/readyz` and `/metrics`, on the pages' server or on a separate one."""
