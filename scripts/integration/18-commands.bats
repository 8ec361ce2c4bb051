#!/usr/bin/env bats
# postbox conversations open, postbox users set.
# bats file_tags=every-store

load helpers

setup() {
    prepare_database
}

open_conversation() {
    postbox conversations open --database "$DATABASE" "$@"
}

@test "an opened conversation is there for both, without messages yet" {
    open_conversation --participants alice,bob --id conv-456
    assert_equal "$EXIT" 0
    assert_equal "$(cat "$OUT")" conv-456
    start_postbox
    for user in alice bob; do
        as "$user" GET "$API"
        assert_json 'length == 1 and .[0].id == "conv-456" and .[0].lastMessage == "" and .[0].messages == [] and .[0].unread == 0'
        assert_json '.[0].lastMessageTime | time'
        [[ $(json '.[0].lastMessageTime[:10]') == 20* ]]
        as "$user" GET "$API/conv-456/messages"
        assert_status 200
        assert_json '. == []'
    done
    send bob conv-456 'Hi'
    assert_json '.id == "conv-456:1"'
}

@test "conversations create makes an id where none is given, and prints it" {
    open_conversation --participants alice,bob,carol
    assert_equal "$EXIT" 0
    id=$(cat "$OUT")
    [[ $id =~ ^[^@[:space:]]+$ ]]
    start_postbox
    as carol GET "$API"
    assert_json '.[0].id == $id and (.[0].participants | length == 3)' --arg id "$id"
}

@test "an empty conversation can be polled and read" {
    open_conversation --participants alice,bob --id conv-1
    start_postbox
    as bob GET "$API/conv-1/messages"
    next=$(link next)
    as bob GET "$API/conv-1/messages" --header "If-None-Match: $(header ETag)"
    assert_status 304
    mark_read bob conv-1
    assert_json '.conversationId == "conv-1" and .unread == 0'
    send alice conv-1 'one'
    as bob GET "$next"
    assert_contents one
}

@test "a conversation needs two people, and an id that is no alias" {
    open_conversation --participants alice
    ((EXIT != 0 && EXIT != 124))
    open_conversation
    ((EXIT != 0 && EXIT != 124))
    open_conversation --participants alice,bob --id @bob
    ((EXIT != 0 && EXIT != 124))
    start_postbox
    as alice GET "$API"
    assert_json '. == []'
}

@test "a name can be set and changed, before and after somebody talks" {
    postbox users set bob --name 'Bob' --company 'Acme' --database "$DATABASE"
    assert_equal "$EXIT" 0
    start_postbox
    send alice conv-1 'Hi' bob
    as alice GET "$API"
    assert_json '.[0].name == "Bob" and .[0].company == "Acme"'
    stop_postbox
    postbox users set bob --name 'Bob Baker' --company 'Globex' --database "$DATABASE"
    start_postbox
    as alice GET "$API"
    assert_json '.[0].name == "Bob Baker" and .[0].company == "Globex" and .[0].initials == "BB"'
}

@test "conversations are opened and users named beside a running server, which shows them at once" {
    start_postbox
    as alice GET "$API"
    assert_json '. == []'
    open_conversation --participants alice,bob
    assert_equal "$EXIT" 0
    postbox users set bob --name 'Bob' --company 'Acme' --database "$DATABASE"
    assert_equal "$EXIT" 0
    as alice GET "$API"
    assert_json 'map([.name, .company]) == [["Bob", "Acme"]]'
}

@test "the database can be named by the environment" {
    POSTBOX_DATABASE=$DATABASE postbox conversations open --participants alice,bob --id conv-1
    assert_equal "$EXIT" 0
    start_postbox
    as alice GET "$API"
    assert_json 'map(.id) == ["conv-1"]'
}

