#!/usr/bin/env bats
# Content comes back byte for byte as it was sent, wherever it is shown.
# bats file_tags=every-store

load helpers

# comes_back TEXT: as JSON and as plain text, in the answer, in the messages, in the list and from the disk.
comes_back() {
    printf '%s' "$1" >"$BODY.expected"
    send alice conv-1 "$1" bob
    same json -j .content
    as bob POST "$API/conv-1/messages" --header 'Content-Type: text/plain' --data-binary "@$BODY.expected"
    assert_status 201
    same json -j .content
    restart_postbox
    as bob GET "$API/conv-1/messages"
    same json -j '.[0].content'
    same json -j '.[1].content'
    as bob GET "$API"
    same json -j '.[0].lastMessage'
    same json -j '.[0].messages[0].content'
}

same() {
    "$@" | cmp - "$BODY.expected" || fail "sent:" "$(cat "$BODY.expected")" "got:" "$("$@")"
}

@test "emoji with skin tones, joiners and flags come back byte for byte" {
    comes_back '😀 👩🏽‍💻 👨‍👩‍👧‍👦 🇩🇪 ❤️'
}

@test "combining characters come back byte for byte, not normalised" {
    comes_back "$(printf 'e\xcc\x81 and \xc3\xa9, \xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab and \xed\x95\x9c, \xe2\x84\xab')"
}

@test "quotes and backslashes come back byte for byte" {
    comes_back "\"double\" 'single' \\ \\\\ \\n \\u0041 \\\" /"
}

@test "line ends of every kind, tabs and white space at both ends come back byte for byte" {
    comes_back $' \t\n first\r\nsecond\rthird\n\n \u00a0\u2028\u2029 '
}

@test "markup comes back as text, byte for byte" {
    comes_back '</script><script>alert(1)</script> <!-- & &amp; ]]>'
}

@test "control characters come back byte for byte" {
    comes_back $'\x01\x02\x08\x0c\x1b[31m\x1f\x7f'
}

@test "content that looks like SQL comes back byte for byte" {
    comes_back "'; DROP TABLE messages; --"
}

@test "right-to-left scripts, byte order marks, noncharacters and the last code point come back byte for byte" {
    comes_back "$(printf 'שלום \xe2\x80\xae abc \xef\xbb\xbf \xef\xbf\xbe \xef\xbf\xbf \xf4\x8f\xbf\xbf')"
}

@test "a byte order mark at the start of content comes back" {
    comes_back "$(printf '\xef\xbb\xbfHi')"
}

@test "content that looks like JSON comes back byte for byte" {
    comes_back '{"content": null, "a": [1e400, 0.1]}'
}

@test "content of which nothing can be seen is blank, however it is sent, and a visible character among it is not" {
    send alice conv-1 'Hi' bob
    # Zero width space, word joiner, blank braille, byte order mark, Hangul fillers, soft hyphen, Mongolian vowel separator, a tag,
    # selectors of variants, marks of direction, ideographic space.
    for blank in '\u200b' '\u2060' '\u2800' '\ufeff' '\u3164' '\u115f\u1160' '\uffa0' '\u00ad' '\u180e' '\U000e0001' '\ufe0f' \
        '\U000e0100' '\u200e\u202e' '\u3000' ' \u200b\n\u2800\t\u2063'; do
        # shellcheck disable=SC2059
        text=$(printf "$blank."); text=${text%.}
        post alice conv-1 "$(jq -cn --arg text "$text" '{content: $text}')"
        assert_problem 422 invalid-message
        as alice POST "$API/conv-1/messages" --header 'Content-Type: text/plain' --data-binary "$text"
        assert_problem 422 invalid-message
        send alice conv-1 "$text.$text"
    done
    as bob GET "$API/conv-1/messages"
    assert_json 'length == 16'
}
