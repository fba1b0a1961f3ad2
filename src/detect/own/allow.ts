import type { Allowlist, RuleMatch } from "./types.ts";

/** Which of these allowlists lets this match go, in words that quote no part of it; null when none does. */
export function allowedBy(lists: readonly Allowlist[], found: RuleMatch, name: string, path: string): string | null {
  for (const list of lists) {
    const checks = checksOf(list, found, name, path);
    const agrees = checks.filter(([, agrees]) => agrees);
    if (list.every ? agrees.length < checks.length || checks.length === 0 : agrees.length === 0) continue;
    return `${list.by}: ${agrees.map(([what]) => what).join(" and ")}`;
  }
  return null;
}

/** The kinds of check that the list has, each with what it says of the match. */
function checksOf(list: Allowlist, found: RuleMatch, name: string, path: string): [string, boolean][] {
  const checks: [string, boolean][] = [];
  if (list.commits) checks.push(["commit", false]);
  if (list.paths.length > 0) checks.push(["path", path !== "" && list.paths.some((one) => one.test(path))]);
  if (list.names.length > 0) checks.push(["name", list.names.some((one) => one.test(name))]);
  if (list.regexes.length > 0) {
    const target = found[list.target];
    checks.push([list.target, target !== "" && list.regexes.some((one) => one.test(target))]);
  }
  if (list.stopWords.length > 0) {
    const lower = found.secret.toLowerCase();
    checks.push(["stop word", list.stopWords.some((word) => lower.includes(word))]);
  }
  return checks;
}
