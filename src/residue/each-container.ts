import { pMapIterable } from "p-map";
import type { Look, LookHost, ResidueMatch, UnreadablePlace } from "../contract/look.ts";
import type { Engine } from "../engine/engine.ts";
import { readPlace } from "./read-place.ts";
import { searchFor, type Search } from "./search.ts";

const AT_ONCE = 4;

/** A look at something that each container has, by its id; `place` says what, where the containers cannot be listed. */
export function containerLook(
  name: string,
  place: string,
  open: () => Promise<Engine>,
  lookAt: (engine: Engine, id: string, search: Search, host: LookHost) => Promise<(ResidueMatch | UnreadablePlace)[]>,
): Look {
  return {
    name,
    async *look(marks, host) {
      const engine = await open();
      const listed = await readPlace(place, async () => (await engine.containers()).map(({ Id }) => Id));
      if (!("got" in listed)) {
        yield listed.unread;
        return;
      }
      const search = searchFor(marks);
      const one = (id: string): ReturnType<typeof lookAt> => lookAt(engine, id, search, host);
      for await (const some of pMapIterable(listed.got, one, { concurrency: AT_ONCE })) yield* some;
    },
  };
}
