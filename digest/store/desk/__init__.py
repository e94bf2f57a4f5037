"""The desk in the browser: its users with their credentials and sessions, and the log of every act."""
