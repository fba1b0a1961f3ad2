import { isEvidence, type Evidence, type EvidenceOutcome, type Judge } from "../evidence.ts";
import { inCommand } from "./command.ts";

const LONGEST = 65_536;

/**
 * A secret in the arguments of an entrypoint: `["redis-cli"]`, then `["-a", "…"]`. Null unless the two as one command
 * say more than the arguments `alone`. Known tokens are not looked for: the arguments alone have them too.
 */
export function behindLead(lead: string, text: string, alone: EvidenceOutcome, judge: Judge): Evidence | null {
  const [first, second] = [listOf(lead), listOf(text)];
  if (first === null || second === null || isSilent(first)) return null;
  const whole = JSON.stringify([...first, ...second]);
  if (whole.length > LONGEST) return null;
  const found = inCommand(whole, "cmd", judge);
  if (found === null || lead.includes(found.part) || (isEvidence(alone) && alone.score >= found.score)) return null;
  // What stands across the two is in neither.
  return text.includes(found.part) || text.includes(JSON.stringify(found.part).slice(1, -1)) ? found : null;
}

function listOf(text: string): readonly unknown[] | null {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : null;
  } catch {
    return null;
  }
}

/** Scripts that start whatever they are given: most images have one, and it says nothing of the words behind it. */
const STARTER =
  /^(?:\/?(?:[a-z]{1,12}\/){0,6})?(?:(?:docker|init|__cacert)[_-])?entry-?point(?:\.sh)?$|^(?:\/[a-z]{1,12}){0,4}\/?(?:tini|dumb-init)$/;

/** An entrypoint after which each word means what it means alone. */
export function isSilent(lead: readonly unknown[]): boolean {
  const shell = lead.length === 3 && lead[1] === "-c" && /^(?:\/bin\/)?(?:ba|da|a)?sh$/.test(String(lead[0]));
  const words = shell ? lead.slice(2) : lead;
  // A shell hands its script the words behind it as $0, $1 …, so a script without a $ takes none of them. A script of
  // one word was perhaps meant to start with them.
  if (shell && typeof lead[2] === "string" && /^[^\s$]+\s[^$]*$/.test(lead[2])) return true;
  return words.every((word, at) => typeof word === "string" && (STARTER.test(word) || (word === "--" && at > 0)));
}
