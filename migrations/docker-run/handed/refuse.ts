import { cmd } from "../../../src/kit/shell.ts";
import type { Location } from "../../../src/model/location.ts";
import type { Refusal } from "../../../src/model/plan.ts";
import { faultOfRun, type RunScript } from "../syntax/script.ts";
import type { RunCommand, WordFlag } from "../syntax/shell-run.ts";
import { handedLine, setAgain, unknownBehind } from "./line.ts";
import { otherReader } from "./readers.ts";

/** Why a line of a file that `--env-file` names stays there; null if it can leave it. */
export async function refusalOfHanded(script: RunScript, location: Location): Promise<Refusal | null> {
  const handed = await handedLine(script, location);
  if (handed === null) return { reason: "is no longer there", hint: "unsprawl scan again" };
  const { run, flag, file, entry } = handed;
  const fault = faultOfRun(script, run);
  if (fault !== null) return fault;
  const again = await setAgain(script, handed);
  if (again !== null)
    return {
      reason: `has no effect: ${again} sets it again`,
      hint: cmd`remove this line from ${file}`,
      elsewhere: true,
    };
  const written = cmd`write -e ${entry.name}=value in the line, and take it out of ${file} if nothing else needs it; then plan again`;
  const unknown = await unknownBehind(script, handed);
  if (unknown !== null)
    return {
      reason: `is in ${file}, and ${unknown} behind it, which cannot be read here, may set it again`,
      hint: cmd`plan again where the script has all its files, or write -e ${entry.name}=value in the line`,
    };
  const unsure = unsureBefore(run, flag);
  if (unsure !== null)
    return {
      reason: `whether ${unsure} in front of --env-file is flags, or the image, only the shell knows`,
      hint: written,
    };
  // podman takes quotes off, and docker leaves them.
  if (run.program === "podman" && /["'\\`#$]|^\s|\s$/.test(entry.value ?? ""))
    return { reason: "is written in a way that podman may read differently", hint: written };
  const reader = otherReader(script, file, entry.name);
  return reader === null ? null : { reason: `is in ${file}, which ${reader}`, hint: written };
}

/** The first word before a flag that the shell may expand to anything; null if all are flags and their values. */
function unsureBefore({ words, begin, flags }: RunCommand, { flag }: WordFlag): string | null {
  const values = new Set(flags.flatMap((one) => (one.flag === one.holder ? [] : [one.holder])));
  const word = words.find(
    (one, at) => at > begin && at < flag && one.expands && !values.has(at) && !one.text.startsWith("-"),
  );
  return word?.text ?? null;
}
