import { basename, dirname } from "node:path";
import type { Look, LookAbout } from "../contract/look.ts";
import type { Engine } from "../engine/engine.ts";
import { composeLabelsOf } from "../engine/labels.ts";
import { cmd } from "../kit/shell.ts";
import { isCopy, likelyFiles } from "./folders.ts";
import { fileMatches } from "./read.ts";
import { searchFor } from "./search.ts";
import { readPlace } from "./read-place.ts";

/** The files that runs rewrote, and settings and copies beside them and in the folders of their Compose projects. */
export function fileLook(about: LookAbout, open: () => Promise<Engine>): Look {
  return {
    name: "files",
    async *look(marks, host) {
      const search = searchFor(marks);
      const folders = [...about.files.map((file) => dirname(file)), ...about.folders, ...(await projects(about, open))];
      const read = new Set<string>();
      const files = async function* (): ReturnType<typeof likelyFiles> {
        for (const file of about.files) yield { file };
        yield* likelyFiles(folders, host.signal);
      };
      for await (const one of files()) {
        if (!("file" in one)) {
          yield one;
          continue;
        }
        const { file } = one;
        if (read.has(file)) continue;
        read.add(file);
        yield* fileMatches("file", file, 1, search, host, ({ store, name }) => nextOf(file, store, name));
      }
    },
  };
}

function nextOf(file: string, store: string, name: string): string {
  if (isCopy(file)) return cmd`rm ${file}, once nobody needs that copy`;
  const named = basename(file);
  if (/^(\.env|\.envrc)([.-].*)?$|\.env$/.test(named)) return cmd`unsprawl plan env:${file} --to ${store}`;
  if (/^(docker-)?compose.*\.ya?ml$/.test(named)) return cmd`unsprawl plan compose:${file} --to ${store}`;
  return cmd`take ${name} out of it: unsprawl scan dir:${file}`;
}

/** The folders of these containers' Compose projects, by Compose's label. */
async function projects({ containers }: LookAbout, open: () => Promise<Engine>): Promise<string[]> {
  if (containers.length === 0) return [];
  const names = new Set(containers.map((name) => `/${name}`));
  // An engine that does not answer is reported where it is searched.
  const listed = await readPlace("", async () => (await open()).containers());
  if (!("got" in listed)) return [];
  const folders: string[] = [];
  for (const { Id } of listed.got.filter(({ Names }) => Names.some((name) => names.has(name)))) {
    const read = await readPlace("", async () => {
      const engine = await open();
      return composeLabelsOf(engine, await engine.container(Id));
    });
    const folder = "got" in read ? read.got?.["project.working_dir"] : undefined;
    if (folder?.startsWith("/")) folders.push(folder);
  }
  return folders;
}
