import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { homeOf } from "../../src/kit/home.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { fileError } from "../../src/kit/io/error.ts";
import { variable } from "./variable.ts";
import type { VaultResponse, VaultSend } from "./transport.ts";
import { refusesAll, statusError } from "./errors.ts";

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
  const given = variable(env, "TOKEN");
  return given === null ? credential(join(homeOf(env), ".vault-token")) : checkCredential(given.value, given.name);
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
  if ((answer.status !== 400 && answer.status !== 403) || refusesAll(answer.errors))
    throw statusError(answer.status, answer.errors, address);
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
