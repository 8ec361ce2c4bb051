# shellcheck shell=bash
# nginx with the configuration that comes with the program; only the addresses in it are replaced.

NGINX=${XDG_CACHE_HOME:-$HOME/.cache}/postbox/nginx

# start_nginx [sed arguments]: it listens on sockets in the file system, which nobody else has; leaves NGINX_FOLDER with jwt and gateway.
start_nginx() {
    NGINX_FOLDER=$FOLDER/nginx
    mkdir -p "$NGINX_FOLDER"
    sed "$@" -e "s/127\.0\.0\.1:8080/127.0.0.1:$PORT/; s/127\.0\.0\.1:4000/127.0.0.1:${SESSIONS:-1}/" \
        -e "s#listen 8081#listen unix:$NGINX_FOLDER/jwt#; s#listen 8082#listen unix:$NGINX_FOLDER/gateway#" \
        "$BATS_TEST_DIRNAME/../nginx.conf" >"$NGINX_FOLDER/postbox.conf"
    cat >"$NGINX_FOLDER/nginx.conf" <<END
daemon off;
pid $NGINX_FOLDER/pid;
worker_processes 2;
error_log $NGINX_FOLDER/error.log info;
events {}
http {
    access_log $NGINX_FOLDER/access.log;
    client_body_temp_path $NGINX_FOLDER/client_body;
    proxy_temp_path $NGINX_FOLDER/proxy;
    fastcgi_temp_path $NGINX_FOLDER/fastcgi;
    uwsgi_temp_path $NGINX_FOLDER/uwsgi;
    scgi_temp_path $NGINX_FOLDER/scgi;
    include $NGINX_FOLDER/postbox.conf;
}
END
    # Root's nginx would give its workers to another user, who may not look into this folder.
    ((EUID != 0)) || sed -i '1i user root;' "$NGINX_FOLDER/nginx.conf"
    "$NGINX" -e "$NGINX_FOLDER/error.log" -p "$NGINX_FOLDER" -c "$NGINX_FOLDER/nginx.conf" 3>&- &
    SERVERS+=("$!")
    await test -S "$NGINX_FOLDER/gateway" -a -S "$NGINX_FOLDER/jwt" -a -s "$NGINX_FOLDER/pid"
}
