"""The readers' pages: leaving, wishes, the letter in a browser, the archive, sign-up. Stands on top; holds no rule of
the domain, and no page needs a script or a cookie."""
