import { ACCEPT_WORDS, BETWEEN_STORES, RUN_CONFIGURATIONS } from "../assembly/plug-ins.ts";
import { buildPlan } from "../core/plan.ts";
import type { Provider } from "../contract/provider.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { DeliveryName, NotMoved, Plan } from "../model/plan.ts";
import { parseDuration } from "../kit/text/duration.ts";
import { listFlag, scriptHost, textFlag, type CommandContext, type ParsedFlags } from "./context.ts";
import { selectedHits } from "./only.ts";
import { say } from "./output.ts";
import { isFailing, isIncomplete, scanWith } from "./scan-options.ts";
import { unreadIn } from "./views/subject.ts";
import type { ScanHit } from "../core/scan-hit.ts";

export type PlannedMigration = {
  readonly plan: Plan;
  readonly provider: Provider;
  /** Findings at or above --fail-on that the plan leaves. */
  readonly left: readonly NotMoved[];
  readonly incomplete: boolean;
};

/** From store to store nothing is rewritten; a plan with both kinds would have no single order. */
function migrationsFor(hits: readonly ScanHit[]): readonly string[] {
  const stored = hits.filter(({ finding }) => finding.location.subject === "store").length;
  if (stored === 0) return RUN_CONFIGURATIONS;
  if (stored === hits.length) return BETWEEN_STORES;
  throw new UnsprawlError("usage", "a plan moves containers or stores, not both", "plan them one after the other");
}

/** Scans and plans as the flags say; shared by plan and migrate. */
export async function planWith(
  context: CommandContext,
  sources: readonly string[],
  options: ParsedFlags,
): Promise<PlannedMigration> {
  const { assembly } = context;
  const configured = await assembly.storeNames();
  const to = textFlag(options, "to") ?? (configured.length === 1 ? (configured[0] ?? null) : null);
  if (to === null) {
    const names = (await assembly.knownStores()).join(", ");
    throw new UnsprawlError("usage", "no store: where should the secrets go?", cmd`--to STORE (known: ${bare(names)})`);
  }
  const accept = new Set(listFlag(options, "accept"));
  const odd = [...accept].find((one) => !ACCEPT_WORDS.includes(one));
  if (odd !== undefined)
    throw new UnsprawlError("usage", `--accept ${odd} is not known`, cmd`known: ${bare(ACCEPT_WORDS.join(", "))}`);
  const graceMs = parseDuration(textFlag(options, "grace") ?? "5s", "--grace");
  const healthTimeoutMs = parseDuration(textFlag(options, "healthTimeout") ?? "90s", "--health-timeout");
  const deliver = (textFlag(options, "deliver") ?? "auto") as DeliveryName | "auto";

  const provider = await assembly.store(to, sources);
  const { report, hits, failOn } = await scanWith(context, sources, options);
  for (const source of report.sources)
    for (const { subject, message, hint } of source.errors)
      say(context, `not read  ${unreadIn(source, subject)}: ${message}; next: ${hint}`);
  const chosen = selectedHits(hits, listFlag(options, "only"));
  const migration = assembly.migration(migrationsFor(chosen));
  const plan = await buildPlan(
    { hits: chosen, deliver, overwrite: options["overwrite"] === true, accept, graceMs, healthTimeoutMs },
    {
      migration,
      provider,
      key: assembly.key(),
      redact: (said) => assembly.redactor.guard(said),
      usersOf: assembly.usersOf(provider, migration),
    },
    scriptHost(context, false),
  );
  return {
    plan,
    provider,
    left: plan.notMoved.filter(({ finding }) => isFailing(finding, failOn)),
    incomplete: isIncomplete(report),
  };
}
