import { SEND_MS, type ChannelKind } from "../contract/channel.ts";
import * as v from "valibot";
import { must, mayBeNull, oneOf, says } from "../kit/schema/index.ts";
import { authorities } from "../kit/net/client.ts";
import { isLoopback } from "../kit/net/outgoing.ts";
import { connectionFailure } from "../kit/net/http.ts";
import { causeOf } from "../model/error.ts";
import { changeCounts, changeLines } from "../model/change-words.ts";
import type { Notice } from "../model/notice.ts";
import { printable } from "../kit/text/escape.ts";
import { batchId } from "./batch.ts";
import { AGAIN, FIX, Undelivered } from "./undelivered.ts";
import { line, lineOfText, oneOrMore, ChannelSettingsReader } from "./settings.ts";

const ROOM = { lines: 200, characters: 40_000 };
const TLS = ["starttls", "implicit", "none"] as const;
const PORT = says("must be a port", "port: 587");

const SETTINGS = {
  host: must("the mail server", lineOfText()),
  port: mayBeNull(
    "587 when it is not given; 465 means TLS from the first byte",
    v.pipe(v.number(PORT), v.integer(PORT), v.minValue(1, PORT), v.maxValue(65_535, PORT)),
  ),
  tls: mayBeNull("starttls, implicit or none", oneOf(TLS)),
  from: must("the sender's address", lineOfText()),
  to: must("the recipients' addresses", oneOrMore()),
  user: line("the login, as a ref+… reference"),
  userFile: line("a file with the login"),
  password: line("the password, as a ref+… reference"),
  passwordFile: line("a file with the password"),
  caFile: line("your certificate authority, PEM"),
};

/**
 * A mail in text and HTML. TLS is required: STARTTLS, unless the port is 465. The certificate is verified; `tls: none`
 * is for a server on this machine or without a login. The Message-ID is made from the batch's id.
 */
export const smtp: ChannelKind = {
  settings: SETTINGS,
  open(given, tools) {
    const settings = new ChannelSettingsReader(SETTINGS, given, tools);
    const { host } = settings.given;
    const port = settings.given.port ?? 587;
    const tls = settings.given.tls ?? (port === 465 ? "implicit" : "starttls");
    const from = address(settings.given.from, settings, "from");
    const to = [settings.given.to].flat().map((one) => address(one, settings, "to"));
    const [user, password, ca] = [settings.held("user"), settings.held("password"), settings.authority()];
    if ((user === null) !== (password === null))
      throw settings.wrong("userFile", "and passwordFile go together", "give both, or neither");
    if (tls === "none" && user !== null && !isLoopback(host))
      throw settings.wrong("tls", "none would show the password to the network", "tls: starttls");
    const transport = async () => {
      const { createTransport } = await import("nodemailer");
      const own = ca();
      return createTransport({
        host,
        port,
        secure: tls === "implicit",
        requireTLS: tls === "starttls",
        ignoreTLS: tls === "none",
        ...(user !== null && password !== null && { auth: { user: await user(), pass: await password() } }),
        // NODE_TLS_REJECT_UNAUTHORIZED=0 must not decide where a password is sent.
        tls: { rejectUnauthorized: true, ...(own !== undefined && { ca: authorities([own]) }) },
        ...{ connectionTimeout: PATIENCE_MS, greetingTimeout: PATIENCE_MS, socketTimeout: PATIENCE_MS },
        ...{ dnsTimeout: PATIENCE_MS, disableFileAccess: true, disableUrlAccess: true },
      });
    };
    const who = `${given.name} (${host}:${port})`;
    const attempt = async <T>(act: (mailer: Awaited<ReturnType<typeof transport>>) => Promise<T>): Promise<T> => {
      const mailer = await transport();
      try {
        return await act(mailer);
      } catch (error) {
        throw undeliveredMail(error, who);
      } finally {
        mailer.close();
      }
    };
    return {
      name: given.name,
      goesTo: `${host}:${port}`,
      most: 1000,
      async send(batch, signal) {
        const over = AbortSignal.any([signal, AbortSignal.timeout(SEND_MS)]);
        const id = `<unsprawl.${batchId(batch)}@${from.slice(from.lastIndexOf("@") + 1)}>`;
        const { rejected, rejectedErrors = [] } = await attempt((mailer) =>
          mailer.sendMail({
            from: { name: "unsprawl", address: from },
            to: to.map((one) => ({ name: "", address: one })),
            messageId: id,
            headers: { "Auto-Submitted": "auto-generated" },
            ...mailOf(batch),
            signal: over,
          }),
        );
        // Recipients whose server defers (greylisting) have not received it; the others get it twice, under the same
        // Message-ID.
        const later = rejectedErrors.find(({ responseCode }) => responseCode !== undefined && responseCode < 500);
        if (later !== undefined) throw undeliveredMail(later, who);
        if (rejected.length > 0) tools.warn(`${who} does not accept mail for ${rejected.map(printable).join(", ")}`);
      },
      async probe() {
        await attempt((mailer) => mailer.verify());
        return `${host}:${port} answers${tls === "none" ? "" : ", its certificate is trusted"}${user === null ? "" : ", the login is accepted"}`;
      },
    };
  },
};

