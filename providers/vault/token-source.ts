import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { homeOf } from "../../src/kit/home.ts";
import { effectiveUid } from "../../src/kit/io/owner.ts";
import { readChecked } from "../../src/kit/io/read.ts";
import { foreignFile } from "../../src/kit/io/roots-alone.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { variable } from "./variable.ts";

export type TokenSource =
  | { readonly name: string; readonly value: string }
  | { readonly helper: string }
  | { readonly file: string };

/**
 * Where the token of a person is, in the order of `vault` and `bao`: the environment, then the token helper that their own
 * configuration names (https://developer.hashicorp.com/vault/docs/commands/token-helper), else `~/.vault-token`. Null if
 * there is none. Throws `config` for a helper that cannot be run, and `refused` for one that root must not run.
 */
export function tokenSource(env: NodeJS.ProcessEnv): TokenSource | null {
  const given = variable(env, "TOKEN");
  if (given !== null) return given;
  const named = variable(env, "CONFIG_PATH")?.value;
  const configs = named === undefined ? [".vault", ".bao"].map((one) => join(homeOf(env), one)) : [named];
  for (const config of configs) {
    const helper = helperIn(config);
    if (helper !== null) return { helper };
  }
  const file = env["BAO_TOKEN_PATH"] || join(homeOf(env), ".vault-token");
  return existsSync(file) ? { file } : null;
}

function helperIn(config: string): string | null {
  if (!existsSync(config)) return null;
  const [, quoted] =
    /^[ \t]*token_helper[ \t]*=[ \t]*("(?:[^"\\\n]|\\.)*")/m.exec(readChecked(config).toString("utf8")) ?? [];
  const helper = quoted === undefined ? "" : textOf(quoted, config);
  if (helper === "") return null;
  if (!isAbsolute(helper) || !existsSync(helper))
    throw new UnsprawlError(
      "config",
      `token_helper in ${config} is not the full path of a program that is there`,
      "correct it there, or set VAULT_TOKEN",
    );
  const why = effectiveUid() === 0 ? foreignFile([config, helper]) : null;
  if (why === null) return helper;
  throw new UnsprawlError(
    "refused",
    `root would run a token helper that another user can write: ${why}`,
    "set VAULT_TOKEN",
  );
}

function textOf(quoted: string, config: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new UnsprawlError("config", `token_helper in ${config} is not a text`, 'the form is token_helper = "/PATH"');
  }
}
