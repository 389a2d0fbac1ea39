"""Students in tables decided in columns, many at once, and not one by one.

What a value, an item or a pattern means is worked out once for each that there is, by the same
`eligibility.patterns` that decide student by student. What cannot be told so, such as a value
that is not allowed, takes the ordinary way, with whatever is said of it.

`encoding` makes codes of columns, `facts` and `lists` what the values and the items with these
codes add for each student; `texts` makes such columns of lists in JSON. `duck` reads tables for
that, part by part. `postgres` and `spark` are databases, of which `backends` says what they have to
do: `adding` has them add up the lists, with `values`, `items` and `packed`. `answering` decides the
students and hands them on as rows.
"""