const PATIENCE_MS = 15_000;

/** One bare address: no name, no list, and nothing that could end a header line. */
function address(text: string, settings: ChannelSettingsReader, key: string): string {
  if (/^[^\s<>(),;:"@\u0000-\u001f]+@[^\s<>(),;:"@\u0000-\u001f]+$/.test(text)) return text;
  throw settings.wrong(key, `is not a mail address: ${JSON.stringify(text)}`, `${key}: name@example.org`);
}

function mailOf(batch: readonly Notice[]): { readonly subject: string; readonly text: string; readonly html: string } {
  const hosts = [...new Set(batch.map(({ host }) => printable(host)))];
  const on = hosts.length === 1 ? ` on ${(hosts[0] ?? "").slice(0, 80).toWellFormed()}` : ` on ${hosts.length} hosts`;
  const subject = `unsprawl: ${changeCounts(batch)}${on}`;
  const lines = changeLines(batch, ROOM);
  const items = lines.map((line) => `<li>${escaped(line)}</li>`).join("\n");
  return {
    subject,
    text: `${changeCounts(batch)}${on}\n\n${lines.map((line) => `- ${line}\n`).join("")}`,
    html: `<p>${escaped(changeCounts(batch) + on)}</p>\n<ul>\n${items}\n</ul>\n`,
  };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/**
 * Decided by nodemailer's code, the socket's code and the server's reply code: the server's text may quote the login.
 */
function undeliveredMail(error: unknown, who: string): Undelivered {
  const { code, originalCode, responseCode } = error as {
    readonly [key in "code" | "originalCode" | "responseCode"]?: unknown;
  };
  const status = typeof responseCode === "number" ? responseCode : 0;
  const shown = status === 0 ? causeOf(error) : String(status);
  const broken = (what: string, hint: string): Undelivered =>
    new Undelivered("denied", FIX, `${who} ${what} (${shown})`, hint);
  if (code === "EAUTH" && (status === 0 || status >= 500))
    return broken("does not accept the login", "check userFile and passwordFile");
  if (code === "ETLS") return broken("offers no TLS", "check port and tls");
  if (code === "EENVELOPE" && status >= 500)
    return broken("does not accept mail from or to these addresses", "check from and to");
  if (code === "EMESSAGE" && status >= 500)
    return new Undelivered(
      "malformed",
      { do: "refused" },
      `${who} does not accept this mail (${shown})`,
      "unsprawl doctor",
    );
  const again = (what: string): Undelivered =>
    new Undelivered("unreachable", AGAIN, `${who}${what}`, "unsprawl doctor");
  if (status > 0) return again(` asks to try later (${shown})`);
  return again(`: ${connectionFailure(Object.assign(new Error("socket"), { code: originalCode ?? code }))}`);
}
