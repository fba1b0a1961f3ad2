import type { Detector } from "../../../src/contract/detector.ts";
import type { MovingPart } from "../../../src/contract/migration.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { childEnvironment } from "../../../src/kit/child-environment.ts";
import type { Finding } from "../../../src/model/finding.ts";
import type { Location } from "../../../src/model/location.ts";
import { Secret } from "../../../src/model/secret.ts";
import { projectOf, type ServiceOfFinding } from "../find.ts";
import { secretTest } from "../rewrite/carries.ts";
import { literalsAt, type Literal } from "./findings.ts";
import { sourceText, WORD_PLACES, wordSources } from "./uses.ts";

/** What can move of the secrets in a service's command, entrypoint or health check. */
export type WordSecrets = {
  /** Whether anything in the words at this location can become a variable. */
  readonly canMove: (location: Location) => Promise<boolean>;
  /** The variable that this part of the words moves as; null if it cannot. */
  readonly moving: (location: Location, part: Secret) => Promise<MovingPart | null>;
  /** The present value of a variable that the words at this location are to be filled from. */
  readonly read: (location: Location, name: string) => Promise<Secret | null>;
};

type FilledText = { readonly name: string; readonly text: string };

export function wordSecrets({
  find,
  open,
  detector,
  env,
}: {
  readonly find: (finding: Pick<Finding, "location">) => Promise<ServiceOfFinding | null>;
  readonly open: () => Promise<Engine>;
  readonly detector: () => Promise<Detector>;
  readonly env: NodeJS.ProcessEnv;
}): WordSecrets {
  /** What `${…}` fills into the words of the location's service. */
  const filled = async (location: Location): Promise<readonly FilledText[]> => {
    const found = WORD_PLACES.has(location.where) ? await find({ location }) : null;
    if (found === null) return [];
    const project = await projectOf(found.call, childEnvironment(env));
    const sources = [...(wordSources(project).get(found.service) ?? [])];
    return sources.flatMap((name) => {
      const text = sourceText(project, name, found.service) ?? "";
      return text === "" ? [] : { name, text };
    });
  };
  const written = async (location: Location): Promise<readonly Literal[]> => {
    const found = WORD_PLACES.has(location.where) ? await find({ location }) : null;
    if (found === null) return [];
    const project = await projectOf(found.call, childEnvironment(env));
    const engine = location.subject === "file" ? null : await open();
    return literalsAt(location, { engine, detector: await detector(), project, service: found.service });
  };
  return {
    canMove: async (location) => (await filled(location)).length > 0 || (await written(location)).length > 0,
    async moving(location, part) {
      const isPart = secretTest(part, null);
      // In a command, detection may see a piece of it, or the form that the words have in JSON.
      const sources = (await filled(location)).filter(
        ({ text }) => isPart(text) || isPart(JSON.stringify(text).slice(1, -1)),
      );
      const judge = await detector();
      // A user may be called as the password is.
      const source =
        sources.find(({ name, text }) => judge.classify({ name, where: "env", value: Secret.of(text) }).secret) ??
        sources[0];
      if (source !== undefined) return { name: source.name, value: Secret.of(source.text) };
      const own = (await written(location)).find((one) => one.part.equals(part));
      return own === undefined ? null : { name: own.name, value: own.value, isApart: true };
    },
    async read(location, name) {
      const source = (await filled(location)).find((one) => one.name === name);
      if (source !== undefined) return Secret.of(source.text);
      return (await written(location)).find((one) => one.name === name)?.value ?? null;
    },
  };
}
