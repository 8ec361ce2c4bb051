#!/usr/bin/env bats
# What is erased, pruned or too old, as the clients of others and one person's own notice it.

load helpers
load data

# metric NAME: its value in a new scrape; nothing where it is not there.
metric() {
    curl --silent --fail "$ADMIN/metrics" | awk -v name="$1" '$1 == name { print $2 }'
}

start_watched() {
    start_postbox --admin 127.0.0.1:0 "$@"
    ADMIN=$(sed -n 's|^postbox: metrics on \(http:.*\)/metrics$|\1|p' "$OUT")
}

# keep_tag USER URL, and then same_tag USER URL: what the user has is still good; with 200 at the end, it is not.
declare -gA TAGS
keep_tag() {
    as "$1" GET "$2"
    assert_status 200
    TAGS[$1 ${2#"$API"}]=$(header ETag)
}

same_tag() {
    as "$1" GET "$2" --header "If-None-Match: ${TAGS[$1 ${2#"$API"}]}"
    assert_status "${3:-304}"
}

# bats test_tags=every-store
@test "after an erasure the clients of its conversation fetch that anew, and nobody else notices" {
    a_history
    start_postbox
    for n in {1..9}; do send "user-$n" "@friend-$n" "hello $n"; done
    for n in {1..9}; do
        keep_tag "user-$n" "$API"
        keep_tag "user-$n" "$API/@friend-$n/messages"
    done
    keep_tag carol "$API"
    keep_tag bob "$API/pair/messages"
    keep_tag bob "$API"
    keep_tag bob "$API/late/messages"
    as bob GET "$API/late/messages"
    next=$(link next)
    stop_postbox
    succeeds erase message late:3
    [[ $(cat "$OUT") == 'postbox: erased the content of late:3' ]]
    start_postbox
    for n in {1..9}; do
        same_tag "user-$n" "$API"
        same_tag "user-$n" "$API/@friend-$n/messages"
    done
    same_tag carol "$API"
    same_tag bob "$API/pair/messages"
    same_tag bob "$API" 200
    same_tag bob "$API/late/messages" 200
    assert_json 'map(.content) == ["secret-one", "reply", "", "secret-two"]'
    as bob GET "$ORIGIN/${next#http://*/}"
    assert_problem 410 cursor-expired
    as bob GET "$API/late/messages"
    as bob GET "$(link next)"
    assert_json '. == []'
}

# bats test_tags=every-store
@test "an erased message is in no file; it can be erased again, and what is not there is said" {
    a_history
    succeeds erase message late:1
    nowhere secret-one
    whole "$DATABASE"
    succeeds erase message late:1
    [[ $(cat "$OUT") == 'postbox: there was no content in late:1' ]]
    refuses 64 erase message late:0
    for id in late:5 none:1; do refuses 65 erase message "$id"; done
    refuses 65 erase message late:2 --tenant t/2
    for id in late late: :1 late:x ''; do refuses 64 erase message "$id"; done
}

@test "a long removal says how far it is" {
    many 20500 20
    succeeds erase user alice
    assert_equal "$(cat "$ERR")" $'postbox: the content of 10000 messages erased\npostbox: the content of 20000 messages erased'
    succeeds prune --older-than 1y --all
    assert_equal "$(cat "$ERR")" $'postbox: 10000 messages removed\npostbox: 20000 messages removed'
}

# bats test_tags=every-store
@test "pruning expires no cursor: the answer says up to where, with a 304 too" {
    many 30
    start_postbox
    send_many alice c 1 120
    # Pruned messages count as read, which these two see anyway.
    mark_read alice c
    mark_read bob c
    keep_tag bob "$API/c/messages"
    keep_tag carol "$API"
    as bob GET "$API/c/messages"
    next=$(link next)
    as bob GET "$API"
    list=$(link next)
    stop_postbox
    succeeds prune --older-than 1y --all
    start_postbox
    # The page goes back to message 51, and is the same.
    same_tag bob "$API/c/messages"
    assert_header X-Pruned-Up-To 30
    same_tag carol "$API"
    as bob GET "$ORIGIN/${next#http://*/}"
    assert_json '. == []'
    assert_header X-Pruned-Up-To 30
    as bob GET "$ORIGIN/${list#http://*/}"
    assert_json 'map(.id) == ["c"]'
    as bob GET "$API/c/messages?before=50&limit=100"
    assert_json '.[0].id == "c:31"'
}

# bats test_tags=every-store
@test "one person's export is what they can see, and no more" {
    a_history
    succeeds export --user carol
    assert_equal "$(jq -r '[.kind, .id // .conversationId] | join(" ")' "$OUT" | paste -sd,)" 'user alice,conversation empty'
    succeeds export --user bob
    assert_equal "$(jq -r 'select(.kind == "user") | .id' "$OUT" | paste -sd,)" alice,bob
    assert_equal "$(jq -r 'select(.kind == "conversation") | .id' "$OUT" | paste -sd,)" late,pair
    assert_equal "$(jq -r 'select(.kind == "message") | .conversationId' "$OUT" | paste -sd,)" late,late,late,late,pair
    assert_equal "$(jq -r 'select(.kind == "read") | .userId' "$OUT")" bob
    succeeds export --user alice --tenant t/2
    assert_equal "$(jq -r '.tenantId' "$OUT" | sort -u)" t/2
    refuses 65 export --user alise
    [[ ! -s $OUT ]]
    refuses 64 export --tenant t/2
}

# bats test_tags=every-store
@test "what is older than it is kept goes by itself while clients poll, a tenant's own rule holds, and it is counted" {
    a_history
    many 1300
    succeeds retention set forever --tenant t/2
    succeeds retention list
    assert_equal "$(cat "$OUT")" $'t/2\tforever'
    start_watched --retain 1y --retain-hours 0-24
    removed() { [[ $(metric postbox_retention_removed_messages_total) == 1301 ]]; }
    await removed
    caught_up() { awk -v lag="$(metric postbox_retention_lag_seconds)" 'BEGIN { exit !(lag < 60) }'; }
    await caught_up
    as bob GET "$API/c/messages"
    assert_json '. == []'
    assert_header X-Pruned-Up-To 1300
    as bob GET "$API/pair/messages"
    assert_header X-Pruned-Up-To 1
    as bob GET "$API/late/messages"
    assert_json 'length == 4'
    stop_postbox
    assert_equal "$(query 'SELECT count(*) FROM messages')" 5
    succeeds retention unset --tenant t/2
    start_watched --retain 1y --retain-hours 0-24
    gone() { [[ $(metric postbox_retention_removed_messages_total) == 1 ]]; }
    await gone
    stop_postbox
    whole "$DATABASE"
}

# bats test_tags=every-store
@test "outside of its hours nothing is removed, and how late it is shows" {
    many 3
    hour=$(date +%-H)
    start_watched --retain 1y --retain-hours "$(((hour + 2) % 24))-$(((hour + 2) % 24 + 1))"
    late() { awk -v lag="$(metric postbox_retention_lag_seconds)" 'BEGIN { exit !(lag > 86400) }'; }
    await late
    assert_equal "$(metric postbox_retention_removed_messages_total)" 0
    stop_postbox
    for wrong in '--retain 2' '--retain never' '--retain 2y --retain-hours 5' '--retain-hours 5-5' '--retain-hours 24-3'; do
        # shellcheck disable=SC2086
        refuses 64 serve --port 0 --identity demo $wrong
    done
    for wrong in 'set' 'set 2' 'set 0d'; do
        # shellcheck disable=SC2086
        refuses 64 retention $wrong
    done
}
