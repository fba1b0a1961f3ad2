import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { smtp } from "../../src/notify/smtp.ts";
import { startSmtp, type Mail, type TestSmtp } from "../services/smtp.ts";
import { freePort } from "../services/tls.ts";
import { change, changes, never, opened, shown, thrown } from "./changes.ts";

const [user, password] = ["postman", randomBytes(18).toString("base64url")];
let server: TestSmtp;
let keys: { readonly [key: string]: string | number | readonly string[] };

beforeAll(async () => {
  server = await startSmtp(user, password);
  writeFileSync(join(server.dir, "user"), `${user}\n`, { mode: 0o600 });
  writeFileSync(join(server.dir, "password"), `${password}\n`, { mode: 0o600 });
  keys = {
    ...{
      host: "localhost",
      port: server.port,
      from: "unsprawl@example.org",
      to: ["ops@example.org", "dev@example.org"],
    },
    ...{ userFile: "user", passwordFile: "password", caFile: "ca.crt" },
  };
});
afterAll(() => server?.stop());

function mailer(more: { readonly [key: string]: string | number | readonly string[] } = {}): ReturnType<typeof opened> {
  return opened(smtp, { ...keys, ...more }, { dir: server.dir });
}

/** The header's value, unfolded. */
function header(mail: Mail | undefined, name: string): string | undefined {
  const head = mail?.data.split(/\r?\n\r?\n/, 1)[0]?.replace(/\r?\n[ \t]+/g, " ");
  return new RegExp(`^${name}: (.*)$`, "im").exec(head ?? "")?.[1]?.trim();
}

test("a mail over STARTTLS after a login, in text and HTML, whose Message-ID stays the same", async () => {
  const { channel, known } = mailer();
  expect(await channel.probe(never)).toBe(
    `localhost:${server.port} answers, its certificate is trusted, the login is accepted`,
  );
  expect(server.mails).toEqual([]);
  const batch = [change(1), change(2, { kind: "regressed", run: "20261101-101010-abcd" }), change(3, { kind: "gone" })];
  await channel.send(batch, never);
  await channel.send(batch.toReversed(), never);
  const [first, second] = await server.taken(2);
  expect(first).toMatchObject({ from: "unsprawl@example.org", to: ["ops@example.org", "dev@example.org"], tls: true });
  expect(header(first, "Subject")).toBe("unsprawl: 1 new, 1 regressed, 1 gone on web1");
  expect(header(first, "Message-ID")).toMatch(/^<unsprawl\.[0-9a-f]{32}@example\.org>$/);
  expect(header(second, "Message-ID")).toBe(header(first, "Message-ID"));
  expect(header(first, "Auto-Submitted")).toBe("auto-generated");
  expect(header(first, "Content-Type")).toContain("multipart/alternative");
  const text = decoded(first);
  expect(text).toMatch(
    /^- regressed: DB_PASSWORD_2 in container api on web1, .*, which run 20261101-101010-abcd had moved; /m,
  );
  expect(text).toMatch(
    /<li>new: DB_PASSWORD_1 in container api on web1, since .*; next: unsprawl plan docker:api .*<\/li>/,
  );
  expect(known.map((one) => one.exposeText()).sort()).toEqual([user, password].sort());
  expect(text).not.toContain(password);
});

test("a hostile name makes no header, no recipient and no markup", async () => {
  const evil = "x\r\nBcc: evil@example.org\r\n\r\n<script>alert(1)</script>\r\n.\r\nMAIL FROM:<evil@example.org>";
  const before = server.mails.length;
  await mailer().channel.send([change(1, { name: evil, subject: evil, host: evil })], never);
  const mail = (await server.taken(before + 1)).at(-1);
  expect(mail?.to).toEqual(["ops@example.org", "dev@example.org"]);
  expect(header(mail, "Bcc")).toBeUndefined();
  expect(decoded(mail)).not.toMatch(/^Bcc:/im);
  expect(decoded(mail)).toContain("&lt;script&gt;");
  expect(decoded(mail).split("text/html")[1]).not.toContain("<script>");
});

