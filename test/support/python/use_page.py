"""Uses the module of docs/examples/python.md, which lies in the working folder: `vector` signs what stdin names, `call` pays for a call."""

import json
import os
import sys
import urllib.error
import urllib.request

sys.path.insert(0, os.getcwd())

import pure_wallet  # noqa: E402
import turnpike_pay  # noqa: E402

KEY = os.environ["WALLET_KEY"]


def sign(data):
    return pure_wallet.sign_typed_data(KEY, data)


def vector():
    given = json.load(sys.stdin)
    data = turnpike_pay.typed_data(given["offer"], given["authorization"])
    header = turnpike_pay.pay(given["header"], pure_wallet.address_of(KEY), sign)
    json.dump({"address": pure_wallet.address_of(KEY), "signature": sign(data), "payment": header}, sys.stdout)


def post(headers):
    url = os.environ["TURNPIKE_URL"] + "/v1/chat/completions"
    messages = [{"role": "user", "content": "Name three harbours."}]
    body = json.dumps({"model": "auto", "max_tokens": 60, "messages": messages}).encode()
    return urllib.request.Request(url, body, {"content-type": "application/json", **headers})


def call():
    try:
        urllib.request.urlopen(post({}))
        raise SystemExit("The call was not asked to pay.")
    except urllib.error.HTTPError as refused:
        required = refused.headers["PAYMENT-REQUIRED"]
        print(refused.code)
    paid = {"PAYMENT-SIGNATURE": turnpike_pay.pay(required, pure_wallet.address_of(KEY), sign)}
    with urllib.request.urlopen(post(paid)) as answer:
        print(answer.status)
        print(json.load(answer)["turnpike"]["charge_usd"])


{"vector": vector, "call": call}[sys.argv[1]]()
