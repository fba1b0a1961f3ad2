import { press } from "../actions.ts";
import { isAvailable } from "../available.ts";
import type { KeyScope } from "../keymap.ts";
import { NO_ROOM, word, type Face, type TypedCommand } from "./face.ts";
import { follow } from "./follow.ts";

/** The word that plans to rotate what this screen is about; none where nothing of it was moved. */
export function rotating(face: Face, where: KeyScope): readonly TypedCommand[] {
  const { session } = face;
  if (!isAvailable("rotate", session.store.get())) return [];
  return [
    word(where, "rotate", () => {
      press(session, "N", NO_ROOM);
      return follow(face);
    }),
  ];
}
