"""The rules of the benchmark as one DuckDB query, written by hand: what an analyst would run.

    python benchmarks/scale/pathway_sql.py students.ndjson statuses.ndjson
    python benchmarks/scale/pathway_sql.py students.parquet statuses.csv --blocking
    python benchmarks/scale/pathway_sql.py students.ndjson statuses.ndjson --print

NULL stands for unknown, and SQL's AND, OR and NOT are then those of the rules. Nothing is
taken from the package: the rules were written out again, so that it may disagree.

How it is tuned. The file is read once, by an explicit schema. What the scalars come to is
packed into two whole numbers, two bits a condition. The three lists are unnested side by
side, and each condition on items is a single sum: of how many items are certain to
count and how many may, now and projected, in four fields of 13 bits. With ten such conditions
and 100,000 students that took 1.3 seconds, four counts each took 2.1, and lambdas over the
lists 3.9. What is written for both scenarios stands here once, with `@` for `n` (now) or
`p` (projected).
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path

from cohort import COLUMNS

__all__ = ["OUTCOMES", "query"]

OUTCOMES = (
    "admission",
    "good-standing",
    "first-year",
    "second-year",
    "coding-certificate",
    "diploma",
    "associate-degree",
    "honors",
    "clearance",
    "internship",
    "early-exam",
    "exam",
    "certification",
    "renewal",
    "scholarship",
    "transfer",
)

MACROS = """
CREATE OR REPLACE TEMP MACRO bits(x, place) AS
  CASE WHEN x THEN 1::BIGINT << place WHEN NOT x THEN 0::BIGINT ELSE 2::BIGINT << place END;
CREATE OR REPLACE TEMP MACRO from_bits(packed, place) AS
  CASE (packed >> place) & 3 WHEN 1 THEN true WHEN 0 THEN false END;
CREATE OR REPLACE TEMP MACRO rank_of(grade) AS
  CASE grade WHEN 'A' THEN 9 WHEN 'A-' THEN 8 WHEN 'B+' THEN 7 WHEN 'B' THEN 6 WHEN 'B-' THEN 5
    WHEN 'C+' THEN 4 WHEN 'C' THEN 3 WHEN 'P' THEN 3 WHEN 'C-' THEN 2 WHEN 'D' THEN 1
    WHEN 'F' THEN 0 WHEN 'W' THEN -1 END;
-- how many items are certain to count and how many may: now, and projected
CREATE OR REPLACE TEMP MACRO tally(n, p) AS sum(
  CASE WHEN n THEN 8193.0::DOUBLE WHEN n IS NULL THEN 8192.0::DOUBLE ELSE 0.0::DOUBLE END
  + CASE WHEN p THEN 549822922752.0::DOUBLE WHEN p IS NULL THEN 549755813888.0::DOUBLE
    ELSE 0.0::DOUBLE END);
-- twice the number, so that halves are whole; what is missing is more than any bound
CREATE OR REPLACE TEMP MACRO total(x, number) AS sum(
  CASE WHEN x THEN coalesce((number * 2)::DOUBLE * 67108865.0, 67108864.0 * 1000000.0)
    WHEN x IS NULL THEN coalesce((number * 2)::DOUBLE, 1000000.0) * 67108864.0
    ELSE 0.0::DOUBLE END);
CREATE OR REPLACE TEMP MACRO reaches(certain, possible, k, listed) AS
  CASE WHEN certain >= k THEN true WHEN listed AND possible < k THEN false END;
CREATE OR REPLACE TEMP MACRO n_count(t, k, listed) AS
  reaches(t::BIGINT & 8191, (t::BIGINT >> 13) & 8191, k, listed);
CREATE OR REPLACE TEMP MACRO p_count(t, k, listed) AS
  reaches((t::BIGINT >> 26) & 8191, t::BIGINT >> 39, k, listed);
