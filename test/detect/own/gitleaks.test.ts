import { beforeAll, describe, expect, test } from "vitest";
import { kit } from "../../../src/detect/index.ts";
import type { OwnRules } from "../../../src/detect/own/index.ts";
import { DEFAULT_RULES } from "./default-rules.ts";
import { allowed, found, toml } from "./given.ts";

const make = kit(11);

describe("the syntax of gitleaks's default file", () => {
  let rules: OwnRules;
  beforeAll(async () => {
    rules = await toml(DEFAULT_RULES);
  });

  test("loads as it is, with nothing to remark", () => {
    expect(rules.rules).toHaveLength(15);
    expect(rules.notes).toEqual([]);
    expect(rules.rules.find(({ id }) => id === "vault-service-token")).toMatchObject({
      source: "team.toml",
      tags: ["hashicorp"],
      confidence: "medium",
    });
    expect(rules.rules.every((rule) => rule.allowlists[0]?.by.includes("global allow lists"))).toBe(true);
  });

  const upper = `${make.upper(6)}2${make.upper(6)}765`;
  const cases: readonly [rule: string, name: string, before: string, secret: string, after: string, path?: string][] = [
    ["adobe-client-id", "ADOBE_CLIENT", "", make.hex(32), ""],
    ["adobe-client-id", "CONFIG", "client.adobe.id: '", make.hex(32), "'\nother: 1"],
    ["adobe-client-secret", "X", "", `p8e-${make.alnum(32)}`, ""],
    ["artifactory-api-key", "X", "a ", `AKCp${make.base62(69)}`, " b"],
    ["atlassian-token", "JIRA_SETTING", "", `${make.alnum(20)}${make.hex(4)}`, ""],
    ["atlassian-token", "X", "", `ATATT3${make.base62(186)}`, ""],
    ["aws-access-token", "X", "", `AKIA${upper}`, ""],
    ["azure-ad-client-secret", "X", "", `${make.base62(3)}8Q~${make.base62(31)}`, ""],
    ["clojars-api-token", "X", "", `CLOJARS_${make.alnum(60)}`, ""],
    ["cohere-api-token", "CO_API_KEY", "", make.base62(40), ""],
    ["digits-at-the-end", "X", "serial-abc-", "918273645", ""],
    ["facebook-page-token", "X", "", `EAAM${make.alnum(110)}`, ""],
    ["generic-api-key", "SOME_TOKEN", "", make.alnum(24), ""],
    ["generic-api-key", "CONFIG", "a: 1\nsome_token: ", make.alnum(24), "\nb: 2"],
    ["hashicorp-tf-password", "X", "password = ", `"${make.alnum(12)}"`, "", "main.tf"],
    ["hashicorp-tf-password", "db_password", "", make.alnum(12), "", "main.tf"],
    ["pem-key", "X", "", make.pem("RSA PRIVATE KEY").trim(), "\n"],
    ["vault-service-token", "X", "", `s.${make.base62(24)}`, ""],
    ["pkcs12-file", "X", "", "anything at all", "", "etc/store.p12"],
  ];
  test.each(cases)("%s in %s=%s…", (rule, name, before, secret, after, path = "") => {
    expect(found(rules, name, before + secret + after, path)).toContain(`${rule} ${secret}`);
  });

  test("what is near is none of them", () => {
    const near: readonly [name: string, value: string, path?: string][] = [
      ["ADOBE_CLIENT", make.hex(31)],
      ["ADOBE_CLIENT", "a".repeat(32)],
      ["X", make.hex(32)],
      ["SERIAL", "serial-abc-918273645\n"],
      ["X", `xp8e-${make.alnum(32)}`],
      ["db_password", "short", "main.tf"],
      ["X", "anything at all", "etc/store.p12.txt"],
      ["ADOBE_CLIENT", ""],
      ["ADOBE_CLIENT", " "],
    ];
    expect(near.flatMap(([name, value, path]) => found(rules, name, value, path))).toEqual([]);
  });

  test("allowlists of the file and of the rule let go, and say so without a word of the value", () => {
    const key = `AKIA${make.upper(9)}EXAMPLE`;
    expect(found(rules, "X", key)).toEqual([]);
    expect(allowed(rules, "X", key)).toEqual(["allowlist of aws-access-token in team.toml: secret"]);
    expect(allowed(rules, "PUBLIC_KEY", make.alnum(24))).toEqual([
      "allowlist of generic-api-key in team.toml (public keys): match",
    ]);
    expect(allowed(rules, "SOME_KEY", `sample${make.alnum(20)}`)).toEqual([
      "allowlist of generic-api-key in team.toml (public keys): stop word",
    ]);
    expect(allowed(rules, "A_TOKEN", make.alnum(24), "node_modules/a.js")).toEqual([
      "allowlist of team.toml (global allow lists): path",
    ]);
    const license = [`LICENSE_KEY`, make.alnum(24)] as const;
    expect(allowed(rules, ...license, "recipes/a.bb")).toHaveLength(1);
    expect(found(rules, ...license, "recipes/a.conf")).toHaveLength(1);
    expect(found(rules, "A_TOKEN", make.alnum(24), "recipes/a.bb")).toHaveLength(1);
  });

  test("a generic rule gives way to one that knows better", () => {
    const key = `AKIA${upper}`;
    expect(found(rules, "AWS_ACCESS_KEY", key)).toEqual([`aws-access-token ${key}`]);
    const [token, end] = [`p8e-${make.alnum(32)}`, "xx"];
    const line = `a ${token} and some_token=${token}`;
    expect(found(rules, "X", line)).toEqual([`adobe-client-secret ${token}`, `adobe-client-secret ${token}`]);
    // Once on the line is enough, on another line it is another secret.
    expect(found(rules, "X", `${line}${end}`)).toContain(`generic-api-key ${token}${end}`);
    const inside = make.alnum(14);
    const long = `p8e-${inside}${make.alnum(18)}`;
    expect(found(rules, "X", `a ${long} some_token=${inside}`)).toEqual([`adobe-client-secret ${long}`]);
    expect(found(rules, "X", `a ${long}\nsome_token=${inside}`)).toContain(`generic-api-key ${inside}`);
    // A rule of a path alone knows nothing of what is in the file.
    expect(found(rules, "SOME_TOKEN", inside, "etc/store.p12")).toContain(`generic-api-key ${inside}`);
  });
});
