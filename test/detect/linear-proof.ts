import { createRequire } from "node:module";
import type { checkSync } from "recheck";
import { attacks, filled } from "../support/attacks.ts";
import type { Pattern } from "../support/patterns.ts";
import { steps } from "../support/steps.ts";

/** Steps for each character of the worst text: a mebibyte is then a second or so. */
const MOST_STEPS = 1000;
/** All steps on the longest text that an expression that is not linear may meet. */
const MOST_AT_ALL = 20_000_000;

/** An expression, and the longest text that it may meet; null for any text. */
export type Claim = { readonly pattern: Pattern; readonly longest: number | null };

process.env["RECHECK_SYNC_BACKEND"] = "pure";
const recheck = createRequire(import.meta.url)("recheck") as { readonly checkSync: typeof checkSync };

/** What speaks against a claim, in words; null when it is proven. */
export function objection({ pattern, longest }: Claim): string | null {
  return longest === null ? (vulnerable(pattern) ?? superlinear(pattern)) : tooManySteps(pattern, longest);
}

/** An attack that costs more than its length allows, in words; null when there is none. */
export function superlinear({ source, flags }: Pattern): string | null {
  const { search } = steps(source, flags);
  const cost = (text: string): number => search(text, text.length * MOST_STEPS * 2).steps / text.length;
  const worst = attacks(source, flags)
    .map((attack) => ({ attack, screened: cost(filled(attack, 1024)) }))
    .sort((a, b) => b.screened - a.screened)
    .slice(0, 3);
  for (const { attack } of worst) {
    let [once, twice] = [cost(filled(attack, 8192)), cost(filled(attack, 16_384))];
    // A repeat with a high bound grows up to there.
    if (twice < MOST_STEPS && twice > 20 && twice > once * 1.5)
      [once, twice] = [cost(filled(attack, 65_536)), cost(filled(attack, 131_072))];
    if (twice > MOST_STEPS || (twice > 20 && twice > once * 1.5))
      return `${JSON.stringify(attack)}: ${Math.round(once)}, then ${Math.round(twice)} steps a character`;
  }
  return null;
}

/** What recheck says against it; null when it is safe, or when recheck cannot tell. */
export function vulnerable({ source, flags }: Pattern): string | null {
  // Bounded repeats alone are safe by recheck's measure, which asks what happens without end.
  const said = checked(source, flags.replaceAll("d", ""));
  if (said === null) return null;
  return said.status === "vulnerable" ? `${said.complexity.summary}: ${said.attack.pattern.slice(0, 200)}` : null;
}

function tooManySteps({ source, flags }: Pattern, longest: number): string | null {
  const { search } = steps(source, flags);
  const most = Math.max(...attacks(source, flags).map((attack) => search(filled(attack, longest), MOST_AT_ALL).steps));
  return most < MOST_AT_ALL ? null : `${most} steps on ${longest} characters`;
}

function checked(source: string, flags: string): ReturnType<typeof checkSync> | null {
  try {
    return recheck.checkSync(source, flags, { checker: "automaton", timeout: 1500 });
  } catch (error) {
    // It recurses over the characters of long alternatives: those are left to the other judge.
    if (error instanceof RangeError) return null;
    throw error;
  }
}
