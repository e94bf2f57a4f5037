"""Extract articles from web pages, and links from listing pages."""
