/**
 * `platform-file`: files in which people describe to a platform what it starts (ECS, Terraform, CI pipelines, app stores
 * …). `dir:` comes by them. One reader serves them all: a platform is data, which says where its files keep variables and
 * how the platform itself takes in a secret.
 */
import { basename, dirname, relative } from "node:path";
import type { ExternalSecretsForm, Provider } from "../../src/contract/provider.ts";
import type { Migration } from "../../src/contract/migration.ts";
import { fileMigration, type FileTools } from "../../src/files/file-migration.ts";
import { readText } from "../../src/files/read.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Location } from "../../src/model/location.ts";
import { otherFile } from "./other-file.ts";
import type { Description, StoreFacts } from "./platforms/platform.ts";
import { describedIn, variableAt } from "./recognise.ts";
import { rewritten } from "./rewrite.ts";
import type { PlatformVariable } from "./syntax/walk.ts";

/** Names of files are shown relative to `cwd`. */
export type PlatformFileTools = FileTools & {
  readonly cwd: string;
  readonly store: (name: string) => Promise<Provider>;
  /** How a store is read from a cluster; null if it cannot be. */
  readonly externalSecrets: (provider: string) => Promise<ExternalSecretsForm | null>;
};

export function platformFileMigration(tools: PlatformFileTools): Migration {
  const shown = (file: string): string => {
    const name = relative(tools.cwd, file);
    return name.startsWith("..") ? file : name;
  };
  return fileMigration(tools, {
    name: "platform-file",
    async unit({ location: { source, subjectId } }) {
      return source.startsWith("dir:") ? { id: subjectId, name: `dir:${shown(subjectId)}` } : null;
    },
    async refuses({ name, location }, accept) {
      const file = location.subjectId;
      const text = await readText(file);
      const found = await lookUp(name, location, text);
      if (found === null) return otherFile(shown(file), text);
      const { description, variable } = found;
      const { native, stays } = description.platform;
      return native === undefined ? stays(variable, shown(file)) : native.refuses(variable, description, accept);
    },
    async names({ name, location }) {
      const file = location.subjectId;
      const found = await lookUp(name, location, await readText(file));
      const names = found?.description.platform.native?.names(found.variable, found.description, file);
      return names ?? { subject: basename(file), project: basename(dirname(file)) };
    },
    async value({ name, location }) {
      return (await lookUp(name, location, await readText(location.subjectId)))?.variable.value ?? null;
    },
    async target(unit, [first], { deliver, store }) {
      if (deliver !== "auto")
        throw new UnsprawlError("refused", "the platform itself gives the program its secrets", "leave --deliver out");
      const file = first?.move.location.subjectId ?? "";
      const description = await describedIn(file, await readText(file));
      const facts: StoreFacts = async () => {
        const form = await tools.externalSecrets(store.provider);
        return (await form?.facts?.(store.settings, () => tools.store(store.name))) ?? {};
      };
      const target = await description?.platform.native?.target(description, store, facts);
      if (target === undefined)
        throw new UnsprawlError("changed", `${unit} has changed since it was scanned`, "unsprawl plan again");
      return { ...target, file };
    },
    async rewrite(target, moving) {
      const file = target["file"] as string;
      return rewritten(file, await readText(file), target, moving);
    },
  });
}

async function lookUp(
  name: string,
  location: Location,
  text: string,
): Promise<{ readonly description: Description; readonly variable: PlatformVariable } | null> {
  const description = await describedIn(location.subjectId, text);
  const variable = description === null ? null : variableAt(name, location, text, description);
  return description === null || variable === null ? null : { description, variable };
}
