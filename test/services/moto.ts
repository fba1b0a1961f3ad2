import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pythonProgram } from "./python.ts";
import { forget, remember } from "./running.ts";
import { freePort } from "./tls.ts";

export type AwsKeys = { readonly AWS_ACCESS_KEY_ID: string; readonly AWS_SECRET_ACCESS_KEY: string };

export type Moto = {
  readonly url: string;
  readonly region: string;
  readonly dir: string;
  /** The environment of an administrator: endpoint, region, keys, and a HOME of its own. */
  readonly env: { readonly [name: string]: string };
  /** Keys of a user who may do what the IAM statements say. */
  user(...statements: readonly object[]): Promise<AwsKeys>;
  /** From here on every call needs a right, and its signature has to be right. */
  enforce(): Promise<void>;
  stop(): Promise<void>;
};

const REGION = "us-east-1";
/** So many requests before the server asks for rights: practically never. */
const NEVER = "100000000";

/** A moto server on a free loopback port: KMS, Secrets Manager and SSM as AWS would answer. */
export async function startMoto(): Promise<Moto> {
  const program = await pythonProgram("moto_server");
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(program);
    } catch (error) {
      // Another process may have taken the free port in between.
      if (attempt === 3) throw error;
    }
  }
}

async function start(program: string): Promise<Moto> {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-moto-"));
  const port = await freePort();
  const log = openSync(join(dir, "log"), "a");
  const child = spawn(program, ["-H", "127.0.0.1", "-p", String(port)], {
    detached: true,
    stdio: ["ignore", log, log],
    env: { PATH: process.env["PATH"], HOME: dir, INITIAL_NO_AUTH_ACTION_COUNT: NEVER },
  });
  child.on("error", () => {});
  remember(child.pid ?? 0, dir);
  const url = `http://127.0.0.1:${port}`;
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // Gone already.
    }
  };
  process.once("exit", end);
  const stop = async (): Promise<void> => {
    end();
    process.off("exit", end);
    if (child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once("exit", done));
    forget(child.pid ?? 0);
    rmSync(dir, { recursive: true, force: true });
  };
  if (!(await ready(url, child))) {
    const said = readFileSync(join(dir, "log"), "utf8").slice(-2000);
    await stop();
    throw new Error(`moto did not start:\n${said}`);
  }
  const root = await administrator(url);
  return {
    url,
    region: REGION,
    dir,
    env: { HOME: dir, AWS_ENDPOINT_URL: url, AWS_REGION: REGION, ...root },
    user: (...statements) => makeUser(url, statements),
    async enforce() {
      await send(`${url}/moto-api/reset-auth`, "0");
    },
    stop,
  };
}

function administrator(url: string): Promise<AwsKeys> {
  return makeUser(url, [{ Effect: "Allow", Action: "*", Resource: "*" }]);
}

async function makeUser(url: string, statements: readonly object[]): Promise<AwsKeys> {
  const name = `user-${randomBytes(4).toString("hex")}`;
  await iam(url, { Action: "CreateUser", UserName: name });
  if (statements.length > 0)
    await iam(url, {
      Action: "PutUserPolicy",
      UserName: name,
      PolicyName: "inline",
      PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: statements }),
    });
  const made = await iam(url, { Action: "CreateAccessKey", UserName: name });
  const of = (tag: string): string => new RegExp(`<${tag}>([^<]+)</${tag}>`).exec(made)?.[1] ?? "";
  return { AWS_ACCESS_KEY_ID: of("AccessKeyId"), AWS_SECRET_ACCESS_KEY: of("SecretAccessKey") };
}

/** IAM's own API, before rights are asked for: the server looks at the service's name in the header alone. */
function iam(url: string, form: { readonly [name: string]: string }): Promise<string> {
  const body = new URLSearchParams({ ...form, Version: "2010-05-08" }).toString();
  return send(url, body, {
    "content-type": "application/x-www-form-urlencoded",
    authorization: `AWS4-HMAC-SHA256 Credential=setup/20260101/${REGION}/iam/aws4_request, SignedHeaders=host, Signature=0`,
  });
}

async function send(url: string, body: string, headers: { readonly [name: string]: string } = {}): Promise<string> {
  const answer = await fetch(url, { method: "POST", body, headers });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`moto: ${answer.status} ${text.slice(0, 300)}`);
  return text;
}

async function ready(url: string, child: ChildProcess): Promise<boolean> {
  for (let tries = 0; tries < 1200 && child.exitCode === null; tries++) {
    const answer = await fetch(`${url}/moto-api/`).catch(() => null);
    if (answer !== null) return true;
    await sleep(50);
  }
  return false;
}
