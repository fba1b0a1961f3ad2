import { expect, it } from "vitest";
import { finding, scanned } from "./sample.ts";
import { drawn } from "./drawn.tsx";

const NAMES = ["KEYCLOAK_ADMIN_CLIENT_SECRET", "AWS_SECRET_ACCESS_KEY", "DATABASE_URL"];
const FINDINGS = NAMES.map((name, at) => {
  const { location } = finding(name);
  const place = { kind: "field", field: "services.web.environment", fileLine: 10 + at } as const;
  const from = { subject: "service", subjectName: "web", subjectId: "/srv/shop/compose.yaml#web" } as const;
  return finding(name, { masked: "postgres://shop:••••@db:5432/shop", location: { ...location, ...from, place } });
});

it.for([60, 80, 90, 100, 120, 140, 200])("the list at %i columns", (columns) => {
  const screen = drawn({ ...scanned(FINDINGS), grouping: "container" }, { columns, rows: columns < 80 ? 15 : 40 });
  const text = screen.join("\n");
  // A row has its name whole and the line of its file, then its masked value; the evidence has its tabs by name.
  for (const [at, name] of NAMES.entries()) expect(text).toMatch(new RegExp(` ${name} .*:${10 + at} .*\\+ new`));
  expect(text.includes("postgres:")).toBe(columns >= 80);
  if (columns >= 80) expect(text).toContain("[1 Evidence] 2 Places  3 Exposure  4 Plan  5 Journal");
  expect(text).not.toContain("Config.");
  for (const key of ["m migrate", ": sources", "o overview", "? help"]) expect(screen.at(-1)).toContain(key);
});
