import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createProxy, type Server } from "node:http";
import { createServer as createTls } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { verify, type Liveness } from "../../src/verify/index.ts";
import { send } from "../../src/kit/net/http.ts";
import { NAMED } from "../../src/kit/net/outgoing.ts";
import { need } from "../services/apt.ts";
import { listening, replying, withDouble, type Double } from "./double.ts";
import { made, SAMPLES, type Sample } from "./samples.ts";

const never = new AbortController().signal;
const { item, part } = made(SAMPLES["github"] as Sample);

function ask(github: string, env: NodeJS.ProcessEnv = {}, signal = never, timeoutMs = 60_000): Promise<Liveness> {
  return verify(item, { timeoutMs, concurrency: 4, endpoints: { github }, env }, signal);
}

let dir = "";
let key = "";
let cert = "";

beforeAll(async () => {
  const openssl = await need("openssl", ["openssl"]);
  dir = mkdtempSync(join(tmpdir(), "unsprawl-verify-"));
  const [keyFile, certFile] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  execFileSync(
    openssl,
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"].concat([
      "-subj",
      "/CN=vendor.test",
      "-addext",
      "subjectAltName=DNS:localhost",
      "-keyout",
      keyFile,
      "-out",
      certFile,
    ]),
    { stdio: "ignore" },
  );
  [key, cert] = [readFileSync(keyFile, "utf8"), readFileSync(certFile, "utf8")];
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The vendor behind TLS; its name is `localhost`. */
async function tlsDouble(): Promise<Double & { readonly port: number }> {
  const double = await listening(
    (_, response) => response.end('{"login":"octo"}'),
    (on) => createTls({ key, cert }, on),
  );
  return { ...double, port: Number(double.host.split(":")[1]) };
}

async function trusted<T>(act: () => Promise<T>): Promise<T> {
  const before = getCACertificates("default");
  setDefaultCACertificates([...before, cert]);
  try {
    return await act();
  } finally {
    setDefaultCACertificates(before);
  }
}

/** A forward proxy: CONNECT for TLS, absolute addresses for the rest. Notes what passes in the clear. */
async function startProxy(): Promise<{ readonly url: string; readonly seen: string[]; readonly server: Server }> {
  const seen: string[] = [];
  const server = createProxy((request, response) => {
    seen.push(`${request.method ?? ""} ${request.url ?? ""}`);
    response.end("{}");
  });
  server.on("connect", (request, socket, head) => {
    seen.push(`CONNECT ${request.url ?? ""} ${JSON.stringify(request.headers)}`);
    const [host, port] = (request.url ?? "").split(":");
    const onward = connect({ host: host === "localhost" ? "127.0.0.1" : (host ?? ""), port: Number(port) }, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, server };
}

test("goes through the environment's proxy, which sees the host and nothing of the secret", async () => {
  const { url, seen, server } = await startProxy();
  try {
    await withDouble(tlsDouble(), (vendor) =>
      trusted(async () => {
        const port = vendor.host.split(":")[1] ?? "";
        const said = await ask(`https://localhost:${port}`, { HTTPS_PROXY: url });
        expect(said.state).toBe("live");
        expect(seen).toHaveLength(1);
        expect(seen[0]).toMatch(new RegExp(`^CONNECT localhost:${port} `));
        expect(seen[0]).not.toContain(part);
        expect(vendor.received[0]).toContain(`Bearer ${part}`);
        // Named in NO_PROXY: around it.
        const direct = await ask(`https://localhost:${port}`, { HTTPS_PROXY: url, NO_PROXY: "localhost" });
        expect([direct.state, seen.length, vendor.received.length]).toEqual(["live", 1, 2]);
      }),
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("a proxy that is not there, or refuses, is said; nothing goes around it", async () => {
  const refusing = createProxy();
  refusing.on("connect", (_, socket) => socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"));
  await new Promise<void>((done) => refusing.listen(0, "127.0.0.1", done));
  const { port } = refusing.address() as AddressInfo;
  try {
    await withDouble(tlsDouble(), (vendor) =>
      trusted(async () => {
        const target = vendor.url.replace("http://127.0.0.1", "https://localhost");
        const said = await ask(target, { https_proxy: `http://me:${part}@127.0.0.1:${port}` });
        expect(said).toEqual({ state: "unknown", why: "GitHub: the proxy does not let it through" });
        const gone = await ask(target, { https_proxy: "http://127.0.0.1:1" });
        expect(gone).toEqual({ state: "unknown", why: "GitHub: the connection is refused" });
        expect(vendor.received).toEqual([]);
      }),
    );
  } finally {
    refusing.close();
  }
});

test("a certificate that is not trusted gets nothing, whatever the environment says", async () => {
  await withDouble(tlsDouble(), async (vendor) => {
    const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      const said = await ask(vendor.url.replace("http://127.0.0.1", "https://localhost"));
      expect(said).toEqual({ state: "unknown", why: "GitHub: its certificate is not trusted here" });
      // Trusted, but of another name.
      const other = await trusted(() => ask(vendor.url.replace("http:", "https:")));
      expect(other).toEqual({ state: "unknown", why: "GitHub: its certificate is not trusted here" });
      expect(vendor.received).toEqual([]);
    } finally {
      if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
      else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
    }
  });
});

test.each(["http://ghe.example.org", "ftp://127.0.0.1", "no address", "https://me:pass@ghe.example.org"])(
  "an endpoint that is no https URL is not asked: %s",
  async (endpoint) => {
    expect(await ask(endpoint)).toEqual({ state: "unknown", why: 'the endpoint "github" is not an https URL' });
  },
);

test("stops when the caller does", async () => {
  const gone = new AbortController();
  await withDouble(
    listening(() => gone.abort()),
    async ({ url }) => {
      expect(await ask(url, {}, gone.signal)).toEqual({
        state: "unknown",
        why: "GitHub: interrupted before it answered",
      });
    },
  );
  await withDouble(replying({ status: 200 }), async ({ url, received }) => {
    expect((await ask(url, {}, gone.signal)).state).toBe("unknown");
    expect(received).toEqual([]);
  });
});

test("a value that no header can carry is not sent, and not told", async () => {
  await withDouble(replying({ status: 200 }), async ({ url, received }) => {
    const wire = { reach: NAMED, timeoutMs: 60_000, env: {} };
    const sending = { method: "GET", url: new URL(url), headers: { authorization: `Bearer ${part}\r\nx: y` } } as const;
    expect(await send(sending, wire, never)).toEqual({ none: "it holds characters that no request can carry" });
    expect(received).toEqual([]);
  });
});
