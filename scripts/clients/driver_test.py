"""The real Python driver against a running service: what a notebook does, and what it must not be able to do.

From the environment:
  READINGROOM_URI            grpc+tls://host:port
  READINGROOM_CA             path of the certificate that vouches for the service (PEM)
  READINGROOM_TOKEN          a token of a project in aggregate mode that may use p31 of table main
  READINGROOM_ENCLAVE_TOKEN  a token of a project in enclave mode (optional: rows and cancelling)
  READINGROOM_SKIP           names of tests to leave out, with spaces between (optional)
  READINGROOM_SLOW_SQL       a question of many seconds in enclave mode (optional)
"""

import datetime
import os
import sys
import threading
import time
import traceback
import warnings

import adbc_driver_flightsql.dbapi as flight_sql
import adbc_driver_manager
import polars
from adbc_driver_flightsql import DatabaseOptions

URI = os.environ["READINGROOM_URI"]
TOKEN = os.environ["READINGROOM_TOKEN"]
ENCLAVE = os.environ.get("READINGROOM_ENCLAVE_TOKEN")
with open(os.environ["READINGROOM_CA"], encoding="ascii") as pem:
    CA = pem.read()
SLOW = os.environ.get(
    "READINGROOM_SLOW_SQL",
    "SELECT count(*) FROM gp_clinical a, gp_clinical b, gp_clinical c, gp_clinical d, gp_clinical e "
    "WHERE a.value1 + b.value1 + c.value1 + d.value1 + e.value1 < -1",
)
SKIPPED = os.environ.get("READINGROOM_SKIP", "").split()
BY_SEX = "SELECT p31, count(*) AS n FROM main GROUP BY p31 ORDER BY p31"


def connect(token=TOKEN, ca=CA, uri=URI):
    """What the guide tells people to write."""
    options = {DatabaseOptions.AUTHORIZATION_HEADER.value: f"Bearer {token}"}
    if ca:
        options[DatabaseOptions.TLS_ROOT_CERTS.value] = ca
    return flight_sql.connect(uri, db_kwargs=options, autocommit=True)


def ask_as(**how):
    """One question on a connection of its own."""
    with connect(**how) as connection, connection.cursor() as cursor:
        cursor.execute(BY_SEX)
        cursor.fetchall()


def refused(action):
    """The error that an action ends in."""
    try:
        action()
    except adbc_driver_manager.Error as error:
        return error
    raise AssertionError("expected an error, found an answer")


def test_select_into_pandas():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute(BY_SEX)
        frame = cursor.fetch_df()
    assert list(frame.columns) == ["p31", "n"], frame
    assert len(frame) >= 1 and (frame["n"].dropna() >= 10).all(), frame


def test_pandas_read_sql():
    import pandas

    with connect() as connection:
        frame = pandas.read_sql(BY_SEX, connection)
    assert list(frame.columns) == ["p31", "n"] and len(frame) >= 1, frame


def test_select_into_polars():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute(BY_SEX)
        frame = cursor.fetch_polars()
        assert frame.columns == ["p31", "n"] and len(frame) >= 1, frame
        again = polars.read_database(BY_SEX, connection)
    assert again.equals(frame), again


def test_rows_and_facts_of_an_answer():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute(BY_SEX)
        assert [column[0] for column in cursor.description] == ["p31", "n"]
        table = cursor.fetch_arrow_table()
        facts = table.schema.metadata
        assert facts[b"readingroom-mode"] == b"aggregate" and facts[b"readingroom-question"], facts
        assert int(facts[b"readingroom-entry"]) > 0 and facts[b"readingroom-release"], facts
        cursor.execute(BY_SEX)
        assert cursor.fetchall() == [tuple(row.values()) for row in table.to_pylist()]


def test_parameters():
    with connect() as connection, connection.cursor() as cursor:
        both = []
        for sex in (0, 1):
            cursor.execute("SELECT count(*) AS n FROM main WHERE p31 = ?", (sex,))
            both.append(cursor.fetchone()[0])
        assert all(n is None or n >= 10 for n in both), both
        cursor.execute("SELECT count(*) AS n FROM main WHERE p31 IN ($1, $2)", (0, 1))
        assert cursor.fetchone()[0] is not None
        no = refused(lambda: cursor.execute("SELECT count(*) AS n FROM main WHERE p31 = ?", ()))
        assert "parameters" in str(no), no
        no = refused(lambda: cursor.executemany("SELECT count(*) AS n FROM main WHERE p31 = ?", [(0,), (1,)]))
        print("    executemany:", str(no)[:120])


def test_a_parameter_is_a_value_whatever_it_holds():
    with connect() as connection, connection.cursor() as cursor:
        sql = "SELECT count(*) AS n FROM main WHERE CASE WHEN ? = 'x'' OR 1=1 --' THEN p31 = 0 ELSE p31 = 99 END"
        cursor.execute("SELECT count(*) AS n FROM main WHERE p31 = 99")
        nobody = cursor.fetchone()
        try:
            cursor.execute(sql, ("x\\' OR 1=1 --",))
            assert cursor.fetchone() == nobody
        except adbc_driver_manager.Error as error:
            # a rule of aggregate mode may refuse the question; the text must still be read as one
            assert "cannot be read" not in str(error), error


