"""Reading rule documents: nodes with places in, a checked pack out."""
