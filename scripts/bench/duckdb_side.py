"""DuckDB's side of `readingroom bench query`.

Runs the SQL it is sent: one JSON request a line on standard input, one JSON reply a line on standard output. It knows
nothing of the questions, of the files or of what is compared with what.

    {"op": "version"}                        -> {"version": "..."}
    {"op": "do", "sql": ["...", ...]}        -> {"seconds": 1.2}
    {"op": "ask", "sql": "...", "rows": true}  -> {"seconds": 0.1, "peak_kb": 1, "count": 3, "rows": [[...], ...]}
    anything that fails                      -> {"error": "..."}

Time is that of executing and of fetching every row, by the monotonic clock; turning rows into JSON is not in it.
"""

import datetime
import decimal
import json
import math
import os
import sys
import time

import duckdb


def forget_peak():
    """Starts the measuring of peak memory anew (Linux, proc(5): clear_refs)."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        pass


def peak_kb():
    """Largest resident memory since `forget_peak`, or since the start where that is not possible."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return None


def plain(value):
    """A value in the form in which both sides write it."""
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()[:10]
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def answer(connection, request):
    """Does what one request says."""
    op = request["op"]
    if op == "version":
        return {"version": duckdb.__version__}
    started = time.perf_counter()
    if op == "do":
        for statement in request["sql"]:
            connection.execute(statement)
        return {"seconds": time.perf_counter() - started}
    if op == "ask":
        forget_peak()
        started = time.perf_counter()
        rows = connection.execute(request["sql"]).fetchall()
        reply = {"seconds": time.perf_counter() - started, "peak_kb": peak_kb(), "count": len(rows)}
        if request.get("rows"):
            reply["rows"] = [[plain(value) for value in row] for row in rows]
        return reply
    return {"error": f"unknown request {op}"}


def main():
    """Answers until standard input ends."""
    # replies have standard output to themselves: whatever else is printed (a progress bar) goes to standard error
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    for line in sys.stdin:
        try:
            reply = answer(connection, json.loads(line))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other side has to hear of it
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=replies, flush=True)


main()
