"""Turn raw items into clean articles: titles, datelines, boilerplate, identity."""
