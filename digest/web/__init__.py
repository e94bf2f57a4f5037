"""What is served over HTTP: the readers' pages, and what providers post. Stands on top; holds no rule of the domain.

No page needs a script or a cookie."""
