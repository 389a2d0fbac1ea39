"""Students decided in columns: by the database that holds them, and not one by one.

The database is asked for little: distinct values, joins, groups, and sums of whole numbers.
What a value, an item or a pattern means is worked out here, once for each that there is, by
the same `eligibility.patterns` that decide student by student. What cannot be told so, such
as a value that is not allowed, takes the ordinary way, with whatever is said of it.

`backends` says what a database has to do, and `duck`, `postgres` and `spark` do it. `values`
tells what the cells of a column come to, `items` what kinds of items there are. `adding` makes the
patterns of all students, and `deciding` looks up what they come to. `answering` hands them on as
rows.
"""
