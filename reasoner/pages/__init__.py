"""``guideline docs``: the knowledge as static pages. A module makes the content of a page, a template lays it out."""
