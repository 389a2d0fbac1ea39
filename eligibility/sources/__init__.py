"""Where the students of a batch come from, in parts."""
