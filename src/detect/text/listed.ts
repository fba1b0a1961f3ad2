import { leaveOut } from "../unread.ts";

/** So many secrets of one kind of place are listed for a piece of a file. */
export const MOST_LISTED = 5000;

/** What is found in these, one read behind the other; once too much is found, the rest is not read, which is noted. */
export function listed<One, Hit>(all: Iterable<One>, hitsIn: (one: One) => readonly Hit[]): Hit[] {
  const hits: Hit[] = [];
  for (const one of all) {
    if (hits.length >= MOST_LISTED) {
      leaveOut("secrets");
      break;
    }
    hits.push(...hitsIn(one));
  }
  return hits;
}
