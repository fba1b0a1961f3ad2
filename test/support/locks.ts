import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The names of the locks in a state folder that a process holds right now. The note of a killed holder holds nothing. */
export function heldLocks(state: string): string[] {
  const folder = join(state, "lock");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => !name.endsWith(".holder") && isHeld(join(folder, name)));
}

function isHeld(file: string): boolean {
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    db.exec("BEGIN; SELECT count(*) FROM sqlite_schema; ROLLBACK;");
    return false;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === 5) return true;
    throw error;
  } finally {
    db.close();
  }
}
