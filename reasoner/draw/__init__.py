"""Pictures of the knowledge as SVG text: pathways, the order of choice, forest plots. Nothing here reads a file."""
