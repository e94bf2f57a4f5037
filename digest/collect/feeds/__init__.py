"""Read RSS, Atom, JSON Feed, sitemaps and OPML."""
