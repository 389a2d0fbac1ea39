"""The summary of a batch for people: found, read, put into sentences, and drawn."""
