import type { MovingPart } from "../../../src/contract/migration.ts";
import { childEnvironment } from "../../../src/kit/child-environment.ts";
import type { Finding } from "../../../src/model/finding.ts";
import type { Location } from "../../../src/model/location.ts";
import { Secret } from "../../../src/model/secret.ts";
import { secretTest } from "../rewrite/carries.ts";
import { projectOf, type ServiceOfFinding } from "../find.ts";
import type { WordSecrets } from "../words/moving.ts";
import { usersLabels, type UsersLabel } from "./users.ts";

/** What can move of the secrets in a service's labels, and in the lines of `.env` that fill them, besides those of its words. */
export function labelSecrets(
  {
    find,
    env,
  }: {
    readonly find: (finding: Pick<Finding, "location">) => Promise<ServiceOfFinding | null>;
    readonly env: NodeJS.ProcessEnv;
  },
  words: WordSecrets,
): WordSecrets {
  const labels = async (location: Location): Promise<readonly UsersLabel[]> => {
    const { subject, where, place } = location;
    const isLine = subject === "file" && where === "file";
    if (where !== "label" && !isLine) return [];
    const found = await find({ location });
    if (found === null) return [];
    const service = (await projectOf(found.call, childEnvironment(env))).services.get(found.service);
    const all = service === undefined ? [] : usersLabels(service);
    if (!isLine) return all;
    // A line of .env that is the whole label moves under its own name, like any other.
    const line = place?.kind === "line" ? place.name : "";
    return all.filter(({ sources, name }) => sources.includes(line) && name !== line);
  };
  return {
    canMove: async (location) => (await words.canMove(location)) || (await labels(location)).length > 0,
    async moving(location, part) {
      const isPart = secretTest(part, null);
      const found = (await labels(location)).find(({ text, value }) => isPart(text) || isPart(value));
      return found === undefined ? words.moving(location, part) : movingAs(found);
    },
    async read(location, name) {
      const found = (await labels(location)).find((one) => one.name === name);
      return found === undefined ? words.read(location, name) : Secret.of(found.value);
    },
  };
}

const movingAs = ({ name, value }: UsersLabel): MovingPart => ({ name, value: Secret.of(value), isApart: true });
