import type { ClassifyInput } from "../contract/detector.ts";
import { standsInName, type Evidence } from "./evidence.ts";
import { ruleById } from "./rules/index.ts";

const BY_NAME = /^(?:password|secret|key|user-password|mnemonic)$/;

/**
 * What would make this value no secret, in plain words: so that a person can recognise a false alarm, or fix the cause.
 */
export function unless({ rule, via, why }: Evidence, { where }: ClassifyInput): string {
  if (where === "history" || where === "build-arg")
    return "the value were a BuildKit secret mount (RUN --mount=type=secret), which history does not keep";
  if (where === "cmd" || where === "entrypoint" || where === "healthcheck")
    return "the command read it from a file or a variable";
  if (standsInName({ via })) return "the name were a name alone";
  if (rule === "url-password" || rule === "url-token") return "the URL had no password, or a reference in its place";
  if (rule === "high-entropy") return "it were an id, a digest or data: rename it accordingly, or ignore it";
  if (via !== undefined && via.length > 0) return "the inner value were a reference, a placeholder or empty";
  if (BY_NAME.test(rule) && why[0]?.startsWith("name") === true)
    return "the value were a reference, a path or a placeholder, or the name said that it is a setting (_FILE, _ID, _TTL)";
  const known = ruleById(rule);
  if (known !== null && known.validate !== null)
    return "its format were not exactly this, or it were the vendor's example";
  return "it were a placeholder, a reference, or an example from a manual";
}