CREATE OR REPLACE TEMP MACRO reaches_sum(t, bound, listed) AS
  reaches(t::BIGINT & 67108863, t::BIGINT >> 26, bound * 2, listed);
CREATE OR REPLACE TEMP MACRO low(x) AS CASE WHEN x THEN 1 ELSE 0 END;
CREATE OR REPLACE TEMP MACRO high(x) AS CASE WHEN NOT x THEN 0 ELSE 1 END;
CREATE OR REPLACE TEMP MACRO level_of(x) AS CASE WHEN x THEN 2 WHEN NOT x THEN 0 ELSE 1 END;
CREATE OR REPLACE TEMP MACRO status(n, p) AS
  CASE WHEN n THEN 'eligible' WHEN p THEN 'on_track' WHEN NOT n AND NOT p THEN 'not_eligible'
    ELSE 'undetermined' END;
-- a path where a condition is missing: one of all, and one of alternatives
CREATE OR REPLACE TEMP MACRO lacks(path, n) AS CASE WHEN n THEN NULL ELSE path END;
CREATE OR REPLACE TEMP MACRO nearest(path, n, p, best) AS
  CASE WHEN NOT coalesce(n, false) AND level_of(p) >= level_of(best) THEN path END;
"""

SCALARS = (
    ("hs", "hs_diploma"),
    ("ged", "ged"),
    ("deg_cert", "degree <> 'none'"),
    ("eng40", "english >= 40"),
    ("born09", "born <= DATE '2009-11-24'"),
    ("no_hold", "NOT conduct_hold"),
    ("gpa225", "gpa >= 2.25"),
    ("st_warning", "standing <> 'probation'"),
    ("no_bill", "NOT bill_due"),
    ("math70", "math >= 70"),
    ("terms3", "terms >= 3"),
    ("prog_cc", "program IN ('COD', 'HIT', 'MRM')"),
    ("prog_dip", "program IN ('MRM', 'HIT')"),
    ("gpa25", "gpa >= 2.5"),
    ("gpa_needed", "gpa >= needed_gpa"),
    ("adm_before", "admitted < DATE '2025-08-01'"),
    ("tr40", "transfer <= 40"),
    ("gpa34", "gpa >= 3.4"),
    ("major325", "major_gpa >= 3.25"),
    ("st_low", "standing IN ('probation', 'warning')"),
    ("hold", "conduct_hold"),
    ("screened", "screened"),
    ("screened_late", "screened_on > DATE '2024-11-24'"),
    ("immunized", "immunized"),
    ("born08", "born < DATE '2008-11-24'"),
    ("vol25", "volunteer > 25"),
    ("work35", "work_hours < 35"),
    ("online", "campus = 'online'"),
    ("abroad", "residency = 'abroad'"),
    ("terms2", "terms < 2"),
    ("prog_hit", "program = 'HIT'"),
    ("work20", "work_hours >= 20"),
    ("major3", "major_gpa > 3"),
    ("st_good", "standing IN ('good', 'honors')"),
    ("income60", "income <= 60000"),
    ("not_abroad", "residency <> 'abroad'"),
    ("gpa31", "gpa > 3.1"),
    ("vol40", "volunteer >= 40"),
    ("eng75", "english >= 75"),
    ("major_needed", "major_gpa >= needed_gpa"),
    ("enr_before", "enrolled <= DATE '2025-11-24'"),
    ("has_courses", "courses IS NOT NULL"),
    ("has_credentials", "credentials IS NOT NULL"),
    ("has_ceus", "ceus IS NOT NULL"),
)
"""Conditions on scalars, and whether the lists are known."""

# of a finished course, of one in progress, and how many are needed
COURSES = (
    ("failed", "grade IN ('D', 'F')", "false", 4),
    ("c6", "g >= 3", "true", 6),
    ("eng_c", "dept = 'ENG' AND g >= 3", "dept = 'ENG'", 1),
    ("mat_cm", "dept = 'MAT' AND g >= 2", "dept = 'MAT'", 1),
    ("bio_1", "dept = 'BIO' AND level = 1", "dept = 'BIO' AND level = 1", 1),
    ("cis_c", "dept = 'CIS' AND g >= 3", "dept = 'CIS'", 1),
    ("level1", "level = 1", "level = 1", 5),
    ("upper", "level >= 2 AND g >= 3", "level >= 2", 8),
    ("law_c", "dept = 'LAW' AND g >= 3", "dept = 'LAW'", 1),
    ("hit_c", "dept = 'HIT' AND g >= 3", "dept = 'HIT'", 2),
    ("mrm_c", "dept = 'MRM' AND g >= 3", "dept = 'MRM'", 2),
    ("cod_c", "dept = 'COD' AND g >= 3", "dept = 'COD'", 2),
    ("cod_bm", "dept = 'COD' AND g >= 5", "dept = 'COD'", 1),
    ("bio_c", "dept = 'BIO' AND g >= 3", "dept = 'BIO'", 1),
    ("cod_23", "dept = 'COD' AND ended >= DATE '2023-01-01'", "dept = 'COD'", 1),
    ("mrm_2", "dept = 'MRM'", "dept = 'MRM'", 2),
    ("gen_d", "dept = 'GEN' AND g >= 1", "dept = 'GEN'", 1),
    ("an_f", "grade = 'F'", "false", 1),
    ("am4", "g >= 8", "true", 4),
    (
        "major_upper",
        "dept IN ('HIT', 'MRM', 'COD') AND level >= 2",
        "dept IN ('HIT', 'MRM', 'COD') AND level >= 2",
        3,
    ),
    ("hit_22", "dept = 'HIT' AND ended >= DATE '2022-06-01'", "dept = 'HIT'", 2),
    ("late_b", "ended >= DATE '2025-08-01' AND g >= 6", "true", 2),
    ("level3", "level >= 3 AND g >= 3", "level >= 3", 3),
    (
        "math_2",
        "dept IN ('MAT', 'CIS') AND level >= 2",
        "dept IN ('MAT', 'CIS') AND level >= 2",
        1,
    ),
    ("bus", "dept = 'BUS' AND grade NOT IN ('D', 'F', 'W')", "dept = 'BUS'", 1),
)

# of an earned credential, and of one in progress, which counts as awarded on the day
CREDENTIALS = (
    ("degree", "kind = 'degree'", "kind = 'degree'"),
    ("as_aas", "code IN ('AS', 'AAS')", "code IN ('AS', 'AAS')"),
    ("cpr", "code = 'CPR' AND awarded >= DATE '2024-11-24'", "code = 'CPR'"),
    ("rhit", "code = 'RHIT'", "code = 'RHIT'"),
    (
        "recent_cert",
        "kind = 'certification' AND awarded >= DATE '2023-01-01'",
        "kind = 'certification'",
    ),
)

TALLIES = """
  tally(c_is AND status = 'withdrawn', c_is AND status = 'withdrawn') AS withdrawn_t,
  tally(c_is AND status = 'enrolled', c_is AND status = 'enrolled') AS under_way_t,
  total(fin AND g >= 1, credits) AS ncr_d, total((fin AND g >= 1) OR ip, credits) AS pcr_d,
  total(fin AND g >= 2, credits) AS ncr_cm, total((fin AND g >= 2) OR ip, credits) AS pcr_cm,
  total(fin AND g >= 3, credits) AS ncr_c, total((fin AND g >= 3) OR ip, credits) AS pcr_c,
  total(fin AND ended >= DATE '2025-01-01', credits) AS ncr_25,
  total((fin AND ended >= DATE '2025-01-01') OR ip, credits) AS pcr_25,
  tally(happened AND topic = 'privacy', false) AS privacy_t,
  tally(happened AND topic = 'coding' AND hours >= 2, false) AS coding_t,
  tally(happened AND date >= DATE '2023-11-24', false) AS ce_two_t,
  total(happened AND date >= DATE '2024-11-24', hours) AS ce10_t,
  total(happened AND topic IN ('privacy', 'quality'), hours) AS ce2_t
