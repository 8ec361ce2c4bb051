#!/usr/bin/env bats
# HTTPS: what goes over it, how the certificate is replaced, and what is refused at the start.

load helpers

setup() {
    mkdir -p "${DATABASE%/*}"
    CERTIFICATE=$FOLDER/cert.pem
    KEY=$FOLDER/key.pem
    certify one "$CERTIFICATE" "$KEY"
    trust "$CERTIFICATE"
}

# certify NAME CERTIFICATE KEY: a new pair for loopback.
certify() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$1" \
        -addext 'subjectAltName=IP:127.0.0.1' -keyout "$3" -out "$2" 2>/dev/null
    chmod 600 "$3"
}

# trust CERTIFICATE…: what curl accepts from here on.
trust() {
    cat "$@" >"$FOLDER/trusted"
    export CURL_CA_BUNDLE=$FOLDER/trusted
}

start_https() {
    start_postbox --tls-cert "$CERTIFICATE" --tls-key "$KEY" "$@"
}

# The name in the certificate that somebody who connects now is shown.
shown_name() {
    openssl s_client -connect "127.0.0.1:$PORT" </dev/null 2>/dev/null | openssl x509 -noout -subject -nameopt multiline |
        sed -n 's/ *commonName *= //p'
}

shows() {
    [[ $(shown_name) == "$1" ]]
}

processor_time() {
    awk '{ print $14 + $15 }' "/proc/$SERVER/stat"
}

# connect: a connection to write requests to (descriptor 8) and to read answers from (the file RECEIVED).
connect() {
    RECEIVED=$FOLDER/received
    mkfifo "$FOLDER/pipe"
    openssl s_client -quiet -connect "127.0.0.1:$PORT" <"$FOLDER/pipe" >"$RECEIVED" 2>/dev/null 3>&- &
    exec 8>"$FOLDER/pipe"
}

received() {
    (($(grep -o "HTTP/1.1 $1" "$RECEIVED" | wc -l) == $2))
}

connected() {
    (($(ss -Htn state established "( sport = :$PORT )" | wc -l) >= $1))
}

ask_for_health() {
    printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n' >&8
}

