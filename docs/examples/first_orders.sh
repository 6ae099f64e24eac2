#!/bin/sh
# Lists a page of a demo seller's orders with curl. Run it beside `make run`.
set -eu
torihiki=${TORIHIKI:-.venv/bin/torihiki}
python=${PYTHON:-python3}

ask() { "$torihiki" credentials --data "${1}" --json | "$python" -c "import json, sys; c = json.load(sys.stdin); print(${2})"; }
data=${1:-torihiki-data}
endpoint=$(ask "$data" 'c["endpoint"]')
token=$(curl -s "$endpoint/auth/o2/token" \
  --data grant_type=refresh_token \
  --data-urlencode "refresh_token=$(ask "$data" 'c["sellers"][0]["lwa"]["refresh_token"]')" \
  --data-urlencode "client_id=$(ask "$data" 'c["sellers"][0]["lwa"]["client_id"]')" \
  --data-urlencode "client_secret=$(ask "$data" 'c["sellers"][0]["lwa"]["client_secret"]')" |
  "$python" -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')

curl -s --get "$endpoint/orders/v0/orders" \
  --header "x-amz-access-token: $token" \
  --data-urlencode "MarketplaceIds=$(ask "$data" '",".join(c["sellers"][0]["marketplace_ids"])')" \
  --data-urlencode "CreatedAfter=2024-01-01" \
  --data-urlencode "MaxResultsPerPage=2"
echo