"""

LEAVES = """
  NOT @count(failed_t, 4, has_courses) AS @few_failed,
  NOT @count(withdrawn_t, 3, has_courses) AS @few_withdrawn,
  @count(under_way_t, 1, has_courses) AS @under_way,
  reaches_sum(@cr_d, 20, has_courses) AS @crd20,
  reaches_sum(@cr_d, 40, has_courses) AS @crd40,
  reaches_sum(@cr_cm, 50, has_courses) AS @crcm50,
  reaches_sum(@cr_c, 35, has_courses) AS @crc35,
  reaches_sum(@cr_25, 12, has_courses) AS @cr25_12,
  n_count(privacy_t, 1, has_ceus) AS privacy,
  n_count(coding_t, 1, has_ceus) AS coding,
  n_count(ce_two_t, 2, has_ceus) AS ce_two,
  reaches_sum(ce10_t, 10, has_ceus) AS ce10,
  reaches_sum(ce2_t, 2, has_ceus) AS ce2
"""

# What stands on what, lowest first: an outcome reads those of the levels before.
TREES = (
    """
    (hs OR ged OR deg_cert) AND eng40 AND born09 AND no_hold AS admission,
    gpa225 AND st_warning AND no_bill AND @few_failed AND @few_withdrawn AS @good_standing,
    screened AND screened_late AND immunized AND born08 AND (@cpr OR vol25) AS @clearance,
    reaches(low(@bio_1) + low(@cis_c) + low(@level1) + low(math70),
      high(@bio_1) + high(@cis_c) + high(@level1) + high(math70), 2, true) AS @two_of,
    reaches(low(online) + low(abroad) + low(terms2),
      high(online) + high(abroad) + high(terms2), 2, true) AS far,
    reaches(
      low(gpa31) + low(vol40) + low(@late_b) + low(eng75) + low(@cr25_12) + low(hs),
      high(gpa31) + high(vol40) + high(@late_b) + high(eng75) + high(@cr25_12) + high(hs),
      3, true) AS @three_of,
    reaches(low(@recent_cert) + low(privacy) + low(coding) + low(major3),
      high(@recent_cert) + high(privacy) + high(coding) + high(major3), 2, true) AS @cert_two
    """,
    """
    admission AND @c6 AND @eng_c AND @mat_cm AND @crd20 AND @two_of AS @first_year,
    @clearance AND @good_standing AND @major_upper AND work35 AND NOT far AS @internship,
    @good_standing AND income60 AND not_abroad AND @three_of AS @scholarship
    """,
    """
    @first_year AND @good_standing AND terms3 AND @upper AND @crd40 AND @law_c
      AND (@hit_c OR @mrm_c OR @cod_c) AS @second_year,
    @first_year AND @cod_bm AND @bio_c AND @cod_23 AND prog_cc AS @coding_certificate,
    @degree OR (@first_year AND prog_dip AND @mrm_2 AND gpa25) AS @diploma,
    @internship AND @under_way AND @crc35 AND prog_hit AS @early_exam
    """,
    """
    @second_year AND @crcm50 AND gpa_needed AND adm_before AND tr40 AND @gen_d AS @finished
    """,
    """
    @as_aas OR @finished AS @associate_degree
    """,
    """
    @associate_degree AND gpa34 AND major325 AND NOT st_low AND NOT (@an_f OR hold) AND @am4
      AS @honors,
    @associate_degree AND (@clearance OR work20) AND @hit_22 AS @graduate,
    @early_exam OR (@associate_degree AND (@clearance OR work20) AND @hit_22) AS @exam
    """,
    """
    @rhit OR (@exam AND @cert_two) AS @certification,
    (@associate_degree OR (@second_year AND @level3)) AND (@honors OR @scholarship OR major_needed)
      AND enr_before AND @math_2 AND @bus AS @transfer
    """,
    """
    @certification AND ce10 AND ce_two AND (ce2 OR st_good) AS @renewal
    """,
)

BLOCKING = {
    "admission": """
      CASE WHEN NOT coalesce(hs OR ged OR deg_cert, false) THEN concat_ws('; ',
        nearest('requires/all/0/any/0', hs, hs, hs OR ged OR deg_cert),
        nearest('requires/all/0/any/1', ged, ged, hs OR ged OR deg_cert),
        nearest('requires/all/0/any/2', deg_cert, deg_cert, hs OR ged OR deg_cert)) END,
      lacks('requires/all/1', eng40), lacks('requires/all/2', born09),
      lacks('requires/all/3', no_hold)""",
    "good-standing": """
      lacks('requires/all/0', gpa225), lacks('requires/all/1', st_warning),
      lacks('requires/all/2', no_bill), lacks('requires/all/3', nfew_failed),
      lacks('requires/all/4', nfew_withdrawn)""",
    "first-year": """
      lacks('requires/all/0', admission), lacks('requires/all/1', nc6),
      lacks('requires/all/2', neng_c), lacks('requires/all/3', nmat_cm),
      lacks('requires/all/4', ncrd20),
      CASE WHEN NOT coalesce(ntwo_of, false) THEN concat_ws('; ',
        nearest('requires/all/5/of/0', nbio_1, pbio_1, ptwo_of),
        nearest('requires/all/5/of/1', ncis_c, pcis_c, ptwo_of),
        nearest('requires/all/5/of/2', nlevel1, plevel1, ptwo_of),
        nearest('requires/all/5/of/3', math70, math70, ptwo_of)) END""",
    "second-year": """
      lacks('requires/all/0', nfirst_year), lacks('requires/all/1', ngood_standing),
      lacks('requires/all/2', terms3), lacks('requires/all/3', nupper),
      lacks('requires/all/4', ncrd40), lacks('requires/all/5', nlaw_c),
      CASE WHEN NOT coalesce(nhit_c OR nmrm_c OR ncod_c, false) THEN concat_ws('; ',
        nearest('requires/all/6/any/0', nhit_c, phit_c, phit_c OR pmrm_c OR pcod_c),
        nearest('requires/all/6/any/1', nmrm_c, pmrm_c, phit_c OR pmrm_c OR pcod_c),
        nearest('requires/all/6/any/2', ncod_c, pcod_c, phit_c OR pmrm_c OR pcod_c)) END""",
    "coding-certificate": """
      lacks('requires/all/0', nfirst_year), lacks('requires/all/1', ncod_bm),
      lacks('requires/all/2', nbio_c), lacks('requires/all/3', ncod_23),
      lacks('requires/all/4', prog_cc)""",
    "diploma": """
      nearest('requires/any/0', ndegree, pdegree, pdiploma),
      CASE WHEN level_of(pfirst_year AND prog_dip AND pmrm_2 AND gpa25) >= level_of(pdiploma)
        THEN concat_ws('; ',
        lacks('requires/any/1/all/0', nfirst_year), lacks('requires/any/1/all/1', prog_dip),
        lacks('requires/any/1/all/2', nmrm_2), lacks('requires/any/1/all/3', gpa25)) END""",
    "associate-degree": """
      nearest('requires/any/0', nas_aas, pas_aas, passociate_degree),
      CASE WHEN level_of(pfinished) >= level_of(passociate_degree) THEN concat_ws('; ',
        lacks('requires/any/1/all/0', nsecond_year), lacks('requires/any/1/all/1', ncrcm50),
        lacks('requires/any/1/all/2', gpa_needed), lacks('requires/any/1/all/3', adm_before),
        lacks('requires/any/1/all/4', tr40), lacks('requires/any/1/all/5', ngen_d)) END""",
    "honors": """
      lacks('requires/all/0', nassociate_degree), lacks('requires/all/1', gpa34),
      lacks('requires/all/2', major325), lacks('requires/all/3', NOT st_low),
      lacks('requires/all/4', NOT (nan_f OR hold)), lacks('requires/all/5', nam4)""",
    "clearance": """
      lacks('requires/all/0', screened), lacks('requires/all/1', screened_late),
      lacks('requires/all/2', immunized), lacks('requires/all/3', born08),
      CASE WHEN NOT coalesce(ncpr OR vol25, false) THEN concat_ws('; ',
        nearest('requires/all/4/any/0', ncpr, pcpr, pcpr OR vol25),
        nearest('requires/all/4/any/1', vol25, vol25, pcpr OR vol25)) END""",
    "internship": """
      lacks('requires/all/0', nclearance), lacks('requires/all/1', ngood_standing),
      lacks('requires/all/2', nmajor_upper), lacks('requires/all/3', work35),
      lacks('requires/all/4', NOT far)""",
    "early-exam": """
      lacks('requires/all/0', ninternship), lacks('requires/all/1', nunder_way),
      lacks('requires/all/2', ncrc35), lacks('requires/all/3', prog_hit)""",
    "exam": """
      nearest('requires/any/0', nearly_exam, pearly_exam, pexam),
      CASE WHEN level_of(pgraduate) >= level_of(pexam) THEN concat_ws('; ',
        lacks('requires/any/1/all/0', nassociate_degree),
        CASE WHEN NOT coalesce(nclearance OR work20, false) THEN concat_ws('; ',
          nearest('requires/any/1/all/1/any/0', nclearance, pclearance, pclearance OR work20),
          nearest('requires/any/1/all/1/any/1', work20, work20, pclearance OR work20)) END,
        lacks('requires/any/1/all/2', nhit_22)) END""",
    "certification": """
      nearest('requires/any/0', nrhit, prhit, pcertification),
      CASE WHEN level_of(pexam AND pcert_two) >= level_of(pcertification) THEN concat_ws('; ',
        lacks('requires/any/1/all/0', nexam),
        CASE WHEN NOT coalesce(ncert_two, false) THEN concat_ws('; ',
          nearest('requires/any/1/all/1/of/0', nrecent_cert, precent_cert, pcert_two),
          nearest('requires/any/1/all/1/of/1', privacy, privacy, pcert_two),
          nearest('requires/any/1/all/1/of/2', coding, coding, pcert_two),
          nearest('requires/any/1/all/1/of/3', major3, major3, pcert_two)) END) END""",
    "renewal": """
      lacks('requires/all/0', ncertification), lacks('requires/all/1', ce10),
      lacks('requires/all/2', ce_two),
      CASE WHEN NOT coalesce(ce2 OR st_good, false) THEN concat_ws('; ',
        nearest('requires/all/3/any/0', ce2, ce2, ce2 OR st_good),
        nearest('requires/all/3/any/1', st_good, st_good, ce2 OR st_good)) END""",
    "scholarship": """
      lacks('requires/all/0', ngood_standing), lacks('requires/all/1', income60),
      lacks('requires/all/2', not_abroad),
      CASE WHEN NOT coalesce(nthree_of, false) THEN concat_ws('; ',
        nearest('requires/all/3/of/0', gpa31, gpa31, pthree_of),
        nearest('requires/all/3/of/1', vol40, vol40, pthree_of),
        nearest('requires/all/3/of/2', nlate_b, plate_b, pthree_of),
        nearest('requires/all/3/of/3', eng75, eng75, pthree_of),
        nearest('requires/all/3/of/4', ncr25_12, pcr25_12, pthree_of),
        nearest('requires/all/3/of/5', hs, hs, pthree_of)) END""",
    "transfer": """
      CASE WHEN NOT coalesce(nassociate_degree OR (nsecond_year AND nlevel3), false)
        THEN concat_ws('; ',
        nearest('requires/all/0/any/0', nassociate_degree, passociate_degree,
          passociate_degree OR (psecond_year AND plevel3)),
        CASE WHEN level_of(psecond_year AND plevel3)
            >= level_of(passociate_degree OR (psecond_year AND plevel3)) THEN concat_ws('; ',
          lacks('requires/all/0/any/1/all/0', nsecond_year),
          lacks('requires/all/0/any/1/all/1', nlevel3)) END) END,
      CASE WHEN NOT coalesce(nhonors OR nscholarship OR major_needed, false)
        THEN concat_ws('; ',
        nearest('requires/all/1/any/0', nhonors, phonors, phonors OR pscholarship OR major_needed),
        nearest('requires/all/1/any/1', nscholarship, pscholarship,
          phonors OR pscholarship OR major_needed),
        nearest('requires/all/1/any/2', major_needed, major_needed,
          phonors OR pscholarship OR major_needed)) END,
      lacks('requires/all/2', enr_before), lacks('requires/all/3', nmath_2),
      lacks('requires/all/4', nbus)""",
}
"""For each outcome the paths of what is missing, as the package names them."""


def query(source: Path, target: Path, *, blocking: bool = False) -> str:
    """The statements that read `source` (NDJSON or Parquet) and write `target`.

    `target` ends in `.csv` or holds a JSON object a line. Reads nothing itself.
    """
    if source.suffix == ".parquet":
        students = f"read_parquet('{source}')"
    else:
        typed = ", ".join(f"{name!r}: {kind!r}" for name, kind in COLUMNS.items())
        students = f"read_json('{source}', format = 'newline_delimited', columns = {{{typed}}})"
    form = "csv" if target.suffix == ".csv" else "json"
    return f"""{MACROS}
