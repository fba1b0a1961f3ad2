import { readFileSync } from "node:fs";
import Dockerode from "dockerode";
import type { Doc } from "../migrations/docker-container/compare.ts";
import { APP, BUSYBOX } from "../services/images.ts";

type Environment = { readonly [name: string]: string };

/** The containers of a test engine, without blocking the process, so that several tests can work side by side. */
export class Containers {
  readonly #docker: Dockerode;

  constructor(socketPath: string) {
    this.#docker = new Dockerode({ socketPath });
  }

  /** Starts one that stays up, ends at once when it is stopped, and has these variables; its id. */
  async run(
    name: string,
    env: Environment,
    host: Dockerode.HostConfig,
    volumes: readonly string[] = [],
  ): Promise<string> {
    const container = await this.#docker.createContainer({
      name,
      Image: BUSYBOX,
      Cmd: APP,
      Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
      Volumes: Object.fromEntries(volumes.map((path) => [path, {}])),
      HostConfig: { Init: true, ...host },
    });
    await container.start();
    return container.id;
  }

  async inspect(name: string): Promise<Doc> {
    return (await this.#docker.getContainer(name).inspect()) as unknown as Doc;
  }

  async idOf(name: string): Promise<string> {
    return (await this.#docker.getContainer(name).inspect()).Id;
  }

  /** The names that are this one or begin with it and a dash, in order. */
  async names(name: string): Promise<string[]> {
    const all = await this.#docker.listContainers({ all: true });
    const names = all.flatMap((one) => one.Names.map((text) => text.slice(1)));
    return names.filter((text) => text === name || text.startsWith(`${name}-`)).sort();
  }

  /** The environment of each of its processes. */
  async environments(name: string): Promise<Environment[]> {
    const { Processes } = (await this.#docker.getContainer(name).top({ ps_args: "-eo pid" })) as {
      Processes: readonly (readonly string[])[];
    };
    return Processes.map(([pid = ""]) => {
      const entries = readFileSync(`/proc/${pid.trim()}/environ`, "utf8").split("\0");
      return Object.fromEntries(entries.map((entry) => entry.split(/=(.*)/s, 2) as [string, string]));
    });
  }

  /** Runs a program in it; what it wrote. */
  async exec(name: string, ...words: string[]): Promise<string> {
    const exec = await this.#docker.getContainer(name).exec({ Cmd: words, AttachStdout: true, Tty: true });
    const stream = await exec.start({ Tty: true });
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    return text.trimEnd();
  }

  async remove(...names: string[]): Promise<void> {
    for (const name of names) await this.#docker.getContainer(name).remove({ force: true, v: true });
  }
}