test("no address that could end a header's line, or be two", () => {
  for (const bad of ["a@b\r\nBcc: c@d", "a@b, c@d", "Name <a@b>", "a b@c", "a"]) {
    expect(() => mailer({ from: bad }), bad).toThrow(/^notify\.ops\.from/);
    expect(() => mailer({ to: [bad] }), bad).toThrow(/^notify\.ops\.to/);
  }
});

test("a wrong login, an unknown authority and a wrong recipient are matters for a person", async () => {
  writeFileSync(join(server.dir, "wrong"), `${password}x`, { mode: 0o600 });
  const login = await thrown(mailer({ passwordFile: "wrong" }).channel.send(changes(1), never));
  expect(login).toMatchObject({ code: "denied", remedy: { do: "fix" } });
  expect(login.message).toBe(`ops (localhost:${server.port}) does not accept the login (535)`);
  expect(shown(login)).not.toContain(password);
  const { caFile: _, ...strange } = keys;
  const { channel } = opened(smtp, strange, { dir: server.dir });
  const before = server.mails.length;
  const tls = await thrown(channel.send(changes(1), never));
  expect(tls.message).toBe(`ops (localhost:${server.port}): its certificate is not trusted here`);
  expect((await thrown(channel.probe(never))).message).toBe(tls.message);
  const nobody = await thrown(mailer({ to: ["nobody@example.org"] }).channel.send(changes(1), never));
  expect(nobody).toMatchObject({ code: "denied", remedy: { do: "fix" } });
  expect(server.mails).toHaveLength(before);
});

test("one recipient of two that is refused is said, once; the other has its mail", async () => {
  const { channel, warnings } = mailer({ to: ["ops@example.org", "nobody@example.org"] });
  const before = server.mails.length;
  await channel.send(changes(1), never);
  expect((await server.taken(before + 1)).at(-1)?.to).toEqual(["ops@example.org"]);
  expect(warnings).toEqual([`ops (localhost:${server.port}) does not accept mail for nobody@example.org`]);
});

test("a server that asks for patience, or is not there, is asked again; a mail that is not taken may be in parts", async () => {
  const later = await thrown(mailer({ to: ["later@example.org"] }).channel.send(changes(1), never));
  expect(later).toMatchObject({ code: "unreachable", remedy: { do: "again", afterMs: null } });
  const gone = await thrown(mailer({ port: await freePort() }).channel.send(changes(1), never));
  expect(gone).toMatchObject({ code: "unreachable", remedy: { do: "again", afterMs: null } });
  expect(gone.message).toContain("the connection is refused");
  const refused = await thrown(mailer().channel.send([change(1, { name: "unwelcome" })], never));
  expect(refused).toMatchObject({ code: "malformed", remedy: { do: "refused" } });
});

test("a login never crosses the network in clear", () => {
  const clear = { host: "mail.example.org", tls: "none" };
  expect(() => mailer(clear)).toThrow("notify.ops.tls none would show the password to the network");
  expect(() => mailer({ tls: "perhaps" })).toThrow("notify.ops.tls must be one of starttls, implicit, none");
  const { passwordFile: _, ...half } = keys;
  expect(() => opened(smtp, half)).toThrow("notify.ops.userFile and passwordFile go together");
});

/** The parts with their quoted-printable and base64 read. */
function decoded(mail: Mail | undefined): string {
  const parts = (mail?.data ?? "").split(/\r?\n--[^\r\n]+\r?\n/);
  return parts
    .map((part) => {
      if (/transfer-encoding: base64/i.test(part)) {
        const [head = "", ...body] = part.split(/\r?\n\r?\n/);
        return `${head}\n\n${Buffer.from(body.join(""), "base64").toString("utf8")}`;
      }
      if (!/transfer-encoding: quoted-printable/i.test(part)) return part;
      const bytes = part
        .replace(/=\r?\n/g, "")
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      return Buffer.from(bytes, "latin1").toString("utf8");
    })
    .join("\n");
}
