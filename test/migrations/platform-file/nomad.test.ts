import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOpenBao, type OpenBao } from "../../services/openbao.ts";
import { pythonProgram } from "../../services/python.ts";
import type { NotMoved } from "../../../src/model/plan.ts";
import { filesOf, layFiles } from "../../support/formats.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";

describe("a Nomad job", () => {
  let bao: OpenBao;
  let world: World;
  beforeAll(async () => {
    bao = await startOpenBao();
    await bao.api("POST", "sys/mounts/old", { type: "kv", options: { version: "1" } });
    world = makeWorld("unix:///nowhere", { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
    writeFileSync(
      join(world.dir, "unsprawl.yaml"),
      `stores: { old: { provider: vault, address: "${bao.address}", mount: old } }\n`,
    );
  });
  afterAll(async () => {
    world?.remove();
    await bao?.stop();
  });

  /** Two tasks: one with a template, and lines of each kind; one in a group with a vault block, of a secret alone. */
  const job = (secrets: readonly string[]): string => `# the shop
job "shop" {
  datacenters = ["dc1"]
  group "web" {
    task "api" {
      driver = "docker"
      config {
        image = "api:1"
        args  = ["--port", "\${NOMAD_PORT_http}"]
      }
      template {
        data        = <<-EOF
        DB_HOST={{ range service "db" }}{{ .Address }}{{ end }}
        EOF
        destination = "local/app.env"
        env         = true
      }
      env {
        LOG         = "info" # or debug
        DB_PASSWORD = "${secrets[0]}" # rotate
        "API_TOKEN" = ${JSON.stringify(secrets[1])}
      }
      resources { memory = 64 }
    }
  }
  group "jobs" {
    vault {
      role = "jobs"
    }
    task "worker" {
      env = { SESSION_SECRET = "${secrets[2]}", TZ = "UTC" }
    }
  }
}
`;

  /** What Vault's own template engine, which is Nomad's too, makes of a task's template. */
  async function rendered(template: string): Promise<string> {
    const [token, to, config] = ["token", "out.env", "agent.hcl"].map((name) => join(bao.dir, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(token, bao.token);
    writeFileSync(
      config,
      `exit_after_auth = true
vault { address = "${bao.address}" }
auto_auth { method "token_file" { config = { token_file_path = "${token}" } } }
template {
  contents = <<-EOT
${template}
  EOT
  destination = "${to}"
}
`,
    );
    execFileSync(await pythonProgram("bao"), ["agent", `-config=${config}`], { stdio: "pipe", timeout: 300_000 });
    return readFileSync(to, "utf8");
  }

  it.each([
    ["vault", "secret/data/apps", ".Data.data"],
    ["old", "old/apps", ".Data"],
  ])("gets its secrets from %s by a template, differs in nothing else, and comes back", async (store, path, data) => {
    const secrets = [password(), `${password()}"\\é<&>`, password()];
    world.plant(Object.fromEntries(secrets.map((secret, at) => [`SECRET_${at}`, secret])));
    const dir = join(world.dir, store);
    layFiles(world.dir, { [`${store}/shop.nomad.hcl`]: job(secrets) });
    const before = filesOf(dir);
    const moved = await world.unsprawl(["migrate", `dir:${store}`, "--to", store, "--yes"]);
    expect(moved.code, moved.stderr).toBe(0);
    expect(moved.stdout).toContain("nomad job history keeps its earlier versions");

    const text = readFileSync(join(dir, "shop.nomad.hcl"), "utf8");
    const block = (indent: string, lines: readonly string[]): string =>
      lines.map((line) => (line === "" ? "\n" : `${indent}${line}\n`)).join("");
    const template = (task: string, names: readonly string[]): readonly string[] => [
      "",
      "template {",
      "  data        = <<-EOT",
      `    {{ with secret "${path}/shop/${task}" }}`,
      ...names.map((name) => `    ${name}={{ ${data}.${name} | toJSON }}`),
      "    {{ end }}",
      "  EOT",
      '  destination = "secrets/unsprawl.env"',
      "  env         = true",
      "}",
    ];
    const [, rest = ""] = job(secrets).split("      resources { memory = 64 }\n");
    expect(text).toBe(
      job(secrets)
        .replace(/ {8}DB_PASSWORD = .*\n {8}"API_TOKEN" = .*\n/, "")
        .replace(rest, "")
        .concat(
          block("      ", ["", "vault {}", ...template("api", ["DB_PASSWORD", "API_TOKEN"])]),
          rest
            .replace(/SESSION_SECRET = [^,]*, /, "")
            .replace(
              "\n    }\n  }\n}\n",
              `\n${block("      ", template("worker", ["SESSION_SECRET"]))}    }\n  }\n}\n`,
            ),
        ),
    );
    // What a task gets: an environment file, its values in double quotes as JSON has them.
    const [, body = ""] = /<<-EOT\n([^]*?) {8}EOT\n/.exec(text) ?? [];
    const env = Object.fromEntries(
      (await rendered(body))
        .split("\n")
        .filter((line) => line.includes("="))
        .map((line) => [
          line.slice(0, line.indexOf("=")).trim(),
          JSON.parse(line.slice(line.indexOf("=") + 1)) as string,
        ]),
    );
    expect(env).toEqual({ DB_PASSWORD: secrets[0], API_TOKEN: secrets[1] });

    expect((await world.unsprawl(["rollback"])).code).toBe(0);
    expect(filesOf(dir)).toEqual(before);
  });

  it("takes the next secret of a task that has such a template", async () => {
    const [first, second] = [password(), password()];
    world.plant({ FIRST: first, SECOND: second });
    const text = job([first, first, first]);
    layFiles(world.dir, { "again/shop.nomad.hcl": text });
    const migrate = ["migrate", "dir:again", "--to", "vault", "--yes"];
    expect((await world.unsprawl(migrate)).code).toBe(0);
    const file = join(world.dir, "again/shop.nomad.hcl");
    writeFileSync(file, readFileSync(file, "utf8").replace('LOG         = "info"', `SMTP_PASSWORD = "${second}"`));
    expect((await world.unsprawl(migrate)).code).toBe(0);
    const after = readFileSync(file, "utf8");
    expect(after).not.toContain(second);
    expect(after.match(/destination = "secrets\/unsprawl.*"/g)).toEqual([
      'destination = "secrets/unsprawl.env"',
      'destination = "secrets/unsprawl-2.env"',
      'destination = "secrets/unsprawl.env"',
    ]);
    expect(after.match(/vault \{\}/g)).toHaveLength(1);
  });

  const task = (lines: string): string => `job "shop" {\n  group "web" {\n    task "api" {\n${lines}\n    }\n  }\n}\n`;
  it.each([
    ["local", "", /^Nomad's templates read Vault, not local$/, /Vault or OpenBao/],
    ["vault", '  config { args = ["${DB_PASSWORD}"] }', /filled in elsewhere in the job/, /from its environment/],
    [
      "vault",
      '  config { args = ["${env["DB_PASSWORD"]}"] }',
      /filled in elsewhere in the job/,
      /from its environment/,
    ],
    [
      "vault",
      '  template { data = "x {{ env \\"DB_PASSWORD\\" }}" }',
      /filled in elsewhere in the job/,
      /from its environ/,
    ],
    ["vault", "  template {\n    data = <<EOF\n export DB_PASSWORD = x\nEOF\n  }", /also set by a template/, /^remove/],
    ["vault", `  env { DB_PASSWORD = "${password()}" }`, /^is set twice in its task/, /^remove the other one/],
    [
      "vault",
      "  template {\n    data = <<EOF\nDB_PASSWORD=x\nEOF\n  }",
      /also set by a template/,
      /^remove it from the env/,
    ],
  ])("is refused for %s: %#", async (store, more, reason, hint) => {
    layFiles(world.dir, { "refused/a.nomad": task(`  env {\n    DB_PASSWORD = "${password()}"\n  }\n${more}`) });
    const ran = await world.unsprawl(["plan", "dir:refused", "--to", store, "--json"]);
    const { notMoved, steps } = JSON.parse(ran.stdout) as { notMoved: readonly NotMoved[]; steps: readonly object[] };
    expect(steps).toEqual([]);
    expect(notMoved.length).toBeGreaterThan(0);
    for (const one of notMoved)
      expect(one).toMatchObject({ reason: expect.stringMatching(reason), hint: expect.stringMatching(hint) });
  });
});
