import type { RotationEvidence, RotationTarget } from "../../contract/rotator.ts";
import { heldText } from "../reveal.ts";
import { about } from "./about.ts";

const PASSWORD = /_?(?:PASSWORD|PASSWD|PASS|PWD?|CREDENTIALS?)$/i;

/** The entry and the server that the variables of the same beginning name. */
export function ldapTarget(evidence: RotationEvidence): RotationTarget | string | null {
  const held = heldText(evidence);
  const before = evidence.name.slice(0, PASSWORD.exec(evidence.name)?.index ?? 0);
  const at = before.toUpperCase().lastIndexOf("LDAP");
  if (held === null || at < 0 || held.part !== held.value) return null;
  const start = before.slice(0, at + "LDAP".length);
  const role = /^_?(\w*)$/.exec(before.slice(start.length))?.[1] ?? "";
  const other = (...ends: readonly string[]): string | null => {
    const name = new RegExp(`^${start.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}_?(?:${ends.join("|")})$`, "i");
    return held.beside(name) || null;
  };
  const dn = other(
    ...(role === "" ? [] : [`${role}_?DN`, `${role}_?USER`, role]),
    "BIND_?DN",
    "USER_?DN",
    "DN",
    "USER",
  );
  if (dn === null || !dn.includes("=")) return `needs ${start}_BIND_DN beside it`;
  const named = other("URL", "URI", "SERVER_?URL", "SERVER_?URI", "HOST", "HOSTNAME", "SERVER", "ADDRESS");
  if (named === null) return `needs ${start}_URL or ${start}_HOST beside it`;
  const found = /^(?:(ldaps?):\/\/)?(\[[0-9a-f:.]+\]|[^:/?#\s,]+)(?::(\d{1,5}))?(?:[/?].*)?$/i.exec(named);
  const [, scheme = "ldap", host = "", inUrl] = found ?? [];
  const secure = scheme.toLowerCase() === "ldaps";
  const port = inUrl ?? other("PORT") ?? (secure ? "636" : "389");
  if (host === "" || !/^\d{1,5}$/.test(port)) return "its server cannot be read without guessing";
  const startTls = /^(?:true|yes|on|1)$/i.test(other("START_?TLS", "USE_?START_?TLS", "TLS") ?? "") && !secure;
  return {
    rotator: about.id,
    at: { host: host.replace(/^\[|\]$/g, ""), port: Number(port), tls: secure || startTls ? "verify-full" : "disable" },
    ...{ login: dn, database: "", pair: null, previous: null, details: { startTls: startTls ? "yes" : "no" } },
  };
}
