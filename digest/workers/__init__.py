"""Several processes on several machines share the work of one newsletter, on PostgreSQL.

`port.py` defines an engine.

- `start.py` chooses the engine of a process: `InlineEngine` (one process does everything) or `procrastinate_engine.py`.
- `steps.py` and `seats.py` are the jobs, `tasks.py` does them, and the engine queues the steps.
- `queue.py` puts jobs into Procrastinate's tables, and `fetching.py` takes them out.
- `heartbeat.py` reports that a worker is alive, and continues the work of dead ones.
- `compatibility.py` decides which workers may share a store.
"""
