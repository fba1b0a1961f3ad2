import { expect, it } from "vitest";
import { otherFile } from "../../migrations/platform-file/other-file.ts";
import { forWords } from "../../migrations/compose/words/refuse.ts";
import type { Delivery, DeliverySubject } from "../../src/contract/delivery.ts";
import { readsFileForm } from "../../src/delivery/entrypoint.ts";
import { namedEnvFiles } from "../../src/files/units/unit-env-files.ts";
import { effectiveAssignments } from "../../src/files/units/unit-environment.ts";
import { parseUnit } from "../../src/files/units/unit-file.ts";
import type { SystemdUnit } from "../../src/files/units/unit-model.ts";
import { Redactor } from "../../src/kit/text/redact.ts";
import { Secret } from "../../src/model/secret.ts";
import { parseSystemdEnv } from "../../src/files/units/systemd-env.ts";
import { DEEP } from "../support/deep.ts";

// Texts that an image's maker or a folder's owner makes to keep root's process busy. Each took hours before; none is timed
// here: a quadratic one would not be done before the test's own limit.

const MUCH = DEEP ? 1 << 20 : 1 << 18;

it("a script of one line that begins a loop at every word is read once", () => {
  const loops = "for a in b ".repeat(MUCH / 11);
  expect(readsFileForm(`#!/bin/sh\n${loops}`, "DB_PASSWORD")).toBe(false);
  expect(readsFileForm(`#!/bin/sh\n${loops} DB_PASSWORD_FILE; do x`, "DB_PASSWORD")).toBe(true);
  expect(readsFileForm(`#!/bin/sh\n${loops}; echo DB_PASSWORD_FILE`, "DB_PASSWORD")).toBe(false);
});

it("a script that names docker at every word and starts nothing is no script of containers", () => {
  const names = "docker ".repeat(4 * MUCH);
  expect(otherFile("a.sh", names).reason).toBe("is in a file whose format unsprawl does not rewrite");
  expect(otherFile("a.sh", `${names} run`).hint).toContain("script:a.sh");
});

it("a file of variables that ends its lines with carriage returns alone is read once, each line by itself", () => {
  const most = 100_000;
  const entries = parseSystemdEnv("A=1\r".repeat(most));
  expect(entries).toHaveLength(most);
  expect(entries.at(-1)).toMatchObject({ start: 4 * most - 4, end: 4 * most });
});

it("a unit of many lines is read once", () => {
  const unit = (key: string): SystemdUnit => {
    const text = `[Container]\n${Array.from({ length: MUCH / 8 }, (_, at) => `${key}=/x/N${at}=v\n`).join("")}`;
    const texts = [{ file: "/x/a.container", text, settings: parseUnit(text) }];
    return { name: "a.container", file: "/x/a.container", texts } as unknown as SystemdUnit;
  };
  const { files, errors } = namedEnvFiles(unit("EnvironmentFile"), "Container");
  expect([files.length, errors, files.at(-1)?.file]).toEqual([MUCH / 8, [], `/x/N${MUCH / 8 - 1}=v`]);
  const words = unit("Environment");
  const settings = words.texts.flatMap((one) => one.settings);
  const assignments = settings.map((setting) => ({ name: setting.value, by: { kind: "word", setting } }));
  expect(effectiveAssignments({ ...words, assignments } as unknown as SystemdUnit).size).toBe(MUCH / 8);
});

it("a message in which names and values overlap everywhere is redacted in one pass", () => {
  const redactor = new Redactor();
  redactor.know(Secret.of("aaa"));
  redactor.keepName("aaaa");
  const text = "a".repeat(MUCH / 4);
  expect(redactor.foreign(text)).toBe(text);
  expect(redactor.foreign(`aaa ${text}`)).toBe(`[secret] ${text}`);
});

it("a command whose value a shell fills in keeps variables that a shell would drop: it stays", async () => {
  const fits: Delivery["fits"] = async () => ({ fits: true, why: "", warnings: [] });
  const of = (words: object, before: object): Delivery | undefined =>
    forWords(
      [{ name: "runtime", fits } as Delivery],
      { ...{ entrypoint: null, command: null, health: null, byOption: new Set(), labels: [] }, ...words } as never,
      { ...{ entrypoint: [], cmd: [], health: [] }, ...before },
    )[0];
  const delivery = of({ command: ["/bin/sh"] }, { cmd: ["serve"] });
  const subject = { env: ["PATH", "cluster.name"], hasFile: async () => true } as unknown as DeliverySubject;
  expect(await delivery?.fits(subject, [])).toMatchObject({
    fits: false,
    why: expect.stringMatching(/would drop the variable cluster.name/),
  });
  expect(await delivery?.fits({ ...subject, env: ["PATH"] }, [])).toMatchObject({ fits: true });
  const check = of({ health: ["CMD", "/bin/sh"] }, { health: ["CMD", "curl"] });
  expect(await check?.fits(subject, [])).toMatchObject({ fits: false });
  // A shell that ran before has dropped it all along.
  for (const words of [
    of({ health: ["CMD-SHELL", "curl"] }, { health: ["CMD-SHELL", "curl"] }),
    of({ command: ["bash", "-c", "serve"] }, { cmd: ["bash", "-c", "serve"] }),
  ])
    expect(await words?.fits(subject, [])).toMatchObject({ fits: true });
});
