import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { assignmentsIn } from "../../../src/files/units/unit-environment.ts";
import { environmentsOf } from "../../services/systemd.ts";
import { SECRET, unit, UNITS } from "./units.ts";

test("systemd itself reads the same variables from all these units", async () => {
  const folder = mkdtempSync(join(tmpdir(), "unsprawl-units-"));
  chmodSync(folder, 0o755);
  const odd = `Environment=A="b c" "D=e%%f" G=h\\x41 L='it''s' M="a\\"b" N=\\'x X="a"b'c' "Y=1"Z=2 =bad 1A=x A-B=y\nEnvironment=K="l m\\\n    n" K2=x\\\ny\nEnvironment=R=1 S=a\\qb T=2\nEnvironment=U=1 Q="open\nEnvironment=FF=caf\\xc3\\xa9 EE="\\u00e9"`;
  const all = [...UNITS.map(([, make]) => make()), { "odd.service": unit(odd) }];
  const names: string[] = [];
  for (const files of all) {
    const [main = "", text = ""] = Object.entries(files)[0] ?? [];
    if (main.includes("@") || Object.keys(files).length > 1) continue;
    const name = `unit-${names.push(main)}.service`;
    names[names.length - 1] = name;
    writeFileSync(join(folder, name), text.replace(SECRET, "$2").replaceAll("¦", ""));
  }
  expect(names.length).toBeGreaterThan(15);
  const theirs = await environmentsOf(folder, names);
  for (const name of names) {
    const text = readFileSync(join(folder, name), "utf8");
    const reset = text.lastIndexOf("Environment=\n");
    const ours = assignmentsIn(name, text, "Service")
      .filter(({ by, fault }) => by.kind === "word" && by.word.start > reset && !fault?.includes("specifier"))
      .map((one) => `${one.name}=${one.value}`);
    const filled = (one: string): boolean => /^(?:N=unit-|I=)/.test(one);
    expect(
      (theirs.get(name) ?? []).filter((one) => !filled(one)),
      name,
    ).toEqual(ours);
  }
  rmSync(folder, { recursive: true });
});
