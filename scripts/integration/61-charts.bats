#!/usr/bin/env bats
# The Performance guide shows what was measured: its table and its charts are both made from the results of the latest full run.

load helpers

PYTHON=${XDG_CACHE_HOME:-$HOME/.cache}/postbox/charts/bin/python
REPOSITORY=$(realpath "$BATS_TEST_DIRNAME/../..")
GUIDES=$REPOSITORY/Sources/postbox/Documentation.docc
MADE=(Performance.md costs.svg costs~dark.svg)

@test "the guide has the table and the charts that the results give, to the byte" {
    cp "$GUIDES/Performance.md" "$FOLDER"
    PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$REPOSITORY/scripts/benchmark/guide.py" "$REPOSITORY/scripts/benchmark/results.json" "$FOLDER"
    for name in "${MADE[@]}"; do
        cmp "$FOLDER/$name" "$GUIDES/$name"
    done
}

@test "the charts show the figures of the guide's table, as text" {
    python3 "$BATS_TEST_DIRNAME/charts.py" "$GUIDES"/{Performance.md,costs.svg,costs~dark.svg}
}

@test "a chart with other figures than the table is found" {
    sed -E 's|>[0-9.]+<|>1.5<|' "$GUIDES/costs.svg" >"$FOLDER/other.svg"
    EXIT=0
    python3 "$BATS_TEST_DIRNAME/charts.py" "$GUIDES/Performance.md" "$FOLDER/other.svg" 2>"$ERR" || EXIT=$?
    assert_equal "$EXIT" 1
    grep -F 'does not show' "$ERR"
}
