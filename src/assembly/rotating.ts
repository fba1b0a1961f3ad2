import { rotationTarget, rotators } from "../rotators/index.ts";
import type { RotateTools } from "../rotate/types.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Assembly } from "./types.ts";

type Needed = Pick<
  Assembly,
  "installation" | "engine" | "state" | "storeOf" | "detector" | "supplies" | "redactor" | "env" | "cwd"
>;

/** What rotating needs, put together from here. */
export function rotateTools(assembly: Needed): RotateTools {
  const { installation, engine, storeOf, detector, supplies, redactor, env } = assembly;
  return {
    ...{ installation, engine, storeOf, detector, supplies, env },
    sight: async (of) => (await import("../engine/sight.ts")).sightOf(of, assembly.state()),
    engineAt: async (address) => {
      const { openEngine } = await import("../engine/engine.ts");
      return openEngine({ ...env, DOCKER_HOST: address });
    },
    holders: async (of) => {
      const { allReferenceHolders } = await import("./reference-holders.ts");
      return allReferenceHolders(of, assembly);
    },
    rotator: async (id) => {
      const load = Object.hasOwn(rotators, id) ? rotators[id] : undefined;
      if (load === undefined)
        throw new UnsprawlError("malformed", `the plan names an unknown rotator: ${id}`, "unsprawl rotate again");
      return (await load()).rotator;
    },
    targetOf: rotationTarget,
    know: (value) => redactor.know(value),
  };
}
