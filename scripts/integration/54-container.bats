#!/usr/bin/env bats
# The image: the second part of the Dockerfile, built with buildah from a Debian and a package of our own, and what is served from it.
# Docker does not run everywhere; what it would take from the image (user, variables, health check, entry point) is read from the image.

load helpers
load package

DOCKERFILE=$BATS_TEST_DIRNAME/../Dockerfile
STORAGE=$BATS_FILE_TMPDIR/storage

# Images and containers of this file only.
buildah() {
    command buildah --root "$STORAGE/images" --runroot "$STORAGE/run" --storage-driver "$DRIVER" "$@" 3>&-
}

setup_file() {
    ((EUID == 0)) || skip 'images are built by root here'
    export DRIVER=overlay BUILDAH_ISOLATION=chroot CONTAINER
    mkdir -p "$STORAGE/context"
    base=$(buildah from scratch 2>"$BATS_FILE_TMPDIR/log") || {
        DRIVER=vfs
        base=$(buildah from scratch)
    }
    buildah add --quiet "$base" "$(minimal_system "$(debian)")" /
    buildah commit --quiet --rm "$base" docker.io/library/debian:bookworm-slim
    # The first part compiles, which has been done already; it stands for itself with its result.
    cp "$(built_package)" "$STORAGE/context"
    printf '%s\n' 'FROM scratch AS build' 'COPY postbox_*.deb /srv/' '' >"$STORAGE/Dockerfile"
    sed -n '/^FROM debian/,$p' "$DOCKERFILE" >>"$STORAGE/Dockerfile"
    # As the machine gets its packages.
    buildah bud --quiet --format docker --pull-never --tag postbox --file "$STORAGE/Dockerfile" "$STORAGE/context" >"$BATS_FILE_TMPDIR/log" 2>&1 ||
        fail "$(tail -n 20 "$BATS_FILE_TMPDIR/log")"
    CONTAINER=$(buildah from --pull-never postbox)
    # buildah 1.28 may mount an empty volume of its own over the folder that it is told to mount there.
    buildah config --volume /var/lib/postbox- "$CONTAINER"
    buildah inspect --type image postbox >"$BATS_FILE_TMPDIR/image"
}

teardown_file() {
    [[ ! -d $STORAGE ]] || {
        buildah rm --all >/dev/null 2>&1 || true
        buildah rmi --all --force >/dev/null 2>&1 || true
    }
}

setup() {
    VOLUME=$FOLDER/volume
    mkdir "$VOLUME"
    printf 'a shared secret of thirty-two bytes or more\n' >"$FOLDER/secret"
    # As the guide says.
    chown 999 "$VOLUME" "$FOLDER/secret"
    chmod 400 "$FOLDER/secret"
}

manifests() {
    "${XDG_CACHE_HOME:-$HOME/.cache}/postbox/manifests/bin/$1" "${@:2}"
}

image() {
    jq -r ".Docker.config.$1" "$BATS_FILE_TMPDIR/image"
}

# in_container COMMAND…: with the environment and as the user of the image.
in_container() {
    buildah run --volume "$VOLUME:/var/lib/postbox" --volume "$FOLDER/secret:/run/secrets/jwt-secret:ro" --env "POSTBOX_PORT=${LISTENS:-0}" \
        --env POSTBOX_JWT_SECRET_FILE=/run/secrets/jwt-secret "$CONTAINER" -- "$@"
}

start_container() {
    mapfile -t command < <(image 'Entrypoint[], .Docker.config.Cmd[]')
    : >"$OUT"
    in_container "${command[@]}" >"$OUT" 2>"$ERR" &
    RUNNER=$!
    await grep -q '^postbox: listening on ' "$OUT"
    PORT=$(sed -n 's/^postbox: listening on .*://p' "$OUT")
    PROCESS=$(ss -Hltnp "sport = :$PORT" | grep -oP 'pid=\K[0-9]+' | head -n 1)
    ORIGIN=http://127.0.0.1:$PORT
    API=$ORIGIN/api/messages/conversations
}

teardown() {
    [[ -z ${PROCESS:-} ]] || kill -KILL "$PROCESS" 2>/dev/null || true
}

