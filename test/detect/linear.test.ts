import { createRequire } from "node:module";
import type { checkSync } from "recheck";
import { describe, expect, test } from "vitest";
import { attacks, filled } from "../support/attacks.ts";
import { allPatterns, builders, type Pattern } from "../support/patterns.ts";
import { parseRegex } from "../support/regex-tree.ts";
import { steps } from "../support/steps.ts";
import { kit, rules } from "../../src/detect/index.ts";

const make = kit(7);

/**
 * No expression of the product may blow up, since nearly all of them meet what strangers wrote. Two judges: recheck,
 * which reasons about repeats without an upper bound, and counted steps of a backtracking matcher on texts made to
 * hurt, which also tell what bounded repeats cost. Nothing here is measured in time.
 */

/** Steps for each character of the worst text: a mebibyte is then a second or so. */
const MOST_STEPS = 1000;
/** All steps on the longest text that an expression of the list below may meet. */
const MOST_AT_ALL = 20_000_000;

/** Not linear, and harmless where it stands: it never meets a text longer than this. */
const SHORT: readonly {
  readonly place: string;
  readonly source: string;
  readonly longest: number;
  readonly why: string;
}[] = [
  {
    place: "src/detect/structure/url.ts",
    source: String.raw`^(?:\d{1,5}|v?\d+(?:\.\d+)+[\w.-]*|latest|sha256)$`,
    longest: 200,
    why: "the password that the expressions above it cut out, of 200 characters at most",
  },
  {
    place: "src/engine/create-body.ts",
    source: String.raw`(?<=.)\/+$`,
    longest: 4096,
    why: "a path, of which posix.normalize leaves no two slashes in a row",
  },
  {
    place: "src/engine/daemon.ts",
    source: String.raw`\s*$`,
    longest: 4096,
    why: "the space between two properties of the operator's own daemon.json",
  },
  {
    place: "src/engine/engine.ts",
    source: String.raw`ALERT.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)|ERR_SSL_.*(UNKNOWN_CA|CERTIFICATE)`,
    longest: 200,
    why: "an error code of Node's own",
  },
  {
    place: "src/engine/engine.ts",
    source: "name .* is already in use",
    longest: 4096,
    why: "a message of the engine, which quotes a name of the operator's",
  },
  {
    place: "src/delivery/entrypoint.ts",
    source: String.raw`^.*\$\(\s*dirname[^)]*\)"?\/?|^\$\{?\w+\}?\/`,
    longest: 1024,
    why: "the name of a sourced file; a longer one is passed over",
  },
  {
    place: "src/verify/database-url.ts",
    source: String.raw`^([a-z0-9+]+):\/\/([^:@/\s]*):(.*)@([^@/?#]*)(\/[^@?#]*)?(\?[^#@]*)?(?:#.*)?$`,
    longest: 4096,
    why: "a URL; a longer value is not read as one",
  },
  {
    place: "src/verify/database-url.ts",
    source: String.raw`^([^:@/\s]*):(.*)@tcp\(([^()\s]+)\)\/([^?\s]*)(\?\S*)?$`,
    longest: 4096,
    why: "a URL; a longer value is not read as one",
  },
  {
    place: "src/verify/vendor.ts",
    source: String.raw`\/+$`,
    longest: 4096,
    why: "the address of a vendor",
  },
  {
    place: "providers/vault/settings.ts",
    source: String.raw`\/+$`,
    longest: 4096,
    why: "the operator's own setting",
  },
  {
    place: "providers/vault/names.ts",
    source: String.raw`^\/+|\/+$`,
    longest: 4096,
    why: "a path of the operator's own settings, with a subject's name in it",
  },
];

/** Files that build expressions of parts; all but the last are seen through the rules and shapes that they make. */
const BUILDERS = [
  "src/detect/patterns.ts",
  ...["azure", "azure", "claims", "clusters", "gitlab", "infra", "proofs", "public", "rule", "rule"].map(
    (name) => `src/detect/rules/${name}.ts`,
  ),
  // The operator's own `.sops.yaml`.
  "src/stores-kit/sops/rules.ts",
];

process.env["RECHECK_SYNC_BACKEND"] = "pure";
const recheck = createRequire(import.meta.url)("recheck") as { readonly checkSync: typeof checkSync };

const short = (pattern: Pattern) =>
  SHORT.find(({ place, source }) => place === pattern.place && source === pattern.source);

