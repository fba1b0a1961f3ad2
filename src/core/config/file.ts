import { dirname } from "node:path";
import * as v from "valibot";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { FAIL_ON } from "../../model/fail-on.ts";
import { CONFIDENCES } from "../../model/finding.ts";
import type { Json } from "../../model/json.ts";
import { anyMap, flag, formed, map, may, mayBeNull, named, oneOf, parse, says } from "../../kit/schema/index.ts";
import { lineOf } from "../../kit/text/lines.ts";
import { MOST_SHARED_PARTS, mustBeParsable } from "../../kit/text/yaml-size.ts";
import { FLEET, readFleet } from "./fleet.ts";
import { HOSTS, readHosts } from "./hosts.ts";
import { IGNORE } from "./ignore-entries.ts";
import { readNotify } from "./notify.ts";
import { EMPTY, UI_THEMES, type FileConfig, type StoreConfig } from "./settings.ts";
import { readTuning, rules, STOP_WORDS } from "./tuning-entries.ts";
import { readRotate, ROTATE } from "./rotate.ts";
import { readWatch, WATCH } from "./watch.ts";

/**
 * The schema of a configuration. `store`, `outlet` and `ownRules` are placeholders for parts that the provider, the
 * channel and the detector validate later.
 */
export const configOf = <S extends v.GenericSchema, O extends v.GenericSchema, R extends v.GenericSchema>({
  store,
  outlet,
  ownRules,
}: {
  readonly store: S;
  readonly outlet: O;
  readonly ownRules: R;
}) =>
  map({
    stores: mayBeNull("named secret stores: name → { provider, … }", named(store)),
    minConfidence: may("findings below this confidence are hidden: low, medium or high", oneOf(CONFIDENCES)),
    failOn: may(
      "exit 3 for findings of at least this confidence, or this severity (critical, severity:high …); or never",
      oneOf(FAIL_ON),
    ),
    rules: mayBeNull("your own rules, gitleaks rule files, disabled rules, severities", rules(ownRules)),
    stopWords: mayBeNull("texts (any case); a value that contains one of them is not a secret", STOP_WORDS),
    ignore: mayBeNull("findings that may stay: what they match, why, until when", IGNORE),
    verify: mayBeNull(
      "for --verify: endpoints, base URLs by vendor",
      map({
        endpoints: mayBeNull(
          "base URLs by vendor",
          named(formed(/^https?:\/\/[^\s/@]+(?:\/\S*)?$/, says("must be a URL without a login"))),
        ),
      }),
    ),
    fleet: mayBeNull("many hosts and registries, scanned by any number of workers: sources, database, key", FLEET),
    hosts: mayBeNull("engines elsewhere for --hosts: name → { address, certPath } or { context }", HOSTS),
    notify: mayBeNull("where changes are sent: name → { kind, …, on, minSeverity, minConfidence }", named(outlet)),
    watch: mayBeNull("what watch does where its flags do not say: sources, every or cron, events, metrics", WATCH),
    rotate: mayBeNull("how often moved secrets are to be rotated: every, rules, names", ROTATE),
    ui: mayBeNull(
      "the terminal UI: theme, mouse",
      map({
        theme: may("colours: auto, truecolor, 16 (the terminal's own) or mono", oneOf(UI_THEMES)),
        mouse: may("whether the wheel scrolls and clicks select; text is then selected with shift", flag()),
      }),
    ),
  });

const CONFIG = configOf({ store: anyMap(), outlet: anyMap(), ownRules: v.unknown() });

/**
 * Parses a configuration's text. `top` is the raw document. Store names must not be in `reserved`, the names of
 * built-in stores. Throws `config` naming the file and the key.
 */
export async function parseConfig(
  text: string,
  file: string,
  reserved: readonly string[],
): Promise<{ readonly top: { readonly [key: string]: unknown }; readonly config: FileConfig }> {
  mustBeParsable(text, file, { code: "config", most: MOST_SHARED_PARTS });
  const yaml = await import("yaml");
  let document: unknown;
  try {
    // Without this log level, the parser writes warnings that quote the text to stderr. Only the first error is
    // reported.
    document = yaml.parse(text, { logLevel: "error", prettyErrors: false });
  } catch (error) {
    const at = (error as { pos?: readonly [number, number] }).pos?.[0];
    throw new UnsprawlError(
      "config",
      `${file}${at === undefined ? "" : `, line ${lineOf(text, at)}`}: not valid YAML`,
      "fix it, or use another with --config",
    );
  }
  if (document === null || document === undefined) return { top: {}, config: EMPTY };
  const given = parse(CONFIG, document, file);
  const top = document as { readonly [key: string]: unknown };
  const dir = dirname(file);
  const config: FileConfig = {
    stores: new Map(
      Object.entries(given.stores ?? {}).map(([name, one]) => [name, storeOf(name, one, file, reserved)]),
    ),
    minConfidence: given.minConfidence ?? null,
    failOn: given.failOn ?? null,
    tuning: readTuning(given, file, dir),
    endpoints: given.verify?.endpoints ?? {},
    hosts: readHosts(given.hosts, file),
    notify: readNotify(given.notify, file, dir),
    watch: readWatch(given.watch, dir),
    fleet: readFleet(given.fleet, file),
    rotate: readRotate(given.rotate),
    ui: given.ui ? { ...(given.ui.theme && { theme: given.ui.theme }), mouse: given.ui.mouse === true } : null,
  };
  return { top, config };
}

function storeOf(
  name: string,
  { provider, ...keys }: { readonly [key: string]: unknown },
  file: string,
  reserved: readonly string[],
): StoreConfig {
  const bad = (why: string, hint: string): UnsprawlError =>
    new UnsprawlError("config", `${file}: stores.${name} ${why}`, hint);
  if (reserved.includes(name))
    throw bad("has the name of a built-in store", cmd`choose another name, such as our-${name}`);
  if (typeof provider !== "string") throw bad("has no provider", "add provider: vault or provider: local");
  return { provider, dir: dirname(file), keys: keys as { [key: string]: Json } };
}
