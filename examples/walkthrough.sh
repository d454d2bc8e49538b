#!/usr/bin/env bash
# Runs the README's tour against a server that has just been started in an empty folder:
#
#     chatapp serve &
#     examples/walkthrough.sh [http://localhost:8000]
#
# Needs curl. Shows the socket too if websocat or Python's websockets package is installed.
set -euo pipefail
url=${1:-http://localhost:8000}

step() { printf '\n# %s\n' "$*"; }

# call METHOD PATH [JSON]: shows the answer, and fails if it is an error.
call() {
    local method=$1 path=$2 body=${3:-}
    curl -sS --fail-with-body -X "$method" "$url$path" \
        ${token:+-H "Authorization: Bearer $token"} \
        ${body:+-H 'Content-Type: application/json' -d "$body"}
    echo
}

step "Sign up the first admin (works once, and only from this machine)"
call POST /auth/signup \
    '{"username":"admin","email":"admin@example.com","password":"correct horse battery","role":"admin"}'

step "Sign in"
login=$(call POST /auth/login '{"username":"admin","password":"correct horse battery"}')
token=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' <<<"$login")
echo "token: ${token:0:12}…"

step "Who am I?"
call GET /auth/me

step "Create a room"
room=$(call POST /rooms/ '{"name":"general","description":"Everything and nothing"}')
echo "$room"
room_id=$(sed 's/.*"id":\([0-9]*\).*/\1/' <<<"$room")

step "Send a message over HTTP, twice with the same client_id: it is stored once"
call POST "/rooms/$room_id/messages" '{"content":"Hello over HTTP","client_id":"first"}'
call POST "/rooms/$room_id/messages" '{"content":"Hello over HTTP","client_id":"first"}'

step "Send one over a WebSocket"
socket="ws${url#http}/ws/$room_id?token=$token"
# The pause keeps the connection open until the answer has arrived.
hello() { echo '{"content":"Hello, everyone!"}'; sleep 2; }
if command -v websocat >/dev/null; then
    hello | websocat "$socket"
elif python3 -c 'import websockets' 2>/dev/null; then
    hello | python3 -m websockets "$socket"
else
    echo "(no websocat and no python3 -m websockets here: skipped)"
fi

step "Read the history"
call GET "/rooms/$room_id/messages"
