"""Several processes on several machines share the work of one newsletter, on PostgreSQL.

`port.py` says what an engine is.

- `start.py` chooses the engine of a process: `inline.py` (one process does everything) or `procrastinate_engine.py`.
- `steps.py` and `seats.py` are the jobs, `tasks.py` does them, `clock.py` queues the steps.
- `queue.py` puts jobs into the tables of `schema.py`, and `fetching.py` takes them out.
- `heartbeat.py` says that a worker is alive, `rescue.py` goes on with what a dead one leaves.
- `compatibility.py` says which workers may work beside each other.
"""
