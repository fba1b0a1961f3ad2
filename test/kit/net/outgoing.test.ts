import { describe, expect, it } from "vitest";
import { isLoopback, reachesThisMachine } from "../../../src/kit/net/outgoing.ts";

const LOOPBACK = [
  ...["localhost", "LOCALHOST", "db.localhost", "127.0.0.1", "127.1.2.3", "127.255.255.255"],
  ...["::1", "[::1]", "0:0:0:0:0:0:0:1", "[0::1]"],
  ...["::ffff:127.0.0.1", "[::ffff:127.1.2.3]", "::ffff:7f00:1", "[::FFFF:7FFF:FFFF]"],
];
const LISTENING = ["0.0.0.0", "::", "[::]", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0", "::127.0.0.1", "64:ff9b::127.0.0.1"];
const OTHERS = [
  ...["", "localhost.example.org", "mylocalhost", "localhost.", "127.example.org", "127.0.0.1.example.org"],
  ...["128.0.0.1", "126.255.255.255", "127.0.0", "127.0.0.256", "10.0.0.1", "1.127.0.0"],
  ...["::2", "[::2]", "1::1", "::ffff:128.0.0.1", "::ffff:1.127.0.0", "fe80::1%lo"],
];

describe("isLoopback", () => {
  it.each(LOOPBACK)("%s always means this machine", (host) => {
    expect([isLoopback(host), reachesThisMachine(host)]).toEqual([true, true]);
  });
  it.each(LISTENING)("%s is an address to listen on, and reaches this machine", (host) => {
    expect([isLoopback(host), reachesThisMachine(host)]).toEqual([false, true]);
  });
  it.each(OTHERS)("%j may be another machine", (host) => {
    expect([isLoopback(host), reachesThisMachine(host)]).toEqual([false, false]);
  });
  it.each(LOOPBACK)("%s is the same as a URL's host", (host) => {
    const written = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
    expect(isLoopback(new URL(`http://${written}/`).hostname)).toBe(true);
  });
});
