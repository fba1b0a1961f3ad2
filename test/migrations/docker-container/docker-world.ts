import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { need } from "../../services/apt.ts";

/** What the real docker client asks an engine to put into a container's environment; null when it refuses the file. */
export type EnvFile = (text: string, env: { readonly [name: string]: string }) => Promise<readonly string[] | null>;

/** The real client in front of an engine that only listens, until `remove`. */
export async function fakeEngine(): Promise<{ readonly envFile: EnvFile; readonly remove: () => void }> {
  const client = await need("docker", ["docker-cli"]);
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-docker-"));
  let asked: readonly string[] | null = null;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      if (request.url?.includes("/containers/create"))
        asked = (JSON.parse(Buffer.concat(parts).toString()) as { Env: string[] | null }).Env ?? [];
      const status = asked === null ? 200 : 500;
      response.writeHead(status, { "Api-Version": "1.45", "Content-Type": "application/json" }).end("{}");
    });
  });
  const socket = join(dir, "s");
  await new Promise<void>((done) => server.listen(socket, done));
  const envFile: EnvFile = async (text, env) => {
    asked = null;
    const file = join(dir, "env");
    writeFileSync(file, text);
    const args = ["--config", dir, "-H", `unix://${socket}`, "create", "--env-file", file, "x"];
    await new Promise<void>((done) => execFile(client, args, { env }, () => done()));
    return asked;
  };
  return {
    envFile,
    remove: () => {
      server.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
