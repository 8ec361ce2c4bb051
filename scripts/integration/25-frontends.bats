#!/usr/bin/env bats
# What front ends that were written for another backend ask for, beside the four endpoints.
# bats file_tags=every-store

load helpers
load frontends

# The caller's list by their own id -------------------------------------------------------------

@test "the list by one's own id is the list, in body and fields, for every parameter" {
    for n in 1 2 3; do send alice "conv-$n" "Hello $n" bob; done
    as alice GET "$API"
    cursor=$(header X-Cursor)
    send bob conv-2 'news'
    for query in '' '?limit=1' '?messages=0&limit=2' "?since=$cursor" '?limit=0' '?since=rubbish' '?since=zz.1' '/?limit=1'; do
        as alice GET "$API${query/#\//}"
        code=$CODE fields=$(polling_headers) body=$(cat "$BODY")
        as alice GET "$API/alice$query"
        assert_equal "$CODE" "$code"
        assert_equal "$(polling_headers)" "$fields"
        assert_equal "$(cat "$BODY")" "$body"
        as alice HEAD "$API/alice$query"
        assert_equal "$CODE" "$code"
        assert_equal "$(polling_headers)" "$fields"
    done
    as alice GET "$API/alice?since=$cursor"
    assert_json 'map(.id) == ["conv-2"]'
}

@test "the list by one's own id is polled by entity tag and by cursor, and paged, as the list is" {
    for n in 1 2 3; do send alice "conv-$n" "Hello $n" bob; done
    as alice GET "$API/alice?limit=2"
    assert_json 'map(.id) == ["conv-3", "conv-2"]'
    tag=$(header ETag) next=$(link next) prev=$(link prev)
    [[ $next == "$API/alice?since="* ]] || fail "next is $next"
    unchanged alice 'alice?limit=2' "$tag"
    as alice GET "$prev"
    assert_json 'map(.id) == ["conv-1"]'
    send bob conv-1 'news'
    as alice GET "$API/alice?limit=2" --header "If-None-Match: $tag"
    assert_json 'map(.id) == ["conv-1", "conv-3"]'
    as alice GET "$next"
    assert_json 'map(.id) == ["conv-1"]'
}

@test "where one's own id is a conversation's too, the list wins; to others it is the conversation" {
    send alice bob 'in the conversation' bob
    as bob GET "$API/bob"
    assert_json 'type == "array" and map(.id) == ["bob"]'
    as alice GET "$API/bob"
    assert_json 'type == "object" and .id == "bob"'
    as bob GET "$API/bob/messages"
    assert_contents in the conversation
}

@test "one's own id may be written in any way that means it" {
    for user in '@alice' 'a/b' '.' 'björk'; do
        post "$user" "$(jq -rn --arg id "conv-$user" '$id | @uri')" '{"content": "Hello", "receiverId": "bob"}'
        assert_status 201
        as "$user" GET "$API/$(jq -rn --arg id "$user" '$id | @uri')"
        assert_json 'type == "array" and length == 1'
    done
    as alice GET "$API/%61lice"
    assert_json '. == []'
    request GET "$API/alice?userId=alice"
    assert_json '. == []'
    as alice GET "$API/alic%65%CC%81"
    assert_problem 404 conversation-not-found
}

# One conversation ------------------------------------------------------------------------------

@test "one conversation is what the list shows of it, with everybody in it" {
    post user-101 group "{\"content\": \"Hello, all\", \"participantIds\": $(crowd 2 30)}"
    assert_status 201
    send user-130 group 'Hello, you'
    as user-130 GET "$API"
    list=$(json '.[0]')
    as user-130 GET "$API/group"
    assert_status 200
    assert_header Content-Type 'application/json*'
    assert_json 'type == "object" and .participantCount == 30 and (.participants | map(.id)) == $all' --argjson all "$(crowd 1 30)"
    assert_json 'del(.participants) == ($list | del(.participants))' --argjson list "$list"
    assert_json '.name | endswith(", and 10 more")'
    as user-130 GET "$API/group?messages=1"
    assert_json '.messages | map(.content) == ["Hello, you"]'
    as user-130 GET "$API/group?messages=0"
    assert_json '.messages == [] and .lastMessage == "Hello, you"'
    as user-130 GET "$API/group?messages=101"
    assert_problem 400 malformed-request
}

@test "one conversation of 500 people shows all of them" {
    post user-101 group "{\"content\": \"Hello, all\", \"participantIds\": $(crowd 2 500)}"
    assert_status 201
    as user-300 GET "$API/group"
    assert_json '(.participants | length) == 500 and .participantCount == 500 and .unread == 1'
}

