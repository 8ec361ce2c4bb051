while curl -s -H 'X-User-ID: lee' --etag-save etag --etag-compare etag \
    'http://127.0.0.1:8080/api/messages/conversations/application-17/messages?limit=1'
do sleep 10; done
