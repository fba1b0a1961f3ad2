import { spawn } from "node:child_process";
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { pythonWith } from "./python.ts";
import { forget, remember } from "./running.ts";
import { selfSigned } from "./tls.ts";

export type Mail = {
  readonly from: string;
  readonly to: readonly string[];
  readonly data: string;
  readonly tls: boolean;
};

export type TestSmtp = {
  readonly port: number;
  readonly caFile: string;
  readonly dir: string;
  /** Those that were taken, oldest first. */
  readonly mails: readonly Mail[];
  /** Waits until so many were taken. */
  readonly taken: (count: number) => Promise<readonly Mail[]>;
  readonly stop: () => Promise<void>;
};

/**
 * A real mail server on loopback that wants STARTTLS, then a login. It refuses `nobody@…` for good, `later@…` for now,
 * and a mail whose text says `unwelcome`.
 */
export async function startSmtp(user: string, password: string): Promise<TestSmtp> {
  const python = await pythonWith("aiosmtpd");
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-smtp-"));
  await selfSigned(dir);
  const env = { PATH: process.env["PATH"] ?? "", SMTP_DIR: dir, SMTP_USER: user, SMTP_PASSWORD: password };
  const child = spawn(python, ["-c", SERVER], { env, stdio: ["ignore", "pipe", openSync(join(dir, "log"), "a")] });
  const { stdout } = child;
  if (stdout === null) throw new Error("the mail server has no stdout");
  remember(child.pid ?? 0, dir);
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  const mails: Mail[] = [];
  const port = await new Promise<number>((done, fail) => {
    child.once("error", fail).once("exit", (code) => fail(new Error(`the mail server ended with ${code}`)));
    createInterface(stdout).on("line", (line) => {
      const said = JSON.parse(line) as { readonly port: number } | Mail;
      if ("port" in said) done(said.port);
      else mails.push(said);
    });
  });
  const stop = async (): Promise<void> => {
    process.off("exit", end);
    const gone = new Promise((done) => child.once("exit", done));
    end();
    await gone;
    forget(child.pid ?? 0);
    rmSync(dir, { recursive: true, force: true });
  };
  const taken = async (count: number): Promise<readonly Mail[]> => {
    while (mails.length < count) await sleep(10);
    return mails;
  };
  return { port, caFile: join(dir, "ca.crt"), dir, mails, taken, stop };
}

const SERVER = `
import asyncio, json, os, ssl
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"): return "550 5.1.1 no such mailbox"
        if address.startswith("later@"): return "451 4.3.2 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"
    async def handle_DATA(self, server, session, envelope):
        data = envelope.content.decode("utf-8", "replace")
        if "unwelcome" in data: return "554 5.6.0 this is not taken"
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "data": data, "tls": session.ssl is not None}), flush=True)
        return "250 OK"

def authenticate(server, session, envelope, mechanism, data):
    given = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode())
    return AuthResult(success=given == (os.environ["SMTP_USER"], os.environ["SMTP_PASSWORD"]), handled=False)

async def main():
    place = os.environ["SMTP_DIR"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place + "/server.crt", place + "/server.key")
    make = lambda: SMTP(Handler(), hostname="localhost", tls_context=context, require_starttls=True,
                        auth_required=True, authenticator=authenticate, loop=asyncio.get_running_loop())
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()

asyncio.run(main())
`;
