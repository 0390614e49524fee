"""Two states of the knowledge compared: who is affected, which decisions, which axioms, which words."""
