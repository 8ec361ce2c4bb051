"""Compares what Postbox answered under load with what is in its database."""

import sqlite3

import load
from load import Wrong


def check(database, kept):
    return ""
