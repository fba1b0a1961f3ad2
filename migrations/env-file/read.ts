import { basename, resolve } from "node:path";
import type { Source } from "../../src/contract/source.ts";
import { readEnvFile } from "../../src/files/env-file.ts";
import { linePlace } from "../../src/files/file-migration.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { NO_FACTS, type Subject } from "../../src/model/location.ts";
import { candidateAt } from "../../src/files/candidate.ts";

/** `env:FILE`: the variables that an env file sets, overridden ones too. */
export function envFileSource(cwd: string): Source {
  return {
    kind: "env",
    async *read(what) {
      if (what === "") throw new UnsprawlError("usage", "env: needs a file", "unsprawl scan env:.env");
      const file = resolve(cwd, what);
      const { entries } = await readEnvFile(file, { named: true });
      const subject: Subject = { kind: "file", name: basename(file), id: file };
      const candidates = entries
        .filter(({ value }) => value !== null && value !== "")
        .map(({ name, value, line }) =>
          candidateAt(`env:${what}`, subject, "env", name, value ?? "", linePlace(file, line, name)),
        );
      yield { kind: "subject", subject, facts: NO_FACTS, candidates, exposure: EXPOSURE };
    },
  };
}

const EXPOSURE = ["anyone who can read the file, or inspect what is started with it"];
