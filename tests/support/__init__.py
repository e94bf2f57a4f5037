"""Real local servers, databases and killers that tests, benches and proofs run against."""
