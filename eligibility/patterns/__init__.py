"""Many students decided by patterns of bits: what they state is added up, and looked up.

`layout` packs many small sums into one integer, `kinds` says what each fact and each item of
a list adds, `decoding` adds up a profile while it is read, and `deciding` knows the verdicts by
the pattern that comes out. What a comparison, a list or a tree means is not said here: each
kind of item is valued by `eligibility.leaves`, each pattern by the reference engine.
"""
