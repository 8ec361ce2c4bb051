#!/usr/bin/env bats
# The alerting rules and the dashboard, with Prometheus itself.

load helpers

TOOLS=${XDG_CACHE_HOME:-$HOME/.cache}/postbox
RULES=$BATS_TEST_DIRNAME/../alerts.yml
DASHBOARD=$BATS_TEST_DIRNAME/../grafana-dashboard.json
GUIDE=$BATS_TEST_DIRNAME/../../Sources/postbox/Documentation.docc/Alerts.md

setup() {
    :
}

# A server with everything that has a metric.
start_watched() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=one \
        -addext 'subjectAltName=IP:127.0.0.1' -keyout "$FOLDER/key.pem" -out "$FOLDER/cert.pem" 2>/dev/null
    chmod 600 "$FOLDER/key.pem"
    mkdir "$FOLDER/backups"
    start_postbox --admin 127.0.0.1:0 --tls-cert "$FOLDER/cert.pem" --tls-key "$FOLDER/key.pem" --backup-folder "$FOLDER/backups"
    ADMIN=$(sed -n 's|^postbox: metrics on http://\(.*\)/metrics$|\1|p' "$OUT")
    export CURL_CA_BUNDLE=$FOLDER/cert.pem
}

# query EXPRESSION: leaves what Prometheus answers in BODY.
query() {
    request GET "$PROMETHEUS/api/v1/query" --get --data-urlencode "query=$1"
    assert_status 200
    assert_json '.status == "success"'
}

scraped() {
    query "$1"
    jq -e '.data.result | length > 0' "$BODY" >/dev/null
}

start_prometheus() {
    cat >"$FOLDER/prometheus.yml" <<YML
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["$(realpath "$RULES")"]
scrape_configs:
  - job_name: postbox
    static_configs: [{targets: ["$ADMIN"]}]
YML
    "$TOOLS/prometheus" --config.file="$FOLDER/prometheus.yml" --storage.tsdb.path="$FOLDER/tsdb" \
        --web.listen-address=127.0.0.1:0 >"$FOLDER/prometheus" 2>&1 3>&- &
    SERVERS+=("$!")
    await grep -q 'Listening on' "$FOLDER/prometheus"
    PROMETHEUS=http://$(sed -n 's/.*msg="Listening on" address=//p' "$FOLDER/prometheus")
    await grep -q 'Server is ready' "$FOLDER/prometheus"
}

alerts() {
    sed -n 's/^ *- alert: //p' "$RULES" | sort
}

@test "promtool finds nothing wrong in the rules, and they fire at what they say" {
    "$TOOLS/promtool" check rules "$RULES"
    "$TOOLS/promtool" test rules "$BATS_TEST_DIRNAME/alerts.test.yml"
    tested=$(sed -n 's/^ *alertname: //p' "$BATS_TEST_DIRNAME/alerts.test.yml" | sort)
    assert_equal "$tested" "$(alerts)"
}

@test "the guide has a paragraph for each alert" {
    assert_equal "$(sed -n 's/^### //p' "$GUIDE" | sort)" "$(alerts)"
}

@test "every metric that a rule names is exported" {
    start_watched
    curl --silent --fail --output "$FOLDER/metrics" "http://$ADMIN/metrics"
    "$TOOLS/promtool" check metrics <"$FOLDER/metrics"
    named=$(sed '/^#/d; /summary:/d' "$RULES" | grep -oE '\b(postbox|process)_[a-z_]+' | sort -u)
    exported=$(awk '$2 == "TYPE" { print $3; if ($4 == "histogram") { print $3 "_bucket"; print $3 "_sum"; print $3 "_count" } }' \
        "$FOLDER/metrics" | sort -u)
    (($(wc -l <<<"$named") >= 15)) || fail "the rules name too little: $named"
    assert_equal "$(comm -23 <(echo "$named") <(echo "$exported"))" ''
    # The labels too: a rule for a reason or limit that does not exist never fires.
    for label in limit reason operation endpoint; do
        sed '/^#/d' "$RULES" | grep -oE "$label=~?\"[^\"]+\"" | cut -d '"' -f 2 | tr '|' '\n' | sort -u |
            while read -r value; do
                grep -q "$label=\"$value\"" "$FOLDER/metrics" || fail "there is no $label $value"
            done
    done
}

@test "Prometheus answers each query of the dashboard, and no alert fires but the one for the backup that is missing" {
    start_watched
    for n in 1 2 3; do
        send alice conv-1 "$n" bob
        as bob GET "$API"
        as bob GET "$API/conv-1/messages" --header 'If-None-Match: *'
        mark_read bob conv-1
    done
    start_prometheus
    await scraped 'count_over_time(up{job="postbox"}[1m]) > 2'
    # Some are empty while nothing fails; that those have no "> 0" shows that they are about failures.
    empty=()
    while read -r expression; do
        expression=${expression//\$instance/.*}
        expression=${expression//\$job/postbox}
        expression=${expression//\$__rate_interval/1m}
        query "$expression"
        json '.data.result | length' | grep -qvx 0 || [[ $expression == *' > 0' ]] || empty+=("$expression")
    done < <(jq -r '.panels[].targets[]?.expr' "$DASHBOARD")
    ((${#empty[@]} == 0)) || fail 'no answer for:' "${empty[@]}"
    while read -r series; do
        series=${series//\$job/postbox}
        request GET "$PROMETHEUS/api/v1/series" --get --data-urlencode "match[]=$series"
        assert_json '.data | length > 0'
    done < <(jq -r '.templating.list[].query' "$DASHBOARD" | sed -n 's/^label_values(\(.*\), [a-z]*)$/\1/p')
    request GET "$PROMETHEUS/api/v1/rules"
    assert_json '[.data.groups[].rules[] | select(.health != "ok")] == []'
    request GET "$PROMETHEUS/api/v1/alerts"
    assert_json '[.data.alerts[].labels.alertname] - ["PostboxBackupOld"] == []'
    assert_json 'any(.data.alerts[]; .labels.alertname == "PostboxBackupOld" and .state == "pending")'
    "$POSTBOX" backup "$FOLDER/backups/one.sqlite" --database "$DATABASE" >/dev/null
    backed_up() {
        request GET "$PROMETHEUS/api/v1/alerts"
        jq -e '.data.alerts == []' "$BODY" >/dev/null
    }
    await backed_up
}
