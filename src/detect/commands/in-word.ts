import { stronger, type Evidence, type Judge } from "../evidence.ts";
import { inAssignments, inJson } from "../structure/structure.ts";
import { inLogin } from "../structure/url.ts";

/** What one word holds without a flag before it: `:s3,secret_access_key=…:bucket`, `user:password@host:port`, sftp users. */
export function inWord(word: string, judge: Judge): Evidence | null {
  let best: Evidence | null = null;
  if (word.includes("@Microsoft.KeyVault(")) return null;
  const list = word.startsWith(":") || word.includes("=[") || word.indexOf("=") !== word.lastIndexOf("=");
  if (
    list &&
    !/^\d{0,4},?\d{0,4}s[/|#,!]|ENC\[|process\.env|=>/.test(word) &&
    /[,;[]/.test(word) &&
    !/\s--?[A-Za-z]/.test(word) &&
    /(?:pass|pwd|secret|key|token)\w{0,24}\]?=/i.test(word)
  )
    best = inAssignments(word.replaceAll("[", ";").replaceAll("]", ";"), judge);
  // Percona's tools take `h=HOST,u=USER,p=PASSWORD`.
  const dsn = list && word.includes("p=") ? /^(?:[A-Za-z]=[^,=\s]{0,100},){0,8}p=([^,\s]{3,100})/.exec(word) : null;
  if (dsn !== null && /(?:^|,)[hu]=/.test(word))
    best = stronger(best, commanded(judge("password", dsn[1] as string, "connection of Percona's tools")));
  if (/^[\w.]{3,80}\s?=\s?["'][^"']{3,200}["']$/.test(word))
    best = stronger(best, inAssignments(word.replace(/^\./, ""), judge));
  // `printf 'user: a\npassword: …\n'`: lines of settings, among which words about a password are prose.
  if (word.includes("\\n"))
    best = stronger(
      best,
      inAssignments(word, (name, value, step) => (/\s/.test(value) ? null : commanded(judge(name, value, step)))),
    );
  if (word.includes("@") && !word.includes("://") && /^[^\s@]{1,64}[:/][^\s@]{3,200}@/.test(word))
    best = stronger(best, inLogin(word, judge));
  const sftp = /^[a-z_][\w.-]{0,63}:((?!x:)(?![/$"'<{@]|\d+:)[^\s:]{3,200}):(?:e:)?\d{2,6}(?::[\w,.:/-]{0,200})?$/.exec(
    word,
  );
  if (sftp !== null) best = stronger(best, commanded(judge("password", sftp[1] as string, "user, password and id")));
  return best;
}

/** A word that is JSON: `echo '{"password": …}' > config.json`; a schema's words about a password are none. */
export function inDocument(word: string, judge: Judge): Evidence | null {
  const told: Judge = (name, value, step) =>
    /\.(?:type|format|description|title|label|placeholder|pattern|in|name|help)$/.test(step)
      ? null
      : judge(name, value, step);
  const found = inJson(word.trim(), told) ?? null;
  return found !== null && /^(?:password|secret|key|user-password)$/.test(found.rule) ? commanded(found) : found;
}

function commanded(found: Evidence | null): Evidence | null {
  return found === null ? null : { ...found, rule: "command" };
}
