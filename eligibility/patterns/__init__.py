"""Many students decided by patterns of bits: what they state is added up, and looked up.

`layout` packs many small sums into one integer. `kinds` and `items` say what each fact and
each item of a list adds, and `sums` what a total says of a leaf. `decoding` adds up a profile
while it is read, and `deciding` knows the verdicts by the pattern that comes out. What a
comparison, a list or a tree means is not said here: each kind of item is valued by
`eligibility.leaves`, each pattern by the reference engine.
"""
