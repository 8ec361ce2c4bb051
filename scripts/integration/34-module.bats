#!/usr/bin/env bats
# The client module: as it is served, in Node, and for TypeScript. 41-frontends has it in the three browser engines.
# bats file_tags=every-store

load helpers

fetch_module() {
    mkdir -p "$FOLDER/module"
    local part
    for part in postbox.js postbox.d.ts; do
        request GET "$ORIGIN/$part"
        assert_status 200
        cp "$BODY" "$FOLDER/module/$part"
    done
    printf '{ "type": "module" }\n' >"$FOLDER/module/package.json"
    cp "$BATS_TEST_DIRNAME/module/"* "$FOLDER/module"
    cd "$FOLDER/module" || return
}

@test "the module is one file of at most 6 KB with gzip, with a tag that brings a 304" {
    request GET "$ORIGIN/postbox.js"
    assert_status 200
    assert_header Content-Type 'text/javascript; charset=utf-8'
    size=$(gzip -9 <"$BODY" | wc -c)
    ((size <= 6144)) || fail "$size bytes"
    tag=$(header ETag)
    restart_postbox --identity gateway
    request GET "$ORIGIN/postbox.js" --header "If-None-Match: $tag"
    assert_status 304
    request GET "$ORIGIN/postbox.d.ts"
    assert_status 200
    assert_header Content-Type 'application/typescript; charset=utf-8'
}

@test "pages of an allowed origin may import the module" {
    restart_postbox --identity gateway --cors-origin https://app.example
    request GET "$ORIGIN/postbox.js" --header 'Origin: https://app.example'
    assert_header Access-Control-Allow-Origin https://app.example
    request GET "$ORIGIN/postbox.js" --header 'Origin: https://other.example'
    assert_equal "$(header Access-Control-Allow-Origin)" ''
}

@test "a program that uses the module is type-checked" {
    fetch_module
    tsc --noEmit --strict --target es2020 --lib es2020,dom --module es2020 --moduleResolution node use.ts
    # What the types do not have is refused.
    printf "import { Postbox } from './postbox.js';\nnew Postbox({ urll: 'x' });\n" >wrong.ts
    run ! tsc --noEmit --strict --target es2020 --lib es2020,dom --module es2020 --moduleResolution node wrong.ts
}

@test "in Node, the module follows everything, retries without harm, and ends" {
    fetch_module
    ORIGIN=$ORIGIN timeout 150 node --no-warnings --test module.test.mjs >"$FOLDER/report" 2>&1 || fail "$(cat "$FOLDER/report")"
}

@test "in Node, the module outlives a stop of the server and a restore of its database" {
    restart_postbox --sample-data
    fetch_module
    node --no-warnings follow.mjs "$ORIGIN" application-17 >"$FOLDER/shown" 2>&1 3>&- &
    SERVERS+=("$!")
    await grep -q '^live .*Great' "$FOLDER/shown"
    stop_postbox
    await grep -q '^offline ' "$FOLDER/shown"
    remove_database
    start_postbox --port "$PORT"
    post lee application-17 '{"content": "another life", "receiverId": "dana"}'
    timeout 30 bash -c 'until tail -n 1 "$1" | grep -q "^live another life$"; do sleep 0.1; done' - "$FOLDER/shown" || fail "$(cat "$FOLDER/shown")"
}
