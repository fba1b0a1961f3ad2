import { doctor, runChecks, type DoctorProbe } from "../../core/doctor.ts";
import { rotationChecks } from "../../core/rotation-text.ts";
import { rotations } from "../../core/rotation.ts";
import { residue } from "../../core/residue.ts";
import { listRuns } from "../../core/journal/runs.ts";
import { keyProtectionText } from "../../core/journal/state.ts";
import { configurationLine } from "../untrusted.ts";
import { EXIT } from "../../model/error.ts";
import { scriptHost, type CommandContext, type ParsedFlags } from "../context.ts";
import { writeResult } from "../output.ts";
import { channelProbes } from "../channel-probes.ts";
import { residueTools, rotationTools } from "../run-tools.ts";
import { residueChecks } from "../../core/residue-text.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { table } from "../views/table.ts";

/** `unsprawl doctor`: engine, stores, runtime, leftovers, residue of runs; exit 1 when something needs doing. */
export async function run(context: CommandContext, _args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const probes: DoctorProbe[] = [
    { name: "node", look: async () => `Node ${process.versions.node}` },
    { name: "configuration", look: async () => configurationLine(await assembly.config()) },
    {
      name: "state",
      look: async () =>
        `journals in ${assembly.state()}, fingerprint key ${assembly.key().id}, ${keyProtectionText(assembly.env)}`,
    },
    {
      name: "engine",
      look: async () => {
        const engine = await assembly.engine();
        const info = await engine.info();
        return `${info.OperatingSystem ?? "engine"}, version ${info.ServerVersion ?? "?"}, at ${engine.connection.address}`;
      },
    },
    {
      name: "memory",
      look: async () =>
        `values as files go to ${(await import("../../delivery/tmpfs.ts")).memoryRoot(assembly.env)} (tmpfs)`,
    },
    {
      name: "runtime",
      look: async () => {
        const { runtimeStatus } = await import("../../delivery/runtime/status.ts");
        const { openStore } = await import("../../assembly/open-store.ts");
        const status = await runtimeStatus(await assembly.engine(), assembly.env, openStore);
        if (!status.installed && !status.registered)
          return "the OCI runtime is not installed (unsprawl runtime install --to STORE)";
        return status.lines.map((line) => ({ name: "runtime", ...line }));
      },
    },
    ...(await assembly.storeNames()).map((name) => ({
      name: `store ${name}`,
      look: async () =>
        (await (await assembly.store(name)).check()).map((check) => ({
          name: `store ${name}`,
          ok: check.ok,
          text: `${check.right}: ${check.text}`,
          hint: check.hint,
        })),
    })),
    { name: "runs", look: async () => runChecks(assembly.installation()) },
    {
      name: "rotation",
      look: async () => rotationChecks(await rotations(rotationTools(assembly)), new Date()),
    },
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
  const checks = await doctor(probes);
  const rows = checks.map((check) => [
    { text: check.ok ? "✓" : "✗", colour: check.ok ? ("blue" as const) : ("red" as const) },
    { text: check.name },
    { text: check.text + (check.hint ? `; next: ${check.hint}` : "") },
  ]);
  await writeResult(context.json ? jsonText({ version: 1, checks }) : table(rows, process.stdout), null, context);
  return checks.every((check) => check.ok) ? EXIT.ok : EXIT.failed;
}
