"""Asks an echo behind a REST API, byte for byte, and compares with the contract of AWS's behaviour that the local stack
stands on. Each row is printed as

  kept     the answer is what the contract says
  broken   it is something else: the contract, and what stands on it, has to change
  new      the contract left it open; this is what happened

Usage: probe.py BASE_URL [--fixtures DIRECTORY] [--domain-url URL] [--freeze MINUTES] [--local]

BASE_URL is the output Url of template.yaml, or the address of another gateway with the same echo and --local, which leaves
out what has no counterpart there. Exits with 1 if a row is broken. Python 3.10, the standard library only.
"""

import argparse
import gzip
import json
import pathlib
import re
import socket
import ssl
import sys
import time
import urllib.parse

# Lambda's limit of an event, and API Gateway's of a body and of all headers.
EVENT, BODY, HEAD = 6_291_556, 10 * 1024 * 1024, 10_240
# Headers that name the caller, the account or the moment: no part of a fixture.
PRIVATE = re.compile(r"x-forwarded|x-amzn-trace|^host$|^via$|x-amz-cf|cloudfront|^date$|apigw-id|requestid", re.I)


class Answer:
    """What came back: status, headers in their order, body; the event, where the function echoed one."""

    def __init__(self, raw):
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        parts = lines[0].split(" ", 2)
        self.status = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else None
        self.headers = [tuple(line.split(": ", 1)) if ": " in line else (line, "") for line in lines[1:]]
        if (self.header("transfer-encoding") or "").lower() == "chunked":
            body = unchunk(body)
        self.body = body.decode("utf-8", "replace")
        self.json = None
        try:
            self.json = json.loads(self.body)
        except ValueError:
            pass
        is_event = isinstance(self.json, dict) and "requestContext" in self.json
        self.event = self.json if is_event else None

    def header(self, name):
        """The value of a header, whatever the case of its name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def said(self):
        """In a few words, for the row."""
        if self.event:
            event = self.event
            parts = [f"{self.status} resource={event['resource']} path={event['path']!r}"]
            for name in ("pathParameters", "multiValueQueryStringParameters", "body"):
                if event.get(name) is not None:
                    parts.append(f"{name}={str(event[name])[:80]!r}")
            if event["isBase64Encoded"]:
                parts.append("base64")
            return " ".join(parts)
        return f"{self.status} {self.body[:120]!r}"


def unchunk(body):
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size.split(b";")[0] or b"0", 16)
        if length == 0:
            break
        whole, body = whole + rest[:length], rest[length + 2 :]
    return whole


class Probe:
    """Sends, judges, prints and keeps."""

    def __init__(self, base_url, fixtures):
        url = urllib.parse.urlsplit(base_url)
        self.tls = url.scheme == "https"
        self.host = url.hostname
        self.port = url.port or (443 if self.tls else 80)
        self.prefix = url.path.rstrip("/")
        self.fixtures = fixtures
        self.counts = {"kept": 0, "broken": 0, "new": 0}

    def send(self, method, target, headers=(), body=None):
        """One request on a connection of its own, with nothing in it that is not asked for but Host and the length."""
        lines = [f"{method} {self.prefix}{target} HTTP/1.1", f"Host: {self.host}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        request = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")
        stream = socket.create_connection((self.host, self.port), timeout=60)
        if self.tls:
            stream = ssl.create_default_context().wrap_socket(stream, server_hostname=self.host)
        raw = b""
        with stream:
            try:
                stream.sendall(request)
            except OSError:
                pass  # Refused before all was sent; the answer says why.
            try:
                while part := stream.recv(65536):
                    raw += part
            except OSError:
                pass
        return Answer(raw)

    def head_of(self, target, size):
        """Headers that make the request line and all headers together so many bytes long."""
        fixed = len(f"GET {self.prefix}{target} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\nX-Fill: \r\n")
        return [("X-Fill", "x" * (size - fixed))]

    def row(self, name, request, contract, judge=None):
        """Asks, and compares with the contract: a function of the answer, or None where it is open."""
        method, target, *rest = request
        headers, body = (rest + [(), None][len(rest) :])[:2]
        answer = self.send(method, target, headers, body)
        well = None if judge is None else bool(judged(judge, answer))
        verdict = {None: "new", True: "kept", False: "broken"}[well]
        self.say(verdict, name, f"{method} {target[:60]}", contract, answer.said())
        self.keep(name, method, target, headers, body, answer)
        return answer

    def say(self, verdict, name, asked, contract, said):
        self.counts[verdict] += 1
        print(f"{verdict:7} {name:28} {asked}")
        if verdict != "kept":
            print(f"          contract: {contract}\n          answer:   {said}")

    def keep(self, name, method, target, headers, body, answer):
        """Writes the fixture that the local gateway's test reads. Long ones are only counted here, and not kept."""
        if self.fixtures is None or answer.status is None:
            return
        if sum(len(value) for _, value in headers) > 1000 or len(body or b"") > 1000:
            return
        event = answer.event and {
            key: value for key, value in answer.event.items() if key not in ("requestContext", "headers", "multiValueHeaders")
        }
        if event and self.prefix and event["path"].startswith(self.prefix + "/"):
            event["path"] = event["path"][len(self.prefix) :]
        fixture = {
            "row": name,
            "method": method,
            "target": target,
            "headers": [list(pair) for pair in headers],
            "body_latin1": None if body is None else body.decode("latin-1"),
            "answer": {
                "status": answer.status,
                "headers": [[key, value] for key, value in answer.headers if not PRIVATE.search(key)],
                "body": None if answer.event else answer.body,
            },
            "event": event,
        }
        self.fixtures.mkdir(parents=True, exist_ok=True)
        file = self.fixtures / (re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() + ".json")
        file.write_text(json.dumps(fixture, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def judged(judge, answer):
    try:
        return judge(answer)
    except (TypeError, KeyError, AttributeError, IndexError):
        return False


def reaches(resource):
    return lambda answer: answer.status == 200 and answer.event["resource"] == resource


def refuses(status, message=None):
    return lambda answer: answer.status == status and (message is None or answer.json == {"message": message})


def paths(probe):
    for target in ("/a", "/a/", "//a"):
        probe.row(f"P1 {target}", ("GET", target), "reaches the method of /a", reaches("/a"))
    for target in ("/./a", "/%2e%2e/a"):
        probe.row(f"P1 {target}", ("GET", target), "open")


def segments(probe):
    sent = ["a%3Fb", "%41", "%2541", "100%25", "a%25zz", "%23", "%5C", "+", ";", "%C3%A9", "%FF", "%252F", "%00"]
    for number, text in enumerate(sent):
        probe.row(
            f"P2 {number:02} {text}",
            ("GET", f"/c/{text}"),
            "path and pathParameters are encoded as they were sent",
            lambda it, text=text: reaches("/c/{id}")(it)
            and it.event["pathParameters"] == {"id": text}
            and it.event["path"].endswith(f"/c/{text}"),
        )
    probe.row("P2 13 a%2Fb", ("GET", "/c/a%2Fb"), "open: one segment, or two")


def queries(probe):
    def gives(**values):
        return lambda it: it.event["multiValueQueryStringParameters"] == values

    probe.row("P3 bar", ("GET", "/a?x=a|b"), "a raw | is refused with 400", refuses(400))
    probe.row("P3 semicolon", ("GET", "/a?x=1;y=2"), "; splits like &", gives(x=["1"], y=["2"]))
    probe.row(
        "P3 repeated",
        ("GET", "/a?x=1&x=2"),
        "the last value, and all of them",
        lambda it: gives(x=["1", "2"])(it) and it.event["queryStringParameters"] == {"x": "2"},
    )
    probe.row("P3 encoded", ("GET", "/a?x=%2B%C3%A9%20"), "values are decoded", gives(x=["+é "]))
    probe.row("P3 encoded name", ("GET", "/a?x%5B%5D=1"), "names are decoded", gives(**{"x[]": ["1"]}))
    probe.row("P3 comma", ("GET", "/a?x=1,2"), "a comma is part of a value", gives(x=["1,2"]))
    for name, text in (("quote", '"'), ("less", "<"), ("greater", ">"), ("plus", "+"), ("no value", ""), ("percent", "%zz")):
        probe.row(f"P3 {name}", ("GET", f"/a?x={text}"), "open: taken or refused, decoded or not")


def methods(probe):
    missing = refuses(403, "Missing Authentication Token")
    probe.row("P4 other method", ("GET", "/post-only/"), "a literal wins whatever the method: 403", missing)
    probe.row("P4 nothing there", ("GET", "/no/such/path"), "403 Missing Authentication Token", missing)
    probe.row("P4 options", ("OPTIONS", "/a"), "an ordinary method: 403", missing)
    probe.row("P4 head", ("HEAD", "/a"), "an ordinary method: 403", refuses(403))
    signed = [("Authorization", "Bearer x")]
    probe.row("P4 nothing there, signed", ("GET", "/no/such/path", signed), "a 403 of another family", refuses(403))
    probe.row("P4 trace", ("TRACE", "/a"), "open")
    probe.row("P4 lower case", ("get", "/a"), "open")
    override = [("X-HTTP-Method-Override", "POST")]
    probe.row("P4 override", ("GET", "/a", override), "no override", lambda it: it.event["httpMethod"] == "GET")


def bodies(probe):
    def arrives(body):
        return lambda it: it.event["body"] == body and it.event["isBase64Encoded"] is False

    kind = [("Content-Type", "application/json")]
    send = ("POST", "/post-only")
    probe.row("P5 no body", (*send, kind), "null", arrives(None))
    probe.row("P5 empty body", (*send, kind, b""), "null", arrives(None))
    probe.row("P5 text", (*send, kind, b'{"a": 1}'), "text, as it is", arrives('{"a": 1}'))
    probe.row("P5 no type", (*send, (), b'{"a": 1}'), "text, as it is", arrives('{"a": 1}'))
    suffixed = [("Content-Type", "application/merge-patch+json")]
    probe.row("P5 +json", (*send, suffixed, b'{"a": 1}'), "text, as it is", arrives('{"a": 1}'))
    probe.row("P5 not UTF-8", (*send, kind, b'{"a": "\xff"}'), "open: what becomes of the byte")
    zipped = [*kind, ("Content-Encoding", "gzip")]
    probe.row("P5 gzip", (*send, zipped, gzip.compress(b'{"a": 1}', mtime=0)), "open: decoded, Base64 or spoilt")
    probe.row("P5 an event too long", (*send, kind, b"x" * EVENT), "413", refuses(413))
    quotes = b'"' * (EVENT // 2)
    probe.row("P5 escapes count", (*send, kind, quotes), "413: each quote is two bytes of the event", refuses(413))
    probe.row("P5 a body too long", (*send, kind, b"x" * (BODY + 1)), "413", refuses(413))
    probe.row("P5 headers fit", ("GET", "/a", probe.head_of("/a", HEAD - 1)), "taken", reaches("/a"))
    over = probe.head_of("/a", HEAD + 200)
    probe.row("P5 headers too long", ("GET", "/a", over), "refused", lambda it: 400 <= it.status < 500)
    twice = [("X-Twice", "1"), ("X-Twice", "2")]
    probe.row(
        "P5 two equal headers",
        ("GET", "/a", twice),
        "the last, and all of them",
        lambda it: {key.lower(): value for key, value in it.event["headers"].items()}["x-twice"] == "2"
        and {key.lower(): value for key, value in it.event["multiValueHeaders"].items()}["x-twice"] == ["1", "2"],
    )


def answers(probe):
    def has(status, name, value):
        return lambda it: it.status == status and it.header(name) == value

    def ask(kind):
        return "GET", f"/answers/{kind}"

    renamed = "x-amzn-Remapped-WWW-Authenticate"
    probe.row(
        "P6 www-authenticate",
        ask("www-authenticate"),
        f"comes back as {renamed}",
        lambda it: has(401, renamed, "Bearer")(it) and it.header("www-authenticate") is None,
    )
    probe.row("P6 allow", ask("allow"), "as the function has it", has(405, "Allow", "GET, HEAD"))
    probe.row("P6 retry-after", ask("retry-after"), "as the function has it", has(503, "Retry-After", "7"))
    probe.row("P6 location", ask("location"), "as the function has it", has(201, "Location", "/c/1"))
    probe.row("P6 204", ask("no-content"), "no body", lambda it: it.status == 204 and it.body == "")
    probe.row("P6 no type", ask("no-type"), "application/json", has(200, "Content-Type", "application/json"))
    probe.row(
        "P6 many",
        ask("many"),
        "one line each",
        lambda it: [value for name, value in it.headers if name.lower() == "x-many"] == ["1", "2"],
    )
    broken = refuses(502, "Internal server error")
    probe.row("P6 malformed", ask("malformed"), "502 Internal server error", broken)
    probe.row("P6 error", ask("error"), "502 Internal server error", broken)
    probe.row(
        "P6 ids",
        ("GET", "/a"),
        "x-amzn-RequestId is the event's requestId, and there is an x-amz-apigw-id",
        lambda it: it.header("x-amzn-requestid") == it.event["requestContext"]["requestId"] and it.header("x-amz-apigw-id"),
    )


def domain(probe, url):
    if url is None:
        print("left out P7: no --domain-url")
        return
    at = Probe(url, None)
    at.row(
        "P7 a base path",
        ("GET", "/c/a%3Fb"),
        "requestContext.path has the base path in front; the parameter stays encoded",
        lambda it: it.event["requestContext"]["path"].endswith("/c/a%3Fb")
        and it.event["requestContext"]["path"].startswith(at.prefix + "/")
        and it.event["pathParameters"] == {"id": "a%3Fb"},
    )
    for verdict, count in at.counts.items():
        probe.counts[verdict] += count


def leading_keys(probe):
    for key, contract in (("mine", "open: granted"), ("theirs", "open: refused")):
        answer = probe.send("POST", f"/leading-keys/{key}")
        probe.say("new", f"P8 {key}", "TransactWriteItems", f"{contract} within a transaction", answer.body[:200])


def freeze(probe, minutes):
    if minutes is None:
        print("left out P9: no --freeze MINUTES")
        return
    before = probe.send("GET", "/clocks/now").json
    time.sleep(minutes * 60)
    after = probe.send("GET", "/clocks/now").json
    if before["sandbox"] != after["sandbox"]:
        probe.say("new", "P9 clocks", f"{minutes} minutes", "the monotonic clock stands still", "another sandbox answered: ask again")
        return
    wall, monotonic = after["wall"] - before["wall"], after["monotonic"] - before["monotonic"]
    verdict = "kept" if monotonic < wall / 2 else "broken"
    probe.say(verdict, "P9 clocks", f"{minutes} minutes", "the monotonic clock stands still", f"wall {wall:.0f} s, monotonic {monotonic:.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base_url")
    parser.add_argument("--fixtures", type=pathlib.Path)
    parser.add_argument("--domain-url")
    parser.add_argument("--freeze", type=float, metavar="MINUTES")
    parser.add_argument("--local", action="store_true")
    options = parser.parse_args()
    probe = Probe(options.base_url, options.fixtures)
    for area in (paths, segments, queries, methods, bodies, answers):
        area(probe)
    if not options.local:
        domain(probe, options.domain_url)
        leading_keys(probe)
        freeze(probe, options.freeze)
    print(", ".join(f"{count} {verdict}" for verdict, count in probe.counts.items()))
    return 1 if probe.counts["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