@test "one conversation has the fields that a poll has, and HEAD has the same without the body" {
    send alice conv-1 'Hello' bob
    as bob GET "$API/conv-1?messages=5"
    fields=$(polling_headers) length=$(wc -c <"$BODY")
    assert_header Cache-Control 'private, no-cache'
    assert_header X-Poll-Interval 10
    assert_equal "$(link next)" "$API/conv-1?messages=5"
    as bob HEAD "$API/conv-1?messages=5"
    assert_status 200
    assert_equal "$(polling_headers)" "$fields"
    assert_header Content-Length "$length"
}

@test "the cursor of one conversation goes on where it ends, in its messages" {
    send alice conv-1 'one' bob
    as bob GET "$API/conv-1"
    cursor=$(header X-Cursor)
    send alice conv-1 'two'
    as bob GET "$API/conv-1/messages?since=$cursor"
    assert_contents two
}

@test "since, before and limit mean nothing to one conversation; a malformed limit is 400" {
    send alice conv-1 'one' bob
    tag=$(etag bob conv-1)
    for query in 'since=1' 'before=rubbish' 'limit=1' 'unknown=1'; do
        as bob GET "$API/conv-1?$query"
        assert_header ETag "$tag"
        assert_json '.id == "conv-1"'
    done
    as bob GET "$API/conv-1?limit=x"
    assert_problem 400 malformed-request
}

@test "the entity tag of one conversation changes with messages and reads, and not with what it does not show" {
    post alice group '{"content": "one", "participantIds": ["bob", "carol"]}'
    send alice other 'elsewhere' bob
    tag=$(etag alice group)
    unchanged alice group "$tag"
    # Nobody else has read it yet, so to alice this changes nothing.
    mark_read bob group
    unchanged alice group "$tag"
    send bob other 'elsewhere too'
    unchanged alice group "$tag"
    mark_read carol group
    as alice GET "$API/group" --header "If-None-Match: $tag"
    assert_json '.messages | map(.read) == [true]'
    tag=$(header ETag)
    mark_read carol group
    unchanged alice group "$tag"
    send bob group 'two'
    as alice GET "$API/group" --header "If-None-Match: $tag"
    assert_json '.unread == 1 and .lastMessage == "two"'
    tag=$(header ETag)
    unchanged alice group "$tag"
    mark_read alice group
    as alice GET "$API/group" --header "If-None-Match: $tag"
    assert_json '.unread == 0'
    tag=$(header ETag)
    restart_postbox
    unchanged alice group "$tag"
    [[ $(etag alice 'group?messages=1') != "$tag" ]]
    [[ $(etag bob group) != "$tag" ]]
}

@test "the entity tag of one conversation changes with a name, also of a person whom no list shows" {
    restart_postbox --identity gateway --trusted-proxy 127.0.0.1
    post user-101 group "{\"content\": \"Hello\", \"participantIds\": $(crowd 2 40)}"
    assert_status 201
    tag=$(etag user-101 group)
    unchanged user-101 group "$tag"
    old=$tag
    as user-140 GET "$API" --header 'X-User-Name: Zoë Zimmer'
    as user-101 GET "$API/group" --header "If-None-Match: $tag"
    assert_json '.participants[39] == {"id": "user-140", "name": "Zoë Zimmer", "company": ""}'
    tag=$(header ETag)
    unchanged user-101 group "$tag"
    # A write that shows user-101 nothing: what the writer remembers of the conversation must not take the name back.
    mark_read user-103 group
    unchanged user-101 group "$tag"
    as user-101 GET "$API/group" --header "If-None-Match: $old"
    assert_status 200
    send user-102 group 'Hello again'
    as user-101 GET "$API/group" --header "If-None-Match: $tag"
    assert_json '.participants[39].name == "Zoë Zimmer" and .lastMessage == "Hello again"'
}

@test "GET of @bob is the direct conversation with bob" {
    as alice GET "$API/@bob"
    assert_problem 404 conversation-not-found
    post alice @bob '{"content": "Hi"}'
    id=$(json .conversationId)
    as bob GET "$API/@alice"
    assert_json '.id == $id and .unread == 1' --arg id "$id"
    tag=$(header ETag)
    unchanged bob @alice "$tag"
    unchanged bob "$id" "$tag"
}

