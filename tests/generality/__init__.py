"""Guidelines of another kind, from folders of their own."""
