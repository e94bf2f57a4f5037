"""Development tools: checks of emails (`mail`) and of reader pages (`web`) with the libraries of Node.js."""
