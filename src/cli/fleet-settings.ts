import { readFileSync } from "node:fs";
import type { Assembly } from "../assembly/index.ts";
import type { FleetConfig } from "../core/config/fleet.ts";
import { cmd } from "../kit/shell.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import { sharedFingerprintKey, type FingerprintKey } from "../model/fingerprint.ts";
import { Secret } from "../model/secret.ts";

const VARIABLE = "UNSPRAWL_DATABASE_URL";

/**
 * The database's URL, from the file that the configuration names, else from the environment, where no child of this
 * process finds it afterwards. No output shows its password from then on. Throws `config`.
 */
export function databaseUrl(assembly: Assembly, fleet: FleetConfig | null): string {
  const given = process.env[VARIABLE];
  delete process.env[VARIABLE];
  delete assembly.env[VARIABLE];
  const url = (fleet?.urlFile ? readUrl(fleet.urlFile) : (given ?? "")).trim();
  if (url === "")
    throw new UnsprawlError(
      "config",
      "no database for the fleet",
      cmd`fleet: { database: { urlFile: /etc/unsprawl/database.url } }, or ${VARIABLE}`,
    );
  const password = passwordIn(url);
  if (password === null)
    throw new UnsprawlError("config", "the database's URL cannot be read", "postgres://user:password@host:5432/name");
  if (password !== "") assembly.redactor.know(Secret.of(password));
  return url;
}

/** Equal secrets group across hosts only under one key: refuses to create another one. Throws `config`. */
export async function fleetKey(assembly: Assembly, fleet: FleetConfig | null): Promise<FingerprintKey> {
  const reference = fleet?.key ?? null;
  if (reference !== null) {
    const kept = (await assembly.resolve([reference])).get(reference) ?? null;
    if (kept === null)
      throw new UnsprawlError("config", `fleet.key: no store here is for ${reference}`, "unsprawl stores");
    return sharedFingerprintKey(kept);
  }
  if (assembly.env["UNSPRAWL_FINGERPRINT_KEY_FILE"]) return assembly.key();
  throw new UnsprawlError(
    "config",
    "a fleet shares one fingerprint key, and none is given",
    "fleet: { key: ref+vault://… }, or UNSPRAWL_FINGERPRINT_KEY_FILE",
  );
}

function readUrl(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UnsprawlError(
      "config",
      `cannot read the database's URL in ${file}`,
      "check fleet.database.urlFile",
      causeOf(error),
    );
  }
}

/** Null if it is not a PostgreSQL URL. */
function passwordIn(url: string): string | null {
  try {
    const { protocol, password } = new URL(url);
    return /^postgres(?:ql)?:$/.test(protocol) ? decodeURIComponent(password) : null;
  } catch {
    return null;
  }
}
