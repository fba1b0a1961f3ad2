import { readFileSync } from "node:fs";

/** The plugin's memory, which the engine mounts and sees: below it each volume has a folder. */
export const MEMORY = "/volumes/memory";

/**
 * Whether the engine sees the plugin's memory. An engine that was killed and started again unmounts, after it has started
 * this plugin, what it takes for the mounts of the one before (moby 26.1, `plugin/manager_linux.go`, `restore`); then no
 * container could start. Our parent is of the engine's mount namespace.
 */
export async function propagates(): Promise<boolean> {
  for (let waited = 0; waited < LONGEST_MS; waited += STEP_MS) {
    await new Promise((done) => setTimeout(done, STEP_MS));
    if (!isSeen()) return false;
  }
  return true;
}

const [LONGEST_MS, STEP_MS] = [3000, 300];

function isSeen(): boolean {
  const [own, theirs] = ["self", String(process.ppid)].map((pid) => mountsOf(pid));
  // Who may not look cannot say no.
  if (own === undefined || theirs === undefined || own === null || theirs === null) return true;
  const device = own.find(({ target }) => target === MEMORY)?.device;
  return device === undefined || theirs.some((one) => one.device === device);
}

/** Source: proc_pid_mountinfo(5): the third field is the device, the fifth where it is mounted. */
function mountsOf(pid: string): readonly { readonly device: string; readonly target: string }[] | null {
  try {
    const lines = readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n");
    return lines.map((line) => {
      const [, , device = "", , target = ""] = line.split(" ");
      return { device, target };
    });
  } catch {
    return null;
  }
}
