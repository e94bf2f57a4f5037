"""The verbs of the product: compose, enqueue and stop an edition, reconcile it, process feedback, erase a subscriber.

Each use case is a small object that is given the collaborators it uses. `digest.wiring` builds them; the command line,
the scheduler, the web pages and the workers call the same ones.
"""
