#!/usr/bin/env python3
"""Tokens and sets of keys, made by hand: token SECRET CLAIMS [ALGORITHM], text-token, rsa-token KEY KID CLAIMS, jwks KID KEY…"""

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(secret_file, claims, algorithm="HS256"):
    """A token signed with the secret in a file; claims are JSON, with +N for a time N seconds from now."""
    claims = json.loads(claims)
    for name in ("exp", "nbf"):
        if isinstance(claims.get(name), str) and claims[name][:1] in "+-":
            claims[name] = int(time.time()) + int(claims[name])
    return text_token(secret_file, json.dumps(claims), algorithm)


def text_token(secret_file, claims, algorithm="HS256"):
    """A token signed with the secret in a file; claims are any text, and stay as they are."""
    with open(secret_file, "rb") as file:
        secret = file.read().rstrip(b"\n")
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    signed = encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()) + "." + encode(claims.encode())
    return signed + "." + encode(hmac.new(secret, signed.encode(), digest).digest())


def rsa_token(key_file, kid, claims):
    """An RS256 token signed with the private key in a PEM file."""
    claims = json.loads(claims)
    claims["exp"] = int(time.time()) + int(claims.get("exp", "+3600"))
    signed = encode(json.dumps({"alg": "RS256", "kid": kid}).encode()) + "." + encode(json.dumps(claims).encode())
    signature = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", key_file], input=signed.encode(), capture_output=True, check=True
    ).stdout
    return signed + "." + encode(signature)


def jwks(*pairs):
    """A JWK Set of the public halves of PEM files, each after its kid."""
    keys = []
    for kid, file in zip(pairs[::2], pairs[1::2]):
        modulus = subprocess.run(
            ["openssl", "rsa", "-in", file, "-noout", "-modulus"], capture_output=True, check=True, text=True
        ).stdout
        number = bytes.fromhex(modulus.strip().partition("=")[2])
        keys.append({"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": encode(number), "e": "AQAB"})
    return json.dumps({"keys": keys})


print({"token": token, "text-token": text_token, "rsa-token": rsa_token, "jwks": jwks}[sys.argv[1]](*sys.argv[2:]))