@test "GET of a conversation of others is answered like none" {
    send alice theirs 'Hello' bob
    for method in GET HEAD; do
        for condition in 'X: y' 'If-None-Match: *'; do
            as mallory "$method" "$API/theirs" --header "$condition"
            assert_equal "$CODE" 404
            cp "$BODY" "$FOLDER/theirs"
            as mallory "$method" "$API/nobody" --header "$condition"
            assert_equal "$CODE" 404
            cmp "$BODY" "$FOLDER/theirs"
        done
    done
    as mallory GET "$API/theirs"
    assert_problem 404 conversation-not-found
    as mallory GET "$API/@alice"
    assert_problem 404 conversation-not-found
}

@test "GET of one conversation costs what a poll of its size costs" {
    send alice conv-1 'one' bob
    text=$(printf '%1100s' '' | tr ' ' x)
    for n in {1..64}; do send alice conv-1 "$n $text"; done
    restart_postbox --poll-rate 0.001 --poll-burst 4
    for n in 1 2; do
        as bob GET "$API/conv-1?messages=100"
        assert_status 200
    done
    (($(wc -c <"$BODY") > 64 * 1024))
    as bob GET "$API/conv-1?messages=100"
    assert_problem 429 rate-limited
}

@test "one conversation is read with GET and HEAD only" {
    for method in POST PUT PATCH DELETE; do
        as alice "$method" "$API/alice"
        assert_problem 405 method-not-allowed
        assert_header Allow 'GET, HEAD, OPTIONS'
    done
}

# Reading ---------------------------------------------------------------------------------------

@test "POST and PATCH mark as read as PUT does" {
    send alice conv-1 'one' bob
    send_many alice conv-1 2 9
    n=1
    for method in POST PATCH PUT; do
        n=$((n + 1))
        as bob "$method" "$API/conv-1/read" --header 'Content-Type: application/json' --data-raw "{\"upTo\": \"conv-1:$n\"}"
        assert_status 200
        assert_json '. == {"conversationId": "conv-1", "readUpTo": "conv-1:\($n)", "unread": (9 - $n)}' --argjson n "$n"
    done
    for method in POST PATCH; do
        as bob "$method" "$API/conv-1/read"
        assert_status 200
        assert_json '.unread == 0'
        as mallory "$method" "$API/conv-1/read"
        assert_problem 404 conversation-not-found
        as bob "$method" "$API/conv-1/read" --header 'Content-Type: text/plain' --data-raw 'x'
        assert_problem 415 unsupported-media-type
        request "$method" "$API/conv-1/read"
        assert_problem 401 unauthenticated
    done
    as bob GET "$API/conv-1/read"
    assert_problem 405 method-not-allowed
    assert_header Allow 'PUT, POST, PATCH, OPTIONS'
}

@test "a member that is upTo but for case or underscores marks nothing; others are ignored" {
    send alice conv-1 'one' bob
    for name in upto up_to UpTo UPTO UP_TO _upTo; do
        for value in '"conv-1:1"' null; do
            as bob PUT "$API/conv-1/read" --header 'Content-Type: application/json' --data-raw "{\"$name\": $value}"
            assert_problem 422 invalid-message
            assert_json '.detail | contains("upTo") and contains($name)' --arg name "$name"
        done
    done
    as bob POST "$API/conv-1/read" --header 'Content-Type: application/json' --data-raw '{"upTo": "conv-1:1", "up_to": "x"}'
    assert_problem 422 invalid-message
    as bob GET "$API/conv-1"
    assert_json '.unread == 1'
    as bob PUT "$API/conv-1/read" --header 'Content-Type: application/json' \
        --data-raw '{"messageId": "conv-1:1", "userId": "bob", "upToo": 1, "up": 2, "readAt": null}'
    assert_status 200
    assert_json '.unread == 0'
}

# Ids as numbers --------------------------------------------------------------------------------

@test "an id that is a whole number is the same id as its digits" {
    post 42 conv-1 '{"content": "Hi", "senderId": 42, "receiverId": 7}'
    assert_status 201
    assert_json '.senderId == "42" and .receiverId == "7"'
    post 7 1001 '{"content": "Hi", "participantIds": [42, "9", -3]}'
    assert_status 201
    to 9 '{"content": "Hi", "conversationId": 1001}'
    assert_status 201
    assert_json '.id == "1001:2"'
    to 42 '{"senderId": 42, "content": "Hi", "recipientId": 1001, "tenantId": 5}'
    assert_status 201
    assert_json '.conversationId == "1001"'
    to -3 '{"content": "Hi", "recipientId": 9223372036854775807}'
    assert_status 201
    assert_json '.receiverId == "9223372036854775807"'
    post 42 conv-1 '{"content": "Hi", "senderId": 43}'
    assert_problem 403 sender-mismatch
    as 42 GET "$API/42"
    assert_json 'type == "array"'
}

