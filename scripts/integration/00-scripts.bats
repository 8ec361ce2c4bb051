#!/usr/bin/env bats
# What the scripts for building and testing do.

REPOSITORY=$(realpath "$BATS_TEST_DIRNAME/../..")

setup() {
    load helpers
    cp -r "$REPOSITORY/Sources" "$FOLDER/sources"
    cp -r "$REPOSITORY/openapi" "$FOLDER/openapi"
    mkdir "$FOLDER/bin"
    printf '#!/bin/sh\nexit 1\n' >"$FOLDER/bin/dpkg-query"
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nshift\nexec "$@"\n' >"$FOLDER/bin/sudo"
    chmod +x "$FOLDER/bin/"*
}

# apt_get SCRIPT: what stands for apt-get; it notes how it was called.
apt_get() {
    printf '#!/bin/bash\necho "$*" >>"%s/calls"\n%s\n' "$FOLDER" "$1" >"$FOLDER/bin/apt-get"
    chmod +x "$FOLDER/bin/apt-get"
}

# installs PACKAGE…: leaves EXIT and ERR.
installs() {
    EXIT=0
    # shellcheck disable=SC2016
    PATH=$FOLDER/bin:$PATH bash -c 'source "$0" && install_packages "$@"' "$REPOSITORY/scripts/common" "$@" 2>"$ERR" || EXIT=$?
}

@test "packages are installed in one call, which waits for dpkg's lock" {
    apt_get ''
    installs one two
    assert_equal "$EXIT" 0
    assert_equal "$(grep -c install "$FOLDER/calls")" 1
    grep -q 'DPkg::Lock::Timeout=[1-9][0-9]* install .* one two$' "$FOLDER/calls"
}

@test "packages are installed once the lock of the package lists is free" {
    # shellcheck disable=SC2016
    apt_get '[[ $* != *update || $(grep -c update "'"$FOLDER"'/calls") -gt 1 ]] || {
        echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)" >&2; exit 100; }'
    installs one
    assert_equal "$EXIT" 0
    assert_equal "$(grep -oE '(update|install)( |$)' "$FOLDER/calls" | tr -d '\n')" 'updateupdateinstall '
}

@test "package lists that cannot be had are an error at once, with apt's own words" {
    apt_get 'echo "E: no network" >&2; exit 100'
    installs one
    assert_equal "$EXIT" 69
    grep -q '^E: no network' "$ERR"
    assert_equal "$(wc -l <"$FOLDER/calls")" 1
}

@test "the targets import what they may" {
    "$REPOSITORY/scripts/imports"
}

# forbids FILE LINE PATTERN: with that line in that file, the check names it.
forbids() {
    printf '%s\n' "$2" >>"$FOLDER/sources/$1"
    EXIT=0
    "$REPOSITORY/scripts/imports" "$FOLDER/sources" 2>"$ERR" || EXIT=$?
    assert_equal "$EXIT" 1
    assert_one_line "$3"
}

@test "an import against the direction of the arrows is named with its file" {
    forbids MicroHTTPServer/Added.swift '@testable import struct SQLiteStore.Schema' \
        '*/MicroHTTPServer/Added.swift:1: MicroHTTPServer must not import SQLiteStore'
}

@test "an import of a store into the rules is named, whatever its access" {
    forbids Messaging/Added.swift 'public  import GRDB' '*Messaging must not import GRDB'
}

@test "an import in a target outside of Sources is checked too" {
    forbids ../openapi/Added.swift 'import HTTP' '*/openapi/Added.swift:1: OpenAPIDescription must not import HTTP'
}

@test "a clock among the rules is named, though it needs no import" {
    forbids Messaging/Added.swift 'let start = ContinuousClock.now // here' '*Messaging must not use ContinuousClock'
}

@test "a second file of the program that imports the store is named" {
    forbids postbox/Added.swift 'import SQLiteStore' \
        '*/postbox/Added.swift:1: only postbox/Options/DatabaseOption.swift may import SQLiteStore'
}

@test "a target without a line of its own is named" {
    mkdir "$FOLDER/sources/Added"
    forbids Added/Added.swift 'import Foundation' 'Added: has no line in scripts/imports'
}