refuses() {
    local before
    before=$(listing "${DATABASE%/*}")
    postbox serve --port 0 --identity demo --database "$DATABASE" "${@:3}"
    assert_equal "$EXIT" "$1"
    assert_one_line "postbox: $2"
    assert_equal "$(listing "${DATABASE%/*}")" "$before"
}

@test "with a certificate serve announces an https URL and speaks HTTP/1.1 on it" {
    start_https
    [[ $ORIGIN =~ ^https://127\.0\.0\.1:[0-9]+$ ]]
    curl --silent --verbose --http2 "$ORIGIN/healthz" >"$BODY" 2>"$HEADERS"
    grep -q 'ALPN: server accepted http/1.1' "$HEADERS"
}

@test "polling by entity tag works over one connection" {
    start_https
    send alice conv-1 'Hi' bob
    as bob GET "$API/conv-1/messages"
    assert_contents Hi
    tag=$(header ETag)
    as bob GET "$API/conv-1/messages" --header "If-None-Match: $tag"
    assert_status 304
    counts=$(curl --silent --header 'X-User-ID: bob' --header "If-None-Match: $tag" --output /dev/null --output /dev/null \
        --output /dev/null --write-out '%{http_code} %{num_connects}\n' "$API"/conv-1/messages{,,})
    assert_equal "$counts" $'304 1\n304 0\n304 0'
}

@test "bodies of a megabyte arrive whole, both ways" {
    start_https --max-content-bytes 1048576 --max-answer-bytes 8388608
    head -c 786432 /dev/urandom | base64 --wrap 0 >"$FOLDER/content"
    assert_equal "$(stat --format %s "$FOLDER/content")" 1048576
    jq -cn --rawfile text "$FOLDER/content" '{content: $text, receiverId: "bob"}' >"$FOLDER/request"
    for n in 1 2 3; do
        as alice POST "$API/conv-1/messages" --header 'Content-Type: application/json' --data-binary "@$FOLDER/request"
        assert_status 201
    done
    as bob GET "$API/conv-1/messages"
    assert_status 200
    for n in 0 1 2; do json -j ".[$n].content" | cmp - "$FOLDER/content"; done
}

@test "a head that can be read in two ways is refused here too, and ends the connection" {
    start_https
    for wrong in ' folded' ':' 'X : x'; do
        printf '%s\n' 'GET /healthz HTTP/1.1' 'Host: localhost' 'A: b' "$wrong" '' 'GET /healthz HTTP/1.1' 'Host: localhost' '' |
            openssl s_client -quiet -connect "127.0.0.1:$PORT" >"$BODY.refused" 2>/dev/null
        assert_equal "$(grep --text -o '^HTTP/1.1 [0-9]*' "$BODY.refused")" 'HTTP/1.1 400'
    done
}

@test "requests that come in one piece are all answered, also where the first has to wait for the disk" {
    start_https
    connect
    printf '%s\r\n' 'POST /api/messages/conversations/@bob/messages HTTP/1.1' 'Host: localhost' 'X-User-ID: alice' \
        'Content-Type: text/plain' 'Content-Length: 2' '' >"$FOLDER/requests"
    printf 'HiGET /api/messages/conversations HTTP/1.1\r\nHost: localhost\r\nX-User-ID: bob\r\n\r\n' >>"$FOLDER/requests"
    cat "$FOLDER/requests" "$FOLDER/requests" >&8
    await received 201 2
    await received 200 2
    exec 8>&-
}

@test "SIGHUP shows a new certificate to those who connect from then on; open connections go on" {
    start_https
    connect
    ask_for_health
    await received 200 1
    assert_equal "$(shown_name)" one
    certify two "$CERTIFICATE" "$KEY"
    assert_equal "$(shown_name)" one
    kill -HUP "$SERVER"
    await shows two
    ask_for_health
    await received 200 2
    exec 8>&-
    trust "$CERTIFICATE"
    request GET "$ORIGIN/healthz"
    assert_status 200
}

@test "a new certificate that cannot be used is named in the log, and the old one stays" {
    start_https
    echo nonsense >"$CERTIFICATE"
    kill -HUP "$SERVER"
    await grep -q "kept the old certificate: $CERTIFICATE: no certificate in PEM format" "$ERR"
    certify two "$FOLDER/other.pem" "$KEY"
    openssl x509 -in "$FOLDER/trusted" -out "$CERTIFICATE"
    kill -HUP "$SERVER"
    await grep -q 'kept the old certificate: .*belongs to another certificate' "$ERR"
    request GET "$ORIGIN/healthz"
    assert_status 200
}

@test "a certificate that is about to expire is named in the log" {
    openssl req -x509 -key "$KEY" -days 3 -subj /CN=short -addext 'subjectAltName=IP:127.0.0.1' -out "$CERTIFICATE"
    start_https
    await grep -q 'the certificate expires soon, or has expires=20' "$ERR"
}

@test "plain HTTP to an https port gets no answer, and does no harm" {
    start_https
    for n in 1 2 3; do
        code=0
        curl --silent --max-time 10 "http://127.0.0.1:$PORT/healthz" >"$BODY" || code=$?
        ((code == 52 || code == 56)) || fail "curl ended with $code"
        [[ ! -s $BODY ]]
    done
    request GET "$ORIGIN/healthz"
    assert_status 200
}

@test "nothing older than TLS 1.2 is spoken" {
    start_https
    for version in tls1_2 tls1_3; do
        openssl s_client "-$version" -connect "127.0.0.1:$PORT" </dev/null >/dev/null 2>&1 || fail "$version is refused"
    done
    for version in tls1 tls1_1; do
        ! openssl s_client "-$version" -cipher 'ALL:@SECLEVEL=0' -connect "127.0.0.1:$PORT" </dev/null >/dev/null 2>&1 ||
            fail "$version is spoken"
    done
}

@test "clients that do not finish their handshake cost next to nothing, hold nobody up, and are cut" {
    start_https --loops 1 --request-timeout 3
    python3 - "$PORT" 3>&- <<'END' &
import socket, ssl, sys
context = ssl.create_default_context()
stalled = []
for number in range(50):
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    out = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="127.0.0.1").do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = out.read()
    connection.sendall(hello if number % 2 else hello[:100])
    stalled.append(connection)
for connection in stalled:
    while connection.recv(4096):
        pass
END
    await connected 50
    before=$(processor_time)
    sleep 1
    spent=$(($(processor_time) - before))
    ((spent < 20)) || fail "$spent hundredths of a second in one second"
    request GET "$ORIGIN/healthz"
    assert_status 200
    wait "$!" || fail 'they were not cut in good order'
}

@test "files that cannot be used are refused at the start, each with its name and what is wrong" {
    refuses 69 "cannot read $FOLDER/none: No such file*" --tls-cert "$FOLDER/none" --tls-key "$KEY"
    refuses 69 "cannot read $FOLDER/none: No such file*" --tls-cert "$CERTIFICATE" --tls-key "$FOLDER/none"
    refuses 69 "$KEY: no certificate in PEM format*" --tls-cert "$KEY" --tls-key "$KEY"
    cp "$CERTIFICATE" "$FOLDER/copy"
    chmod 600 "$FOLDER/copy"
    refuses 69 "$FOLDER/copy: no private key in PEM format*" --tls-cert "$CERTIFICATE" --tls-key "$FOLDER/copy"
    certify two "$FOLDER/two.pem" "$FOLDER/two.key"
    refuses 69 "$CERTIFICATE and $FOLDER/two.key: the private key belongs to another*" \
        --tls-cert "$CERTIFICATE" --tls-key "$FOLDER/two.key"
    openssl pkcs8 -topk8 -in "$KEY" -passout pass:secret -out "$FOLDER/encrypted"
    chmod 600 "$FOLDER/encrypted"
    refuses 69 "$FOLDER/encrypted: the private key has a passphrase*" --tls-cert "$CERTIFICATE" --tls-key "$FOLDER/encrypted"
    chmod 644 "$KEY"
    refuses 69 "$KEY is open to everybody on this machine: chmod o= $KEY" --tls-cert "$CERTIFICATE" --tls-key "$KEY"
    refuses 64 '*--tls-cert and --tls-key belong together*' --tls-cert "$CERTIFICATE"
}
