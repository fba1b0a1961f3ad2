import { expect, it } from "vitest";
import { KEY } from "./driver.ts";
import { begin, container, engine, secret, secrets } from "./stage.ts";

it.each([
  [60, 15],
  [120, 40],
])(
  "shows a secret from every side on a terminal of %i×%i: groups, facets, what a store would do, what was done",
  async (columns, rows) => {
    const shared = secret();
    container("tui-api", { DB_PASSWORD: shared, API_TOKEN: secret() });
    container("tui-worker", { DB_PASSWORD: shared });
    const terminal = begin(columns, rows);
    await terminal.until("2 secrets in 3 places");
    await terminal.press("b");
    await terminal.until("container tui-worker");
    await terminal.press("bb");
    await terminal.until("in no store");
    await terminal.press("bb");
    // Several words, one of them inverted; then only by a facet.
    await terminal.press("/");
    await terminal.press("tui-api !token");
    await terminal.press(KEY.enter);
    await terminal.until("1 of 2");
    await terminal.press(KEY.esc);
    await terminal.press("2");
    await terminal.until("[2 Places]");
    await terminal.until(/[12] places? in [12] subjects?/);
    await terminal.press("4");
    await terminal.until("Nothing is planned yet");
    await terminal.press(KEY.esc);
    await terminal.press("/");
    await terminal.press("db_pass");
    await terminal.press(KEY.enter);
    await terminal.press("m");
    await terminal.until("where?");
    await terminal.press(KEY.enter);
    await terminal.until("y apply");
    await terminal.press(KEY.esc);
    await terminal.until("where?");
    await terminal.press(KEY.esc);
    // The tab makes the plan of the store that was chosen, without a question.
    await terminal.press("4");
    await terminal.until("With local");
    await terminal.until("create only");
    for (const value of secrets) expect(terminal.raw()).not.toContain(value);
    await terminal.press("d");
    await terminal.until("y apply");
    await terminal.press("y");
    await terminal.until("✓ migrated", 60);
    await terminal.press("r");
    await terminal.until("✓ kept");
    await terminal.press("5");
    await terminal.until("This secret");
    await terminal.until("DB_PASSWORD → local");
    await terminal.press("q");
    expect(await terminal.exit()).toBe(0);
    for (const value of secrets) expect(terminal.raw()).not.toContain(value);
    expect(engine.docker("inspect", "tui-worker")).not.toContain(shared);
  },
);