/** An attack that costs more than its length allows, told in words; null when there is none. */
function superlinear({ source, flags }: Pattern): string | null {
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
function vulnerable({ source, flags }: Pattern): string | null {
  // Bounded repeats alone are safe by recheck's measure, which asks what happens without end.
  const said = checked(source, flags.replaceAll("d", ""));
  if (said === null) return null;
  return said.status === "vulnerable" ? `${said.complexity.summary}: ${said.attack.pattern.slice(0, 200)}` : null;
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

const patterns = allPatterns();

describe("no expression of the product blows up", () => {
  const areas = Map.groupBy(patterns, ({ place }) => {
    const [area = "", folder] = place.split("/");
    if (folder === "detect") return place.split(" ")[0] as string;
    return folder === undefined ? place.replace(/ [a-z0-9].*/, "s") : `${area}/${folder}`;
  });

  test.each([...areas])("%s", { timeout: 120_000 }, (_area, list) => {
    const bad = list.flatMap((pattern) => {
      if (short(pattern) !== undefined) return [];
      const why = vulnerable(pattern) ?? superlinear(pattern);
      return why === null ? [] : [`${pattern.place} /${pattern.source}/${pattern.flags} ${why}`];
    });
    expect(bad).toEqual([]);
  });

  test.each(SHORT)("$place /$source/ meets short texts only: $why", ({ place, source, longest }) => {
    const pattern = patterns.find((one) => one.place === place && one.source === source);
    expect(pattern, "remove the entry").toBeDefined();
    const { flags } = pattern as Pattern;
    const { search } = steps(source, flags);
    const most = Math.max(
      ...attacks(source, flags).map((attack) => search(filled(attack, longest), MOST_AT_ALL).steps),
    );
    expect(most).toBeLessThan(MOST_AT_ALL);
  });
});

test("all are seen", () => {
  expect(patterns.length).toBeGreaterThan(1000);
  for (const rule of rules)
    if (rule.pattern !== null)
      expect(patterns).toContainEqual({
        place: `rule ${rule.id}`,
        source: rule.pattern.source,
        flags: rule.pattern.flags,
      });
  expect(builders()).toEqual([...BUILDERS].sort());
});

describe("the judges judge", () => {
  const bad = [
    ["^(a+)+$", ""],
    ["(?:a|a)*b", ""],
    ["^(?:a{1,30}){1,30}b", ""],
    [String.raw`\s*$`, ""],
    ["a.*b.*c", "s"],
    [String.raw`^[\w-]*(?:token|key)[\w-]*:$`, "i"],
    ["x{1,4000}y", ""],
    [String.raw`(["'])[^z]*\1z`, ""],
  ] as const;

  test.each(bad)("/%s/%s is found by its steps", (source, flags) => {
    expect(superlinear({ place: "here", source, flags })).not.toBeNull();
  });

  test("recheck finds what repeats without end", () => {
    expect(vulnerable({ place: "here", source: "^(a+)+$", flags: "" })).toContain("exponential");
    expect(vulnerable({ place: "here", source: String.raw`\s*$`, flags: "" })).toContain("2nd degree polynomial");
    expect(vulnerable({ place: "here", source: "^a+b+$", flags: "" })).toBeNull();
  });

  test.each(["^a{1,20}b?c", "[a-z]{1,40}[0-9]", "(?<![a-z])x(?:ab|c){0,9}", "^(?:a|b)+$"])(
    "/%s/ is linear",
    (source) => {
      expect(superlinear({ place: "here", source, flags: "" })).toBeNull();
    },
  );

  test("the matcher that counts matches as the engine does", () => {
    const texts = rules
      .flatMap((rule) => [...rule.examples(make), ...rule.counterExamples(make)])
      .map((example) => (typeof example === "string" ? example : example.value).slice(0, 500));
    const wrong = patterns.filter(({ source, flags }, index) => {
      const engine = new RegExp(source, flags.replace(/[gy]/g, ""));
      const { search } = steps(source, flags);
      // Each expression on every thirteenth text.
      return texts.some((text, at) => {
        if (at % 13 !== index % 13) return false;
        const wanted = engine.exec(text);
        const { at: start, end } = search(text, 1e8);
        return wanted === null ? start !== -1 : start !== wanted.index || end !== wanted.index + wanted[0].length;
      });
    });
    expect(wrong).toEqual([]);
  });

  test("what the tree does not know is an error", () => {
    expect(() => parseRegex("(?i:a)", "")).toThrow("not understood at 0");
  });
});
