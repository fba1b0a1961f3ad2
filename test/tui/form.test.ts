import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import type { Mapping } from "../../src/core/config/mapping.ts";
import { Secret } from "../../src/model/secret.ts";
import { paste, answers } from "../../src/tui/actions.ts";
import { atField, formOf } from "../../src/tui/form.ts";
import { bindings } from "../../src/tui/keymap.ts";
import { START } from "../../src/tui/state.ts";
import { sit, type Sitting } from "./sitting.ts";

const VAULT = { VAULT_ADDR: "https://vault.invalid:8200", VAULT_TOKEN: "none" };

/** A form of the secrets of two units, the store not asked for anything. */
async function opened(names: readonly string[] = ["DB_PASSWORD"]): Promise<Sitting> {
  const sitting = sit({}, VAULT);
  const provider = await sitting.session.assembly.store("vault");
  const keys = (unit: string) =>
    new Map(names.map((name) => [name, provider.key({ subject: unit, project: "", name })]));
  const known: Mapping = {
    overwrite: false,
    units: new Map(
      ["api", "worker"].map((unit) => [unit, { deliver: "auto", accept: ["ports"], keys: keys(unit) } as const]),
    ),
  };
  const form = { ...atField(formOf("vault", ["vault", "local"], provider, known), 0), from: "plan" as const };
  sitting.session.store.set(() => ({ where: "form", form, stores: { ...START.stores, choices: CHOICES } }));
  return sitting;
}

const CHOICES = ["vault", "local"].map((name) => ({ name, text: "" }));

it("has the answers filled in, and shows the whole of the chosen field at every size", async () => {
  const { type, screen, session } = await opened(["DB_PASSWORD", "API_TOKEN"]);
  const { fields } = session.store.get().form ?? { fields: [] };
  for (const { label, value } of fields) {
    for (const [columns, rows] of [
      [40, 10],
      [60, 15],
      [160, 45],
    ] as const) {
      const text = screen(columns, rows);
      expect(text).toMatch(new RegExp(`▸ ${label} +(?:‹ )?${value}`));
      expect(text.split("\n")).toHaveLength(rows);
    }
    type("tab");
  }
  // Round the end.
  expect(screen()).toContain("‹ vault ›");
  for (const key of ["enter plan", "tab ↓ next", "← → choose", "esc back"]) expect(screen(60, 15)).toContain(key);
  for (const { show, short } of bindings("form")) expect(screen(120, 40)).toContain(`${show} ${short}`);
});

it("takes letters as text where text is typed, and none where an answer is chosen", async () => {
  const { type, session } = await opened();
  const value = (): string | undefined => {
    const { form } = session.store.get();
    return form?.fields[form.at]?.value;
  };
  type("q?jy", "tab", "right");
  expect(value()).toBe("yes");
  type("left", "left", "tab", "tab", "tab", "ctrl-u");
  type("q?jy e", "left", "backspace");
  expect(value()).toBe("q?jye");
  paste(session, "a\nb\u001b");
  expect(value()).toBe("q?jya b e");
  expect(session.store.get().help).toBeNull();
});

it.each([
  ["accept", "ports, everything", "type words of compose"],
  ["accept", "prots", "prots: did you mean ports?"],
  ["path", "", "type one as apps/api"],
  ["path", "a//b", "type one as apps/api"],
  ["key name", "", "type one as DB_PASSWORD"],
])("tells under %s what is wrong with %j, and plans nothing", async (label, text, wrong) => {
  const { type, screen, session } = await opened();
  while (!screen().includes(`▸ ${label}`)) type("tab");
  type("ctrl-u", text, "enter");
  await expect.poll(() => screen()).toContain(wrong);
  expect(screen()).toMatch(new RegExp(`▸ ${label}`));
  expect(session.jobs.size).toBe(0);
  expect(session.store.get().where).toBe("form");
  type("esc");
  expect(session.store.get()).toMatchObject({ where: "plan", form: null, decided: null });
});

it("takes no value that was found into a path, and shows none", async () => {
  const value = randomBytes(18).toString("hex");
  const { type, screen, session } = await opened();
  session.assembly.redactor.know(Secret.of(value));
  type("tab", "tab", "tab", "tab", "ctrl-u");
  paste(session, `apps/${value}`);
  expect(screen()).not.toContain(value);
  type("enter");
  await expect.poll(() => screen()).toContain("this holds a value that was found");
  expect(screen()).not.toContain(value);
});

it("opens another store that is chosen, whatever field is looked at meanwhile", async () => {
  const { type, session } = await opened();
  type("tab", "shift-tab", "right", "tab");
  await expect.poll(() => session.store.get().form?.store).toBe("local");
  expect(session.store.get().form?.fields[0]).toMatchObject({ value: "local", error: null });
});

it("takes Enter alone as an answer in it, and a `y` as text", async () => {
  const { session } = await opened();
  expect(answers(session.store.get(), "enter")).toBe(true);
  expect(answers(session.store.get(), "y")).toBe(false);
  expect(answers({ ...START, where: "plan" }, "y")).toBe(true);
});
