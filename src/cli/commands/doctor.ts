import { doctor, verdict, type CheckState, type DoctorCheck, type DoctorProbe } from "../../core/doctor.ts";
import { servicePulses } from "../../core/pulse.ts";
import { residue } from "../../core/residue.ts";
import { listRuns } from "../../core/journal/runs.ts";
import { keyProtectionText } from "../../core/journal/state.ts";
import { configurationLine } from "../untrusted.ts";
import { leftOutForRoot } from "../../kit/root-loads.ts";
import { cmd } from "../../kit/shell.ts";
import { EXIT } from "../../model/error.ts";
import { scriptHost, type CommandContext, type ParsedFlags } from "../context.ts";
import { writeResult } from "../output.ts";
import { withConfig } from "../run-commands.ts";
import { channelProbes } from "../channel-probes.ts";
import { residueTools } from "../run-tools.ts";
import { residueChecks } from "../../core/residue-text.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { hostProbes, storeProbes } from "../doctor-probes.ts";
import { checkLines } from "../views/checks.ts";

/**
 * `unsprawl doctor`: everything that a migration needs and has left behind; exit 1 unless all is well and was examined.
 */
export async function run(context: CommandContext, _args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  if (options["alive"] === true) return alive(context);
  const probes: DoctorProbe[] = [
    { name: "node", look: async () => `Node ${process.versions.node}` },
    { name: "configuration", look: async () => configurationLine(await assembly.config()) },
    {
      name: "state",
      look: async () =>
        `journals in ${assembly.state()}, fingerprint key ${assembly.key().id}, ${keyProtectionText(assembly.env)}`,
    },
    ...environmentProbes(),
    ...(await hostProbes(assembly)),
    ...(await storeProbes(assembly)),
    ...(await channelProbes(context)),
  ];
  if (options["residue"] !== false)
    probes.push({
      name: "residue",
      look: async () => {
        const runs = listRuns(assembly.installation()).filter(({ state }) => state === "done" || state === "scrubbed");
        const ids = runs.map(({ run }) => run);
        return residueChecks(await residue(ids, residueTools(assembly), scriptHost(context, true)));
      },
    });
  const checks = (await doctor(probes)).map((check) => ({
    ...check,
    hint: check.hint === null ? null : withConfig(check.hint, context),
    ...(check.steps && { steps: check.steps.map((step) => withConfig(step, context)) }),
  }));
  await writeResult(
    context.json ? jsonText({ version: 1, verdict: verdict(checks), checks: checks.map(withOk) }) : checkLines(checks),
    null,
    context,
  );
  return checks.every(({ state }) => isWell(state)) ? EXIT.ok : EXIT.failed;
}

/** What root does without, since others can write to it. */
function environmentProbes(): DoctorProbe[] {
  const name = "environment";
  return leftOutForRoot().map((folder) => {
    const text = `root does not use ${folder || "the empty entry"} of PATH or XDG_RUNTIME_DIR: others can write to it`;
    return { name, look: async () => [{ name, state: "warn", text, hint: cmd`ls -ld ${folder || "."}` }] };
  });
}

/** `doctor --alive`: whether the services beside this process keep up; asks nothing and nobody else. */
async function alive(context: CommandContext): Promise<number> {
  const state = context.assembly.state();
  const services = servicePulses(state);
  const lines = services.map(
    ({ service, agoMs, alive: ok }) =>
      `${service}: ${ok ? "alive" : "stuck"}, last seen ${Math.round(agoMs / 1000)} s ago`,
  );
  await writeResult(
    context.json
      ? jsonText({ version: 1, services })
      : lines.join("\n") || `no agent, watch or fleet member runs here with the state folder ${state}`,
    null,
    context,
  );
  return services.every((one) => one.alive) ? EXIT.ok : EXIT.failed;
}

const isWell = (state: CheckState): boolean => state === "ok" || state === "warn";

const withOk = (check: DoctorCheck): DoctorCheck & { readonly ok: boolean } => ({ ...check, ok: isWell(check.state) });
