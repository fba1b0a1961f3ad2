import type { Reporter, TestCase, TestModule } from "vitest/node";

const PREFIX = "store ";

type Mark = "✓" | "✗" | "–";

/**
 * Prints what every store was held to: cases down, stores across. `–` is a case that a store cannot have (no server, no
 * rights, no writers elsewhere); a case that ran nowhere, or a store that is missing, would show at once.
 */
export default class ConformanceTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const stores = new Map<string, Map<string, Mark>>();
    for (const module of modules)
      for (const test of module.children.allTests()) {
        const store = storeOf(test);
        if (store === null) continue;
        const state = test.result().state;
        const cases = stores.get(store) ?? new Map<string, Mark>();
        cases.set(test.name, state === "passed" ? "✓" : "✗");
        stores.set(store, cases);
      }
    if (stores.size < 2) return;
    const columns = [...stores.keys()].sort();
    const rows = [...new Set(columns.flatMap((store) => [...(stores.get(store)?.keys() ?? [])]))];
    const lines = rows.map((row) => {
      const marks = columns.map((store): Mark => stores.get(store)?.get(row) ?? "–");
      return `${marks.map((mark, at) => mark.padStart(String(at + 1).length + 1)).join(" ")}  ${row}`;
    });
    const heads = columns.map((store, at) => `${String(at + 1).padStart(3)}  ${store}`);
    const numbers = columns.map((_, at) => String(at + 1).padStart(String(at + 1).length + 1)).join(" ");
    process.stdout.write(`\nStores × cases\n${heads.join("\n")}\n\n${numbers}\n${lines.join("\n")}\n`);
    const holes = columns.filter((store) => [...(stores.get(store)?.values() ?? [])].includes("✗"));
    process.stdout.write(holes.length === 0 ? "no hole\n" : `holes: ${holes.join(", ")}\n`);
  }
}

/** The store whose suite a case is in, at whatever depth; null for what is no case of a store. */
function storeOf({ parent: nearest }: TestCase): string | null {
  for (let suite = nearest; suite.type === "suite"; suite = suite.parent)
    if (suite.name.startsWith(PREFIX)) return suite.name.slice(PREFIX.length);
  return null;
}
