"""Verdicts for a great many students: in parts, by several processes, to be taken up again."""
