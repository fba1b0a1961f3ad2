import { describe, expect, test } from "vitest";
import { createDetector, kit, PLAIN, ruleById } from "../../../src/detect/index.ts";
import { Secret } from "../../../src/model/secret.ts";
import { own, toml } from "./given.ts";

/** Allowlists for all rules, as gitleaks has them, on what the built-in rules find. */

const make = kit(7);
const password = make.base64(15);
const token = ruleById("github-token")?.examples(make)[0] as string;

type Given = readonly [name: string, value: string, path?: string];

describe("gitleaks's allowlists for all rules, on built-in findings", () => {
  const known: Given = ["DB_PASSWORD", password, "Config.Env[0]"];
  const vendor: Given = ["GITHUB_TOKEN", token, "Config.Env[1]"];
  const inUrl: Given = ["DB_URL", ["postgres", "://app:", password, "@db/shop"].join(""), "Config.Env[2]"];
  test.each<[what: string, file: string, goes: Given[], stays: Given[]]>([
    ["secret", `regexes = ['^gh[a-z]_']`, [vendor], [known, inUrl]],
    ["match", `regexTarget = "match"\nregexes = ['^DB_PASSWORD=', '^gh[a-z]_']`, [known, vendor], [inUrl]],
    ["line", `regexTarget = "line"\nregexes = ['^DB_']`, [known, inUrl], [vendor]],
    ["path", `paths = ['^Config\\.Env\\[1\\]$']`, [vendor], [known, inUrl]],
    ["stop word", `stopwords = ["${token.slice(8, 20).toUpperCase()}"]`, [vendor], [known, inUrl]],
    ["AND", `condition = "AND"\npaths = ['Env']\nregexes = ['^gh[a-z]_']`, [vendor], [known, inUrl]],
    ["commits", `commits = ["abc"]`, [], [known, vendor, inUrl]],
    ["named rules", `targetRules = ["one"]\npaths = ['Env']`, [], [known, vendor, inUrl]],
  ])("%s", async (_what, list, goes, stays) => {
    const detector = createDetector({
      ...PLAIN,
      own: await toml(`[[rules]]\nid = "one"\nregex = "one"\n[[allowlists]]\n${list}`),
    });
    for (const [hidden, givens] of [
      [true, goes],
      [false, stays],
    ] as const) {
      for (const [name, value, path] of givens) {
        const verdict = detector.classify({
          name,
          where: "env",
          value: Secret.of(value),
          ...(path === undefined ? {} : { path }),
        });
        const by = verdict.secret ? null : verdict.suppressedBy?.replace(/:.*/, "");
        expect([name, by]).toEqual([name, hidden ? "allowlist" : null]);
      }
    }
  });

  test("a value that may stay in one place does not stay in another", async () => {
    const detector = createDetector({ ...PLAIN, own: await toml(`[allowlist]\npaths = ['Env\\[0\\]']`) });
    const at = (path: string): boolean =>
      detector.classify({ name: "DB_PASSWORD", where: "env", value: Secret.of(password), path }).secret;
    expect([at("Config.Env[0]"), at("Config.Env[1]")]).toEqual([false, true]);
  });

  test("in files too, where the line is the file's own", async () => {
    const bytes = Buffer.from(`debug: no\nDB_PASSWORD: ${password} # for tests\nGITHUB_TOKEN: ${token}\n`);
    const seen = async (file: string): Promise<boolean[]> =>
      createDetector({ ...PLAIN, own: await toml(file) })
        .text(bytes, "app/settings.yaml")
        .spotted.map(({ verdict }) => verdict.secret);
    expect(await seen(`[allowlist]\nregexes = ['^none$']`)).toEqual([true, true]);
    expect(await seen(`[allowlist]\nregexTarget = "line"\nregexes = ['# for tests$']`)).toEqual([false, true]);
    expect(await seen(`[allowlist]\npaths = ['^app/']`)).toEqual([false, false]);
  });
});

test("a rule of one's own that replaces a built-in one counts", async () => {
  const rules = await own({ id: "github-token", pattern: "^tok-[a-z]+$", replaces: true });
  const off = new Set(rules.disabled);
  const detector = createDetector({ ...PLAIN, off, own: rules });
  const verdict = detector.classify({ name: "A", where: "env", value: Secret.of("tok-abc") });
  expect([verdict.secret, verdict.rule]).toEqual([true, "github-token"]);
});
