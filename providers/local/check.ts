import { randomBytes } from "node:crypto";
import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { StoreCheck } from "../../src/contract/provider.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";
import {
  getValue,
  passingIdentity,
  putValue,
  removeEmptyFolders,
  removeValue,
  sopsKey,
  splitField,
  type DataKeys,
  type Identities,
} from "../../src/sops/index.ts";
import { dataKeys } from "./keys.ts";

/** Tries the folder, the identity and every right with a value of its own, and leaves nothing behind. */
export async function checkFiles(
  template: string,
  identities: Identities,
  keys: DataKeys,
  readOnly: boolean,
): Promise<readonly StoreCheck[]> {
  const probe = `unsprawl-check-${randomBytes(4).toString("hex")}`;
  const key = sopsKey(template, { subject: probe, project: probe, name: "PROBE" });
  const folder = dirname(key.path);
  const standing = await existing(folder);
  const lines: StoreCheck[] = [];
  const attempt = async (right: StoreCheck["right"], text: string, act: () => Promise<unknown>): Promise<boolean> => {
    try {
      await act();
      lines.push({ right, ok: true, text, hint: null });
      return true;
    } catch (error) {
      const known = error instanceof UnsprawlError ? error : null;
      lines.push({ right, ok: false, text: known?.message ?? `${text}: failed`, hint: known?.hint ?? null });
      return false;
    }
  };

  if (!(await attempt("reach", folder, () => reachable(standing, readOnly)))) return lines;
  let present = false;
  const found = await attempt("authenticate", identities.where, async () => {
    present = (await identities.load()).length > 0;
  });
  if (!found) return lines;
  if (!present)
    lines[1] = {
      right: "authenticate",
      ok: true,
      text: `no age identity yet (${identities.where}): the first write makes one`,
      hint: null,
    };
  if (readOnly) return lines;

  const holder = present ? keys : dataKeys(passingIdentity(), {});
  const path = splitField(key.field);
  const value = Secret.of(randomBytes(16).toString("hex"));
  try {
    if (!(await attempt("write", key.path, () => putValue(key.path, path, value, null, holder)))) return lines;
    await attempt("read", "the same bytes come back", async () => {
      const back = await getValue(key.path, path, holder);
      if (!back?.value.equals(value))
        throw new UnsprawlError("changed", `${key.path} gave other bytes back`, "another process writes there");
    });
    await attempt("check-and-set", "a second write to the same name is refused", async () => {
      const second = await putValue(key.path, path, value, null, holder).catch((error: unknown) =>
        error instanceof UnsprawlError ? error.code : "",
      );
      if (second !== "conflict") throw new UnsprawlError("failed", `${key.path} was written twice`, null);
    });
    await attempt("delete", "the probe is gone again", () =>
      removeValue(key.path, path, (one) => one.equals(value), holder),
    );
  } finally {
    await removeEmptyFolders(folder, standing);
  }
  return lines;
}

async function reachable(standing: string, readOnly: boolean): Promise<void> {
  if (!(await stat(standing)).isDirectory())
    throw new UnsprawlError("config", `${standing} is not a folder`, "name another file in the store's configuration");
  await access(standing, readOnly ? constants.R_OK : constants.W_OK | constants.X_OK).catch(() => {
    throw new UnsprawlError("denied", `no permission to write in ${standing}`, `ls -ld ${standing}`);
  });
}

async function existing(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    if (at === dirname(at) || (await stat(at).catch(() => null)) !== null) return at;
  }
}