def test_schema_without_running():
    with connect() as connection, connection.cursor() as cursor:
        schema = cursor.adbc_execute_schema(BY_SEX)
        assert schema.names == ["p31", "n"], schema
        places = cursor.adbc_prepare("SELECT count(*) AS n FROM main WHERE p31 = ?")
        assert len(places) == 1, places


def test_catalogue():
    with connect() as connection:
        objects = connection.adbc_get_objects(depth="all").read_all().to_pylist()
        tables = {
            table["table_name"]: [column["column_name"] for column in table["table_columns"]]
            for catalog in objects
            for schema in catalog["catalog_db_schemas"]
            for table in schema["db_schema_tables"]
        }
        assert "eid" in tables["main"] and "p31" in tables["main"], tables
        found = connection.adbc_get_objects(depth="tables", table_name_filter="mai%").read_all().to_pylist()
        names = [t["table_name"] for c in found for s in c["catalog_db_schemas"] for t in s["db_schema_tables"]]
        assert names == ["main"], names
        assert "TABLE" in connection.adbc_get_table_types()
        schema = connection.adbc_get_table_schema("main")
        assert schema.names == tables["main"], schema
        refused(lambda: connection.adbc_get_table_schema("no_such_table"))
        info = connection.adbc_get_info()
        assert info["vendor_name"] == "Reading Room", info


def test_refusals_say_what_to_do():
    with connect() as connection, connection.cursor() as cursor:
        for sql, word in [
            ("SELECT eid FROM main", "aggregate mode"),
            ("SELECT no_such_column FROM main", "what to do"),
            ("SELECT count(*) FROM no_such_table", "use one of"),
            ("SELEC 1", "cannot be read as SQL"),
            ("DROP TABLE main", "expected one SELECT"),
            ("COPY main TO '/tmp/x'", "expected one SELECT"),
        ]:
            no = refused(lambda: cursor.execute(sql))
            assert word in str(no) and "what to do" in str(no), (sql, no)
            print(f"    {type(no).__name__}: {str(no)[:170]}")


def test_nothing_is_written():
    import pyarrow

    with connect() as connection, connection.cursor() as cursor:
        table = pyarrow.table({"x": [1]})
        refused(lambda: cursor.adbc_ingest("t", table, mode="create"))
        refused(lambda: cursor.executemany("INSERT INTO main VALUES (?)", [(1,)]))


def test_wrong_token():
    for token in ("", "wrong", TOKEN[:-1], TOKEN + "x", "x" * 4000):
        no = refused(lambda: ask_as(token=token))
        assert "no valid token" in str(no) or "header" in str(no).lower(), no
    print(f"    {type(no).__name__}: {str(no)[:120]}")


def test_tls_is_checked_and_required():
    refused(lambda: ask_as(ca=None))
    refused(lambda: ask_as(uri=URI.replace("grpc+tls", "grpc")))


def test_rows_in_enclave_mode():
    if not ENCLAVE:
        return "skipped: no READINGROOM_ENCLAVE_TOKEN"
    with connect(ENCLAVE) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT eid, p31 FROM main ORDER BY eid LIMIT 5")
        rows = cursor.fetchall()
        assert len(rows) == 5 and all(len(eid) == 26 for eid, _ in rows), rows
        cursor.execute("SELECT p31 FROM main WHERE eid = ?", (rows[0][0],))
        assert cursor.fetchall() == [(rows[0][1],)]
        day = datetime.date(2010, 1, 31)
        cursor.execute("SELECT ? AS d, ? AS x, ? AS t, ? AS b, ? AS n FROM main LIMIT 1", (day, -0.5, "O'Neill ?", True, None))
        assert cursor.fetchall() == [(day, -0.5, "O'Neill ?", True, None)]
    return None


def test_cancel():
    if not ENCLAVE:
        return "skipped: no READINGROOM_ENCLAVE_TOKEN"
    with connect(ENCLAVE) as connection, connection.cursor() as cursor:
        threading.Timer(1.0, cursor.adbc_cancel).start()
        began = time.monotonic()

        def run():
            cursor.execute(SLOW)
            cursor.fetchall()

        no = refused(run)
        took = time.monotonic() - began
        assert took < 3, took
        print(f"    {type(no).__name__} after {took:.2f} s: {str(no)[:100]}")
        # the place in the queue is free again
        cursor.execute("SELECT count(*) AS n FROM main")
        assert cursor.fetchone()[0] >= 10
    return None


def main():
    warnings.simplefilter("error")
    failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        if name in SKIPPED:
            print(f"skipped {name}: READINGROOM_SKIP names it")
            continue
        began = time.monotonic()
        try:
            note = test()
            print(f"ok      {name} ({time.monotonic() - began:.2f} s) {note or ''}")
        except Exception:
            failed += 1
            print(f"FAILED  {name}")
            traceback.print_exc()
        sys.stdout.flush()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