@test "the image has its own user, a volume, a health check and an entry point" {
    assert_equal "$(image User) $(image 'Volumes | keys[]') $(image 'ExposedPorts | keys[]')" 'postbox /var/lib/postbox 8080/tcp'
    assert_equal "$(image 'Entrypoint + .Docker.config.Cmd | join(" ")')" 'postbox serve'
    assert_equal "$(image 'Healthcheck.Test | join(" ")')" 'CMD postbox health'
    # Kubernetes is told the number.
    user=$(in_container id -u)
    assert_equal "$(sed -nE 's/ *runAsUser: //p' "$BATS_TEST_DIRNAME/../kubernetes.yaml")" "$user"
    assert_equal "$user" 999
}

@test "polls and sends are served from the image as its user; it is healthy, stops in time, and keeps what was sent" {
    start_container
    assert_equal "$(stat --format %u "/proc/$PROCESS")" 999
    [[ $(sed -n 's/^postbox: listening on //p' "$OUT") == http://0.0.0.0:* ]]
    assert_serves_tokens
    LISTENS=$PORT
    mapfile -t probe < <(image 'Healthcheck.Test[1:][]')
    in_container "${probe[@]}" >"$FOLDER/health" 2>&1
    assert_equal "$(cat "$FOLDER/health")" "postbox: http://0.0.0.0:$PORT/readyz is ready"
    kill -TERM "$PROCESS"
    stopped_within 10 "$PROCESS" || fail 'it did not stop within 10 s'
    wait "$RUNNER" || fail "it ended with code $?"
    run in_container "${probe[@]}"
    ((status != 0)) || fail 'a server that is not there is healthy'
    # A new container, with the volume of the former.
    "$POSTBOX" check --database "$VOLUME/postbox.sqlite"
    LISTENS=0
    start_container
    request GET "$API" "${bearer[@]}"
    assert_json '.[0].lastMessage == "Hi"'
    kill -TERM "$PROCESS"
    wait "$RUNNER"
}

@test "a second container on the same volume ends at once, and one without settings says what is missing" {
    start_container
    run -69 in_container postbox serve
    [[ $output == *'in use'* || $output == *'another'* ]] || fail "$output"
    kill -TERM "$PROCESS"
    wait "$RUNNER"
    run -64 buildah run "$CONTAINER" -- postbox serve
    [[ $output == *'--identity jwt needs either --jwt-secret-file or --jwks-file'* ]]
}

@test "the Compose file and the Kubernetes manifest are well formed, and name what the image has" {
    manifests check-jsonschema --builtin-schema vendor.compose-spec "$BATS_TEST_DIRNAME/../compose.yaml"
    manifests kubernetes-validate --strict "$BATS_TEST_DIRNAME/../kubernetes.yaml" >"$OUT" 2>&1 || fail "$(cat "$OUT")"
    compose() { python3 -c 'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))' "$BATS_TEST_DIRNAME/../compose.yaml" | jq -r "$1"; }
    "$POSTBOX" serve --help >"$FOLDER/help"
    # Its variables are options, and nginx finds Postbox where it is.
    mapfile -t variables < <(compose '.services.postbox.environment | keys[]')
    for variable in "${variables[@]}" $(grep -o 'POSTBOX_[A-Z_]*, value' "$BATS_TEST_DIRNAME/../kubernetes.yaml" | cut -d , -f 1); do
        option=${variable#POSTBOX_} option=${option,,}
        grep -q -- "--${option//_/-} " "$FOLDER/help" || fail "there is no $variable"
    done
    address=$(compose '.services.postbox.networks.default.ipv4_address')
    mapfile -t command < <(compose '.services.nginx.command[]')
    [[ ${command[2]} == *"/$address:8080/"* ]]
    assert_equal "$(compose '.services.nginx.networks.default.ipv4_address')" "$(compose '.services.postbox.environment.POSTBOX_TRUSTED_PROXY')"
    mkdir -p "$FOLDER/etc/nginx/conf.d"
    # The command as it stands, up to the start of nginx.
    cp "$BATS_TEST_DIRNAME/../nginx.conf" "$FOLDER/postbox.conf"
    edit=${command[2]%%&& exec*}
    edit=${edit//'/postbox.conf'/$FOLDER/postbox.conf}
    sh -c "${edit//'/etc/nginx'/$FOLDER/etc/nginx}"
    grep -q "server $address:8080;" "$FOLDER/etc/nginx/conf.d/default.conf"
}
