"""The store: what stages ask for, kept in SQLite or PostgreSQL. No rule of the domain lives here."""
