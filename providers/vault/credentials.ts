import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runChild } from "../../src/kit/bounded-child.ts";
import { homeOf } from "../../src/kit/home.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { fileError } from "../../src/kit/io/error.ts";
import { cmd } from "../../src/kit/shell.ts";
import { tokenSource } from "./token-source.ts";
import type { VaultResponse, VaultSend } from "./transport.ts";
import { isRefusal, statusError } from "./errors.ts";

/** It may ask a keychain, and that a person. */
const HELPER = { seconds: 60, cpuSeconds: 20, memoryMiB: 1024, output: 64 * 1024 };

/** A token or id in a file. Throws `config` if it cannot be one. */
export async function credential(file: string): Promise<string> {
  return checkCredential(await content(file), file);
}

/** A password in a file: all of it but one line end, since people choose spaces and umlauts too. */
export async function password(file: string): Promise<string> {
  const text = (await content(file)).replace(/\r?\n$/, "");
  if (text !== "") return text;
  throw new UnsprawlError("config", `${file} holds no password`, "write it there, alone");
}

/** The token in the environment, or the one that `vault login` (or `bao login`) left. */
export async function environmentToken(env: NodeJS.ProcessEnv): Promise<string> {
  // If it is gone since the settings were read, reading the file reports it.
  const source = tokenSource(env) ?? { file: join(homeOf(env), ".vault-token") };
  if ("file" in source) return credential(source.file);
  if ("value" in source) return checkCredential(source.value, source.name);
  return checkCredential(await askHelper(source.helper, env), source.helper);
}

/** A token helper prints the token that it keeps, and nothing if it has none (Vault's documentation, token helpers). */
async function askHelper(helper: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { code, out } = await runChild(helper, ["get"], { env, cwd: dirname(helper) }, HELPER);
  if (code === 0 && out.trim() !== "") return out;
  throw new UnsprawlError(
    code === 0 ? "denied" : "failed",
    code === 0 ? `the token helper ${helper} has no token` : `the token helper ${helper} failed (${code})`,
    code === 0 ? "vault login (or bao login), or set VAULT_TOKEN" : cmd`${helper} get`,
  );
}

/**
 * The content of a response-wrapping token. It can be opened only once, so its content is kept for the life of the
 * process. Throws `denied` if it was opened before: by us, or by somebody who now has its content.
 */
export function unwrapper(file: string, address: string, send: VaultSend): () => Promise<VaultResponse> {
  let opened: Promise<VaultResponse> | null = null;
  return () => {
    const opening = (opened ??= unwrap(file, address, send));
    opening.catch(() => {
      opened = null;
    });
    return opening;
  };
}

async function unwrap(file: string, address: string, send: VaultSend): Promise<VaultResponse> {
  const token = await credential(file);
  const looked = await send("POST", "sys/wrapping/lookup", null, { token });
  const found = (looked.body as { data?: { creation_path?: unknown } } | null)?.data?.creation_path;
  // A thief can wrap the content again, and the victim would not notice.
  if (looked.status === 200 && typeof found === "string" && found.endsWith("sys/wrapping/wrap"))
    throw new UnsprawlError(
      "denied",
      `what the wrapping token in ${file} holds was wrapped by hand: somebody may have opened it and wrapped it again`,
      "wrap it where it is issued, with -wrap-ttl",
    );
  const answer = looked.status === 200 ? await send("POST", "sys/wrapping/unwrap", token, {}) : looked;
  if (answer.status === 200) return answer;
  if (!isRefusal(answer)) throw statusError(answer.status, answer.errors, address);
  throw new UnsprawlError(
    "denied",
    `the wrapping token in ${file} is not valid: it has expired, or it was already used, perhaps by somebody else (a possible interception)`,
    "the audit log says who unwrapped it: if it was not you, revoke what it held; then have a new one issued (-wrap-ttl), and write it there",
  );
}

async function content(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: unknown) => {
    throw fileError(error, file);
  });
}

/** Throws `config` for what cannot be a token or an id; a broken header would quote it. */
function checkCredential(text: string, where: string): string {
  const trimmed = text.trim();
  if (/^[\x21-\x7e]+$/.test(trimmed)) return trimmed;
  throw new UnsprawlError("config", `${where} holds no token or id`, "write it there again, alone on one line");
}
