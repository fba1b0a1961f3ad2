import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { planMarkdown } from "../../../src/cli/views/plan-markdown.ts";
import { planText } from "../../../src/cli/views/plan-text.ts";
import { commonFolder } from "../../../src/core/plan-table.ts";
import type { Plan, Step } from "../../../src/model/plan.ts";
import { planOf, runId } from "../../core/fixtures.ts";

/** A terminal of 80 columns. */
const terminal = (): NodeJS.WriteStream =>
  Object.assign(new PassThrough(), {
    isTTY: true,
    columns: 80,
    getColorDepth: () => 1,
  }) as unknown as NodeJS.WriteStream;

const SERVICES = { api: 2, cache: 1, db: 1, mail: 1, web: 3, worker: 1 };
const outage = { isRunning: true, stopMs: 10_000, startMs: 5000, isChecked: false, ports: [] };

/** Nine secrets in six services of a Compose project, as the reviewer of a plan has them. */
function shop(more: Partial<Plan> = {}): Plan {
  const unit = "compose/shop";
  const steps = Object.entries(SERVICES).flatMap(([name, count]): Step[] => {
    const [put] = planOf(runId(), [unit]).steps;
    if (put?.kind !== "put") throw new Error("no put step");
    const moves = Array.from({ length: count }, (_, at) => ({
      ...put.move,
      ...{ name: `${name.toUpperCase()}_PASSWORD_${at}` },
      key: { path: `/srv/shop/secrets/${name}.sops.yaml`, field: `PASSWORD_${at}` },
    }));
    const subject = { id: `id-${name}`, name, image: "x" };
    return [
      ...moves.map((move): Step => ({ ...put, id: `put:${unit}/${move.name}`, move })),
      { id: `deliver:${unit}/${name}`, kind: "deliver", unit, delivery: "shim", why: "the image has a shell", moves },
      {
        ...{
          id: `recreate:${unit}/${name}`,
          kind: "recreate",
          unit,
          delivery: "shim",
          moves,
          subject,
          digest: "d",
          outage,
        },
        diff: [{ sign: "-", path: "Config.Env[0]", text: `${moves[0]?.name ?? ""}=••••` }],
        run: `docker run --name ${name} x`,
        runLacks: ["its networks"],
      },
    ];
  });
  const rewrite: Step = {
    ...{ id: `rewrite:${unit}`, kind: "rewrite", unit, moves: [], target: {} },
    files: [
      {
        ...{ file: "/srv/shop/compose.yaml", before: "b", after: "a" },
        diff: [
          { sign: "-", path: "compose.yaml:9", text: "DB_PASSWORD=••••" },
          { sign: "+", path: "compose.yaml:12", text: "secrets: [db]" },
        ],
      },
    ],
  };
  const notes = Object.keys(SERVICES).map((name) => ({ unit, text: `${name}: docker exec will not see the values` }));
  return { ...planOf(runId()), steps: [...steps, rewrite], warnings: [...notes, { unit, text: "logs go" }], ...more };
}

describe("a plan that is reviewed", () => {
  it("has nine secrets of six services in 40 lines of 80 columns, each note once", () => {
    const lines = planText(shop(), terminal()).split("\n");
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    const text = lines.join("\n");
    expect(text).toMatch(/^what +delivery +down +secrets$/m);
    expect(text).toMatch(/^web +shim +15 s +WEB_PASSWORD_0, WEB_PASSWORD_1,/m);
    expect(text.match(/docker exec will not see the values/g)).toHaveLength(1);
    expect(text).toContain("stored in /srv/shop/secrets/: create only, read back");
    expect(text).toMatch(/^ {2}web\.sops\.yaml +PASSWORD_0, PASSWORD_1, PASSWORD_2$/m);
    expect(text).not.toContain("compose.yaml:9");
    expect(text).not.toContain("docker run");
  });

  it("shows each line that changes, and the commands, where they are asked for", () => {
    const text = planText(shop(), terminal(), { diff: true, byHand: true });
    expect(text).toContain("/srv/shop/compose.yaml\n- 9   DB_PASSWORD=••••\n+ 12  secrets: [db]\n");
    expect(text).toContain("container web\n- variable  WEB_PASSWORD_0=••••\n");
    expect(text).toContain("web by hand, without the secret\ndocker run --name web x\n  it lacks its networks\n");
  });

  it("says what is away, for how long, and what that closes", () => {
    const { steps } = shop();
    const changed = steps.map((step): Step => {
      if (step.kind !== "recreate") return step;
      const { name } = step.subject;
      if (name === "web") return { ...step, outage: { ...outage, ports: ["443/tcp"] } };
      if (name === "db") return { ...step, outage: { ...outage, isRunning: false } };
      const { outage: _outage, ...without } = step;
      return name === "mail" ? without : step;
    });
    const text = planText(shop({ steps: changed }), terminal());
    expect(text).toMatch(/^db +shim +– /m);
    expect(text).toMatch(/^mail +shim +\? /m);
    expect(text).toContain("published ports closed");
  });

  it("as Markdown no name of a stranger becomes Markdown, and no line ends its diff", () => {
    const hostile = "a|b](https://evil.test)<img src=x>`*_$x$@all";
    const { steps } = shop();
    const named = steps.map((step): Step =>
      step.kind === "recreate"
        ? {
            ...step,
            subject: { ...step.subject, name: hostile },
            diff: [{ sign: "-", path: "x", text: "````\n# no heading" }],
          }
        : step,
    );
    const text = planMarkdown(shop({ steps: named, warnings: [{ unit: hostile, text: hostile }] }));
    const [before = "", fence = "", diff = ""] = text.split(/^(`{3,})diff$/m);
    expect(before).not.toMatch(/(?<!\\)[<[\]$@`]|https:/);
    expect(before).toMatch(/^\| what \| delivery \| down \| secrets \|$/m);
    expect(fence).toBe("`````");
    expect(diff.trimEnd().endsWith(`\n${fence}`)).toBe(true);
    expect(diff).not.toContain("\n# no heading");
  });
});

it.each([
  [["/a/b/c", "/a/b/d"], "/a/b/"],
  [["/a/b/c", "/a/x"], "/a/"],
  [["/a/b", "c/d"], ""],
  [["apps/web", "apps/web"], "apps/"],
  [["/a/b/c"], ""],
  [[], ""],
])("what is in one folder: %j", (paths, folder) => {
  expect(commonFolder(paths)).toBe(folder);
});