@test "what a token's number would not be taken for is no id in a body" {
    for id in 1.5 9223372036854775808 1e400 true '{}' '[1]'; do
        post alice conv-1 "{\"content\": \"Hi\", \"receiverId\": $id}"
        [[ $CODE == 422 || $CODE == 400 ]] || fail "$id:" "$(answer)"
        post alice conv-1 "{\"content\": \"Hi\", \"participantIds\": [$id]}"
        [[ $CODE == 422 || $CODE == 400 ]] || fail "[$id]:" "$(answer)"
    done
    post alice conv-1 '{"content": "Hi", "receiverId": 1.5}'
    assert_problem 422 invalid-message
    assert_json '.detail == "receiverId must be a string or a whole number."'
    # 42.0 and 4.2e1 are 42, to the token and here.
    printf 'a shared secret of thirty-two bytes or more\n' >"$FOLDER/secret"
    restart_postbox --jwt-secret-file "$FOLDER/secret"
    for number in 42 42.0 4.2e1; do
        token=$(python3 - "$FOLDER/secret" "$number" <<'END'
import base64, hashlib, hmac, sys, time
def part(data): return base64.urlsafe_b64encode(data).rstrip(b"=")
secret = open(sys.argv[1], "rb").read().rstrip(b"\n")
claims = '{"sub": %s, "exp": %d}' % (sys.argv[2], time.time() + 3600)
signed = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(claims.encode())
print((signed + b"." + part(hmac.new(secret, signed, hashlib.sha256).digest())).decode())
END
        )
        request POST "$ORIGIN/api/messages/send" --header "Authorization: Bearer $token" --header 'Content-Type: application/json' \
            --data-raw "{\"content\": \"Hi\", \"senderId\": $number, \"recipientId\": 7}"
        assert_status 201
        assert_json '.senderId == "42" and .receiverId == "7"'
        request GET "$API/42" --header "Authorization: Bearer $token"
        assert_json 'type == "array" and length == 1'
    done
}

# What is counted and logged --------------------------------------------------------------------

@test "the list is counted as the list, one conversation by itself, and no user's id is in the log" {
    restart_postbox --admin 127.0.0.1:0 --access-log --log-format json
    admin=$(sed -n 's|^postbox: metrics on \(http:.*\)$|\1|p' "$OUT")
    post alice conv-1 '{"content": "Hi", "receiverId": "bob"}'
    as alice GET "$API/alice"
    unchanged alice alice "$(header ETag)"
    as alice GET "$API/alice?limit=0"
    request GET "$API/alice?userId=alice&limit=0"
    as alice GET "$API/conv-1"
    unchanged alice conv-1 "$(header ETag)"
    as alice GET "$API/conv-1?limit=0"
    to alice '{"content": "Hi", "conversationId": "conv-1"}'
    to alice '{"content": "Hi"}'
    as bob PATCH "$API/conv-1/read"
    as bob POST "$API/conv-1/read"
    metrics=$(curl --silent --show-error --max-time 20 "$admin")
    for sample in 'polls_total{endpoint="conversations",outcome="full"} 1' \
        'polls_total{endpoint="conversations",outcome="not_modified"} 2' \
        'refusals_total{endpoint="conversations",reason="malformed_request"} 2' \
        'polls_total{endpoint="conversation",outcome="full"} 1' \
        'polls_total{endpoint="conversation",outcome="not_modified"} 2' \
        'refusals_total{endpoint="conversation",reason="malformed_request"} 1' \
        'send_failures_total{reason="invalid_message"} 1' 'sends_total{outcome="stored"} 2' 'read_markers_total 2'; do
        grep -qxF "postbox_$sample" <<<"$metrics" || fail "not among the metrics: $sample"
    done
    stop_postbox
    assert_equal "$(jq -rs '[.[] | select(.message == "request" and .method == "GET") | .path] | unique | join(" ")' "$ERR")" \
        /api/messages/conversations/…
    assert_equal "$(jq -rs '[.[] | select(.message == "request" and .method != "GET") | [.method, .path, .endpoint] | join(" ")] | unique | .[]' "$ERR")" \
        'PATCH /api/messages/conversations/conv-1/read read
POST /api/messages/conversations/conv-1/messages send
POST /api/messages/conversations/conv-1/read read
POST /api/messages/send send'
    assert_lacks alice "$ERR"
}
