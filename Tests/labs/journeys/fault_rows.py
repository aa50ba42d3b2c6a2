#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fault by fault, under load; prints a table of what came of it. usage: fault_rows.py [ROW…]"""
import sys
import traceback

import faults_memory
import faults_processes
import faults_supervisor
import lab
from crowd import HEADER, Row

ROWS = {**faults_memory.ROWS, **faults_processes.ROWS, **faults_supervisor.ROWS}


def main():
    wanted = [int(word) for word in sys.argv[1:]] or sorted(ROWS)
    done = []
    for number in wanted:
        row = Row(number, ROWS[number].__doc__.strip().splitlines()[0].rstrip("."))
        print(f"# {number}: {row.what}", flush=True)
        try:
            ROWS[number](row)
        except Exception as error:  # The other rows are run all the same.
            traceback.print_exc(file=sys.stdout)
            row.check("the row comes to its end", False, repr(error))
        done.append(row)
    print(f"\n{HEADER}")
    for row in done:
        print(row.line())
    lab.finish()


main()