COPY (
WITH students AS (SELECT id,
{_packed()},
  courses, credentials, ceus
  FROM {students}),
items AS (SELECT id, one, two,
  -- the last one keeps a student whose lists are all empty
  unnest(courses) AS c, unnest(credentials) AS k, unnest(ceus) AS e, unnest([true])
  FROM students),
typed AS (SELECT id, one, two,
  c IS NOT NULL AS c_is, c.dept, c.level, c.status, c.grade, rank_of(c.grade) AS g, c.credits,
  c.ended,
  c IS NOT NULL AND c.status = 'completed' AND c.ended <= DATE '2026-11-24' AS fin,
  c IS NOT NULL AND c.status = 'enrolled' AS ip,
  k IS NOT NULL AS k_is, k.kind, k.code, k.awarded, k.awarded <= DATE '2026-11-24' AS given,
  k.status = 'earned' AND k.awarded <= DATE '2026-11-24' AS earned,
  k.status = 'in progress' AS open,
  e.topic, e.hours, e.date, e IS NOT NULL AND e.date <= DATE '2026-11-24' AS happened
  FROM items),
tallies AS (SELECT id, any_value(one) AS one, any_value(two) AS two,
{_tallies()},{TALLIES.rstrip()}
  FROM typed GROUP BY id),
known AS (SELECT * EXCLUDE (one, two),
{_unpacked()}
  FROM tallies),
leaves AS (SELECT *,
{_counts()},{_both(LEAVES).rstrip()}
  FROM known),
{_levels()}
SELECT {_shown(form, blocking=blocking)}
FROM outcomes
) TO '{target}' ({"FORMAT csv, HEADER" if form == "csv" else "FORMAT json"});
"""


_HALF = 31
"""How many conditions of two bits a whole number holds."""


def _packed() -> str:
    halves = (SCALARS[:_HALF], SCALARS[_HALF:])
    return ",\n".join(
        "  "
        + " + ".join(f"bits({how}, {2 * at})" for at, (_, how) in enumerate(half))
        + f" AS {name}"
        for name, half in zip(("one", "two"), halves, strict=True)
    )


def _unpacked() -> str:
    places = enumerate(SCALARS)
    return ",\n".join(
        f"  from_bits({'one' if at < _HALF else 'two'}, {2 * (at % _HALF)}) AS {name}"
        for at, (name, _) in places
    )


def _tallies() -> str:
    courses = (
        f"  tally(fin AND {now}, (fin AND {now}) OR (ip AND {projected})) AS {name}_t"
        for name, now, projected, _ in COURSES
    )
    # one whose state is not known counts where it would in either state
    credentials = (
        f"  tally(k_is AND earned AND {now}, k_is AND ((earned AND {now})"
        f" OR (open AND {projected}) OR (given AND {now} AND {projected}))) AS {name}_t"
        for name, now, projected in CREDENTIALS
    )
    return ",\n".join([*courses, *credentials])


def _counts() -> str:
    asked = [
        *((name, needed, "courses") for name, _, _, needed in COURSES if name != "failed"),
        *((name, 1, "credentials") for name, _, _ in CREDENTIALS),
    ]
    return ",\n".join(
        f"  {side}_count({name}_t, {needed}, has_{of}) AS {side}{name}"
        for name, needed, of in asked
        for side in "np"
    )


def _both(text: str) -> str:
    """Definitions, those with a `@` once for now and once for projected."""
    found = []
    for one in re.split(r",\n(?=  \S|    \S)", text.strip("\n").rstrip()):
        sides = ("n", "p") if "@" in one else ("",)
        found += [re.sub(r"@count", f"{side}_count", one).replace("@", side) for side in sides]
    return "\n" + ",\n".join(found)


def _levels() -> str:
    """One CTE a level, so that nothing is worked out twice."""
    names = ["leaves", *(f"level{number}" for number in range(1, len(TREES))), "outcomes"]
    return ",\n".join(
        f"{name} AS (SELECT *,{_both(tree)}\n  FROM {before})"
        for name, before, tree in zip(names[1:], names, TREES, strict=False)
    )


def _shown(form: str, *, blocking: bool) -> str:
    """The columns that are written."""
    columns = []
    for outcome in OUTCOMES:
        name = outcome.replace("-", "_")
        now, projected = ("admission",) * 2 if name == "admission" else (f"n{name}", f"p{name}")
        columns.append((outcome, f"status({now}, {projected})", now))
    shown = [f"'{outcome}': {status}" for outcome, status, _ in columns]
    if form == "csv":
        found = [f'{status} AS "{outcome}"' for outcome, status, _ in columns]
    else:
        found = [f"{{{', '.join(shown)}}} AS statuses"]
    if blocking:
        paths = [
            (outcome, f"CASE WHEN NOT coalesce({now}, false) THEN {_joined(outcome)} END")
            for outcome, _, now in columns
        ]
        if form == "csv":
            found += [f'{how} AS "{outcome}: blocking"' for outcome, how in paths]
        else:
            found.append(f"{{{', '.join(f'{o!r}: {how}' for o, how in paths)}}} AS blocking")
    return ",\n  ".join(["id AS profile", *found])


def _joined(outcome: str) -> str:
    return f"concat_ws('; ', {BLOCKING[outcome]})"


def main() -> None:
    """Run the query, or print it; say how long it took."""
    parser = argparse.ArgumentParser(description="The rules of the benchmark in SQL.")
    parser.add_argument("source", type=Path, help="NDJSON, or Parquet")
    parser.add_argument("target", type=Path, help="what to write: NDJSON, or CSV")
    parser.add_argument("--blocking", action="store_true", help="what is missing too, as paths")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--print", action="store_true", help="print the query, and do not run it")
    arguments = parser.parse_args()
    text = query(arguments.source, arguments.target, blocking=arguments.blocking)
    if arguments.print:
        sys.stdout.write(text)
        return
    import duckdb

    start = time.perf_counter()
    with duckdb.connect() as database:
        database.execute(f"SET threads = {arguments.threads}; SET preserve_insertion_order = false")
        database.execute(text)
    print(f"{time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    main()
