"""Many students decided by patterns of bits: what they state is added up, and looked up.

`layout` gives every sum its place in the words of a student, and `arrays` holds the words of
many students. `kinds` says what each fact sets, `items` and `families` what each kind of item
of a list adds, and `sums` what a total says of a leaf. `decoding` reads profiles by the types
of `typed`, its facts as numbers of values and its lists as kinds of items (`listed`), and adds
up a batch of them. `deciding` knows what the parts of an outcome come to by a pattern, and
`tables` looks that up for the students of a batch. What a comparison, a list or a tree means is
not said here: each kind of item is valued by `eligibility.leaves`, each pattern by the reference
engine.
"""