# bats test_tags=sqlite
@test "closed standard descriptors do not become the database's" {
    printf '{"kind":"user","id":"u%d"}\n' {1..20001} >"$FOLDER/lines.jsonl"
    "$POSTBOX" import "$FOLDER/lines.jsonl" --database "$DATABASE" <&- >&- 2>&-
    assert_equal "$(head -c 15 "$DATABASE")" 'SQLite format 3'
    assert_equal "$(sqlite3 "$DATABASE" 'PRAGMA integrity_check; SELECT count(*) FROM users')" $'ok\n20001'
}

@test "an import line that nests deeply is a bad line like any other" {
    printf '[%.0s' {1..513} >"$FOLDER/lines.jsonl"
    postbox import "$FOLDER/lines.jsonl" --database "$DATABASE"
    assert_equal "$EXIT" 65
    assert_one_line "*$FOLDER/lines.jsonl:1: *"
}

@test "a key file without --identity is not left lying while everybody is believed" {
    postbox serve --port 0 --database "$DATABASE" --jwt-secret-file "$FOLDER/none"
    assert_equal "$EXIT" 69
    assert_one_line 'postbox: *'
}

@test "a conversation can be opened in a tenant, and one that is there with other people is named" {
    postbox conversations open --participants 'alice, bob' --id conv-1 --tenant acme --database "$DATABASE"
    assert_equal "$EXIT" 0
    assert_equal "$(query 'SELECT tenant_id, user_id FROM participants ORDER BY user_id')" $'acme|alice\nacme|bob'
    # Blanks around a comma are part of no id.
    postbox conversations open --participants ' bob ,alice ' --id conv-1 --tenant acme --database "$DATABASE"
    assert_equal "$EXIT" 0
    postbox conversations open --participants alice,carol --id conv-1 --tenant acme --database "$DATABASE"
    assert_equal "$EXIT" 65
    assert_one_line 'postbox: *conv-1*'
}

@test "a command that does not exist is refused with the nearest that does" {
    postbox serv --port 0
    assert_equal "$EXIT" 64
    assert_one_line 'postbox: there is no command serv; the nearest is serve,*'
    postbox users sett alice
    assert_equal "$EXIT" 64
    assert_one_line 'postbox: there is no command users sett; the nearest is users set,*'
    postbox help retention lst
    assert_equal "$EXIT" 64
    assert_one_line 'postbox: there is no command retention lst; the nearest is retention list,*'
    "$POSTBOX" help retention list >"$OUT"
    grep -q '^USAGE: postbox retention list' "$OUT"
}

@test "a result that cannot be written is an error" {
    OUT=/dev/full open_conversation --participants alice,bob --id conv-1
    assert_equal "$EXIT" 74
    assert_one_line 'postbox: *standard output cannot be written: No space left on device'
    open_conversation --participants alice,bob --id conv-1
    assert_equal "$(cat "$OUT")" conv-1
}

@test "an age without a unit is refused, and the units are named" {
    postbox prune --older-than 90 --all --database "$DATABASE"
    assert_equal "$EXIT" 64
    assert_one_line 'postbox: *d for days, w for weeks, m for months or y for years*'
    assert_no_database
}

@test "the examples in the help keep their shape in 80 columns, and are what import takes" {
    COLUMNS=80 "$POSTBOX" import --help >"$OUT"
    # Further indented lines continue the one above.
    sed -n 's/^  \([{ ].*\)/\1/p' "$OUT" | awk '/^\{/ { if (line) print line; line = $0; next } /^ +"/ { sub(/^ +/, ""); line = line $0 } END { print line }' >"$FOLDER/lines"
    assert_equal "$(jq -r .kind "$FOLDER/lines" | xargs)" 'user conversation message read'
    postbox import "$FOLDER/lines" --database "$DATABASE"
    assert_equal "$EXIT" 0
    for command in '' serve health token conversations\ open users\ set import export backup restore check erase\ user erase\ message prune retention\ set; do
        # shellcheck disable=SC2086
        COLUMNS=80 "$POSTBOX" $command --help | grep -v '^USAGE: ' >"$OUT"
        assert_lacks '.{81}' "$OUT"
    done
}
