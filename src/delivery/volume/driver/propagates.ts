import { readFileSync } from "node:fs";
import { PROCESSES } from "./users.ts";

/** The plugin's memory, which the engine mounts and sees: below it each volume has a folder. */
export const MEMORY = "/volumes/memory";

/**
 * Ends the plugin where the engine does not see its memory, or it is gone: the engine starts a plugin again that has ended, and
 * asks again. An engine that was killed and started again unmounts, after it has started this plugin, what it takes for the
 * mounts of the one before (moby 26.1, `plugin/manager_linux.go`, `restore`): without memory values would be written to the
 * disk, and no container could start.
 */
export function mustBeSeen(say: (line: string) => void): void {
  if (isSeen()) return;
  say("the engine does not see this memory: starting again");
  process.exit(1);
}

/** Looks until the engine has unmounted what it is going to. */
export async function settled(say: (line: string) => void): Promise<void> {
  for (let waited = 0; waited < LONGEST_MS; waited += STEP_MS) {
    mustBeSeen(say);
    await new Promise((done) => setTimeout(done, STEP_MS));
  }
  mustBeSeen(say);
}

const [LONGEST_MS, STEP_MS] = [2000, 100];

/** Our parent is of the engine's mount namespace. */
function isSeen(): boolean {
  // The last of several is above the others.
  const device = mountsOf("/proc/self")?.findLast(({ target }) => target === MEMORY)?.device;
  const theirs = mountsOf(`${PROCESSES}/${parentOnHost()}`);
  // Who may not look cannot say no.
  return device !== undefined && (theirs === null || theirs.some((one) => one.device === device));
}

/** Source: proc_pid_stat(5); the name before it may have spaces. */
function parentOnHost(): string {
  try {
    const stat = readFileSync(`${PROCESSES}/self/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")")).split(" ")[2] ?? "";
  } catch {
    return "";
  }
}

/** Source: proc_pid_mountinfo(5): the third field is the device, the fifth where it is mounted. */
function mountsOf(folder: string): readonly { readonly device: string; readonly target: string }[] | null {
  try {
    const lines = readFileSync(`${folder}/mountinfo`, "utf8").split("\n");
    return lines.map((line) => {
      const [, , device = "", , target = ""] = line.split(" ");
      return { device, target };
    });
  } catch {
    return null;
  }
}
