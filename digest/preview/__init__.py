"""Preview an edition before it is sent: in files, or in a browser that follows edits of templates."""
